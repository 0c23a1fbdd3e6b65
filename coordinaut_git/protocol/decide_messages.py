"""Decisions about messages: say something, and note what was read."""

from coordinaut_git.errors import not_found
from coordinaut_git.protocol import requests as ask
from coordinaut_git.protocol.asking import Asker, Made, due_renewals
from coordinaut_git.protocol.inbox import inbox, mentions, unread
from coordinaut_git.protocol.model import MessageKind
from coordinaut_git.protocol.ops import MessagePosted, MessagesRead
from coordinaut_git.protocol.references import find_task
from coordinaut_git.protocol.values import clip


def post(asker: Asker, request: ask.PostMessage) -> Made:
    """A message; one that names a task and nobody else is for the task's holder."""
    task = find_task(asker.state, request.task) if request.task else None
    lease = asker.state.lease(task.id) if task else None
    named = mentions(request.text)
    to_holder = lease and not (request.to_agent_instance or request.to_agent or request.broadcast or named)
    change = MessagePosted(
        kind=request.kind or MessageKind.NOTE,
        text=request.text,
        to_agent_instance=lease.agent_instance if lease and to_holder else request.to_agent_instance,
        to_agent=request.to_agent,
        broadcast=request.broadcast,
        mentions=named,
        task_id=task.id if task else None,
    )
    return change, due_renewals(asker)


def mark_read(asker: Asker, request: ask.MarkRead) -> Made:
    """What was read; nothing is written for what was read before."""
    instance = asker.actor.instance or ""
    left = list(unread(asker.state, instance, asker.state.reading(instance)))
    if request.all:
        return (MessagesRead(all=True), due_renewals(asker)) if left else None
    unknown = set(request.messages) - {message.id for message in left}
    if unknown and (unknown := unknown - {message.id for message in inbox(asker.state, instance)}):
        raise not_found(
            "no_such_message",
            f"There is no message {clip(min(unknown))} in the inbox of {instance}.",
            hint="List them: coordinaut inbox --all",
        )
    wanted = tuple(message.id for message in left if message.id in request.messages)
    return (MessagesRead(messages=wanted), due_renewals(asker)) if wanted or not request.messages else None
