"""What a long history costs: a claim at 10,000 tasks and 100,000 operations, and the bytes on disk."""

from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.looking_back import looking_back
from benchmarks.measure import COMMAND, ME, Row, command_seconds, create_tasks, opened, paired, repository
from coordinaut_git.protocol import requests as ask
from coordinaut_git.protocol.model import Actor
from coordinaut_git.stores.git.mend import mend
from coordinaut_git.stores.git.store import GitStore
from coordinaut_git.workspace import Workspace

LOOSE_EVERY = 100


def history(folder: Path, *, quick: bool) -> Iterator[Row]:
    """Build a long history, weigh it, and claim at its end and at the end of a short one."""
    tasks, operations = (1_000, 6_000) if quick else (10_000, 100_000)
    small = repository(folder, "small", flush=False)
    large = repository(folder, "large", flush=False)
    create_tasks(opened(small), 10)
    before = _bytes(large)
    most_loose = grow(opened(large), large, tasks, operations)
    workspace = opened(large)
    assert isinstance(workspace.store, GitStore)
    list(mend(workspace.store))
    yield Row(
        name="bytes on disk for one operation",
        figure=(_bytes(large) - before) / operations,
        bound="<= 700",
        detail=f"after {operations:,} operations on {tasks:,} tasks",
        unit=" B",
    )
    yield Row(
        name="loose objects at the most",
        figure=float(most_loose),
        bound="<= 2000",
        detail=f"looked every {LOOSE_EVERY} operations",
        unit="",
    )
    yield _warm(small, large, quick=quick)
    yield _cold(small, large, quick=quick)
    yield from looking_back(large, operations, quick=quick)


def _warm(small: Path, large: Path, *, quick: bool) -> Row:
    works = [_claims(opened(path), 64 if quick else 256) for path in (small, large)]
    small_s, large_s = paired(works[0], works[1], 16)
    return Row(
        name="claim on the long history, warm process",
        figure=large_s / small_s,
        bound="<= 1.5",
        detail=f"{large_s * 1000:.2f} ms against {small_s * 1000:.2f} ms at 10 tasks",
    )


def _cold(small: Path, large: Path, *, quick: bool) -> Row:
    commands = [_claim_command(path) for path in (small, large)]
    small_s, large_s = command_seconds(*commands, runs=3 if quick else 15)
    return Row(
        name="claim on the long history, whole command",
        figure=large_s / small_s,
        bound="<= 1.5",
        detail=f"{large_s * 1000:.0f} ms against {small_s * 1000:.0f} ms at 10 tasks",
    )


def _claim_command(path: Path) -> tuple[str, ...]:
    task = next(iter(opened(path).coordinator.read().state.leases()))
    return (COMMAND, "-C", str(path), "claim", "--task", task, "--agent-instance", ME.instance or "", "--json")


def _claims(workspace: Workspace, most: int) -> list[Callable[[], object]]:
    """Calls that each claim one of ten tasks anew with another term, which is always written."""
    tasks = [task.id for task, _ in zip(workspace.coordinator.read().state.open_tasks(), range(10), strict=False)]
    return [
        lambda task=tasks[number % 10], number=number: workspace.coordinator.run(
            ask.ClaimTask(task=task, ttl=f"{1800 + number}s"), ME
        )
        for number in range(most)
    ]


def grow(workspace: Workspace, path: Path, tasks: int, operations: int) -> int:
    """Work as agents do: create, claim, update a few times, release; the most loose objects that were seen."""
    loose, written = 0, 0
    agents = [Actor(instance=f"agent_{number}", agent=f"agent-{number}") for number in range(5)]
    rounds = operations // tasks - 3
    for number in range(tasks):
        agent = agents[number % len(agents)]
        (task,) = create_tasks(workspace, 1, number)
        workspace.coordinator.run(ask.ClaimTask(task=task), agent)
        for step in range(rounds):
            workspace.coordinator.run(ask.UpdateTask(task=task, next=f"step {step} of task {number}"), agent)
        workspace.coordinator.run(ask.ReleaseTask(task=task, reason="iteration finished"), agent)
        written += rounds + 3
        if written % LOOSE_EVERY < rounds + 3:
            loose = max(loose, _loose(path))
    return loose


def _loose(path: Path) -> int:
    return sum(1 for folder in (path / ".git/objects").glob("??") for _ in folder.iterdir())


def _bytes(path: Path) -> int:
    """What the objects occupy, in whole blocks, as `du` counts."""
    return sum(file.stat().st_blocks * 512 for file in (path / ".git/objects").rglob("*") if file.is_file())
