"""Whole commands against the imports that they cannot do without: time and memory."""

import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.measure import COMMAND, ME, Row, command_seconds, create_tasks, environment, opened, repository

IMPORTS = (sys.executable, "-c", "import click, pygit2, pydantic")
BARE = (sys.executable, "-c", "pass")


def start_up(folder: Path, *, quick: bool) -> Iterator[Row]:
    """`claim` against the imports, `--version` against a bare interpreter, and the memory of both."""
    path = repository(folder, "commands", flush=True)
    (task,) = create_tasks(opened(path), 1)
    claim = (COMMAND, "-C", str(path), "claim", "--task", task, "--agent-instance", ME.instance or "")
    version = (COMMAND, "--version")
    runs = 7 if quick else 25
    imports_s, claim_s, bare_s, version_s = command_seconds(IMPORTS, claim, BARE, version, runs=runs)
    yield Row(
        name="coordinaut claim to the bare imports",
        figure=claim_s / imports_s,
        bound="<= 1.6",
        detail=f"{claim_s * 1000:.0f} ms against {imports_s * 1000:.0f} ms",
    )
    yield Row(
        name="coordinaut --version to a bare start",
        figure=version_s / bare_s,
        bound="<= 2",
        detail=f"{version_s * 1000:.0f} ms against {bare_s * 1000:.0f} ms",
    )
    claim_kib, imports_kib = _peak_kib(claim), _peak_kib(IMPORTS)
    yield Row(
        name="memory of coordinaut claim to the imports'",
        figure=claim_kib / imports_kib,
        bound="<= 1.5",
        detail=f"{claim_kib / 1024:.0f} MiB against {imports_kib / 1024:.0f} MiB",
    )


def _peak_kib(command: Sequence[str]) -> int:
    """The largest resident set of a command, as wait4(2) tells it."""
    null = os.open(os.devnull, os.O_WRONLY)
    pid = os.posix_spawn(command[0], command, environment(), file_actions=[(os.POSIX_SPAWN_DUP2, null, 1)])
    os.close(null)
    _, status, usage = os.wait4(pid, 0)
    assert os.waitstatus_to_exitcode(status) == 0, command
    return usage.ru_maxrss
