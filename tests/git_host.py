"""A git host on a real socket: `git http-backend` (git-http-backend(1)) behind HTTP, which fails as it is told to.

with GitHost(folder) as host:
    git(clone, "remote", "add", "origin", f"{host.url}/hub.git")
"""

import base64
import os
import socket
import subprocess
import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

CUT = "cut"
"""Close the connection in the place of an answer."""

LOSE = "lose"
"""Do what is asked, and close the connection in the place of an answer."""

SILENCE = "silence"
"""Say nothing, until the client goes away."""

ASKED, SENT = "asked", "sent"
"""The two requests of a push: what refs there are, and the pack."""


class GitHost:
    """Serves the bare repositories in `folder`.

    `faults` maps `ASKED` or `SENT` to what becomes of such requests for a push: a status, that status after the work
    was done (a tuple), or one of the words above. With `password` nobody pushes without it.
    """

    def __init__(self, folder):
        self.folder, self.faults, self.password, self.requests = folder, {}, None, []
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.host = self
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self):
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def let_in(self, authorization):
        wanted = base64.b64encode(f"agent:{self.password}".encode()).decode()
        return self.password is None or authorization == f"Basic {wanted}"


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request, client_address):
        """A client that went away is what is wanted."""


class _Handler(BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        self._serve()

    def do_POST(self):
        self._serve()

    def _serve(self):
        host, place = self.server.host, urlsplit(self.path)
        body = self._body()
        pushes = "git-receive-pack" in self.path
        host.requests.append((self.command, self.path))
        fault = host.faults.get(ASKED if self.command == "GET" else SENT) if pushes else None
        if pushes and not host.let_in(self.headers.get("Authorization")):
            return self._say(401, ("WWW-Authenticate", 'Basic realm="hub"'))
        if isinstance(fault, int):
            return self._say(fault)
        if fault == SILENCE:
            with suppress(OSError):
                self.connection.recv(1)
        if fault in {CUT, SILENCE}:
            return self._hang_up()
        told = self._backend(place, body)
        if fault == LOSE:
            return self._hang_up()
        if isinstance(fault, tuple):
            return self._say(*fault)
        self.wfile.write(b"HTTP/1.0 " + told.removeprefix(b"Status: ") if told.startswith(b"Status: ") else b"HTTP/1.0 200 OK\r\n" + told)  # fmt: skip
        return None

    def _body(self):
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def _backend(self, place, body):
        environ = os.environ | {
            "GIT_PROJECT_ROOT": str(self.server.host.folder),
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": place.path,
            "QUERY_STRING": place.query,
            "REQUEST_METHOD": self.command,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
            "REMOTE_USER": "agent",
        }
        return subprocess.run(["git", "http-backend"], input=body, env=environ, capture_output=True).stdout

    def _say(self, status, *headers):
        self.send_response(status)
        for name, text in (("Content-Length", "0"), *headers):
            self.send_header(name, text)
        self.end_headers()

    def _hang_up(self):
        self.close_connection = True
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)
