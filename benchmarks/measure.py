"""What every benchmark needs: a scratch repository, the raw floor, paired timing, and a row of the table.

Rule 1: a figure is a ratio of two things measured in one run, in turns, so that other load hits both.
"""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pygit2

from coordinaut_git.protocol import requests as ask
from coordinaut_git.protocol.model import Actor
from coordinaut_git.workspace import Workspace, open_workspace

ME = Actor(instance="bench_1", agent="bench")
PROVISIONAL = "Provisional"
"""So begins the notice about what the team's remote has not confirmed."""

COMMAND = str(Path(sys.executable).with_name("coordinaut"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the table: what, the figure, its bound (`>=` or `<=` and a number), and what it was made of."""

    name: str
    figure: float
    bound: str
    detail: str
    unit: str = "x"

    @property
    def holds(self) -> bool:
        """Whether the figure keeps its bound."""
        sign, number = self.bound.split()
        return self.figure >= float(number) if sign == ">=" else self.figure <= float(number)


def environment() -> dict[str, str]:
    """The environment of whole commands: bytecode is kept, as on a user's machine."""
    return {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}


def repository(folder: Path, name: str, *, flush: bool) -> Path:
    """A new repository with a store that flushes or does not."""
    path = folder / name
    subprocess.run(["git", "init", "--quiet", str(path)], check=True)
    subprocess.run(["git", "-C", str(path), "config", "coordinaut.flush", str(flush).lower()], check=True)
    opened(path).store.create()
    return path


def opened(path: Path) -> Workspace:
    """The workspace of a repository."""
    return open_workspace(path, {name: value for name, value in os.environ.items() if name == "COORDINAUT_TOKEN"})


def create_tasks(workspace: Workspace, count: int, first: int = 0) -> list[str]:
    """So many tasks with files of their own; their ids."""
    ids = []
    for number in range(first, first + count):
        done = workspace.coordinator.run(ask.CreateTask(title=f"Task {number}", files=(f"src/m{number}/**",)), ME)
        assert done.operation is not None
        ids.append(done.operation.change.task_id or "")
    return ids


class Floor:
    """Raw pygit2: one commit object and one swap of a ref, with the same flushing and as large a message."""

    def __init__(self, path: Path, *, flush: bool, message: str) -> None:
        pygit2.settings.enable_fsync_gitdir(flush)
        self._repository = pygit2.Repository(str(path))
        self._signature = pygit2.Signature("bench", "bench@coordinaut", 1, 0)
        self._tree = self._repository.TreeBuilder().write()
        self._message, self._count = message, 0
        self._name = "refs/floor/line"
        self._head = self._commit([])
        self._repository.references.create(self._name, self._head)

    def write(self) -> None:
        """One operation of the floor."""
        new = self._commit([self._head])
        reference = self._repository.lookup_reference(self._name)
        reference.set_target(new)
        self._head = new

    def _commit(self, parents: "list[pygit2.Oid]") -> "pygit2.Oid":
        self._count += 1
        text = f"{self._message}{self._count:09d}"
        return self._repository.create_commit(None, self._signature, self._signature, text, self._tree, parents)


def seconds(work: Callable[[], object]) -> float:
    """How long one call takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def paired(
    one: Sequence[Callable[[], object]], other: Sequence[Callable[[], object]], block: int
) -> tuple[float, float]:
    """Seconds a call of each, taken in alternating blocks; the median over the blocks, so that a hiccup counts once."""
    times: tuple[list[float], list[float]] = ([], [])
    for start in range(0, min(len(one), len(other)), block):
        for calls, taken in zip((one, other), times, strict=True):
            part = calls[start : start + block]
            taken.append(sum(seconds(call) for call in part) / len(part))
    return statistics.median(times[0]), statistics.median(times[1])


def command_seconds(*commands: Sequence[str], runs: int) -> list[float]:
    """The median wall time of whole commands, run in turns."""
    taken: list[list[float]] = [[] for _ in commands]
    for _ in range(runs + 1):
        for command, times in zip(commands, taken, strict=True):
            times.append(seconds(lambda command=command: run(command)))
    return [statistics.median(times[1:]) for times in taken]


def run(command: Sequence[str]) -> None:
    """Run a command quietly; raises if it fails."""
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment())


def at_once(commands: list[list[str]]) -> list[bytes]:
    """What commands print that all go on at one moment, when the last of them has come to `wait_for_the_others`."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    processes = [subprocess.Popen(command, env=environment(), **pipes) for command in commands]
    for process in processes:
        assert process.stdout
        assert process.stdout.readline() == b"ready\n"
    for process in processes:
        assert process.stdin
        process.stdin.close()
    told = []
    for process in processes:
        assert process.stdout
        told.append(process.stdout.read())
        process.wait()
    return told


def wait_for_the_others() -> None:
    """In a command of `at_once`, when it could begin."""
    print("ready", flush=True)
    sys.stdin.read()
