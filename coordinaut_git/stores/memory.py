"""A store in memory: the interface in its plainest form, for tests, simulations and dry runs.

Rule 1: it keeps every promise of `documents.Store` but the one that needs a disk.
Rule 2: one lock guards everything, so threads may share it.
"""

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from hashlib import sha256
from types import MappingProxyType

from coordinaut_git.documents import (
    FORMAT,
    Changes,
    Contents,
    Documents,
    Entry,
    Head,
    Snapshot,
    StaleHead,
    Step,
    check_numbers,
)
from coordinaut_git.errors import environment

_FIRST = Head("genesis")
SINCE_ENTRIES = 512


class DocumentMap:
    """Documents held in a mapping that nobody changes any more."""

    def __init__(self, documents: Mapping[str, bytes]) -> None:
        self._documents = documents

    def get(self, path: str) -> bytes | None:
        """The content at `path`, or None."""
        return self._documents.get(path)

    def names(self, folder: str) -> tuple[str, ...]:
        """The sorted names right below `folder`; folders end in `/`."""
        prefix = f"{folder}/" if folder else ""
        below = (path[len(prefix) :] for path in self._documents if path.startswith(prefix))
        return tuple(sorted({name + slash for name, slash, _ in (path.partition("/") for path in below)}))


@dataclass(frozen=True, slots=True)
class _Point:
    """One point of the line, with the documents as they are there."""

    head: Head
    entry: Entry | None
    documents: Mapping[str, bytes]


class MemoryStore:
    """A `documents.Store` that ends with its process."""

    name = "memory"

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._turn = threading.RLock()
        self._line: list[_Point] = []
        self._places: dict[Head, int] = {}

    def describe(self) -> Mapping[str, str]:
        """Say that there is nothing to look for."""
        return {"storage": self.name, "location": "the memory of this process"}

    def create(self) -> bool:
        """Make the first point if there is none; True for the one caller that made it."""
        with self._guard:
            if self._line:
                return False
            self._add(_Point(_FIRST, None, MappingProxyType({})))
            return True

    def head(self) -> Head | None:
        """The newest point of the line; None before `create`."""
        with self._guard:
            return self._line[-1].head if self._line else None

    def likely(self) -> None:
        """Say that looking costs nothing."""

    def snapshot(self, head: Head) -> Snapshot:
        """The documents at `head`; there are never entries to add to them."""
        with self._guard:
            place = self._place(head)
            documents: Documents = DocumentMap(self._line[place].documents)
        return Snapshot(head=head, seq=place, documents=documents, entries=())

    def since(self, old: Head, head: Head) -> tuple[Entry, ...] | None:
        """The entries after `old` up to `head`, at most 512; None if `old` is not on the way."""
        with self._guard:
            last = self._place(head)
            first = self._places.get(old, last + 1)
            if not 0 <= last - first <= SINCE_ENTRIES:
                return None
            return _entries(self._line[first + 1 : last + 1])

    def commit(self, expected: Head, entry: Entry, changes: Changes) -> Head:
        """Publish `entry` after `expected`, or raise `StaleHead`; ValueError if its seq is not the next one."""
        before = self._documents_before(expected, entry)
        return self._publish(expected, entry, _changed(before, changes()))

    def rewrite(self, expected: Head, entry: Entry, documents: Contents) -> Head:
        """Publish `entry` with these documents alone; raises as `commit` does."""
        self._documents_before(expected, entry)
        return self._publish(expected, entry, documents())

    def extend(self, expected: Head, steps: Sequence[Step]) -> Head:
        """Publish these entries after `expected`, all or none; raises as `commit` does."""
        check_numbers(steps)
        points: list[_Point] = []
        for step in steps:
            before = points[-1].documents if points else self._documents_before(expected, step.entry)
            head = _next_head(points[-1].head if points else expected, step.entry)
            points.append(_Point(head, step.entry, _changed(before, step.changes)))
        with self._guard:
            if points and self._line[-1].head != expected:
                raise StaleHead
            for point in points:
                self._add(point)
        return points[-1].head if points else expected

    def format(self, head: Head) -> int:
        """The newest: nothing older ends up in memory."""
        with self._guard:
            self._place(head)
        return FORMAT

    def backup(self, head: Head, label: str) -> str:
        """Do nothing but look that there is such a head: a line in memory is never shortened."""
        with self._guard:
            self._place(head)
        return f"memory-backup/{label}"

    def _documents_before(self, expected: Head, entry: Entry) -> Mapping[str, bytes]:
        with self._guard:
            seq = self._place(expected) + 1
            if entry.seq != seq:
                raise ValueError(f"the entry has seq {entry.seq} where {seq} belongs")
            if self._line[-1].head != expected:
                raise StaleHead
            return self._line[-1].documents

    def _publish(self, expected: Head, entry: Entry, documents: Mapping[str, bytes]) -> Head:
        point = _Point(_next_head(expected, entry), entry, MappingProxyType(dict(documents)))
        with self._guard:
            if self._line[-1].head != expected:
                raise StaleHead
            self._add(point)
        return point.head

    def log(self, head: Head) -> Iterator[Entry]:
        """Every entry from `head` back to the first, newest first."""
        with self._guard:
            points = self._line[: self._place(head) + 1]
        return iter(_entries(points)[::-1])

    def walk(self, head: Head) -> Iterator[tuple[Head, bytes]]:
        """Every point from `head` back to the first operation with its body, newest first."""
        with self._guard:
            points = self._line[1 : self._place(head) + 1]
        return iter([(point.head, point.entry.body) for point in reversed(points) if point.entry is not None])

    def seen_ms_ago(self, seq: int) -> int | None:  # noqa: ARG002 - the interface's name
        """Say that nothing is known: those who share a process share a clock."""
        return None

    @contextmanager
    def queue(self, wait_s: float) -> Iterator[bool]:
        """Stand in line with the other threads for at most `wait_s` seconds."""
        held = self._turn.acquire(timeout=min(max(wait_s, 0.0), threading.TIMEOUT_MAX))
        try:
            yield held
        finally:
            if held:
                self._turn.release()

    def close(self) -> None:
        """Do nothing: there is nothing open."""

    def _add(self, point: _Point) -> None:
        self._places[point.head] = len(self._line)
        self._line.append(point)

    def _place(self, head: Head) -> int:
        if head not in self._places:
            raise environment("unknown_head", f"This store in memory has no point {head!r} on its line.")
        return self._places[head]


def _entries(points: Sequence[_Point]) -> tuple[Entry, ...]:
    return tuple(point.entry for point in points if point.entry is not None)


def _changed(documents: Mapping[str, bytes], changes: Mapping[str, bytes | None]) -> Mapping[str, bytes]:
    after = {**documents, **changes}
    return MappingProxyType({path: content for path, content in after.items() if content is not None})


def _next_head(expected: Head, entry: Entry) -> Head:
    return Head(sha256(repr((expected, astuple(entry))).encode()).hexdigest())
