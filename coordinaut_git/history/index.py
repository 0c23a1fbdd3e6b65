"""The index of a line: which operations name a task, an instance or a path, and what was the head at an instant.

Rule 1: it stands for one line, and for every point of it; when the line has moved, what differs is taken out and put in
        again. A question is put for one point, in one transaction: others change the index between any two.
Rule 2: whatever goes wrong in it, it is of no use (`Useless`): no question to the history fails for its sake.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from coordinaut_git.documents import Head, Store
from coordinaut_git.history.rows import Row, row_of
from coordinaut_git.protocol.values import Instant

if TYPE_CHECKING:
    from sqlite3 import Connection

T = TypeVar("T")

LAYOUT = 1
"""Counted up with every change of the tables below or of the keys in `rows`: an index of another layout is useless."""

_TABLES = f"""
CREATE TABLE line (seq INTEGER PRIMARY KEY, head TEXT NOT NULL, at INTEGER NOT NULL);
CREATE TABLE found (key BLOB NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (key, seq)) WITHOUT ROWID;
PRAGMA user_version = {LAYOUT};
"""
_FOUND = """
SELECT DISTINCT seq, head, at FROM found JOIN line USING (seq)
WHERE (key IN ({}) OR key >= ? AND key < ?) AND seq <= ? ORDER BY seq
"""


class Useless(Exception):
    """The index is damaged, of another layout, locked for too long, or cannot be written."""


class Point(NamedTuple):
    """An operation's place on the line; `at` is the line's instant there: the latest of an operation up to here."""

    seq: int
    head: Head
    at: Instant


_BEFORE = Point(0, Head(""), Instant(0))


class Index:
    """The index in one SQLite database; everything raises `Useless` where the database fails."""

    def __init__(self, connection: "Connection") -> None:
        self._db = connection

    def settle(self, *, journal: bool) -> None:
        """Say how it is written: with a journal, or as one that has no name yet and may be lost."""
        with useless():
            self._db.execute(f"PRAGMA synchronous = {'NORMAL' if journal else 'OFF'}")
            if not journal:
                self._db.execute("PRAGMA journal_mode = OFF")

    def make(self) -> None:
        """Make the tables in an empty database."""
        with useless():
            self._db.executescript(_TABLES)

    def copy(self, other: "Index") -> None:
        """Take over what another one holds."""
        with useless():
            other._db.backup(self._db)  # noqa: SLF001 - of the same class

    def check(self) -> None:
        """Raise `Useless` for another layout, or where operations are missing."""
        with useless():
            ((layout,),) = self._db.execute("PRAGMA user_version")
            if layout != LAYOUT:
                raise Useless(f"its layout is {layout}")
            ((count, last),) = self._db.execute("SELECT count(*), max(seq) FROM line")
            if count != (last or 0):
                raise Useless(f"it has {count} operations up to {last}")

    def last(self) -> Point:
        """The newest operation that it knows; number 0 where it knows none."""
        with useless():
            return _point(next(self._db.execute("SELECT * FROM line ORDER BY seq DESC LIMIT 1"), _BEFORE))

    def answer(self, head: Head, seq: int, question: Callable[["Index"], T]) -> T:
        """What it says to a question up to operation `seq`, `head`; raises `Useless` if it does not know that one."""
        with useless(), self._transaction("DEFERRED"):
            if seq and self._point(seq).head != head:
                raise Useless(f"it does not know {head}")
            return question(self)

    def at(self, instant: int, upto: int) -> Point | None:
        """The newest operation, up to number `upto`, up to which the line's instant is not after this one."""
        low, high = 0, upto
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if self._point(middle).at <= instant else (low, middle - 1)
        return self._point(low) if low else None

    def found(self, keys: Iterable[bytes], below: tuple[bytes, bytes], upto: int) -> list[Point]:
        """The operations up to `upto` under any of these keys, or from `below[0]` on and before `below[1]`."""
        keys = list(keys)
        with useless():
            rows = self._db.execute(_FOUND.format(",".join("?" * len(keys))), [*keys, *below, upto])
            return [_point(row) for row in rows]

    def catch_up(self, store: Store, head: Head) -> None:
        """Let it know the line that ends in `head`, and perhaps goes on. Only one process at a time does so."""
        last = self.last().seq
        rows: list[Row] = []
        common = 0
        for name, body in store.walk(head):
            row = row_of(name, body)
            if row.seq <= last and self._point(row.seq).head == name:
                if not rows:
                    return  # somebody else has read further already
                common = row.seq
                break
            rows.append(row)
        rows.reverse()
        with useless():
            self._replace(common, last, rows)

    def close(self) -> None:
        """Let go of the database."""
        with suppress(Useless), useless():
            self._db.close()

    def _point(self, seq: int) -> Point:
        with useless():
            return _point(next(self._db.execute("SELECT * FROM line WHERE seq = ?", (seq,)), _BEFORE))

    def _replace(self, common: int, last: int, rows: list[Row]) -> None:
        """Take out what came after operation `common`, and put these in; all or nothing."""
        if common < last or rows:
            with self._transaction("IMMEDIATE"):
                self._change(common, last, rows)

    @contextmanager
    def _transaction(self, kind: str) -> Iterator[None]:
        self._db.execute(f"BEGIN {kind}")
        try:
            yield
        except BaseException:
            self._db.rollback()
            raise
        self._db.execute("COMMIT")

    def _change(self, common: int, last: int, rows: list[Row]) -> None:
        if common < last:
            self._db.execute("DELETE FROM line WHERE seq > ?", (common,))
            self._db.execute("DELETE FROM found WHERE seq > ?", (common,))
        self._db.executemany("INSERT INTO line VALUES (?, ?, ?)", _forward(self._point(common).at, rows))
        keys = sorted((key, row.seq) for row in rows for key in row.keys)
        self._db.executemany("INSERT INTO found VALUES (?, ?)", keys)


def _point(row: tuple[int, str, int]) -> Point:
    seq, head, at = row
    return Point(seq, Head(head), Instant(at))


def _forward(at: int, rows: list[Row]) -> Iterator[tuple[int, Head, int]]:
    """The rows of the line with instants that never run backwards."""
    for row in rows:
        at = max(at, row.at)
        yield row.seq, row.head, at


@contextmanager
def useless() -> Iterator[None]:
    """What the database complains of, as `Useless`."""
    from sqlite3 import Error

    try:
        yield
    except Error as error:
        raise Useless(str(error)) from error
