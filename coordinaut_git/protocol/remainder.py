"""What is left of scopes when others are taken away: a path that some patterns cover and others do not.

Rule 1: the answer is exact for all paths that git can hold, also of files that do not exist yet.
Rule 2: a shortest path is looked for first, and any path only where that takes too long.
Rule 3: the work is bounded, whoever wrote the patterns. Past the bound the answer is not `settled`, and whoever asked
assumes the worse.

The patterns are followed along all paths at once (`track.py`). A way to stand is left alone if another one,
followed before, stands in the same places of the wanted patterns and in no place of the unwanted ones where this one
does not stand: whatever this one leads to, the other does. (De Wulf, Doyen, Henzinger and Raskin call these antichains,
CAV 2006.)
"""

from collections.abc import Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import NamedTuple

from coordinaut_git.protocol.component import FORBIDDEN
from coordinaut_git.protocol.pattern import Pattern
from coordinaut_git.protocol.track import NEVER, Track

MAX_WORK = 250_000
"""How much work one search may be, in steps of a short track: some tenths of a second. Two are made at most."""

_BEGUN = frozenset(word[:length] for word in FORBIDDEN for length in range(len(word) + 1))
_COMPARED = 4  # ways that are compared in the time of a step

Trail = tuple["Trail", str] | None
"""The characters of a path, the last one outermost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remainder:
    """The path that was found, or None if there is none; not `settled` if the search was given up."""

    path: str | None
    settled: bool = True


def remainder(wanted: Sequence[Sequence[Pattern]], unwanted: Sequence[Pattern], *, fold: bool = False) -> Remainder:
    """A path that some pattern of each of the `wanted` covers, and none of the `unwanted`.

    `fold` says how the patterns were read.
    """
    track = Track(wanted, unwanted, fold=fold)
    found = _Search(track, shortest=True).run()
    return found if found.settled else _Search(track, shortest=False).run()


class _Way(NamedTuple):
    """One way to stand; the lowest is followed first, for its `cost`, then for being long, then for being early.

    `begun` is the name so far if one that git cannot hold begins with it, else None.
    """

    cost: int
    shortness: int
    number: int
    at: int
    begun: str | None
    trail: Trail


class _Search:
    """Follows the ways from the root: so that no shorter path is missed, or straight to where little seems missing."""

    def __init__(self, track: Track, *, shortest: bool) -> None:
        self._track = track
        self._shortest = shortest
        self._end = track.work + MAX_WORK
        self._number = 0
        self._ways: list[_Way] = []
        self._followed: dict[tuple[int, str | None], list[int]] = {}

    def run(self) -> Remainder:
        """Search until a path is found, no way is left, or the work is too much."""
        self._add(self._track.start, "", None, 0)
        while self._ways:
            way = heappop(self._ways)
            if self._arrived(way):
                return Remainder(path=_spelled(way.trail))
            if self._track.work > self._end:
                return Remainder(path=None, settled=False)
            if self._leads_further(way):
                self._follow(way)
        return Remainder(path=None)

    def _arrived(self, way: _Way) -> bool:
        return (
            way.begun not in FORBIDDEN
            and not way.at & self._track.unwanted.covers
            and all(way.at & side.covers for side in self._track.wanted)
        )

    def _leads_further(self, way: _Way) -> bool:
        """Whether none of the ways that were followed leads wherever this one does."""
        unwanted = way.at & self._track.unwanted.places
        wanted = way.at ^ unwanted
        for begun in {way.begun, None}:
            others = self._followed.get((wanted, begun), [])
            self._track.work += len(others) // _COMPARED
            if any(other & unwanted == other for other in others):
                return False
        self._followed.setdefault((wanted, way.begun), []).append(unwanted)
        return True

    def _follow(self, way: _Way) -> None:
        length = 1 - way.shortness
        after: dict[tuple[int, str | None], str] = {}
        for char, fits in self._track.letters:
            name = None if way.begun is None else way.begun + char
            after.setdefault((self._track.after(way.at, fits), name if name in _BEGUN else None), char)
        for (at, begun), char in after.items():
            self._add(at, begun, (way.trail, char), length)
        if way.begun not in FORBIDDEN:
            self._add(self._track.after_slash(way.at), "", (way.trail, "/"), length)

    def _add(self, at: int, begun: str | None, trail: Trail, length: int) -> None:
        if at & self._track.unwanted.sure:
            return
        missing = [side.left(at) for side in self._track.wanted]
        if max(missing) < NEVER:
            self._number += 1
            cost = length + max(missing) if self._shortest else sum(missing)
            heappush(self._ways, _Way(cost, -length, self._number, at, begun, trail))


def _spelled(trail: Trail) -> str:
    chars: list[str] = []
    while trail is not None:
        trail, char = trail
        chars.append(char)
    return "".join(reversed(chars))
