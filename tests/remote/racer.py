"""An agent on a machine of its own: claims, works and releases through a server, and prints what it was told.

Arguments: url, project, cache folder, who, rounds. A line `claimed <operation id> <fence>` for each lease.
"""

import sys
from pathlib import Path

from coordinaut_git.clock import RandomIds, SystemClock
from coordinaut_git.coordinator import Coordinator
from coordinaut_git.errors import CoordinautError, Kind
from coordinaut_git.protocol import requests as ask
from coordinaut_git.protocol.model import Actor, Tool
from coordinaut_git.stores.remote import open_remote_store

SCOPES = (["src/**"], ["src/a.py", "docs/**"], ["docs/b/**"], ["lib/**", "docs/a/**"], ["**/b.py"])


def main(url, project, cache, who, rounds):
    """Race."""
    store = open_remote_store(
        url, "red", project, token="red-member", cache_folder=Path(cache), environ={"COORDINAUT_REMOTE_TIMEOUT": "20"}
    )
    coordinator = Coordinator(store, SystemClock(), RandomIds(), team=True)
    actor = Actor(instance=who, agent=who, thread_id=None, tool=Tool.UNKNOWN)
    print("ready", flush=True)
    sys.stdin.readline()
    for number in range(int(rounds)):
        task = told(coordinator, ask.CreateTask(title=f"{who} {number}", files=SCOPES[number % len(SCOPES)]), actor)
        task_id = task and task.change.task_id
        if task_id and told(coordinator, ask.ClaimTask(task=task_id), actor):
            told(coordinator, ask.ReleaseTask(task=task_id, status="done"), actor)


def told(coordinator, request, actor):
    """The operation, which is printed; None for a refusal, or where the server was away."""
    try:
        operation = coordinator.run(request, actor).operation
    except CoordinautError as error:
        if error.kind not in {Kind.REFUSED, Kind.CONTENDED}:
            raise
        print(error.code, flush=True)
        return None
    print("done", operation.id, flush=True)
    return operation


if __name__ == "__main__":
    main(*sys.argv[1:])
