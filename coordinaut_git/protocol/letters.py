"""Messages as operations leave them: those that somebody wrote, and those that the protocol writes itself.

Rule 1: whoever loses something is told by a message, in the same transaction: a takeover, a refusal at replay.
Rule 2: the id of a message follows from the operation's, so that a replay gives the same one.
"""

from coordinaut_git.protocol.inbox import reading_after
from coordinaut_git.protocol.model import Lease, Message, MessageKind, RefusedOperation
from coordinaut_git.protocol.ops import MessagePosted, MessagesRead, TaskCreated
from coordinaut_git.protocol.paths import message_path, reading_path
from coordinaut_git.protocol.refusals import Refusal, holder
from coordinaut_git.protocol.state import State
from coordinaut_git.protocol.step import Step, Writes
from coordinaut_git.protocol.values import Instant

OURSELVES = "coordinaut"
"""Who signs what nobody wrote."""

SHOWN_PATTERNS = 8

_REFUSED = "was refused where it came to stand in the history"
_DEEDS = {
    "handoff_answered": "answer to a handoff",
    "handoff_requested": "request for a handoff",
    "handoffs_kept": "handing over of what you promised",
    "leases_renewed": "heartbeat",
    "message_posted": "message",
    "messages_read": "note of what you read",
    "task_claimed": "claim",
    "task_created": "new task",
    "task_released": "release",
    "task_updated": "update",
}


def letter_id(operation_id: str, number: int = 0) -> str:
    """The id of the message number `number` of an operation."""
    return f"msg_{operation_id.removeprefix('op_')}_{number}"


def letters_of(state: State, operation_id: str, seq: int, at: Instant) -> list[Message]:
    """The messages that the operation of this id and place has left."""
    return state.messages_of(f"msg_{operation_id.removeprefix('op_')}_", seq, at.day)


def posted(step: Step, change: MessagePosted, operation_id: str) -> Writes:
    """What somebody said."""
    return written(
        step,
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
        ),
    )


def read(step: Step, change: MessagesRead) -> Writes:
    """What somebody has read."""
    instance = step.actor.instance or ""
    return {reading_path(instance): reading_after(step.state, instance, change.messages)}


def taken_over(step: Step, lost: Lease, reason: str, message_id: str) -> Writes:
    """Tell the old holder of a lease who ended it, and why."""
    actor = step.actor
    text = (
        f"{actor.agent or actor.instance} took over {patterns(lost.files)} of {lost.display_id}, "
        f"which {holder(lost)} held until {lost.expires_at}: {reason}"
    )
    return written(
        step,
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
        ),
    )


def renumbered(step: Step, change: TaskCreated, now: str, message_id: str) -> Writes:
    """Tell whoever wrote a task down that it has another number than the one that was answered."""
    if not step.actor.instance:
        return {}
    text = (
        f"Your task {change.known_as} is {now} now: another clone had given that number too, and came onto the team's "
        f"line first. {change.known_as} means the other task from now on."
    )
    return _note(step, message_id, text, step.actor.instance, change.task_id)


def refused(step: Step, record: RefusedOperation, refusal: Refusal) -> Writes:
    """Tell whoever asked that the operation did not count where it came to stand, and those who were in its way."""
    asked = record.agent_instance
    if not asked:
        return {}
    task = step.state.task(record.task_id) if record.task_id else None
    what = _DEEDS.get(record.op, record.op) + (f" of {task.display_id}" if task else "")
    leases = [clash.lease for clash in refusal.clashes]
    held = [f"{patterns(lease.files)} is held by {holder(lease)} for {lease.display_id}." for lease in leases]
    text = " ".join([f"Your {what} {_REFUSED} ({record.code}).", *held])
    writes = _note(step, letter_id(record.id), text, asked, record.task_id)
    for number, lease in enumerate(leases, 1):
        told = f"A {what} by {asked} {_REFUSED}: you hold {patterns(lease.files)} for {lease.display_id}."
        writes |= _note(step, letter_id(record.id, number), told, lease.agent_instance, lease.task_id)
    return writes


def _note(step: Step, message_id: str, text: str, instance: str, task_id: str | None) -> Writes:
    return written(
        step,
        Message(
            id=message_id,
            seq=step.seq,
            kind=MessageKind.NOTE,
            text=text,
            at=step.at,
            from_agent=OURSELVES,
            to_agent_instance=instance,
            task_id=task_id,
        ),
    )


def patterns(files: tuple[str, ...]) -> str:
    """The first few patterns of a scope."""
    more = f" and {len(files) - SHOWN_PATTERNS} more" if len(files) > SHOWN_PATTERNS else ""
    return ", ".join(files[:SHOWN_PATTERNS]) + more


def written(step: Step, message: Message) -> Writes:
    """A new message; one that is there already stays, should an enemy give two operations one id."""
    path = message_path(message)
    return {} if step.state.message_at(path) else {path: message}
