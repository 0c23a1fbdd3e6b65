"""Two locked files that make one fair line, with a wait that ends.

Rule 1: the kernel keeps the lock (flock(2)) and drops it with the process, whatever kills it.
Rule 2: nobody overtakes. A free lock goes to whoever asks first, which is nearly always the process that has just let
go of it; so one must pass the `.next` file to wait for the real one, and whoever waits in front holds it.
Rule 3: a forked child keeps no descriptor of the line, or it would keep its dead parent's turn.
"""

import errno
import fcntl
import os
import threading
from contextlib import suppress
from dataclasses import dataclass
from typing import Self

_descriptors: set[int] = set()


@dataclass(slots=True)
class FairLock:
    """The open pair of files `path` and `path.next`, made when missing; OSError where they cannot be opened."""

    path: str
    main: int
    next: int

    @classmethod
    def open(cls, path: str) -> Self:
        """Open the pair; takes nothing yet."""
        main = _open(path)
        try:
            return cls(path, main, _open(path + ".next"))
        except BaseException:
            _close(main)
            raise

    def current(self) -> bool:
        """Whether the name still leads to the open file (the folder may have been removed under us)."""
        try:
            there, here = os.stat(self.path), os.fstat(self.main)  # noqa: PTH116 - the path stays a str in the hot loop
        except OSError:
            return False
        return (there.st_ino, there.st_dev) == (here.st_ino, here.st_dev)

    def lock_now(self) -> bool:
        """Take the turn if nobody has it and nobody waits for it."""
        if not _flock(self.next, fcntl.LOCK_EX | fcntl.LOCK_NB):
            return False
        try:
            return _flock(self.main, fcntl.LOCK_EX | fcntl.LOCK_NB)
        finally:
            _flock(self.next, fcntl.LOCK_UN)

    def lock(self) -> None:
        """Take the turn, however long it takes."""
        _flock(self.next, fcntl.LOCK_EX)
        _flock(self.main, fcntl.LOCK_EX)
        _flock(self.next, fcntl.LOCK_UN)

    def unlock(self) -> None:
        """Let the next one in."""
        with suppress(OSError):
            _flock(self.main, fcntl.LOCK_UN)

    def close(self) -> None:
        """Close both files, which also lets go of the turn."""
        _close(self.main)
        _close(self.next)


def wait_for(path: str, wait_s: float) -> FairLock | None:
    """Open the pair and wait for the turn; None after `wait_s` seconds. Raises OSError, RuntimeError without threads.

    flock(2) knows no time limit, so a thread waits; a turn that comes too late is let go by that thread at once.
    """
    waiter = _Waiter(FairLock.open(path))
    try:
        threading.Thread(target=waiter.run, name="coordinaut-queue", daemon=True).start()
    except BaseException:
        waiter.lock.close()
        raise
    return waiter.result(wait_s)


class _Waiter:
    def __init__(self, lock: FairLock) -> None:
        self.lock = lock
        self.over = threading.Event()
        self.deciding = threading.Lock()
        self.too_late = False
        self.taken = False

    def run(self) -> None:
        with suppress(OSError):
            self.lock.lock()
            with self.deciding:
                self.taken = not self.too_late
        if not self.taken:
            self.lock.close()
        self.over.set()

    def result(self, wait_s: float) -> FairLock | None:
        self.over.wait(wait_s)
        with self.deciding:
            self.too_late = not self.taken
        return self.lock if self.taken else None


def _open(path: str) -> int:
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
    try:
        descriptor = os.open(path, flags, 0o666)
    except FileNotFoundError:
        os.makedirs(os.path.dirname(path), exist_ok=True)  # noqa: PTH103, PTH120 - the path stays a str in the hot loop
        descriptor = os.open(path, flags, 0o666)
    _descriptors.add(descriptor)
    return descriptor


def _close(descriptor: int) -> None:
    if descriptor in _descriptors:  # after a fork it may be closed already, and its number somebody else's
        _descriptors.discard(descriptor)
        os.close(descriptor)


def _flock(descriptor: int, how: int) -> bool:
    try:
        fcntl.flock(descriptor, how)
    except OSError as error:
        if error.errno in (errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES):
            return False
        raise
    return True


def _close_in_child() -> None:
    for descriptor in tuple(_descriptors):
        _close(descriptor)


os.register_at_fork(after_in_child=_close_in_child)
