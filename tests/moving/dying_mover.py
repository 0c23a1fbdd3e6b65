"""A process that forks for every move it is asked for, and lets it die at a step: real kills, without the imports.

A step is the moment before or after anything that a move writes: a store's, git's configuration, a marker, the note.
One JSON line on standard input asks: `root`, `words`, and `dies_at`, the number of a step; 0 lets it live. The answer is
a line: the exit code, then the names of the steps that it went through.
"""

import json
import os
import signal
import sys

from coordinaut_git import storage
from coordinaut_git.faces.cli.main import main
from coordinaut_git.moving import finishing
from coordinaut_git.operations import moving
from coordinaut_git.stores.git.store import GitStore
from coordinaut_git.stores.json.store import JsonStore
from coordinaut_git.stores.sql.store import SqlStore

STORES = (GitStore, JsonStore, SqlStore)
WRITES = ("create", "backup", "extend", "commit")
STEPS = (
    (moving, ("hide", "write_intent", "check_copy")),
    (finishing, ("mark_anew", "unmark", "drop_intent")),
    (storage, ("write_setting",)),
)
at = {"step": 0, "deadly": 0, "pipe": 0}


def step(name: str) -> None:
    at["step"] += 1
    os.write(at["pipe"], f"{name}\n".encode())
    if at["step"] == at["deadly"]:
        os.kill(os.getpid(), signal.SIGKILL)


def watched(owner: object, name: str) -> None:
    whole = getattr(owner, name)

    def around(*given: object, **named: object) -> object:
        step(f"before {name}")
        answer = whole(*given, **named)
        step(f"after {name}")
        return answer

    setattr(owner, name, around)


def move(root: str, words: list[str], dies_at: int, pipe: int) -> None:
    """In a child: the command, and the names of its steps down the pipe."""
    for name in (0, 1, 2):
        os.dup2(os.open(os.devnull, os.O_RDWR), name)
    os.chdir(root)
    at.update(deadly=dies_at, pipe=pipe)
    for store in STORES:
        for write in WRITES:
            watched(store, write)
    for module, names in STEPS:
        for name in names:
            watched(module, name)
    main(words)


def serve() -> None:
    for line in sys.stdin:
        asked = json.loads(line)
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                move(asked["root"], asked["words"], asked["dies_at"], writing)
            finally:
                os._exit(99)
        os.close(writing)
        with os.fdopen(reading, encoding="ascii") as steps:
            names = steps.read().splitlines()
        _, status = os.waitpid(child, 0)
        print(json.dumps([os.waitstatus_to_exitcode(status), names]), flush=True)


if __name__ == "__main__":
    serve()
