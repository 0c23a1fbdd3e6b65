"""From what happened to what is: `apply(state, operation, seq)` gives the next state.

Rule 1: total. It never raises for an operation that could be read: what is not lawful where it stands leaves the state
        as it was, but for the record of the refusal.
Rule 2: a pure function of the line: the same operations give the same documents, byte for byte, in every clone.
"""

from dataclasses import replace
from typing import NamedTuple

from coordinaut_git.protocol import handing, letters
from coordinaut_git.protocol.holding import parts_of
from coordinaut_git.protocol.model import (
    Actor,
    Alias,
    Handoff,
    Home,
    Instance,
    Lease,
    Numbers,
    RefusedOperation,
    Signers,
    Task,
)
from coordinaut_git.protocol.ops import (
    HandoffAnswered,
    HandoffRequested,
    HandoffsKept,
    LeasesRenewed,
    MessagePosted,
    MessagesRead,
    Operation,
    SchemaMigrated,
    SignersSet,
    StateMoved,
    TaskClaimed,
    TaskCreated,
    TaskReleased,
    TaskUpdated,
)
from coordinaut_git.protocol.paths import (
    HOME,
    SIGNERS,
    alias_path,
    instance_path,
    lease_path,
    numbers_path,
    refusal_path,
    task_path,
)
from coordinaut_git.protocol.references import display_id
from coordinaut_git.protocol.refusals import Refusal
from coordinaut_git.protocol.rules import (
    ON_CLAIM,
    ON_TAKEOVER,
    in_the_way,
    standing,
    takeover_of,
    unlawful,
)
from coordinaut_git.protocol.state import CLOSED, State
from coordinaut_git.protocol.step import Step, Writes, moved_task, set_status
from coordinaut_git.protocol.values import Instant
from coordinaut_git.protocol.wellformed import MAX_LISTED

ID_CHARS = 128


class Applied(NamedTuple):
    """An operation as it stands in its place, the state after it, and the record of its refusal; None: carried out."""

    operation: Operation
    state: State
    refused: RefusedOperation | None


def apply(state: State, operation: Operation, seq: int) -> State:
    """The state after `operation` at position `seq`."""
    return applied(state, operation, seq).state


def applied(state: State, operation: Operation, seq: int) -> Applied:
    """What becomes of `operation` at position `seq`."""
    refusal = unlawful(state, operation)
    if refusal is None:
        return Applied(*carried_out(state, operation, seq), None)
    record = _record(operation, refusal, state.at)
    told = letters.refused(Step(state, operation.actor, seq, state.at), record, refusal)
    after = state.changed({refusal_path(record): record} | told, seq=seq, at=state.at)
    return Applied(replace(operation, about=(), refused=refusal.code), after, record)


def carried_out(state: State, operation: Operation, seq: int) -> tuple[Operation, State]:
    """The operation with what it is `about`, and the state after it, if it is known to be lawful on `state`."""
    at = Instant(max(operation.at, state.at))
    step = Step(state, operation.actor, seq, at)
    writes = _renewed(step, operation)
    writes |= _effects(step.after(writes), operation)
    writes |= handing.settled(step, writes, operation)
    if (about := _others(writes, operation)) != operation.about:
        operation = replace(operation, about=about)
    return operation, state.changed(writes | _seen(step), seq=seq, at=at)


def _others(writes: Writes, operation: Operation) -> tuple[str, ...]:
    """The tasks whose leases or handoffs an operation changed and that it does not name."""
    touched = {path.removeprefix("leases/").removesuffix(".json") for path in writes if path.startswith("leases/")}
    touched |= {written.task_id for written in writes.values() if isinstance(written, Handoff)}
    return tuple(sorted(touched - operation.named))[:MAX_LISTED]


def _effects(step: Step, operation: Operation) -> Writes:
    match operation.change:
        case TaskCreated() as change:
            return _created(step, change, operation.id)
        case TaskUpdated() as change:
            return _updated(step, change)
        case TaskClaimed() as change:
            return _claimed(step, change, operation.id)
        case TaskReleased() as change:
            return set_status(step, change.task_id, change.status) | {lease_path(change.task_id): None}
        case MessagePosted() as change:
            return letters.posted(step, change, operation.id)
        case MessagesRead() as change:
            return letters.read(step, change)
        case LeasesRenewed() | SchemaMigrated():
            return {}
        case StateMoved() | SignersSet() as change:
            return _noted(step, change)
        case HandoffRequested() | HandoffAnswered() | HandoffsKept() as change:
            return handing.effects(step, change, operation)


def _noted(step: Step, change: StateMoved | SignersSet) -> Writes:
    match change:
        case StateMoved():
            return {HOME: _home(step, change)}
        case SignersSet(signers=lines):
            return {SIGNERS: Signers(lines=lines, at=step.at, by=step.actor.instance or "human")}


def _home(step: Step, change: StateMoved) -> Home:
    return Home(
        storage=change.to,
        at=step.at,
        by=step.actor.instance or "human",
        agent=step.actor.agent,
        state_dir=change.state_dir,
        remote_url=change.remote_url,
        team=change.team,
        project=change.project,
    )


def _renewed(step: Step, operation: Operation) -> Writes:
    return {
        lease_path(lease.task_id): replace(
            lease, expires_at=Instant(step.at + renewal.term_ms), term_ms=renewal.term_ms, seq=step.seq
        )
        for lease, renewal in standing(step.state, operation)
    }


def _created(step: Step, change: TaskCreated, operation_id: str) -> Writes:
    _, day, digits = change.display_id.split("-")
    number = step.state.last_number(day) + 1
    shown = display_id(day, number)
    writes: Writes = {}
    if number != int(digits):  # minted apart from others: it gets the number of its place, found by an alias
        writes[alias_path(shown)] = Alias(task_id=change.task_id)
    if change.known_as and change.known_as != shown:
        writes |= letters.renumbered(step, change, shown, letters.letter_id(operation_id, number))
    task = Task(
        id=change.task_id,
        display_id=shown,
        title=change.title,
        created_at=step.at,
        created_by=step.actor.instance or "human",
        updated_at=step.at,
        scope=change.scope,
        files=change.files,
        priority=change.priority,
        depends_on=change.depends_on,
    )
    return writes | {numbers_path(day): Numbers(last=number), task_path(task.id, closed=False): task}


def _updated(step: Step, change: TaskUpdated) -> Writes:
    old = step.task(change.task_id)
    checks = {check.name: check for check in (*old.checks, *change.checks)}
    new = replace(
        old,
        status=change.status or old.status,
        next=old.next if change.next is None else change.next,
        checks=tuple(checks.values()),
        blockers=(() if change.clear_blockers else old.blockers) + change.blockers,
        title=change.title or old.title,
        scope=old.scope if change.scope is None else change.scope,
        files=old.files if change.files is None else change.files,
        priority=old.priority if change.priority is None else change.priority,
        depends_on=old.depends_on if change.depends_on is None else change.depends_on,
        updated_at=step.at,
    )
    ended: Writes = {lease_path(new.id): None} if new.status in CLOSED and step.state.lease(new.id) else {}
    return moved_task(old, new) | ended


def _claimed(step: Step, change: TaskClaimed, operation_id: str) -> Writes:
    task = step.task(change.task_id)
    named = set(change.takeovers)
    found = in_the_way(step.state, step.actor.instance or "", change)
    ended = [clash.lease for clash in found if takeover_of(clash.lease) in named]
    lease = granted(step, task, change, ended)
    writes: Writes = {}
    for number, lost in enumerate(ended):
        writes |= _lost(step, lost, change)
        writes |= letters.taken_over(step, lost, change.reason or "", letters.letter_id(operation_id, number))
    status = ON_CLAIM.get(task.status, task.status)
    return writes | set_status(step, task.id, status) | {lease_path(task.id): lease}


def granted(step: Step, task: Task, change: TaskClaimed, ended: list[Lease]) -> Lease:
    """The lease after a claim; one that only renews what is unexpired keeps its fence."""
    held, actor, at = step.state.lease(task.id), step.actor, step.at
    own = held if held and held.agent_instance == actor.instance else None
    same = own is not None and (parts_of(own), own.mode, own.fold) == (parts_of(change), change.mode, change.fold)
    renewed = own if own and same and at < own.expires_at else None
    return Lease(
        task_id=task.id,
        display_id=task.display_id,
        agent_instance=actor.instance or "",
        agent=actor.agent or (own.agent if own else None),
        thread_id=actor.thread_id or (own.thread_id if own else None),
        tool=actor.tool,
        files=change.files,
        without=change.without,
        also=change.also,
        mode=change.mode,
        fold=change.fold,
        granted_at=renewed.granted_at if renewed else at,
        expires_at=Instant(at + change.term_ms),
        term_ms=change.term_ms,
        fence=renewed.fence if renewed else step.seq,
        seq=step.seq,
        took_over=(own.took_over if own else ()) + tuple(takeover_of(lost) for lost in ended),
    )


def _lost(step: Step, lost: Lease, change: TaskClaimed) -> Writes:
    if lost.task_id == change.task_id:
        return {}
    task = step.task(lost.task_id)
    ended: Writes = {lease_path(task.id): None}
    return ended | set_status(step, task.id, ON_TAKEOVER.get(task.status, task.status))


def _seen(step: Step) -> Writes:
    """What is known of the acting instance: the newest name, thread and tool it gave."""
    actor = step.actor
    if not actor.instance:
        return {}
    known = step.state.instance(actor.instance)
    new = Instance(
        id=actor.instance,
        name=actor.agent or (known.name if known else actor.instance),
        thread_id=actor.thread_id or (known.thread_id if known else None),
        tool=actor.tool if actor.tool != Actor().tool or not known else known.tool,
        started_at=known.started_at if known else step.at,
        last_seen_at=step.at,
    )
    return {instance_path(actor.instance): new}


def _record(operation: Operation, refusal: Refusal, at: Instant) -> RefusedOperation:
    """The refusal for the record; the operation may hold anything, so its ids are cleaned to fit paths and UTF-8."""
    return RefusedOperation(
        id=_cleaned(operation.id, "_") or "op",
        at=at,
        op=operation.op,
        code=refusal.code,
        agent_instance=_cleaned(operation.actor.instance or "", "._:@+-") or None,
        task_id=_cleaned(operation.change.task_id or "", "_") or None,
    )


def _cleaned(text: str, marks: str) -> str:
    """The beginning of an id, with only ASCII letters, digits and these marks left."""
    return "".join(char for char in text[:ID_CHARS] if char.isascii() and (char.isalnum() or char in marks))
