"""The store over a database: entries in rows, documents in versions, and the head in a row that is swapped.

Rule 1: an entry, the documents it brings and the move of the head are one transaction.
Rule 2: the name of a point is a hash over all that led to it (chain.py), which is checked where entries are read.
Rule 3: documents are written at a checkpoint, as the git store does: every so many operations, all that differ.
"""

import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import NamedTuple, TypeVar

from coordinaut_git.documents import (
    FORMAT,
    SINCE_LIMIT,
    Changes,
    Contents,
    Entry,
    Head,
    Snapshot,
    StaleHead,
    Step,
    check_format,
    check_next,
    check_numbers,
)
from coordinaut_git.errors import CoordinautError, environment
from coordinaut_git.plumbing.boot_clock import boot_id, boottime_ms_now
from coordinaut_git.stores.sql.chain import FIRST, next_head
from coordinaut_git.stores.sql.database import Clash, Database, NotThere, Queue, Row, Transaction, gone
from coordinaut_git.stores.sql.documents import SqlDocuments, Writing
from coordinaut_git.stores.sql.entries import ADD, Entries, entry_row
from coordinaut_git.stores.sql.settle import settled

T = TypeVar("T")

CHECKPOINT_EVERY = 64
_SHORTEST_LOOK_S, _LONGEST_LOOK_S = 0.01, 0.25

_MAKE_LINE = "INSERT INTO coordinaut_line (name, head, seq) VALUES (?, ?, 0) ON CONFLICT DO NOTHING"
_HEAD = "SELECT head FROM coordinaut_line WHERE name = ?"
_SWAP = "UPDATE coordinaut_line SET head = ?, seq = ? WHERE name = ? AND head = ?"
_CHECKPOINT = "SELECT seq, format FROM coordinaut_checkpoint WHERE line = ? AND seq <= ? ORDER BY seq DESC LIMIT 1"
_ADD_CHECKPOINT = "INSERT INTO coordinaut_checkpoint (line, seq, format) VALUES (?, ?, ?)"
_SIGHTING = "SELECT boot, boot_ms FROM coordinaut_entry WHERE line = ? AND seq = ?"
_BACKUP = "INSERT INTO coordinaut_backup (line, name, head) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
_KEPT = "SELECT head FROM coordinaut_backup WHERE line = ? AND name = ?"

_Write = Callable[[Writing], None]


class SqlStore:
    """See `Store`. One object may be used by several threads, and the state by any number of processes."""

    first = FIRST
    """The fixed first point of every line."""

    def __init__(self, database: Database, line: str, queue: Queue) -> None:
        self.name = database.name
        self.database, self.line = database, line
        self._queue = queue
        self._entries = Entries(database, line)

    def describe(self) -> Mapping[str, str]:
        """Where the state lives."""
        return {"storage": self.name, **self.database.describe()}

    def create(self) -> bool:
        """Make the database and the line, whichever is not there; True for the one caller that made the line."""
        if self.head() is not None:
            return False
        self.database.prepare()
        return settled(
            lambda: self._write(lambda transaction: transaction.change(_MAKE_LINE, self.line, FIRST)) == 1,
            lambda: False if self.head() else None,
        )

    def head(self) -> Head | None:
        """The newest point of the line; None where there is no line, or no database."""
        try:
            rows = self.database.read(_HEAD, self.line)
        except NotThere:
            return None
        return Head(rows[0][0]) if rows else None

    def likely(self) -> None:
        """Say that looking costs next to nothing."""

    def snapshot(self, head: Head) -> Snapshot:
        """The documents of the last checkpoint, and the entries since."""
        seq = self._entries.seq_of(head)
        written, form = self._checkpoint(seq)
        check_format(form)
        entries = tuple(entry for _, entry in self._entries.forward(written, seq))
        return Snapshot(
            head=head, seq=written, documents=SqlDocuments(self.database, self.line, written), entries=entries
        )

    def since(self, old: Head, head: Head) -> tuple[Entry, ...] | None:
        """The entries after `old` up to `head`, where these are not too many."""
        if old == head:
            return ()
        last, first = self._entries.seq_of(head), self._entries.position(old)
        if first is None or not 0 <= last - first <= SINCE_LIMIT:
            return None
        return tuple(entry for _, entry in self._entries.forward(first, last))

    def commit(self, expected: Head, entry: Entry, changes: Changes) -> Head:
        """Publish `entry` after `expected`; see `Store.commit`. Raises ValueError if its seq is not the next one."""
        self._check_next(expected, entry)
        if entry.seq % CHECKPOINT_EVERY:
            return self._append(expected, entry, None)
        written = dict(changes())
        return self._append(expected, entry, lambda writing: writing.change(written))

    def extend(self, expected: Head, steps: Sequence[Step]) -> Head:
        """Publish these entries in one transaction; see `Store.extend`."""
        check_numbers(steps)
        if not steps:
            return expected
        self._check_next(expected, steps[0].entry)
        added: list[_Added] = []
        head, pending = expected, dict[str, bytes | None]()
        for step in steps:
            head, seq = next_head(head, step.entry), step.entry.seq
            pending.update(step.changes)
            write = None if seq % CHECKPOINT_EVERY else _writer(pending)
            pending = pending if write is None else {}
            added.append(_Added(seq, entry_row(self.line, step.entry, head, "", 0), write))
        self._publish(expected, head, steps[-1].entry.id, added)
        return head

    def rewrite(self, expected: Head, entry: Entry, documents: Contents) -> Head:
        """Publish `entry` with these documents in the place of all that there were."""
        self._check_next(expected, entry)
        written = dict(documents())
        return self._append(expected, entry, lambda writing: writing.replace(written))

    def format(self, head: Head) -> int:
        """The format of the last checkpoint before `head`."""
        return self._checkpoint(self._entries.seq_of(head))[1]

    def backup(self, head: Head, label: str) -> str:
        """Note `head` under a name; a SQLite file is also copied to one beside it, whose path is then the name."""
        self._entries.seq_of(head)
        self._write(lambda transaction: transaction.change(_BACKUP, self.line, label, head))
        if self.database.read(_KEPT, self.line, label) != [(head,)]:
            raise _taken(label)
        copy = self.database.keep_copy(label, lambda read: self._entries.position(head, read) is not None)
        return copy or f"{self.line}/{label}"

    def landed(self, entry_id: str) -> Head | None:
        """The point that the entry of this id made, if it is on the line."""
        return self._entries.made_by(entry_id)

    def position(self, head: Head) -> int | None:
        """The seq of a point; None if it is not on the line."""
        return self._entries.position(head)

    def log(self, head: Head) -> Iterator[Entry]:
        """Every entry from `head` back to the first, with every step of the chain checked."""
        return (entry for _, entry in self._entries.back(self._entries.seq_of(head)))

    def walk(self, head: Head) -> Iterator[tuple[Head, bytes]]:
        """Every point from `head` back to the first operation with its body; no step is checked."""
        return self._entries.bodies(self._entries.seq_of(head))

    def points(
        self, head: Head, *, after: int, before: int | None, limit: int, newest_first: bool
    ) -> list[tuple[Head, Entry]]:
        """At most `limit` points up to `head` with seqs after `after` and before `before`, from the end asked for."""
        last = self._entries.seq_of(head)
        last = last if before is None else min(last, before - 1)
        if newest_first:
            return list(self._entries.forward(max(after, last - limit), last))[::-1]
        return list(self._entries.forward(after, min(after + limit, last)))

    def wait_for_change(self, head: Head, timeout_s: float) -> Head | None:
        """Wait until the newest point is not `head` any more and give it; None after `timeout_s` seconds."""
        until, pause_s = time.monotonic() + timeout_s, _SHORTEST_LOOK_S
        while (now := self.head()) == head:
            left_s = until - time.monotonic()
            if left_s <= 0:
                return None
            time.sleep(min(pause_s, left_s))
            pause_s = min(pause_s * 1.5, _LONGEST_LOOK_S)
        return now

    def seen_ms_ago(self, seq: int) -> int | None:
        """How long ago this machine wrote the entry at `seq`; None where another one did, or before it was started."""
        rows = self.database.read(_SIGHTING, self.line, seq)
        return boottime_ms_now() - rows[0][1] if rows and rows[0][0] == boot_id() != "" else None

    def problems(self) -> list[str]:
        """What is wrong with the database and with the chain of the line, as sentences; reads everything."""
        try:
            found = self.database.problems()
            head = self.head()
            if head is not None and not found:
                deque(self.log(head), maxlen=0)
        except CoordinautError as error:
            return [error.message]
        return found

    def queue(self, wait_s: float) -> AbstractContextManager[bool]:
        """Stand in line with the other writers of this machine."""
        return self._queue.turn(max(wait_s, 0.0))

    def close(self) -> None:
        """Leave the line and let go of the database."""
        self._queue.close()
        self.database.close()

    def _checkpoint(self, seq: int) -> tuple[int, int]:
        """Up to which operation the documents at `seq` are written, and in which format."""
        rows = self.database.read(_CHECKPOINT, self.line, seq)
        return (rows[0][0], rows[0][1]) if rows else (0, FORMAT)

    def _check_next(self, expected: Head, entry: Entry) -> None:
        check_next(self._entries.likely_seq_of(expected), entry)

    def _append(self, expected: Head, entry: Entry, write: _Write | None) -> Head:
        new = next_head(expected, entry)
        row = entry_row(self.line, entry, new, boot_id(), boottime_ms_now())
        self._publish(expected, new, entry.id, [_Added(entry.seq, row, write)])
        return new

    def _publish(self, expected: Head, new: Head, entry_id: str, added: list["_Added"]) -> None:
        """Move the head, and add what lies between, of which the last has that id."""
        seq = added[-1].seq

        def work(transaction: Transaction) -> None:
            if transaction.change(_SWAP, new, seq, self.line, expected) != 1:
                raise StaleHead(expected)
            for one in added:
                transaction.change(ADD, *one.row)
                if one.write:
                    transaction.change(_ADD_CHECKPOINT, self.line, one.seq, FORMAT)
                    one.write(Writing(transaction, self.line, one.seq))

        try:
            settled(lambda: self._write(work), lambda: self._landed_for_certain(entry_id))
        except Clash:
            raise ValueError(f"the entry {entry_id} is on the line already") from None
        self._entries.remember(new, seq)

    def _write(self, work: Callable[[Transaction], T]) -> T:
        try:
            return self.database.write(work)
        except NotThere:
            raise gone(self.database) from None

    def _landed_for_certain(self, entry_id: str) -> bool | None:
        """Whether the entry is on the line, asked when no transaction is changing the line any more."""
        self._write(lambda transaction: transaction.read(_HEAD + self.database.lock, self.line))
        return True if self._entries.made_by(entry_id) else None


class _Added(NamedTuple):
    """The row of an entry, and what writes the documents of a checkpoint there."""

    seq: int
    row: Row
    write: _Write | None


def _writer(documents: Mapping[str, bytes | None]) -> _Write:
    return lambda writing: writing.change(documents)


def _taken(label: str) -> CoordinautError:
    return environment(
        "backup_failed",
        f"There is a backup named {label} already, of another point, so nothing was changed.",
        hint="Give it another name.",
    )
