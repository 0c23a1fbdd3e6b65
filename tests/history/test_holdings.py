"""Who held what, told from the operations of a task, is what the states along the line show."""

import random

import pytest
from lines import put
from world import START, actor

from coordinaut_git.errors import CoordinautError
from coordinaut_git.operations.lives import life_of
from coordinaut_git.protocol import requests as ask
from coordinaut_git.protocol.holding import parts_of
from coordinaut_git.protocol.model import Answer, Status
from coordinaut_git.protocol.tenure import Spot
from coordinaut_git.protocol.values import Instant

PATTERNS = ("src/**", "src/a.py", "src/b/*.py", "docs/", "**/x.md", "lib/c.py")
PEOPLE = ("ann", "bob", "eve")


def lived(world, seed, steps=70):
    """A random life of a few tasks: claims, takeovers, handoffs, releases; every operation has an instant of its own."""
    chance = random.Random(seed)
    tasks = [world.create(chance.choice(PEOPLE), files=(pattern,))["id"] for pattern in PATTERNS]
    for _ in range(steps):
        world.wait(f"{chance.choice((1, 60, 400, 4_000))}s")
        who, task = chance.choice(PEOPLE), chance.choice(tasks)
        files = tuple(chance.sample(PATTERNS, chance.randint(1, 2)))
        handoffs = world.state.pending_handoffs()
        requests = [
            ask.ClaimTask(task=task, files=files, ttl="10m", takeover_reason="gone"),
            ask.ClaimTask(task=task, ttl="2h"),
            ask.ReleaseTask(task=task),
            ask.Heartbeat(),
            ask.UpdateTask(task=task, status=chance.choice((Status.DONE, Status.OPEN, Status.FIXING))),
            ask.RequestHandoff(task=task, files=files, reason="needed"),
        ]
        requests += [
            ask.RespondHandoff(id=one.id, status=status) for one in handoffs for status in Answer for _ in range(2)
        ]
        try:
            world.coordinator.run(chance.choice(requests), actor(who))
        except CoordinautError:
            continue
    return tasks


def shown(lease):
    return lease and (lease.agent_instance, lease.fence, parts_of(lease), lease.mode)


@pytest.mark.parametrize("seed", range(25))
def test_leases_are_told_as_the_states_have_them(world, history, seed):
    tasks = lived(world, seed)
    state = world.state
    lives = {task: life_of(history, state, state.task(task)) for task in tasks}
    instants = sorted({entry.at for entry in world.entries()})
    for at in instants:
        for task, life in lives.items():
            standing = [
                one.lease
                for one in life.leases
                if one.lease.granted_at <= at or one.lease.fence < 0
                if one.ended_at is None or at < one.ended_at
            ]
            true = history.state_at(Instant(at)).lease(task)
            held = [shown(lease) for lease in standing]
            assert shown(true) in held if true else held == [], (seed, task, at)
    ends = {task: life.leases[-1].lease for task, life in lives.items() if life.leases and not life.leases[-1].ended}
    assert ends == state.leases(), "what stands now stands word for word"


def test_how_a_lease_ended_is_told(world, history):
    task = world.create(files=("src/**",))["id"]
    for end in ("released", "done"):
        world.claim("ann", task, ttl="10m")
        world.wait("1m")
        if end == "done":
            world.update("ann", task, status="done")
            world.update("ann", task, status="open")
        else:
            world.release("ann", task)
        world.wait("1m")
    world.claim("ann", task, ttl="10m")
    world.claim("ann", task, files=("src/**", "docs/"), ttl="10m")
    world.wait("11m")
    world.claim("bob", task, files=("src/**",), takeover_reason="gone")
    state = world.state
    told = [
        (one.ended, one.ended_by and one.ended_by.instance) for one in life_of(history, state, state.task(task)).leases
    ]
    assert told == [
        ("released", "ann-1"),
        ("done", "ann-1"),
        ("changed", "ann-1"),
        ("taken_over", "bob-1"),
        (None, None),
    ]


def test_an_operation_that_was_refused_gave_no_lease(world, history):
    task = world.claim("ann", files=("src/**",))["task"]["id"]
    other = world.create(files=("src/a.py",))["id"]
    claim = next(one for one in world.operations() if one.op == "task_claimed")
    from dataclasses import replace

    late = replace(
        claim,
        id="op_late00000000",
        actor=actor("bob"),
        change=replace(claim.change, task_id=other, files=("src/a.py",)),
    )
    put(world, late)
    state = world.state
    assert state.lease(other) is None
    life = life_of(history, state, state.task(other))
    assert [event.operation.op for event in life.events] == ["task_created", "task_claimed"]
    assert life.leases == []
    assert [one.lease.agent_instance for one in life_of(history, state, state.task(task)).leases] == ["ann-1"]


@pytest.mark.parametrize(
    ("path", "folder", "held"),
    [
        ("src", True, True),
        ("src/b", True, True),
        ("src/b/x.py", False, True),
        ("lib", True, False),
        ("lib", False, False),
        ("src/b/x.md", False, False),
        ("docs/we!rd [x] \udcff\n?", True, True),
        ("docs/we!rd [x] \udcff\n?", False, True),
    ],
)
def test_a_spot_is_a_path_or_all_that_is_in_a_folder(world, path, folder, held):
    task = world.claim("ann", files=("src/b/*.py", "docs/"))["task"]["id"]
    lease = world.state.lease(task)
    spot = Spot(path=path, folder=folder)
    assert spot.is_held_by(lease) is held
    assert spot.is_in(lease.files) is held


def test_a_grant_in_a_folder_is_found_by_the_folder(world, history):
    for files in ("src/a/b/c.py", "src/a/**", "src/", "srcs/x", "**/z.py", "docs/"):
        world.create(files=(files,))
    found = history.naming(Spot(path="src/a", folder=True))
    assert [event.operation.change.files for event in found] == [
        ("src/a/b/c.py",), ("src/a/**",), ("src/",), ("**/z.py",)
    ]  # fmt: skip
    assert [event.operation.change.files for event in history.naming(Spot(path="src/a/b/c.py"))] == [
        ("src/a/b/c.py",), ("src/a/**",), ("src/",)
    ]  # fmt: skip
    assert START
