"""`watch --follow` sees what other processes and other worktrees do, as it happens."""

import json
import os
import selectors
import subprocess
import time
from contextlib import contextmanager

from commands import PROGRAM

ANN = ("--agent-instance", "agent_ann")
PATIENCE_S = 10


class Follower:
    """A running `watch --follow`; `next` gives what it prints next."""

    def __init__(self, process) -> None:
        self._process = process
        self._rest = b""
        self._ready = selectors.DefaultSelector()
        self._ready.register(process.stdout, selectors.EVENT_READ)

    def line(self, wait_s: float = PATIENCE_S) -> str | None:
        until = time.monotonic() + wait_s
        while b"\n" not in self._rest:
            if not self._ready.select(max(0.0, until - time.monotonic())):
                return None
            piece = os.read(self._process.stdout.fileno(), 65536)
            assert piece, "the follower has ended"
            self._rest += piece
        line, _, self._rest = self._rest.partition(b"\n")
        return line.decode()

    def event(self, wait_s: float = PATIENCE_S):
        line = self.line(wait_s)
        return json.loads(line) if line is not None else None


@contextmanager
def following(cwd, *words):
    process = subprocess.Popen([*PROGRAM, "watch", "--follow", *words], cwd=cwd, stdout=subprocess.PIPE)
    try:
        yield Follower(process)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def test_operations_of_other_worktrees_come_as_they_happen(cli, project, make_task, git):
    linked = project.parent / "linked"
    git(project, "worktree", "add", "--quiet", "--detach", str(linked))
    before = make_task(project, "a")
    with following(project, "--json") as follower:
        assert follower.event()["summary"].startswith(f"create {before}"), "what is known comes first"
        task = make_task(linked, "b")
        seen = follower.event()
        assert (seen["op"], seen["seq"]) == ("task_created", 2)
        cli.json(linked, "claim", "--task", task, *ANN)
        cli.json(linked, "release", "--task", task, *ANN)
        assert [follower.event()["op"] for _ in range(2)] == ["task_claimed", "task_released"]
        assert follower.event(wait_s=0.5) is None, "nothing comes twice"


def test_nothing_is_lost_or_doubled_when_many_come_at_once(cli, project, make_task):
    make_task(project, "a")
    with following(project, "--json") as follower:
        assert follower.event()["seq"] == 1
        for _ in range(20):
            make_task(project, "b")
        assert [follower.event()["seq"] for _ in range(20)] == list(range(2, 22))


def test_a_follower_can_begin_late_and_look_at_one_task(cli, project, make_task):
    tasks = [make_task(project, name) for name in "ab"]
    first = cli.json(project, "watch")["events"][0]
    with following(project, "--json", "--since", first["id"], "--task", tasks[1]) as follower:
        assert follower.event()["seq"] == 2
        cli.json(project, "claim", "--task", tasks[0], *ANN)
        cli.json(project, "claim", "--task", tasks[1], *ANN)
        assert follower.event()["seq"] == 4, "the other task's claim is left out"


def test_people_get_a_line_for_each(cli, project, make_task):
    task = make_task(project, "a")
    with following(project) as follower:
        assert follower.line().endswith(f"create {task} A task")
        cli.json(project, "claim", "--task", task, *ANN)
        assert follower.line().endswith(f"agent_ann  claim {task} a for agent_ann")


def test_a_follower_outlives_git_gc(cli, project, make_task, git):
    make_task(project, "a")
    with following(project, "--json") as follower:
        assert follower.event()["seq"] == 1
        for number in range(3):
            make_task(project, "b")
            git(project, "gc", "--quiet")
            assert follower.event()["seq"] == 2 + number
