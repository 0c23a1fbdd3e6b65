"""A proxy before a real server that loses what it is told to lose: a request on its way there, or the answer."""

import socket
import threading
from contextlib import suppress

from scripted import read_request

REQUEST, ANSWER = "request", "answer"


class Cutting:
    """Passes requests on to `server`; `lose` says what becomes of the next ones that match `method`."""

    def __init__(self, server, method="POST"):
        self._place, self._method = ("127.0.0.1", int(server.url.rpartition(":")[2])), method
        self.lose, self.passed, self._sockets = [], 0, []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for each in [self._listener, *self._sockets]:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _accept(self):
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self._sockets.append(client)
                threading.Thread(target=self._talk, args=(client,), daemon=True).start()

    def _talk(self, client):
        with suppress(OSError, ValueError):
            while request := read_request(client):
                lost = self.lose.pop(0) if request.method == self._method and self.lose else None
                if lost == REQUEST:
                    break
                told = self._passed_on(request)
                if lost == ANSWER:
                    break
                client.sendall(told)
        client.close()

    def _passed_on(self, request):
        """The server's whole answer: the connection is closed after it."""
        self.passed += 1
        head = {**request.headers, "connection": "close"}
        lines = [f"{request.method} {request.path} HTTP/1.1", *(f"{name}: {text}" for name, text in head.items())]
        with socket.create_connection(self._place) as server:
            server.sendall("\r\n".join([*lines, "", ""]).encode() + request.body)
            told = b""
            while more := server.recv(65536):
                told += more
        return told
