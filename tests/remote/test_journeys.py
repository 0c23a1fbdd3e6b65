"""How often the server is asked: once for a look, once for a write, and once more for a race that was lost."""

import time
from threading import Thread

import pytest
from world import World, actor
from writing import attempt, extend, put

from coordinaut_git.clock import RandomIds, SystemClock
from coordinaut_git.coordinator import Coordinator
from coordinaut_git.errors import CoordinautError
from coordinaut_git.protocol import requests as ask

LONG_S = 120


class Counted:
    """A coordinator, and how many journeys its store has made since they were counted last."""

    def __init__(self, store):
        self.store, self._before = store, 0
        self.coordinator = Coordinator(store, SystemClock(), RandomIds(), team=True)

    @property
    def journeys(self):
        before, self._before = self._before, self.store.server.journeys
        return self._before - before

    def run(self, request, who="alice"):
        return self.coordinator.run(request, actor(who))


@pytest.fixture
def here(line):
    return Counted(line())


def test_a_look_is_one_journey_and_a_write_is_one(here):
    assert here.run(ask.CreateTask(title="first", files=["src/**"])).operation
    assert here.journeys == 1, "the state is known to whoever has begun the project"
    task = next(iter(here.coordinator.likely().state.open_tasks())).id
    work = ask.ClaimTask(task=task), ask.UpdateTask(task=task, next="look"), ask.ReleaseTask(task=task)
    for request in work:
        assert here.run(request).operation
        assert here.journeys == 1
        here.coordinator.read()
        assert here.journeys == 1


def test_hundreds_of_writes_are_one_journey_each(here):
    for number in range(150):
        here.run(ask.CreateTask(title=f"task {number}"))
    assert here.journeys == 150


def test_the_next_process_of_this_machine_knows_what_the_last_one_did(here, line):
    here.run(ask.CreateTask(title="first", files=["src/**"]))
    other = Counted(line())
    other.run(ask.ClaimTask(next=True))
    assert other.journeys == 1
    here.run(ask.CreateTask(title="second"))
    assert here.journeys == 2, "one for each of its writes: what the other has written was read from the cache"


def test_a_lost_race_costs_one_journey_more(here, line):
    there = Counted(line("another machine"))
    here.run(ask.CreateTask(title="first", files=["src/**"]))
    there.coordinator.read()
    here.run(ask.CreateTask(title="second", files=["docs/**"]))
    assert (here.journeys, there.journeys) == (2, 1)
    there.run(ask.CreateTask(title="third"))
    assert there.journeys == 2
    there.run(ask.CreateTask(title="fourth"))
    assert there.journeys == 1


def test_a_refusal_costs_a_look_and_no_more(here, line):
    there = Counted(line("another machine"))
    here.run(ask.CreateTask(title="first", files=["src/**"]))
    here.run(ask.ClaimTask(next=True))
    there.coordinator.read()
    assert there.journeys == 1
    task = next(iter(there.coordinator.likely().state.leases()))
    with pytest.raises(CoordinautError, match="held by"):
        there.run(ask.ClaimTask(task=task), "bob")
    assert there.journeys == 1


def test_a_look_after_many_operations_of_others_is_two_journeys_at_most(here, line):
    there = Counted(line("another machine"))
    there.coordinator.read()
    for _ in range(3):
        extend(here.store, [{"n.json": str(number)} for number in range(100)])
    assert there.journeys == 1
    assert there.store.head() == here.store.head()
    assert there.journeys <= 2


def test_the_past_is_read_in_pages(line):
    store = line()
    extend(store, [{"n.json": str(number)} for number in range(700)])
    far = Counted(line("another machine"))
    head = far.store.head()
    assert [one.seq for one in far.store.log(head)] == list(range(700, 0, -1))
    assert [body for _, body in far.store.walk(head)] == [one.body for one in far.store.log(head)]
    assert far.journeys <= 4


def test_whoever_waits_is_told_when_something_comes_and_not_before(line):
    store, other = line(), line("another machine")
    head = store.head()
    assert store.wait_for_change(head, 0.2) is None
    told = []
    waiting = Thread(target=lambda: told.append(store.wait_for_change(head, LONG_S)))
    began = time.monotonic()
    waiting.start()
    waiting.join(0.5)
    assert not told
    put(other, {"a.json": "1"})
    waiting.join()
    assert told[0] not in (None, head)
    assert time.monotonic() - began < LONG_S / 2
    assert store.wait_for_change(head, 0) == told[0] == store.head()


def test_a_writer_is_not_held_up_by_a_wait_of_its_own_handle(line):
    store = line()
    head = store.head()
    waiting = Thread(target=lambda: store.wait_for_change(head, LONG_S))
    waiting.start()
    time.sleep(0.3)
    began = time.monotonic()
    attempt(store, {"a.json": "1"})
    assert time.monotonic() - began < LONG_S / 2
    waiting.join()


@pytest.mark.parametrize("knows", [True, False])
def test_machines_whose_clocks_differ_by_hours_take_nothing_from_each_other(line, knows):
    slow, right = (World(store=line(name), ids=RandomIds(), team=True) for name in ("slow", "right"))
    slow.clock.wait("-5h")
    if knows:
        right.coordinator.read()
    slow.claim("alice", files="src/**")
    (task,) = slow.state.leases()
    with right.refuses("scope_conflict"):
        right.coordinator.run(ask.ClaimTask(task=task, takeover_reason="it looks old"), actor("bob"))
    assert right.holders("src/a.py") == ["alice"]
