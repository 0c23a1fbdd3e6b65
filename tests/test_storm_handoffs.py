"""Two agents trade one file to and fro, 100 times, while others write: never two owners, never nobody.

Rule 1: the command line does it all, in real processes, in worktrees of their own; a commit is a real one, with hooks.
Rule 2: what happened is told by an observer that only reads, and by the line itself, followed by a checker that shares
        nothing with what it checks (`protocol/ownership.py`).
"""

import random
import sys
import threading
from pathlib import Path
from typing import ClassVar

import pytest
from commands import Cli
from storms import LONG, SEED, check_line, linked
from warm import warm_hooks

sys.path.insert(0, str(Path(__file__).with_name("protocol")))

from ownership import LISTED, History, held_places, places

TRADES = 400 if LONG else 100
TRADED = "src/a"
MOST_PATTERNS = 3
PAUSE_S = 0.0 if LONG else 0.2  # between two looks, so that those who trade come to their turn

pytestmark = pytest.mark.slow


class Trader:
    """An agent in a worktree of its own, and its task."""

    def __init__(self, cli: Cli, place: Path, name: str) -> None:
        self.cli, self.place, self.name = cli, place, name
        self.task = self.asks("create", "--title", f"by {name}")["displayId"]

    def asks(self, *words: str):
        return self.cli.json(self.place, *words, "--agent-instance", f"{self.name}-1", "--agent", self.name)

    def commits(self, git, text: str) -> None:
        """A commit of the traded file in this worktree, with its hooks."""
        path = self.place / TRADED
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        git(self.place, "add", TRADED)
        git(self.place, "commit", "--quiet", "-m", text)


class Beside(threading.Thread):
    """Does something over and over beside the traders, and keeps what was wrong with it."""

    def __init__(self, place: Path) -> None:
        super().__init__(daemon=True)
        self.place, self._end = place, threading.Event()
        self.times, self.wrong = 0, []

    def run(self) -> None:
        with Cli() as cli:
            self.begin(cli)
            while not self._end.wait(PAUSE_S):
                self.times += 1
                self.again(cli)

    def begin(self, cli: Cli) -> None:
        """What comes first."""

    def again(self, cli: Cli) -> None:
        raise NotImplementedError

    def stop(self) -> None:
        self._end.set()
        self.join(600)
        assert not self.is_alive()


class Observer(Beside):
    """Looks at the leases: one has the file, its fence grows, and nothing piles up."""

    fence = 0

    def again(self, cli: Cli) -> None:
        leases = cli.json(self.place, "status")["leases"]
        fences = [lease["fence"] for lease in leases if LISTED.index(TRADED) in held_places(lease)]
        if len(fences) != 1 or fences[0] < self.fence or lengthy(leases):
            self.wrong.append((self.fence, leases))
        self.fence = max([self.fence, *fences])


class Thief(Beside):
    """Claims the file, and is always refused because of one holder."""

    def begin(self, cli: Cli) -> None:
        self.task = cli.json(self.place, "create", "--title", "mine, too")["displayId"]

    def again(self, cli: Cli) -> None:
        words = ("claim", "--task", self.task, "--files", TRADED, "--agent-instance", "thief-1", "--json")
        answer = cli(self.place, *words)
        if answer.code != 1 or len(answer.error["details"]["conflicts"]) != 1:
            self.wrong.append(answer)


class Busy(Beside):
    """Writes: tasks, leases and messages of its own."""

    environ: ClassVar = {"COORDINAUT_INSTANCE": "busy-1"}

    def again(self, cli: Cli) -> None:
        asked = ("create", "--title", "something", "--files", "docs/", "--json")
        task = cli(self.place, *asked, environ=self.environ).result["displayId"]
        for words in (
            ("claim", "--task", task),
            ("message", "--text", "hello", "--broadcast"),
            ("release", "--task", task),
        ):
            answer = cli(self.place, *words, "--json", environ=self.environ)
            if answer.code:
                self.wrong.append(answer)


def lengthy(leases) -> bool:
    """Whether what is given and received piles up in some lease."""
    layers = [layer for lease in leases for layer in (lease, *lease["also"])]
    return any(len(layer["files"]) + len(layer["without"]) > MOST_PATTERNS for layer in layers)


@pytest.fixture
def places_of_work(repository, git):
    return linked(repository, git)


def trade(git, owner: Trader, other: Trader, how: str) -> None:
    """The file goes from one to the other."""
    handoff = other.asks("handoff", "request", "--task", other.task, "--files", TRADED, "--reason", "my turn")["id"]
    respond = ("handoff", "respond", "--id", handoff, "--status")
    if how == "now":
        assert owner.asks(*respond, "handoff_now")["status"] == "handoff_now"
        return
    assert owner.asks(*respond, "grant_after_commit")["status"] == "grant_after_commit"
    if how == "commit":
        owner.commits(git, f"{owner.name} before {handoff}")
    else:
        owner.asks("release", "--task", owner.task)
    (shown,) = (
        one
        for one in owner.cli.json(owner.place, "handoff", "list", "--task", other.task)["handoffs"]
        if one["id"] == handoff
    )
    assert shown["status"] == "completed", SEED


def test_a_file_that_is_traded_a_hundred_times_never_has_two_owners_nor_none(places_of_work, git):
    root, *worktrees = places_of_work
    chance = random.Random(SEED)
    with Cli() as one, Cli() as other:
        alice, bob = Trader(one, worktrees[0], "alice"), Trader(other, worktrees[1], "bob")
        alice.asks("claim", "--task", alice.task, "--files", "src/**", "--ttl", "6h")
        for trader in (alice, bob):
            trader.asks("git-identity")
        one.json(root, "install-hooks")
        warm_hooks(root)
        beside = [Observer(root), Thief(root), Busy(root)]
        for thread in beside:
            thread.start()
        for number in range(TRADES):
            owner, wanting = (bob, alice) if number % 2 else (alice, bob)
            ways = ["now"] * 8 + ["commit"] + (["release"] if owner is bob else [])
            trade(git, owner, wanting, chance.choice(ways))
        for thread in beside:
            thread.stop()
        one.json(root, "install-hooks")  # as they were, or doctor would say that they call another program
        leases, handoffs = (one.json(root, *words) for words in (("status",), ("handoff", "list")))
    for thread in beside:
        assert thread.wrong == [], (SEED, type(thread))
        assert thread.times > TRADES // 10, type(thread)
    follow(check_line(git, root), leases["leases"], handoffs["handoffs"])


def follow(line, leases, handoffs) -> None:
    """After every operation of the line exactly one of the two has the file, with a fence that grows at each change."""
    history, wanted, fence = History(), places((TRADED,)), 0
    for body in line:
        history.take(body)
        owners = [lease for lease in history.held.values() if lease.places & wanted]
        if fence or owners:
            (owner,) = owners
            assert min(owner.fences) >= fence, body
            fence = min(owner.fences)
    assert len(handoffs) == TRADES
    assert {handoff["status"] for handoff in handoffs} <= {"handoff_now", "completed"}
    assert fence > TRADES, "each change of hands is an operation"
    (end,) = (lease for lease in leases if LISTED.index(TRADED) in held_places(lease))
    assert not lengthy([end])
