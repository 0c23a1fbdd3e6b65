"""One HTTP exchange at a time, over a connection that is kept.

Rule 1: whoever asks learns whether the server can have seen the request: `Unsent` says no, `Cut` says perhaps.
Rule 2: a token goes to the one server that was named: redirects are answers, not followed.
Rule 3: what is read is bounded, in bytes and in time.
"""

import http.client
import os
import select
import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import cast

from coordinaut_git import __version__
from coordinaut_git.errors import environment
from coordinaut_git.stores.remote.address import Address, Proxy
from coordinaut_git.stores.remote.sockets import Limit, LimitedSocket, Stream, connected, encrypted

IDLE_S = 4.0
"""A connection that was quiet for longer is not used again: servers close theirs after five seconds or more."""

MOST_BYTES = 256 * 1024 * 1024
"""The longest answer that is read."""

_PIECE_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the server said; the names of headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Unsent(Exception):
    """No connection was made: the server has not seen the request."""


class Cut(Exception):
    """The connection broke, or the time was over, after the request may have been seen."""


class Garbled(Exception):
    """What came is no answer in HTTP, or one that is too long."""


class Transport:
    """The connection of one handle to its server. One exchange at a time."""

    def __init__(self, address: Address, token: str, proxy: Proxy | None) -> None:
        self._address, self._proxy = address, proxy
        self._headers = {
            "Authorization": f"Bearer {token}",
            "Accept": "application/json",
            "User-Agent": f"coordinaut-git/{__version__}",
        }
        self._connection: _Connection | None = None

    def exchange(
        self, method: str, path: str, *, body: bytes | None, headers: Mapping[str, str], until: float
    ) -> Answer:
        """Ask and give the answer, by `until` (time.monotonic()); raises `Unsent`, `Cut` or `Garbled`."""
        connection, answer = self._ready(until), None
        try:
            answer = self._exchanged(connection, method, path, body, headers)
        except (http.client.RemoteDisconnected, http.client.IncompleteRead):
            raise Cut("the connection was cut") from None
        except (http.client.HTTPException, ValueError):
            raise Garbled("it is no answer in HTTP") from None
        except OSError as error:
            raise Cut(reason(error)) from None
        finally:
            if answer is None:
                self.close()
        connection.used_at = time.monotonic()
        return answer

    def close(self) -> None:
        """Let go of the connection; the next exchange makes a new one."""
        connection, self._connection = self._connection, None
        if connection is not None and connection.pid == os.getpid():
            connection.close()

    def _ready(self, until: float) -> "_Connection":
        known = self._connection
        if known is not None and known.is_fresh():
            known.limit.until = until
            return known
        self.close()
        made = _Connection(self._address, self._proxy, self._context if self._address.secure else None, Limit(until))
        try:
            made.connect()
        except ssl.SSLCertVerificationError as error:
            made.close()
            raise environment(
                "bad_certificate",
                f"The certificate of {self._address.server} cannot be trusted: {error.verify_message}.",
                hint="If its authority is your own, name the authority's certificate in SSL_CERT_FILE.",
            ) from None
        except OSError as error:
            made.close()
            raise Unsent(reason(error)) from None
        self._connection = made
        return made

    def _exchanged(
        self, connection: "_Connection", method: str, path: str, body: bytes | None, headers: Mapping[str, str]
    ) -> Answer:
        connection.request(method, connection.origin + path, body, {**self._headers, **connection.extra, **headers})
        response = connection.getresponse()
        content = _content(response)
        if response.will_close:
            self.close()
        named = {name.lower(): value for name, value in response.getheaders()}
        return Answer(status=response.status, headers=named, body=content)

    @cached_property
    def _context(self) -> ssl.SSLContext:
        return ssl.create_default_context()


class _Connection(http.client.HTTPConnection):
    """A connection whose every wait ends with its limit; through a proxy, if there is one.

    `origin` stands before the path and `extra` beside the headers of every request that a proxy is to carry.
    """

    def __init__(self, address: Address, proxy: Proxy | None, context: ssl.SSLContext | None, limit: Limit) -> None:
        self.default_port = 443 if address.secure else 80  # what the Host header leaves out
        super().__init__(address.host, address.port)
        self.limit, self.pid, self.used_at = limit, os.getpid(), 0.0
        self._proxy, self._context = proxy, context
        carried = proxy is not None and context is None
        self.origin = address.server.removesuffix(address.prefix) if carried else ""
        self.extra = _greeting(proxy) if carried else {}

    def connect(self) -> None:
        """Connect, ask the proxy for a way through, and put TLS over it; raises OSError."""
        first = self._proxy or self
        plain = connected(first.host, first.port, self.limit)
        self._use(plain)
        if self._context is not None:
            if self._proxy is not None:
                self._way_through(LimitedSocket(plain, self.limit))
            self._use(encrypted(plain, self.host, self._context, self.limit))
        self.used_at = time.monotonic()

    def is_fresh(self) -> bool:
        """Whether it can be used again by this process: not closed at the other end, nor quiet for long."""
        if self.sock is None or self.pid != os.getpid() or time.monotonic() - self.used_at > IDLE_S:
            return False
        waiting = select.poll()
        waiting.register(self.sock, select.POLLIN)
        return not waiting.poll(0)

    def _way_through(self, limited: LimitedSocket) -> None:
        """Ask the proxy to pass on what follows (RFC 9110, 9.3.6)."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        lines = {"Host": f"{host}:{self.port}", **_greeting(self._proxy)}
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        limited.sendall(f"CONNECT {host}:{self.port} HTTP/1.1\r\n{head}\r\n".encode())
        response = http.client.HTTPResponse(cast("socket.socket", limited), method="CONNECT")
        try:
            response.begin()
        except (http.client.HTTPException, ValueError):
            raise OSError("the proxy gave no answer in HTTP") from None
        finally:
            response.close()
        if response.status // 100 != 2:  # noqa: PLR2004 - the statuses of success
            raise OSError(f"the proxy answered {response.status}")

    def _use(self, stream: Stream) -> None:
        self.sock = LimitedSocket(stream, self.limit)


def _greeting(proxy: Proxy | None) -> dict[str, str]:
    return {"Proxy-Authorization": proxy.authorization} if proxy and proxy.authorization else {}


def reason(error: OSError) -> str:
    """Why the network did not work, in a few words."""
    if isinstance(error, TimeoutError):
        return "it took too long"
    if isinstance(error, socket.gaierror):
        return "there is no host of that name"
    if isinstance(error, ConnectionRefusedError):
        return "nothing listens there"
    if isinstance(error, ssl.SSLError):
        return f"TLS failed ({error.reason or 'no reason given'})"
    return (error.strerror or str(error) or type(error).__name__).lower()


def _content(response: http.client.HTTPResponse) -> bytes:
    """The whole body; raises IncompleteRead where it is cut off, `Garbled` where it is longer than is read."""
    pieces, size = [], 0
    announced = response.length
    while piece := response.read(_PIECE_BYTES):
        pieces.append(piece)
        size += len(piece)
        if size > MOST_BYTES:
            raise Garbled("it is too long")
    if announced is not None and size != announced:
        raise http.client.IncompleteRead(b"", announced - size)
    return b"".join(pieces)
