"""Files of databases, made whole: filled under another name, flushed, and linked to their own.

Rule 1: a file that is there is never replaced or removed, whoever made it.
"""

import fcntl
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path


def made_whole(path: Path, fill: Callable[[Path], None], *, flush: bool = True) -> bool:
    """Make the file `path` by filling one beside it first; False where it is there already. Raises OSError."""
    with _beside(path) as new:
        fill(new)
        if flush:
            _flush(new)
        if not _linked(new, path):
            return False
    if flush:
        _flush(path.parent)
    return True


def copied(connection: sqlite3.Connection, copy: Path) -> bool:
    """Copy the database of the connection, as it is at one moment, to the file `copy`, which does not exist."""

    def fill(new: Path) -> None:
        target = sqlite3.connect(new)
        try:
            connection.backup(target)
        finally:
            target.close()

    return made_whole(copy, fill)


@contextmanager
def folder_locked(folder: Path) -> Iterator[None]:
    """Make the folder where it is not there, and keep others who make files in it out for the body of the `with`."""
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def set_aside(log: Path) -> None:
    """Rename the log of a database that is gone: SQLite would take it for that of whatever has the name next."""
    names = (log.with_name(f"{log.name}-set-aside-{number}") for number in count(1))
    with suppress(FileNotFoundError):
        log.rename(next(name for name in names if not name.exists()))


@contextmanager
def _beside(path: Path) -> Iterator[Path]:
    new = path.with_name(f"{path.name}.{os.getpid()}-{threading.get_ident()}.new")
    _remove(new)  # a process of the same number may have died here
    try:
        yield new
    finally:
        _remove(new)


def _remove(database: Path) -> None:
    for suffix in ("", "-wal", "-shm", "-journal"):
        with suppress(OSError):
            Path(f"{database}{suffix}").unlink()


def _linked(new: Path, path: Path) -> bool:
    """Give the file its name if nothing has it; where the file system knows no links, almost at once."""
    try:
        os.link(new, path)
    except FileExistsError:
        return False
    except OSError:
        if path.exists():
            return False
        new.rename(path)
    return True


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
