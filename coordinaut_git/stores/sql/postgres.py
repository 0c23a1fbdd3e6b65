"""PostgreSQL: many lines in one database, for the server of a team, or several of them.

Rule 1: the swap of the head comes first in a transaction and locks the line's row: whoever comes second waits, looks
again (read committed), and finds that it is stale.
Rule 2: a commit whose answer is lost is unclear, and only that. Whatever fails before it has not happened, and a
transaction that lost its connection or a race of the database's own is tried again.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, NoReturn, TypeVar

import psycopg
from psycopg import errors

from coordinaut_git.errors import environment
from coordinaut_git.stores.sql.connections import Connection, Connections, check_version, location
from coordinaut_git.stores.sql.database import Clash, CommitUnclear, NotThere, Row, Transaction
from coordinaut_git.stores.sql.postgres_errors import failure, lost
from coordinaut_git.stores.sql.schema import SCHEMA, tables

T = TypeVar("T")

ATTEMPTS = 4
_BEGIN = "BEGIN ISOLATION LEVEL READ COMMITTED"
_ONE_AT_A_TIME = int.from_bytes(b"coordina", "big")
"""The number of the advisory lock under which the tables are made."""

_BEATEN = (errors.SerializationFailure, errors.DeadlockDetected)
_RISKS = (
    ("fsync", "off", "does not flush what it writes, so a crash of the machine can lose or damage everything"),
    ("full_page_writes", "off", "does not protect its pages from being half written when the machine crashes"),
)


class PostgresDatabase:
    """See `Database`. Connections are shared by all of one process with the same address."""

    name = "postgres"
    lock = " FOR UPDATE"

    def __init__(self, url: str) -> None:
        self._url = url
        self._location = location(url)
        self._shared: Connections | None = None

    def describe(self) -> Mapping[str, str]:
        """The address, without the password."""
        return {"location": self._location}

    def prepare(self) -> None:
        """Make the tables where they are not there."""

        def work(transaction: Transaction) -> None:
            transaction.read("SELECT pg_advisory_xact_lock(?)", _ONE_AT_A_TIME)
            if transaction.read("SELECT 1 WHERE to_regclass('coordinaut_schema') IS NOT NULL"):
                ((version,),) = transaction.read("SELECT version FROM coordinaut_schema")
                return check_version(version, self._location)
            _check_encoding(transaction, self._location)
            for statement in tables("BYTEA"):
                transaction.change(statement)
            transaction.change("CREATE TABLE coordinaut_schema (version BIGINT NOT NULL)")
            transaction.change("INSERT INTO coordinaut_schema (version) VALUES (?)", SCHEMA)
            return None

        for last in (False, True):
            try:
                return self.write(work)
            except CommitUnclear as unclear:  # to make them again does no harm
                if last:
                    raise unclear.error from unclear
        return None

    def read(self, statement: str, *values: Any) -> list[Row]:
        """The rows of one query, asked again where the connection turns out to be lost."""
        for left in reversed(range(ATTEMPTS)):
            with self._connections.one() as connection:
                try:
                    return _Changes(connection).read(statement, *values)
                except psycopg.Error as error:
                    if not (left and lost(error)):
                        self._raise(error, "read")
            self._connections.forget_idle()
        raise AssertionError(statement)

    def write(self, work: Callable[[Transaction], T]) -> T:
        """What `work` gives, once its transaction counts; raises as `Database.write`."""
        for left in reversed(range(ATTEMPTS)):
            with self._connections.one() as connection:
                try:
                    result = _begun(connection, work)
                except psycopg.Error as error:
                    if not (left and (lost(error) or isinstance(error, _BEATEN))):
                        self._raise(error, "write")
                else:
                    self._commit(connection)
                    return result
            self._connections.forget_idle()
        raise AssertionError(work)

    def keep_copy(self, label: str, holds: Callable[[Callable[..., list[Row]]], bool]) -> None:
        """Do nothing: copies of a PostgreSQL database are its keeper's affair (pg_dump, archived logs)."""

    def problems(self) -> list[str]:
        """What the server is set up to do that loses data."""
        found = []
        for setting, bad, why in _RISKS:
            if self.read("SELECT current_setting(?)", setting) == [(bad,)]:
                found.append(f"The PostgreSQL server has {setting} = {bad}: it {why}.")
        return found

    def close(self) -> None:
        """Let go of the connections, unless others of this process use them."""
        shared, self._shared = self._shared, None
        if shared:
            shared.leave()

    @property
    def _connections(self) -> Connections:
        if self._shared is None or not self._shared.ours:
            self._shared = Connections.join(self._url)
        return self._shared

    def _commit(self, connection: Connection) -> None:
        try:
            answer = connection.execute("COMMIT").statusmessage
        except psycopg.Error as error:
            raise CommitUnclear(failure(error, self._location, "write")) from error
        assert answer == "COMMIT", answer

    def _raise(self, error: psycopg.Error, what: str) -> NoReturn:
        if isinstance(error, errors.UndefinedTable):
            raise NotThere from error
        if isinstance(error, errors.UniqueViolation):
            raise Clash from error
        raise failure(error, self._location, what) from error


class _Changes:
    """A transaction of one connection, or statements that are each one of their own."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def read(self, statement: str, *values: Any) -> list[Row]:
        """The rows of a query."""
        return self._connection.execute(_placed(statement), values).fetchall()

    def change(self, statement: str, *values: Any) -> int:
        """How many rows the statement changed."""
        return self._connection.execute(_placed(statement), values).rowcount


def _begun(connection: Connection, work: Callable[[Transaction], T]) -> T:
    """What `work` gives, in a transaction that is left open; when it raises, the transaction is over."""
    try:
        connection.execute(_BEGIN)
        return work(_Changes(connection))
    except BaseException:
        with suppress(psycopg.Error):
            connection.rollback()
        raise


def _placed(statement: str) -> bytes:
    return statement.replace("?", "%s").encode()


def _check_encoding(transaction: Transaction, place: str) -> None:
    ((encoding,),) = transaction.read("SHOW server_encoding")
    if encoding != "UTF8":
        raise environment(
            "database_encoding",
            f"The database {place} keeps text as {encoding}, which not every name can be written in.",
            hint="Make one that keeps UTF8: createdb --encoding=UTF8 --template=template0 NAME",
        )
