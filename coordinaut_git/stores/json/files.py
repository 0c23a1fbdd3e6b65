"""The folder of a JSON store: its files, its lock, and what the disk says when it says no.

Rule 1: a file is replaced as a whole: written beside, flushed, renamed, and the folder flushed.
Rule 2: the lock is the kernel's (flock(2), through filelock): a killed process holds it no longer.
Rule 3: reading takes no lock.
"""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from coordinaut_git.errors import CoordinautError, contended, environment
from coordinaut_git.plumbing.durable import make_durable

STATE, EVENTS = "state.json", "events.jsonl"
NEW_STATE = f"{STATE}-new"
LOCK_S = 10.0
_POLL_S = 0.005
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_FORBIDDEN = (errno.EACCES, errno.EPERM, errno.EROFS)
_WRITE = os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW


class Folder:
    """The files of one store; `flush` is whether what is written must survive a machine that stops."""

    def __init__(self, path: Path, *, flush: bool) -> None:
        self.path = Path(os.path.realpath(path))
        self.flush = flush
        self.state, self.events = self.path / STATE, self.path / EVENTS
        self.new_state = self.path / NEW_STATE

    def make(self) -> None:
        """Make the folder, and those above it, where they are missing; raises as `writing` does."""
        with self.writing(self.path):
            missing = [folder for folder in (self.path, *self.path.parents) if not folder.exists()]
            self.path.mkdir(parents=True, exist_ok=True)
            for folder in missing:
                self.flush_folder(folder.parent)

    def events_bytes(self) -> int:
        """How long the log is; 0 where there is none. Raises as `reading` does."""
        with self.reading(self.events):
            try:
                return self.events.stat().st_size
            except FileNotFoundError:
                return 0

    def write(self, path: Path, *parts: bytes) -> None:
        """Write a whole file and flush it; raises OSError."""
        descriptor = os.open(path, _WRITE | os.O_WRONLY | os.O_TRUNC, 0o666)
        try:
            for part in parts:
                _write_all(descriptor, part)
            self._flush(descriptor)
        finally:
            os.close(descriptor)

    def append(self, path: Path, line: bytes) -> None:
        """Write at the end of a file and flush it; raises OSError."""
        descriptor = os.open(path, _WRITE | os.O_WRONLY | os.O_APPEND, 0o666)
        try:
            _write_all(descriptor, line)
            self._flush(descriptor)
        finally:
            os.close(descriptor)

    def cut(self, path: Path, size: int) -> None:
        """Shorten a file to `size` bytes, and flush it; raises OSError."""
        descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
        try:
            os.ftruncate(descriptor, size)
            self._flush(descriptor)
        finally:
            os.close(descriptor)

    def flush_folder(self, folder: Path | None = None) -> None:
        """See that the names in a folder are on disk; raises OSError."""
        if self.flush:
            make_durable(folder or self.path)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Be the only writer; raises contended `state_locked` after ten seconds, and what `writing` does."""
        from filelock import FileLock, Timeout

        path = self.path / f"{STATE}-lock"
        lock = FileLock(path, timeout=LOCK_S)
        with self.writing(path):
            try:
                lock.acquire(poll_interval=_POLL_S)
            except Timeout:  # an OSError as well
                raise _held_for_long(path) from None
        try:
            yield
        finally:
            with suppress(OSError):
                lock.release()

    @contextmanager
    def reading(self, path: Path) -> Iterator[None]:
        """Turn what the disk says into environment `unreadable_state`; a missing file passes as FileNotFoundError."""
        try:
            yield
        except FileNotFoundError:
            raise
        except OSError as error:
            raise environment(
                "unreadable_state",
                f"{path} could not be read: {error.strerror or error}.",
                hint="Make the state folder readable for this user.",
                path=str(path),
            ) from error

    @contextmanager
    def writing(self, path: Path) -> Iterator[None]:
        """Turn what the disk says into environment `disk_full`, `read_only` or `write_failed`."""
        try:
            yield
        except OSError as error:
            raise write_failure(path, error) from error

    def _flush(self, descriptor: int) -> None:
        if self.flush:
            os.fsync(descriptor)


def _held_for_long(path: Path) -> CoordinautError:
    return contended(
        "state_locked",
        f"Another process has held {path} for {LOCK_S:g} seconds; nothing was changed.",
        hint="Try again; if it stays so, look for a coordinaut that is stopped (fuser shows who holds a file).",
        path=str(path),
    )


def write_failure(path: Path, error: OSError) -> CoordinautError:
    """What to tell the user when a file could not be written."""
    message = f"{path} could not be written: {error.strerror or error}."
    if error.errno in _FULL:
        hint = "Free some space (or raise the quota or file-size limit) and run the command again."
        return environment("disk_full", message, hint=hint, path=str(path))
    if error.errno in _FORBIDDEN:
        hint = "Make the state folder writable for this user and run the command again."
        return environment("read_only", message, hint=hint, path=str(path))
    return environment("write_failed", message, hint="Run `coordinaut doctor` to look closer.", path=str(path))


def _write_all(descriptor: int, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[os.write(descriptor, left) :]
