"""Where the index lies: one file under the common git directory, shared by all worktrees and processes.

Rule 1: it may be deleted or damaged at any time, and is made anew. Whoever changes it holds the lock beside it.
Rule 2: a new one is made under another name and takes the place of the old one whole. Nobody writes to a database
        whose name is another's by now: its rollback journal would be taken for the other's (sqlite.org/howtocorrupt,
        1.4). So after the lock was taken, the name must still lead to the file that is open.
Rule 3: where nothing can be written, or the lock does not come, the index is made in memory, of what can be read.
"""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from coordinaut_git.documents import Head, Store
from coordinaut_git.history.index import Index, Useless, useless
from coordinaut_git.plumbing.durable import make_durable

T = TypeVar("T")

LOCK_WAIT_S = 10.0
"""As long as making the index of some hundred thousand operations may take somebody else."""

_PAUSE_S = 0.02
_BUSY_S = 5.0


class Shelf:
    """The index in `folder`, which may not exist yet."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = folder / "index.sqlite"
        self._index: Index | None = None
        self._opened: tuple[int, int] | None = None

    def answer(self, store: Store, head: Head, seq: int, question: Callable[[Index], T]) -> T:
        """What an index says of the line up to operation `seq`, `head`; raises only what reading the line raises."""
        with suppress(Useless, OSError):
            return (self._index or self._open()).answer(head, seq, question)
        with suppress(Useless, OSError), self._alone(LOCK_WAIT_S):
            return self._caught_up(store, head).answer(head, seq, question)
        return self._in_memory(store, head).answer(head, seq, question)

    def keep_up(self, store: Store, head: Head, seq: int, most: int) -> None:
        """Let it stand for the line up to operation `seq`, `head`, if it lacks at most `most` and nobody is at it."""
        with suppress(Useless, OSError), self._alone(0):
            known = self._open().last().seq if self._path.exists() else 0
            if seq - known <= most:
                self._caught_up(store, head)

    def discard(self) -> None:
        """Throw it away: the next question makes it anew."""
        with suppress(Useless, OSError), self._alone(LOCK_WAIT_S):
            self._remove()
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        if self._index:
            self._index.close()
        self._index = self._opened = None

    def _caught_up(self, store: Store, head: Head) -> Index:
        try:
            index = self._open()
            index.catch_up(store, head)
        except (Useless, FileNotFoundError):
            self.close()
            self._make(store, head)
            index = self._open()
        return index

    def _open(self) -> Index:
        """The index in the file that has the name now; raises `Useless`, FileNotFoundError where there is none."""
        there = _identity(self._path)
        if self._index is None or self._opened != there:
            self.close()
            index = _connected(self._path)
            with _closed_unless_done(index):
                index.check()
            self._index, self._opened = index, there
        return self._index

    def _make(self, store: Store, head: Head) -> None:
        """Make it anew; one that is half made when the machine stops never gets the name."""
        new = self._folder / "index.new"
        new.unlink(missing_ok=True)
        index = _connected(new, journal=False)
        try:
            index.make()
            index.catch_up(store, head)
        finally:
            index.close()
        make_durable(new)
        self._remove()
        new.rename(self._path)

    def _remove(self) -> None:
        Path(f"{self._path}-journal").unlink(missing_ok=True)
        self._path.unlink(missing_ok=True)

    def _in_memory(self, store: Store, head: Head) -> Index:
        """An index of its own for this process, from what can be read of the shared one."""
        self.close()
        index = self._copied()
        with _closed_unless_done(index):
            index.catch_up(store, head)
        self._index = index
        return index

    def _copied(self) -> Index:
        """What can be read of the shared one, in memory."""
        index = _connected(None)
        try:
            with _closed_unless_done(index):
                self._copy_into(index)
        except Useless:
            index = _connected(None)
            index.make()
        return index

    def _copy_into(self, index: Index) -> None:
        if not self._path.exists():
            raise Useless("there is none")
        with closing(_connected(self._path)) as shared:
            index.copy(shared)
        index.check()

    @contextmanager
    def _alone(self, wait_s: float) -> Iterator[None]:
        """Hold the lock; raises `Useless` if it does not come in time, OSError where there can be none."""
        self._folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(f"{self._path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            _lock(descriptor, time.monotonic() + wait_s)
            yield
        finally:
            os.close(descriptor)


def _lock(descriptor: int, until_s: float) -> None:
    while True:
        try:
            return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= until_s:
                raise Useless("somebody else is at it") from None
        time.sleep(_PAUSE_S)


def _identity(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_dev, found.st_ino


def _connected(path: Path | None, *, journal: bool = True) -> Index:
    """The index in a file, or in memory; raises `Useless`."""
    from sqlite3 import connect

    with useless():
        index = Index(connect(path or ":memory:", timeout=_BUSY_S, isolation_level=None, check_same_thread=False))
    with _closed_unless_done(index):
        index.settle(journal=journal)
    return index


@contextmanager
def _closed_unless_done(index: Index) -> Iterator[None]:
    """Let go of an index that cannot be used after all."""
    try:
        yield
    except BaseException:
        index.close()
        raise
