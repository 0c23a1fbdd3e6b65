"""What was read, and what an inbox shows. Rules 72 to 74 and 77 of docs/protocol.md."""

import pytest
from world import Replay, everything

from coordinaut_git.errors import Kind
from coordinaut_git.protocol import people_views
from coordinaut_git.protocol import requests as ask
from coordinaut_git.protocol.apply import apply
from coordinaut_git.protocol.inbox import PASSED_AT_ONCE, unread
from coordinaut_git.protocol.letters import letter_id
from coordinaut_git.protocol.model import Actor, MessageKind
from coordinaut_git.protocol.ops import MessagePosted, MessagesRead
from coordinaut_git.protocol.paths import NUMBERS_A_SHARD
from coordinaut_git.protocol.state import State
from coordinaut_git.stores.memory import DocumentMap


def test_r72_what_one_has_read_the_others_have_not(people):
    first, second = people.say("alice", "1", broadcast=True), people.say("alice", "2", broadcast=True)
    assert people.read("bob", first) == 1
    assert [one["id"] for one in people.inbox("bob")] == [second["id"]]
    assert len(people.inbox("carol")) == 2
    assert people.read("carol") == 2
    assert (len(people.inbox("bob")), people.inbox("carol")) == (1, [])


def test_r72_reading_the_newest_first_leaves_the_older_unread(people):
    messages = [people.say("alice", str(number), broadcast=True) for number in range(9)]
    order = [8, 3, 0, 5, 4, 7, 1, 2, 6]
    for count, number in enumerate(order, 1):
        people.read("bob", messages[number])
        assert [one["text"] for one in people.inbox("bob")] == [
            str(n) for n in range(8, -1, -1) if n not in order[:count]
        ]
    (reading,) = people.documents("readings/").values()
    assert reading == {"marks": [{"name": "bob", "upTo": 12, "day": "20261122"}]}, "nothing but how far it is"


def test_r72_what_is_kept_of_a_reading_does_not_grow_with_what_was_read_before(people):
    for number in range(9):
        message = people.say("alice", str(number), broadcast=True)
        if number != 5:
            people.read("bob", message)
    (reading,) = people.documents("readings/").values()
    assert len(reading["messages"]) == 3


def test_r73_a_message_that_joins_the_line_before_the_reading_is_still_unread():
    line = Replay()
    seen, unseen = (MessagePosted(kind=MessageKind.NOTE, text=text, broadcast=True) for text in ("seen", "unseen"))
    line.add(seen, "alice")
    line.add(unseen, "carol")
    assert line.add(MessagesRead(messages=(letter_id(f"op_{1:024x}"),)), "bob") == ""
    assert [message.text for message in unread(line.state, "bob-1")] == ["unseen"]


def test_r73_all_are_as_many_as_one_operation_takes_the_oldest_first(people):
    for number in range(70):
        people.say("alice", str(number), broadcast=True)
    assert people.read("bob") == 64
    assert [one["text"] for one in people.inbox("bob")] == ["69", "68", "67", "66", "65", "64"]
    assert (people.read("bob"), people.read("bob")) == (6, 0)


def test_r74_only_messages_in_ones_own_inbox_can_be_marked(people):
    for message in (people.say("alice", to="carol"), people.say("bob", broadcast=True), {"id": "msg_0"}):
        with people.refuses("no_such_message", Kind.NOT_FOUND):
            people.read("bob", message)
    with people.refuses("no_messages", Kind.INVALID):
        people.coordinator.run(ask.MarkRead(), Actor(instance="bob-1"))


def test_r74_to_mark_what_was_read_writes_nothing(people):
    message = people.say("alice", broadcast=True)
    assert people.read("bob", message) == 1
    before = people.store.head()
    assert (people.read("bob", message), people.read("bob")) == (0, 0)
    assert people.store.head() == before


def test_r74_an_inbox_belongs_to_an_instance(people):
    message = people.say("alice", broadcast=True)
    with people.refuses("no_instance", Kind.INVALID):
        people.coordinator.run(ask.MarkRead(messages=(message["id"],)), Actor(agent="bob"))


def test_r77_an_inbox_shows_what_is_unread_first_and_the_newest_first(people):
    messages = []
    for number in range(6):
        messages.append(people.say("alice", str(number), broadcast=True))
        people.wait("9h")
    people.read("bob", messages[1], messages[5])
    shown = people.inbox("bob", everything=True)
    assert [(one["text"], one["read"]) for one in shown] == [
        ("4", False), ("3", False), ("2", False), ("0", False), ("5", True), ("1", True),
    ]  # fmt: skip
    assert [one["text"] for one in people.inbox("bob", everything=True, limit=5)] == list("43205")
    assert people_views.inbox_view(people.state, "bob-1", everything=False, limit=1)["unread"] == 4


class Counted(DocumentMap):
    """Documents that note what is read of them."""

    def __init__(self, documents):
        super().__init__(documents)
        self.read = []

    def get(self, path):
        self.read.append(path)
        return super().get(path)

    def names(self, folder):
        self.read.append(folder)
        return super().names(folder)


def test_r77_an_inbox_that_was_read_costs_nothing_for_what_is_old(people):
    for _ in range(12):
        for number in range(20):
            people.say("alice", str(number), broadcast=True)
        people.wait("24h")
    while people.read("bob"):
        pass
    kept = everything(people.state)
    documents = Counted(kept)
    shown = people_views.inbox_view(State(documents, people.state.seq), "bob-1", everything=False, limit=50)
    assert shown == {"messages": [], "unread": 0}
    assert [path for path in documents.read if path.startswith("messages")][:1] == ["messages"]
    days = {path.split("/")[1] for path in documents.read if path.startswith("messages/")}
    assert len(days) <= 3, "of twelve days, those that share the newest folder's positions"
    assert sum(path.startswith("messages/") and path.endswith(".json") for path in documents.read) <= 64


@pytest.mark.parametrize(
    ("recipients", "most"),
    [({"broadcast": True}, 2 * NUMBERS_A_SHARD), ({"to": "alice"}, PASSED_AT_ONCE + 3 * NUMBERS_A_SHARD)],
    ids=["all of it unread", "none of it for the reader"],
)
def test_r72_a_reading_costs_those_who_replay_it_little_however_much_there_is(people, recipients, most):
    for number in range(500):
        people.say("carol", str(number), **recipients)
    newest = people.say("alice", to="bob")
    documents, seq = Counted(everything(people.state)), people.state.seq
    people.read("bob", newest)
    apply(State(documents, seq), people.operations()[-1], seq + 1)
    assert sum(path.startswith("messages/") and path.endswith(".json") for path in documents.read) <= most
    left = [one["text"] for one in people.inbox("bob")]
    assert left == ([str(number) for number in range(499, -1, -1)] if "broadcast" in recipients else [])


def test_r72_a_mark_moves_over_all_there_is_in_some_readings(people):
    for number in range(600):
        people.say("carol", str(number), to="alice")
    for _ in range(4):
        people.read("bob", people.say("alice", to="bob"))
    (reading,) = people.documents("readings/").values()
    assert reading == {"marks": [{"day": "20261122", "name": "bob", "upTo": people.state.seq - 1}]}


def test_r72_a_mark_stops_before_what_is_unread_of_its_own_day(people):
    first, second = people.say("alice", "1", broadcast=True), people.say("alice", "2", broadcast=True)
    people.read("bob", first)
    people.wait("24h")
    people.read("bob", people.say("alice", "3", broadcast=True))
    assert people.inbox("bob") == [second]


def test_r72_a_reading_looks_at_no_day_before_its_mark(people):
    for _ in range(12):
        for number in range(NUMBERS_A_SHARD):
            people.say("alice", str(number), broadcast=True)
        while people.read("bob"):
            pass
        people.wait("24h")
    message = people.say("alice", broadcast=True)
    documents, seq = Counted(everything(people.state)), people.state.seq
    people.read("bob", message)
    apply(State(documents, seq), people.operations()[-1], seq + 1)
    assert len({path.split("/")[1] for path in documents.read if path.startswith("messages/")}) == 2


def test_r72_what_was_read_under_a_former_name_stays_read_when_the_name_comes_back(people):
    people.read("bob", people.say("alice", "for bob", agent="bob"))
    robert = Actor(instance="bob-1", agent="robert")
    people.coordinator.run(ask.CreateTask(title="x"), robert)
    people.say("alice", broadcast=True)
    people.coordinator.run(ask.MarkRead(all=True), robert)
    people.create("bob")
    assert people.inbox("bob") == []


def test_r72_several_messages_of_one_operation_are_read_one_by_one(world):
    for name in ("a", "b", "c"):
        world.claim("alice", files=name)
    world.wait("31m")
    world.claim("bob", files="*", takeover_reason="gone")
    first, second, third = world.inbox("alice")
    assert {first["at"], second["at"], third["at"]} == {"2026-11-22T16:31:00.000Z"}
    for read, left in [(second, [first, third]), (first, [third]), (third, [])]:
        world.read("alice", read)
        assert world.inbox("alice") == left
