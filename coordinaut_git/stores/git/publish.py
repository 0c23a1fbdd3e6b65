"""Moving the ref: the one step that makes an entry count.

Rule 1: a swap ends in one of three ways: done, `StaleHead`, or `OutcomeUnknown`. After every failure that is not
clean the ref is read again, for libgit2 can fail after the ref has moved.
Rule 2: a lock file of somebody else is waited for, set aside only by the protocol of stale_lock, and else named.
"""

import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from coordinaut_git.documents import OutcomeUnknown, StaleHead
from coordinaut_git.errors import CoordinautError, contended
from coordinaut_git.plumbing.engine import Engine, RefAt, RefLocked, RefOutcomeUnknown, RefStale
from coordinaut_git.plumbing.queue import WriterQueue
from coordinaut_git.stores.git.line import Line
from coordinaut_git.stores.git.stale_lock import set_aside_if_stale

LOCK_WAIT_S = 3.0
SEARCH = 512
_PAUSE_MS = (2, 20)


class Publisher:
    """Creates and swaps one ref through an engine."""

    def __init__(self, engine: Engine, ref: str, line: Line, queue: WriterQueue, own_dir: Path) -> None:
        self._engine = engine
        self._ref = ref
        self._line = line
        self._queue = queue
        self._own_dir = own_dir

    def create(self, new: str) -> bool:
        """Make the ref; True for the one that made it. Raises an environment error or `OutcomeUnknown`."""
        return self._unlocked(lambda: self._create(new))

    def swap(self, old: str, new: str) -> None:
        """Move the ref; raises `StaleHead`, `OutcomeUnknown`, or a `CoordinautError` when it did not move."""
        with self._queue.intent(new):
            self._unlocked(lambda: self._swap(old, new))

    def _create(self, new: str) -> bool:
        try:
            return self._engine.create_ref(self._ref, new)
        except RefOutcomeUnknown as failure:
            if self._engine.read_ref(self._ref) == RefAt(new):
                return True
            raise failure.error from failure

    def _swap(self, old: str, new: str) -> bool:
        try:
            self._engine.swap_ref(self._ref, old, new)
        except RefStale:
            raise StaleHead(old) from None
        except RefOutcomeUnknown as failure:
            self._settle(old, new, failure.error)
        return True

    def _settle(self, old: str, new: str, error: CoordinautError) -> None:
        """Return if `new` is published after all, raise if it is not or if that cannot be told."""
        now = self._engine.read_ref(self._ref)
        if not isinstance(now, RefAt):
            raise OutcomeUnknown(new) from error
        if now.id == old:
            raise error
        name = now.id
        with suppress(CoordinautError):
            for _ in range(SEARCH):
                if name == new:
                    return
                if name == old:
                    raise StaleHead(old) from error
                name = self._line.point(name).parent
        raise OutcomeUnknown(new) from error

    def _unlocked(self, attempt: Callable[[], bool]) -> bool:
        """Try until nobody holds the lock, within `LOCK_WAIT_S`."""
        until = time.monotonic() + LOCK_WAIT_S
        while True:
            try:
                return attempt()
            except RefLocked as locked:
                self._wait(locked, until)

    def _wait(self, locked: RefLocked, until: float) -> None:
        if self._queue.held and set_aside_if_stale(
            locked.lock, folder=self._own_dir, unfinished=self._queue.unfinished
        ):
            return
        if time.monotonic() > until:
            raise contended(
                "ref_locked",
                f"Another program has held {locked.lock} for {LOCK_WAIT_S:g} seconds.",
                hint="Run the command again; a lock that a dead program left is set aside after ten seconds.",
                lock=str(locked.lock),
            ) from locked
        time.sleep(_pause_s())


def _pause_s() -> float:
    """A short time that differs between processes, so that they do not meet again and again."""
    least, most = _PAUSE_MS
    return (least + os.urandom(1)[0] * (most - least) / 255) / 1000
