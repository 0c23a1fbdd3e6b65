"""The state at an instant is the state that people saw then."""

from dataclasses import replace

import pytest
from lines import put
from world import START

from coordinaut_git.coordinator import Coordinator
from coordinaut_git.errors import CoordinautError
from coordinaut_git.protocol import requests as ask
from coordinaut_git.protocol.model import Actor, Answer
from coordinaut_git.protocol.values import Instant, duration_ms
from coordinaut_git.stores.memory import MemoryStore


def after(how_long: str) -> Instant:
    return Instant(START + duration_ms(how_long))


def test_a_lease_is_there_from_its_claim_to_its_release(world, history):
    task = world.create("ann", files=("src/**",))["id"]
    world.wait("10m")
    world.claim("ann", task)
    world.wait("10m")
    world.release("ann", task)
    held = {
        when: history.state_at(after(when)).lease(task) is not None for when in ("0s", "599s", "600s", "1199s", "20m")
    }
    assert held == {"0s": False, "599s": False, "600s": True, "1199s": True, "20m": False}


def test_of_several_operations_in_one_millisecond_the_last_one_counts(world, history):
    task = world.create("ann", files=("src/**",))["id"]
    world.claim("ann", task)
    assert history.state_at(START).lease(task) is not None
    assert history.head_at(START) == world.store.head()


def test_before_the_first_operation_there_is_nothing(world, history):
    assert history.state_at(START) is None
    world.create("ann")
    assert history.state_at(Instant(START - 1)) is None
    assert history.head_at(Instant(START - 1)) is None


def test_what_comes_after_a_look_is_seen_by_the_next(world, history):
    world.create("ann")
    assert history.state_at(after("1h")).seq == 1
    world.create("ann")
    assert history.state_at(after("1h")).seq == 2


def test_instants_run_forward_where_a_clock_ran_back(world, history):
    world.create("ann")
    world.wait("-2h")
    world.create("ann")
    assert history.state_at(Instant(START - 1)) is None
    assert history.state_at(START).seq == 2


def test_an_operation_that_comes_from_elsewhere_with_an_earlier_instant_counts_from_its_place(world, history):
    world.create("ann")
    made = world.operations()[-1]
    change = replace(made.change, task_id="task_20261122_009_00ff", display_id="AGT-20261122-009")
    early = replace(made, id="op_0000elsewhere", at=Instant(START - 60_000), change=change)
    put(world, early)
    world.wait("1s")
    world.create("ann")
    assert history.state_at(Instant(START - 1)) is None
    assert history.state_at(START).task(change.task_id)


def test_before_init_there_is_no_store_to_look_back_in(world, tmp_path, open_history):
    history = open_history(Coordinator(MemoryStore(), world.clock, world.ids), tmp_path)
    with pytest.raises(CoordinautError, match="Nothing is coordinated"):
        history.state_at(START)


def test_a_handoff_is_found_by_both_tasks_and_both_instances(world, history):
    given = world.claim("ann", files="src/**")["task"]["id"]
    got = world.create("bob", files=("src/a.py",))["id"]
    asked = ask.RequestHandoff(task=got, reason="a new dependency")
    handoff = world.coordinator.run(asked, Actor(instance="bob-1")).operation.change.handoff_id
    answer = ask.RespondHandoff(id=handoff, status=Answer.HANDOFF_NOW)
    world.coordinator.run(answer, Actor(instance="ann-1"))
    ops = [event.operation.op for event in history.of_task(given)]
    assert ops == ["task_created", "task_claimed", "handoff_answered"]
    assert [event.operation.op for event in history.of_task(got)] == [
        "task_created",
        "handoff_requested",
        "handoff_answered",
    ]
    assert "handoff_requested" in {event.operation.op for event in history.of_instance("ann-1")}
