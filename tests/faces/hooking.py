"""Commits with the hooks in place, as a user or an agent makes them."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

FOREIGN = b'#!/bin/sh\necho "foreign ${0##*/} $*" >&2\n# \xff no newline at the end'


@dataclass(frozen=True, slots=True)
class Ran:
    """What git, with its hooks, printed on standard error, and its exit code."""

    code: int
    err: str


def run(folder, *words, environ=None, stdin=subprocess.DEVNULL) -> Ran:
    """Run git in a folder; variables that are None are taken away."""
    merged = {name: value for name, value in {**os.environ, **(environ or {})}.items() if value is not None}
    done = subprocess.run(
        ["git", *map(os.fspath, words)], cwd=folder, env=merged, capture_output=True, stdin=stdin, timeout=600
    )
    return Ran(done.returncode, done.stderr.decode("utf-8", "surrogateescape"))


def commit(folder, *words, **options) -> Ran:
    return run(folder, "commit", "--quiet", *words, **options)


def write(folder: Path, *names, text="x\n"):
    """Change files and stage them; names may be bytes."""
    for name in names:
        file = folder / os.fsdecode(name)
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("a") as out:
            out.write(text)
        subprocess.run(["git", "-C", folder, "add", "--", os.fsencode(name)], check=True)


def trailers(folder, rev="HEAD") -> list[str]:
    """Our trailers of a commit, as git reads them."""
    form = "--format=%(trailers:only,unfold)"
    out = subprocess.run(["git", "-C", folder, "log", "-1", form, rev], capture_output=True, text=True, check=True)
    return [line for line in out.stdout.splitlines() if line.startswith("Agent")]


def message(folder, rev="HEAD") -> str:
    out = subprocess.run(["git", "-C", folder, "log", "-1", "--format=%B", rev], capture_output=True, text=True)
    return out.stdout.rstrip("\n")


def signed(task, *more, agent="ann", instance="agent_1", thread="t-9"):
    """The trailers of an agent with one task, or several."""
    tasks = [f"Agent-Task: {one}" for one in (task, *more)]
    return [f"Agent: {agent}", f"Agent-Instance: {instance}", f"Agent-Thread: {thread}", *tasks]


def calls(folder, *words, environ=None) -> list[str]:
    """The hooks that called home while git ran: an interpreter in between writes them down."""
    python = folder / ".git/coordinaut/hooks/python"
    before = python.read_text()
    real, package = before.splitlines()
    log, spy = folder.parent / "calls", folder.parent / "spy"
    log.write_text("")
    spy.write_text(f"#!/bin/sh\necho \"$5\" >>'{log}'\nexec '{real}' \"$@\"\n")
    spy.chmod(0o755)
    python.write_text(f"{spy}\n{package}\n")
    ran = run(folder, *words, environ=environ)
    python.write_text(before)
    assert ran.code == 0, ran
    return log.read_text().split()


def foreign(project, name, text=FOREIGN, mode=0o755):
    hook = project / ".git/hooks" / name
    hook.parent.mkdir(exist_ok=True)
    hook.write_bytes(text)
    hook.chmod(mode)
    return hook
