"""`watch --follow` sees what other processes and other worktrees do, as it happens."""

import signal
import subprocess
import time
from itertools import islice
from pathlib import Path
from types import SimpleNamespace

import pytest
from commands import PROGRAM
from following import running

from coordinaut_git.operations import events
from coordinaut_git.protocol import requests as ask
from coordinaut_git.protocol.model import Actor
from coordinaut_git.protocol.ops import from_entry, to_entry
from coordinaut_git.workspace import open_workspace

ANN = ("--agent-instance", "agent_ann")
PATIENCE_S = 300


def following(cwd, *words):
    return running(cwd, "watch", "--follow", *words)


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


REF = "refs/coordinaut/state"


def test_operations_of_another_clone_come_after_a_fetch(cli, project, make_task, git):
    make_task(project, "a")
    clone = project.parent / "clone"
    git(project.parent, "clone", "--quiet", str(project), str(clone))
    fetch = ("fetch", "--quiet", "origin", f"{REF}:{REF}")
    git(clone, *fetch)
    with following(clone, "--json") as follower:
        assert follower.event()["seq"] == 1
        for name in "bc":
            make_task(project, name)
        assert follower.event(wait_s=0.5) is None, "nothing is known of the other clone before a fetch"
        git(clone, *fetch)
        assert [follower.event()["seq"] for _ in range(2)] == [2, 3]


@pytest.mark.parametrize("many", [0, 600])
def test_a_line_that_took_another_way_is_told_from_there_and_nothing_twice(cli, project, make_task, git, many):
    """As after a sync: what came from elsewhere stands before what was told, which has moved on."""
    make_task(project, "a")
    clone = project.parent / "clone"
    git(project.parent, "clone", "--quiet", str(project), str(clone))
    git(clone, "fetch", "--quiet", "origin", f"{REF}:{REF}")
    for number in range(3):
        make_task(project, f"mine/{number}")
    with following(project, "--json") as follower:
        told = [follower.event()["id"] for _ in range(4)]
        theirs = make_task(clone, "theirs")
        workspace = open_workspace(clone, {})
        for number in range(many):
            workspace.run(ask.UpdateTask(task=theirs, next=str(number)), Actor())
        replay(project, workspace, 3)
        workspace.close()
        git(project, "fetch", "--quiet", str(clone), f"+{REF}:{REF}")
        assert [follower.event()["seq"] for _ in range(1 + many)] == list(range(2, 3 + many))
        cli.json(project, "update", "--task", theirs, "--next", "on")
        assert follower.event()["seq"] == 6 + many, "what was replayed was told before"
        assert set(told) < {event["id"] for event in cli.json(project, "watch", "--since", "1d")["events"]}


def replay(project, workspace, many):
    """Put the newest operations of the project's line after the workspace's, as a sync does."""
    source = open_workspace(project, {})
    entries = list(islice(source.store.log(source.store.head()), many))
    source.close()
    for entry in reversed(entries):
        head, state = workspace.coordinator.read()
        workspace.store.commit(head, to_entry(from_entry(entry), state.seq + 1, entry.summary), dict)


def test_with_since_all_that_came_later_is_told(cli, project, make_task):
    for _ in range(25):
        make_task(project, "a")
    first = cli.json(project, "watch", "--limit", "25")["events"][0]
    assert len(cli.json(project, "watch")["events"]) == 20
    assert len(cli.json(project, "watch", "--since", first["id"])["events"]) == 24
    assert len(cli.json(project, "watch", "--since", "1d")["events"]) == 25
    assert len(cli.json(project, "watch", "--since", "1d", "--limit", "3")["events"]) == 3
    with following(project, "--json", "--since", first["at"]) as follower:
        seen = [follower.event()["seq"] for _ in range(24)]
    assert seen == list(range(2, 26)), "an instant is told from what came after it"


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, -signal.SIGTERM)])
@pytest.mark.parametrize("json_words", [(), ("--json",)])
def test_a_signal_ends_it_without_a_word(project, make_task, number, code, json_words):
    make_task(project, "a")
    with following(project, *json_words) as follower:
        assert follower.line()
        ended, said = follower.ended(number)
        assert (ended, said.strip()) == (code, "")


def test_a_reader_that_has_seen_enough_ends_it_quietly(cli, project, make_task):
    make_task(project, "a")
    process = subprocess.Popen(
        [*PROGRAM, "watch", "--follow"], cwd=project, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout.readline()
    process.stdout.close()
    make_task(project, "b")
    assert process.wait(PATIENCE_S) == -signal.SIGPIPE
    assert process.stderr.read() == b""
    process.stderr.close()


@pytest.mark.parametrize("left", [None, "broken\n"])
def test_a_ref_that_is_away_for_a_moment_is_waited_for_however_long_nothing_had_happened(
    project, make_task, git, monkeypatch, left
):
    make_task(project, "a")
    workspace, file = open_workspace(project, {}), project / ".git" / REF
    head, real = workspace.coordinator.head(), workspace.wait_for_change
    now_s = [0.0]

    def look(head, wait_s):
        if now_s[0]:
            return real(head, 0)
        now_s[0] += 1_000  # of silence, and then
        file.unlink() if left is None else file.write_text(left)
        return workspace.coordinator.head()

    def put_back(_):
        now_s[0] += events.GONE_S
        file.write_text(f"{head}\n")
        make_task(project, "b")

    monkeypatch.setattr(events, "time", SimpleNamespace(monotonic=lambda: now_s[0], sleep=put_back))
    monkeypatch.setattr(workspace, "wait_for_change", look)
    assert next(events._heads(workspace, head)) == git(project, "rev-parse", REF) != head
    workspace.close()


@pytest.mark.parametrize(
    ("left", "code", "said"), [(None, 6, "refs/coordinaut/state is gone"), ("broken\n", 6, "The ref")]
)
def test_a_ref_that_stays_away_is_said(cli, project, make_task, git, left, code, said):
    make_task(project, "a")
    with following(project) as follower:
        assert follower.line()
        git(project, "update-ref", "-d", REF)
        if left:
            (project / ".git" / REF).write_text(left)
        ended, words = follower.ended()
        assert (ended, said in words) == (code, True), words
        assert "Traceback" not in words


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="there is no proc(5) to look at")
def test_a_follower_sleeps_while_nothing_happens(project, make_task):
    make_task(project, "a")
    with following(project) as follower:
        assert follower.line()
        used_s = []
        while not used_s or (used_s[-1] > 0.08 and len(used_s) < 10):  # it may still be busy with its start
            before = follower.cpu_s()
            time.sleep(4)
            used_s.append(follower.cpu_s() - before)
        assert used_s[-1] <= 0.08, ("two percent of a processor", used_s)
