"""Who a message is for, and what an instance has not read yet.

Rule 1: a message is for the instance it names, for every instance of the agent it names, for whoever it mentions by
        id or name, or for everybody; also for those who come later. Nobody gets their own messages.
Rule 2: read is a fact of one instance, never of the message.
"""

import re
from collections.abc import Iterator

from coordinaut_git.protocol.model import Message, Reading
from coordinaut_git.protocol.state import State

_MENTION = re.compile(r"(?<![\w@.])@([A-Za-z0-9][A-Za-z0-9._:+-]{0,63})")


def mentions(text: str) -> tuple[str, ...]:
    """The names that a text mentions with an `@`, each once; a full stop at the end belongs to the sentence."""
    return tuple(dict.fromkeys(found.rstrip(".:+-") for found in _MENTION.findall(text)))


def is_for(message: Message, instance: str, name: str | None) -> bool:
    """Whether a message belongs into the inbox of an instance that is known by this name."""
    if message.from_agent_instance == instance:
        return False
    if message.to_agent_instance:
        return message.to_agent_instance == instance or bool({instance, name} & set(message.mentions))
    return message.broadcast or bool({instance, name} & {message.to_agent, *message.mentions})


def inbox(state: State, instance: str, *, after: int = 0) -> Iterator[Message]:
    """The messages for an instance at positions after `after`, newest first."""
    known = state.instance(instance)
    name = known.name if known else None
    return (message for message in state.messages(after) if is_for(message, instance, name))


def unread(state: State, instance: str, reading: Reading) -> Iterator[Message]:
    """Those that a reading does not cover, newest first; nothing older than its position is looked at."""
    seen = set(reading.messages)
    return (message for message in inbox(state, instance, after=reading.up_to) if message.id not in seen)
