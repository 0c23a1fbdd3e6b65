"""The loop between a clone and its team: push; was somebody faster? Fetch, replay what is unpublished, push again.

Rule 1: the remote's ref is the judge. What it has is confirmed and is never rewritten; what it has not is provisional.
Rule 2: a push that lost is a lost compare-and-swap, as in the coordinator: what was acknowledged is replayed, and what
        was not is decided again from the start.
Rule 3: what was fetched is believed only after `check` has gone through it; until then our line stays as it is.
Rule 4: an outcome that is unknown is settled by the next fetch: an operation is known by its id, wherever it stands.
"""

from collections.abc import Callable, Container, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from typing import Protocol

from coordinaut_git.coordinator import QUEUE_S, Coordinator, Known
from coordinaut_git.documents import Entry, Head, Joining, OutcomeUnknown, StaleHead, Step
from coordinaut_git.errors import CoordinautError, contended
from coordinaut_git.parting import Meeting, meet
from coordinaut_git.sync.crowd import PATIENCE_S, Crowd
from coordinaut_git.sync.joining import Lost, Renumbered, Tail, tail_after
from coordinaut_git.sync.remote import PushUnknown, Raced, RemoteLine

ATTEMPTS = 32
BUSY_WAIT_S = 90.0
"""As long as another process of this clone may take for its exchange with the remote."""

CUTS = 3
"""So many pushes in a row may be cut off while the remote stays where it is: a network's bad luck, and no more."""

Check = Callable[[Head, Head], None]
"""Goes through what lies after a point up to another one of a fetched line; raises what is wrong with it."""

Alone = Callable[[float], AbstractContextManager[object]]
"""Lets the processes of one clone sync one after the other, each waiting so many seconds; falsy if the wait ran out."""


class OnItsWay(Protocol):
    """The point from which the remote was to move by a push that has not been answered, `""` if it had none.

    Known to all processes of a clone, and kept if one of them dies: such a push may land until the remote has left
    that point.
    """

    def get(self) -> str | None:
        """The note; None if there is none."""
        ...

    def put(self, expected: str | None) -> None:
        """Write it, or take it away."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Synced:
    """What came of it: how many operations came, were replayed and went; what was refused; and the head we share."""

    head: Head | None = None
    fetched: int = 0
    replayed: int = 0
    pushed: int = 0
    refused: tuple[Lost, ...] = ()
    renumbered: tuple[Renumbered, ...] = ()


_NOTHING_YET = Synced()


class Team:
    """One clone's side. Not for several threads at once."""

    def __init__(
        self,
        store: Joining,
        coordinator: Coordinator,
        remote: RemoteLine,
        *,
        check: Check,
        alone: Alone,
        on_its_way: OnItsWay,
        crowd: Crowd,
    ) -> None:
        self.store, self.coordinator, self.remote, self.crowd = store, coordinator, remote, crowd
        self._check, self._alone, self._on_its_way = check, alone, on_its_way
        self._met: tuple[tuple[Head, Head], Meeting] | None = None
        self._cuts: tuple[Head | None, int] = None, 0

    def sync(self) -> Synced:
        """Exchange everything.

        Raises what `RemoteLine` raises, `unlawful_line`, or contended (`lost_races`, `push_cut_off`, `sync_busy`).
        """
        with self.alone():
            so_far = _NOTHING_YET
            pushed = self.pushed() if self.unpublished() and not self.crowd.made_room() else None
            attempts = self.crowd.attempts()
            while pushed is None:
                if next(attempts, None) is None:
                    raise outrun(self.remote.name)
                self.fetch()
                so_far = self.joined(so_far)
                pushed = self.pushed()
            return replace(so_far, head=self.coordinator.head(), pushed=pushed)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep the other processes of this clone from doing the same; they find their operations confirmed after it.

        What one withdraws another must not be publishing, so nobody goes on without the turn: contended `sync_busy`.
        """
        with self._alone(BUSY_WAIT_S) as held:
            if not held:
                raise contended(
                    "sync_busy",
                    f"Another process of this clone has been syncing with {self.remote.name} for {BUSY_WAIT_S:g} s.",
                    hint="It publishes what is here as well. See later what the team has: coordinaut sync",
                )
            yield

    @property
    def unsettled(self) -> bool:
        """Whether a push of this clone was cut off that the remote may have taken, or take yet."""
        return self._on_its_way.get() is not None

    def confirmed_upto(self, known: Known) -> int:
        """The position up to which the remote had our line when it was last seen."""
        seen = self.remote.seen()
        if seen is None or seen == known.head:
            return known.state.seq if seen else 0
        if self._met and self._met[0][1] == seen and self.store.since(self._met[0][0], known.head) is not None:
            return self._met[1].seq  # our line has only grown
        return self.meeting(known.head, seen).seq

    def unpublished(self) -> tuple[Entry, ...]:
        """The operations that the remote had not when it was last seen, oldest first."""
        return self.meeting(self.coordinator.head(), self.remote.seen() or self.store.first).ours

    def meeting(self, ours: Head, theirs: Head) -> Meeting:
        """Where the two lines meet; asked again, it costs nothing."""
        if self._met is None or self._met[0] != (ours, theirs):
            self._met = (ours, theirs), meet(self.store, ours, theirs)
        return self._met[1]

    def pushed(self) -> int | None:
        """How many operations the remote took; None where it has some that we have not, or may have."""
        seen = self.remote.seen()
        meeting = self.meeting(self.coordinator.head(), seen or self.store.first)
        if meeting.theirs:
            return None
        if seen and not meeting.ours:
            return 0
        head = self._sealed()
        if head is None:
            return None
        return len(meeting.ours) if self._sent(head, seen) else None

    def _sent(self, head: Head, seen: Head | None) -> bool:
        """Push, with a note of it for as long as it has no answer; False where somebody may have been faster."""
        before, began = self._on_its_way.get(), self.crowd.now()
        self._on_its_way.put(seen or "")
        try:
            self.remote.push(head, seen)
        except PushUnknown as cut:
            self._cut_off(seen, cut)
            return False
        except Raced:
            self._on_its_way.put(before)
            self.crowd.lost()
            return False
        except CoordinautError:
            self._on_its_way.put(before)
            raise
        self._on_its_way.put(None)
        self.crowd.published(self.crowd.now() - began)
        return True

    def _cut_off(self, seen: Head | None, cut: PushUnknown) -> None:
        """Count a push that was cut off; raises contended `push_cut_off` for one too many that have moved nothing."""
        at, times = self._cuts
        self._cuts = seen, (times + 1 if at == seen else 1)
        if self._cuts[1] < CUTS:
            return
        self._cuts = seen, 0
        raise contended(
            "push_cut_off",
            f"A push to {self.remote.name} was cut off {CUTS} times in a row: {str(cut) or 'the connection was lost'}.",
            hint="Nothing is lost. Try again later: coordinaut sync",
        ) from cut

    def fetch(self) -> Meeting:
        """Look what the remote has, after a pause if a race was lost; gives where our line and that one meet."""
        self.crowd.before_fetch()
        before, began = self.remote.seen(), self.crowd.now()
        seen = self.remote.fetch()
        self.crowd.fetched(self.crowd.now() - began, self._authors(before, seen))
        if seen is not None and self._on_its_way.get() not in {None, seen}:  # a ref that is not shown may be there
            self._on_its_way.put(None)
        return self.meeting(self.coordinator.head(), seen or self.store.first)

    def _authors(self, before: Head | None, seen: Head | None) -> set[str]:
        """Who has published between two points, as far as these are not far apart."""
        came = self.store.since(before, seen) if before and seen else None
        return {entry.author_id for entry in came or ()}

    def joined(self, so_far: Synced = _NOTHING_YET, without: Container[str] = ()) -> Synced:
        """Let our line go on from theirs: what is unpublished follows after it, but for operations `without` these ids.

        Raises what `check` finds wrong with theirs; nothing has changed then.
        """
        theirs = self.remote.seen()
        if theirs is None:
            return so_far
        self._check(self.meeting(self.coordinator.head(), theirs).at, theirs)
        for _ in range(ATTEMPTS):
            with self.store.queue(QUEUE_S):
                known = self.coordinator.read()
                meeting = self.meeting(known.head, theirs)
                if not meeting.theirs and not _drops(meeting, without):
                    return so_far
                tail = tail_after(self.coordinator, meeting, theirs, without)
                if self._rebuilt(known.head, tail):
                    return _told(so_far, meeting, tail)
        raise contended(
            "lost_races",
            f"Other processes of this clone wrote {ATTEMPTS} times while what was fetched was joined to the line.",
            hint="Nothing is lost. Run the command again.",
        )

    def withdraw(self, operation_id: str) -> None:
        """Take an operation that nobody was told of out of the unpublished part of our line, if it is there.

        What stands before it stays as it is: it may well be published, where nothing is known of the remote just now.
        """
        for _ in range(ATTEMPTS):
            with self.store.queue(QUEUE_S):
                known = self.coordinator.read()
                meeting = self.meeting(known.head, self.remote.seen() or self.store.first)
                if not _drops(meeting, (operation_id,)):
                    return
                since = self._since(operation_id, known.head)
                if self._rebuilt(known.head, tail_after(self.coordinator, since, since.at, (operation_id,))):
                    return

    def _since(self, operation_id: str, head: Head) -> Meeting:
        """The point before an operation of our line, as if the remote had all up to there, and what came after it."""
        back, after = self.store.back(head), list[Entry]()
        for _, entry in back:
            after.append(entry)
            if entry.id == operation_id:
                break
        at, before = next(back, (self.store.first, None))
        return Meeting(at, before.seq if before else 0, tuple(reversed(after)), frozenset())

    def _rebuilt(self, expected: Head, tail: Tail) -> bool:
        """Let our line end in a tail; False where somebody has written in between: look again."""
        try:
            self.store.rebuild(expected, tail.onto, tail.steps)
        except (StaleHead, OutcomeUnknown):
            return False
        return True

    def _sealed(self) -> Head | None:
        """The head, once its commit is sealed; None where somebody has written in between."""
        with self.store.queue(QUEUE_S):
            head, state = self.coordinator.read()
            if not state.seq or self.store.sealed(head):
                return head
            back = self.store.back(head)
            _, newest = next(back)
            before, _ = next(back, (self.store.first, None))
            try:
                return self.store.rebuild(head, before, (Step(entry=newest, changes=state.changes()),))
            except (StaleHead, OutcomeUnknown):
                return None


def outrun(remote: str) -> CoordinautError:
    """The error for whoever was never fast enough."""
    return contended(
        "lost_races",
        f"Other clones were faster in publishing to {remote} for {PATIENCE_S:g} s.",
        hint="Nothing is lost. Try again in a moment: coordinaut sync",
    )


def _drops(meeting: Meeting, without: Container[str]) -> bool:
    return any(entry.id in without for entry in meeting.ours)


def _told(so_far: Synced, meeting: Meeting, tail: Tail) -> Synced:
    return replace(
        so_far,
        fetched=so_far.fetched + len(meeting.theirs),
        replayed=len(tail.steps),
        refused=so_far.refused + tail.lost,
        renumbered=so_far.renumbered + tail.renumbered,
    )
