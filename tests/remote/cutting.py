"""A proxy before a real server that loses what it is told to lose: a request on its way there, or the answer."""

import socket
from contextlib import suppress

from listening import Listening
from scripted import read_request

REQUEST, ANSWER = "request", "answer"


class Cutting(Listening):
    """Passes requests on to `server`; `lose` says what becomes of the next ones that match `method`."""

    def __init__(self, server, method="POST"):
        self._place, self._method = ("127.0.0.1", int(server.url.rpartition(":")[2])), method
        self.lose, self.passed = [], 0
        super().__init__(socket.create_server(("127.0.0.1", 0)))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"

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
