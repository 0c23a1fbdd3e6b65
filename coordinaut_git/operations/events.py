"""Events: what happened, newest last, and as it happens.

Rule 1: whoever follows is told each operation once, however the line came to have it.
"""

import time
from collections.abc import Iterable, Iterator
from itertools import islice, takewhile
from typing import Any

from coordinaut_git.documents import Entry, Head
from coordinaut_git.errors import CoordinautError, invalid, not_found
from coordinaut_git.protocol import codec, views
from coordinaut_git.protocol import requests as ask
from coordinaut_git.protocol.ops import Operation, from_entry
from coordinaut_git.protocol.references import find_task
from coordinaut_git.protocol.values import Instant, clip, duration_ms
from coordinaut_git.workspace import Workspace

Json = dict[str, Any]
Event = tuple[Entry, Operation]

WAIT_S = 30.0
POLL_S = 0.2
GONE_S = 5.0
"""A line that is gone or cannot be read is waited for so long: somebody may be putting it back."""

USUAL_LIMIT = 20
LARGEST_LIMIT = 1_000_000_000
MOST_OLD = 4_096


def watch(workspace: Workspace, request: ask.Watch) -> Json:
    """`{"events"}`: the newest `limit` that fit, oldest first; with `since` all of them unless a limit is given."""
    return {"events": _known(workspace, request, workspace.coordinator.read().head)}


def follow(workspace: Workspace, request: ask.Watch) -> Iterator[Json]:
    """The events of `watch`, then each new one within a second, until the reader stops.

    A line that was replaced (by a fetch, say) is told from where it took another way, each operation once. Raises
    what is wrong with a line that stays away.
    """
    head = workspace.coordinator.read().head
    task_id = _task_id(workspace, request.task)
    yield from _known(workspace, request, head)
    for now in _heads(workspace, head):
        yield from _told(workspace, head, now, task_id)
        head = now


def events_between(workspace: Workspace, old: Head, task: str | None) -> Iterator[Json]:
    """The events that the line has now and had not at `old`, oldest first, of one task if it is named."""
    return _told(workspace, old, workspace.coordinator.head(), _task_id(workspace, task))


def _told(workspace: Workspace, old: Head, head: Head, task_id: str | None) -> Iterator[Json]:
    entries = _between(workspace, old, head)
    confirmed_upto = workspace.coordinator.confirmed_upto(head) if entries else None
    for entry in entries:
        operation = from_entry(entry)
        if task_id is None or task_id in operation.tasks:
            yield views.event_form(entry, operation, confirmed_upto=confirmed_upto)


def _heads(workspace: Workspace, head: Head) -> Iterator[Head]:
    """Each new head. Where a store cannot wait, looking again costs a few system calls."""
    away_s: float | None = None  # since when the line is away
    while True:
        try:
            now = workspace.wait_for_change(head, WAIT_S)
            if now is None:
                now = workspace.coordinator.head()
        except CoordinautError:
            away_s = time.monotonic() if away_s is None else away_s
            if time.monotonic() - away_s > GONE_S:
                raise
            time.sleep(POLL_S)
            continue
        away_s = None
        if now != head:
            head = now
            yield head


def _known(workspace: Workspace, request: ask.Watch, head: Head) -> list[Json]:
    """The events up to `head` that fit, oldest first; raises invalid `bad_limit`."""
    limit = USUAL_LIMIT if request.limit is None and request.since is None else request.limit
    if limit is not None and not 1 <= limit <= LARGEST_LIMIT:
        raise invalid("bad_limit", f"{limit} is not a number of events.", hint=f"Give --limit 1 to {LARGEST_LIMIT}.")
    found = list(islice(_fitting(workspace, request, head), limit))
    upto = workspace.coordinator.confirmed_upto(head)
    return [views.event_form(entry, operation, confirmed_upto=upto) for entry, operation in reversed(found)]


def _fitting(workspace: Workspace, request: ask.Watch, head: Head) -> Iterator[Event]:
    """Newest first."""
    task_id = _task_id(workspace, request.task)
    events: Iterable[Event] = ((entry, from_entry(entry)) for entry in workspace.store.log(head))
    if request.since:
        events = _since(workspace, request.since, events)
    elif task_id:
        found = workspace.history.of_task(task_id)
        events = [(event.entry, event.operation) for event in reversed(found)]
    return (event for event in events if task_id is None or task_id in event[1].tasks)


def _since(workspace: Workspace, since: str, events: Iterable[Event]) -> Iterable[Event]:
    """The events after an id, an instant, or a while ago; raises invalid or not_found."""
    if since.startswith("op_"):
        return _after_event(events, since)
    after = _instant(workspace, since)
    return takewhile(lambda event: event[1].at > after, events)


def _after_event(events: Iterable[Event], event_id: str) -> list[Event]:
    later: list[Event] = []
    for event in events:
        if event[0].id == event_id:
            return later
        later.append(event)
    raise not_found("no_such_event", f"There is no event {clip(event_id)}.", hint="List them: coordinaut watch")


def _instant(workspace: Workspace, since: str) -> Instant:
    if since[:1].isdigit() and since[-1:].isalpha() and "T" not in since:
        return Instant(workspace.coordinator.now()[1].local - duration_ms(since))
    return Instant.parse(since)


def _task_id(workspace: Workspace, task: str | None) -> str | None:
    return find_task(workspace.coordinator.read().state, task).id if task else None


def _between(workspace: Workspace, old: Head, head: Head) -> list[Entry]:
    """The entries that the line up to `head` has and the one up to `old` has not, oldest first.

    What was told before and stands elsewhere now, as after a sync, is not told again.
    """
    entries = workspace.store.since(old, head)
    if entries is not None:
        return list(entries)
    told = dict(islice(((point, _id(body)) for point, body in workspace.store.walk(old)), MOST_OLD))
    known = {old, *told}
    points = zip(workspace.store.walk(head), workspace.store.log(head), strict=True)
    new = [entry for _, entry in takewhile(lambda one: one[0][0] not in known, points)]
    return [entry for entry in reversed(new) if entry.id not in told.values()]


def _id(body: bytes) -> str:
    return str(codec.parse(body)["id"])
