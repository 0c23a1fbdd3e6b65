"""Lines that grew apart by random requests, joined in some order: the promises hold, whoever came first."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st
from ownership import rivals
from requested import REQUESTS, TASKS, begin, step
from world import World, everything, joined, replayed, rewritten

from coordinaut_git.protocol.invariants import broken_promises
from coordinaut_git.protocol.ops import Operation
from coordinaut_git.protocol.replay import replayed as after_others
from coordinaut_git.protocol.state import State

STEPS = st.lists(st.tuples(REQUESTS, st.integers(0, TASKS - 1)), min_size=2, max_size=12)


def grown(world: World, steps) -> World:
    for request, number in steps:
        step(world, request, number)
    return world


def join_all(base: list[Operation], clones: list[World]) -> list[Operation]:
    """The line when one clone after the other has put its operations after those of the ones before."""
    line = clones[0].operations()
    for clone in clones[1:]:
        ours = clone.operations()[len(base) :]
        line += [fate.operation for fate in after_others(replayed(base), replayed(line), ours)]
    return line


def fences(line: list[Operation]) -> dict[str, list[int]]:
    """The fences of the grants of each task, in the order of the line."""
    found: dict[str, list[int]] = {}
    state = replayed([])
    for operation in line:
        state = replayed([operation], state)
        for task_id, lease in state.leases().items():
            told = found.setdefault(task_id, [])
            if not told or told[-1] != lease.fence:
                told.append(lease.fence)
    return found


def check_joined(state: State) -> None:
    assert list(broken_promises(state)) == []
    leases = [json.loads(data) for path, data in everything(state).items() if path.startswith("leases/")]
    assert rivals(leases, 0) == []


@settings(max_examples=40)
@given(STEPS, STEPS, STEPS, STEPS)
def test_lines_that_grew_apart_are_joined_without_a_broken_promise_or_a_lost_operation(first, one, other, third):
    base = grown(begin(), first)
    common = base.operations()
    clones = [grown(base.apart(), steps) for steps in (one, other, third)]
    line = join_all(common, clones)
    ids = [operation.id for operation in line]
    assert len(set(ids)) == len(ids)
    assert set(ids) == {operation.id for clone in clones for operation in clone.operations()}
    for told in fences(line).values():
        assert told == sorted(set(told))
    state = replayed(line)
    check_joined(state)
    assert everything(replayed([rewritten(operation) for operation in line])) == everything(state)
    refused = {operation.id for operation in line if operation.refused}
    assert {operation.id for operation in line if state.refusal(operation.id)} == refused


@settings(max_examples=40)
@given(STEPS, STEPS, STEPS, st.integers(0, 99))
def test_to_join_again_and_in_two_steps_is_the_same(first, one, other, cut):
    base = grown(begin(), first)
    theirs, ours = grown(base.apart(), one), grown(base.apart(), other)
    common, after = base.operations(), len(base.operations())
    fates = joined(theirs, ours, after)
    operations = [fate.operation for fate in fates]
    again = [fate.operation for fate in after_others(theirs.state, theirs.state, operations)]
    assert again == operations
    published = theirs.operations()
    some = after + cut % (len(published) - after + 1)
    half = after_others(replayed(common), replayed(published[:some]), ours.operations()[after:])
    rest = [fate.operation for fate in half]
    twice = list(after_others(replayed(published[:some]), theirs.state, rest))
    assert [fate.operation.id for fate in twice] == [operation.id for operation in operations]
    if twice:
        check_joined(twice[-1].state)
        lost = {operation.id for operation in rest if operation.refused}
        assert lost <= {fate.operation.id for fate in twice if fate.refused and fate.again}
