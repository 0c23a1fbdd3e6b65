"""SQLite: one file, its log beside it, any number of processes of one machine.

Rule 1: a file is made whole under another name and linked to its own: nobody ever sees half a database.
Rule 2: writers take the one write lock when they begin (`BEGIN IMMEDIATE`), so a transaction that began can end.
Rule 3: this process opens the file through SQLite alone: to close another descriptor of it would drop SQLite's locks
(sqlite.org/howtocorrupt.html, 2.2).
Rule 4: nobody writes while another one moves the log into the file, which SQLite does at the end of some commits: up to
version 3.51.2 the two together can, rarely, damage it (sqlite.org/wal.html, the WAL-reset bug). A lock covers both.

With `flush`, a transaction that was answered is on the disk (`synchronous=FULL`: the log is flushed with each).
Without, it survives the death of any process, but after a loss of power the last ones may be missing; what is there is
whole (`synchronous=NORMAL`).
"""

import os
import sqlite3
import threading
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, TypeVar

from coordinaut_git.documents import newer_format
from coordinaut_git.errors import environment
from coordinaut_git.plumbing.disk import NETWORK, file_system
from coordinaut_git.stores.sql.database import CommitUnclear, NotThere, Row, Transaction
from coordinaut_git.stores.sql.schema import SCHEMA, tables
from coordinaut_git.stores.sql.sqlite_errors import failure, not_ours, said
from coordinaut_git.stores.sql.sqlite_files import WriteLock, copied, folder_locked, made_whole, set_aside

T = TypeVar("T")

LOCK_WAIT_S = 10.0
APPLICATION = int.from_bytes(b"coor", "big")
"""The number by which a file is known as ours (`PRAGMA application_id`)."""

LOG_BYTES = 8 * 1024 * 1024
_carried_over: list[sqlite3.Connection] = []
"""Connections of a parent process: a forked child must neither use nor close them."""


class SqliteDatabase:
    """See `Database`. One connection, opened when it is needed, which threads use in turn."""

    name = "sqlite"
    lock = ""

    def __init__(self, path: Path, *, flush: bool = True) -> None:
        self.path = path.absolute()
        self._flush = flush
        self._guard = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._lock: WriteLock | None = None
        self._opened: tuple[int, int, int] | None = None

    def describe(self) -> Mapping[str, str]:
        """The path of the file."""
        return {"location": str(self.path)}

    def prepare(self) -> None:
        """Make the file where there is none; raises `network_file_system` where several machines might share it."""
        if self.path.exists():
            return
        check_local(self.path.parent)
        with said(self.path, "make"), folder_locked(self.path.parent):
            if not self.path.exists():
                set_aside(self.path.with_name(self.path.name + "-wal"))
                made_whole(self.path, _fill, flush=self._flush)

    def read(self, statement: str, *values: Any) -> list[Row]:
        """The rows of one query."""
        with self._guard, said(self.path, "read"):
            return self._connected().execute(statement, values).fetchall()

    def write(self, work: Callable[[Transaction], T]) -> T:
        """What `work` gives, once its transaction counts; raises as `Database.write`."""
        with self._guard, said(self.path, "write"):
            connection = self._connected()
            assert self._lock is not None
            with self._lock.held(LOCK_WAIT_S):
                connection.execute("BEGIN IMMEDIATE")
                try:
                    result = work(_Changes(connection))
                except BaseException:
                    self._roll_back(connection)
                    raise
                self._commit(connection)
                return result

    def keep_copy(self, label: str, holds: Callable[[Callable[..., list[Row]]], bool]) -> str:
        """Copy the file, as it is now, to one beside it; gives its path."""
        copy = self.path.with_name(f"{self.path.stem}-backup-{label}{self.path.suffix}")
        with self._guard, said(copy, "write"):
            if not copy.exists():
                copied(self._connected(), copy)
            if not _asked(copy, holds):
                raise environment(
                    "backup_failed",
                    f"The file {copy} is there already and is no backup of this state, so nothing was changed.",
                    hint="Look at what it is, and move it away.",
                    file=str(copy),
                )
        return str(copy)

    def problems(self) -> list[str]:
        """What `PRAGMA quick_check` finds."""
        rows = self.read("PRAGMA quick_check")
        return [] if rows == [("ok",)] else [f"SQLite finds in {self.path}: {row[0]}." for row in rows]

    def close(self) -> None:
        """Close the connection; the last one to close moves the log into the file."""
        with self._guard, said(self.path, "write"):
            self._let_go()

    def _commit(self, connection: sqlite3.Connection) -> None:
        try:
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            self._roll_back(connection)
            raise CommitUnclear(failure(error, self.path, "write")) from error
        if self._opened != _identity(self.path):
            raise CommitUnclear(
                environment(
                    "state_gone",
                    f"The file {self.path} was moved or removed while it was written to.",
                    hint="Put it back, and run the command again.",
                )
            )

    def _roll_back(self, connection: sqlite3.Connection) -> None:
        with suppress(sqlite3.Error):
            if connection.in_transaction:
                connection.execute("ROLLBACK")

    def _connected(self) -> sqlite3.Connection:
        here = _identity(self.path)
        if self._connection is None or here != self._opened:
            self._let_go()
            if here is None:
                raise NotThere
            self._lock = WriteLock(self.path.parent)
            self._connection = self._open()
            self._opened = here
        return self._connection

    def _let_go(self) -> None:
        connection, opened, lock = self._connection, self._opened, self._lock
        self._connection = self._opened = self._lock = None
        if lock is not None:
            lock.close()
        if connection is None or opened is None:
            return
        if opened[0] == os.getpid():
            connection.close()
        else:
            _carried_over.append(connection)

    def _open(self) -> sqlite3.Connection:
        check_local(self.path.parent)
        connection = _connect(self.path, "mode=rw")
        try:
            _check_ours(connection, self.path)
            for name, value in self._settings().items():
                connection.execute(f"PRAGMA {name}={value}")
        except BaseException:
            connection.close()
            raise
        return connection

    def _settings(self) -> Mapping[str, object]:
        """`fullfsync` makes macOS flush for good; `trusted_schema` keeps a file from elsewhere from running code."""
        return {
            "trusted_schema": "OFF",
            "cell_size_check": "ON",
            "journal_mode": "WAL",
            "journal_size_limit": LOG_BYTES,
            "synchronous": "FULL" if self._flush else "NORMAL",
            "fullfsync": "ON" if self._flush else "OFF",
        }


class _Changes:
    """A transaction of one connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def read(self, statement: str, *values: Any) -> list[Row]:
        """The rows of a query."""
        return self._connection.execute(statement, values).fetchall()

    def change(self, statement: str, *values: Any) -> int:
        """How many rows the statement changed."""
        return self._connection.execute(statement, values).rowcount


def check_local(folder: Path) -> None:
    """Raise `network_file_system` where other machines may write too: SQLite's log works within one machine only."""
    kind = file_system(folder)
    if kind in NETWORK:
        raise environment(
            "network_file_system",
            f"The folder {folder} lies on {kind}, which several machines may share, and SQLite's log works within one.",
            hint="Name a local folder with --state-dir, or use another storage.",
            fileSystem=kind,
        )


def _connect(path: Path, how: str) -> sqlite3.Connection:
    return sqlite3.connect(
        f"{path.as_uri()}?{how}", uri=True, timeout=LOCK_WAIT_S, isolation_level=None, check_same_thread=False
    )


def _fill(path: Path) -> None:
    with closing(_connect(path, "mode=rwc")) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("BEGIN")
        for statement in tables("BLOB"):
            connection.execute(statement)
        connection.execute(f"PRAGMA application_id={APPLICATION}")
        connection.execute(f"PRAGMA user_version={SCHEMA}")
        connection.execute("COMMIT")


def _check_ours(connection: sqlite3.Connection, path: Path) -> None:
    ((application,),) = connection.execute("PRAGMA application_id").fetchall()
    ((version,),) = connection.execute("PRAGMA user_version").fetchall()
    if application != APPLICATION:
        raise not_ours(path)
    if version > SCHEMA:
        raise newer_format(f"The database {path}", version)


def _asked(copy: Path, holds: Callable[[Callable[..., list[Row]]], bool]) -> bool:
    """What `holds` says of a copy, which nobody writes to."""
    with closing(_connect(copy, "immutable=1")) as connection, suppress(sqlite3.Error):
        return holds(lambda statement, *values: connection.execute(statement, values).fetchall())
    return False


def _identity(path: Path) -> tuple[int, int, int] | None:
    """This process, and the file that the path names now."""
    try:
        found = os.stat(path)  # noqa: PTH116 - asked with every statement
    except OSError:
        return None
    return os.getpid(), found.st_dev, found.st_ino
