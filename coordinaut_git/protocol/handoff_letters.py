"""The messages about handoffs: every request, every answer and every end is in both inboxes.

Rule 1: as in `letters`: written in the transaction they tell of, with ids that follow from the operation's.
Rule 2: what an instance did itself is told to it by ourselves, since nobody finds their own messages in their inbox.
"""

from coordinaut_git.protocol.letters import OURSELVES, letter_id, patterns, written
from coordinaut_git.protocol.model import Handoff, HandoffStatus, Message, MessageKind
from coordinaut_git.protocol.step import Step, Writes

_TOLD = {
    HandoffStatus.GRANT_AFTER_COMMIT: "{actor} promised {files} for {task}, after its next commit or its release",
    HandoffStatus.HANDOFF_NOW: "{actor} handed {files} over for {task}: {requester} holds it now",
    HandoffStatus.DENIED: "{actor} will not hand {files} over for {task}",
    HandoffStatus.CANCELLED: "{actor} called off the handoff of {files} for {task}",
}


def requested(step: Step, handoff: Handoff, operation_id: str) -> Writes:
    """The owner is asked; the requester has it in writing."""
    text = "{actor} asks {owner} to hand {files} over for {task} ({id}): " + _escaped(handoff.reason)
    return _to_both(step, handoff, text, operation_id)


def answered(step: Step, handoff: Handoff, operation_id: str) -> Writes:
    """Whoever asked learns the answer; whoever answered has it in writing."""
    said = f": {_escaped(handoff.response)}" if handoff.response else "."
    return _to_both(step, handoff, _TOLD[handoff.status] + " ({id})" + said, operation_id)


def completed(step: Step, handoff: Handoff, operation_id: str, number: int) -> Writes:
    """A promise was kept."""
    text = "{owner} let go of {files} as promised: {requester} holds it now, for {task} ({id})."
    return _from_us(step, handoff, text, operation_id, number)


def called_off(step: Step, handoff: Handoff, why: str, operation_id: str, number: int) -> Writes:
    """Nothing can come of it any more."""
    text = "The handoff of {files} from {owner} to {requester}, for {task} ({id}), came to nothing: " + _escaped(why)
    return _from_us(step, handoff, text, operation_id, number)


def _to_both(step: Step, handoff: Handoff, text: str, operation_id: str) -> Writes:
    """From who acts to the other, and as a note of ours to who acts."""
    actor = step.actor
    other = handoff.requester if actor.instance == handoff.owner else handoff.owner
    said = _text(step, handoff, text)
    first = _letter(step, handoff, said, letter_id(operation_id), other, (actor.agent, actor.instance))
    return first | _letter(step, handoff, said, letter_id(operation_id, 1), actor.instance or "", (OURSELVES, None))


def _from_us(step: Step, handoff: Handoff, text: str, operation_id: str, number: int) -> Writes:
    said = _text(step, handoff, text)
    writes: Writes = {}
    for which, instance in enumerate((handoff.requester, handoff.owner)):
        message_id = f"{letter_id(operation_id, number)}_{which}"
        writes |= _letter(step, handoff, said, message_id, instance, (OURSELVES, None))
    return writes


def _text(step: Step, handoff: Handoff, text: str) -> str:
    return text.format(
        actor=_named(step.actor.agent, step.actor.instance or ""),
        owner=_named(handoff.owner_agent, handoff.owner),
        requester=_named(handoff.requester_agent, handoff.requester),
        files=patterns(handoff.files),
        task=handoff.display_id,
        id=handoff.id,
    )


def _letter(
    step: Step, handoff: Handoff, text: str, message_id: str, to: str, sender: tuple[str | None, str | None]
) -> Writes:
    agent, instance = sender
    return written(
        step,
        Message(
            id=message_id,
            seq=step.seq,
            kind=MessageKind.HANDOFF,
            text=text,
            at=step.at,
            from_agent=agent,
            from_agent_instance=instance,
            to_agent_instance=to,
            task_id=handoff.task_id,
        ),
    )


def _named(agent: str | None, instance: str) -> str:
    return f"{agent} ({instance})" if agent else instance


def _escaped(text: str) -> str:
    """Text of somebody's, safe inside a template."""
    return text.replace("{", "{{").replace("}", "}}")
