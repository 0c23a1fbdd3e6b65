"""What is refused where it stands, and which task an id means. Rules 51 to 60 of docs/protocol.md."""

from dataclasses import replace

import pytest
from world import START, Replay, actor, everything, replayed

from coordinaut_git.errors import CoordinautError, Kind
from coordinaut_git.protocol.decide import Fresh, decide
from coordinaut_git.protocol.model import Actor, Check, CheckStatus, MessageKind, Mode, Status
from coordinaut_git.protocol.ops import (
    LeasesRenewed,
    MessagePosted,
    MessagesRead,
    Operation,
    Renewal,
    TaskClaimed,
    TaskCreated,
    TaskReleased,
    TaskUpdated,
)
from coordinaut_git.protocol.references import find_task, tasks_meant
from coordinaut_git.protocol.requests import ClaimTask
from coordinaut_git.protocol.rules import unlawful
from coordinaut_git.protocol.state import State
from coordinaut_git.protocol.values import LAST_INSTANT, Instant
from coordinaut_git.protocol.wellformed import LONGEST_TERM_MS
from coordinaut_git.stores.memory import DocumentMap

TERM_MS = 30 * 60_000


def created(number: int, token: str = "a", **more) -> TaskCreated:
    defaults = {"display_id": f"AGT-20261122-{number:03d}", "title": "a task", "priority": 2}
    return TaskCreated(task_id=task_id(number, token), **defaults | more)


def task_id(number: int, token: str = "a") -> str:
    return f"task_20261122_{number:03d}_{token}"


def claimed(number: int, files: str = "src/**", **more) -> TaskClaimed:
    defaults = {"mode": Mode.EXCLUSIVE, "term_ms": TERM_MS, "files": (files,)}
    return TaskClaimed(task_id=task_id(number), **defaults | more)


@pytest.fixture
def line() -> Replay:
    """Two tasks, and alice holds src/** for the first."""
    line = Replay()
    for change in (created(1), created(2)):
        assert line.add(change) == ""
    assert line.add(claimed(1), "alice") == ""
    return line


REFUSED = [
    (claimed(2, "src/a.py"), "bob", "scope_conflict"),
    (claimed(1, "docs/**"), "bob", "scope_conflict"),
    (claimed(2, "src/a.py"), None, "no_instance"),
    (claimed(9), "bob", "no_such_task"),
    (TaskUpdated(task_id=task_id(1), status=Status.DONE), "bob", "not_owner"),
    (TaskUpdated(task_id=task_id(2), status=Status.CLAIMED), "bob", "not_claimed"),
    (TaskUpdated(task_id=task_id(9), next="x"), "bob", "no_such_task"),
    (TaskReleased(task_id=task_id(1), status=Status.OPEN), "bob", "not_owner"),
    (TaskReleased(task_id=task_id(1), status=Status.CLAIMED), "alice", "bad_status"),
    (TaskReleased(task_id=task_id(2), status=Status.OPEN), "bob", "not_claimed"),
    (TaskReleased(task_id=task_id(9), status=Status.OPEN), "bob", "no_such_task"),
    (created(1), "bob", "task_exists"),
    (LeasesRenewed(), "alice", "not_claimed"),
    (MessagePosted(kind=MessageKind.NOTE, text="x", broadcast=True, task_id=task_id(9)), "bob", "no_such_task"),
    (MessagesRead(messages=("msg_00000000_0",)), None, "no_instance"),
]


@pytest.mark.parametrize(("change", "who", "code"), REFUSED)
def test_r51_what_is_not_lawful_where_it_stands_changes_nothing_but_adds_a_record(line, change, who, code):
    before, at = everything(line.state), line.state.at
    assert line.add(change, who, at=Instant(START + 60_000)) == code
    after = everything(line.state)
    new = after.keys() - before.keys()
    told = sorted(path for path in new if path.startswith("messages/"))
    assert new - {*told} == {"refusals/20261122/op_000000000000000000000004.json"}
    for_holder = code in {"scope_conflict", "not_owner"}
    number = 0 if who is None else 1 + for_holder
    assert told == [f"messages/20261122/0/msg_000000000000000000000004_{n}.json" for n in range(number)]
    assert {path: after[path] for path in before} == before
    assert (line.state.seq, line.state.at) == (4, at)


def test_r51_the_record_says_who_wanted_what_and_why_not(line, world):
    line.add(TaskReleased(task_id=task_id(1), status=Status.OPEN), "bob")
    (record,) = (data for path, data in everything(line.state).items() if path.startswith("refusals/"))
    assert record == (
        b'{"agentInstance":"bob-1","at":"2026-11-22T16:00:00.000Z","code":"not_owner",'
        b'"id":"op_000000000000000000000004","op":"task_released","taskId":"task_20261122_001_a"}\n'
    )


def test_r51_a_refused_operation_is_not_seen_of_its_instance(line):
    line.add(claimed(2, "src/a.py"), "bob", at=Instant(START + 1))
    assert line.state.instance("bob-1") is None


@pytest.mark.parametrize("at", [-1, LAST_INSTANT - LONGEST_TERM_MS + 1, 10**30])
def test_r52_an_instant_out_of_range_is_refused_and_does_not_move_the_line(line, at):
    assert line.add(claimed(2, "docs/**"), "bob", at=Instant(at)) == "bad_instant"
    assert line.state.at == START


def test_r52_the_last_instant_that_is_in_range_is_carried_out(line):
    last = Instant(LAST_INSTANT - LONGEST_TERM_MS)
    assert line.add(claimed(2, "docs/**", term_ms=LONGEST_TERM_MS), "bob", at=last) == ""
    assert b"9999-12-31T23:59:59.999Z" in everything(line.state)[f"leases/{task_id(2)}.json"]


@pytest.mark.parametrize(("change", "who", "code"), [row for row in REFUSED if row[2] == "scope_conflict"])
def test_r53_what_is_refused_at_replay_is_refused_to_an_asker(line, world, change, who, code):
    request = ClaimTask(task=change.task_id, files=change.files)
    refusal = decide(line.state, request, actor(who), world.moment, Fresh(operation="op_00000000", task="b"))
    assert refusal.code == code
    operation = Operation(id="op_00000000", at=START, actor=actor(who), change=change)
    assert unlawful(line.state, operation).clashes == refusal.clashes


def test_r54_a_renewal_of_a_lease_that_is_gone_does_not_harm_what_it_came_with(line):
    mine, gone = Renewal(task_id=task_id(1), term_ms=60_000), Renewal(task_id=task_id(2), term_ms=60_000)
    assert line.add(created(3), "alice", renew=(gone, mine)) == ""
    assert line.state.task(task_id(3)) is not None
    assert line.state.lease(task_id(1)).expires_at == START + 60_000
    assert line.state.lease(task_id(2)) is None


def test_r54_nobody_renews_the_lease_of_somebody_else(line):
    renewal = Renewal(task_id=task_id(1), term_ms=60_000)
    assert line.add(created(3), "bob", renew=(renewal,)) == ""
    assert line.state.lease(task_id(1)).expires_at == START + TERM_MS


@pytest.mark.parametrize(("number", "code"), [(1, "not_owner"), (2, "not_claimed"), (9, "no_such_task")])
def test_r54_a_heartbeat_that_renews_nothing_is_refused(line, number, code):
    renewal = Renewal(task_id=task_id(number), term_ms=60_000)
    assert line.add(LeasesRenewed(), "bob", renew=(renewal,)) == code


def test_r54_a_heartbeat_that_renews_something_is_carried_out(line):
    renewals = tuple(Renewal(task_id=task_id(number), term_ms=60_000) for number in (9, 2, 1))
    assert line.add(LeasesRenewed(), "alice", renew=renewals) == ""
    assert line.state.lease(task_id(1)).expires_at == START + 60_000


def test_r55_a_stable_id_is_given_once_also_after_the_task_is_closed(line):
    assert line.add(created(2, title="another")) == "task_exists"
    assert line.add(TaskUpdated(task_id=task_id(2), status=Status.DONE)) == ""
    assert line.add(created(2, title="another")) == "task_exists"
    assert line.state.task(task_id(2)).title == "a task"


CLAIM = claimed(2, "docs/**")
POST = MessagePosted(kind=MessageKind.NOTE, text="hello")
ILL_FORMED = [
    (replace(CLAIM, files=("./docs/a",)), "bad_pattern"),
    (replace(CLAIM, files=("docs/a", "docs/a")), "bad_pattern"),
    (replace(CLAIM, files=("../docs",)), "bad_pattern"),
    (replace(CLAIM, files=("docs/\ud800",)), "bad_pattern"),
    (replace(CLAIM, files=()), "empty_scope"),
    (replace(CLAIM, files=tuple(map(str, range(257)))), "too_many_patterns"),
    (replace(CLAIM, term_ms=999), "bad_duration"),
    (replace(CLAIM, term_ms=10**400), "bad_duration"),
    (replace(CLAIM, reason=""), "empty_text"),
    (replace(CLAIM, task_id="task_20261122_002_../../x"), "bad_task_id"),
    (replace(CLAIM, task_id="task_20261122_0002_a"), "bad_task_id"),
    (created(3, display_id="AGT-20261122-004"), "bad_task_id"),
    (created(3, display_id="AGT-20261123-003"), "bad_task_id"),
    (created(3, display_id="../../../etc/x"), "bad_task_id"),
    (created(3, depends_on=("AGT-20261122-001",)), "bad_task_id"),
    (created(3, depends_on=(task_id(1),) * 65), "too_many"),
    (created(3, files=("./a",)), "bad_pattern"),
    (created(3, title="\ud800"), "control_character"),
    (created(3, priority=10**400), "bad_priority"),
    (TaskUpdated(task_id=task_id(2), files=("a", "a")), "bad_pattern"),
    (TaskUpdated(task_id=task_id(2), files=("/a",)), "bad_pattern"),
    (TaskUpdated(task_id=task_id(2), title=""), "empty_text"),
    (TaskUpdated(task_id=task_id(2), depends_on=("x",)), "bad_task_id"),
    (
        TaskUpdated(
            task_id=task_id(2), checks=(Check(name="x", status=CheckStatus.PASSED, at=Instant(LAST_INSTANT + 1)),)
        ),
        "bad_instant",
    ),
    (LeasesRenewed(task_id="x"), "bad_task_id"),
    (POST, "no_recipient"),
    (replace(POST, to_agent_instance="../../x"), "bad_identifier"),
    (replace(POST, to_agent="two\nlines"), "control_character"),
    (replace(POST, mentions=("\ud800",)), "control_character"),
    (replace(POST, mentions=("x",) * 65), "too_many"),
    (replace(POST, broadcast=True, text="\0"), "control_character"),
    (replace(POST, broadcast=True, text="x" * 16_385), "text_too_long"),
    (replace(POST, broadcast=True, text=" "), "empty_text"),
    (replace(POST, broadcast=True, task_id="x"), "bad_task_id"),
    (MessagesRead(messages=()), "no_messages"),
    (MessagesRead(messages=("op_00000000",)), "bad_message_id"),
    (MessagesRead(messages=("msg_../../x",)), "bad_message_id"),
    (MessagesRead(messages=("msg_\ud800",)), "bad_message_id"),
    (MessagesRead(messages=("msg_00000000_0",) * 65), "too_many"),
]


@pytest.mark.parametrize(("change", "code"), ILL_FORMED)
def test_r56_an_ill_formed_operation_is_refused_in_every_state(line, change, code):
    for state in (line, Replay()):
        before = everything(state.state)
        assert state.add(change, "bob") == code
        new = {path.partition("/")[0] for path in everything(state.state).keys() - before.keys()}
        assert new == {"refusals", "messages"} | ({"line.json"} - before.keys())


@pytest.mark.parametrize(
    "change",
    [
        {"id": "op_1"},
        {"id": "op_" + "../" * 9},
        {"id": "op_" + "a" * 65},
        {"id": "\ud800" * 99},
        {"actor": Actor(instance="../../x")},
        {"actor": Actor(instance="\ud800")},
        {"actor": Actor(agent="a\nCo-Authored-By: x")},
        {"renewals": (Renewal(task_id="x", term_ms=60_000),)},
        {"renewals": (Renewal(task_id=task_id(1), term_ms=1),)},
        {"renewals": (Renewal(task_id=task_id(1), term_ms=60_000),) * 65},
    ],
)
def test_r56_so_is_one_whose_envelope_makes_no_sense(line, change):
    operation = Operation(id="op_00000000", at=START, actor=actor("alice"), change=created(3))
    assert replayed([operation], line.state).task(task_id(3)) is not None
    assert line.put(replace(operation, **change)) != ""
    assert line.state.task(task_id(3)) is None
    assert all(path.isascii() and ".." not in path for path in everything(line.state))


def test_r57_a_task_is_named_by_either_id_or_the_beginning_of_one(world):
    task = world.create()
    for reference in (
        "AGT-20261122-001",
        "agt-20261122-001",
        "AGT-20261122-1",
        "AGT-20261122-",
        "AGT-20261122",
        "AGT-2026",
        task["id"],
        task["id"][:-3],
        "task_20261122_001",
        "task_2026",
        "task_",
    ):
        assert find_task(world.state, reference).id == task["id"], reference


def test_r57_a_whole_number_is_no_beginning_while_there_is_a_task_with_it(world):
    tasks = [world.create() for _ in range(12)]
    assert find_task(world.state, "AGT-20261122-1").id == tasks[0]["id"]
    assert find_task(world.state, "AGT-20261122-010").id == tasks[9]["id"]
    assert find_task(world.state, "AGT-20261122-01").id == tasks[0]["id"]
    with pytest.raises(CoordinautError, match="could be several"):
        find_task(world.state, "AGT-20261122-0")


def test_r57_closed_tasks_are_found_as_well(world):
    task = world.create()
    world.update(None, task, status="done")
    assert find_task(world.state, "AGT-20261122-001").id == task["id"]
    assert find_task(world.state, "AGT-2026").id == task["id"]


def test_r57_a_task_that_was_just_closed_is_found_once(line):
    written = Replay(State(DocumentMap(everything(line.state)), line.state.seq))
    assert written.add(TaskUpdated(task_id=task_id(2), status=Status.DONE)) == ""
    for reference in ("AGT-20261122-002", "task_20261122_002"):
        assert find_task(written.state, reference).id == task_id(2)
    assert [task.id for task in written.state.open_tasks()] == [task_id(1)]


def test_r58_a_beginning_that_fits_several_tasks_is_refused_with_some_of_them(world):
    tasks = [world.create() for _ in range(7)]
    world.update(None, tasks[0], status="done")
    for reference in ("AGT-20261122", "task_20261122"):
        with world.refuses("ambiguous_id", Kind.NOT_FOUND) as caught:
            world.update("alice", reference, next="x")
        assert caught.value.details["candidates"] == [task["id"] for task in tasks[1:6]]


@pytest.mark.parametrize(
    "text", ["x", "../x", "AGT-", "AGT-x", "AGT-20261122-001 ", "task_A", "task", "AGT-2-1-1", "AGT-٢"]
)
def test_r59_what_cannot_be_an_id_is_invalid(world, text):
    world.create()
    with world.refuses("bad_task_id", Kind.INVALID):
        world.update("alice", text, next="x")


@pytest.mark.parametrize("text", ["AGT-20261122-002", "AGT-20261123", "AGT-20261122-9", "task_20261122_002", "AGT-1-1"])
def test_r59_what_fits_no_task_is_not_found(world, text):
    world.create()
    with world.refuses("no_such_task", Kind.NOT_FOUND):
        world.update("alice", text, next="x")


def test_r60_of_tasks_with_one_number_the_later_moves_to_the_next_free_one():
    line = Replay()
    for number, token in [(1, "a"), (2, "a"), (1, "b"), (2, "b"), (3, "c"), (6, "d")]:
        assert line.add(created(number, token)) == ""
    shown = {task.id[14:]: task.display_id[-3:] for task in line.state.open_tasks()}
    assert shown == {"001_a": "001", "001_b": "003", "002_a": "002", "002_b": "004", "003_c": "005", "006_d": "006"}
    for task in line.state.open_tasks():
        assert find_task(line.state, task.display_id) == task
        assert find_task(line.state, task.id) == task
    assert line.state.last_number("20261122") == 6


def test_r102_a_number_that_was_given_twice_can_mean_either_task_in_a_record_of_the_past():
    line = Replay()
    for token in "ab":
        line.add(created(1, token))
    either = (task_id(1, "a"), task_id(1, "b"))
    assert tasks_meant(line.state, "AGT-20261122-001") == either
    assert tasks_meant(line.state, "agt-20261122-1") == either
    assert tasks_meant(line.state, "AGT-20261122-002") == (task_id(1, "b"),)
    assert tasks_meant(line.state, task_id(1, "a")) == (task_id(1, "a"),)
    for nothing in ("AGT-20261122-003", "AGT-20261122", "task_20261122_001", "x", ""):
        assert tasks_meant(line.state, nothing) == ()


def test_r60_a_moved_task_is_found_by_its_number_when_it_is_closed_too():
    line = Replay()
    line.add(created(1, "a"))
    line.add(created(1, "b"))
    line.add(TaskUpdated(task_id=task_id(1, "b"), status=Status.DONE))
    assert find_task(line.state, "AGT-20261122-002").id == task_id(1, "b")
    assert find_task(line.state, "AGT-20261122-001").id == task_id(1, "a")
