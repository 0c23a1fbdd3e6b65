"""Who a message is for, and what an instance has not read yet.

Rule 1: a message is for the instance it names, for every instance of the agent it names, for whoever it mentions by
        id or name, or for everybody; also for those who come later. Nobody gets their own messages.
Rule 2: read is a fact of one instance, never of the message.
"""

import re
from collections.abc import Container, Iterator
from itertools import groupby

from coordinaut_git.protocol.model import Mark, Message, Reading
from coordinaut_git.protocol.state import State

PASSED_AT_ONCE = 256

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
    """The messages that an instance has not read, newest first; nothing older than its mark is looked at."""
    reading = state.reading(instance)
    seen = frozenset(reading.messages)
    messages = inbox(state, instance, after=reading.mark(name_of(state, instance)).up_to)
    return (message for message in messages if not _is_read(message, instance, reading.marks, seen))


def reading_after(state: State, instance: str, messages: tuple[str, ...]) -> Reading:
    """What an instance has read once it has read these too.

    The mark of its name moves over what is read or not for it, at most so far at once: this is done again by
    everybody who reads the line, and must not cost more where much is unread.
    """
    reading, name = state.reading(instance), name_of(state, instance)
    seen = dict.fromkeys((*reading.messages, *messages))
    mark, passed = reading.mark(name), 0
    for seq, together in groupby(state.messages_since(mark.up_to, mark.day), key=lambda message: message.seq):
        group = list(together)
        mine = [message for message in group if is_for(message, instance, name)]
        if passed >= PASSED_AT_ONCE or not all(_is_read(one, instance, reading.marks, seen) for one in mine):
            break
        passed += len(group)
        mark = Mark(name=name, up_to=seq, day=group[0].at.day)
        for message in mine:
            seen.pop(message.id, None)
    others = (other for other in reading.marks if other.name != name)
    return Reading(marks=(*others, mark), messages=tuple(seen))


def _is_read(message: Message, instance: str, marks: tuple[Mark, ...], seen: Container[str]) -> bool:
    passed = (mark for mark in marks if message.seq <= mark.up_to)
    return message.id in seen or any(is_for(message, instance, mark.name) for mark in passed)
