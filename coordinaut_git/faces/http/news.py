"""Those who wait for a line to grow, and what wakes them.

Rule 1: whoever waits takes a ticket first and looks afterwards: what comes in between is never missed.
Rule 2: a waiting request holds no thread, and no lock.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from anyio import Event, move_on_after

from coordinaut_git.faces.http.shelf import Place


class _Waiting:
    def __init__(self) -> None:
        self.event = Event()
        self.users = 0


class Watch:
    """One request that waits for news of one line."""

    def __init__(self, waiting: _Waiting) -> None:
        self._waiting = waiting
        self._ticket = waiting.event

    def take_ticket(self) -> None:
        """From now on, `wait` ends at the next news."""
        self._ticket = self._waiting.event

    async def wait(self, limit_s: float) -> None:
        """Wait for what came after the ticket was taken, so long at most."""
        with move_on_after(limit_s):
            await self._ticket.wait()


class News:
    """Which lines are waited for."""

    def __init__(self) -> None:
        self._waiting: dict[Place, _Waiting] = {}
        self.ended = False

    @contextmanager
    def watch(self, place: Place) -> Iterator[Watch]:
        """Listen for news of a line."""
        waiting = self._waiting.setdefault(place, _Waiting())
        waiting.users += 1
        try:
            yield Watch(waiting)
        finally:
            waiting.users -= 1
            if not waiting.users and self._waiting.get(place) is waiting:
                del self._waiting[place]

    def watched(self) -> list[Place]:
        """The lines that somebody waits for."""
        return list(self._waiting)

    def tell(self, place: Place) -> None:
        """Wake those who wait for a line."""
        if waiting := self._waiting.get(place):
            waiting.event.set()
            waiting.event = Event()

    def end(self) -> None:
        """Wake everybody, for the last time."""
        self.ended = True
        for waiting in self._waiting.values():
            waiting.event.set()
