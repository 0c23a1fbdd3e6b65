"""A team over one bare repository: claims a second, connections and bytes for each, and what it takes to catch up.

Rule 1: the floor is the same work by plain git: as many commits made by libgit2, pushed and fetched by git.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from statistics import median
from typing import NamedTuple

import pygit2

from benchmarks.growth import grow
from benchmarks.measure import ME, PROVISIONAL, Row, at_once, create_tasks, opened, seconds, wait_for_the_others
from coordinaut_git.documents import Head, Joining
from coordinaut_git.errors import CoordinautError, Kind
from coordinaut_git.protocol import requests as ask
from coordinaut_git.protocol.model import Actor
from coordinaut_git.replay.anew import state_anew
from coordinaut_git.workspace import Workspace

STATE, TRACKING = "refs/coordinaut/state", "refs/coordinaut-remote/origin/state"
PLAIN = "refs/plain/line"
ENOUGH = 20
"""With fewer claims for each clone chance alone makes one of them a third of another's."""

_SHIM = '#!/bin/sh\nunset GIT_TRACE2_EVENT\ntee -a "{count}" | git-{service} "$1" | tee -a "{count}"\n'


class Raced(NamedTuple):
    """What one process did: rounds that the remote took, in how long, with how many connections; the longest round."""

    rounds: int
    took_s: float
    connections: int
    longest_s: float


def team(folder: Path, *, quick: bool) -> Iterator[Row]:
    """Clones that claim at once, then what goes over the wire, then catching up."""
    span_s = 4.0 if quick else 15.0
    for clones in (2, 8) if quick else (2, 8, 32):
        yield from _claims(folder / f"claims-{clones}", clones, span_s)
    yield _bytes_for_one(folder / "bytes")
    yield _ten_new(folder / "ten", 5 if quick else 15)
    yield _first_sync(folder / "first", *((250, 1_500) if quick else (10_000, 100_000)))


def _claims(folder: Path, clones: int, span_s: float) -> Iterator[Row]:
    hub = _hub(folder)
    paths = [_clone(hub, folder / f"clone-{number}") for number in range(clones)]
    for path in paths:
        _synced(path)
    _acquainted(paths)
    plain = _race("plain", paths, span_s)
    ours = _race("claims", paths, span_s)
    rate, floor = (sum(one.rounds / one.took_s for one in raced) for raced in (ours, plain))
    yield Row(
        name=f"{clones} clones: claims that the remote confirmed, of plain pushes",
        figure=rate / floor,
        bound=">= 0.3",
        detail=f"{rate:.1f}/s against {floor:.1f}/s; the longest took {max(one.longest_s for one in ours):.1f} s",
    )
    each = [sum(one.connections for one in raced) / max(sum(one.rounds for one in raced), 1) for raced in (ours, plain)]
    shares = [min(raced).rounds / max(raced).rounds for raced in (ours, plain)]
    yield Row(
        name=f"{clones} clones: claims of the slowest, of those of the fastest",
        figure=shares[0],
        bound=">= 0.33" if sum(one.rounds for one in ours) >= clones * ENOUGH else ">= 0",
        detail=f"{min(ours).rounds} of {max(ours).rounds}; plain pushes {min(plain).rounds} of {max(plain).rounds}",
    )
    yield Row(
        name=f"{clones} clones: connections for a claim, of those for a plain push",
        figure=each[0] / each[1],
        bound="<= 1.5",
        detail=f"{each[0]:.2f} against {each[1]:.2f}",
    )


def _bytes_for_one(folder: Path, count: int = 20) -> Row:
    hub = _hub(folder)
    path = _clone(hub, folder / "clone")
    _synced(path)
    with closing(opened(path)) as workspace:
        (task,) = create_tasks(workspace, 1)
        claim = _claimer(workspace, task)
        claim()
        ours = _counted(path, lambda: [claim() for _ in range(count)])
    push = _Plain(path)
    push.round()
    plain = _counted(path, lambda: [push.round() for _ in range(count)])
    return Row(
        name="bytes over the wire for a claim, both ways",
        figure=ours / count,
        bound="<= 4000",
        detail=f"{plain / count:,.0f} for a plain push of one commit",
        unit=" B",
    )


def _ten_new(folder: Path, times: int) -> Row:
    """Ten new operations of one clone, taken by another one, and by one that only fetches."""
    hub = _hub(folder)
    paths = [_clone(hub, folder / name) for name in ("writes", "reads", "fetches")]
    taken: tuple[list[float], list[float]] = ([], [])
    with closing(opened(paths[0])) as writer, closing(opened(paths[1])) as reader:
        for clone in (writer, reader):
            clone.store.create()
        for number in range(times + 1):
            create_tasks(writer, 10, 10 * number)
            _team(writer).sync()
            taken[0].append(seconds(_team(reader).sync))
            taken[1].append(seconds(lambda: _git(paths[2], "fetch", "-q", "--no-auto-gc", "origin", _FETCHED)))
    ours, plain = (median(times_s[1:]) for times_s in taken)
    return Row(
        name="a sync of ten new operations, of a plain fetch of them",
        figure=ours / plain,
        bound="<= 4",
        detail=f"{ours * 1000:.0f} ms against {plain * 1000:.0f} ms",
    )


def _first_sync(folder: Path, tasks: int, operations: int) -> Row:
    """A new clone takes a long history, every operation of which it goes through; and a plain fetch of the same."""
    hub = _hub(folder)
    source, new, plain = (_clone(hub, folder / name, flush=False) for name in ("long", "new", "plain"))
    _git(source, "config", "--unset", "coordinaut.remote")
    with closing(opened(source)) as workspace:
        workspace.store.create()
        grow(workspace, source, tasks, operations)
    _git(source, "config", "coordinaut.remote", "origin")
    with closing(opened(source)) as workspace:
        _team(workspace).sync()
    plain_s = seconds(lambda: _git(plain, "fetch", "-q", "--no-auto-gc", "origin", _FETCHED))
    with closing(opened(new)) as workspace:
        workspace.store.create()
        ours_s = seconds(_team(workspace).sync)
        replay_s = seconds(lambda: state_anew(workspace.store, workspace.coordinator.head()))
        kept = workspace.coordinator.read().state.seq
    return Row(
        name=f"a first sync of {kept:,} operations, of applying them and nothing else",
        figure=ours_s / replay_s,
        bound="<= 4",
        detail=f"{ours_s:.1f} s against {replay_s:.1f} s; a plain fetch, which believes all, {plain_s:.1f} s",
    )


_FETCHED = f"+{STATE}:{TRACKING}"


def _hub(folder: Path) -> Path:
    hub = folder / "hub.git"
    subprocess.run(["git", "init", "--quiet", "--bare", str(hub)], check=True)
    return hub


def _clone(hub: Path, path: Path, *, flush: bool = True) -> Path:
    subprocess.run(["git", "clone", "--quiet", str(hub), str(path)], check=True, stderr=subprocess.DEVNULL)
    _git(path, "config", "coordinaut.remote", "origin")
    _git(path, "config", "coordinaut.flush", str(flush).lower())
    return path


def _synced(path: Path) -> None:
    with closing(opened(path)) as workspace:
        workspace.store.create()
        _team(workspace).sync()


def _acquainted(paths: list[Path]) -> None:
    """Let every clone publish something, and see what the others did: these are a team at work."""
    for number in range(2):
        for path in paths:
            with closing(opened(path)) as workspace:
                create_tasks(workspace, 1, number)
                _team(workspace).sync()


def _team(workspace: Workspace):  # type: ignore[no-untyped-def] # noqa: ANN202 - whatever the workspace has
    assert workspace.team is not None
    return workspace.team


def _git(path: Path, *words: str) -> str:
    done = subprocess.run(["git", "-C", str(path), *words], check=True, capture_output=True, text=True)
    return done.stdout.strip()


def _counted(path: Path, work: Callable[[], object]) -> int:
    """The bytes that go between the clone and its remote, in both directions, while the work is done."""
    count = path / "count"
    count.unlink(missing_ok=True)
    for service in ("receive-pack", "upload-pack"):
        shim = path / service
        shim.write_text(_SHIM.format(count=count, service=service))
        shim.chmod(0o755)
        _git(path, "config", f"remote.origin.{service.replace('-', '')}", str(shim))
    work()
    for service in ("receivepack", "uploadpack"):
        _git(path, "config", "--unset", f"remote.origin.{service}")
    return count.stat().st_size


def _race(what: str, paths: list[Path], span_s: float) -> list[Raced]:
    """What each clone did, all of them in the same span of time."""
    command = [sys.executable, "-m", "benchmarks.sync", what, str(span_s)]
    return [Raced(*json.loads(told)) for told in at_once([[*command, str(path)] for path in paths])]


class _Plain:
    """The floor: a commit on the remote's newest one, pushed by compare-and-swap; lost? Then fetched, and again."""

    def __init__(self, path: Path) -> None:
        pygit2.settings.enable_fsync_gitdir(True)  # noqa: FBT003 - the library's way
        self._path, self._repository = path, pygit2.Repository(str(path))
        self._who = pygit2.Signature("bench", "bench@coordinaut", 1, 0)
        self._tree = self._repository.TreeBuilder().write()
        self._seen, self._message = "", f"claim\n\n{path.name} {'x' * 400} "
        self.connections = 0

    def round(self) -> bool:
        """Until one commit of ours is there."""
        self._message = f"{self._message[:420]}{time.monotonic_ns()}"
        while not self._pushed():
            self.connections += 1
            done = subprocess.run(
                ["git", "-C", str(self._path), "fetch", "-q", "--no-auto-gc", "origin", f"+{PLAIN}:refs/plain/seen"],
                capture_output=True,
                check=False,
            )
            self._seen = _git(self._path, "rev-parse", "refs/plain/seen") if done.returncode == 0 else ""
        return True

    def _pushed(self) -> bool:
        parents = [pygit2.Oid(hex=self._seen)] if self._seen else []
        new = str(self._repository.create_commit(None, self._who, self._who, self._message, self._tree, parents))
        self.connections += 1
        words = ("push", "-q", "--no-verify", f"--force-with-lease={PLAIN}:{self._seen}", "origin", f"{new}:{PLAIN}")
        done = subprocess.run(["git", "-C", str(self._path), *words], capture_output=True, check=False)
        self._seen = new if done.returncode == 0 else self._seen
        return done.returncode == 0


def _claimer(workspace: Workspace, task: str) -> Callable[[], bool]:
    """What claims the task anew, for another term, which is always written; True where the remote has it."""
    terms = iter(range(1_800, 1_000_000))

    def claim() -> bool:
        before = len(workspace.notices)
        try:
            workspace.run(ask.ClaimTask(task=task, ttl=f"{next(terms)}s"), ME)
        except CoordinautError as error:
            if error.kind is not Kind.CONTENDED:
                raise
            return False
        return not any(notice.startswith(PROVISIONAL) for notice in workspace.notices[before:])

    return claim


def _claims_in(path: Path) -> tuple[Callable[[], bool], Callable[[], int]]:
    workspace = opened(path)
    agent = Actor(instance=f"{path.name}_1", agent=path.name)
    done = workspace.run(ask.CreateTask(title=path.name, files=(f"{path.name}/**",)), agent)
    assert done.operation is not None
    assert isinstance(workspace.store, Joining)
    remote, connections = _team(workspace).remote, [0]
    push, fetch = remote.push, remote.fetch

    def counted_push(new: Head, expected: Head | None) -> None:
        connections[0] += 1
        push(new, expected)

    def counted_fetch() -> Head | None:
        connections[0] += 1
        return fetch()  # type: ignore[no-any-return]

    remote.push, remote.fetch = counted_push, counted_fetch
    return _claimer(workspace, done.operation.change.task_id or ""), lambda: connections[0]


def _plain_in(path: Path) -> tuple[Callable[[], bool], Callable[[], int]]:
    plain = _Plain(path)
    return plain.round, lambda: plain.connections


def _timed(what: str, span_s: float, path: Path) -> Raced:
    work, connections = {"claims": _claims_in, "plain": _plain_in}[what](path)
    wait_for_the_others()
    rounds, longest_s, start = 0, 0.0, time.monotonic()
    while time.monotonic() < start + span_s:
        began = time.monotonic()
        rounds += work()
        longest_s = max(longest_s, time.monotonic() - began)
    return Raced(rounds, time.monotonic() - start, connections(), longest_s)


if __name__ == "__main__":
    kind, span, clone = sys.argv[1:]
    print(json.dumps(_timed(kind, float(span), Path(clone))), flush=True)
    os._exit(0)  # what is open ends with the process
