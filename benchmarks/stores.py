"""Each storage beside its floor: one writer's latency, eight writers' rate, the server's memory, and moving a state."""

import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path

from benchmarks.floors import file_floor, http_floor, postgres_floor, sqlite_floor
from benchmarks.measure import ME, Row, create_tasks, opened, repository, seconds
from benchmarks.writers import WRITERS, race
from coordinaut_git.clock import RandomIds, SystemClock
from coordinaut_git.coordinator import Coordinator
from coordinaut_git.documents import Head, Store
from coordinaut_git.moving.copying import check_copy, copy
from coordinaut_git.moving.lines import portions
from coordinaut_git.operations.setup import init
from coordinaut_git.plumbing.repository import find
from coordinaut_git.protocol import requests as ask
from coordinaut_git.protocol.apply import apply
from coordinaut_git.protocol.ops import from_entry
from coordinaut_git.protocol.state import State
from coordinaut_git.stores.git.store import open_git_store
from coordinaut_git.stores.json import open_json_store
from coordinaut_git.stores.memory import DocumentMap
from coordinaut_git.stores.sql import open_postgres_store, open_sqlite_store

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from postgres_server import PostgresServer, programs
from serving import ADMIN, Server

TASKS = 100
SLOWEST = {"sqlite": 8.0, "json": 6.0, "remote": 12.0, "postgres": 6.0}
"""How many times its floor an update may take, at the median."""


def latencies(folder: Path, *, quick: bool) -> Iterator[Row]:
    """One writer's updates among a hundred tasks, in turns with the floor."""
    count = 50 if quick else 300
    with ExitStack() as stack:
        for name, coordinator, floor in _pairs(folder, stack):
            tasks = create_tasks_of(coordinator)
            ours, raw = [], []
            for number in range(count):
                update = ask.UpdateTask(task=tasks[number % TASKS], next=f"step {number}")
                ours.append(seconds(partial(coordinator.run, update, ME)))
                raw.append(seconds(floor))
            yield Row(
                name=f"{name}: an update, of the floor's time",
                figure=statistics.median(ours) / statistics.median(raw),
                bound=f"<= {SLOWEST[name]:g}",
                detail=f"{_spread(ours)} against {_spread(raw)}",
            )


def races(folder: Path, *, quick: bool) -> Iterator[Row]:
    """Eight writer processes against one, in transactions a second."""
    span_s = 1.5 if quick else 8.0
    with ExitStack() as stack:
        for name in ("sqlite", "json", "remote"):
            path = _set_up(folder, f"race-{name}", name, stack)
            (alone,), together = race(path, 1, span_s), race(path, WRITERS, span_s)
            yield Row(
                name=f"{name}: {WRITERS} writers' rate of one's",
                figure=sum(together) / max(alone, 1),
                bound=">= 0.2",
                detail=f"{sum(together) / span_s:,.0f}/s against {alone / span_s:,.0f}/s, "
                f"{min(together)} to {max(together)} each",
            )


def server_memory(folder: Path, *, quick: bool) -> Iterator[Row]:
    """How the server grows with the projects that are asked for."""
    count = 100 if quick else 1_000
    with Server(_folder(folder, "memory"), whole=True) as server:
        client = server.client(ADMIN)
        said = {"fromAgentInstance": "a-1", "broadcast": True, "text": "hello"}
        sizes = {}
        for number in range(count):
            place = f"/v1/teams/red/projects/p{number}"
            assert client.put(f"{place}/state", {"entries": []}, If_None_Match="*").status < 300
            assert client.post(f"{place}/messages", said).status == 201
            sizes[number] = _resident_kib(server.process.pid) if number in {9, count - 1} else 0
        grown = sizes[count - 1] - sizes[9]
        yield Row(
            name=f"memory of the server for each of {count:,} projects",
            figure=grown / (count - 10),
            bound="<= 250",
            detail=f"{sizes[9] / 1024:,.0f} MiB at 10, {sizes[count - 1] / 1024:,.0f} MiB at {count:,}",
            unit=" KiB",
        )


def moving(folder: Path, *, quick: bool) -> Iterator[Row]:
    """A line copied and compared from storage to storage, against applying its operations and nothing else."""
    workspace = opened(repository(folder, "moving", flush=False))
    source, count = workspace.store, 600 if quick else 6_000
    tasks = create_tasks(workspace, count // 6)
    for number in range(count - len(tasks)):
        workspace.coordinator.run(ask.UpdateTask(task=tasks[number % len(tasks)], next=f"step {number}"), ME)
    head = workspace.coordinator.head()
    floor_s = seconds(lambda: _applied(source, head))
    repository(folder, "moving-to", flush=True)
    targets: list[tuple[str, Store]] = [
        ("json", open_json_store(folder / "moving-json")),
        ("sqlite", open_sqlite_store(folder / "moving-sqlite" / "state.sqlite")),
        ("git", open_git_store(find(folder / "moving-to"))),
    ]
    for name, target in targets:
        with closing(target):
            took_s = seconds(lambda target=target: copy(source, head, target, lambda _, __: None))
            compared_s = seconds(lambda target=target: check_copy(source, head, target))
        yield Row(
            name=f"moving to {name}: rate of bare replay",
            figure=floor_s / (took_s + compared_s),
            bound=">= 0.08",
            detail=f"{count / (took_s + compared_s):,.0f}/s against {count / floor_s:,.0f}/s; "
            f"copied {count / took_s:,.0f}/s, compared {count / compared_s:,.0f}/s",
        )


def create_tasks_of(coordinator: Coordinator) -> list[str]:
    """A hundred tasks with files of their own; their ids."""
    done = (coordinator.run(ask.CreateTask(title=f"Task {n}", files=(f"src/m{n}/**",)), ME) for n in range(TASKS))
    return [one.operation.change.task_id or "" for one in done if one.operation]


def _pairs(folder: Path, stack: ExitStack) -> Iterator[tuple[str, Coordinator, Callable[[], object]]]:
    """Each storage with its floor."""
    floors = folder / "floors"
    for name in ("sqlite", "json"):
        path = _set_up(folder, f"one-{name}", name, stack)
        state = path / ".coordinaut" / "state.json"
        floor = sqlite_floor(floors / name) if name == "sqlite" else file_floor(floors / name, state)
        yield name, opened(path).coordinator, floor
    path = _set_up(folder, "one-remote", "remote", stack)
    yield "remote", opened(path).coordinator, http_floor(opened(path).storage.url)
    if programs() is not None:
        server = stack.enter_context(closing(PostgresServer()))
        server.start()
        store = stack.enter_context(closing(open_postgres_store(server.url, "line")))
        store.create()
        yield "postgres", Coordinator(store, SystemClock(), RandomIds()), postgres_floor(server.url)


def _set_up(folder: Path, name: str, storage: str, stack: ExitStack) -> Path:
    """A repository on a storage, flushed; for a remote one with a server of its own."""
    path = folder / name
    subprocess.run(["git", "init", "--quiet", str(path)], check=True)
    request = ask.InitProject(storage=storage)
    if storage == "remote":
        server = stack.enter_context(Server(_folder(folder, f"{name}-server"), whole=True))
        os.environ["COORDINAUT_TOKEN"] = ADMIN
        request = ask.InitProject(storage=storage, remote_url=server.url, team="red", project="bench")
    with closing(opened(path)) as workspace:
        init(workspace, request)
    return path


def _applied(store: Store, head: Head) -> None:
    state = State(DocumentMap({}), 0)
    for portion in portions(store, head):
        for entry in portion:
            state = apply(state, from_entry(entry), entry.seq)


def _folder(folder: Path, name: str) -> Path:
    made = folder / name
    made.mkdir()
    return made


def _resident_kib(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS:")).split()[1])


def _spread(times: list[float]) -> str:
    ordered = sorted(times)
    return f"{statistics.median(times) * 1000:.1f} ms (p95 {ordered[int(len(ordered) * 0.95)] * 1000:.1f})"
