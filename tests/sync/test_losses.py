"""A claim whose programs die, or whose connection is lost, somewhere between push, fetch and push: one fate each time.

Ann claims when somebody was faster, so a claim is a push that is raced, a fetch, and a push that counts. A sample by
day; COORDINAUT_LONG=1 takes every place.
"""

import os
import random
import shutil
import subprocess
import sys
import time
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
from losing import CALLS, DOWN, UP, Deaths, Wire, places
from teams import STATE, Hub

from coordinaut_git.errors import CoordinautError
from coordinaut_git.plumbing.settings import CONFIRMED, POLICIES, PROVISIONAL

LONG = bool(os.environ.get("COORDINAUT_LONG"))
BY_DAY = {UP: CONFIRMED, DOWN: PROVISIONAL}
needs_strace = pytest.mark.skipif(shutil.which("strace") is None, reason="only strace kills at a system call")


@pytest.fixture
def hub(tmp_path):
    with ExitStack() as opened:
        yield Hub(tmp_path, opened)


def sample(places, number, seed):
    return places if LONG else random.Random(seed).sample(places, number)


class Scene:
    """Two clones; `claim` is what is to be disturbed, and `check` looks what became of it."""

    def __init__(self, hub, policy="provisional", url=None, **options):
        self.hub = hub
        self.ann, self.bob = hub.clone("ann", policy=policy), hub.clone("bob")
        root = self.ann.workspace.root
        for key, value in {**options, **({"remote.origin.url": url} if url else {})}.items():
            hub.git("config", key, value, at=root)
        self.bob.claim("first/**")
        self.ann.team.sync()
        self.ann.team.remote._locked_s = 0.0
        self._number = 0

    def begin(self):
        """Let Bob be faster than Ann, who has a task to claim."""
        self._number += 1
        self.bob.claim(f"bob/{self._number}/**")
        self.files = f"ann/{self._number}/**"
        self.task = self.ann.create(self.files)

    def claim(self, disturb=lambda: None):
        """Whether Ann was told that it is confirmed; None where she was told that nothing is sure."""
        self.begin()
        disturb()
        with suppress(CoordinautError):
            done = self.ann.claim(task=self.task)
            return done.moment.confirmed_upto == done.state.seq
        return None

    def check(self, *, granted):
        """The hub has it once, and both clones say so; nothing is locked, broken or left to mend."""
        for lock in self.hub.path.rglob("*.lock"):
            lock.unlink()  # of a dead receive-pack: whoever keeps the hub takes it away
        for lock in (self.ann.workspace.root / ".git/refs").rglob("*.lock"):
            os.utime(lock, (0, 0))  # as if it had been left some time ago: then ours are set aside
        self.ann.team.sync()
        self.bob.team.sync()
        line = self.hub.git("log", "--format=%s", STATE).splitlines()
        claims = sum(one.startswith("claim ") and f" {self.files} " in one for one in line)
        held = self.task in self.bob.state.leases()
        assert claims <= 1
        assert held == bool(claims) >= granted
        if not held:
            self.ann.claim(task=self.task)
            self.bob.team.sync()
        assert self.ann.workspace.coordinator.head() == self.bob.workspace.coordinator.head()
        for at in (self.hub.path, self.ann.workspace.root):
            self.hub.git("fsck", "--strict", "--no-dangling", at=at)
        self.ann.workspace.notices.clear()
        return held


@needs_strace
@pytest.mark.parametrize("who", ["push", "fetch", "receive-pack", "upload-pack"])
def test_a_program_of_git_that_is_killed_at_a_system_call_costs_no_claim_its_fate(hub, tmp_path, monkeypatch, who):
    deaths = Deaths(tmp_path, who, monkeypatch)
    scene = Scene(hub, **deaths.options)
    assert scene.claim(deaths.watch) is True
    scene.check(granted=True)
    died, seen = 0, places(deaths.trace)
    assert len(seen) > 20
    for call, number in (chosen := sample(seen, 2, who)):
        told = scene.claim(lambda call=call, number=number: deaths.strike(call, number))
        died += "killed by SIGKILL" in deaths.trace.read_text(errors="replace")
        deaths.rest()
        assert told is not None
        assert scene.check(granted=True)
    assert died > len(chosen) / 2, "the calls are counted wrong"


CLAIMS = """
import os, sys
from pathlib import Path
from coordinaut_git.protocol import requests as ask
from coordinaut_git.protocol.model import Actor
from coordinaut_git.workspace import open_workspace
workspace = open_workspace(Path(sys.argv[1]), {})
os.path.exists("/coordinaut-begin")
done = workspace.run(ask.ClaimTask(task=sys.argv[2]), Actor(instance="ann-1", agent="ann"))
print(done.moment.confirmed_upto == done.state.seq, flush=True)
os.path.exists("/coordinaut-end")
"""


def traced(scene, tmp_path, *options):
    """A claim by a process of its own under strace; gives what it printed, when all that it has started has ended."""
    command = ["strace", "-qq", "-o", tmp_path / "trace", *options, sys.executable, "-c", CLAIMS]
    done = subprocess.run([*command, scene.ann.workspace.root, scene.task], capture_output=True, text=True)
    while any(at_work(scene.ann.workspace.root)) or any(at_work(scene.hub.path)):
        time.sleep(0.02)
    return done.stdout.strip()


def at_work(folder):
    """The other processes that work in a folder, proc(5)."""
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if (process / "cwd").resolve().is_relative_to(folder) and process.name != str(os.getpid()):
                yield process.name


@needs_strace
def test_a_claim_whose_own_process_is_killed_at_a_system_call_has_one_fate(hub, tmp_path):
    scene = Scene(hub)
    scene.begin()
    assert traced(scene, tmp_path, "-e", f"trace={','.join(CALLS)},stat,newfstatat") == "True"
    scene.check(granted=True)
    died = 0
    for call, number in (chosen := sample(places(tmp_path / "trace"), 3, "claim")):
        scene.begin()
        told = traced(scene, tmp_path, "-e", f"trace={call}", "-e", f"inject={call}:signal=SIGKILL:when={number}")
        died += "killed by SIGKILL" in (tmp_path / "trace").read_text(errors="replace")
        scene.check(granted=bool(told))
    assert died > len(chosen) / 2, "the calls are counted wrong"


@pytest.mark.parametrize(
    ("way", "policy"), [(way, policy) for way in (UP, DOWN) for policy in POLICIES if LONG or policy == BY_DAY[way]]
)
def test_a_connection_that_is_cut_off_after_so_many_bytes_costs_no_claim_its_fate(
    hub, tmp_path, monkeypatch, way, policy
):
    monkeypatch.setenv("GIT_ALLOW_PROTOCOL", "file:git")
    with Wire(tmp_path) as wire:
        scene = Scene(hub, policy, f"{wire.url}/hub.git")
        before = wire.bytes[way]
        assert scene.claim() is True
        most = wire.bytes[way] - before
        scene.check(granted=True)
        assert most > 500
        for number in sample(range(0, most, 1 if not LONG else 11), 2, way + policy):
            told = scene.claim(lambda number=number: wire.cut_after(way, number))
            wire.cut = None
            scene.check(granted=bool(told) or policy == PROVISIONAL)


@pytest.mark.parametrize("after", [0, 900], ids=["from the first byte", "in the middle"])
def test_a_hub_that_takes_a_byte_a_second_is_waited_for_as_long_as_that_may_take(hub, tmp_path, monkeypatch, after):
    monkeypatch.setenv("GIT_ALLOW_PROTOCOL", "file:git")
    with Wire(tmp_path) as wire:
        scene = Scene(hub, url=f"{wire.url}/hub.git")
        scene.ann.team.remote._wait_s = 1.0
        assert scene.claim(lambda: wire.slow_down(after)) is False
        assert scene.ann.workspace.notices[-1].startswith("Provisional, until origin has it: ")
        wire.slow_after, scene.ann.team.remote._wait_s = None, 600.0
        scene.check(granted=True)
