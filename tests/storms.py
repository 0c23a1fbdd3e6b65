"""What the storms share: worktrees, agents that run at once, writers that may be killed, and a look at the whole line.

Rule 1: what happened is read with the git program from the messages of the commits; none of our code judges itself.
Rule 2: everything random comes from one seed, which a failure names; COORDINAUT_SEED repeats it, as far as a race can be.

COORDINAUT_LONG makes them longer.
"""

import itertools
import json
import os
import signal
import subprocess
import time
from collections import Counter
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import warm
from commands import Cli

REF = "refs/coordinaut/state"
LONG = bool(os.environ.get("COORDINAUT_LONG"))
SEED = int(os.environ.get("COORDINAUT_SEED") or time.time_ns() % 1_000_000)


def linked(repository, git):
    """A repository with coordination set up, and two linked worktrees."""
    worktrees = [repository.parent / name for name in ("one", "two")]
    for path in worktrees:
        git(repository, "worktree", "add", "--quiet", "-b", path.name, str(path))
    with Cli() as cli:
        cli.json(repository, "init")
    return [repository, *worktrees]


@contextmanager
def agents(count):
    """So many processes that each run one command line after another."""
    with ExitStack() as stack:
        yield [stack.enter_context(Cli()) for _ in range(count)]


def at_once(running, commands):
    """Run each command line in its process, all at the same time: the answers in order."""
    for cli, (place, words) in zip(running, commands, strict=True):
        cli.start(place, *words, "--json")
    return [cli.answer() for cli in running[: len(commands)]]


def operations(git, root):
    """Every operation on the line, oldest first, as its commit's message tells it."""
    bodies = git(root, "log", "--reverse", "--format=%b%x00", REF).split("\0")
    return [json.loads(body) for body in bodies if body.strip().startswith("{")]


def check_line(git, root):
    """The line is whole: numbers without a gap, ids once, instants that never run back; git finds nothing amiss."""
    line = operations(git, root)
    assert [operation["seq"] for operation in line] == list(range(1, len(line) + 1))
    assert max(Counter(operation["id"] for operation in line).values()) == 1
    assert all(one["at"] <= other["at"] for one, other in itertools.pairwise(line))
    git(root, "fsck", "--strict", "--no-dangling")
    with Cli() as cli:
        shown = cli.json(root, "doctor", "--deep")
        assert {check["status"] for check in shown["checks"]} == {"ok"}, shown
    return line


class Nursery:
    """Writers in loops (see storm_nursery.py), and what they were told."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        self._process = warm.Started(warm.COMMANDS, text="import storm_nursery; storm_nursery.serve()", **pipes)
        assert self._process.stdout.readline() == "ready\n"
        self.pids = []
        self._numbers = itertools.count()

    def start(self, place) -> int:
        name = f"w{next(self._numbers)}"
        asked = {
            "folder": str(place),
            "name": name,
            "said": str(self._folder / name),
            "stop": str(self._folder / "stop"),
        }
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        self.pids.append(int(self._process.stdout.readline()))
        return self.pids[-1]

    def kill(self, pid) -> None:
        self.pids.remove(pid)
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)

    def wait_until_told(self, count) -> None:
        """Wait until so many operations have been acknowledged; the writers go on."""
        until = time.monotonic() + 300
        while len(self.acknowledged()[0]) < count:
            assert time.monotonic() < until, "the writers do not get on"
            time.sleep(0.05)

    def stop(self) -> None:
        """Let the writers come to their end."""
        (self._folder / "stop").touch()
        until = time.monotonic() + 300
        while self.pids and time.monotonic() < until:
            self.pids = [pid for pid in self.pids if Path(f"/proc/{pid}").exists()]
            time.sleep(0.02)
        assert not self.pids, "a writer hangs"

    def close(self) -> None:
        for pid in list(self.pids):
            self.kill(pid)
        self._process.stdin.close()
        self._process.wait(300)
        self._process.stdout.close()

    def acknowledged(self):
        """The ids that writers were told, and the errors; a last line that a kill cut off was told to nobody."""
        lines = [line for file in self._folder.glob("w*") for line in file.read_text().split("\n")[:-1]]
        return [line for line in lines if line[0] != "!"], [line for line in lines if line[0] == "!"]


def check_nothing_is_lost(git, root, nursery):
    told, errors = nursery.acknowledged()
    assert not errors, (SEED, errors[:3])
    found = Counter(operation["id"] for operation in check_line(git, root))
    assert [name for name in told if found[name] != 1] == [], SEED
    return told
