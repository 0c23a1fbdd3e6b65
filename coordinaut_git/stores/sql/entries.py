"""The entries of one line, read.

Rule 1: rows are read in portions, each by its numbers: a long line takes no more memory than a short one.
Rule 2: what is given was checked: every step follows from the one before it by the chain of hashes.
"""

from collections.abc import Callable, Iterator
from typing import Any

from coordinaut_git.documents import Entry, Head
from coordinaut_git.errors import CoordinautError, environment
from coordinaut_git.stores.sql.chain import FIRST, next_head
from coordinaut_git.stores.sql.database import Database, NotThere, Row, gone

PORTION = 128

_FACTS = "seq, id, at, summary, author, author_id, body, head"
_BETWEEN = "FROM coordinaut_entry WHERE line = ? AND seq > ? AND seq <= ? ORDER BY seq"
_FORWARD = f"SELECT {_FACTS} {_BETWEEN}"
_BODIES = f"SELECT seq, head, body {_BETWEEN} DESC"
_POSITION = "SELECT seq FROM coordinaut_entry WHERE line = ? AND head = ?"
_HEAD_AT = "SELECT head FROM coordinaut_entry WHERE line = ? AND seq = ?"
_MADE_BY = "SELECT head FROM coordinaut_entry WHERE line = ? AND id = ?"
ADD = f"INSERT INTO coordinaut_entry (line, {_FACTS}, boot, boot_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608 - a text of ours

Read = Callable[..., list[Row]]


class Entries:
    """Reads the entries of a line, and remembers where the point lies that it met last."""

    def __init__(self, database: Database, line: str) -> None:
        self._database, self._line = database, line
        self._met: tuple[Head, int] = FIRST, 0

    def position(self, head: Head, read: Read | None = None) -> int | None:
        """The seq of a point; None if it is not on the line. `read` asks another database."""
        if head == FIRST:
            return 0
        rows = (read or self._read)(_POSITION, self._line, head)
        return int(rows[0][0]) if rows else None

    def seq_of(self, head: Head) -> int:
        """The seq of a point; raises `unknown_head`."""
        seq = self.position(head)
        if seq is None:
            raise environment(
                "unknown_head",
                f"The line in {self._location} has no point {head}.",
                hint="Was an older copy put in its place? Run `coordinaut doctor --deep` to have it looked over.",
            )
        self.remember(head, seq)
        return seq

    def likely_seq_of(self, head: Head) -> int:
        """As `seq_of`, from memory for the point that was met last: for a swap, which looks for itself."""
        return self._met[1] if self._met[0] == head else self.seq_of(head)

    def remember(self, head: Head, seq: int) -> None:
        """Keep in mind where a point lies."""
        self._met = head, seq

    def made_by(self, entry_id: str) -> Head | None:
        """The point that the entry of this id made."""
        rows = self._read(_MADE_BY, self._line, entry_id)
        return Head(rows[0][0]) if rows else None

    def forward(self, after: int, to: int) -> Iterator[tuple[Head, Entry]]:
        """The entries after seq `after` up to `to`, oldest first, each with the point it makes."""
        head = self._head_at(after) if to > after else FIRST
        while after < to:
            rows = self._portion(_FORWARD, after, min(after + PORTION, to))
            for row in rows:
                after, head, entry = self._checked(row, after, head)
                yield head, entry

    def back(self, to: int) -> Iterator[tuple[Head, Entry]]:
        """The entries from seq `to` back to the first, newest first."""
        while to > 0:
            after = max(to - PORTION, 0)
            yield from reversed(list(self.forward(after, to)))
            to = after

    def bodies(self, to: int) -> Iterator[tuple[Head, bytes]]:
        """The points from seq `to` back to the first operation, newest first, with the body of each; unchecked."""
        while to > 0:
            after = max(to - PORTION, 0)
            rows = self._portion(_BODIES, after, to)
            yield from ((Head(head), body) for _, head, body in rows)
            to = after

    def _portion(self, statement: str, after: int, to: int) -> list[Row]:
        rows = self._read(statement, self._line, after, to)
        if len(rows) != to - after:
            missing = min(set(range(after + 1, to + 1)) - {row[0] for row in rows})
            raise self._unreadable(missing, "it is not there")
        return rows

    def _checked(self, row: Row, after: int, before: Head) -> tuple[int, Head, Entry]:
        seq, name, at, summary, author, author_id, body, head = row
        try:
            entry = Entry(id=name, seq=seq, at=at, summary=summary, author=author, author_id=author_id, body=body)
            sound = seq == after + 1 and next_head(before, entry) == head
        except (TypeError, ValueError):
            sound = False
        if not sound:
            raise self._unreadable(seq, "it is not what was written")
        return seq, Head(head), entry

    def _head_at(self, seq: int) -> Head:
        rows = self._read(_HEAD_AT, self._line, seq) if seq else [(FIRST,)]
        if not rows:
            raise self._unreadable(seq, "it is not there")
        return Head(rows[0][0])

    def _read(self, statement: str, *values: Any) -> list[Row]:
        try:
            return self._database.read(statement, *values)
        except NotThere:
            raise gone(self._database) from None

    def _unreadable(self, seq: int, why: str) -> CoordinautError:
        return environment(
            "unreadable_history",
            f"The operation with number {seq} cannot be read in {self._location}: {why}.",
            hint="Nothing was changed. Run `coordinaut doctor` to see what can be repaired.",
            seq=seq,
        )

    @property
    def _location(self) -> str:
        return self._database.describe()["location"]


def entry_row(line: str, entry: Entry, head: Head, boot: str, boot_ms: int) -> Row:
    """The row of an entry, in the order of `ADD`; ValueError for text with a NUL, which PostgreSQL does not keep."""
    texts = (entry.id, entry.summary, entry.author, entry.author_id)
    if any("\0" in text for text in texts):
        raise ValueError("an entry's texts have no NUL")
    number, name, at = entry.seq, entry.id, entry.at
    return line, number, name, at, entry.summary, entry.author, entry.author_id, entry.body, head, boot, boot_ms
