"""Decisions about leases: claim, heartbeat and release."""

from dataclasses import replace

from coordinaut_git.errors import invalid
from coordinaut_git.protocol import requests as ask
from coordinaut_git.protocol.asking import (
    DEFAULT_TERM_MS,
    Asker,
    Made,
    due_renewals,
    expired_refusal,
    is_due,
    own_expired,
)
from coordinaut_git.protocol.holding import Parts, is_whole, parts_of, received
from coordinaut_git.protocol.model import Lease, Mode, Part, Status, Task, by_urgency
from coordinaut_git.protocol.ops import LeasesRenewed, Renewal, TaskClaimed, TaskReleased
from coordinaut_git.protocol.references import find_task
from coordinaut_git.protocol.refusals import no_files, no_instance, nothing_ready
from coordinaut_git.protocol.rules import ON_RELEASE, in_the_way, takeover_of
from coordinaut_git.protocol.scope import check_scope
from coordinaut_git.protocol.state import State
from coordinaut_git.protocol.values import check_text, duration_ms
from coordinaut_git.protocol.wellformed import MAX_LISTED


def claim(asker: Asker, request: ask.ClaimTask) -> Made:
    """Grant, widen, renew, or take over."""
    if request.next:
        return _claim_next(asker, request)
    if not request.task:
        raise invalid("no_task", "No task was named.", hint="Name one with --task AGT-…, or take the --next.")
    return _claim(asker, request, find_task(asker.state, request.task))


def _claim_next(asker: Asker, request: ask.ClaimTask) -> Made:
    """The claim of the first ready task, by urgency, that nothing stands in the way of."""
    if request.task:
        raise invalid("next_of_what", "Both --task and --next were given.", hint="Give one of them.")
    if not asker.actor.instance:
        return no_instance("A lease needs an agent instance that owns it.")
    waiting, held = 0, 0
    for task in by_urgency(asker.state.open_tasks()):
        if not is_ready(asker.state, task) or not (request.files or task.files):
            waiting += task.status == Status.OPEN
            continue
        change, renewals = _claim(asker, request, task)
        if not any(in_the_way(asker.state, asker.actor.instance, change)):
            return change, renewals
        held += 1
    return nothing_ready(waiting, held)


def _claim(asker: Asker, request: ask.ClaimTask, task: Task) -> tuple[TaskClaimed, tuple[Renewal, ...]]:
    own = asker.own(task.id)
    held = asker.state.lease(task.id)
    scope = _widened(asker, own, request.files) if own else _wanted(request.files, task, held)
    if not scope:
        raise no_files(task, f'coordinaut claim --task {task.display_id} --files "src/**"')
    change = TaskClaimed(
        task_id=task.id,
        files=scope[0].files,
        without=scope[0].without,
        also=scope[1:],
        mode=request.mode or (own.mode if own else Mode.EXCLUSIVE),
        term_ms=_term(request.ttl, own),
        fold=asker.fresh.fold,
    )
    return _taking_over(asker, request.takeover_reason, change), due_renewals(asker, without=task.id)


def is_ready(state: State, task: Task) -> bool:
    """Whether somebody could begin with a task: open, held by nobody, no blockers, and what comes first is done."""
    if task.status != Status.OPEN or task.blockers or state.lease(task.id):
        return False
    before = (state.task(task_id) for task_id in task.depends_on)
    return all(other is None or other.status == Status.DONE for other in before)


def _taking_over(asker: Asker, reason: str | None, change: TaskClaimed) -> TaskClaimed:
    """The claim with the expired leases it ends, if a reason was given; an unneeded reason is dropped."""
    if reason is None or not asker.actor.instance:
        return change
    check_text("the takeover reason", reason)
    found = in_the_way(asker.state, asker.actor.instance, change)
    ended = tuple(takeover_of(clash.lease) for clash in found if asker.moment.expired(clash.lease))
    return replace(change, takeovers=ended, reason=reason) if ended else change


def heartbeat(asker: Asker, request: ask.Heartbeat) -> Made:
    """Renew one lease or all of the holder's; nothing is written before half of a term is over."""
    state, moment = asker.state, asker.moment
    if request.task:
        task = find_task(state, request.task)
        own = asker.own(task.id)
        if own and not moment.expired(own) and not is_due(own, request.ttl, moment):
            return None
        renewal = Renewal(task_id=task.id, term_ms=_term(request.ttl, own))
        return own_expired(asker, task) or (LeasesRenewed(task_id=task.id), (renewal,))
    leases = state.leases_of(asker.actor.instance)
    alive = [lease for lease in leases if not moment.expired(lease)]
    if leases and not alive:
        return expired_refusal(leases[0])
    due = [lease for lease in alive if is_due(lease, request.ttl, moment)]
    renewals = tuple(Renewal(task_id=lease.task_id, term_ms=_term(request.ttl, lease)) for lease in due)
    return (LeasesRenewed(), renewals[:MAX_LISTED]) if renewals else None


def release(asker: Asker, request: ask.ReleaseTask) -> Made:
    """Let a lease go, and say where the task stands."""
    task = find_task(asker.state, request.task)
    status = request.status or ON_RELEASE.get(task.status, task.status)
    change = TaskReleased(task_id=task.id, status=status, reason=request.reason)
    return change, due_renewals(asker, without=task.id)


def _wanted(asked: tuple[str, ...], task: Task, held: Lease | None) -> Parts:
    """What a first claim takes: what is named, else the task's files, else what its last holder had."""
    files = check_scope(asked) if asked else task.files
    if files:
        return (Part(files=files),)
    return parts_of(held) if held else ()


def _widened(asker: Asker, own: Lease, asked: tuple[str, ...]) -> Parts:
    """What is held, and what is asked; what was given away comes back only if it is asked for."""
    if not asked:
        return parts_of(own)
    if is_whole(own):
        return (Part(files=check_scope((*own.files, *asked))),)
    return received(parts_of(own), check_scope(asked), fold=own.fold or asker.fresh.fold)


def _term(ttl: str | None, lease: Lease | None) -> int:
    if ttl is None:
        return lease.term_ms if lease else DEFAULT_TERM_MS
    return duration_ms(ttl)
