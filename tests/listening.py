"""A server for tests: every connection is talked to in a thread of its own, until the `with` ends."""

import socket
import threading
from contextlib import suppress


class Listening:
    """Takes the connections of `listener`; what is done with each is in `_talk`, which may add to `_sockets`."""

    def __init__(self, listener):
        self.connections = 0
        self._listener, self._sockets = listener, []
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        for each in [self._listener, *self._sockets]:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _accept(self):
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self.connections += 1
                self._sockets.append(client)
                threading.Thread(target=self._talk, args=(client,), daemon=True).start()

    def _talk(self, client):
        raise NotImplementedError
