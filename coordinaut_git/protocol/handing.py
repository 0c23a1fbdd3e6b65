"""What handoffs do: files go from the owner's leases to the requester's task.

Rule 1: what leaves one holder and what reaches the other is one operation: nobody can get between.
Rule 2: a promise is kept by the owner's commit or by the end of its lease by its own will, whichever comes first; what
        can no longer be kept is called off, and both are told.
"""

from collections.abc import Iterator
from dataclasses import replace
from itertools import count

from coordinaut_git.protocol import handoff_letters as letters
from coordinaut_git.protocol.holding import Parts, parts_of
from coordinaut_git.protocol.model import Answer, Handoff, HandoffStatus, Instance, Lease, Mode, Tool
from coordinaut_git.protocol.moving import Move, move, with_scope
from coordinaut_git.protocol.ops import (
    HandoffAnswered,
    HandoffRequested,
    HandoffsKept,
    Operation,
    TaskReleased,
    TaskUpdated,
)
from coordinaut_git.protocol.paths import handoff_path, lease_path
from coordinaut_git.protocol.rules import (
    ON_CLAIM,
    ON_RELEASE,
    cannot_arrive,
    cannot_receive,
    promised,
    to_be_moved,
)
from coordinaut_git.protocol.state import CLOSED, PENDING
from coordinaut_git.protocol.step import Step, Writes, set_status
from coordinaut_git.protocol.values import Instant


def effects(step: Step, change: HandoffRequested | HandoffAnswered | HandoffsKept, operation: Operation) -> Writes:
    """What an operation about handoffs changes."""
    match change:
        case HandoffRequested():
            return _requested(step, change, operation.id)
        case HandoffAnswered():
            return _answered(step, change, operation.id)
        case HandoffsKept():
            return _kept_all(step, change, operation)


def _requested(step: Step, change: HandoffRequested, operation_id: str) -> Writes:
    """The request is written down, and both are told."""
    task, owner = step.task(change.task_id), step.state.instance(change.owner)
    handoff = Handoff(
        id=change.handoff_id,
        seq=step.seq,
        task_id=task.id,
        display_id=task.display_id,
        requester=step.actor.instance or "",
        requester_agent=step.actor.agent,
        owner=change.owner,
        owner_agent=_name(owner),
        files=change.files,
        mode=change.mode,
        term_ms=change.term_ms,
        fold=change.fold,
        reason=change.reason,
        at=step.at,
    )
    return _kept(handoff) | letters.requested(step, handoff, operation_id)


def _answered(step: Step, change: HandoffAnswered, operation_id: str) -> Writes:
    """The answer is written down, both are told, and `handoff_now` moves the files."""
    old = step.state.handoff(change.handoff_id)
    assert old is not None, change.handoff_id
    handoff = replace(
        old, status=HandoffStatus(change.status), response=change.response or old.response, responded_at=step.at
    )
    if change.status != Answer.GRANT_AFTER_COMMIT:
        handoff = replace(handoff, ended_at=step.at)
    moved = _moved(step, handoff) if change.status == Answer.HANDOFF_NOW else {}
    return moved | _kept(handoff) | letters.answered(step, handoff, operation_id)


def _kept_all(step: Step, change: HandoffsKept, operation: Operation) -> Writes:
    """The owner's promises are kept; one that no longer can be is called off."""
    writes: Writes = {}
    for number, handoff in enumerate(list(promised(step.state, operation, change))):
        writes |= _honoured(step.after(writes), handoff, operation.id, number)
    return writes


def settled(step: Step, writes: Writes, operation: Operation) -> Writes:
    """What an operation's `writes` make of the pending handoffs: promises are kept, what nothing can come of ends."""
    if not any(path.startswith(("leases/", "tasks/closed/")) for path in writes):
        return {}
    now, numbers = step.after(writes), count(_letters_so_far(operation))
    kept = _let_go(step, now, operation, numbers)
    return kept | _given_up(step, now.after(kept), writes | kept, operation.id, numbers)


def _let_go(step: Step, now: Step, operation: Operation, numbers: Iterator[int]) -> Writes:
    """Promises are kept where their owner ends its lease by a release, or by closing its task."""
    change = operation.change
    writes: Writes = {}
    lease = step.state.lease(change.task_id) if isinstance(change, TaskReleased | TaskUpdated) else None
    if lease is None or now.state.lease(lease.task_id):
        return {}
    for handoff in now.state.pending_handoffs():
        mine = handoff.owner == lease.agent_instance and handoff.status == HandoffStatus.GRANT_AFTER_COMMIT
        if mine and lease in to_be_moved(step.state, handoff):
            writes |= _honoured(now.after(writes), handoff, operation.id, next(numbers))
    return writes


def _given_up(step: Step, now: Step, writes: Writes, operation_id: str, numbers: Iterator[int]) -> Writes:
    """The handoffs end that were about a lease or a task that changed, and that nothing can come of any more."""
    owners, tasks = _touched(step, now, writes)
    if not owners and not tasks:
        return {}
    off: Writes = {}
    for handoff in now.state.pending_handoffs():
        concerned = handoff.owner in owners or handoff.task_id in tasks
        if concerned and (why := _moot(now, handoff)):
            off |= _called_off(now, handoff, why, operation_id, next(numbers))
    return off


def _touched(step: Step, now: Step, writes: Writes) -> tuple[set[str], set[str]]:
    """Whose leases hold something else than before, and the tasks that are held otherwise or were closed."""
    changed = {
        task_id: old
        for task_id in _task_ids(writes, "leases/")
        if _held(old := step.state.lease(task_id)) != _held(now.state.lease(task_id))
    }
    closed = {task_id for task_id in _task_ids(writes, "tasks/closed/") if step.task(task_id).status not in CLOSED}
    return {old.agent_instance for old in changed.values() if old}, changed.keys() | closed


def _held(lease: Lease | None) -> tuple[str, Parts, Mode, bool] | None:
    return (lease.agent_instance, parts_of(lease), lease.mode, lease.fold) if lease else None


def _task_ids(writes: Writes, top: str) -> list[str]:
    return [path.rpartition("/")[2].removesuffix(".json") for path in writes if path.startswith(top)]


def _letters_so_far(operation: Operation) -> int:
    """How many handoffs an operation has told of by its own effect: letters are numbered on from there."""
    return len(operation.change.handoffs) if isinstance(operation.change, HandoffsKept) else 0


def _moot(step: Step, handoff: Handoff) -> str:
    """Why nothing can come of a pending handoff any more; empty if something can."""
    task = step.task(handoff.task_id)
    if refusal := cannot_receive(step.state, task, handoff.requester):
        return refusal.reason
    return "" if to_be_moved(step.state, handoff) else f"{handoff.owner} is not in the way of it any more"


def _honoured(step: Step, handoff: Handoff, operation_id: str, number: int) -> Writes:
    if refusal := cannot_arrive(step.state, handoff):
        return _called_off(step, handoff, refusal.reason, operation_id, number)
    done = replace(handoff, status=HandoffStatus.COMPLETED, ended_at=step.at)
    return _moved(step, handoff) | _kept(done) | letters.completed(step, done, operation_id, number)


def _called_off(step: Step, handoff: Handoff, why: str, operation_id: str, number: int) -> Writes:
    off = replace(handoff, status=HandoffStatus.CANCELLED, ended_at=step.at)
    return _kept(off) | letters.called_off(step, off, why, operation_id, number)


def _moved(step: Step, handoff: Handoff) -> Writes:
    """The owner's leases without the files, and the requester's with them."""
    moved = move(step.state, handoff, to_be_moved(step.state, handoff))
    writes: Writes = {}
    for lease, scope in moved.left:
        writes |= _cut(step.after(writes), lease, scope, fold=moved.fold)
    at = step.after(writes)
    task = at.task(handoff.task_id)
    writes |= set_status(at, task.id, ON_CLAIM.get(task.status, task.status))
    return writes | {lease_path(task.id): _granted(step, handoff, moved)}


def _cut(step: Step, lease: Lease, left: Parts, *, fold: bool) -> Writes:
    if left:
        return {lease_path(lease.task_id): with_scope(lease, left, fold=fold)}
    task = step.task(lease.task_id)
    return {lease_path(task.id): None} | set_status(step, task.id, ON_RELEASE.get(task.status, task.status))


def _granted(step: Step, handoff: Handoff, moved: Move) -> Lease:
    """The requester's lease with the files in it: widened, or new."""
    ends = Instant(step.at + handoff.term_ms)
    if own := moved.own:
        wider = with_scope(own, moved.gets, fold=moved.fold)
        return replace(wider, granted_at=step.at, expires_at=max(own.expires_at, ends), fence=step.seq, seq=step.seq)
    instance = step.state.instance(handoff.requester)
    return Lease(
        task_id=handoff.task_id,
        display_id=handoff.display_id,
        agent_instance=handoff.requester,
        agent=_name(instance) or handoff.requester_agent,
        thread_id=instance.thread_id if instance else None,
        tool=instance.tool if instance else Tool.UNKNOWN,
        files=handoff.files,
        mode=handoff.mode,
        fold=handoff.fold,
        granted_at=step.at,
        expires_at=ends,
        term_ms=handoff.term_ms,
        fence=step.seq,
        seq=step.seq,
    )


def _name(instance: Instance | None) -> str | None:
    return instance.name if instance and instance.name != instance.id else None


def _kept(handoff: Handoff) -> Writes:
    """A handoff lies among the pending ones or in the archive, never in both."""
    pending = handoff.status in PENDING
    return {
        handoff_path(handoff.id, pending=not pending): None,
        handoff_path(handoff.id, pending=pending): handoff,
    }
