"""Where two lines part: what they have in common, and what each has beyond it.

Rule 1: lines are compared by their points, which name their whole past; instants and operation ids decide nothing.
"""

import sys
from collections.abc import Callable, Iterable
from itertools import islice
from typing import Generic, NamedTuple, Protocol, TypeVar

from coordinaut_git.documents import SINCE_LIMIT, Entry, Head, Joining

T = TypeVar("T")


class Meeting(NamedTuple):
    """The newest point `at` that two lines share, at position `seq`.

    `ours` are the entries of our line after it, oldest first; `theirs` the ids of the operations after it on theirs.
    """

    at: Head
    seq: int
    ours: tuple[Entry, ...]
    theirs: frozenset[str]


def meet(store: Joining, ours: Head, theirs: Head) -> Meeting:
    """Where the lines that end in these points meet: every line begins with the same first point."""
    meeting = meet_within(store, ours, theirs, sys.maxsize)
    assert meeting is not None, "no line is as long"
    return meeting


def meet_within(store: Joining, ours: Head, theirs: Head, most: int) -> Meeting | None:
    """Where they meet, if that is fewer than `most` steps away along both; raises what reading the lines raises."""
    mine, other = _Walk(store, ours, lambda entry: entry), _Walk(store, theirs, lambda entry: entry.id)
    while mine.head != other.head:
        if len(mine.passed) + len(other.passed) + 1 >= most:
            return None
        here, there = mine.seq, other.seq  # what theirs claims may be anything: it has not been validated
        if mine.entry and (here >= there or not other.entry):
            mine.step()
        if other.entry and (there >= here or not mine.entry):
            other.step()
    return Meeting(mine.head, mine.seq, tuple(reversed(mine.passed)), frozenset(other.passed))


class After(Protocol):
    """A point that knows the one before it."""

    @property
    def parent(self) -> str:
        """The name of the point before."""
        ...


def entries_since(old: Head, back: Iterable[tuple[After, Entry]]) -> tuple[Entry, ...] | None:
    """The entries after `old` on the way `back` along a line, oldest first; see `documents.Store.since`."""
    entries: list[Entry] = []
    for point, entry in islice(back, SINCE_LIMIT):
        entries.append(entry)
        if point.parent == old:
            return tuple(reversed(entries))
    return None


class _Walk(Generic[T]):
    """A way back along a line; `passed` is what was kept of the entries that lie behind, newest first."""

    def __init__(self, store: Joining, head: Head, keep: Callable[[Entry], T]) -> None:
        self._back, self._first, self._keep = store.back(head), store.first, keep
        self.passed: list[T] = []
        self.head, self.entry = self._next()

    def step(self) -> None:
        """Go on to the point before; a line that has no more ends at the first point."""
        assert self.entry is not None, "nothing lies before the first point"
        self.passed.append(self._keep(self.entry))
        self.head, self.entry = self._next()

    def _next(self) -> tuple[Head, Entry | None]:
        return next(self._back, (self._first, None))

    @property
    def seq(self) -> int:
        """The position that the point claims; the first has 0."""
        return self.entry.seq if self.entry else 0
