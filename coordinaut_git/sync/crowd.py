"""How clones that publish at the same time come to their share.

A push that goes on from the newest point is one connection; whoever lost to it must fetch before it can push again. So
of two that publish without a break the one that is ahead stays ahead (networks call it the capture effect).

Rule 1: whoever has published while others were at it leaves a gap before it publishes again, in which each of those
        can fetch and push who came by since its last turn. Then it fetches first, for somebody will have been faster.
        Two clones alone with each other need not change so often: a turn then goes on for as long as an exchange.
Rule 2: whoever has lost pauses before it fetches, never between fetch and push, and for one exchange at the most:
        pauses that grow with every loss give the line to whoever lost least. Only a long struggle slows down.
Rule 3: whoever is alone waits for nobody. But whoever is ahead never meets somebody who is always too late: so where
        publications follow hard on each other there is a gap after the 1st, 2nd, 4th, 8th, 16th and every 32nd; and a
        clone that has never met anybody leaves one after every 64th.
Rule 4: who is faster depends on this, and nothing else does. A note that is lost costs a lost race.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import count, takewhile
from typing import Protocol

PATIENCE_S = 45.0
"""For so long a publication tries to be faster than others: agents' clients wait for about a minute."""

LEAST_ATTEMPTS = 8
SLOWER_AFTER = 16
"""With so many losses each the pauses double: a crowd in which nobody gets on must not storm the host."""

GAP_SPARE, PAUSE_EXCHANGES = 1.0, 1.0
"""So much longer is a gap than the exchanges of those it is for; so long is a pause after a loss at the most.

An exchange goes from the beginning of a fetch to the end of the push after it, with our own work between them.
"""

PROBES, PROBE_EVERY, PROBE_SELDOM = (1, 2, 4, 8, 16), 32, 64
PROBE_EXCHANGES = 2.0
"""So long is the chance for somebody unknown."""

LONGEST_GAP_S, LONGEST_PAUSE_S = 10.0, 10.0
REMEMBERED_S = 60.0
"""Whom this clone has met is at work for so long."""

_USUAL_S = 0.3
"""What an exchange takes, from fetching to having pushed, before one was measured."""

Pause = Callable[[float, float], None]
"""Waits for a time by chance between a shortest and a longest one, in seconds."""


class Room(Protocol):
    """Until when a clone leaves room for others, in seconds by the clock of its `Crowd`; kept for all its processes.

    A time that has gone by tells when others were met last.
    """

    def get(self) -> float | None:
        """The time; None if nobody was met yet."""
        ...

    def put(self, until_s: float) -> None:
        """Keep another one."""
        ...


class Crowd:
    """What one process does for it; `now` is a clock in seconds that all processes of the clone share."""

    def __init__(self, room: Room, *, now: Callable[[], float], pause: Pause) -> None:
        self.now = now
        self._room, self._pause = room, pause
        self._exchange_s = _USUAL_S
        self._began = self._ended = self._probing_until = self._turn_until = now()
        self._fetched_at: float | None = None
        self._room_for = 1
        self._losses = self._in_a_row = 0
        self._others: set[str] = set()
        self._looked: float | None = None

    def made_room(self) -> bool:
        """Begin a publication, after the gap if one is due; True if others will have used it: look before you push."""
        now = self._began = self.now()
        self._losses, self._fetched_at = 0, None
        if _left_s(self._turn_until, now):
            return False
        known_s, probing_s = _left_s(self._room.get(), now), _left_s(self._probing_until, now)
        if wait_s := max(known_s, probing_s):
            self._pause(wait_s, wait_s)
        return known_s > 0

    def attempts(self) -> Iterator[int]:
        """Numbers, for as long as it is worth trying."""
        until = self.now() + PATIENCE_S
        return takewhile(lambda number: number < LEAST_ATTEMPTS or self.now() < until, count())

    def lost(self) -> None:
        """Somebody was faster."""
        self._losses += 1
        self._meet(())

    def before_fetch(self) -> None:
        """Pause after a loss."""
        if self._losses:
            exchanges = PAUSE_EXCHANGES * 2 ** (self._losses // SLOWER_AFTER)
            self._pause(0.0, min(LONGEST_PAUSE_S, self._exchange_s * exchanges))

    def fetched(self, took_s: float, others: Iterable[str]) -> None:
        """The remote was looked at, in so many seconds; these have published there since the last look."""
        now = self.now()
        self._fetched_at = now - took_s
        lately = self._looked is not None and now - self._looked < REMEMBERED_S
        if names := set(others):
            self._meet(names if lately else ())
        self._looked = now

    def published(self, took_s: float) -> None:
        """The remote has taken a push, in so many seconds."""
        now = self.now()
        began = now - 2 * took_s if self._fetched_at is None else self._fetched_at
        self._exchange_s = max(0.0, now - began)
        met = self._room.get()
        if met is not None and now - met < REMEMBERED_S:
            self._in_a_row = 0
            self._leave_room(now)
        elif self._probes(alone=met is None):
            self._probing_until = now + min(LONGEST_GAP_S, PROBE_EXCHANGES * self._exchange_s)
        self._ended = self._looked = now

    def _leave_room(self, now: float) -> None:
        """After the first publication of a turn, and after each that follows in it; others are missed now and then."""
        if not _left_s(self._turn_until, self._began):
            self._room_for = max(1, len(self._others), self._room_for - 1)
            self._turn_until = now + (self._exchange_s if self._room_for == 1 else 0.0)
            self._others.clear()
        self._room.put(now + min(LONGEST_GAP_S, self._exchange_s * (self._room_for + GAP_SPARE)))

    def _probes(self, *, alone: bool) -> bool:
        """Whether it is time to see if somebody is there who is always too late."""
        hard = self._began - self._ended < self._exchange_s
        self._in_a_row = self._in_a_row + 1 if hard else 1
        if alone:
            return not self._in_a_row % PROBE_SELDOM
        return self._in_a_row in PROBES or not self._in_a_row % PROBE_EVERY

    def _meet(self, names: Iterable[str]) -> None:
        self._others.update(names)
        now = self.now()
        if (self._room.get() or 0.0) < now:
            self._room.put(now)


def _left_s(until_s: float | None, now: float) -> float:
    """How long it is until then; nothing where a clock was set meanwhile."""
    left_s = until_s - now if until_s else 0.0
    return left_s if 0 < left_s <= LONGEST_GAP_S else 0.0
