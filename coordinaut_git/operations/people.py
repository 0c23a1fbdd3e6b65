"""People: messages, inboxes, and who is present."""

from typing import Any

from coordinaut_git.coordinator import Done
from coordinaut_git.errors import invalid
from coordinaut_git.protocol import people_views
from coordinaut_git.protocol import requests as ask
from coordinaut_git.protocol.letters import letter_id
from coordinaut_git.protocol.model import Actor
from coordinaut_git.protocol.ops import MessagesRead
from coordinaut_git.workspace import Workspace

Json = dict[str, Any]

LARGEST_LIMIT = 1_000_000_000
NEAR = 128


def message(workspace: Workspace, request: ask.PostMessage) -> Json:
    """A Message."""
    done = workspace.run(request, workspace.actor(request))
    assert done.operation is not None
    posted_id = letter_id(done.operation.id)
    posted = next(one for one in done.state.messages() if one.id == posted_id)  # the newest is looked at first
    return people_views.message_form(done.state, posted, read=False)


def told(done: Done, actor: Actor) -> list[str]:
    """What an operation told its own actor, such as the promises it kept."""
    if not done.operation:
        return []
    ours = letter_id(done.operation.id).removesuffix("0")
    lately = done.state.messages(max(0, done.state.seq - NEAR))  # others may have written since, also from afar
    return [one.text for one in lately if one.id.startswith(ours) and one.to_agent_instance == actor.instance]


def inbox(workspace: Workspace, request: ask.ShowInbox) -> Json:
    """`{"messages", "unread"}`."""
    if not 1 <= request.limit <= LARGEST_LIMIT:
        raise invalid(
            "bad_limit", f"{request.limit} is not a number of messages.", hint=f"Give --limit 1 to {LARGEST_LIMIT}."
        )
    instance = workspace.owner(request).instance or ""
    state = workspace.coordinator.read().state
    return people_views.inbox_view(state, instance, everything=request.all, limit=request.limit)


def inbox_read(workspace: Workspace, request: ask.MarkRead) -> Json:
    """`{"count"}`: how many were unread until now and are read."""
    actor = workspace.owner(request)
    count = 0
    while operation := workspace.run(request, actor).operation:
        assert isinstance(operation.change, MessagesRead)
        count += len(operation.change.messages)
        if not request.all:  # of all, one operation takes as many as it can hold
            break
    return {"count": count}


def presence(workspace: Workspace, request: ask.ShowPresence) -> Json:
    """`{"instances"}`."""
    state, moment = workspace.coordinator.now()
    return people_views.presence_view(state, workspace.heard(), moment, everything=request.all)
