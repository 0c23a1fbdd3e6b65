"""The line in which the writers of one machine stand.

Rule 1: nothing is correct because of this line. It spares lost races; who waited long enough goes on without it.
Rule 2: the kernel keeps the line (see fair_lock), so a killed holder leaves it at once.
Rule 3: a holder that is about to move a ref leaves a note first and wipes it after. Whoever finds a note although
the turn was free knows that its author died between the two, and names it in its own note: it may die as well.
"""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from coordinaut_git.plumbing.fair_lock import FairLock, wait_for

_NOTE_BYTES = 512
_MOST_EARLIER = 6
_WIPED = b"-"
_WRITING = b"writing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """What a holder noted before it moved a ref: its process, the instant (ns since the epoch), the new object id.

    `earlier` are the ids of holders that died before it in a row; `at_ns` is then the instant of the first of them.
    """

    pid: int
    at_ns: int
    new_id: str
    earlier: tuple[str, ...] = ()

    def after(self, dead: "Intent | None") -> "Intent":
        """This note, with what is known of a holder that died before and may have left its lock behind."""
        if dead is None:
            return self
        earlier = (dead.new_id, *dead.earlier)[:_MOST_EARLIER]
        return replace(self, at_ns=min(self.at_ns, dead.at_ns), earlier=earlier)

    def to_bytes(self) -> bytes:
        """The note as it stands in the file."""
        ids = ",".join((self.new_id, *self.earlier))
        return b"%s %d %d %s\n" % (_WRITING, self.pid, self.at_ns, ids.encode())

    @classmethod
    def from_bytes(cls, note: bytes) -> "Intent | None":
        """Read a note; None if it was wiped or never written."""
        words = note.partition(b"\n")[0].split(b" ")
        if len(words) != 4 or words[0] != _WRITING or not (words[1].isdigit() and words[2].isdigit()):  # noqa: PLR2004 - the four words of `to_bytes`
            return None
        new_id, *earlier = words[3].decode("ascii", "replace").split(",")
        return cls(pid=int(words[1]), at_ns=int(words[2]), new_id=new_id, earlier=tuple(earlier))


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """A place at the front of the line (`held`), or leave to go on without one. True if held.

    `unfinished` is the note of an earlier holder that died while it moved a ref.
    """

    held: bool
    unfinished: Intent | None = None

    def __bool__(self) -> bool:
        return self.held


class WriterQueue:
    """One line of writers, named by a file; every object of one process with the same file is in the same line.

    Safe to use from threads, re-entrant within a thread, and safe over fork (the child never shares the parent's
    turn). A file that cannot be opened or locked gives turns that are not held; the write itself will say why.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._gate: _Gate | None = None

    @contextmanager
    def turn(self, wait_s: float) -> Iterator[Turn]:
        """Wait at most `wait_s` seconds for the turn and hold it for the body of the `with`."""
        gate = self._joined()
        if not gate.take(max(wait_s, 0.0)):
            yield Turn(held=False)
            return
        try:
            yield Turn(held=True, unfinished=gate.unfinished)
        finally:
            gate.give()

    @contextmanager
    def intent(self, new_id: str) -> Iterator[None]:
        """Note that a ref is being moved to `new_id` for the body of the `with`; does nothing outside a held turn.

        When the body raises, the note of an earlier dead holder is put back: what it left behind may still be there.
        """
        gate = self._joined()
        if not gate.mine:
            yield
            return
        note = Intent(pid=os.getpid(), at_ns=time.time_ns(), new_id=new_id)
        gate.write_note(note.after(gate.unfinished))
        try:
            yield
        except BaseException:
            gate.write_note(gate.unfinished)
            raise
        gate.unfinished = None
        gate.write_note(None)

    @property
    def held(self) -> bool:
        """Whether this thread holds the turn."""
        return self._gate is not None and self._gate.mine

    @property
    def unfinished(self) -> Intent | None:
        """The note of a holder that died while it moved a ref, if this thread holds the turn and found one."""
        return self._gate.unfinished if self._gate is not None and self._gate.mine else None

    def close(self) -> None:
        """Leave the line. The next turn joins it again."""
        gate, self._gate = self._gate, None
        if gate is not None:
            gate.leave()

    def _joined(self) -> "_Gate":
        if self._gate is None:
            self._gate = _Gate.join(os.path.realpath(self.path))
        return self._gate


class _Gate:
    """The one place of this process in the line of one file. Its threads queue on a lock of their own first."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.users = 0
        self.reset()

    def reset(self) -> None:
        """Start as if never used (also in a forked child, where the descriptors are closed already)."""
        self.threads = threading.RLock()
        self.depth = 0
        self.owner = 0
        self.files: FairLock | None = None
        self.unfinished: Intent | None = None

    @classmethod
    def join(cls, path: str) -> "_Gate":
        with _registry:
            gate = _gates.setdefault(path, cls(path))
            gate.users += 1
            return gate

    def leave(self) -> None:
        with _registry:
            self.users -= 1
            if self.users > 0 or _gates.get(self.path) is not self:
                return
            del _gates[self.path]
        if self.files is not None and not self.depth:
            self.files.close()
            self.files = None

    @property
    def mine(self) -> bool:
        return self.depth > 0 and self.owner == threading.get_ident()

    def take(self, wait_s: float) -> bool:
        until = time.monotonic() + wait_s
        if not self.threads.acquire(timeout=min(wait_s, threading.TIMEOUT_MAX)):
            return False
        if self.depth == 0:
            if not self._take_files(until):
                self.threads.release()
                return False
            self.unfinished = self._read_note()
        self.depth += 1
        self.owner = threading.get_ident()
        return True

    def give(self) -> None:
        if not self.mine:  # a forked child leaves the block that its parent entered
            return
        self.depth -= 1
        if self.depth == 0 and self.files is not None:
            self.files.unlock()
            if self.users <= 0:
                self.files.close()
                self.files = None
        self.threads.release()

    def _take_files(self, until: float) -> bool:
        try:
            if self.files is None or not self.files.current():
                self._adopt(FairLock.open(self.path))
            assert self.files is not None
            if self.files.lock_now():
                return True
            if (left_s := until - time.monotonic()) <= 0:
                return False
            files = wait_for(self.path, left_s)
        except (OSError, RuntimeError):  # not to be opened or locked, or no thread to be had: go on without a turn
            return False
        if files is not None:
            self._adopt(files)
        return files is not None

    def _adopt(self, files: FairLock) -> None:
        if self.files is not None:
            self.files.close()
        self.files = files

    def _read_note(self) -> Intent | None:
        if self.files is None:
            return None
        try:
            return Intent.from_bytes(os.pread(self.files.main, _NOTE_BYTES, 0))
        except OSError:
            return None

    def write_note(self, intent: Intent | None) -> None:
        if self.files is None:
            return
        with suppress(OSError):  # without a note a dead holder is only noticed later
            os.pwrite(self.files.main, _WIPED if intent is None else intent.to_bytes(), 0)


_gates: dict[str, _Gate] = {}
_registry = threading.Lock()


def _start_over_in_child() -> None:
    global _registry  # noqa: PLW0603 - a thread that did not survive the fork may have held it
    _registry = threading.Lock()
    for gate in _gates.values():
        gate.reset()


os.register_at_fork(after_in_child=_start_over_in_child)
