"""Waiting: for files to become free, or for something to happen.

Rule 1: `look` never waits, so that a face which must not block can do the waiting itself; `wait_for_change` waits.
"""

import time
from typing import Any

from coordinaut_git.documents import Head
from coordinaut_git.errors import invalid
from coordinaut_git.operations.events import events_between, watch
from coordinaut_git.operations.leases import ASK_AGAIN_S
from coordinaut_git.protocol import requests as ask
from coordinaut_git.protocol import views
from coordinaut_git.protocol.model import Mode
from coordinaut_git.protocol.scope import check_scope
from coordinaut_git.protocol.values import duration_ms
from coordinaut_git.workspace import Workspace

Json = dict[str, Any]

LONGEST_MS = 600_000
MOST_EVENTS = 50


def wait_for_change(workspace: Workspace, request: ask.WaitForChange) -> Json:
    """`{"changed", "conflicts", "events", "last"}` as soon as something has changed, or when the time is over.

    With `files`, what is waited for is that no active lease of somebody else stands in the way of them; `conflicts` are
    the leases that do, and expired ones, which a claim can take over. Otherwise it is an event; `events` are the new
    ones, and `last` the id of the newest event there is, for the next call's `since`.
    """
    deadline_s = time.monotonic() + patience_s(request)
    start = head = workspace.coordinator.head()
    while not (seen := look(workspace, request, start))["changed"] and (left_s := deadline_s - time.monotonic()) > 0:
        head = workspace.wait_for_change(head, min(ASK_AGAIN_S, left_s)) or head
    return seen


def patience_s(request: ask.WaitForChange) -> float:
    """How long to wait at most; raises invalid `bad_timeout`."""
    wait_ms = duration_ms(request.timeout)
    if wait_ms > LONGEST_MS:
        raise invalid("bad_timeout", f"{request.timeout} is too long to wait.", hint="Give at most 10m, and ask again.")
    return wait_ms / 1000


def look(workspace: Workspace, request: ask.WaitForChange, start: Head) -> Json:
    """The answer as it is now; what came after `start` is new, and after `since` if that is given."""
    in_the_way = _in_the_way(workspace, request)
    if request.since:
        asked = ask.Watch(task=request.task, since=request.since, limit=MOST_EVENTS)
        events = watch(workspace, asked)["events"]
    else:
        events = list(events_between(workspace, start, request.task))[-MOST_EVENTS:]
    held = any(one["state"] == "active" for one in in_the_way)
    changed = not held if request.files else bool(events)
    newest = next(workspace.store.log(workspace.coordinator.head()), None)
    return {
        "changed": changed,
        "conflicts": in_the_way,
        "events": events,
        "last": newest.id if newest else None,
    }


def _in_the_way(workspace: Workspace, request: ask.WaitForChange) -> list[Json]:
    if not request.files:
        return []
    files = check_scope(request.files)
    state, moment = workspace.coordinator.now()
    instance = request.agent_instance or workspace.instance()
    found = views.conflicts_with(state, instance, files, Mode.EXCLUSIVE, moment, fold=workspace.fold)
    conflicts: list[Json] = found["conflicts"]
    return conflicts
