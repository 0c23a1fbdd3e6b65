"""Leases: take, keep, let go, and see what stands in the way."""

import time
from typing import Any

from coordinaut_git.coordinator import Done
from coordinaut_git.errors import CoordinautError, refused
from coordinaut_git.operations.people import told
from coordinaut_git.protocol import requests as ask
from coordinaut_git.protocol import views
from coordinaut_git.protocol.model import Actor, Mode
from coordinaut_git.protocol.references import find_task
from coordinaut_git.protocol.scope import check_scope
from coordinaut_git.protocol.values import duration_ms
from coordinaut_git.workspace import Workspace

Json = dict[str, Any]

WORTH_WAITING = frozenset({"scope_conflict", "takeover_needs_reason", "nothing_ready"})
ASK_AGAIN_S = 5.0
"""A lease may expire without a word on the line; a taker with a reason asks again so often."""


def claim(workspace: Workspace, request: ask.ClaimTask) -> Json:
    """`{"task", "lease", "agentInstance", "remote"}`: who owns it, and the team's remote or null."""
    actor = workspace.mint(workspace.actor(request))
    done = _patiently(workspace, request, actor, duration_ms(request.wait)) if request.wait else None
    done = done or workspace.run(request, actor)
    assert done.operation is not None
    shown = views.outcome_form(done.state, done.operation.change.task_id or "", done.moment)
    return {**shown, "agentInstance": actor.instance, "remote": workspace.remote if workspace.team else None}


def _patiently(workspace: Workspace, request: ask.ClaimTask, actor: Actor, wait_ms: int) -> Done | None:
    """The claim as soon as nothing stands in its way; None when it is time to ask for the last time."""
    deadline_s = time.monotonic() + wait_ms / 1000
    while time.monotonic() < deadline_s:
        head = workspace.store.head()
        try:
            return workspace.run(request, actor)
        except CoordinautError as error:
            if error.code not in WORTH_WAITING:
                raise
        ask_again_s = min(deadline_s, time.monotonic() + ASK_AGAIN_S)
        workspace.wait_for_change(head, ask_again_s - time.monotonic())
    return None


def heartbeat(workspace: Workspace, request: ask.Heartbeat) -> Json:
    """`{"task", "lease"}` for one task, else `{"leases"}`; `written` tells whether history was."""
    actor = workspace.owner(request)
    done = workspace.run(request, actor)
    if request.task:
        task = find_task(done.state, request.task)
        shown = views.outcome_form(done.state, task.id, done.moment)
    else:
        shown = views.leases_of(done.state, actor.instance, done.moment)
    return {**shown, "written": done.operation is not None}


def release(workspace: Workspace, request: ask.ReleaseTask) -> Json:
    """`{"task", "lease"}`, the lease being null."""
    actor = workspace.owner(request)
    done = workspace.run(request, actor)
    workspace.notices += told(done, actor)
    assert done.operation is not None
    return views.outcome_form(done.state, done.operation.change.task_id or "", done.moment)


def conflicts(workspace: Workspace, request: ask.Conflicts) -> Json:
    """`{"conflicts"}`; refused (exit 1) if there are any and `--exit-code` was given."""
    state, moment = workspace.coordinator.now()
    if request.files:
        files, mode = check_scope(request.files), request.mode or Mode.EXCLUSIVE
        instance = request.agent_instance or workspace.instance()
        found = views.conflicts_with(state, instance, files, mode, moment, fold=workspace.fold)
    else:
        found = views.conflicts_among(state, moment)
    count = len(found["conflicts"])
    if count and request.exit_code:
        raise refused("scope_conflict", f"{count} lease{'s stand' if count > 1 else ' stands'} in the way.", **found)
    return found
