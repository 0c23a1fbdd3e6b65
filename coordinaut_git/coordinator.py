"""The only loop: read, decide, apply, commit at the expected head; was it stale? Then again, bounded.

Rule 1: a lost race means to decide again from the start. What was lawful a moment ago may be refused now.
Rule 2: an unknown outcome is settled by the operation's id before anything else is tried.
Rule 3: what was answered with success is on the line.
Rule 4: an operation may be decided on a state that is only likely to be the newest, since its commit tells; a refusal,
        or that there is nothing to do, is never said without having looked.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from coordinaut_git.clock import Clock, Ids, back_off
from coordinaut_git.documents import Entry, Head, Joining, OutcomeUnknown, StaleHead, Store
from coordinaut_git.errors import CoordinautError, contended, not_found
from coordinaut_git.parting import meet_within
from coordinaut_git.protocol import views
from coordinaut_git.protocol.apply import apply, carried_out
from coordinaut_git.protocol.decide import Fresh, Moment, decide
from coordinaut_git.protocol.model import Actor
from coordinaut_git.protocol.ops import Operation, SchemaMigrated, from_entry, to_entry
from coordinaut_git.protocol.refusals import Refusal
from coordinaut_git.protocol.requests import Request
from coordinaut_git.protocol.state import State
from coordinaut_git.protocol.values import Instant

ATTEMPTS = 64
QUEUE_S = 5.0
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.002, 0.25
CLOCK_TOLERANCE_MS = 60_000
ON_A_SERVER = "remote"
"""What users know a store as whose line is a server's."""

EVERYTHING = 1 << 62
"""The position up to which a line is confirmed whose server is the judge of its team."""

OPERATION_BYTES, TASK_BYTES = 12, 6
MOST_UNWRITTEN = 1_024  # documents that a state may hold above what the store has written, before it is read anew
MOST_APART = 16_384  # steps to where a line was joined to another since, to see what became of an operation

Replay = Callable[[Head], State]
"""Gives the state at a head from the operations alone, whatever the documents say."""


class Known(NamedTuple):
    """A state and the point of the line it is the state of."""

    head: Head
    state: State


Confirmed = Callable[[Known], int | None]
"""Tells up to which position the judge of a team has the line; None where there is no team."""


class Tried(NamedTuple):
    """An operation and the head after which it was to stand."""

    head: Head
    operation: Operation


class _Decision(NamedTuple):
    """What is to be done, and the state and the moment that it was decided for; None: nothing."""

    known: Known
    moment: Moment
    operation: Operation | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What came of a request: the operation (None: nothing needed writing), the state after it, and when."""

    operation: Operation | None
    state: State
    moment: Moment


class Coordinator:
    """Asks and changes one store. Not for several threads at once.

    `replay` is asked for the state of a point whose documents are of an older format, `absent` for the error where
    there is no line. `storage` is what users know the store as, if that is not its own name: a server's is `remote`,
    whatever keeps it. `confirmations` is set where a remote is the judge of a team.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        ids: Ids,
        *,
        fold: bool = False,
        team: bool = False,
        replay: Replay | None = None,
        absent: Callable[[], CoordinautError] | None = None,
        storage: str | None = None,
    ) -> None:
        self.store = store
        self._absent = absent or no_store
        self._storage = store.name if storage is None else storage
        self._clock, self._ids, self._fold, self._team = clock, ids, fold, team
        self._replay, self._anew = replay, False
        self.confirmations: Confirmed | None = None
        self._known: Known | None = None
        self._unsettled: list[Tried] = []
        self._lost: Head | None = None

    def head(self) -> Head:
        """The newest point of the line; raises not_found (`no_store`) before `init`."""
        head = self.store.head()
        if head is None:
            raise self._absent()
        return head

    def read(self) -> Known:
        """The newest state; raises not_found (`no_store`) before `init`."""
        head = self.head()
        try:
            return self._known_at(head)
        except CoordinautError:
            newer = self.head()  # what the line had before it was joined to another may be gone while it is read
            if newer == head:
                raise
            return self._known_at(newer)

    def likely(self) -> Known:
        """The state at a point that was the newest when last seen, where looking costs a journey; else as `read`."""
        head = self.store.likely()
        return self._known_at(head) if head else self.read()

    def state_at(self, head: Head, near: Known | None = None) -> State:
        """The state at any point of the line; quicker from a `near` one that a few operations lie behind."""
        if near and (state := self._onward(near, head)):
            return state
        try:
            return self.state_of_documents(head)
        except CoordinautError as error:
            if error.code != "older_format" or self._replay is None:
                raise
            return self._replay(head)

    def anew(self, known: Known) -> "Coordinator":
        """One that believes no document, only the operations, of which `known` came; for rewriting the documents."""
        other = Coordinator(
            self.store,
            self._clock,
            self._ids,
            fold=self._fold,
            team=self._team,
            replay=self._replay,
            storage=self._storage,
        )
        other._known, other._anew, other.confirmations = known, True, self.confirmations
        return other

    def confirmed_upto(self, head: Head) -> int | None:
        """The position up to which the line to `head` is confirmed: all of it where a server is the judge."""
        return self._confirmed(lambda: self._known_at(head))

    def now(self) -> tuple[State, Moment]:
        """The newest state, and the moment in which it is looked at."""
        known = self.read()
        return known.state, self.moment(known)

    def moment(self, known: Known) -> Moment:
        """Now, for a decision on what is known."""
        state, local = known.state, self._clock.now()
        return Moment(
            at=Instant(max(local, state.at)),
            local=local,
            elapsed=cache(self.store.seen_ms_ago),  # a lease that runs out meanwhile runs out in the next moment
            tolerance_ms=CLOCK_TOLERANCE_MS if self._team else 0,
            confirmed_upto=self._confirmed(lambda: known),
        )

    def _confirmed(self, known: Callable[[], Known]) -> int | None:
        if self.confirmations is None:
            return EVERYTHING if self._storage == ON_A_SERVER else None
        return self.confirmations(known())

    def run(self, request: Request, actor: Actor) -> Done:
        """Carry out a request that may change the state.

        Raises the refusal as a `CoordinautError`; contended (`lost_races`) if every race was lost within the bound, or
        (`unknown_outcome`) where that cannot be told.
        """
        self._unsettled = []
        for attempt in range(ATTEMPTS):
            with self.store.queue(QUEUE_S):
                done = self._attempt(request, actor)
            if done:
                return done
            back_off(attempt, FIRST_PAUSE_S, LONGEST_PAUSE_S)
        return self._given_up()

    def events(self) -> Iterator[tuple[Entry, Operation]]:
        """Every operation, newest first."""
        head = self.read().head
        return ((entry, from_entry(entry)) for entry in self.store.log(head))

    def _attempt(self, request: Request, actor: Actor) -> Done | None:
        """One round; None when the race was lost or its outcome is unknown: look again."""
        decision = self._guessed(request, actor)
        if decision is None:
            known = self._look()
            if late := self._landed(known):
                return Done(operation=late, state=known.state, moment=self.moment(known))
            decision = self._decided(known, request, actor)
        (head, state), moment, operation = decision
        if operation is None:
            return Done(operation=None, state=state, moment=moment)
        operation, new = carried_out(state, operation, state.seq + 1)
        entry = to_entry(operation, new.seq, views.summary(state, operation))
        after = self._published(Tried(head, operation), entry, new)
        return Done(operation=operation, state=after, moment=moment) if after else None

    def _guessed(self, request: Request, actor: Actor) -> "_Decision | None":
        """An operation for the commit to judge, decided on a state that may be old; None: look at the newest."""
        head = None if self._unsettled else self.store.likely()
        if head is None or head == self._lost:
            return None
        try:
            decision = self._decided(self._known_at(head), request, actor)
        except CoordinautError:
            return None
        return decision if decision.operation else None

    def _decided(self, known: Known, request: Request, actor: Actor) -> "_Decision":
        """What follows from the request in this state; raises the refusal."""
        moment = self.moment(known)
        outcome = decide(known.state, request, actor, moment, self._fresh())
        if isinstance(outcome, Refusal):
            raise _refused(outcome, moment)
        return _Decision(known, moment, outcome)

    def _look(self) -> Known:
        """The newest state; where it cannot be had, nobody can tell what became of an operation that is unsettled."""
        try:
            return self.read()
        except CoordinautError as error:
            if not self._unsettled:
                raise
            raise _unknown(self._unsettled[-1].operation) from error

    def _given_up(self) -> Done:
        """A last look at what became of the attempts, for an answer that says neither too much nor too little.

        An operation that was to stand after what is still the head may be published yet; after any other it cannot.
        """
        known = head, _ = self._look()
        if late := self._landed(known):
            return Done(operation=late, state=known.state, moment=self.moment(known))
        for tried in self._unsettled:
            if tried.head == head:
                raise _unknown(tried.operation)
        raise contended(
            "lost_races",
            f"Others were faster {ATTEMPTS} times in a row; nothing was changed.",
            hint="Try again; if it stays so, look for a process that writes in a loop: coordinaut watch",
        )

    def _published(self, tried: Tried, entry: Entry, new: State) -> State | None:
        """The state with the entry on the line; None where the race was lost, or where that is not known yet."""
        written = False

        def changes() -> Mapping[str, bytes | None]:
            nonlocal written
            written = True
            return new.changes()

        def contents() -> Mapping[str, bytes]:
            nonlocal written
            written = True
            return new.contents()

        try:
            if isinstance(tried.operation.change, SchemaMigrated):
                now = self.store.rewrite(tried.head, entry, contents)
            else:
                now = self.store.commit(tried.head, entry, changes)
        except StaleHead:
            self._lost = tried.head
            return None
        except OutcomeUnknown:
            self._unsettled.append(tried)
            return None
        self._known = Known(now, self._rebased(now, new) if written else new)
        return self._known.state

    def _rebased(self, head: Head, state: State) -> State:
        """The same state on the documents that were just written, so that what lies above them does not pile up."""
        snapshot = self.store.snapshot(head)
        return state.rebased(snapshot.documents) if snapshot.seq == state.seq else state

    def _landed(self, known: Known) -> Operation | None:
        """Of the operations whose outcome was unknown, the one that is on the line after all, however late.

        One that was refused there, since the line was joined to another meanwhile, has not done what was asked for.
        """
        for tried in self._unsettled:
            name = tried.operation.id
            if any(entry.id == name for entry in self._since(tried, known.head)) and not known.state.refusal(name):
                return tried.operation
        return None

    def _since(self, tried: Tried, head: Head) -> tuple[Entry, ...]:
        """What came on the line after the point where an operation was to stand, or where the line was joined since."""
        entries = self.store.since(tried.head, head)
        if entries is None and isinstance(self.store, Joining):
            with suppress(CoordinautError):  # what was on the line before may be gone
                meeting = meet_within(self.store, head, tried.head, MOST_APART)
                entries = meeting.ours if meeting else None
        if entries is None:
            raise _unknown(tried.operation)
        return entries

    def _fresh(self) -> Fresh:
        token = self._ids.token
        return Fresh(
            operation=f"op_{token(OPERATION_BYTES)}",
            task=token(TASK_BYTES),
            fold=self._fold,
            storage=self._storage,
        )

    def _known_at(self, head: Head) -> Known:
        if self._known is None or self._known.head != head:
            self._known = self._caught_up(head) or Known(head, self._state_afresh(head))
        return self._known

    def _caught_up(self, head: Head) -> Known | None:
        """The state at `head` from the one we know and the entries in between, if they are few."""
        if self._known is None or self._known.state.unwritten > MOST_UNWRITTEN:
            return None
        state = self._onward(self._known, head)
        return Known(head, state) if state else None

    def _onward(self, known: Known, head: Head) -> State | None:
        """The state at `head` from one before it; None if many operations lie between, or one that rewrote documents.

        What is known may have come from the documents that were found wanting.
        """
        entries = self.store.since(known.head, head)
        operations = None if entries is None else [(from_entry(entry), entry.seq) for entry in entries]
        if operations is None or any(isinstance(operation.change, SchemaMigrated) for operation, _ in operations):
            return None
        return _after(known.state, operations)

    def _state_afresh(self, head: Head) -> State:
        if not self._anew:
            return self.state_of_documents(head)
        assert self._replay is not None
        return self._replay(head)

    def state_of_documents(self, head: Head) -> State:
        """The state at `head` as the documents there have it; raises `older_format`, `newer_format`, `unreadable_…`."""
        return state_at(self.store, head)


def no_store() -> CoordinautError:
    """The error before `init`."""
    return not_found("no_store", "Nothing is coordinated in this repository yet.", hint="Start with: coordinaut init")


def _unknown(operation: Operation) -> CoordinautError:
    return contended(
        "unknown_outcome",
        f"It could not be told whether operation {operation.id} was written.",
        hint=f"Look for it before you ask again: coordinaut watch --since {operation.id}",
        operation=operation.id,
    )


def state_at(store: Store, head: Head) -> State:
    """The state at a point, as the documents and the operations since have it; raises as `state_of_documents`."""
    snapshot = store.snapshot(head)
    operations = ((from_entry(entry), entry.seq) for entry in snapshot.entries)
    return _after(State(snapshot.documents, snapshot.seq), operations)


def _after(state: State, operations: Iterable[tuple[Operation, int]]) -> State:
    for operation, seq in operations:
        state = apply(state, operation, seq)
    return state


def _refused(refusal: Refusal, moment: Moment) -> CoordinautError:
    error = refusal.as_error()
    error.details.update(views.refusal_details(refusal, moment))
    return error
