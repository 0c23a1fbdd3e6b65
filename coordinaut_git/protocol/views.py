"""The outside forms: what the documents look like to people and programs, as CONTRACT names them.

Rule 1: views only read; they are JSON objects in camelCase with every name present, null where there is nothing.
Rule 2: what depends on the time, whether a lease is expired, is judged by the moment that is given.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from coordinaut_git.documents import Entry
from coordinaut_git.protocol import codec
from coordinaut_git.protocol.asking import Moment
from coordinaut_git.protocol.holding import meet, parts_of
from coordinaut_git.protocol.model import Actor, Answer, Handoff, Lease, Mode, Part, Status, Task, by_urgency
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
from coordinaut_git.protocol.references import next_display_id
from coordinaut_git.protocol.refusals import Clash, Refusal
from coordinaut_git.protocol.rules import BESIDE, clashes
from coordinaut_git.protocol.state import State
from coordinaut_git.protocol.values import clip, listed, one_line

Json = dict[str, Any]
SHOWN = 3
SHOWN_CHARS = 80


def task_form(state: State, task: Task, moment: Moment) -> Json:
    """CONTRACT's Task."""
    lease = state.lease(task.id)
    return {
        "id": task.id,
        "displayId": task.display_id,
        "title": task.title,
        "scope": task.scope,
        "files": list(task.files),
        "status": str(task.status),
        "next": task.next,
        "checks": [{"name": c.name, "status": str(c.status), "at": str(c.at)} for c in task.checks],
        "blockers": list(task.blockers),
        "priority": task.priority,
        "dependsOn": list(task.depends_on),
        "dependsOnDisplayIds": [_shown_id(state, one) for one in task.depends_on],
        "lease": lease_form(lease, moment) if lease else None,
        "createdAt": str(task.created_at),
        "createdBy": task.created_by,
        "updatedAt": str(task.updated_at),
    }


def lease_form(lease: Lease, moment: Moment) -> Json:
    """CONTRACT's Lease."""
    return {
        "taskId": lease.task_id,
        "displayId": lease.display_id,
        "agentInstance": lease.agent_instance,
        "agent": lease.agent,
        "threadId": lease.thread_id,
        "tool": str(lease.tool),
        "files": list(lease.files),
        **_layers(lease),
        "mode": str(lease.mode),
        "grantedAt": str(lease.granted_at),
        "expiresAt": str(lease.expires_at),
        "state": _state(lease, moment),
        "fence": lease.fence,
        "confirmed": moment.confirmed(lease.fence),
    }


def _layers(lease: Lease) -> Json:
    """What was given away of a lease's files, and what came back."""
    return {
        "without": list(lease.without),
        "also": [{"files": list(part.files), "without": list(part.without)} for part in lease.also],
    }


def conflict_form(clash: Clash, moment: Moment) -> Json:
    """CONTRACT's Conflict; `example` is null where the conflict is about the task itself."""
    lease = clash.lease
    return {
        "displayId": lease.display_id,
        "taskId": lease.task_id,
        "agentInstance": lease.agent_instance,
        "agent": lease.agent,
        "files": list(lease.files),
        **_layers(lease),
        "mode": str(lease.mode),
        "expiresAt": str(lease.expires_at),
        "state": _state(lease, moment),
        "confirmed": moment.confirmed(lease.fence),
        "example": clash.meeting.example if clash.meeting else None,
    }


def refusal_details(refusal: Refusal, moment: Moment) -> Json:
    """The `details` of a refusal."""
    return {"conflicts": [conflict_form(clash, moment) for clash in refusal.clashes]} if refusal.clashes else {}


def status_view(state: State, moment: Moment, *, everything: bool) -> Json:
    """Open work, or all of it, the leases held now, and counts."""
    tasks = [*state.open_tasks(), *(state.closed_tasks() if everything else ())]
    leases = [lease_form(lease, moment) for lease in _by_grant(state.leases().values())]
    counted = Counter(str(task.status) for task in tasks)
    states = Counter(lease["state"] for lease in leases)
    return {
        "tasks": [task_form(state, task, moment) for task in by_urgency(tasks)],
        "leases": leases,
        "counts": {
            "tasks": len(tasks),
            **{str(status): counted[str(status)] for status in Status if everything or str(status) in counted},
            "leases": len(leases),
            "activeLeases": states["active"],
            "expiredLeases": states["expired"],
        },
    }


def held_by(state: State, moment: Moment, wanted: Actor) -> Json:
    """The tasks whose leases fit all that is said of the holder."""
    leases = [lease for lease in _by_grant(state.leases().values()) if _fits(lease, wanted)]
    tasks = [task for lease in leases if (task := state.task(lease.task_id))]
    return {"tasks": [task_form(state, task, moment) for task in tasks]}


def outcome_form(state: State, task_id: str, moment: Moment) -> Json:
    """What `claim`, `update`, `release` and `heartbeat` of one task answer."""
    task, lease = state.task(task_id), state.lease(task_id)
    assert task is not None, task_id
    return {"task": task_form(state, task, moment), "lease": lease_form(lease, moment) if lease else None}


def leases_of(state: State, instance: str | None, moment: Moment) -> Json:
    """What `heartbeat` without a task answers."""
    return {"leases": [lease_form(lease, moment) for lease in _by_grant(state.leases_of(instance))]}


def conflicts_with(
    state: State, instance: str | None, files: tuple[str, ...], mode: Mode, moment: Moment, *, fold: bool
) -> Json:
    """The leases that stand in the way of a scope."""
    found = clashes(state, instance, (Part(files=files),), mode, fold=fold)
    return {"conflicts": [conflict_form(clash, moment) for clash in found]}


def conflicts_among(state: State, moment: Moment) -> Json:
    """The leases that do not go together: an expired one and who came after, or a broken promise."""
    return {"conflicts": [conflict_form(clash, moment) for clash in _mutual(list(state.leases().values()))]}


def event_form(entry: Entry, operation: Operation, *, confirmed_upto: int | None = None) -> Json:
    """CONTRACT's Event; up to where the line is confirmed is as in `Moment`."""
    change = codec.encode(operation.change)
    return {
        "id": entry.id,
        "seq": entry.seq,
        "at": str(operation.at),
        "op": operation.op,
        "agentInstance": operation.actor.instance,
        "agent": operation.actor.agent,
        "taskId": operation.change.task_id,
        "summary": entry.summary,
        "data": {
            **{key: value for key, value in change.items() if key != "taskId"},
            **({"renewals": [codec.encode(renewal) for renewal in operation.renewals]} if operation.renewals else {}),
        },
        "confirmed": None if confirmed_upto is None else entry.seq <= confirmed_upto,
    }


_ANSWERS = {
    Answer.GRANT_AFTER_COMMIT: "promise",
    Answer.HANDOFF_NOW: "hand over",
    Answer.DENIED: "deny",
    Answer.CANCELLED: "call off",
}


def summary(state: State, operation: Operation) -> str:
    """One line for people, of an operation that follows on `state`: the subject of the commit that keeps it."""
    change = operation.change
    actor = operation.actor.agent or operation.actor.instance or "human"
    shown = _shown_id(state, change.task_id)
    match change:
        case TaskCreated():
            text = f"create {next_display_id(state, change.display_id.split('-')[1])} {change.title}"
        case TaskClaimed():
            verb = "take over" if change.takeovers else "claim"
            text = f"{verb} {shown} {listed(change.files)} for {actor}"
        case TaskUpdated():
            text = f"update {shown} {said(change)}"
        case TaskReleased():
            text = f"release {shown} by {actor}" + _said_after(change.reason)
        case MessagePosted():
            text = f"{change.kind} from {actor} to {recipient(change)}: {clip(change.text, SHOWN_CHARS)}"
        case MessagesRead():
            count = len(change.messages)
            text = f"{actor} read {count} message{'' if count == 1 else 's'}"
        case HandoffRequested() | HandoffAnswered() | HandoffsKept():
            text = _handoff_summary(state, change, shown, actor)
        case SchemaMigrated() | StateMoved() | SignersSet():
            text = _upkeep_summary(change)
        case LeasesRenewed():
            tasks = ", ".join(_shown_id(state, renewal.task_id) for renewal in operation.renewals[:SHOWN])
            text = f"renew {tasks} for {actor}"
    return one_line(text)


def _handoff_summary(
    state: State, change: HandoffRequested | HandoffAnswered | HandoffsKept, shown: str, actor: str
) -> str:
    match change:
        case HandoffRequested():
            return f"request {listed(change.files)} from {change.owner} for {shown} by {actor}: {change.reason}"
        case HandoffAnswered():
            what = _about(state.handoff(change.handoff_id))
            return f"{_ANSWERS[change.status]} {what} for {shown} by {actor}{_said_after(change.response)}"
        case HandoffsKept():
            what = "; ".join(_about(state.handoff(one)) for one in change.handoffs[:SHOWN])
            return f"hand over {what} by {actor}, as promised"


def _upkeep_summary(change: SchemaMigrated | StateMoved | SignersSet) -> str:
    match change:
        case SchemaMigrated():
            return f"write all documents anew, from format {change.from_format} to {change.to_format}"
        case StateMoved():
            return f"move the state from {change.from_} to {change.to}"
        case SignersSet(signers=()):
            return "ask for no signatures any more"
        case SignersSet(signers=signers):
            return f"ask for signatures of {listed(tuple(line.split()[0] for line in signers))}"


def _about(handoff: Handoff | None) -> str:
    return f"{listed(handoff.files)} to {handoff.requester}" if handoff else "what nobody asked for"


def _said_after(text: str | None) -> str:
    return f": {text}" if text else ""


def recipient(change: MessagePosted) -> str:
    """Who a message is for, in words."""
    if change.broadcast:
        return "everybody"
    return change.to_agent or change.to_agent_instance or listed(tuple(f"@{name}" for name in change.mentions))


def said(change: TaskUpdated) -> str:
    """What an update says, in words."""
    parts = [f"to {change.status}"] if change.status else []
    parts += [f"{check.name} {check.status}" for check in change.checks]
    parts += [f"blocked by {blocker}" for blocker in change.blockers]
    parts += [f"next: {change.next}"] if change.next else []
    return "; ".join(parts) or ", ".join(sorted(key for key in codec.encode(change) if key != "taskId"))


def _shown_id(state: State, task_id: str | None) -> str:
    task = state.task(task_id) if task_id else None
    return task.display_id if task else str(task_id)


def _state(lease: Lease, moment: Moment) -> str:
    return "expired" if moment.expired(lease) else "active"


def _by_grant(leases: Iterable[Lease]) -> list[Lease]:
    return sorted(leases, key=lambda lease: (lease.fence, lease.task_id))


def _fits(lease: Lease, wanted: Actor) -> bool:
    asked = ((wanted.instance, lease.agent_instance), (wanted.agent, lease.agent), (wanted.thread_id, lease.thread_id))
    return all(value is None or value == held for value, held in asked)


def _mutual(leases: list[Lease]) -> Iterator[Clash]:
    for number, lease in enumerate(leases):
        for other in leases[number + 1 :]:
            if other.agent_instance != lease.agent_instance and other.mode not in BESIDE[lease.mode]:
                where = meet(parts_of(lease), parts_of(other), fold=lease.fold or other.fold)
                if where:
                    yield Clash(other, where)
