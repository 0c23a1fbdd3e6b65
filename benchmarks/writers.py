"""Eight writer processes on one repository against one: the total rate, fairness, and that nothing is lost."""

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measure import Row, at_once, opened, repository, wait_for_the_others
from coordinaut_git.protocol import requests as ask
from coordinaut_git.protocol.model import Actor

WRITERS = 8


def contention(folder: Path, *, quick: bool) -> Iterator[Row]:
    """The rates for a few seconds each, flushed."""
    span_s = 2.0 if quick else 10.0
    path = repository(folder, "writers", flush=True)
    (alone,) = race(path, 1, span_s)
    counts = race(path, WRITERS, span_s)
    workspace = opened(path)
    kept = sum(1 for _, operation in workspace.coordinator.events() if operation.op == "task_updated")
    total = sum(counts)
    yield Row(
        name=f"{WRITERS} writers: total rate of one writer's",
        figure=total / alone,
        bound=">= 0.6",
        detail=f"{total / span_s:,.0f}/s against {alone / span_s:,.0f}/s",
    )
    yield Row(
        name=f"{WRITERS} writers: slowest to fastest",
        figure=min(counts) / max(counts),
        bound=">= 0.5",
        detail=f"{min(counts)} to {max(counts)} operations",
    )
    yield Row(
        name="operations lost",
        figure=float(alone + total - kept),
        bound="<= 0",
        detail=f"{alone + total} acknowledged, {kept} in the history",
        unit="",
    )


def race(path: Path, writers: int, span_s: float) -> list[int]:
    """How many operations each writer was acknowledged, all of them writing in the same span of time."""
    command = [sys.executable, "-m", "benchmarks.writers", str(path), str(span_s)]
    return [int(json.loads(told)) for told in at_once([[*command, str(number)] for number in range(writers)])]


def _write(path: Path, span_s: float, number: int) -> int:
    workspace = opened(path)
    actor = Actor(instance=f"writer_{number}", agent=f"writer-{number}")
    create = ask.CreateTask(title=f"Writer {number}", files=(f"w{number}/**",))
    done = workspace.coordinator.run(create, actor)
    assert done.operation is not None
    task = done.operation.change.task_id or ""
    wait_for_the_others()
    count, until = 0, time.monotonic() + span_s
    while time.monotonic() < until:
        workspace.coordinator.run(ask.UpdateTask(task=task, next=f"step {count}"), actor)
        count += 1
    return count


if __name__ == "__main__":
    folder, span, writer = sys.argv[1:]
    print(json.dumps(_write(Path(folder), float(span), int(writer))))
