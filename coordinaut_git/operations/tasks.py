"""Tasks: write down, update, list."""

from typing import Any

from coordinaut_git.errors import invalid
from coordinaut_git.operations.people import told
from coordinaut_git.operations.team import team_of
from coordinaut_git.protocol import requests as ask
from coordinaut_git.protocol import views
from coordinaut_git.protocol.model import Actor
from coordinaut_git.protocol.references import find_task
from coordinaut_git.protocol.refusals import elsewhere
from coordinaut_git.protocol.state import CLOSED
from coordinaut_git.workspace import Workspace

Json = dict[str, Any]


def status(workspace: Workspace, request: ask.ShowStatus) -> Json:
    """`{"tasks", "leases", "counts", "team"}`.

    `team` is `{"remote", "policy", "unpublished", "seenAt"}`, or null.
    """
    state, moment = workspace.coordinator.now()
    if state.home and state.home.storage != workspace.storage.kind:
        refusal = elsewhere(state.home, workspace.storage.kind)
        workspace.notices.append(f"{refusal.reason} {refusal.hint}")
    return {**views.status_view(state, moment, everything=request.all), "team": team_of(workspace)}


def listed(workspace: Workspace, request: ask.ListTasks) -> Json:
    """`{"tasks", "total"}`: the most urgent first, `total` being how many fit."""
    if request.limit < 1:
        raise invalid("bad_limit", f"{request.limit} is not a number of tasks.", hint="Give 1 or more.")
    state, moment = workspace.coordinator.now()
    everything = request.all or request.status in CLOSED
    shown = views.status_view(state, moment, everything=everything)["tasks"]
    fitting = [task for task in shown if request.status in {None, task["status"]}]
    return {"tasks": fitting[: request.limit], "total": len(fitting)}


def one(workspace: Workspace, reference: str) -> Json:
    """`{"task", "lease"}` of the task that is meant; raises as `find_task`."""
    state, moment = workspace.coordinator.now()
    return views.outcome_form(state, find_task(state, reference).id, moment)


def create(workspace: Workspace, request: ask.CreateTask) -> Json:
    """A Task."""
    done = workspace.run(request, workspace.actor(request))
    assert done.operation is not None
    task = done.state.task(done.operation.change.task_id or "")
    assert task is not None
    return views.task_form(done.state, task, done.moment)


def update(workspace: Workspace, request: ask.UpdateTask) -> Json:
    """`{"task", "lease"}`."""
    actor = workspace.actor(request)
    done = workspace.run(request, actor)
    workspace.notices += told(done, actor)
    assert done.operation is not None
    return views.outcome_form(done.state, done.operation.change.task_id or "", done.moment)


def mine(workspace: Workspace, request: ask.Mine) -> Json:
    """`{"tasks"}` held by whoever fits what is named; by the instance of this worktree if nothing is."""
    wanted = Actor(instance=request.agent_instance, agent=request.agent, thread_id=request.thread)
    if wanted == Actor():
        wanted = Actor(instance=workspace.owner(request).instance)
    return views.held_by(*workspace.coordinator.now(), wanted)
