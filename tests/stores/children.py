"""Real processes for tests: Python children that can import the project, and are never left behind."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import warm

import coordinaut_git

PROJECT = Path(coordinaut_git.__file__).resolve().parent.parent
HERE = Path(__file__).resolve().parent


def start(script, *arguments, command=(), **options):
    """Start `script` (text of a program) with pipes to and from it; `command` goes in front, for strace."""
    if not command and not options:
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        return warm.Started(warm.COMMANDS, *map(str, arguments), text=script, **pipes)
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(PROJECT), str(HERE), str(HERE.parent)])}
    return subprocess.Popen(
        [*command, sys.executable, "-c", script, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
        **options,
    )


@contextmanager
def child(script, *arguments, **options) -> Iterator[subprocess.Popen | warm.Started]:
    """`start`, and an end by SIGKILL if it is still there afterwards."""
    process = start(script, *arguments, **options)
    try:
        yield process
    finally:
        stop(process)


def stop(process):
    """End the process if it runs, and close its pipes."""
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe is not None:
            with suppress(OSError):
                pipe.close()


def say(process, line=""):
    """Give the process one line."""
    process.stdin.write(line + "\n")
    process.stdin.flush()
