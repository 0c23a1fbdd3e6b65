"""Many patterns followed along one path at once, a character at a time.

Rule 1: where all the patterns stand is one integer, a bit a place; the words mean what `Pattern` and `Component` mean.
Rule 2: what can no longer make a difference is dropped, so that there are few ways to stand.

The places of a pattern are in a row: before each component one for its gap, if it has one; then one before each
character set and one at the end of the name, from which a slash leads on; behind the last, one for "covered for good".
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from operator import or_

from coordinaut_git.protocol.charset import CharSet, representatives
from coordinaut_git.protocol.component import FORBIDDEN, Component
from coordinaut_git.protocol.pattern import Pattern

NEVER = 1 << 30
_APART = "".join(sorted(set("".join(FORBIDDEN))))
_PLACES = 4096
"""So many places cost about as much as the rest of a step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """Patterns of which some one covers a path, or none, by their places.

    `covers`: one of them covers a path that ends here. `sure`: and whatever continues it; `done` is one such place.
    `within` tells, for distances from the near to the far, from which places the end is no farther away, in characters.
    """

    places: int
    covers: int
    sure: int
    done: int
    within: tuple[tuple[int, int], ...]

    def left(self, at: int) -> int:
        """How many characters are missing at least until the side covers the path; `NEVER` if it cannot."""
        nearest = bisect_left(self.within, 1, key=lambda distance: int(at & distance[1] != 0))
        return self.within[nearest][0] if nearest < len(self.within) else NEVER


class Track:
    """The places of the patterns of all sides, and how they are left.

    `start` is where everything stands before the first character; `letters` has a character for each way to go on, the
    most readable first, with the places it leads on from. `work` counts what was done, in steps of a short track.
    """

    def __init__(self, wanted: Sequence[Sequence[Pattern]], unwanted: Sequence[Pattern], *, fold: bool) -> None:
        rows = _Rows()
        self.wanted = tuple(rows.side(patterns) for patterns in wanted)
        self.unwanted = rows.side(unwanted)
        self.letters = representatives(rows.sets.items(), apart=_APART, fold=fold)
        self.work = 0
        self._effort = 1 + rows.size // _PLACES
        self._rows = rows
        self.start = self._pruned(rows.starts)

    def after(self, at: int, fits: int) -> int:
        """Where the patterns stand after a character of a name; `fits` comes with the letter."""
        return self._pruned((at & fits) << 1 | at & self._rows.waits)

    def after_slash(self, at: int) -> int:
        """Where the patterns stand before the next name."""
        gaps = self._rows.gaps
        at = (at & self._rows.ends) << 1 | at & (gaps | self._rows.done)
        return self._pruned(at | (at & gaps) << 1)

    def _pruned(self, at: int) -> int:
        """The same without the places that add nothing to another one, the later in its row."""
        self.work += self._effort
        for side in self.wanted:
            if at & side.sure:
                at = at & ~side.places | side.done
        rest = at & self._rows.cutting
        while rest:
            self.work += self._effort
            last = rest.bit_length() - 1
            at &= self._rows.kept[last]
            rest = (rest & at) ^ (1 << last)
        return at


class _Rows:
    """Lays out patterns, one row behind the other.

    At `waits` a character of a name changes nothing; these are gaps, stars, and where a path is covered for good. What
    is before a wait in the same row, or before a star in the same name, leads nowhere else than the wait does: `kept`
    are the places that it leaves, for those (`cutting`) that leave anything out.
    """

    def __init__(self) -> None:
        self.size = 0
        self.sets: dict[CharSet, int] = {}
        self.starts = self.waits = self.gaps = self.ends = self.done = 0
        self.cutting = 0
        self.kept: dict[int, int] = {}

    def side(self, patterns: Iterable[Pattern]) -> Side:
        """Lay out the patterns of one side."""
        first = self.size
        covers = done = 0
        distances: dict[int, int] = {}
        for pattern in patterns:
            start = self.size
            self._lay_out(pattern)
            done = 1 << self.size - 1
            covers |= done | done >> 1
            self._measure(start, distances)
        steps = sorted([(0, covers), *distances.items()])
        return Side(
            places=(1 << self.size) - (1 << first),
            covers=covers,
            sure=covers & self.waits,
            done=done,
            within=tuple(zip((far for far, _ in steps), accumulate((bits for _, bits in steps), or_), strict=True)),
        )

    def _lay_out(self, pattern: Pattern) -> None:
        first = self.size
        for number, item in enumerate(pattern.items):
            if pattern.gaps >> number & 1:
                self.gaps |= 1 << self.size
                self._wait(first)
                self.size += 1
            self._lay_out_name(item)
        self.done |= 1 << self.size
        self.waits |= 1 << self.size
        self.size += 1
        self.starts |= (0b11 if pattern.gaps & 1 else 0b01) << first

    def _lay_out_name(self, item: Component) -> None:
        first = self.size
        for number, chars in enumerate((*item.sets, None)):
            if item.gaps >> number & 1:
                self._wait(first)
            if chars is not None:
                self.sets[chars] = self.sets.get(chars, 0) | 1 << self.size
                self.size += 1
        self.ends |= 1 << self.size
        self.size += 1

    def _wait(self, first: int) -> None:
        self.waits |= 1 << self.size
        if first < self.size:
            self.cutting |= 1 << self.size
            self.kept[self.size] = ~((1 << self.size) - (1 << first))

    def _measure(self, start: int, distances: dict[int, int]) -> None:
        """Add the places of the row just laid out by how far its end is; a gap may be left without a name."""
        missing = 0
        for place in range(self.size - 3, start - 1, -1):
            missing += not self.gaps >> place & 1
            distances[missing] = distances.get(missing, 0) | 1 << place
