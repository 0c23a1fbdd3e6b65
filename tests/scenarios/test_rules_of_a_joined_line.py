"""A line that is joined to another one while an operation's outcome is unknown. Rule 4 of docs/protocol.md."""

import pytest
from world import World, actor

from coordinaut_git import coordinator
from coordinaut_git.documents import OutcomeUnknown, StaleHead, Step
from coordinaut_git.errors import CoordinautError, environment
from coordinaut_git.protocol import requests as ask
from coordinaut_git.protocol.apply import apply
from coordinaut_git.protocol.ops import from_entry, to_entry
from coordinaut_git.stores.memory import MemoryStore, Pool

TASK = "AGT-20261122-001"


class Joined(MemoryStore):
    """A store whose next commit gets no answer, after which another process joins the line to `theirs`."""

    def __init__(self, pool, *, landed):
        super().__init__(pool)
        self.theirs, self.landed, self.lies_in_wait, self.gone = None, landed, False, False

    def commit(self, expected, entry, changes):
        if not self.lies_in_wait:
            return super().commit(expected, entry, changes)
        self.lies_in_wait = False
        if self.landed:
            super().commit(expected, entry, changes)
        replay(self, self.common, self.theirs)
        raise OutcomeUnknown

    def back(self, head):
        if self.gone and head != self.head():
            raise environment("unreadable_history", "The commit is missing.")
        return super().back(head)


def replay(store, onto_of_ours, theirs):
    """Put what our line has after a point after the end of their line."""
    ours = store.since(onto_of_ours, store.head())
    before = state = coordinator.Coordinator(store, None, None).state_of_documents(theirs)
    steps = []
    for entry in ours:
        after = apply(state, from_entry(entry), state.seq + 1)
        moved = to_entry(from_entry(entry), after.seq, entry.summary)
        steps.append(Step(entry=moved, changes=after.changes(state if steps else None)))
        state = after
    assert state.seq == before.seq + len(ours)
    store.rebuild(store.head(), theirs, steps)


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch):
    monkeypatch.setattr(coordinator, "LONGEST_PAUSE_S", 0.0)


def parted(*, landed):
    """Two clones that have one task in common, and an operation of ours that nobody else has."""
    pool = Pool()
    here = World(store=Joined(pool, landed=landed))
    here.create("alice", title="shared", files="src/**")
    there = World(store=MemoryStore(pool), clock=here.clock, ids=here.ids)
    here.store.common = here.store.head()
    there.store.rebuild(there.store.head(), here.store.common, ())
    here.create("alice", title="ours")
    return here, there


def lie_in_wait(here, there):
    here.store.theirs, here.store.lies_in_wait = there.store.head(), True


@pytest.mark.parametrize("landed", [True, False])
def test_an_operation_without_an_answer_is_on_the_line_once_after_the_line_was_joined_to_another(landed):
    here, there = parted(landed=landed)
    there.create("bob", title="theirs")
    lie_in_wait(here, there)
    done = here.coordinator.run(ask.ClaimTask(task=TASK), actor("alice"))
    ops = [from_entry(entry) for entry in here.entries()]
    assert [operation.op for operation in ops] == ["task_created", "task_created", "task_created", "task_claimed"]
    assert done.operation.id == ops[-1].id
    assert done.state.lease(done.operation.change.task_id).agent_instance == "alice-1"


def test_an_operation_without_an_answer_that_was_refused_on_the_joined_line_is_decided_again():
    here, there = parted(landed=True)
    there.claim("bob", TASK)
    lie_in_wait(here, there)
    with pytest.raises(CoordinautError) as caught:
        here.coordinator.run(ask.ClaimTask(task=TASK), actor("alice"))
    assert caught.value.code == "scope_conflict"
    assert "held by bob" in caught.value.message
    assert here.state.refusal(from_entry(here.entries()[-1]).id) is not None


def test_where_the_line_as_it_was_is_gone_the_outcome_stays_unknown():
    here, there = parted(landed=True)
    there.create("bob", title="theirs")
    here.store.gone = True
    lie_in_wait(here, there)
    with pytest.raises(CoordinautError) as caught:
        here.coordinator.run(ask.ClaimTask(task=TASK), actor("alice"))
    assert caught.value.code == "unknown_outcome"


def test_what_lies_far_behind_the_parting_is_not_searched_for_ever(monkeypatch):
    monkeypatch.setattr(coordinator, "MOST_APART", 3)
    here, there = parted(landed=True)
    for _ in range(4):
        there.create("bob")
    lie_in_wait(here, there)
    with pytest.raises(CoordinautError) as caught:
        here.coordinator.run(ask.ClaimTask(task=TASK), actor("alice"))
    assert caught.value.code == "unknown_outcome"


class Pruned(MemoryStore):
    """A store whose line is joined to another between a look at the head and the reading of it, and then pruned."""

    joins = None

    def head(self):
        found = super().head()
        if self.joins:
            joins, self.joins = self.joins, None
            self.rebuild(found, joins, ())
            del self.pool._points[found]
        return found


def test_a_reader_whose_point_is_gone_since_the_line_was_joined_reads_the_newest():
    pool = Pool()
    here = World(store=Pruned(pool))
    there = World(store=MemoryStore(pool), clock=here.clock, ids=here.ids)
    here.create("alice", title="ours")
    there.create("bob", title="theirs")
    here.store.joins = there.store.head()
    fresh = coordinator.Coordinator(here.store, here.clock, here.ids)
    assert [task.title for task in fresh.read().state.open_tasks()] == ["theirs"]


def test_a_line_that_cannot_be_read_and_is_still_the_newest_is_told():
    here = World(store=MemoryStore())
    here.create("alice")
    here.store.pool._points.clear()
    with pytest.raises(CoordinautError) as caught:
        coordinator.Coordinator(here.store, here.clock, here.ids).read()
    assert caught.value.code == "unknown_head"


def test_a_stale_head_is_told_to_whoever_joins_late():
    here, there = parted(landed=True)
    old = here.store.head()
    here.create("alice", title="later")
    with pytest.raises(StaleHead):
        here.store.rebuild(old, there.store.head(), ())
