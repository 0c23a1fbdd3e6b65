"""Clones of one bare repository, for tests of teams from outside."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

from commands import Answer

STATE = "refs/coordinaut/state"


@dataclass(frozen=True)
class Clone:
    """One clone of the team's; `instance` acts in it."""

    root: Path
    cli: object
    git: object
    instance: str

    def __call__(self, *words, **environ) -> Answer:
        return self.cli(self.root, *words, environ={"COORDINAUT_INSTANCE": self.instance, **environ})

    def json(self, *words):
        return self(*words, "--json").result

    def error(self, *words):
        """Exit code, and code and message of the failure."""
        answer = self(*words, "--json")
        return answer.code, answer.error["code"], answer.error["message"]

    def create(self, *files, title="A task"):
        return self.json("create", "--title", title, "--files", ",".join(files))["displayId"]

    def claim(self, task, *words):
        return self.json("claim", "--task", task, *words)["lease"]

    def head(self, ref=STATE):
        return self.git(self.root, "rev-parse", ref)

    def run_git(self, *words):
        """Git, whatever comes of it."""
        return subprocess.run(["git", "-C", self.root, *words], capture_output=True, encoding="utf-8", timeout=120)

    def inbox(self):
        return [one["text"] for one in self.json("inbox")["messages"]]


class Remote:
    """The bare repository that they share; it can be away."""

    def __init__(self, root, git):
        self.root, self._git = root, git

    def git(self, *words):
        return self._git(self.root, *words)

    def line(self):
        """What the line of the team has come to; None where there is none."""
        file = self.root / STATE
        return file.read_text().strip() if file.exists() else None

    def go(self):
        self.root.rename(self.root.with_suffix(".away"))

    def come_back(self):
        self.root.with_suffix(".away").rename(self.root)
