"""A commit with the hooks against one without, and the two interpreter starts that checking and signing may cost."""

import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measure import COMMAND, ME, Row, command_seconds, create_tasks, opened, repository, run
from coordinaut_git.protocol import requests as ask

START = (sys.executable, "-c", "import pygit2")
"""The shortest start of a program that can look into a repository."""

SETTINGS = {"coordinaut.instance": ME.instance or "", "user.name": "bench", "user.email": "bench@coordinaut.invalid"}


def commits(folder: Path, *, quick: bool) -> Iterator[Row]:
    """An agent's commit of one file that it holds: checked and signed, with nothing to follow."""
    path = repository(folder, "hooked", flush=True)
    workspace = opened(path)
    (task,) = create_tasks(workspace, 1)
    workspace.coordinator.run(ask.ClaimTask(task=task, ttl="1d"), ME)
    for key, value in SETTINGS.items():
        run(("git", "-C", str(path), "config", key, value))
    run((COMMAND, "-C", str(path), "install-hooks"))
    file = path / "src" / "m0" / "a.py"
    file.parent.mkdir(parents=True)
    file.touch()
    run(("git", "-C", str(path), "add", "--all"))
    change = ("sh", "-c", 'echo x >>"$0" && exec "$@"', str(file))
    commit = ("commit", "--quiet", "--all", "--message", "x")
    hooked = (*change, "git", "-C", str(path), *commit)
    plain = (*change, "git", "-C", str(path), "-c", "core.hooksPath=nowhere", *commit)
    plain_s, hooked_s, start_s = command_seconds(plain, hooked, START, runs=7 if quick else 25)
    yield Row(
        name="what hooks add to a commit, to two starts of Python with libgit2",
        figure=(hooked_s - plain_s) / (2 * start_s),
        bound="<= 1.5",
        detail=f"{hooked_s * 1000:.0f} ms with, {plain_s * 1000:.0f} ms without, {start_s * 1000:.0f} ms a start",
    )
