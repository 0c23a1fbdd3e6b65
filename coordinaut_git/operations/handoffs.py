"""Handoffs: ask for files that somebody else holds, answer, and see what was asked."""

from dataclasses import replace
from typing import Any

from coordinaut_git.protocol import handoff_views
from coordinaut_git.protocol import requests as ask
from coordinaut_git.protocol.model import Actor, Answer, Handoff
from coordinaut_git.protocol.ops import HandoffAnswered, HandoffRequested
from coordinaut_git.protocol.references import find_handoff, find_task
from coordinaut_git.protocol.state import State
from coordinaut_git.workspace import Workspace

Json = dict[str, Any]


def request(workspace: Workspace, request: ask.RequestHandoff) -> Json:
    """A Handoff, requested."""
    done = workspace.run(request, workspace.owner(request))
    assert done.operation is not None
    assert isinstance(done.operation.change, HandoffRequested)
    return _form(done.state, done.operation.change.handoff_id)


def respond(workspace: Workspace, request: ask.RespondHandoff) -> Json:
    """The Handoff as it stands after the answer."""
    actor = workspace.actor(request)
    if not actor.instance:
        state = workspace.coordinator.read().state
        actor = _party(state, find_handoff(state, request.id), actor, request.status) or workspace.owner(request)
    done = workspace.run(request, actor)
    assert done.operation is not None
    assert isinstance(done.operation.change, HandoffAnswered)
    return _form(done.state, done.operation.change.handoff_id)


def show(workspace: Workspace, request: ask.ListHandoffs) -> Json:
    """`{"handoffs"}`: what is pending first, oldest first, then what has ended, newest first."""
    state = workspace.coordinator.read().state
    task_id = find_task(state, request.task).id if request.task else None
    return handoff_views.handoffs_view(state, task_id, request.agent_instance, request.status)


def _party(state: State, handoff: Handoff, actor: Actor, answer: Answer) -> Actor | None:
    """Who gives only an agent's name answers as the party that goes by it: the owner, or the requester."""
    instances = (handoff.owner, handoff.requester) if answer == Answer.CANCELLED else (handoff.owner,)
    for instance in instances:
        known = state.instance(instance)
        if known and actor.agent in {known.name, known.id}:
            return replace(actor, instance=instance, thread_id=known.thread_id, tool=known.tool)
    return None


def _form(state: State, handoff_id: str) -> Json:
    handoff = state.handoff(handoff_id)
    assert handoff is not None, handoff_id
    return handoff_views.handoff_form(handoff)
