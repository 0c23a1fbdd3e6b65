"""One operation through the coordinator against one raw write, and conflict detection among many leases."""

from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.measure import ME, Floor, Row, create_tasks, opened, paired, repository, seconds
from coordinaut_git.protocol import requests as ask
from coordinaut_git.protocol.model import Actor, Mode, Part
from coordinaut_git.protocol.rules import clashes
from coordinaut_git.workspace import Workspace

BLOCK = 16
BODY = "claim AGT-20261122-001 src/m1/** for bench\n\n" + "x" * 330
MOST_MS = 10.0


def rates(folder: Path, *, quick: bool) -> Iterator[Row]:
    """A claim and an update, with flushing and without."""
    count = 64 if quick else 512
    for flush, least in ((True, 0.5), (False, 0.35)):
        path = repository(folder, f"rates-{flush}", flush=flush)
        ids = create_tasks(opened(path), count)
        floors = [Floor(path, flush=flush, message=BODY).write] * count
        for name, requests in (("claim", _claims(ids)), ("update", _updates(ids))):
            raw_s, ours_s = paired(floors, _calls(opened(path), requests), BLOCK)
            yield Row(
                name=f"{name}, {'flushed' if flush else 'not flushed'}: rate of the floor",
                figure=raw_s / ours_s,
                bound=f">= {least}",
                detail=f"{1 / ours_s:,.0f}/s against {1 / raw_s:,.0f}/s raw",
            )


def _claims(ids: list[str]) -> list[ask.Request]:
    return [ask.ClaimTask(task=task) for task in ids]


def _updates(ids: list[str]) -> list[ask.Request]:
    return [ask.UpdateTask(task=ids[number % 50], next=f"step {number}") for number in range(len(ids))]


def _calls(workspace: Workspace, requests: list[ask.Request]) -> list[Callable[[], object]]:
    return [lambda request=request: workspace.coordinator.run(request, ME) for request in requests]


def conflicts(folder: Path, *, quick: bool) -> Iterator[Row]:
    """One claim's scope against 1,000 active leases of others."""
    workspace = opened(repository(folder, "conflicts", flush=False))
    shapes = ("src/m{0}/**", "app/*/only{0}.py", "docs/d{0}/**/page.md", "lib/part{0}/", "test/t{0}/**/*.txt")
    for number in range(1_000):
        create = ask.CreateTask(title=f"Task {number}", files=(shapes[number % 5].format(number), f"etc/{number}.toml"))
        done = workspace.coordinator.run(create, ME)
        assert done.operation is not None
        holder = Actor(instance=f"holder_{number}", agent="holder")
        workspace.coordinator.run(ask.ClaimTask(task=done.operation.change.task_id), holder)
    state = workspace.coordinator.read().state
    scope = (Part(files=("src/new/**", "docs/*/new/*.md", "README.md", "test/other[0-9]/**", "lib/new/")),)

    def detect() -> None:
        assert len(list(clashes(state, "me", scope, Mode.EXCLUSIVE, fold=False))) > 0

    detect()
    best_ms = min(seconds(detect) for _ in range(5 if quick else 25)) * 1000
    yield Row(
        name="conflicts of one claim with 1,000 leases",
        figure=best_ms,
        bound=f"<= {MOST_MS:g}",
        detail="5 patterns against 2 each",
        unit=" ms",
    )
