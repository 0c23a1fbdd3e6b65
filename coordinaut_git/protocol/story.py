"""The story of a task, a commit or a path: what happened, in the order of time, in sentences for people.

Rule 1: a sentence tells one thing, with who did it; when it was stands beside it. What somebody said is quoted short.
Rule 2: each item of a story is `{"at", "kind", "id", "text"}`; `kind` is the operation's, or a word of its own
        (`expired`, `refused`, `commit`, and for a path `held` and how that ended).
"""

from collections.abc import Iterable, Iterator
from typing import Any

from coordinaut_git.protocol.asking import Moment
from coordinaut_git.protocol.model import Actor, Handoff, HandoffStatus, Lease, RefusedOperation, Task
from coordinaut_git.protocol.ops import (
    HandoffAnswered,
    HandoffRequested,
    HandoffsKept,
    LeasesRenewed,
    MessagePosted,
    Operation,
    TaskClaimed,
    TaskCreated,
    TaskReleased,
    TaskUpdated,
)
from coordinaut_git.protocol.state import State
from coordinaut_git.protocol.tenure import Holding, Told, joined
from coordinaut_git.protocol.values import Instant, clip, listed, one_line
from coordinaut_git.protocol.views import lease_form, recipient, said

Json = dict[str, Any]

QUOTED_CHARS = 200
LATEST_MS = 999
"""git keeps whole seconds: a commit may have been made so much later, and is told at the end of its second."""
_SPAN = ((86_400_000, "d"), (3_600_000, "h"), (60_000, "min"), (1_000, "s"), (1, "ms"))


def holding_form(holding: Holding, moment: Moment) -> Json:
    """CONTRACT's Lease, with how and when it ended; its `state` is `ended` where it does not stand any more."""
    by = holding.ended_by
    form = lease_form(holding.lease, moment)
    return {
        **form,
        "state": "ended" if holding.ended else form["state"],
        "since": str(holding.since),
        "ended": holding.ended,
        "endedAt": str(holding.ended_at) if holding.ended_at else None,
        "endedBy": (by.instance or by.agent) if by else None,
    }


def story_of(items: Iterable[Json]) -> list[Json]:
    """The items in the order of time; renewals one after the other by the same instance are told as one."""
    told: list[Json] = []
    for item in sorted(items, key=lambda item: str(item.get("order", item["at"]))):
        last = told[-1] if told else {}
        if item["kind"] == last.get("kind") == "leases_renewed" and item["by"] == last["by"]:
            last["times"] += 1
            last["text"] = f"{item['who']} renewed the lease {last['times']} times, last for {item['term']}"
        else:
            told.append({**item, "times": 1})
    hidden = {"order", "by", "who", "term", "times"}
    return [{name: value for name, value in item.items() if name not in hidden} for item in told]


def told_item(state: State, task: Task, told: Told, refusal: RefusedOperation | None) -> Json:
    """An operation that names a task, as an item of its story."""
    operation = told.operation
    sentence = _sentence(state, task, operation)
    if refusal:
        return _item(told.at, "refused", operation.id, f"{sentence} (refused: {refusal.code})")
    renewal = next((one for one in operation.renewals if one.task_id == task.id), None)
    if sentence or not renewal:
        return _item(told.at, operation.op, operation.id, sentence)
    who, term = _who(operation.actor), _span(renewal.term_ms)
    item = _item(told.at, "leases_renewed", operation.id, f"{who} renewed the lease, for {term}")
    return {**item, "by": operation.actor.instance, "who": who, "term": term}


def expiry_items(holdings: Iterable[Holding], now: Instant) -> Iterator[Json]:
    """Where leases ran out before anything else ended them."""
    for holding in holdings:
        lease = holding.lease
        if lease.expires_at <= (holding.ended_at or now):
            yield _item(lease.expires_at, "expired", None, f"the lease of {_holder(lease)} expired")


def holding_items(holdings: Iterable[Holding]) -> Iterator[Json]:
    """From when to when a path was held, for a story that is not one task's."""
    for holding in joined(holdings):
        lease = holding.lease
        who, what = _holder(lease), f"for {lease.display_id} ({listed(lease.files)})"
        beside = "" if lease.mode == "exclusive" else f", {lease.mode}"
        yield _item(holding.since, "held", lease.task_id, f"{who} came to hold it {what}{beside}")
        if holding.ended and holding.ended_at:
            yield _item(holding.ended_at, holding.ended, lease.task_id, _end(holding))


def _end(holding: Holding) -> str:
    lease = holding.lease
    by = _who(holding.ended_by) if holding.ended_by else _holder(lease)
    match holding.ended:
        case "taken_over":
            return f"{by} took it over from {_holder(lease)} ({lease.display_id})"
        case "handed_over":
            return f"{by} handed it over ({lease.display_id})"
        case "changed":
            return f"what {_holder(lease)} holds for {lease.display_id} changed"
        case _:
            return f"{by} let {lease.display_id} go: {holding.ended}"


def handoff_items(task: Task, handoffs: Iterable[Handoff]) -> Iterator[Json]:
    """The handoffs of files that were held for the task, to other tasks."""
    for one in handoffs:
        if one.task_id != task.id:
            files, whom = listed(one.files), f"{_party(one.requester_agent, one.requester)} for {one.display_id}"
            yield _item(one.at, "handoff", one.id, f"{files} was asked for by {whom}{_why(one.reason)}")
            if one.ended_at and one.status == HandoffStatus.COMPLETED:
                yield _item(one.ended_at, "handoff", one.id, f"{files} went to {whom}")


def commit_item(commit: Json) -> Json:
    """A commit as an item of a story."""
    count = len(commit["paths"])
    paths = f"{count} path{'' if count == 1 else 's'}"
    text = f"commit {commit['id'][:10]} by {commit['author']}: {commit['subject']} ({paths})"
    at = Instant.parse(commit["committedAt"])
    return {**_item(at, "commit", commit["id"], text), "order": str(Instant(at + LATEST_MS))}


def _item(at: Instant, kind: str, name: str | None, text: str) -> Json:
    return {"at": str(at), "kind": kind, "id": name, "text": one_line(text, 2 * QUOTED_CHARS)}


def _sentence(state: State, task: Task, operation: Operation) -> str:
    """What an operation did to the task; empty if it only renewed its lease on the way."""
    change, who = operation.change, _who(operation.actor)
    if isinstance(change, TaskClaimed):
        return _claim(state, task, change, who)
    if change.task_id != task.id and not isinstance(change, HandoffAnswered | HandoffsKept):
        return f"{who} handed files over, as promised" if task.id in operation.about else ""
    match change:
        case TaskCreated():
            return f"{who} created it: {change.title}" + (f" ({listed(change.files)})" if change.files else "")
        case TaskUpdated():
            return f"{who} updated it: {said(change)}"
        case TaskReleased():
            return f"{who} released it, {change.status}" + _why(change.reason)
        case MessagePosted():
            return f"{who} wrote to {recipient(change)}: {_quoted(change.text)}"
        case LeasesRenewed():
            return ""
        case _:
            return _handoff(state, change, who) or f"{who}: {operation.op.replace('_', ' ')}"


def _claim(state: State, task: Task, change: TaskClaimed, who: str) -> str:
    mine = change.task_id == task.id
    lost = {takeover.task_id: takeover.agent_instance for takeover in change.takeovers}
    if mine and lost:
        whose = listed(tuple(dict.fromkeys(lost.values())))
        return f"{who} took {listed(change.files)} over from {whose}{_why(change.reason)}"
    if mine:
        beside = "" if change.mode == "exclusive" else f", {change.mode}"
        return f"{who} claimed {listed(change.files)} for {_span(change.term_ms)}{beside}"
    if task.id not in lost:
        return ""
    other = state.task(change.task_id)
    shown = other.display_id if other else change.task_id
    return f"{who} took it over from {lost[task.id]}, for {shown}{_why(change.reason)}"


def _handoff(state: State, change: Any, who: str) -> str:
    match change:
        case HandoffRequested():
            return f"{who} asked {change.owner} to hand over {listed(change.files)}{_why(change.reason)}"
        case HandoffAnswered():
            handoff = state.handoff(change.handoff_id)
            what = f" ({listed(handoff.files)})" if handoff else ""
            return f"{who} answered {change.handoff_id}{what}: {change.status}{_why(change.response)}"
        case HandoffsKept():
            return f"{who} kept the promise of {listed(change.handoffs)}"
        case _:
            return ""


def _who(actor: Actor) -> str:
    return _party(actor.agent, actor.instance)


def _holder(lease: Lease) -> str:
    return _party(lease.agent, lease.agent_instance)


def _party(agent: str | None, instance: str | None) -> str:
    if agent and instance and agent != instance:
        return f"{agent} ({instance})"
    return agent or instance or "a human"


def _why(text: str | None) -> str:
    return f": {_quoted(text)}" if text else ""


def _quoted(text: str) -> str:
    return clip(" ".join(text.split()), QUOTED_CHARS)


def _span(ms: int) -> str:
    """A term in its largest whole unit: `30 min`, `90 s`."""
    size, unit = next((size, unit) for size, unit in _SPAN if ms % size == 0)
    return f"{ms // size} {unit}"
