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
    """Whether a message belongs into the inbox of an instance that is known by this name.

    Where an instance is named, the agent's name beside it only tells people who that is.
    """
    if message.from_agent_instance == instance:
        return False
    names = {instance, name}
    if message.broadcast or not names.isdisjoint(message.mentions):
        return True
    return message.to_agent_instance == instance if message.to_agent_instance else message.to_agent in names - {None}


def name_of(state: State, instance: str) -> str | None:
    """What an instance is called, if it ever acted."""
    known = state.instance(instance)
    return known.name if known else None


def inbox(state: State, instance: str, *, after: int = 0) -> Iterator[Message]:
    """The messages for an instance at positions after `after`, newest first."""
    name = name_of(state, instance)
    return (message for message in state.messages(after) if is_for(message, instance, name))


def unread(state: State, instance: str) -> Iterator[Message]:
    """The messages that an instance has not read, newest first.

    Nothing older than its reading is looked at, but when it has got another name since.
    """
    reading = state.reading(instance)
    renamed = reading.name != name_of(state, instance)
    seen = set(reading.messages)
    for message in inbox(state, instance, after=0 if renamed else reading.up_to):
        covered = message.seq <= reading.up_to and is_for(message, instance, reading.name)
        if not covered and message.id not in seen:
            yield message


def reading_after(state: State, instance: str, messages: tuple[str, ...], seq: int) -> Reading:
    """What an instance has read once it has read these too, at `seq`: told by a position as far as that goes."""
    name = name_of(state, instance)
    left = [message for message in unread(state, instance) if message.id not in messages]
    if not left:
        return Reading(up_to=seq, name=name)
    up_to = left[-1].seq - 1
    still = {message.id for message in left}
    read = tuple(message.id for message in inbox(state, instance, after=up_to) if message.id not in still)
    return Reading(up_to=up_to, messages=read, name=name)
