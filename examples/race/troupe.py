"""The agents as processes: started together, listened to, one of them killed.

Rule 1: each agent leads a process group of its own, so that `kill -9` takes what it is running too.
Rule 2: what an agent tells is kept in its record before it is shown.
"""

import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from race.stage import Stage, as_agent

AGENT = Path(__file__).with_name("agent.py")
SILENCE_LIMIT_S = 90

Json = dict[str, Any]


class Part(NamedTuple):
    """An agent's own task, and what is special about the agent."""

    title: str
    files: str
    special: tuple[str, ...] = ()


CAST = {
    "ada": Part("Tidy the renderers", "coordinaut_git/render/**"),
    "ben": Part("Find shorter words", "coordinaut_git/*/words.py"),
    "cleo": Part("Go over the documentation", "docs/**"),
    "dan": Part("Draw the architecture", "docs/architecture.md,README.md", ("--strays-to", "pyproject.toml")),
    "eve": Part("Speed up the tests", "tests/**", ("--term", "6s", "--until-killed")),
}
DOOMED = "eve"
WANTED = Part("Write the changelog", "CHANGELOG.md")
COMMON = (Part("Welcome contributors", "CONTRIBUTING.md"),)


class Troupe:
    """The agents, running."""

    def __init__(self, stage: Stage, wanted: str) -> None:
        self._told: queue.Queue[tuple[str, Json | None]] = queue.Queue()
        self._processes = {name: self._started(stage, name, wanted) for name in CAST}
        self._readers = [
            threading.Thread(target=self._listen, args=(name, stage.record(name)), daemon=True) for name in CAST
        ]
        for reader in self._readers:
            reader.start()

    def _started(self, stage: Stage, name: str, wanted: str) -> "subprocess.Popen[str]":
        part = CAST[name]
        agent = [sys.executable, str(AGENT), "--name", name, "--wanted", wanted]
        return subprocess.Popen(
            [*agent, "--title", part.title, "--files", part.files, *part.special],
            cwd=stage.worktree(name),
            env=as_agent(name),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
            start_new_session=True,
        )

    def _listen(self, name: str, record: Path) -> None:
        """Keep what an agent tells and pass it on; None when it has ended."""
        stream = self._processes[name].stdout
        assert stream
        with record.open("w", encoding="utf-8") as file:
            for line in stream:
                if not line.endswith("\n"):
                    break  # it was killed in the middle of a line
                file.write(line)
                self._told.put((name, json.loads(line)))
        self._told.put((name, None))

    def facts(self) -> Iterator[tuple[str, Json | None]]:
        """What the agents tell, as it comes; raises queue.Empty when all are silent for too long."""
        while True:
            yield self._told.get(timeout=SILENCE_LIMIT_S)

    def fire_the_gun(self) -> None:
        """Let all start at the same time."""
        for process in self._processes.values():
            assert process.stdin
            process.stdin.write("go\n")
            process.stdin.flush()

    def kill(self, name: str) -> None:
        """End an agent and whatever it is running, as a power cut would."""
        os.killpg(self._processes[name].pid, signal.SIGKILL)

    def close(self) -> dict[str, int]:
        """The exit code of each; who still runs is ended."""
        codes = {}
        for name, process in self._processes.items():
            if process.poll() is None:
                self.kill(name)
            codes[name] = process.wait()
        for reader in self._readers:
            reader.join()
        return codes
