"""A store in memory: the interface in its plainest form, for tests, simulations and dry runs.

Rule 1: it keeps every promise of `documents.Store` and `documents.Joining` but the one that needs a disk.
Rule 2: a line is one name, moved under a lock, so threads may share it.
"""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice

from coordinaut_git.documents import (
    FORMAT,
    Changes,
    Contents,
    Entry,
    Head,
    Snapshot,
    StaleHead,
    Step,
    check_next,
    check_numbers,
)
from coordinaut_git.parting import entries_since, meet
from coordinaut_git.stores.memory.pool import FIRST, Point, Pool
from coordinaut_git.stores.memory.tree import DocumentTree


class MemoryStore:
    """A `documents.Store`, and `documents.Joining`, that ends with its process.

    Stores with the same `pool` know each other's points. Documents are written every `checkpoint_every` operations.
    `elapsed_ms` is a clock that never jumps, for `seen_ms_ago`; without one nothing is known.
    """

    name = "memory"
    first = FIRST

    def __init__(
        self, pool: Pool | None = None, *, checkpoint_every: int = 1, elapsed_ms: Callable[[], int] | None = None
    ) -> None:
        self.pool = Pool() if pool is None else pool
        self._every, self._elapsed_ms = checkpoint_every, elapsed_ms
        self._guard = threading.Lock()
        self._turn = threading.RLock()
        self._head: Head | None = None
        self._seen: dict[str, int | None] = {}

    def describe(self) -> Mapping[str, str]:
        """Say that there is nothing to look for."""
        return {"storage": self.name, "location": "the memory of this process"}

    def create(self) -> bool:
        """Begin at the first point if there is no line; True for the one caller that did."""
        with self._guard:
            if self._head is not None:
                return False
            self._head = FIRST
            return True

    def head(self) -> Head | None:
        """The newest point of the line; None before `create`."""
        return self._head

    def likely(self) -> None:
        """Say that looking costs nothing."""

    def snapshot(self, head: Head) -> Snapshot:
        """The documents as they were last written before `head`, and the entries since."""
        point = self.pool.point(head)
        entries = [entry for _, entry in islice(self.pool.back(head), point.seq - point.written)]
        return Snapshot(head=head, seq=point.written, documents=point.documents, entries=tuple(reversed(entries)))

    def since(self, old: Head, head: Head) -> tuple[Entry, ...] | None:
        """The entries after `old` up to `head`, where these are not too many."""
        return () if old == head else entries_since(old, self.pool.back(head))

    def commit(self, expected: Head, entry: Entry, changes: Changes) -> Head:
        """Publish `entry` after `expected`, or raise `StaleHead`; ValueError if its seq is not the next one."""
        parent = self._parent(expected, entry)
        head = self._move(expected, self.pool.after(parent, entry, None if entry.seq % self._every else changes))
        self._see([entry])
        return head

    def rewrite(self, expected: Head, entry: Entry, documents: Contents) -> Head:
        """Publish `entry` with these documents alone; raises as `commit` does."""
        parent = self._parent(expected, entry)
        point = self.pool.with_documents(parent, entry, DocumentTree(documents()), written=entry.seq)
        head = self._move(expected, point)
        self._see([entry])
        return head

    def extend(self, expected: Head, steps: Sequence[Step]) -> Head:
        """Publish these entries after `expected`, all or none; raises as `commit` does."""
        check_numbers(steps)
        if not steps:
            return expected
        return self._move(expected, self._after(self._parent(expected, steps[0].entry), steps))

    def rebuild(self, expected: Head, onto: Head, steps: Sequence[Step]) -> Head:
        """Let the line end in these entries after `onto`; see `documents.Joining`."""
        check_numbers(steps)
        point = self.pool.point(onto)
        if steps:
            check_next(point.seq, steps[0].entry)
        if self._head != expected:
            raise StaleHead(expected)
        head = self._move(expected, self._after(point, steps, sealed=True))
        if self._elapsed_ms is not None:
            self._see(meet(self, head, expected).ours)
        return head

    def sealed(self, head: Head) -> bool:
        """Whether the point has documents of its own."""
        point = self.pool.point(head)
        return point.written == point.seq

    def back(self, head: Head) -> Iterator[tuple[Head, Entry]]:
        """Every point from `head` back to the first operation with its entry, newest first."""
        return ((point.head, entry) for point, entry in self.pool.back(head))

    def format(self, head: Head) -> int:
        """The newest: nothing older ends up in memory."""
        self.pool.point(head)
        return FORMAT

    def backup(self, head: Head, label: str) -> str:
        """Do nothing but look that there is such a head: no point in memory ever goes."""
        self.pool.point(head)
        return f"memory-backup/{label}"

    def log(self, head: Head) -> Iterator[Entry]:
        """Every entry from `head` back to the first, newest first."""
        return (entry for _, entry in self.pool.back(head))

    def walk(self, head: Head) -> Iterator[tuple[Head, bytes]]:
        """Every point from `head` back to the first operation with its body, newest first."""
        return ((point.head, entry.body) for point, entry in self.pool.back(head))

    def seen_ms_ago(self, seq: int) -> int | None:
        """How long ago the entry at `seq` was first seen, by the clock that was given."""
        if self._elapsed_ms is None or self._head is None:
            return None
        found = next((entry for _, entry in self.pool.back(self._head) if entry.seq == seq), None)
        seen = None if found is None else self._seen.get(found.id)
        return None if seen is None else self._elapsed_ms() - seen

    def restarted(self) -> None:
        """Do as after a start of the machine: the clock begins anew, and of what was seen nobody knows when."""
        self._seen = dict.fromkeys(self._seen)

    def torn(self, operations: int) -> None:
        """Do as where a crash has torn the end off the journal: the last that was seen counts as never seen."""
        for entry_id in list(self._seen)[-operations:]:
            del self._seen[entry_id]

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

    def _parent(self, expected: Head, entry: Entry) -> Point:
        parent = self.pool.point(expected)
        check_next(parent.seq, entry)
        if self._head != expected:
            raise StaleHead(expected)
        return parent

    def _after(self, point: Point, steps: Sequence[Step], *, sealed: bool = False) -> Point:
        """The point that these steps lead to, with documents where they are due, and with the last one if `sealed`."""
        pending: dict[str, bytes | None] = {}
        for step in steps:
            pending |= step.changes
            due = not step.entry.seq % self._every or (sealed and step is steps[-1])
            point = self.pool.after(point, step.entry, pending.copy if due else None)
            pending = {} if due else pending
        return point

    def _move(self, expected: Head, point: Point) -> Head:
        with self._guard:
            if self._head != expected:
                raise StaleHead(expected)
            self._head = point.head
        return point.head

    def _see(self, entries: Iterable[Entry]) -> None:
        if self._elapsed_ms is not None:
            now = self._elapsed_ms()
            for entry in entries:
                self._seen.setdefault(entry.id, now)
