"""What the store needs of a database.

Rule 1: a transaction is a function that an engine calls, more than once where the first try came to nothing.
Rule 2: errors of the driver end here: an engine raises `CoordinautError`, or one of the exceptions below.

Statements have `?` for their values, and no other `?` or `%`.
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any, Protocol, TypeVar

from coordinaut_git.errors import CoordinautError, environment

T = TypeVar("T")
Row = tuple[Any, ...]


class NotThere(Exception):
    """There is no database yet, or none with our tables."""


class Clash(Exception):
    """A row of that key is there already."""


class CommitUnclear(Exception):
    """The end of a transaction failed, as `error` says; whether it counts must be looked up."""

    def __init__(self, error: CoordinautError) -> None:
        super().__init__(error.message)
        self.error = error


def gone(database: "Database") -> CoordinautError:
    """The error for a database that was there before."""
    return environment(
        "state_gone",
        f"The state in {database.describe()['location']} is not there any more; nothing was changed.",
        hint="Was it moved or removed? Put it back, or start anew: coordinaut init",
    )


class Transaction(Protocol):
    """A transaction that is under way."""

    def read(self, statement: str, *values: Any) -> list[Row]:
        """The rows of a query."""
        ...

    def change(self, statement: str, *values: Any) -> int:
        """How many rows the statement changed."""
        ...


class Database(Protocol):
    """A database that need not exist yet. May be shared by threads."""

    name: str
    lock: str
    """What makes a query of a row, within a transaction, wait for the transactions that are changing the row."""

    def describe(self) -> Mapping[str, str]:
        """Where it is, for people; without secrets."""
        ...

    def prepare(self) -> None:
        """Make the database and the tables where they are not there."""
        ...

    def read(self, statement: str, *values: Any) -> list[Row]:
        """The rows of one query; raises `NotThere`."""
        ...

    def write(self, work: Callable[[Transaction], T]) -> T:
        """What `work` gives, once its transaction counts and is kept.

        When `work` raises, nothing has happened. Raises `NotThere`, `Clash`, and `CommitUnclear`.
        """
        ...

    def keep_copy(self, label: str, holds: Callable[[Callable[..., list[Row]]], bool]) -> str | None:
        """Copy the database to a place named by `label`, once; None where that is another program's affair.

        `holds`, given a way to read a copy, says whether it is the right one. Raises `backup_failed`.
        """
        ...

    def problems(self) -> list[str]:
        """What the database finds wrong with itself, as sentences; this may take long."""
        ...

    def close(self) -> None:
        """Let go of what is open; the next use opens it again."""
        ...


class Queue(Protocol):
    """The line of writers."""

    def turn(self, wait_s: float) -> AbstractContextManager[bool]:
        """See `Store.queue`."""
        ...

    def close(self) -> None:
        """Leave the line."""
        ...
