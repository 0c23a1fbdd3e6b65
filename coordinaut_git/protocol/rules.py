"""What is lawful. The whole law of leases and tasks stands in this file, in a reading of ten minutes.

A request is turned into an operation by `decide`; an operation is carried out by `apply`. Both ask `unlawful` first, so
that what is refused to somebody today and what is refused when a history is replayed tomorrow is one and the same.

Rule 1: a judgement depends on the state and the operation alone: no clock is read here. That a lease has *expired* is
        judged by who takes it over; the operation names exactly the leases it ends, and here they must be those.
Rule 2: nothing here raises for what an operation may hold; the answer is None or a `Refusal`.
Rule 3: tables before code.
"""

from collections.abc import Iterable, Iterator

from coordinaut_git.errors import CoordinautError, Kind
from coordinaut_git.protocol.holding import Parts, check_parts, meet_held, parts_of
from coordinaut_git.protocol.model import Answer, Handoff, HandoffStatus, Lease, Mode, Part, Status, Takeover, Task
from coordinaut_git.protocol.moving import Move, asked, ignores_case, mode_of, move, overlap
from coordinaut_git.protocol.ops import (
    HandoffAnswered,
    HandoffRequested,
    HandoffsKept,
    LeasesRenewed,
    MessagePosted,
    MessagesRead,
    Operation,
    Renewal,
    SchemaMigrated,
    SignersSet,
    StateMoved,
    TaskClaimed,
    TaskCreated,
    TaskReleased,
    TaskUpdated,
)
from coordinaut_git.protocol.paths import lease_path
from coordinaut_git.protocol.refusals import (
    TOO_PIECEMEAL,
    Clash,
    Refusal,
    closed,
    elsewhere,
    handoff_ended,
    handoff_pending,
    holder,
    in_a_thirds_way,
    no_handoff,
    no_instance,
    no_task,
    not_held,
    not_yours,
    nothing_in_hand,
    nothing_promised,
    promised_already,
    refused_before,
)
from coordinaut_git.protocol.state import CLOSED, PENDING, State
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

OWNER_ANSWERS = frozenset(Answer)
"""What the owner can say to a pending handoff."""

REQUESTER_ANSWERS = frozenset({Answer.CANCELLED})
"""What whoever asked can say to it."""

GIVING = frozenset({Answer.GRANT_AFTER_COMMIT, Answer.HANDOFF_NOW})
"""The answers that give something."""


# --- the law ----------------------------------------------------------------------------------------------------------


def unlawful(state: State, operation: Operation) -> Refusal | None:
    """Why this operation may not follow on this state; None if it may."""
    try:
        check_operation(operation)
    except CoordinautError as error:
        return Refusal(code=error.code, reason=error.message, hint=error.hint, kind=error.kind)
    found = _unlawful_change(state, operation)
    return refused_before(operation.refused, found) if operation.refused else found


def _unlawful_change(state: State, operation: Operation) -> Refusal | None:
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
        case MessagePosted() | SchemaMigrated() | StateMoved() | SignersSet() as change:
            return _unlawful_remark(state, change)
        case MessagesRead():
            return None if operation.actor.instance else no_instance("An inbox belongs to an agent instance.")
        case HandoffRequested() | HandoffAnswered() | HandoffsKept() as change:
            return _unlawful_handoff(state, operation, change)


def _unlawful_remark(state: State, change: MessagePosted | SchemaMigrated | StateMoved | SignersSet) -> Refusal | None:
    if isinstance(change, StateMoved) and state.home and state.home.storage != change.from_:
        return elsewhere(state.home, change.from_)
    return no_task(change.task_id) if change.task_id and not state.task(change.task_id) else None


def clashes(state: State, instance: str | None, scope: Parts, mode: Mode, *, fold: bool) -> Iterator[Clash]:
    """The leases of other instances, expired or not, that do not go together with this scope in this mode."""
    others = (lease for lease in state.leases().values() if lease.agent_instance != instance)
    return _in_conflict(others, scope, mode, fold=fold)


def _in_conflict(leases: Iterable[Lease], scope: Parts, mode: Mode, *, fold: bool) -> Iterator[Clash]:
    beside = BESIDE[mode]
    for lease in leases:
        if lease.mode not in beside:
            where = meet_held(scope, lease, fold=fold or lease.fold)
            if where:
                yield Clash(lease, where)


def _unlawful_creation(state: State, change: TaskCreated) -> Refusal | None:
    if state.task(change.task_id):
        return Refusal(code="task_exists", reason=f"There is a task {change.task_id} already.")
    return None


def _unlawful_update(state: State, operation: Operation, change: TaskUpdated) -> Refusal | None:
    task = state.task(change.task_id)
    if not task:
        return no_task(change.task_id)
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
        return no_task(change.task_id)
    if not instance:
        return no_instance("A lease needs an agent instance that owns it.")
    if task.status in CLOSED:
        return closed(task)
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
    others = clashes(state, instance, parts_of(change), change.mode, fold=change.fold)
    return held + [clash for clash in others if clash.lease.task_id != change.task_id]


def takeover_of(lease: Lease) -> Takeover:
    """The takeover that would end exactly this lease as it is now."""
    return Takeover(
        task_id=lease.task_id, agent_instance=lease.agent_instance, fence=lease.fence, expires_at=lease.expires_at
    )


def _unlawful_release(state: State, operation: Operation, change: TaskReleased) -> Refusal | None:
    task = state.task(change.task_id)
    if not task:
        return no_task(change.task_id)
    if change.status in HELD_ONLY:
        return Refusal(
            code="bad_status",
            reason=f"{task.display_id} cannot stay {change.status} when nobody holds it.",
            hint="Leave --status out, or give open, verifying, blocked or done.",
            kind=Kind.INVALID,
        )
    return not_held(task) if not state.lease(task.id) else _somebody_elses(state, task, operation)


def _unlawful_renewal(state: State, operation: Operation) -> Refusal | None:
    """Renewals that come with other operations may fall away; a heartbeat that renews nothing is refused."""
    if any(standing(state, operation)):
        return None
    for renewal in operation.renewals:
        task = state.task(renewal.task_id)
        if not task:
            return no_task(renewal.task_id)
        return not_held(task) if not state.lease(task.id) else _somebody_elses(state, task, operation)
    return Refusal(code="not_claimed", reason="There is no lease to renew.")


def standing(state: State, operation: Operation) -> Iterator[tuple[Lease, Renewal]]:
    """The renewals that can be carried out: those of leases the actor holds now."""
    for renewal in operation.renewals:
        lease = state.lease(renewal.task_id)
        if lease and lease.agent_instance == operation.actor.instance:
            yield lease, renewal


def _unlawful_handoff(
    state: State, operation: Operation, change: HandoffRequested | HandoffAnswered | HandoffsKept
) -> Refusal | None:
    if not operation.actor.instance:
        return no_instance("A handoff is from instance to instance.")
    match change:
        case HandoffRequested():
            return _unlawful_request(state, operation.actor.instance, change)
        case HandoffAnswered():
            return _unlawful_answer(state, operation.actor.instance, change)
        case HandoffsKept():
            return None if any(promised(state, operation, change)) else nothing_promised()


def _unlawful_request(state: State, instance: str, change: HandoffRequested) -> Refusal | None:
    task = state.task(change.task_id)
    if not task:
        return no_task(change.task_id)
    if state.handoff(change.handoff_id):
        return Refusal(code="handoff_exists", reason=f"There is a handoff {change.handoff_id} already.")
    for pending in state.pending_handoffs():
        about = (pending.requester, pending.task_id, pending.owner, pending.files)
        if about == (instance, change.task_id, change.owner, change.files):
            return handoff_pending(pending)
    mode, fold = _asked_in(state, instance, change)
    if not in_hand(state, change.owner, instance, (Part(files=change.files),), mode, fold=fold):
        return nothing_in_hand(change.owner, change.files)
    return cannot_receive(state, task, instance)


def _asked_in(state: State, instance: str, change: HandoffRequested) -> tuple[Mode, bool]:
    """How the files would be held: as all else in the requester's lease, which may not be what it was when it asked."""
    own = state.lease(change.task_id)
    if own is None or own.agent_instance != instance:
        return change.mode, change.fold
    return own.mode, change.fold or own.fold


def _unlawful_answer(state: State, instance: str, change: HandoffAnswered) -> Refusal | None:
    handoff = state.handoff(change.handoff_id)
    if not handoff or handoff.task_id != change.task_id:
        return no_handoff(change.handoff_id)
    answers = {handoff.requester: REQUESTER_ANSWERS, handoff.owner: OWNER_ANSWERS}.get(instance, frozenset())
    if change.status not in answers:
        return not_yours(handoff, instance, change.status, OWNER_ANSWERS)
    if handoff.status not in PENDING:
        return handoff_ended(handoff)
    if change.status not in GIVING:
        return None
    other = _promised_to(state, handoff)
    return promised_already(other) if other else cannot_move(state, handoff)


def cannot_move(state: State, handoff: Handoff) -> Refusal | None:
    """Why the files of a handoff cannot go from its owner to its task as things are: its owner must hold some."""
    return cannot_arrive(state, handoff) or (
        None if to_be_moved(state, handoff) else nothing_in_hand(handoff.owner, handoff.files)
    )


def cannot_arrive(state: State, handoff: Handoff) -> Refusal | None:
    """Why the requester's task cannot hold the files of a handoff, once its owner has let go of them."""
    task = state.task(handoff.task_id)
    if not task:
        return no_task(handoff.task_id)
    if refusal := cannot_receive(state, task, handoff.requester):
        return refusal
    mode, fold = mode_of(state, handoff), ignores_case(state, handoff)
    found = clashes(state, handoff.requester, asked(handoff), mode, fold=fold)
    others = tuple(clash for clash in found if clash.lease.agent_instance != handoff.owner)
    moved = move(state, handoff, to_be_moved(state, handoff))
    blocking = others or tuple(_met_in_any_case(state, moved))
    if blocking:
        return in_a_thirds_way(handoff, blocking)
    return _out_of_bounds(moved)


def _met_in_any_case(state: State, moved: Move) -> Iterator[Clash]:
    """What would stand in the way of the leases that begin to ignore case."""
    folded = moved.newly_folded()
    if folded:
        ended = {lease_path(lease.task_id): None for lease, scope in moved.left if not scope}
        after = state.changed(
            {**ended, **{lease_path(lease.task_id): lease for lease in folded}}, seq=state.seq, at=state.at
        )
        for lease in folded:
            yield from clashes(after, lease.agent_instance, parts_of(lease), lease.mode, fold=True)


def _out_of_bounds(moved: Move) -> Refusal | None:
    try:
        for scope in moved.scopes():
            check_parts(scope)
    except CoordinautError as error:
        return Refusal(code=error.code, reason=error.message, hint=TOO_PIECEMEAL, kind=error.kind)
    return None


def to_be_moved(state: State, handoff: Handoff) -> list[Lease]:
    """The owner's leases that hold some of what a handoff is about."""
    mode, fold = mode_of(state, handoff), ignores_case(state, handoff)
    return in_hand(state, handoff.owner, handoff.requester, asked(handoff), mode, fold=fold)


def cannot_receive(state: State, task: Task, instance: str) -> Refusal | None:
    """Why a task of this instance can be given nothing."""
    if task.status in CLOSED:
        return closed(task)
    lease = state.lease(task.id)
    if lease and lease.agent_instance != instance:
        return Refusal(
            code="not_owner",
            reason=f"{task.display_id} is held by {holder(lease)}, not by {instance}.",
            hint="Ask for files for a task that you hold, or that nobody holds.",
            clashes=(Clash(lease, None),),
        )
    return None


def in_hand(state: State, owner: str, other: str, scope: Parts, mode: Mode, *, fold: bool) -> list[Lease]:
    """The leases of `owner` that keep `other` from holding a scope in this mode."""
    leases = state.leases_of(owner) if owner != other else ()
    return [clash.lease for clash in _in_conflict(leases, scope, mode, fold=fold)]


def promised(state: State, operation: Operation, change: HandoffsKept) -> Iterator[Handoff]:
    """The handoffs that the actor has promised and can keep by this operation."""
    for handoff_id in dict.fromkeys(change.handoffs):
        handoff = state.handoff(handoff_id)
        if handoff and handoff.status == HandoffStatus.GRANT_AFTER_COMMIT and handoff.owner == operation.actor.instance:
            yield handoff


def _promised_to(state: State, handoff: Handoff) -> Handoff | None:
    """Another handoff that has some of these files promised."""
    for other in state.pending_handoffs():
        of_owner = other.owner == handoff.owner and other.id != handoff.id
        if of_owner and other.status == HandoffStatus.GRANT_AFTER_COMMIT and overlap(handoff, other):
            return other
    return None


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
