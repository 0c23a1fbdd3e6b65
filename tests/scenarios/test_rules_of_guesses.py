"""Where looking costs a journey, operations are decided on what was seen last; a refusal never is."""

import pytest
from world import World, actor

from coordinaut_git.documents import OutcomeUnknown
from coordinaut_git.errors import CoordinautError, contended
from coordinaut_git.protocol import requests as ask
from coordinaut_git.stores.memory import MemoryStore


class Distant(MemoryStore):
    """A store that is far away: it remembers what was seen last, and counts how often somebody looks or writes."""

    def __init__(self, line):
        super().__init__(line.pool)
        self.line = line
        self.seen, self.looks, self.commits, self.reachable = None, 0, 0, True

    def head(self):
        self.looks += 1
        if not self.reachable:
            raise contended("remote_unreachable", "Nobody answers.")
        self.seen = self.line.head()
        return self.seen

    def likely(self):
        return self.seen

    def commit(self, expected, entry, changes):
        self.commits += 1
        self.seen = self.line.commit(expected, entry, changes)
        return self.seen


@pytest.fixture
def near():
    """Whoever works beside the store."""
    return World(store=MemoryStore())


@pytest.fixture
def far(near):
    """Whoever works far away, and has looked once."""
    near.create("bob", title="first", files="src/**")
    there = World(store=Distant(near.store), clock=near.clock, ids=near.ids)
    there.coordinator.read()
    there.store.looks = 0
    return there


def test_an_operation_is_one_journey_while_nobody_else_writes(far):
    task = "AGT-20261122-001"
    work = ask.ClaimTask(task=task), ask.UpdateTask(task=task, next="look"), ask.ReleaseTask(task=task)
    for number, request in enumerate(work, 1):
        assert far.coordinator.run(request, actor("alice")).operation is not None
        assert (far.store.looks, far.store.commits) == (0, number)


def test_a_write_on_an_old_state_is_decided_again_on_the_newest(near, far):
    near.claim("bob", "AGT-20261122-001")
    task = near.create("alice", files="src/a.py")
    assert far.coordinator.read().state.task(task["id"])
    near.create("bob", files="docs/**")
    done = far.coordinator.run(ask.CreateTask(title="late"), actor("alice"))
    assert far.store.commits == 2
    assert done.state.last_number("20261122") == 4


def test_a_refusal_that_is_old_is_not_said(near, far):
    near.claim("bob", "AGT-20261122-001")
    far.coordinator.read()
    near.release("bob", "AGT-20261122-001")
    far.coordinator.run(ask.ClaimTask(task="AGT-20261122-001"), actor("alice"))
    assert near.task("AGT-20261122-001")["lease"]["agentInstance"] == "alice-1"


def test_a_claim_that_an_old_state_allows_is_refused_by_the_newest(near, far):
    near.claim("bob", "AGT-20261122-001")
    with pytest.raises(CoordinautError) as caught:
        far.coordinator.run(ask.ClaimTask(task="AGT-20261122-001"), actor("alice"))
    assert (caught.value.code, far.store.commits) == ("scope_conflict", 1)


def test_a_task_that_was_made_since_is_found(near, far):
    task = near.create("bob", files="docs/**")
    far.coordinator.run(ask.ClaimTask(task=task["displayId"]), actor("alice"))
    assert near.holders("docs/a.md") == ["alice"]


def test_that_there_is_nothing_to_do_is_not_said_of_an_old_state(near, far):
    near.claim("bob", "AGT-20261122-001")
    far.coordinator.read()
    near.release("bob", "AGT-20261122-001")
    with pytest.raises(CoordinautError) as caught:
        far.coordinator.run(ask.Heartbeat(task="AGT-20261122-001"), actor("bob"))
    assert (caught.value.code, far.store.commits) == ("not_claimed", 0)


def test_nobody_reads_an_old_state_as_the_newest(near, far):
    task = near.create("bob", files="docs/**")
    assert far.coordinator.likely().state.task(task["id"]) is None
    assert far.coordinator.read().state.task(task["id"]) is not None


def test_a_store_that_is_gone_after_a_lost_answer_leaves_the_outcome_unknown_and_says_so(far):
    def breaks(expected, entry, changes):
        far.store.reachable = False
        raise OutcomeUnknown

    far.store.commit = breaks
    with pytest.raises(CoordinautError) as caught:
        far.coordinator.run(ask.CreateTask(title="once"), actor("alice"))
    assert caught.value.code == "unknown_outcome"
    assert caught.value.details["operation"].startswith("op_")


def test_a_store_that_is_gone_before_says_only_that(far):
    far.store.reachable = False
    with pytest.raises(CoordinautError) as caught:
        far.coordinator.run(ask.ClaimTask(task="AGT-20261122-777"), actor("alice"))
    assert caught.value.code == "remote_unreachable"
