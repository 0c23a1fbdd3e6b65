"""A proxy between PostgreSQL and its clients that cuts a connection at COMMIT, before or after the server has it."""

import socket
import threading
from contextlib import suppress

from listening import Listening

BEFORE, AFTER = "before", "after"
SOCKET = ".s.PGSQL.5432"
COMMIT = b"COMMIT\0"  # the whole statement: BEGIN ends in COMMITTED


class CuttingProxy(Listening):
    """Listens on a socket in `folder`, and hands everything on to the server whose socket is in `server_folder`.

    The next connection that says COMMIT is cut: `BEFORE` the server hears it, or `AFTER` the server has done it.
    """

    def __init__(self, folder, server_folder):
        self.url = f"postgresql://tester@/postgres?host={folder}"
        self.cut, self.cuts = None, 0
        self._server = str(server_folder / SOCKET)
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(folder / SOCKET))
        listener.listen()
        super().__init__(listener)

    def _talk(self, client):
        with suppress(OSError):
            server = socket.socket(socket.AF_UNIX)
            self._sockets.append(server)
            server.connect(self._server)
            threading.Thread(target=self._answer, args=(server, client), daemon=True).start()
            self._forward(client, server)

    def _forward(self, client, server):
        with suppress(OSError):
            while data := client.recv(65536):
                if self.cut and COMMIT in data:
                    self._at_commit(client, server, data)
                    return
                server.sendall(data)
        for each in (client, server):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def _at_commit(self, client, server, data):
        cut, self.cut = self.cut, None
        self.cuts += 1
        client.shutdown(socket.SHUT_RDWR)
        if cut == AFTER:
            server.sendall(data)
            server.shutdown(socket.SHUT_WR)
        else:
            server.shutdown(socket.SHUT_RDWR)

    def _answer(self, server, client):
        with suppress(OSError):
            while data := server.recv(65536):
                client.sendall(data)
