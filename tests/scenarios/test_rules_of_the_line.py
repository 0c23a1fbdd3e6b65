"""The line: one order, instants that only grow, and answers that hold. Rules 1 to 5 of docs/protocol.md."""

import pytest
from world import START, CountedIds, SetClock, World, everything, replayed

from coordinaut_git import coordinator
from coordinaut_git.documents import OutcomeUnknown, StaleHead
from coordinaut_git.errors import CoordinautError, Kind, environment
from coordinaut_git.protocol.state import State
from coordinaut_git.protocol.values import Instant
from coordinaut_git.stores.memory import DocumentMap, MemoryStore


class Faulty(MemoryStore):
    """A store whose next commits go wrong: `faults` tells how, one after the other."""

    def __init__(self, *faults):
        super().__init__()
        self.faults = list(faults)
        self.commits = 0
        self.forgetful = False

    def commit(self, expected, entry, changes):
        self.commits += 1
        fault = self.faults.pop(0) if self.faults else None
        if fault is None:
            return super().commit(expected, entry, changes)
        return fault(expected, lambda: super(Faulty, self).commit(expected, entry, changes))

    def since(self, old, head):
        return None if self.forgetful else super().since(old, head)

    def back(self, head):
        if self.forgetful:
            raise environment("unknown_head", "The points before are gone.")
        return super().back(head)


@pytest.fixture
def world_without_pauses(monkeypatch):
    monkeypatch.setattr(coordinator, "LONGEST_PAUSE_S", 0.0)


def not_written(expected, commit):
    raise OutcomeUnknown


def written_but_not_told(expected, commit):
    commit()
    raise OutcomeUnknown


def lost(expected, commit):
    raise StaleHead


def some_history() -> World:
    world = World()
    first, second = world.create("alice", files="src/**"), world.create("bob", files="docs/**")
    world.claim("alice", first)
    world.wait("20m")
    world.update("alice", first, status="fixing", check=("unit=failed",))
    world.wait("40m")
    world.claim("bob", second, files="src/b.py", takeover_reason="gone")
    world.release("bob", second, status="done")
    return world


def test_r1_the_same_operations_give_the_same_documents_byte_for_byte():
    world = some_history()
    assert everything(replayed(world.operations())) == everything(world.state)
    assert everything(some_history().state) == everything(world.state)


def test_r2_an_operation_of_a_slow_clock_gets_the_newest_instant(world):
    world.create()
    world.wait("-2h")
    task = world.create()
    assert [operation.at for operation in world.operations()] == [START, START]
    assert task["createdAt"] == "2026-11-22T16:00:00.000Z"
    world.wait("3h")
    assert world.create()["createdAt"] == "2026-11-22T17:00:00.000Z"


def test_r2_an_old_instant_that_comes_from_afar_does_not_turn_the_line_back(world):
    world.create()
    late = world.operations()[0]
    other = World(clock=SetClock(Instant(START + 60_000)), ids=CountedIds())
    other.ids.token(1)
    other.ids.token(1)
    other.create()
    state = replayed([late], other.state)
    assert state.at == START + 60_000
    assert state.last_number("20261122") == 2
    assert [task.created_at for task in state.open_tasks()] == [START + 60_000] * 2


def test_r3_what_was_answered_with_success_is_on_the_line_and_a_refusal_writes_nothing(world):
    task = world.create()
    world.claim("alice", task, files="src/**")
    with world.refuses("not_owner"):
        world.update("bob", task, status="fixing")
    assert [entry.seq for entry in world.entries()] == [1, 2]
    assert [operation.op for operation in world.operations()] == ["task_created", "task_claimed"]


@pytest.mark.parametrize("fault", [not_written, written_but_not_told])
def test_r4_an_unknown_outcome_ends_with_the_operation_on_the_line_once(fault):
    world = World(store=Faulty(fault))
    task = world.create("alice", title="once")
    assert [entry.seq for entry in world.entries()] == [1]
    assert task["displayId"] == "AGT-20261122-001"


def test_r4_an_operation_that_lands_late_is_recognised_and_not_done_twice():
    late = []

    def answered_by_nobody(expected, commit):
        late.append(commit)
        raise OutcomeUnknown

    def the_first_lands_now(expected, commit):
        late.pop()()
        return commit()

    world = World(store=Faulty(answered_by_nobody, the_first_lands_now))
    task = world.create("alice", title="once")
    assert [entry.seq for entry in world.entries()] == [1]
    assert task["id"] in {one.id for one in world.state.open_tasks()}


def test_r4_an_outcome_that_cannot_be_told_is_said_with_the_operations_id():
    world = World(store=Faulty(not_written))
    world.store.forgetful = True
    with world.refuses("unknown_outcome", Kind.CONTENDED) as caught:
        world.create()
    assert caught.value.details["operation"].startswith("op_")


@pytest.mark.parametrize("faults", [[not_written] * 64, [not_written] + [lost] * 63, [lost] * 63 + [not_written]])
def test_r4_when_the_attempts_run_out_an_outcome_that_is_still_open_is_said(world_without_pauses, faults):
    world = World(store=Faulty(*faults))
    with world.refuses("unknown_outcome", Kind.CONTENDED) as caught:
        world.create()
    assert caught.value.details["operation"].startswith("op_")


def test_r4_what_landed_in_the_last_attempt_is_an_answer(world_without_pauses):
    world = World(store=Faulty(*[lost] * 63, written_but_not_told))
    task = world.create("alice", title="once")
    assert [one.id for one in world.state.open_tasks()] == [task["id"]]


def test_r5_an_attempt_that_can_land_no_more_leaves_nothing_open(world_without_pauses):
    world = World(store=Faulty())
    other = world.beside()

    def nobody_answers_and_bob_is_faster(expected, commit):
        other.create("bob")
        raise OutcomeUnknown

    world.store.faults = [nobody_answers_and_bob_is_faster, None, *[lost] * 63]
    with pytest.raises(CoordinautError) as caught:
        world.create()
    assert caught.value.code == "lost_races"
    assert len(list(world.state.open_tasks())) == 1


def test_r5_after_a_lost_race_the_request_is_decided_again_and_may_be_refused():
    world = World(store=Faulty())
    mine, theirs = world.create(), world.create()
    other = world.beside()

    def bob_was_faster(expected, commit):
        other.claim("bob", theirs, files="src/b.py")
        return commit()

    world.store.faults = [bob_was_faster]
    with pytest.raises(CoordinautError, match="held by bob"):
        world.claim("alice", mine, files="src/**")
    assert world.lease(mine) is None
    assert world.lease(theirs)["agent"] == "bob"


def test_r5_a_lost_race_that_changes_nothing_for_us_ends_well():
    world = World(store=Faulty(lost, lost))
    assert world.create()["displayId"] == "AGT-20261122-001"
    assert world.store.commits == 3


def test_r5_after_64_lost_races_the_request_is_given_up(monkeypatch):
    monkeypatch.setattr(coordinator, "LONGEST_PAUSE_S", 0.0)
    world = World(store=Faulty(*[lost] * 64))
    with world.refuses("lost_races", Kind.CONTENDED):
        world.create()
    assert world.store.commits == 64
    assert world.create()["displayId"] == "AGT-20261122-001"


def test_r1_takeovers_are_numbered_alike_however_the_state_was_reached(world):
    tasks = [world.create() for _ in range(3)]
    for task, who in reversed([*zip(tasks, ("alice", "carol", "dave"), strict=True)]):
        world.claim(who, task, files=f"src/{who}.py")
    world.wait("31m")
    world.claim("bob", files="src/**", takeover_reason="all gone")
    live = everything(world.state)
    for cut in range(len(world.operations())):
        before = everything(replayed(world.operations()[:cut]))
        assert everything(replayed(world.operations()[cut:], State(DocumentMap(before), cut))) == live, cut
