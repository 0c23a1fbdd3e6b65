"""An agent on a machine of its own: claims, works and releases through a server, and prints what it was told.

Arguments: url, project, cache folder, who, rounds. In each round it goes on until it was granted a lease, whatever becomes
of the server meanwhile. A line `done <operation id>` for each operation, and one with the error's code otherwise.
"""

import sys
from pathlib import Path

from coordinaut_git.clock import RandomIds, SystemClock
from coordinaut_git.coordinator import Coordinator
from coordinaut_git.errors import CoordinautError, Kind
from coordinaut_git.protocol import requests as ask
from coordinaut_git.protocol.model import Actor, Tool
from coordinaut_git.stores.remote import open_remote_store

REFUSED, AWAY = Kind.REFUSED, Kind.CONTENDED
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
        create = ask.CreateTask(title=f"{who} {number}", files=SCOPES[number % len(SCOPES)])
        while (created := told(coordinator, create, actor)) is AWAY:
            pass
        task = created.change.task_id
        while told(coordinator, ask.ClaimTask(task=task), actor) in {REFUSED, AWAY}:
            pass
        while told(coordinator, ask.ReleaseTask(task=task, status="done"), actor) is AWAY:
            pass


def told(coordinator, request, actor):
    """The operation, which is printed; or the kind of the refusal."""
    try:
        operation = coordinator.run(request, actor).operation
    except CoordinautError as error:
        if error.kind not in {REFUSED, AWAY}:
            raise
        print(error.code, flush=True)
        return error.kind
    if operation:
        print("done", operation.id, flush=True)
    return operation


if __name__ == "__main__":
    main(*sys.argv[1:])
