"""One store over two databases: a SQLite file for one machine, PostgreSQL for a team's server.

Rule 1: what is asked of a database is written once, in SQL that both understand; an engine adds how its transactions
begin and end, and what its errors mean in words.
Rule 2: an engine is imported when a store of it is opened: neither costs anything where another store is in use.
"""

from pathlib import Path

from coordinaut_git.errors import environment
from coordinaut_git.stores.sql.store import SqlStore


def open_sqlite_store(path: Path, *, flush: bool = True, queue_folder: Path | None = None) -> SqlStore:
    """The store in the SQLite file `path`, which need not exist yet; opening reads and writes nothing.

    `flush` waits for the disk with every operation. The writers' line is kept in `queue_folder`, which is the folder
    of the file where none is given.
    """
    from coordinaut_git.stores.sql.file_queue import FileQueue
    from coordinaut_git.stores.sql.sqlite import SqliteDatabase

    queue = FileQueue((queue_folder or path.parent) / f"{path.name}-queue")
    return SqlStore(SqliteDatabase(path, flush=flush), "state", queue)


def open_postgres_store(url: str, line: str) -> SqlStore:
    """The store of the line of that name in the PostgreSQL database at `url`; opening asks it nothing.

    Raises environment `no_database_driver` where psycopg is not installed, and invalid `bad_database_url`.
    """
    try:
        from coordinaut_git.stores.sql.postgres import PostgresDatabase
    except ImportError as error:
        raise environment(
            "no_database_driver",
            f"PostgreSQL needs the driver psycopg: {error}.",
            hint="Install it: python -m pip install 'coordinaut-git[postgres]'",
        ) from error
    from coordinaut_git.stores.sql.thread_queue import ThreadQueue

    return SqlStore(PostgresDatabase(url), line, ThreadQueue(url, line))
