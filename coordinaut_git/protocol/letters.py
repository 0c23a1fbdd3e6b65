"""Messages as operations leave them: those that somebody wrote, and those that the protocol writes itself.

Rule 1: whoever loses something is told by a message, in the same transaction: a takeover, a refusal at replay.
Rule 2: the id of a message follows from the operation's, so that a replay gives the same one.
"""

from coordinaut_git.protocol.inbox import unread
from coordinaut_git.protocol.model import Lease, Message, MessageKind, Reading, RefusedOperation
from coordinaut_git.protocol.ops import MessagePosted, MessagesRead
from coordinaut_git.protocol.rules import holder
from coordinaut_git.protocol.state import message_path, reading_path
from coordinaut_git.protocol.step import Step, Writes


def letter_id(operation_id: str, number: int = 0) -> str:
    """The id of the message number `number` of an operation."""
    return f"msg_{operation_id.removeprefix('op_')}_{number}"


def posted(step: Step, change: MessagePosted, operation_id: str) -> Writes:
    """What somebody said."""
    return _written(
        Message(
            id=letter_id(operation_id),
            seq=step.seq,
            kind=change.kind,
            text=change.text,
            at=step.at,
            from_agent=step.actor.agent,
            from_agent_instance=step.actor.instance,
            to_agent=change.to_agent,
            to_agent_instance=change.to_agent_instance,
            broadcast=change.broadcast,
            mentions=change.mentions,
            task_id=change.task_id,
        )
    )


def read(step: Step, change: MessagesRead) -> Writes:
    """What somebody has read; when nothing older is unread, only the position is kept."""
    instance = step.actor.instance or ""
    if change.all:
        return {reading_path(instance): Reading(up_to=step.seq)}
    before = step.state.reading(instance)
    messages = tuple(dict.fromkeys((*before.messages, *change.messages)))
    reading = Reading(up_to=before.up_to, messages=messages)
    if not any(unread(step.state, instance, reading)):
        reading = Reading(up_to=step.seq)
    return {reading_path(instance): reading}


def taken_over(step: Step, lost: Lease, reason: str, message_id: str) -> Writes:
    """Tell the old holder of a lease who ended it, and why."""
    actor = step.actor
    text = (
        f"{actor.agent or actor.instance} took over {', '.join(lost.files)} of {lost.display_id}, "
        f"which {holder(lost)} held until {lost.expires_at}: {reason}"
    )
    return _written(
        Message(
            id=message_id,
            seq=step.seq,
            kind=MessageKind.NOTE,
            text=text,
            at=step.at,
            from_agent=actor.agent,
            from_agent_instance=actor.instance,
            to_agent_instance=lost.agent_instance,
            to_agent=lost.agent,
            task_id=lost.task_id,
        )
    )


def refused(step: Step, record: RefusedOperation) -> Writes:
    """Tell whoever asked that the operation did not count where it came to stand."""
    if not record.agent_instance:
        return {}
    message = Message(
        id=letter_id(record.id),
        seq=step.seq,
        kind=MessageKind.NOTE,
        text=f"{record.op} was refused when the histories were joined: {record.reason}",
        at=step.at,
        to_agent_instance=record.agent_instance,
        task_id=record.task_id,
    )
    return _written(message)


def _written(message: Message) -> Writes:
    return {message_path(message): message}
