"""What is lawful. The whole law of leases and tasks stands in this file, in a reading of ten minutes.

A request is turned into an operation by `decide`; an operation is carried out by `apply`. Both ask `unlawful` first, so
that what is refused to somebody today and what is refused when a history is replayed tomorrow is one and the same.

Rule 1: a judgement depends on the state and the operation alone: no clock is read here. That a lease has *expired* is
        judged by who takes it over; the operation names exactly the leases it ends, and here they must be those.
Rule 2: nothing here raises for what an operation may hold; the answer is None or a `Refusal`.
Rule 3: tables before code.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from coordinaut_git.errors import CoordinautError, Kind
from coordinaut_git.protocol.model import Lease, Mode, Status, Takeover, Task
from coordinaut_git.protocol.ops import (
    LeasesRenewed,
    MessagePosted,
    MessagesRead,
    Operation,
    Renewal,
    TaskClaimed,
    TaskCreated,
    TaskReleased,
    TaskUpdated,
)
from coordinaut_git.protocol.scope import Meeting, meeting
from coordinaut_git.protocol.state import CLOSED, State
from coordinaut_git.protocol.wellformed import check_operation

# --- the tables -------------------------------------------------------------------------------------------------------

BESIDE: dict[Mode, frozenset[Mode]] = {
    Mode.EXCLUSIVE: frozenset({Mode.ADVISORY}),
    Mode.SHARED_DOCS: frozenset({Mode.SHARED_DOCS, Mode.ADVISORY}),
    Mode.SHARED_READ: frozenset({Mode.SHARED_READ, Mode.ADVISORY}),
    Mode.ADVISORY: frozenset(Mode),
}
"""Which modes of two different instances may stand beside each other on one path."""

COVERS_WRITES = frozenset({Mode.EXCLUSIVE, Mode.SHARED_DOCS})
"""The modes under which an instance may change what its scope covers."""

ON_CLAIM = {Status.OPEN: Status.CLAIMED}
"""What a claim makes of a task's status; the others stay."""

ON_RELEASE = {Status.CLAIMED: Status.OPEN, Status.INVESTIGATING: Status.OPEN, Status.FIXING: Status.OPEN}
"""What a release without a word makes of a task's status; the others stay: nobody works on what nobody holds."""

ON_TAKEOVER = ON_RELEASE
"""What losing its lease to somebody's takeover of the scope makes of a task's status."""

HELD_ONLY = frozenset({Status.CLAIMED})
"""The statuses that say a lease is there."""

REOPENED = frozenset({Status.OPEN})
"""Where a done or cancelled task can go."""


# --- the answers ------------------------------------------------------------------------------------------------------


class Clash(NamedTuple):
    """A lease in the way, and where the scopes meet (None: the lease is on the very task)."""

    lease: Lease
    meeting: Meeting | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """The rules say no: as data, for the asker now or for the record of a replay."""

    code: str
    reason: str
    hint: str | None = None
    clashes: tuple[Clash, ...] = ()
    kind: Kind = Kind.REFUSED

    def as_error(self) -> CoordinautError:
        """The refusal as the error an asker gets (without the conflicts' outside form)."""
        return CoordinautError(self.kind, self.code, self.reason, hint=self.hint)


# --- the law ----------------------------------------------------------------------------------------------------------


def unlawful(state: State, operation: Operation) -> Refusal | None:
    """Why this operation may not follow on this state; None if it may."""
    try:
        check_operation(operation)
    except CoordinautError as error:
        return Refusal(code=error.code, reason=error.message, hint=error.hint, kind=error.kind)
    match operation.change:
        case TaskCreated() as change:
            return _unlawful_creation(state, change)
        case TaskUpdated() as change:
            return _unlawful_update(state, operation, change)
        case TaskClaimed() as change:
            return _unlawful_claim(state, operation, change)
        case TaskReleased() as change:
            return _unlawful_release(state, operation, change)
        case LeasesRenewed():
            return _unlawful_renewal(state, operation)
        case MessagePosted() as change:
            return _no_task(change.task_id) if change.task_id and not state.task(change.task_id) else None
        case MessagesRead():
            return None if operation.actor.instance else _no_instance("An inbox belongs to an agent instance.")


def clashes(state: State, instance: str | None, files: tuple[str, ...], mode: Mode, *, fold: bool) -> Iterator[Clash]:
    """The leases of other instances, expired or not, that do not go together with this scope in this mode."""
    beside = BESIDE[mode]
    for lease in state.leases().values():
        if lease.agent_instance != instance and lease.mode not in beside:
            where = meeting(files, lease.files, fold=fold or lease.fold)
            if where:
                yield Clash(lease, where)


def _unlawful_creation(state: State, change: TaskCreated) -> Refusal | None:
    if state.task(change.task_id):
        return Refusal(code="task_exists", reason=f"There is a task {change.task_id} already.")
    return None


def _unlawful_update(state: State, operation: Operation, change: TaskUpdated) -> Refusal | None:
    task = state.task(change.task_id)
    if not task:
        return _no_task(change.task_id)
    refusal = _somebody_elses(state, task, operation)
    if refusal:
        return refusal
    if change.status and task.status in CLOSED and change.status not in REOPENED | {task.status}:
        return Refusal(
            code="task_closed",
            reason=f"{task.display_id} is {task.status}; it cannot become {change.status}.",
            hint=f"Open it again first: coordinaut update --task {task.display_id} --status open",
        )
    if change.status in HELD_ONLY and not state.lease(task.id):
        return Refusal(
            code="not_claimed",
            reason=f"{task.display_id} cannot become {change.status}: nobody holds it.",
            hint=f"Claim it: coordinaut claim --task {task.display_id}",
        )
    return None


def _unlawful_claim(state: State, operation: Operation, change: TaskClaimed) -> Refusal | None:
    task, instance = state.task(change.task_id), operation.actor.instance
    if not task:
        return _no_task(change.task_id)
    if not instance:
        return _no_instance("A lease needs an agent instance that owns it.")
    if task.status in CLOSED:
        return Refusal(
            code="task_closed",
            reason=f"{task.display_id} is {task.status}.",
            hint=f"Open it again first: coordinaut update --task {task.display_id} --status open",
        )
    if change.takeovers and not change.reason:
        return Refusal(code="takeover_needs_reason", reason="A takeover must say why.")
    found = in_the_way(state, instance, change)
    ended = set(change.takeovers)
    blocking = tuple(clash for clash in found if takeover_of(clash.lease) not in ended)
    return Refusal(code="scope_conflict", reason="The scope is held.", clashes=blocking) if blocking else None


def in_the_way(state: State, instance: str, change: TaskClaimed) -> list[Clash]:
    """The lease of another instance on the task itself, then those whose scopes meet the claim's."""
    own = state.lease(change.task_id)
    held = [Clash(own, None)] if own and own.agent_instance != instance else []
    others = clashes(state, instance, change.files, change.mode, fold=change.fold)
    return held + [clash for clash in others if clash.lease.task_id != change.task_id]


def takeover_of(lease: Lease) -> Takeover:
    """The takeover that would end exactly this lease as it is now."""
    return Takeover(
        task_id=lease.task_id, agent_instance=lease.agent_instance, fence=lease.fence, expires_at=lease.expires_at
    )


def _unlawful_release(state: State, operation: Operation, change: TaskReleased) -> Refusal | None:
    task = state.task(change.task_id)
    if not task:
        return _no_task(change.task_id)
    if change.status in HELD_ONLY:
        return Refusal(
            code="bad_status",
            reason=f"{task.display_id} cannot stay {change.status} when nobody holds it.",
            hint="Leave --status out, or give open, verifying, blocked or done.",
            kind=Kind.INVALID,
        )
    return _not_held(task) if not state.lease(task.id) else _somebody_elses(state, task, operation)


def _unlawful_renewal(state: State, operation: Operation) -> Refusal | None:
    """Renewals that come with other operations may fall away; a heartbeat that renews nothing is refused."""
    if any(standing(state, operation)):
        return None
    for renewal in operation.renewals:
        task = state.task(renewal.task_id)
        if not task:
            return _no_task(renewal.task_id)
        return _not_held(task) if not state.lease(task.id) else _somebody_elses(state, task, operation)
    return Refusal(code="not_claimed", reason="There is no lease to renew.")


def standing(state: State, operation: Operation) -> Iterator[tuple[Lease, Renewal]]:
    """The renewals that can be carried out: those of leases the actor holds now."""
    for renewal in operation.renewals:
        lease = state.lease(renewal.task_id)
        if lease and lease.agent_instance == operation.actor.instance:
            yield lease, renewal


def _not_held(task: Task) -> Refusal:
    return Refusal(
        code="not_claimed",
        reason=f"Nobody holds {task.display_id}.",
        hint=f"See who did what: coordinaut watch --task {task.display_id}",
    )


def _somebody_elses(state: State, task: Task, operation: Operation) -> Refusal | None:
    lease = state.lease(task.id)
    if not lease or lease.agent_instance == operation.actor.instance:
        return None
    asker = operation.actor.instance or "somebody without an instance"
    return Refusal(
        code="not_owner",
        reason=f"{task.display_id} is held by {holder(lease)}, not by {asker}.",
        hint=f"See until when: coordinaut status. Or ask {lease.agent or 'its holder'} to hand it over.",
        clashes=(Clash(lease, None),),
    )


def _no_instance(reason: str) -> Refusal:
    return Refusal(code="no_instance", reason=reason, hint="Give --agent-instance.", kind=Kind.INVALID)


def _no_task(task_id: str) -> Refusal:
    return Refusal(code="no_such_task", reason=f"There is no task {task_id}.", kind=Kind.NOT_FOUND)


def holder(lease: Lease) -> str:
    """The holder of a lease as people name it."""
    return f"{lease.agent} ({lease.agent_instance})" if lease.agent else lease.agent_instance
