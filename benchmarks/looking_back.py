"""What it costs to look back on a long history: the index made anew and kept up, and `explain` as a whole command."""

import gc
import statistics
from collections.abc import Iterator
from pathlib import Path

import pygit2

from benchmarks.commands import IMPORTS
from benchmarks.measure import COMMAND, ME, Row, command_seconds, opened, seconds
from coordinaut_git.protocol import requests as ask
from coordinaut_git.workspace import KEEP_UP_EVERY, Workspace


def looking_back(path: Path, operations: int, *, quick: bool) -> Iterator[Row]:
    """The index against a bare walk over the same commits, `explain` against the imports, upkeep against an update."""
    yield _made_anew(path, operations)
    yield _upkeep(path, quick=quick)
    yield from _explain(path, quick=quick)


def _made_anew(path: Path, operations: int) -> Row:
    """From nothing, against reading every commit of the line once."""
    floors, ours = [], []
    for _ in range(3):
        floors.append(seconds(lambda: _walk(path)))
        workspace = opened(path)
        workspace.history.discard()
        now = workspace.coordinator.read().state.at
        gc.collect()
        ours.append(seconds(lambda workspace=workspace, now=now: workspace.history.head_at(now)))
        workspace.close()
    floor_s, ours_s = min(floors), min(ours)
    return Row(
        name="index made from nothing to a bare walk",
        figure=ours_s / floor_s,
        bound="<= 4",
        detail=f"{ours_s:.2f} s against {floor_s:.2f} s for {operations:,} operations",
    )


def _walk(path: Path) -> None:
    repository = pygit2.Repository(str(path))
    for commit in repository.walk(repository.references["refs/coordinaut/state"].target):
        assert commit.raw_message


def _upkeep(path: Path, *, quick: bool) -> Row:
    """What every operation pays for the index, which one writer in so many brings up to date."""
    workspace = opened(path)
    task = next(iter(workspace.coordinator.read().state.open_tasks())).id
    workspace.history.head_at(workspace.coordinator.read().state.at)
    updates, upkeeps = [], []
    for _ in range(2 if quick else 4):
        updates += [seconds(lambda number=number: _update(workspace, task, number)) for number in range(KEEP_UP_EVERY)]
        upkeeps.append(seconds(lambda: workspace.history.keep_up(2 * KEEP_UP_EVERY)))
    update_s, upkeep_s = statistics.median(updates), min(upkeeps) / KEEP_UP_EVERY
    return Row(
        name="keeping the index up, of an operation's time",
        figure=100 * upkeep_s / update_s,
        bound="<= 3",
        detail=f"{upkeep_s * 1e6:.0f} us of {update_s * 1e6:,.0f} us, not flushed",
        unit=" %",
    )


def _update(workspace: Workspace, task: str, number: int) -> None:
    workspace.coordinator.run(ask.UpdateTask(task=task, next=f"once more {number}"), ME)


def _explain(path: Path, *, quick: bool) -> Iterator[Row]:
    """A task from the middle, and a path, with a warm index."""
    tasks = list(opened(path).coordinator.read().state.open_tasks())
    task, place = tasks[len(tasks) // 2].id, f"src/m{len(tasks) // 2}/x.py"
    command = (COMMAND, "-C", str(path), "explain", "--json")
    words = (("--task", task), ("--path", place))
    imports_s, *taken = command_seconds(IMPORTS, *((*command, *word) for word in words), runs=3 if quick else 15)
    for (word, _), taken_s in zip(words, taken, strict=True):
        yield Row(
            name=f"explain {word} on the long history to the bare imports",
            figure=taken_s / imports_s,
            bound="<= 2.5",
            detail=f"{taken_s * 1000:.0f} ms against {imports_s * 1000:.0f} ms",
        )
