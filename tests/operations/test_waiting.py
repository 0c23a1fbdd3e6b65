"""Waiting in a program that may block: it ends with what happens, and says what did."""

from contextlib import closing
from threading import Thread

import pytest
from examining import create

from coordinaut_git.operations.waiting import wait_for_change
from coordinaut_git.protocol.model import Actor
from coordinaut_git.protocol.requests import ClaimTask, ReleaseTask, WaitForChange
from coordinaut_git.workspace import open_workspace


@pytest.fixture
def workspace(project):
    with closing(open_workspace(project, {})) as workspace:
        yield workspace


def test_it_ends_with_the_first_thing_that_happens(workspace, project):
    create(project)
    seen = wait_for_change(workspace, WaitForChange(timeout="10ms"))
    assert (seen["changed"], seen["events"]) == (False, [])
    writing = Thread(target=create, args=(project,))
    writing.start()
    seen = wait_for_change(workspace, WaitForChange(since=seen["last"], timeout="10m"))
    writing.join()
    assert (seen["changed"], [event["op"] for event in seen["events"]]) == (True, ["task_created"])
    assert seen["last"] == seen["events"][0]["id"]


def test_it_ends_when_the_files_are_free_and_not_before(workspace, project):
    task, holder = create(project), Actor(instance="agent_1")
    workspace.coordinator.run(ClaimTask(task=task, files=("src/**",)), holder)
    held = wait_for_change(workspace, WaitForChange(files=("src/a.py",), timeout="10ms"))
    assert (held["changed"], held["conflicts"][0]["agentInstance"]) == (False, "agent_1")

    def let_go():
        with closing(open_workspace(project, {})) as other:
            other.coordinator.run(ReleaseTask(task=task, reason="done"), holder)

    releasing = Thread(target=let_go)
    releasing.start()
    free = wait_for_change(workspace, WaitForChange(files=("src/a.py",), timeout="10m"))
    releasing.join()
    assert (free["changed"], free["conflicts"]) == (True, [])
