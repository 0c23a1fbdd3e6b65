"""What two sequences with gaps share: names, where they are components; paths, where they are patterns.

Rule 1: a component is a sequence of character sets, a pattern a sequence of components; the same search serves both.
Rule 2: whether something is shared is exact; what is shared is spelled out only when somebody has to read it.

Two sequences that both have a gap meet exactly if what stands before their first gaps agrees as far as both go, and
likewise what stands after their last gaps: between them each can wait in its gap while the other passes.
"""

from collections.abc import Callable, Iterator
from functools import cache, lru_cache
from typing import Generic, Protocol, TypeVar

from coordinaut_git.protocol.charset import ANY, CharSet, overlap, pick
from coordinaut_git.protocol.component import FORBIDDEN, Component

Item = TypeVar("Item")
Item_co = TypeVar("Item_co", covariant=True)
Agree = Callable[[Item, Item], bool]
Step = tuple[Item | None, Item | None, int, int]
"""What each side spends on an element, None where its gap takes it, and the positions after it."""

NEVER = 1 << 30
_LONGEST_FORBIDDEN = max(map(len, FORBIDDEN))


class Gapped(Protocol[Item_co]):
    """A sequence with gaps: bit i of `gaps` is set where anything may stand before item i."""

    @property
    def items(self) -> tuple[Item_co, ...]:
        """The items in order."""
        ...

    @property
    def gaps(self) -> int:
        """The places of the gaps, as bits; bit `len(items)` is the gap at the end."""
        ...


class Meet(Generic[Item]):
    """The shortest that two gapped sequences share, from any pair of positions to their ends."""

    def __init__(self, one: Gapped[Item], other: Gapped[Item], agree: Agree[Item]) -> None:
        self.one, self.other = one, other
        self.agree = cache(agree)
        self.left = self._lengths()

    def _lengths(self) -> list[list[int]]:
        """How many elements are left at least, for each pair of positions; `NEVER` or more where there is no way."""
        below = [NEVER] * len(self.other.items) + [0]
        self._wait(below, len(self.one.items))
        rows = [below]
        for i in range(len(self.one.items) - 1, -1, -1):
            below = self._row(i, below)
            rows.append(below)
        return rows[::-1]

    def _row(self, i: int, below: list[int]) -> list[int]:
        mine, gaps = self.one.items[i], self.other.gaps
        row = [1 + steps if gaps >> j & 1 else NEVER for j, steps in enumerate(below)]
        for j, theirs in enumerate(self.other.items):
            if below[j + 1] + 1 < row[j] and self.agree(mine, theirs):
                row[j] = below[j + 1] + 1
        self._wait(row, i)
        return row

    def _wait(self, row: list[int], i: int) -> None:
        """The ways on which one waits in its gap before item `i`, while the other goes on."""
        if self.one.gaps >> i & 1:
            for j in range(len(row) - 2, -1, -1):
                row[j] = min(row[j], 1 + row[j + 1])

    def steps(self, i: int, j: int) -> Iterator[Step[Item]]:
        """The ways to spend one element on which at least one side goes on."""
        mine = self.one.items[i] if i < len(self.one.items) else None
        theirs = self.other.items[j] if j < len(self.other.items) else None
        if mine is not None and theirs is not None and self.agree(mine, theirs):
            yield mine, theirs, i + 1, j + 1
        if mine is not None and self.other.gaps >> j & 1:
            yield mine, None, i + 1, j
        if theirs is not None and self.one.gaps >> i & 1:
            yield None, theirs, i, j + 1

    def shortest(self, i: int = 0, j: int = 0) -> Iterator[tuple[Item | None, Item | None]]:
        """The elements of a shortest shared ending: the item of each side, None where a gap of that side takes it."""
        while self.left[i][j]:
            mine, theirs, i, j = min(self.steps(i, j), key=lambda step: self.left[step[2]][step[3]])
            yield mine, theirs


def agree_at_ends(one: Gapped[Item], other: Gapped[Item], agree: Agree[Item]) -> bool:
    """Whether two sequences that both have a gap share anything."""
    lead = min(_first_gap(one), _first_gap(other))
    tail = min(len(one.items) - _last_gap(one), len(other.items) - _last_gap(other))
    return all(map(agree, one.items[:lead], other.items[:lead])) and all(
        map(agree, one.items[len(one.items) - tail :], other.items[len(other.items) - tail :])
    )


def _first_gap(one: Gapped[Item]) -> int:
    return (one.gaps & -one.gaps).bit_length() - 1


def _last_gap(one: Gapped[Item]) -> int:
    return one.gaps.bit_length() - 1


@lru_cache(maxsize=16384)
def share_a_name(one: Component, other: Component) -> bool:
    """Whether some name that a git path can hold is matched by both components."""
    if one.literal is not None:
        return other.matches(one.literal)
    if other.literal is not None:
        return one.matches(other.literal)
    if one.gaps and other.gaps:  # what they share, if anything, is of any length, so also lawful
        return agree_at_ends(one, other, overlap)
    fixed, free = (other, one) if one.gaps else (one, other)
    if len(free.items) > len(fixed.items):
        return False
    if len(fixed.items) <= _LONGEST_FORBIDDEN:
        return common_name(fixed, free) is not None
    return _runs_through(fixed, free)


def _runs_through(fixed: Component, free: Component) -> bool:
    """Whether `free` matches some name of `fixed`, which has no gap."""
    fitting: dict[CharSet, int] = {}
    at = 1
    for chars in fixed.items:
        if (fits := fitting.get(chars)) is None:
            fits = fitting[chars] = sum(1 << k for k, item in enumerate(free.items) if overlap(chars, item))
        at = ((at & fits) << 1) | (at & free.gaps)
    return bool(at >> len(free.items))


def common_name(one: Component, other: Component) -> str | None:
    """A short, readable name that both components match; None if no git path can hold one."""
    if one.literal is not None:
        return one.literal if other.matches(one.literal) else None
    if other.literal is not None:
        return other.literal if one.matches(other.literal) else None
    return _Speller(Meet(one, other, overlap)).spell(0, 0, FORBIDDEN)


class _Speller:
    """Spells out names that two components share, around the names that no path can hold."""

    def __init__(self, meet: Meet[CharSet]) -> None:
        self.meet = meet

    def spell(self, i: int, j: int, avoid: frozenset[str]) -> str | None:
        """A shared ending from `i` and `j` that is none of `avoid`."""
        if not avoid:
            return self._freely(i, j)
        if self.meet.left[i][j] == 0 and "" not in avoid:
            return ""
        return self._apart(i, j, avoid) or self._along(i, j, avoid)

    def _freely(self, i: int, j: int) -> str:
        return "".join(pick(mine or ANY, theirs or ANY) or "" for mine, theirs in self.meet.shortest(i, j))

    def _apart(self, i: int, j: int, avoid: frozenset[str]) -> str | None:
        """The shortest ending that parts from everything to avoid with its first character."""
        firsts = {word[0] for word in avoid if word}
        for mine, theirs, after_i, after_j in self._steps(i, j):
            if (char := pick(mine, theirs, firsts)) is not None:
                return char + self._freely(after_i, after_j)
        return None

    def _along(self, i: int, j: int, avoid: frozenset[str]) -> str | None:
        """An ending that begins like something to avoid, and parts from it later."""
        for mine, theirs, after_i, after_j in self._steps(i, j):
            for char in sorted({word[0] for word in avoid if word}):
                if char in mine and char in theirs:
                    rest = frozenset(word[1:] for word in avoid if word[:1] == char)
                    if (tail := self.spell(after_i, after_j, rest)) is not None:
                        return char + tail
        return None

    def _steps(self, i: int, j: int) -> list[tuple[CharSet, CharSet, int, int]]:
        """All ways to spend one character and still come to the end, also waiting on both sides; the shortest first."""
        left = self.meet.left
        ways = [
            (mine or ANY, theirs or ANY, after_i, after_j) for mine, theirs, after_i, after_j in self.meet.steps(i, j)
        ]
        if self.meet.one.gaps >> i & 1 and self.meet.other.gaps >> j & 1:
            ways.append((ANY, ANY, i, j))
        return sorted((way for way in ways if left[way[2]][way[3]] < NEVER), key=lambda way: left[way[2]][way[3]])
