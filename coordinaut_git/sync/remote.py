"""The line on a remote, as one clone sees it.

Rule 1: the remote decides by one compare-and-swap of its ref; nothing is ever forced beyond it.
Rule 2: what was seen of the remote is kept in a tracking ref of our own; losing it loses nothing.
"""

import time
from contextlib import suppress
from typing import Protocol

from coordinaut_git.documents import Head, OutcomeUnknown, StaleHead
from coordinaut_git.errors import CoordinautError, environment, refused
from coordinaut_git.plumbing.engine import ObjectMissing, RefAt, RefMissing
from coordinaut_git.plumbing.fetch import fetch_ref, throw_away, unreachable
from coordinaut_git.plumbing.push import Outcome, push_ref
from coordinaut_git.plumbing.remotes import check_one_judge, check_remote, check_remote_name, tracking_ref
from coordinaut_git.stores.git.stale_lock import set_aside_if_stale
from coordinaut_git.stores.git.store import GitStore
from coordinaut_git.sync.heard import note_heard

WAIT_S = 60.0
LOCKED_S = 20.0
"""So long the remote may say that its ref is locked before we believe that a dead program left the lock."""

_PAUSE_S = 0.5
_QUEUE_S = 3.0


class Raced(Exception):
    """The remote's line is not where we thought: somebody was faster, or we saw an old point. Nothing was published."""


class PushUnknown(Exception):
    """The remote may have taken what was pushed, or not: fetch, and look whether it is there."""


class RemoteLine(Protocol):
    """One ref of one remote. Every method may raise `CoordinautError` of kind environment for a broken repository."""

    name: str

    def seen(self) -> Head | None:
        """What the remote had when it was last seen, without a connection; None if it never had anything."""
        ...

    def fetch(self) -> Head | None:
        """What the remote has now, which is `seen` from then on; None where it has no such ref and never had.

        One connection. Raises contended `remote_unreachable`, and environment `remote_replaced` or `remote_deleted`
        for a line that does not continue the one that was seen, or is gone.
        """
        ...

    def push(self, new: Head, expected: Head | None) -> None:
        """Move the remote's ref from `expected` (None: there must be none) to `new`, which is `seen` from then on.

        One connection. Raises `Raced`, `PushUnknown`, contended `remote_unreachable` (surely nothing happened), or
        `push_refused` (a rule of the host: refused; its disk: environment).
        """
        ...


class GitRemote:
    """The line on a configured remote, reached by the git program; see `RemoteLine`.

    `wait_s` bounds one connection. Raises invalid `bad_remote` for a name that no remote can have; one that is no
    remote's here (any more) is found out when it is to be reached, so that what was seen of it can still be read.
    """

    def __init__(self, store: GitStore, name: str, *, wait_s: float = WAIT_S, locked_s: float = LOCKED_S) -> None:
        self.name = check_remote_name(name, store.settings)
        self.ref, self.tracking = store.settings.ref, tracking_ref(name)
        self._store, self._wait_s, self._locked_s = store, wait_s, locked_s
        self._place, self._engine = store.place, store.engine
        self._at = store.place.work_tree or store.place.git_dir
        self._usable: Head | None = None
        self._unwritten: tuple[Head | None, Head] | None = None

    def seen(self) -> Head | None:
        """What the tracking ref names. A ref that cannot be used counts as none, and the next `fetch` mends it."""
        noted = self._noted()
        return self._unwritten[1] if self._unwritten and self._unwritten[0] == noted else noted

    def fetch(self) -> Head | None:
        """See `RemoteLine.fetch`; raises also contended `tracking_locked` and environment `cannot_write`."""
        check_remote(self.name, self._store.settings)
        if self._noted() is None and not isinstance(self._engine.read_ref(self.tracking), RefMissing):
            throw_away(self.tracking, self._place.common_dir)
        try:
            there = self._fetched()
        except CoordinautError as error:
            if error.code != "tracking_locked" or not self._lock_set_aside():
                raise
            there = self._fetched()
        self._unwritten = None
        return self.seen() if there else None

    def push(self, new: Head, expected: Head | None) -> None:
        """See `RemoteLine.push`; raises also invalid `bad_remote` for a remote with several places to push to."""
        check_remote(self.name, self._store.settings)
        check_one_judge(self.name, self._store.settings)
        until_s, noted = time.monotonic() + self._locked_s, self._noted()
        while True:
            outcome, words = push_ref(self.name, new, self.ref, expected, at=self._at, wait_s=self._wait_s)
            match outcome:
                case Outcome.DONE:
                    return self._note(noted, new)
                case Outcome.RACED:
                    raise Raced(words)
                case Outcome.UNKNOWN:
                    raise PushUnknown(words)
                case Outcome.UNREACHABLE:
                    raise unreachable(self.name, words)
            now = self._look(expected)
            if now == new:
                return None
            if now != expected:
                raise Raced(words)
            if outcome is not Outcome.LOCKED or time.monotonic() > until_s:
                raise not_taken(outcome, self.name, self.ref, words)
            time.sleep(_PAUSE_S)

    def _noted(self) -> Head | None:
        ref = self._engine.read_ref(self.tracking)
        return Head(ref.id) if isinstance(ref, RefAt) and self._is_usable(Head(ref.id)) else None

    def _is_usable(self, head: Head) -> bool:
        """Whether the commit is there; asked once for each."""
        if head != self._usable:
            try:
                self._engine.read(head)
            except ObjectMissing:
                return False
            self._usable = head
        return True

    def _fetched(self) -> bool:
        there = fetch_ref(self.name, self.ref, self.tracking, at=self._at, wait_s=self._wait_s)
        note_heard(self._place.own_dir, self.name)
        return there

    def _look(self, expected: Head | None) -> Head | None:
        """What the remote has, after it has rejected a push in words that could be a lost race's; else `expected`."""
        try:
            return self.fetch()
        except CoordinautError as error:
            if error.code in {"remote_deleted", "remote_replaced"}:
                raise
            return expected

    def _note(self, noted: Head | None, new: Head) -> None:
        """Move the tracking ref after a push; where it cannot be, this process knows, and the next fetch notes it."""
        note_heard(self._place.own_dir, self.name)
        publisher = self._store.publisher(self.tracking)
        self._unwritten = (noted, new)
        with suppress(StaleHead, OutcomeUnknown, CoordinautError):
            if noted is None:
                publisher.create(new)
            else:
                publisher.swap(noted, new)
            self._unwritten = None

    def _lock_set_aside(self) -> bool:
        lock = self._place.common_dir / f"{self.tracking}.lock"
        with self._store.queue(_QUEUE_S) as held:
            return held and set_aside_if_stale(lock, folder=self._place.own_dir, unfinished=None)


def not_taken(outcome: Outcome, name: str, ref: str, words: str) -> CoordinautError:
    """The error for a push that the host does not take, by a rule of its own or because it cannot."""
    if outcome is not Outcome.REFUSED:
        return environment(
            "push_refused",
            f"The remote {name} cannot take {ref}: {words}.",
            hint="Whoever keeps the remote has to look: its disk, its rights, a lock file that a dead program left.",
            remote=name,
        )
    branch = ref.startswith("refs/heads/")
    return refused(
        "push_refused",
        f"The remote {name} does not take {ref}: {words}.",
        hint="Have the right to push there, or a rule of the host changed."
        if branch
        else "Have the right to push there. If the host keeps this namespace for itself, use a branch: "
        "coordinaut init --ref refs/heads/coordinaut/state",
        remote=name,
    )
