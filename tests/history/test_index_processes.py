"""Several processes use one index, some of them end in the middle of it, and somebody deletes it: all answers are right."""

import subprocess
import sys
import time
from pathlib import Path

from coordinaut_git import workspace as workspaces
from coordinaut_git.protocol import requests as ask
from coordinaut_git.protocol.model import Actor
from coordinaut_git.workspace import open_workspace

ME = Actor(instance="agent_1")
CHILD = f"""
import sys, time
sys.path.insert(0, {str(Path(__file__).parent)!r})
from test_index_processes import agent
agent(sys.argv[1], int(sys.argv[2]))
"""


def agent(folder, rounds):
    """Write, and look at once for what was written; each line that is printed is a round that was right."""
    workspace = open_workspace(Path(folder), {})
    for number in range(rounds):
        done = workspace.run(ask.CreateTask(title=f"Task {number}", files=(f"src/{number}/**",)), ME)
        task = done.operation.change.task_id
        workspace.run(ask.ClaimTask(task=task), ME)
        assert [event.operation.op for event in workspace.history.of_task(task)] == ["task_created", "task_claimed"]
        assert workspace.history.state_at(done.state.at).task(task)
        workspace.history.close()
        print("right", flush=True)


def started(folder, rounds):
    return subprocess.Popen([sys.executable, "-c", CHILD, folder, str(rounds)], stdout=subprocess.PIPE)


def test_several_processes_and_one_who_deletes(repository, git):
    open_workspace(repository, {}).store.create()
    git(repository, "config", "coordinaut.flush", "false")
    linked = repository.parent / "linked"
    git(repository, "worktree", "add", "--quiet", "--detach", str(linked))
    agents = [started(folder, 40) for folder in (repository, linked, linked)]
    while any(process.poll() is None for process in agents):
        for name in ("index.sqlite", "index.sqlite-journal"):
            (repository / ".git" / "coordinaut" / name).unlink(missing_ok=True)
        time.sleep(0.05)
    assert [process.communicate()[0].count(b"right") for process in agents] == [40, 40, 40]


def test_who_is_killed_in_the_middle_leaves_an_index_that_can_be_used(repository, git):
    workspace = open_workspace(repository, {})
    workspace.store.create()
    git(repository, "config", "coordinaut.flush", "false")
    for number in range(12):
        process = started(repository, 10_000)
        assert process.stdout.readline() == b"right\n"
        time.sleep(0.003 * number)
        process.kill()
        process.communicate()
        task = workspace.run(ask.CreateTask(title="mine"), ME).operation.change.task_id
        workspace.run(ask.ClaimTask(task=task, files=("mine/**",)), ME)
        workspace.run(ask.ReleaseTask(task=task), ME)
        ops = [event.operation.op for event in workspace.history.of_task(task)]
        assert ops == ["task_created", "task_claimed", "task_released"]
        workspace.history.close()
    whole = [event.entry.seq for event in workspace.history.of_instance("agent_1")]
    workspace.history.close()
    assert whole == list(range(1, workspace.coordinator.read().state.seq + 1))


def test_a_writer_keeps_the_index_up_now_and_then(repository, monkeypatch):
    monkeypatch.setattr(workspaces, "KEEP_UP_EVERY", 4)
    workspace = open_workspace(repository, {})
    workspace.store.create()
    index = workspace.place.own_dir / "index.sqlite"
    for number in range(1, 4):
        workspace.run(ask.CreateTask(title=f"Task {number}"), ME)
    assert not index.exists()
    workspace.run(ask.CreateTask(title="Task 4"), ME)
    assert index.exists()
