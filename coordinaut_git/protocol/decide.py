"""From what is asked to what happened: `decide(state, request, …)` gives an operation, a refusal, or nothing to do.

Rule 1: pure. Who acts, what time it is and which ids are new are arguments.
Rule 2: a choice is made here or never: the operation leaves no default open.
Rule 3: what is lawful, `rules.unlawful` says; here stands only how a request is read, and what depends on a clock.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import islice
from typing import NamedTuple

from coordinaut_git.errors import invalid
from coordinaut_git.protocol import requests as ask
from coordinaut_git.protocol.model import DEFAULT_PRIORITY, Actor, Check, CheckStatus, Lease, Mode, Task
from coordinaut_git.protocol.ops import (
    Change,
    LeasesRenewed,
    Operation,
    Renewal,
    TaskClaimed,
    TaskCreated,
    TaskReleased,
    TaskUpdated,
)
from coordinaut_git.protocol.references import display_id, find_task, stable_id
from coordinaut_git.protocol.rules import ON_RELEASE, Clash, Refusal, holder, in_the_way, takeover_of, unlawful
from coordinaut_git.protocol.scope import check_scope
from coordinaut_git.protocol.state import State
from coordinaut_git.protocol.values import Instant, check_text, clip, duration_ms
from coordinaut_git.protocol.wellformed import MAX_LISTED, check_actor

DEFAULT_TERM_MS = 30 * 60_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """What time it is for one decision.

    `at`: the instant the operation gets, never before the newest on the line. `local`: this machine's clock.
    `elapsed`: milliseconds since this machine saw the operation at a position of the line, None if it did not.
    `tolerance_ms`: how far clocks may differ where only instants can be compared.
    """

    at: Instant
    local: Instant
    elapsed: Callable[[int], int | None] = lambda _: None
    tolerance_ms: int = 0

    def expired(self, lease: Lease) -> bool:
        """Whether a lease's term has run out: by our own elapsed time where we saw it start, else by instants.

        Within its term by instants it counts as held without a further look; a clock that was set back only delays.
        """
        left_ms = lease.expires_at - self.local
        if 0 < left_ms <= lease.term_ms:
            return False
        elapsed = self.elapsed(lease.seq)
        return left_ms + self.tolerance_ms <= 0 if elapsed is None else elapsed >= lease.term_ms


@dataclass(frozen=True, slots=True, kw_only=True)
class Fresh:
    """What chance and the place give to one decision: unused id tokens, and whether paths here ignore case."""

    operation: str
    task: str
    fold: bool = False


Outcome = Operation | Refusal | None
Made = tuple[Change, tuple[Renewal, ...]] | Refusal | None


class Asker(NamedTuple):
    """Who asks, of which state, when and where."""

    state: State
    actor: Actor
    moment: Moment
    fresh: Fresh

    def own(self, task_id: str) -> Lease | None:
        """The asker's lease on a task, expired or not."""
        lease = self.state.lease(task_id)
        return lease if lease and lease.agent_instance == self.actor.instance else None


def decide(state: State, request: ask.Request, actor: Actor, moment: Moment, fresh: Fresh) -> Outcome:
    """What follows from a request: an operation that is lawful now, a refusal, or None where nothing needs writing.

    Raises `CoordinautError` (invalid, not_found) for a request that makes no sense.
    """
    check_actor(actor)
    made = _made(Asker(state, actor, moment, fresh), request)
    if made is None or isinstance(made, Refusal):
        return made
    change, renewals = made
    operation = Operation(id=fresh.operation, at=moment.at, actor=actor, change=change, renewals=renewals)
    refusal = unlawful(state, operation)
    return _explained(refusal, moment) if refusal else operation


def _made(asker: Asker, request: ask.Request) -> Made:
    match request:
        case ask.CreateTask():
            return _create(asker, request)
        case ask.UpdateTask():
            return _update(asker, request)
        case ask.ClaimTask():
            return _claim(asker, request)
        case ask.Heartbeat():
            return _heartbeat(asker, request)
        case ask.ReleaseTask():
            return _release(asker, request)
        case _:
            raise TypeError(f"{type(request).__name__} changes nothing")


def _create(asker: Asker, request: ask.CreateTask) -> Made:
    state, day = asker.state, asker.moment.at.day
    number = state.last_number(day) + 1
    change = TaskCreated(
        task_id=stable_id(day, number, asker.fresh.task),
        display_id=display_id(day, number),
        title=request.title,
        scope=request.scope,
        files=check_scope(request.files) if request.files else (),
        priority=DEFAULT_PRIORITY if request.priority is None else request.priority,
        depends_on=_dependencies(state, request.depends_on),
    )
    return change, due_renewals(asker)


def _update(asker: Asker, request: ask.UpdateTask) -> Made:
    task = find_task(asker.state, request.task)
    change = TaskUpdated(
        task_id=task.id,
        status=request.status,
        next=request.next,
        checks=tuple(_check(text, asker.moment.at) for text in request.check),
        blockers=request.blocker,
        clear_blockers=request.clear_blockers,
        title=request.title,
        scope=request.scope,
        files=check_scope(request.files) if request.files else None,
        priority=request.priority,
        depends_on=_dependencies(asker.state, request.depends_on, task) if request.depends_on else None,
    )
    if change == TaskUpdated(task_id=task.id):
        raise invalid("nothing_to_update", "Nothing was said about the task.", hint="Give --status, --next or another.")
    return _own_expired(asker, task) or (change, due_renewals(asker))


def _claim(asker: Asker, request: ask.ClaimTask) -> Made:
    if not request.task:
        raise invalid("no_task", "No task was named.", hint="Name one: coordinaut claim --task AGT-…")
    task = find_task(asker.state, request.task)
    own = asker.own(task.id)
    files = _widened(own.files if own else (), request.files) or task.files
    if not files:
        raise invalid(
            "no_files",
            f"{task.display_id} names no files, and none were given.",
            hint=f'Say what you will change: coordinaut claim --task {task.display_id} --files "src/**"',
        )
    change = TaskClaimed(
        task_id=task.id,
        files=files,
        mode=request.mode or (own.mode if own else Mode.EXCLUSIVE),
        term_ms=_term(request.ttl, own),
        fold=asker.fresh.fold,
    )
    return _taking_over(asker, request.takeover_reason, change), due_renewals(asker, without=task.id)


def _taking_over(asker: Asker, reason: str | None, change: TaskClaimed) -> TaskClaimed:
    """The claim with the expired leases it ends, if a reason was given; an unneeded reason is dropped."""
    if reason is None or not asker.actor.instance:
        return change
    check_text("the takeover reason", reason)
    found = in_the_way(asker.state, asker.actor.instance, change)
    ended = tuple(takeover_of(clash.lease) for clash in found if asker.moment.expired(clash.lease))
    return replace(change, takeovers=ended, reason=reason) if ended else change


def _heartbeat(asker: Asker, request: ask.Heartbeat) -> Made:
    state, moment = asker.state, asker.moment
    if request.task:
        task = find_task(state, request.task)
        own = asker.own(task.id)
        if own and not moment.expired(own) and not _due(own, request.ttl, moment):
            return None
        renewal = Renewal(task_id=task.id, term_ms=_term(request.ttl, own))
        return _own_expired(asker, task) or (LeasesRenewed(task_id=task.id), (renewal,))
    leases = state.leases_of(asker.actor.instance)
    alive = [lease for lease in leases if not moment.expired(lease)]
    if leases and not alive:
        return _expired(leases[0])
    due = [lease for lease in alive if _due(lease, request.ttl, moment)]
    renewals = tuple(Renewal(task_id=lease.task_id, term_ms=_term(request.ttl, lease)) for lease in due)
    return (LeasesRenewed(), renewals[:MAX_LISTED]) if renewals else None


def _release(asker: Asker, request: ask.ReleaseTask) -> Made:
    task = find_task(asker.state, request.task)
    status = request.status or ON_RELEASE.get(task.status, task.status)
    change = TaskReleased(task_id=task.id, status=status, reason=request.reason)
    return change, due_renewals(asker, without=task.id)


def due_renewals(asker: Asker, *, without: str = "") -> tuple[Renewal, ...]:
    """What a holder's operation renews on the way: its unexpired leases with less than half of their term left."""
    if not asker.actor.instance:
        return ()
    due = (
        Renewal(task_id=lease.task_id, term_ms=lease.term_ms)
        for lease in asker.state.leases_of(asker.actor.instance)
        if lease.task_id != without and _due(lease, None, asker.moment) and not asker.moment.expired(lease)
    )
    return tuple(islice(due, MAX_LISTED))


def _due(lease: Lease, ttl: str | None, moment: Moment) -> bool:
    if ttl is not None and duration_ms(ttl) != lease.term_ms:
        return True
    return lease.expires_at - moment.at < lease.term_ms // 2


def _own_expired(asker: Asker, task: Task) -> Refusal | None:
    own = asker.own(task.id)
    return _expired(own) if own and asker.moment.expired(own) else None


def _expired(lease: Lease) -> Refusal:
    return Refusal(
        code="lease_expired",
        reason=f"The lease of {holder(lease)} on {lease.display_id} expired at {lease.expires_at}.",
        hint=f"Nobody took it over yet; claim it again: coordinaut claim --task {lease.display_id}",
        clashes=(Clash(lease, None),),
    )


def _explained(refusal: Refusal, moment: Moment) -> Refusal:
    """A refused claim in words: who holds what until when, and whether it has expired."""
    if refusal.code != "scope_conflict":
        return refusal
    parts = [_obstacle(clash, moment) for clash in refusal.clashes]
    more = f", and {len(parts) - 2} more" if len(parts) > 2 else ""  # noqa: PLR2004 - two fit in a sentence
    reason = "; ".join(parts[:2]) + more + "."
    if all(moment.expired(clash.lease) for clash in refusal.clashes):
        hint = "Look at what it left (coordinaut watch, git log); whoever takes over has to say why."
        return replace(refusal, code="takeover_needs_reason", reason=reason, hint=hint)
    first = refusal.clashes[0].lease
    hint = f"Ask {holder(first)} to hand it over, choose other files, or wait until {first.expires_at}."
    return replace(refusal, reason=reason, hint=hint)


def _obstacle(clash: Clash, moment: Moment) -> str:
    lease, meeting = clash
    state = "expired at" if moment.expired(lease) else "until"
    if meeting is None:
        return f"{lease.display_id} is held by {holder(lease)}, {state} {lease.expires_at}"
    return (
        f"{meeting.theirs} is held by {holder(lease)} for {lease.display_id} ({lease.mode}), "
        f"{state} {lease.expires_at}; {meeting.mine} meets it at {meeting.example}"
    )


def _widened(held: tuple[str, ...], asked: tuple[str, ...]) -> tuple[str, ...]:
    return check_scope((*held, *asked)) if asked else held


def _term(ttl: str | None, lease: Lease | None) -> int:
    if ttl is None:
        return lease.term_ms if lease else DEFAULT_TERM_MS
    return duration_ms(ttl)


def _dependencies(state: State, references: tuple[str, ...], task: Task | None = None) -> tuple[str, ...]:
    found = tuple(dict.fromkeys(find_task(state, reference).id for reference in references))
    if task:
        _check_no_circle(state, task, found)
    return found


def _check_no_circle(state: State, task: Task, depends_on: tuple[str, ...]) -> None:
    seen: set[str] = set()
    waiting = list(depends_on)
    while waiting:
        task_id = waiting.pop()
        if task_id == task.id:
            raise invalid("circular_dependency", f"{task.display_id} would depend on itself.")
        if task_id not in seen:
            seen.add(task_id)
            other = state.task(task_id)
            waiting.extend(other.depends_on if other else ())


def _check(text: str, at: Instant) -> Check:
    name, equals, status = text.rpartition("=")
    if not equals or status not in set(CheckStatus):
        raise invalid(
            "bad_check", f"{clip(text)!r} is not a check.", hint="Write NAME=passed, NAME=failed or NAME=pending."
        )
    return Check(name=name, status=CheckStatus(status), at=at)
