"""What SQLite's errors mean (sqlite.org/rescode.html).

Rule 1: the number decides, never the wording; what is not known is `write_failed`.
"""

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from coordinaut_git.errors import CoordinautError, contended, environment
from coordinaut_git.stores.sql.database import Clash

_CLASHES = frozenset({sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY, sqlite3.SQLITE_CONSTRAINT_UNIQUE})
_PRIMARY = 0xFF


@contextmanager
def said(path: Path, what: str) -> Iterator[None]:
    """Say in words what goes wrong in the body, which is to `what` (read, write, make) the file; or raise `Clash`."""
    try:
        yield
    except sqlite3.ProgrammingError:
        raise
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorcode", 0) in _CLASHES:
            raise Clash from error
        raise failure(error, path, what) from error
    except OSError as error:
        raise _of_system(error, path, what) from error


def failure(error: sqlite3.Error, path: Path, what: str) -> CoordinautError:
    """What to tell the user when SQLite could not `what` the file."""
    text = str(error).rstrip(".")
    match getattr(error, "sqlite_errorcode", 0) & _PRIMARY:
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED | sqlite3.SQLITE_PROTOCOL:
            return _locked(path)
        case sqlite3.SQLITE_NOTADB:
            return not_ours(path)
        case sqlite3.SQLITE_FULL:
            return _disk_full(path, what, text)
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_PERM | sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_AUTH:
            return _read_only(path, what, text)
        case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_ERROR | sqlite3.SQLITE_CONSTRAINT | sqlite3.SQLITE_MISMATCH:
            return damaged(path, text)
        case _:
            return _failed(path, what, text)


def not_ours(path: Path) -> CoordinautError:
    """The error for a file that holds something else."""
    return environment(
        "not_our_database",
        f"The file {path} is no database of coordinaut, so it was left as it is.",
        hint="Move it away, or name another folder with --state-dir.",
        file=str(path),
    )


def damaged(path: Path, text: str) -> CoordinautError:
    """The error for a file that SQLite cannot make sense of."""
    return environment(
        "damaged_database",
        f"The database {path} is damaged: {text}; nothing was changed.",
        hint="Run `coordinaut doctor --deep` to see what is wrong, and put a backup in its place, with its -wal file.",
        file=str(path),
    )


def _locked(path: Path) -> CoordinautError:
    return contended(
        "database_locked",
        f"Another program has kept the database {path} locked for too long; nothing was changed.",
        hint="Run the command again. If it stays so, look for a program that has the file open and waits.",
        file=str(path),
    )


def _disk_full(path: Path, what: str, text: str) -> CoordinautError:
    return environment(
        "disk_full",
        f"There was no room to {what} the database {path}: {text}.",
        hint="Free some space (or raise the quota or file-size limit) and run the command again.",
        file=str(path),
    )


def _read_only(path: Path, what: str, text: str) -> CoordinautError:
    return environment(
        "read_only",
        f"This user may not {what} the database {path}: {text}.",
        hint="Make the file and its folder writable for this user, also for reading: SQLite keeps its locks beside it.",
        file=str(path),
    )


def _failed(path: Path, what: str, text: str) -> CoordinautError:
    return environment(
        "write_failed",
        f"The database {path} could not be used to {what}: {text}.",
        hint="Run `coordinaut doctor` to look closer.",
        file=str(path),
    )


def _of_system(error: OSError, path: Path, what: str) -> CoordinautError:
    text = error.strerror or str(error)
    if isinstance(error, TimeoutError):
        return _locked(path)
    if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
        return _disk_full(path, what, text)
    if error.errno in {errno.EROFS, errno.EACCES, errno.EPERM}:
        return _read_only(path, what, text)
    return _failed(path, what, text)
