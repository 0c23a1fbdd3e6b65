"""A nursery of writers: a process that has imported the coordinator and forks a writer for every line it reads.

A line is JSON: `folder` to work in, `name` of the writer, `said` (a file it appends to) and `stop` (a file that ends it).
The answer is the writer's process id; whoever asked may kill it at any moment.

A writer creates tasks, claims, renews and releases in a loop through the very coordinator the command line uses. When
an operation is acknowledged, and only then, it appends its id to `said`, in one write. An error is appended as `!…`.
"""

import json
import os
import signal
import sys
from pathlib import Path

from coordinaut_git.errors import CoordinautError
from coordinaut_git.protocol import requests as ask
from coordinaut_git.protocol.model import Actor
from coordinaut_git.workspace import open_workspace


def _write(folder, name, said, stop):
    out = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def say(line):
        os.write(out, f"{line}\n".encode())

    workspace = open_workspace(Path(folder), {})
    actor = Actor(instance=name)

    def ask_for(request):
        done = workspace.run(request, actor)
        say(done.operation.id)
        return done

    try:
        while not Path(stop).exists():
            created = ask_for(ask.CreateTask(title=f"by {name}", files=(f"{name}/**",)))
            task = created.operation.change.task_id
            ask_for(ask.ClaimTask(task=task, ttl="1h"))
            ask_for(ask.UpdateTask(task=task, next="on it"))
            ask_for(ask.ReleaseTask(task=task))
    except CoordinautError as error:
        say(f"!{error.code}: {error.message}")
    except BaseException as error:
        say(f"!{type(error).__name__}: {error}")
        raise


def serve():
    """Fork a writer for every line, until there are no more."""
    print("ready", flush=True)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the writers
    for line in sys.stdin:
        asked = json.loads(line)
        child = os.fork()
        if child == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            try:
                _write(**asked)
            finally:
                os._exit(0)
        print(child, flush=True)
