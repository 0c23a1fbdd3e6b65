"""Events: what happened, newest last, and as it happens."""

import time
from collections.abc import Iterator
from itertools import islice, takewhile
from typing import Any

from coordinaut_git.documents import Entry, Head
from coordinaut_git.errors import invalid, not_found
from coordinaut_git.protocol import requests as ask
from coordinaut_git.protocol import views
from coordinaut_git.protocol.ops import Operation, from_entry
from coordinaut_git.protocol.references import find_task
from coordinaut_git.protocol.values import Instant, clip, duration_ms
from coordinaut_git.workspace import Workspace

Json = dict[str, Any]
Event = tuple[Entry, Operation]

POLL_S = 0.2
LARGEST_LIMIT = 1_000_000_000


def watch(workspace: Workspace, request: ask.Watch) -> Json:
    """`{"events"}`: the newest `limit` that fit, oldest first."""
    if not 1 <= request.limit <= LARGEST_LIMIT:
        raise invalid(
            "bad_limit", f"{request.limit} is not a number of events.", hint=f"Give --limit 1 to {LARGEST_LIMIT}."
        )
    found = list(islice(_fitting(workspace, request), request.limit))
    return {"events": [views.event_form(entry, operation) for entry, operation in reversed(found)]}


def follow(workspace: Workspace, request: ask.Watch) -> Iterator[Json]:
    """The events of `watch`, then each new one within a second, until the reader stops."""
    known = workspace.coordinator.read()
    yield from watch(workspace, request)["events"]
    task_id = _task_id(workspace, request)
    head = known.head
    while True:
        time.sleep(POLL_S)
        now = workspace.store.head()
        if now is None or now == head:
            continue
        for entry in _between(workspace, head, now):
            operation = from_entry(entry)
            if task_id is None or task_id in operation.tasks:
                yield views.event_form(entry, operation)
        head = now


def _fitting(workspace: Workspace, request: ask.Watch) -> Iterator[Event]:
    """Newest first."""
    task_id = _task_id(workspace, request)
    events = _since(workspace, request.since) if request.since else workspace.coordinator.events()
    return (event for event in events if task_id is None or task_id in event[1].tasks)


def _since(workspace: Workspace, since: str) -> Iterator[Event]:
    """The events after an id, an instant, or a while ago; raises invalid or not_found."""
    events = workspace.coordinator.events()
    if since.startswith("op_"):
        return iter(_after_event(events, since))
    after = _instant(workspace, since)
    return takewhile(lambda event: event[1].at > after, events)


def _after_event(events: Iterator[Event], event_id: str) -> list[Event]:
    later: list[Event] = []
    for event in events:
        if event[0].id == event_id:
            return later
        later.append(event)
    raise not_found("no_such_event", f"There is no event {clip(event_id)}.", hint="List them: coordinaut watch")


def _instant(workspace: Workspace, since: str) -> Instant:
    if since[:1].isdigit() and since[-1:].isalpha() and "T" not in since:
        known = workspace.coordinator.read()
        return Instant(workspace.coordinator.moment(known.state).local - duration_ms(since))
    return Instant.parse(since)


def _task_id(workspace: Workspace, request: ask.Watch) -> str | None:
    return find_task(workspace.coordinator.read().state, request.task).id if request.task else None


def _between(workspace: Workspace, old: Head, head: Head) -> list[Entry]:
    """The entries after `old`, oldest first; where the line was replaced or is long, those with a larger seq."""
    entries = workspace.store.since(old, head)
    if entries is not None:
        return list(entries)
    reached = next(workspace.store.log(old)).seq
    return list(takewhile(lambda entry: entry.seq > reached, workspace.store.log(head)))[::-1]
