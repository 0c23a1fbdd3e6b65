"""Sockets that obey one time limit for a whole exchange, however slowly the other side lets its bytes fall.

Rule 1: no call below waits beyond `Limit.until`; it raises TimeoutError.
"""

import io
import socket
import ssl
import threading
import time
from typing import Any, NoReturn, Protocol

CONNECT_S = 5.0
"""How long one attempt to connect may take, and to look up the name of a host."""


class Limit:
    """The instant, by time.monotonic(), at which an exchange is over; it may be set anew for the next one."""

    def __init__(self, until: float) -> None:
        self.until = until

    @property
    def left_s(self) -> float:
        """Seconds that are left; raises TimeoutError where there are none."""
        left_s = self.until - time.monotonic()
        if left_s <= 0:
            raise TimeoutError("the time was over")
        return left_s


class Stream(Protocol):
    """What is asked of a socket, plain or TLS."""

    def settimeout(self, value: float | None, /) -> None: ...  # noqa: D102 - socket(7)

    def sendall(self, data: Any, /) -> None: ...  # noqa: D102

    def recv_into(self, buffer: Any, /) -> int: ...  # noqa: D102

    def fileno(self) -> int: ...  # noqa: D102

    def close(self) -> None: ...  # noqa: D102


class LimitedSocket:
    """As much of a socket as http.client uses, under a limit."""

    def __init__(self, stream: Stream, limit: Limit) -> None:
        self.stream, self.limit = stream, limit

    def sendall(self, data: Any) -> None:
        """Send all of it."""
        self.stream.settimeout(self.limit.left_s)
        self.stream.sendall(data)

    def makefile(self, mode: str) -> io.BufferedReader:
        """A file to read the answer from; closing it leaves the socket open."""
        assert mode == "rb"
        return io.BufferedReader(_Reader(self))

    def fileno(self) -> int:
        """The descriptor, to look whether something came."""
        return self.stream.fileno()

    def close(self) -> None:
        """Close the connection."""
        self.stream.close()


class _Reader(io.RawIOBase):
    def __init__(self, source: LimitedSocket) -> None:
        self._source = source

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._source.stream.settimeout(self._source.limit.left_s)
        return self._source.stream.recv_into(buffer)


def connected(host: str, port: int, limit: Limit) -> socket.socket:
    """A connection to the first of the host's addresses that takes one; raises OSError."""
    failed: OSError | None = None
    for family, kind, protocol, _, place in _resolved(host, port, limit):
        made = socket.socket(family, kind, protocol)
        try:
            made.settimeout(min(CONNECT_S, limit.left_s))
            made.connect(place)
            made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError as error:
            made.close()
            failed = error
        else:
            return made
    raise failed or OSError("the name has no address")


def encrypted(plain: socket.socket, host: str, context: ssl.SSLContext, limit: Limit) -> ssl.SSLSocket:
    """TLS over a connection; raises OSError (ssl.SSLCertVerificationError where the certificate is not the host's)."""
    plain.settimeout(limit.left_s)
    return context.wrap_socket(plain, server_hostname=host)


def _resolved(host: str, port: int, limit: Limit) -> list[Any]:
    """Look up a name in a thread: getaddrinfo(3) knows no time limit."""
    found: list[Any] = []

    def look() -> None:
        try:
            found.append(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as error:
            found.append(error)

    thread = threading.Thread(target=look, name="coordinaut-lookup", daemon=True)
    thread.start()
    thread.join(min(CONNECT_S, limit.left_s))
    if not found:
        raise TimeoutError("its name was not found in time")
    if isinstance(found[0], Exception):
        _fail(found[0])
    return list(found[0])


def _fail(error: Exception) -> NoReturn:
    raise error if isinstance(error, OSError) else OSError(str(error))
