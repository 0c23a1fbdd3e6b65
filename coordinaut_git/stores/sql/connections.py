"""The connections of this process to PostgreSQL databases: a few to each, shared by all stores there.

Rule 1: a connection is used by one at a time, and given back only where it is between transactions.
Rule 2: a session waits for nothing without end, and flushes what it commits.
"""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import psycopg
from psycopg import conninfo, errors
from psycopg.pq import TransactionStatus

from coordinaut_git.documents import newer_format
from coordinaut_git.errors import contended, invalid
from coordinaut_git.stores.sql.postgres_errors import failure
from coordinaut_git.stores.sql.schema import SCHEMA

Connection = psycopg.Connection[tuple[Any, ...]]

MOST = 8
WAIT_S = 20.0
_USUAL = {"application_name": "coordinaut", "connect_timeout": 10, "keepalives_idle": 30, "tcp_user_timeout": 30_000}
_SESSION = """
SELECT set_config('lock_timeout', '10s', false), set_config('statement_timeout', '60s', false),
  set_config('idle_in_transaction_session_timeout', '30s', false),
  CASE current_setting('synchronous_commit') WHEN 'off' THEN set_config('synchronous_commit', 'on', false) END
"""


class Connections:
    """At most `MOST` connections to one database; those that are idle are used again, the last one first."""

    def __init__(self, url: str) -> None:
        self._url, self._location, self._pid = url, location(url), os.getpid()
        self.users = 0
        self._idle: list[Connection] = []
        self._room = threading.BoundedSemaphore(MOST)

    @classmethod
    def join(cls, url: str) -> "Connections":
        """Those of this process to that address."""
        with _registry:
            shared = _all.setdefault((os.getpid(), url), cls(url))
            shared.users += 1
            return shared

    def leave(self) -> None:
        """Close those that are idle, if nobody uses them any more."""
        if not self.ours:
            return
        with _registry:
            self.users -= 1
            if self.users:
                return
            _all.pop((self._pid, self._url), None)
        self.forget_idle()

    @property
    def ours(self) -> bool:
        """Whether they are this process's: a forked child must not use those of its parent."""
        return self._pid == os.getpid()

    @contextmanager
    def one(self) -> Iterator[Connection]:
        """A connection for the body of the `with`; raises contended `database_busy` where none becomes free."""
        if not self._room.acquire(timeout=WAIT_S):
            raise contended(
                "database_busy",
                f"All {MOST} connections to {self._location} were in use for {WAIT_S:g} seconds.",
                hint="Try again. If it stays so, the database is too slow for what is asked of it.",
            )
        try:
            connection = self._taken()
            try:
                yield connection
            finally:
                self._give_back(connection)
        finally:
            self._room.release()

    def forget_idle(self) -> None:
        """Close the connections that are idle: the server that they lead to may be gone."""
        idle, self._idle = self._idle, []
        for connection in idle:
            _close(connection)

    def _taken(self) -> Connection:
        with suppress(IndexError):
            return self._idle.pop()
        try:
            return _connect(self._url)
        except psycopg.Error as error:
            raise failure(error, self._location, "reach") from error

    def _give_back(self, connection: Connection) -> None:
        if self.users and connection.info.transaction_status == TransactionStatus.IDLE:
            self._idle.append(connection)
        else:
            _close(connection)


_all: dict[tuple[int, str], Connections] = {}
_registry = threading.Lock()


def location(url: str) -> str:
    """Host and name of a database, for people; raises invalid `bad_database_url`."""
    facts = _facts(url)
    host = facts.get("host") or facts.get("hostaddr") or "localhost"
    port = f":{facts['port']}" if facts.get("port") else ""
    return f"postgresql://{host}{port}/{facts.get('dbname') or ''}"


def check_version(version: int, place: str) -> None:
    """Raise environment `newer_format` for tables that this version does not know."""
    if version > SCHEMA:
        raise newer_format(f"The database {place}", version)


def _facts(url: str) -> dict[str, Any]:
    try:
        return conninfo.conninfo_to_dict(url)
    except psycopg.ProgrammingError:
        raise invalid(
            "bad_database_url",
            "The address of the database is none that PostgreSQL understands.",
            hint="Write it as postgresql://user:password@host:port/name",
        ) from None


def _connect(url: str) -> Connection:
    connection = psycopg.connect(**{**_USUAL, **_facts(url), "client_encoding": "UTF8"}, autocommit=True)
    try:
        connection.execute(_SESSION)
        with suppress(errors.UndefinedTable):
            for (version,) in connection.execute("SELECT version FROM coordinaut_schema"):
                check_version(version, location(url))
    except BaseException:
        _close(connection)
        raise
    return connection


def _close(connection: Connection) -> None:
    with suppress(psycopg.Error):
        connection.close()
