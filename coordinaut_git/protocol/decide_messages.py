"""Decisions about messages: say something, and note what was read."""

from coordinaut_git.errors import not_found
from coordinaut_git.protocol import requests as ask
from coordinaut_git.protocol.asking import Asker, Made, due_renewals
from coordinaut_git.protocol.inbox import inbox, mentions, unread
from coordinaut_git.protocol.model import Message, MessageKind
from coordinaut_git.protocol.ops import MessagePosted, MessagesRead
from coordinaut_git.protocol.references import find_task
from coordinaut_git.protocol.values import clip
from coordinaut_git.protocol.wellformed import MAX_LISTED


def post(asker: Asker, request: ask.PostMessage) -> Made:
    """A message; one that names a task and nobody else is for the task's holder."""
    task = find_task(asker.state, request.task) if request.task else None
    lease = asker.state.lease(task.id) if task else None
    named = mentions(request.text)
    somebody = request.to_agent_instance or request.to_agent or request.broadcast or named
    to_holder = lease.agent_instance if lease and not somebody else None
    change = MessagePosted(
        kind=request.kind or MessageKind.NOTE,
        text=request.text,
        to_agent_instance=request.to_agent_instance or to_holder,
        to_agent=request.to_agent,
        broadcast=request.broadcast,
        mentions=named,
        task_id=task.id if task else None,
    )
    return change, due_renewals(asker)


def mark_read(asker: Asker, request: ask.MarkRead) -> Made:
    """What was read: the messages that are named, or as many of all as one operation takes, the oldest first."""
    left = list(unread(asker.state, asker.actor.instance or ""))
    if request.all:
        chosen = left[-MAX_LISTED:]
    else:
        _check_there(asker, request.messages, left)
        chosen = [message for message in left if message.id in request.messages]
    if not chosen and (request.all or request.messages):
        return None
    return MessagesRead(messages=tuple(message.id for message in chosen)), due_renewals(asker)


def _check_there(asker: Asker, messages: tuple[str, ...], left: list[Message]) -> None:
    """Raise not_found for an id that is not in the inbox; what was read is looked through only where it must be."""
    instance = asker.actor.instance or ""
    unknown = set(messages) - {message.id for message in left}
    if unknown:
        unknown -= {message.id for message in inbox(asker.state, instance)}
    if unknown:
        raise not_found(
            "no_such_message",
            f"There is no message {clip(min(unknown))} in the inbox of {instance}.",
            hint="List them: coordinaut inbox --all",
        )
