"""Connections: uvicorn's HTTP/1.1, with a limit on the time that the head of a request may take.

Rule 1: a connection that has asked for nothing within the limit is closed, however slowly it sends.
"""

import asyncio
from typing import ClassVar

from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle


class Connection(H11Protocol):
    """One connection of a client."""

    headers_s: ClassVar[float] = 10.0
    _limit: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin the time for the first request."""
        super().connection_made(transport)
        self._begin()

    def data_received(self, data: bytes) -> None:
        """Begin the time for the next request with its first byte, and end it with the last of its head."""
        super().data_received(data)
        if self._asked():
            self._end()
        elif self._limit is None:
            self._begin()

    def on_response_complete(self) -> None:
        """Begin the time for the next request if a part of it has come already."""
        super().on_response_complete()
        if not self._asked() and self._limit is None and self.conn.trailing_data[0]:
            self._begin()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the time."""
        self._end()
        super().connection_lost(exc)

    def _begin(self) -> None:
        self._limit = self.loop.call_later(self.headers_s, self._close)

    def _end(self) -> None:
        if self._limit is not None:
            self._limit.cancel()
            self._limit = None

    def _close(self) -> None:
        self._limit = None
        if not self._asked():
            self.transport.close()

    def _asked(self) -> bool:
        """Whether a request is in hand: its head is there, and its answer is not complete."""
        cycle: RequestResponseCycle | None = self.cycle
        return cycle is not None and not cycle.response_complete
