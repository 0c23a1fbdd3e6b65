"""What two sequences with gaps share: names, where they are components; paths, where they are patterns.

Rule 1: a component is a sequence of character sets, a pattern a sequence of components; the same search serves both.
Rule 2: whether something is shared is exact; what is shared is spelled out only when somebody has to read it.

Two sequences that both have a gap meet exactly if what stands before their first gaps agrees as far as both go, and
likewise what stands after their last gaps: between them each can wait in its gap while the other passes.
"""

from collections.abc import Callable, Iterator
from typing import Protocol, TypeVar

from coordinaut_git.protocol.charset import ANY, CharSet, overlap, pick
from coordinaut_git.protocol.component import FORBIDDEN, Component

Item = TypeVar("Item")
Item_co = TypeVar("Item_co", covariant=True)
Agree = Callable[[Item, Item], bool]
Left = list[list[int]]

_NEVER = 1 << 30
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


def steps_left(one: Gapped[Item], other: Gapped[Item], agree: Agree[Item]) -> Left:
    """How many elements the shortest shared ending has, for each pair of positions; `_NEVER` or more: there is none."""
    height, width = len(one.items), len(other.items)
    left = [[_NEVER] * (width + 1) for _ in range(height + 1)]
    left[height][width] = 0
    for i in range(height, -1, -1):
        for j in range(width, -1, -1):
            for _, _, di, dj in _steps(one, other, i, j, agree):
                left[i][j] = min(left[i][j], 1 + left[i + di][j + dj])
    return left


def shortest(
    one: Gapped[Item], other: Gapped[Item], agree: Agree[Item], left: Left, i: int = 0, j: int = 0
) -> Iterator[tuple[Item | None, Item | None]]:
    """The elements of the shortest shared ending from `i`, `j`: the item of each side, None where its gap takes it."""
    while left[i][j]:
        mine, theirs, di, dj = next(
            step for step in _steps(one, other, i, j, agree) if left[i + step[2]][j + step[3]] < left[i][j]
        )
        yield mine, theirs
        i, j = i + di, j + dj


def _steps(
    one: Gapped[Item], other: Gapped[Item], i: int, j: int, agree: Agree[Item]
) -> Iterator[tuple[Item | None, Item | None, int, int]]:
    """The ways to spend one element that bring at least one side forward."""
    mine = one.items[i] if i < len(one.items) else None
    theirs = other.items[j] if j < len(other.items) else None
    if mine is not None and theirs is not None and agree(mine, theirs):
        yield mine, theirs, 1, 1
    if mine is not None and other.gaps >> j & 1:
        yield mine, None, 1, 0
    if theirs is not None and one.gaps >> i & 1:
        yield None, theirs, 0, 1


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


def share_a_name(one: Component, other: Component) -> bool:
    """Whether some name that a git path can hold is matched by both components."""
    if one.literal is not None:
        return other.matches(one.literal)
    if other.literal is not None:
        return one.matches(other.literal)
    if one.gaps and other.gaps:  # then they share names of any length, so also lawful ones
        return agree_at_ends(one, other, overlap)
    fixed, free = (other, one) if one.gaps else (one, other)
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
    return _spell(one, other, steps_left(one, other, overlap), 0, 0, FORBIDDEN)


def _spell(one: Component, other: Component, left: Left, i: int, j: int, avoid: frozenset[str]) -> str | None:
    """A shared ending from `i` and `j` that is none of `avoid`."""
    if not avoid:
        return _freely(one, other, left, i, j)
    if left[i][j] == 0 and "" not in avoid:
        return ""
    firsts = {word[0] for word in avoid if word}
    return _shortest_text(_apart(one, other, left, i, j, firsts)) or _shortest_text(
        _along(one, other, left, i, j, avoid)
    )


def _freely(one: Component, other: Component, left: Left, i: int, j: int) -> str | None:
    if left[i][j] >= _NEVER:
        return None
    steps = shortest(one, other, overlap, left, i, j)
    return "".join(pick(mine or ANY, theirs or ANY) or "" for mine, theirs in steps)


def _apart(one: Component, other: Component, left: Left, i: int, j: int, firsts: set[str]) -> Iterator[str | None]:
    """Endings that part from everything to avoid with their first character."""
    for mine, theirs, di, dj in _any_steps(one, other, i, j):
        if (char := pick(mine, theirs, firsts)) is not None:
            tail = _freely(one, other, left, i + di, j + dj)
            yield None if tail is None else char + tail


def _along(one: Component, other: Component, left: Left, i: int, j: int, avoid: frozenset[str]) -> Iterator[str | None]:
    """Endings that begin like something to avoid, and part from it later."""
    for mine, theirs, di, dj in _any_steps(one, other, i, j):
        for char in sorted({word[0] for word in avoid if word}):
            if char in mine and char in theirs:
                rest = frozenset(word[1:] for word in avoid if word[:1] == char)
                tail = _spell(one, other, left, i + di, j + dj, rest)
                yield None if tail is None else char + tail


def _any_steps(one: Component, other: Component, i: int, j: int) -> Iterator[tuple[CharSet, CharSet, int, int]]:
    for mine, theirs, di, dj in _steps(one, other, i, j, overlap):
        yield mine or ANY, theirs or ANY, di, dj
    if one.gaps >> i & 1 and other.gaps >> j & 1:
        yield ANY, ANY, 0, 0


def _shortest_text(texts: Iterator[str | None]) -> str | None:
    return min((text for text in texts if text is not None), key=len, default=None)
