"""Doctor run on a repository of the tests: what it finds, by the names of its checks, and what it mends."""

import os
import time

from world import SetClock

from coordinaut_git.clock import SystemClock
from coordinaut_git.errors import CoordinautError
from coordinaut_git.operations.doctor import doctor
from coordinaut_git.protocol import requests as ask
from coordinaut_git.protocol.model import Actor
from coordinaut_git.workspace import open_workspace

OLD_S = 5 * 3_600


class Examined(dict):
    """What a run of doctor found, by the names of the checks; and what it mended."""

    mended: list

    def amiss(self):
        return {name: check["status"] for name, check in self.items() if check["status"] != "ok"}


def examine(root, *, after="0s", environ=None, **words) -> Examined:
    """Run doctor as if `after` had gone by."""
    clock = SetClock(SystemClock().now())
    clock.wait(after)
    workspace = open_workspace(root, environ or {}, clock=clock)
    try:
        result = doctor(workspace, ask.Doctor(**words))
    except CoordinautError as error:
        if error.code != "unhealthy":
            raise
        result = error.details
    finally:
        workspace.close()
    found = Examined({check["name"]: check for check in result["checks"]})
    found.mended = result["mended"]
    assert all(check["advice"] for check in found.values() if check["status"] in {"warning", "failed"}), found
    assert not any(check["summary"].endswith(".") for check in found.values()), found
    return found


def create(root, *files, **more):
    workspace = open_workspace(root, {})
    done = workspace.run(ask.CreateTask(title="a task", files=files), Actor())
    task = done.operation.change.task_id
    if more:
        workspace.run(ask.ClaimTask(task=task, ttl=more.get("ttl", "30m")), Actor(instance=more["by"]))
    workspace.close()
    return task


def age(path, seconds=OLD_S):
    then = time.time() - seconds
    os.utime(path, (then, then))
