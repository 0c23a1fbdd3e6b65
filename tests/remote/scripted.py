"""A server on a real socket that answers as it was told: rightly, wrongly, late, in part or not at all."""

import json
import socket
import threading
from contextlib import suppress

from listening import Listening

CUT = "cut"
"""Close the connection in place of an answer."""

SILENCE = "silence"
"""Keep the connection, and say nothing."""

GENESIS = "genesis"


def answer(status, value=None, *, data=None, ours=True, **headers):
    """The bytes of an answer; with the marks of a coordinaut server if it is `ours`."""
    data = json.dumps({} if value is None else value).encode() if data is None else data
    marks = {"Coordinaut-Format": "1", "Coordinaut-Version": "0.1.0"} if ours else {}
    told = {"Content-Type": "application/json", "Content-Length": len(data), **marks}
    told |= {name.replace("_", "-"): text for name, text in headers.items()}
    lines = [f"HTTP/1.1 {status} Whatever", *(f"{name}: {text}" for name, text in told.items() if text is not None)]
    return "\r\n".join([*lines, "", ""]).encode() + data


def failure(status, kind, code, message="No.", **headers):
    """An answer in the form of errors."""
    error = {"kind": kind, "code": code, "message": message, "hint": None, "details": {}}
    return answer(status, {"ok": False, "error": error}, **headers)


def state(head=GENESIS, seq=0, entries=(), documents=None):
    """What `GET state` gives."""
    value = {"format": 1, "head": head, "seq": seq, "documentsSeq": seq - len(entries)}
    return answer(200, {**value, "documents": documents or {}, "entries": list(entries)})


class Request:
    """What a client sent."""

    def __init__(self, head, body):
        first, *lines = head.decode().split("\r\n")
        self.method, self.path, _ = first.split(" ", 2)
        self.headers = {name.lower(): text for name, _, text in (line.partition(": ") for line in lines)}
        self.body = body


class Scripted(Listening):
    """Listens on a free port. Each request takes the next of `answers`; the last one is given again and again.

    An answer is bytes, `CUT`, `SILENCE`, or a function that is given the socket and the request.
    """

    def __init__(self, *answers, context=None):
        self.answers, self.requests = list(answers), []
        self._context, self._guard = context, threading.Lock()
        super().__init__(socket.create_server(("127.0.0.1", 0)))
        self.port = self._listener.getsockname()[1]

    @property
    def url(self):
        return f"{'https' if self._context else 'http'}://localhost:{self.port}"

    def _talk(self, client):
        with suppress(OSError, ValueError):
            if self._context:
                client = self._context.wrap_socket(client, server_side=True)
                self._sockets.append(client)
            while (request := read_request(client)) and self._answered(client, request):
                pass
        client.close()

    def _answered(self, client, request):
        with self._guard:
            self.requests.append(request)
            told = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if told == SILENCE:
            client.recv(1)
        elif callable(told):
            told(client, request)
        elif told != CUT:
            client.sendall(told)
            return True
        return False


def read_request(client):
    """The next request of a connection; None at its end."""
    data = b""
    while b"\r\n\r\n" not in data:
        if not (more := client.recv(65536)):
            return None
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    request = Request(head, body)
    while len(request.body) < int(request.headers.get("content-length", 0)):
        request.body += client.recv(65536)
    return request
