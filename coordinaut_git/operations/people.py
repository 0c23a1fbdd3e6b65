"""People: messages, inboxes, and who is present."""

from typing import Any

from coordinaut_git.errors import invalid
from coordinaut_git.protocol import people_views
from coordinaut_git.protocol import requests as ask
from coordinaut_git.protocol.letters import letter_id
from coordinaut_git.workspace import Workspace

Json = dict[str, Any]


def message(workspace: Workspace, request: ask.PostMessage) -> Json:
    """A Message."""
    done = workspace.run(request, workspace.actor(request))
    assert done.operation is not None
    posted_id = letter_id(done.operation.id)
    posted = next(one for one in done.state.messages() if one.id == posted_id)
    return people_views.message_form(posted, read=False)


def inbox(workspace: Workspace, request: ask.ShowInbox) -> Json:
    """`{"messages", "unread"}`."""
    if request.limit < 1:
        raise invalid("bad_limit", f"{request.limit} is not a number of messages.", hint="Give --limit 1 or more.")
    instance = workspace.owner(request).instance or ""
    state = workspace.coordinator.read().state
    return people_views.inbox_view(state, instance, everything=request.all, limit=request.limit)


def inbox_read(workspace: Workspace, request: ask.MarkRead) -> Json:
    """`{"count"}`: how many were unread until now and are read."""
    actor = workspace.owner(request)
    before = _unread(workspace, actor.instance or "")
    workspace.run(request, actor)
    return {"count": before - _unread(workspace, actor.instance or "")}


def presence(workspace: Workspace, request: ask.ShowPresence) -> Json:
    """`{"instances"}`."""
    state = workspace.coordinator.read().state
    moment = workspace.coordinator.moment(state)
    return people_views.presence_view(state, workspace.heard(), moment, everything=request.all)


def _unread(workspace: Workspace, instance: str) -> int:
    state = workspace.coordinator.read().state
    return int(people_views.inbox_view(state, instance, everything=False, limit=1)["unread"])
