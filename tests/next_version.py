"""The next version of coordinaut as far as formats go, as a program: `next_version.py WORDS…`.

It writes format 2: numbers lie elsewhere among the documents, and one operation has another word. With `DIES_AT` set,
as in `before:swap_ref` or `after:write`, it is killed by itself at that step of the store.
"""

import os
import signal
import sys

from coordinaut_git import documents

documents.FORMAT = 2

from coordinaut_git.protocol import paths  # noqa: E402 - what follows is to meet the new format

paths.numbers_path = lambda day: f"counters/{day}.json"

from coordinaut_git.protocol import ops, upcast  # noqa: E402

ops.VOCABULARY["lease_released"] = ops.VOCABULARY.pop("task_released")
ops.WORDS[ops.TaskReleased] = "lease_released"
upcast.STEPS = {1: lambda value: {**value, "op": value["op"].replace("task_released", "lease_released")}}

from coordinaut_git.faces.cli.main import main  # noqa: E402
from coordinaut_git.plumbing.pygit2_engine import Pygit2Engine  # noqa: E402
from coordinaut_git.stores.git.packs import Packs  # noqa: E402


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def dying(owner: type, name: str, when: str) -> None:
    whole = getattr(owner, name)

    def step(*given, **named):
        if when == "before":
            die()
        answer = whole(*given, **named)
        die()
        return answer

    setattr(owner, name, step)


def run() -> None:
    """Run the command line, as far as it lives."""
    if point := os.environ.get("DIES_AT"):
        when, _, step = point.partition(":")
        dying(Packs if step == "pack" else Pygit2Engine, "write" if step == "pack" else step, when)
    main(sys.argv[1:])
