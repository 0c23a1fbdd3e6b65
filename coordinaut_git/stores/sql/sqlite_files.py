"""Files of databases, made whole: filled under another name, flushed, and linked to their own.

Rule 1: a file that is there is never replaced or removed, whoever made it.
"""

import fcntl
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from itertools import count
from pathlib import Path

from coordinaut_git.plumbing.durable import make_durable

_SHORTEST_PAUSE_S, _LONGEST_PAUSE_S = 0.001, 0.02


def made_whole(path: Path, fill: Callable[[Path], None], *, flush: bool = True) -> bool:
    """Make the file `path` by filling one beside it first; False where it is there already. Raises OSError."""
    with _beside(path) as new:
        fill(new)
        if flush:
            make_durable(new)
        if not _linked(new, path):
            return False
    if flush:
        make_durable(path.parent)
    return True


def copied(connection: sqlite3.Connection, copy: Path) -> bool:
    """Copy the database of the connection, as it is at one moment, to the file `copy`, which does not exist."""

    def fill(new: Path) -> None:
        with closing(sqlite3.connect(new)) as target:
            connection.backup(target)

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


class WriteLock:
    """A lock on a folder, which those who write to its databases hold until their transactions are quite over."""

    def __init__(self, folder: Path) -> None:
        self._descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)

    @contextmanager
    def held(self, wait_s: float) -> Iterator[None]:
        """Hold it for the body of the `with`; raises TimeoutError after `wait_s` seconds."""
        until, pause_s = time.monotonic() + wait_s, _SHORTEST_PAUSE_S
        while not self._taken():
            if time.monotonic() > until:
                raise TimeoutError
            time.sleep(pause_s)
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
        try:
            yield
        finally:
            fcntl.flock(self._descriptor, fcntl.LOCK_UN)

    def close(self) -> None:
        """Let go of the folder."""
        os.close(self._descriptor)

    def _taken(self) -> bool:
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


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
