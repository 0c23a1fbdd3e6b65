"""Who a message is for, what tells of refusals, and presence. Rules 67 to 71, 75, 76 and 78 of docs/protocol.md."""

import pytest
from world import START, Replay, World, everything, replayed

from coordinaut_git.errors import Kind
from coordinaut_git.protocol import people_views
from coordinaut_git.protocol import requests as ask
from coordinaut_git.protocol.inbox import mentions, unread
from coordinaut_git.protocol.model import Actor, MessageKind, Mode
from coordinaut_git.protocol.ops import MessagePosted, TaskClaimed, TaskCreated
from coordinaut_git.protocol.people_views import ACTIVE_MS

EVERYBODY = ("alice", "bob", "carol")


def who_got(world: World, message) -> set[str]:
    return {who for who in EVERYBODY if message["id"] in {one["id"] for one in world.inbox(who)}}


@pytest.mark.parametrize(
    ("recipients", "text", "expected"),
    [
        ({"to": "bob"}, "hello", {"bob"}),
        ({"agent": "bob"}, "hello", {"bob"}),
        ({}, "ask @bob", {"bob"}),
        ({}, "ask @bob-1, and @carol.", {"bob", "carol"}),
        ({"broadcast": True}, "hello", {"bob", "carol"}),
        ({"to": "bob"}, "and @carol", {"bob", "carol"}),
        ({"to": "bob", "agent": "carol"}, "the instance counts", {"bob"}),
        ({"to": "bob", "broadcast": True}, "hello", {"bob", "carol"}),
        ({"agent": "nobody"}, "hello", set()),
        ({"agent": "Bob"}, "hello", set()),
    ],
)
def test_r67_a_message_is_for_whom_it_names_or_mentions_or_for_everybody(people, recipients, text, expected):
    assert who_got(people, people.say("alice", text, **recipients)) == expected


def test_r67_every_instance_of_a_name_gets_what_is_for_the_name(people):
    message = people.say("alice", agent="bob")
    people.coordinator.run(ask.CreateTask(title="x"), Actor(instance="bob-2", agent="bob"))
    assert (
        [one.id for one in unread(people.state, "bob-2")]
        == [message["id"]]
        == [one["id"] for one in people.inbox("bob")]
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("@a", ("a",)),
        ("(@a) @b, @c. @d: @a", ("a", "b", "c", "d")),
        ("@agent_1.x", ("agent_1.x",)),
        ("person@example.invalid and @@x and a.@b", ()),
        ("@", ()),
        ("@-x @é @_y", ()),
        ("@" + "a" * 70, ("a" * 64,)),
    ],
)
def test_r67_a_mention_is_an_at_sign_and_a_name(text, expected):
    assert mentions(text) == expected


@pytest.mark.parametrize("recipients", [{"to": "dave"}, {"agent": "dave"}, {"broadcast": True}])
def test_r68_a_message_is_also_for_those_who_come_later(people, recipients):
    message = people.say("alice", **recipients)
    people.create("dave")
    assert [one["id"] for one in people.inbox("dave")] == [message["id"]]


def test_r68_who_gets_a_name_late_finds_what_was_sent_to_the_name_whatever_was_read_before(people):
    first, shown = people.say("alice", agent="backend"), people.say("alice", broadcast=True)
    newcomer = Actor(instance="dave-1")
    people.coordinator.run(ask.MarkRead(all=True), newcomer)
    assert people.inbox("dave") == []
    people.coordinator.run(ask.CreateTask(title="x"), Actor(instance="dave-1", agent="backend"))
    assert [one["id"] for one in people.inbox("dave")] == [first["id"]]
    people.coordinator.run(ask.MarkRead(all=True), newcomer)
    assert people.inbox("dave") == []
    assert {one["id"] for one in people.inbox("dave", everything=True)} == {first["id"], shown["id"]}


def test_r69_nobody_finds_their_own_messages(people):
    message = people.say("alice", "@alice and everybody", broadcast=True)
    assert who_got(people, message) == {"bob", "carol"}


def test_r70_a_message_that_names_a_task_and_nobody_is_for_the_holder(people):
    task = people.claim("bob", files="src/**")
    message = people.say("alice", task=task["task"]["displayId"])
    assert (message["toAgentInstance"], message["taskId"]) == ("bob-1", task["task"]["id"])
    assert who_got(people, message) == {"bob"}
    other = people.say("alice", task=task["task"]["id"], agent="carol")
    assert (other["toAgentInstance"], who_got(people, other)) == (None, {"carol"})


def test_r70_a_message_for_nobody_is_refused(people):
    task = people.create()
    for more in ({}, {"task": task["id"]}):
        with people.refuses("no_recipient", Kind.INVALID):
            people.say("alice", **more)
    with people.refuses("no_such_task", Kind.NOT_FOUND):
        people.say("alice", task="AGT-20261122-099", broadcast=True)


def test_r71_who_speaks_by_a_name_alone_is_no_instance(people):
    people.coordinator.run(ask.PostMessage(text="frozen", broadcast=True), Actor(agent="release"))
    (message,) = people.inbox("alice")
    assert (message["fromAgent"], message["fromAgentInstance"]) == ("release", None)
    shown = people_views.presence_view(people.state, {}, people.moment, everything=True)["instances"]
    assert {one["name"] for one in shown} == {*EVERYBODY}


@pytest.fixture
def refused() -> Replay:
    """Bob claimed what alice holds, in another clone."""
    line = Replay()
    for number in (1, 2):
        line.add(
            TaskCreated(
                task_id=f"task_20261122_00{number}_a", display_id=f"AGT-20261122-00{number}", title="x", priority=2
            )
        )
    claim = {"files": ("src/**",), "mode": Mode.EXCLUSIVE, "term_ms": 60_000}
    line.add(TaskClaimed(task_id="task_20261122_001_a", **claim), "alice")
    assert line.add(TaskClaimed(task_id="task_20261122_002_a", **claim), "bob") == "scope_conflict"
    return line


def test_r75_who_is_refused_at_replay_is_told_and_so_is_who_was_in_the_way(refused):
    (for_bob,), (for_alice,) = (list(unread(refused.state, f"{who}-1")) for who in ("bob", "alice"))
    assert for_bob.text == (
        "Your claim of AGT-20261122-002 was refused where it came to stand in the history (scope_conflict). "
        "src/** is held by alice (alice-1) for AGT-20261122-001."
    )
    assert for_alice.text == (
        "A claim of AGT-20261122-002 by bob-1 was refused where it came to stand in the history: "
        "you hold src/** for AGT-20261122-001."
    )
    assert {one.from_agent for one in (for_bob, for_alice)} == {"coordinaut"}
    assert (for_bob.task_id, for_alice.task_id) == ("task_20261122_002_a", "task_20261122_001_a")


def test_r36_a_takeover_of_many_files_is_told_shortly(world):
    task = world.claim("alice", files=tuple(f"f{number}" for number in range(20)))
    world.wait("31m")
    world.claim("bob", task, files="f1", takeover_reason="gone")
    (message,) = world.inbox("alice")
    assert "f7 and 12 more of AGT-" in message["text"]


def test_r76_the_id_of_a_message_follows_from_the_operation(people):
    message = people.say("alice", broadcast=True)
    assert message["id"] == people.entries()[-1].id.replace("op_", "msg_") + "_0"
    assert everything(replayed(people.operations())) == everything(people.state)


def test_r76_an_operation_with_the_id_of_another_replaces_no_message():
    line = Replay()
    for text in ("first", "second"):
        line._count = 0
        line.add(MessagePosted(kind=MessageKind.NOTE, text=text, broadcast=True), "alice")
    assert [message.text for message in line.state.messages()] == ["first"]


def present(world: World, heard=None, *, everything=False) -> dict[str, bool]:
    shown = people_views.presence_view(world.state, heard or {}, world.moment, everything=everything)["instances"]
    return {one["name"]: one["active"] for one in shown}


def test_r78_an_instance_is_active_for_15_minutes_after_it_was_heard_of(people):
    assert present(people, everything=True) == dict.fromkeys(EVERYBODY, True)
    people.clock.at = START + ACTIVE_MS - 1
    assert present(people, everything=True) == dict.fromkeys(EVERYBODY, True)
    people.clock.at = START + ACTIVE_MS
    heard = {"alice-1": people.clock.at - 1, "bob-1": START, "stranger-1": people.clock.at}
    assert present(people, heard) == {"alice": True}
    assert present(people, heard, everything=True) == {"alice": True, "bob": False, "carol": False}


def test_r78_who_holds_an_unexpired_lease_is_active_and_who_holds_an_expired_one_is_shown_as_silent(people):
    people.claim("alice", files="a", ttl="1h")
    people.claim("bob", files="b", ttl="20m")
    people.wait("30m")
    assert present(people) == {"alice": True, "bob": False}


def test_r78_presence_tells_who_was_heard_of_last_first_and_what_they_hold(people):
    people.claim("bob", files="b")
    people.wait("5m")
    people.say("carol", broadcast=True)
    shown = people_views.presence_view(people.state, {"alice-1": START + 60_000}, people.moment, everything=True)
    assert [(one["name"], one["lastSeenAt"][11:19]) for one in shown["instances"]] == [
        ("carol", "16:05:00"), ("alice", "16:01:00"), ("bob", "16:00:00"),
    ]  # fmt: skip
    assert [[lease["files"] for lease in one["leases"]] for one in shown["instances"]] == [[], [], [["b"]]]
