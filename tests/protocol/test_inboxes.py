"""Inboxes over random histories: what an instance has not read is what a plain look at all operations says."""

from hypothesis import given
from hypothesis import strategies as st
from world import START, Replay, everything

from coordinaut_git.protocol.inbox import inbox, unread
from coordinaut_git.protocol.letters import letter_id
from coordinaut_git.protocol.model import Actor, MessageKind
from coordinaut_git.protocol.ops import MessagePosted, MessagesRead, Operation
from coordinaut_git.protocol.state import State
from coordinaut_git.protocol.values import Instant
from coordinaut_git.stores.memory import DocumentMap

INSTANCES, NAMES = ("i-1", "i-2"), (None, "ann", "bob")
PAUSE_MS = 5 * 3_600_000
who = st.builds(Actor, instance=st.sampled_from((*INSTANCES, None)), agent=st.sampled_from(NAMES))
posts = st.builds(
    MessagePosted,
    kind=st.just(MessageKind.NOTE),
    text=st.just("hello"),
    to_agent_instance=st.sampled_from((None, None, *INSTANCES)),
    to_agent=st.sampled_from(NAMES),
    broadcast=st.booleans(),
    mentions=st.sampled_from([(), ("ann",), ("i-2", "bob")]),
)
reads = st.lists(st.integers(0, 40), min_size=1, max_size=8).map(
    lambda places: MessagesRead(messages=tuple(letter_id(f"op_{place:024x}") for place in places))
)
LINES = st.lists(st.tuples(who, posts | posts | reads, st.booleans()), max_size=40)


def operations(steps) -> list[Operation]:
    """The lawful steps as operations; after some of them hours go by."""
    made, at = [], START
    for number, (actor, change, pause) in enumerate(steps):
        if is_lawful(actor, change):
            made.append(Operation(id=f"op_{number:024x}", at=at, actor=actor, change=change))
        at = Instant(at + PAUSE_MS * pause)
    return made


def is_lawful(actor: Actor, change) -> bool:
    if isinstance(change, MessagesRead):
        return actor.instance is not None
    return bool(recipients(change))


def plainly(line: list[Operation], instance: str) -> tuple[list[str], list[str]]:
    """The ids of the messages for an instance, newest first, and of those it has not read, by looking at all."""
    known, read, sent = {instance, "*"}, set(), {}
    for operation in line:
        change, mine = operation.change, operation.actor.instance == instance
        if isinstance(change, MessagesRead) and mine:
            read |= {*change.messages}
        elif isinstance(change, MessagePosted) and not mine:
            sent[letter_id(operation.id)] = recipients(change)
        if mine and operation.actor.agent:
            known = {instance, "*", operation.actor.agent}
    for_it = [letter for letter, to in reversed(sent.items()) if to & known]
    return for_it, [letter for letter in for_it if letter not in read]


def recipients(change: MessagePosted) -> set[str]:
    """The ids and names a message is for; `*` is everybody."""
    to = {*change.mentions, *(["*"] if change.broadcast else [])}
    return to | ({change.to_agent_instance or change.to_agent} - {None})


@given(LINES)
def test_an_inbox_holds_what_a_plain_look_at_all_operations_says(steps):
    line, replay = operations(steps), Replay()
    for number, operation in enumerate(line, 1):
        assert replay.put(operation) == ""
        for instance in INSTANCES:
            for_it, left = plainly(line[:number], instance)
            assert [one.id for one in inbox(replay.state, instance)] == for_it
            assert [one.id for one in unread(replay.state, instance)] == left


@given(LINES, st.integers(0, 40))
def test_an_inbox_is_the_same_however_the_state_was_reached(steps, cut):
    whole, before = Replay(), Replay()
    for number, operation in enumerate(operations(steps)):
        whole.put(operation)
        if number < cut:
            before.put(operation)
    after = Replay(State(DocumentMap(everything(before.state)), before.state.seq))
    for operation in operations(steps)[cut:]:
        after.put(operation)
    assert everything(after.state) == everything(whole.state)
