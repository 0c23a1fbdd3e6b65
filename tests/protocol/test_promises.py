"""The promises, over random requests of several instances whose clock jumps, and over operations built by enemies."""

import json
import re

from hypothesis import given
from hypothesis import strategies as st
from operations import HANDOFFS, hostile_operations
from operations import TASKS as TASK_IDS
from ownership import History, instant_ms, rivals
from requested import STEPS, begin, step
from world import Replay, World, everything, replayed

from coordinaut_git.protocol.apply import apply
from coordinaut_git.protocol.inbox import unread
from coordinaut_git.protocol.invariants import broken_promises
from coordinaut_git.protocol.model import Answer, Mode, Status
from coordinaut_git.protocol.ops import (
    HandoffAnswered,
    HandoffRequested,
    TaskClaimed,
    TaskCreated,
    TaskUpdated,
    from_entry,
)
from coordinaut_git.protocol.rules import unlawful
from coordinaut_git.protocol.state import State
from coordinaut_git.stores.memory import DocumentMap


def bodies(world: World) -> list[dict]:
    return [json.loads(entry.body) for entry in world.entries()]


def leases(state: State) -> list[dict]:
    return below(state, "leases/")


def below(state: State, folder: str) -> list[dict]:
    return [json.loads(data) for path, data in everything(state).items() if path.startswith(folder)]


@given(STEPS)
def test_no_path_ever_has_two_owners_and_the_history_says_why(steps):
    world, history = begin(), History()
    seen = 0
    for request, number in steps:
        step(world, request, number)
        assert list(broken_promises(world.state)) == []
        assert rivals(leases(world.state), world.clock.now()) == []
        line = bodies(world)
        for body in line[seen:]:
            history.take(body)
        seen = len(line)
        history.agrees_with(leases(world.state), below(world.state, "handoffs/"))


@given(STEPS, st.integers(0, 99), st.integers(0, 99))
def test_a_state_is_the_same_however_it_was_reached(steps, first, second):
    world = begin()
    other = world.beside()
    for number, (request, task) in enumerate(steps):
        step(world, request, task)
        if number % 7 == first % 7:
            assert everything(other.state) == everything(world.state)
    live, operations = everything(world.state), world.operations()
    assert everything(replayed(operations)) == live
    cut = first % (len(operations) + 1)
    written = everything(replayed(operations[:cut]))
    from_documents = replayed(operations[cut:], State(DocumentMap(written), cut))
    assert everything(from_documents) == live
    later = cut + second % (len(operations) + 1 - cut)
    between = replayed(operations[cut:later], State(DocumentMap(written), cut))
    rebased = between.rebased(DocumentMap(everything(between)))
    assert rebased.changes() == {}
    assert everything(replayed(operations[later:], rebased)) == live


@given(STEPS)
def test_replaying_from_nothing_gives_the_very_changes_of_the_live_state(steps):
    world = begin()
    for request, number in steps:
        step(world, request, number)
    state = State(DocumentMap({}), 0)
    for entry in world.entries():
        state = apply(state, from_entry(entry), entry.seq)
    kept = {path: data for path, data in state.changes().items() if data is not None}
    head = world.store.head()
    documents = world.store.snapshot(head).documents
    assert kept == everything(State(documents, state.seq))


PATH = re.compile(r"((line|home|signers)\.json|[a-z]+(/[0-9A-Za-z._:@+-]+){1,4}\.json)\Z")


def besieged() -> State:
    """Some tasks, two of them held, and one closed; a handoff that is asked for, and one that is promised."""
    line = Replay()
    for task_id in TASK_IDS[:5]:
        _, day, number, _ = task_id.split("_")
        line.add(TaskCreated(task_id=task_id, display_id=f"AGT-{day}-{number}", title="a task", priority=2))
    for task_id, who, files in zip(TASK_IDS, ("alice", "bob"), ("src/**", "docs/"), strict=False):
        line.add(TaskClaimed(task_id=task_id, files=(files,), mode=Mode.EXCLUSIVE, term_ms=60_000), who)
    line.add(TaskUpdated(task_id=TASK_IDS[2], status=Status.DONE))
    asked = list(HANDOFFS.items())[3:]
    for (handoff_id, task_id), who, owner, files in zip(
        asked, ("carol", "bob"), ("bob", "alice"), (("docs/a.md",), ("src/a",)), strict=True
    ):
        wanted = {"owner": f"{owner}-1", "files": files, "mode": Mode.EXCLUSIVE, "term_ms": 60_000, "reason": "x"}
        line.add(HandoffRequested(handoff_id=handoff_id, task_id=task_id, **wanted), who)
    line.add(HandoffAnswered(handoff_id=asked[0][0], task_id=asked[0][1], status=Answer.GRANT_AFTER_COMMIT), "bob")
    assert line.refusals() == {}
    return line.state


@given(st.lists(hostile_operations(), max_size=8))
def test_r52_applying_never_fails_and_a_refused_operation_changes_nothing(operations):
    state = besieged()
    for operation in operations:
        before, refused = everything(state), unlawful(state, operation)
        after_state = apply(state, operation, state.seq + 1)
        after = everything(after_state)
        assert (after_state.seq, after_state.at >= state.at) == (state.seq + 1, True)
        if refused:
            assert without_records(after) == without_records(before)
            assert after_state.at == state.at
            assert any(path.startswith("refusals/") for path in after)
        assert all(PATH.match(path) and ".." not in path for path in after), after.keys()
        assert list(broken_promises(after_state)) == []
        assert rivals(leases(after_state), instant_ms("2026-11-22T16:00:00Z")) == []
        state = State(DocumentMap(after), after_state.seq)
        assert everything(state) == after
        assert [task.id for task in (*state.open_tasks(), *state.closed_tasks())]
        assert all(message.id for who in ("alice-1", "bob-1") for message in unread(state, who))


def without_records(kept: dict[str, bytes]) -> dict[str, bytes]:
    """All but the records of refusals and the messages that tell of them."""
    told = {path for path, data in kept.items() if b'"fromAgent":"coordinaut"' in data}
    return {path: data for path, data in kept.items() if not path.startswith("refusals/") and path not in told}
