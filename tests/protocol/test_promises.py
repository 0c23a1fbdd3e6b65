"""The promises, over random requests of several instances whose clock jumps, and over operations built by enemies."""

import json
import re

from hypothesis import given
from hypothesis import strategies as st
from operations import HANDOFFS, PATTERNS, hostile_operations, weighted
from operations import TASKS as TASK_IDS
from ownership import History, instant_ms, rivals
from world import Replay, World, everything, replayed

from coordinaut_git.errors import CoordinautError, Kind
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

WHO = st.sampled_from(["alice", "bob", "carol"])
FILES = st.lists(st.sampled_from(PATTERNS), max_size=2).map(tuple)
TERM = st.sampled_from([None, "1m", "10m", "1h"])
TASKS = 4


def asked(verb, who=WHO, **fields):
    return st.tuples(st.just(verb), who, st.fixed_dictionaries({}, optional=fields))


TAKING_OVER = st.fixed_dictionaries({"files": FILES, "takeover_reason": st.just("gone")})
REQUESTS = weighted(
    (1, asked("create", files=FILES)),
    (6, asked("claim", mode=st.sampled_from([str(mode) for mode in Mode]), files=FILES, ttl=TERM)),
    (4, st.tuples(st.just("claim"), WHO, TAKING_OVER)),
    (2, asked("heartbeat", ttl=TERM)),
    (2, asked("update", status=st.sampled_from([str(status) for status in Status]), next=st.just("x"))),
    (1, asked("release", status=st.sampled_from([str(status) for status in Status]))),
    (1, asked("say", broadcast=st.booleans(), text=st.sampled_from(["hello", "@bob", "@carol-1"]))),
    (1, asked("read")),
    (5, asked("request", files=FILES)),
    (4, asked("answer", who=st.just("owner"), status=st.sampled_from([str(answer) for answer in Answer]))),
    (2, asked("answer", status=st.sampled_from([str(answer) for answer in Answer]))),
    (2, asked("commit", paths=st.lists(st.sampled_from(["src/a", "src/b", "docs/a.md", "lib"]), min_size=1))),
    (4, st.tuples(st.just("wait"), st.sampled_from(["1m", "20m", "40m", "2h", "-20m", "-3h"]), st.just({}))),
)
STEPS = st.lists(st.tuples(REQUESTS, st.integers(0, TASKS - 1)), min_size=20, max_size=40)


def begin() -> World:
    world = World()
    for number in range(TASKS):
        world.create(files=PATTERNS[number])
    return world


def step(world: World, request, number: int) -> None:
    verb, who, more = request
    task = f"AGT-20261122-{number + 1:03d}"
    try:
        if verb == "wait":
            world.wait(who)
        elif verb == "create":
            world.create(who, **more)
        elif verb == "read":
            world.read(who, *world.inbox(who)[:number])
        elif verb == "answer":
            answer(world, who, number, **more)
        elif verb == "commit":
            world.commit(who, *more.get("paths", ()))
        elif verb == "say":
            world.say(who, task=task, **more)
        elif verb == "heartbeat":
            world.heartbeat(who, task if number else None, **more)
        else:
            getattr(world, verb)(who, task, **more)
    except CoordinautError as error:
        if error.kind not in {Kind.REFUSED, Kind.INVALID}:
            raise


def answer(world: World, who: str, number: int, status: str = "grant_after_commit") -> None:
    pending = world.state.pending_handoffs()
    if pending:
        handoff = pending[number % len(pending)]
        world.answer(handoff.owner.removesuffix("-1") if who == "owner" else who, world.handoff(handoff.id), status)


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


PATH = re.compile(r"((line|home)\.json|[a-z]+(/[0-9A-Za-z._:@+-]+){1,4}\.json)\Z")


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
