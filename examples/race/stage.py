"""Where the demonstration plays: a throwaway folder with a clone of this project and a work tree for each agent.

Rule 1: a folder is replaced only if it carries our marker; nothing else is ever removed.
Rule 2: the machine's git configuration, and what the environment says about git or agents, does not reach the stage.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

PROJECT = Path(__file__).resolve().parents[2]
MARKER = ".made-by-coordinaut-demo"
FOREIGN = ("GIT_", "COORDINAUT_", "CLAUDE", "CODEX_", "COPILOT_")
NOT_COPIED = (".git", ".venv", ".*_cache", ".hypothesis", "__pycache__", "demo", "dist", "build")


class NotOursError(Exception):
    """The folder for the demonstration holds something else."""


class Stage(NamedTuple):
    """The folder, and what it holds."""

    folder: Path

    @property
    def repository(self) -> Path:
        """The clone, in which a user has work of their own lying about."""
        return self.folder / "repository"

    @property
    def records(self) -> Path:
        """What every agent asked and was answered, a file of JSON lines for each."""
        return self.folder / "records"

    def worktree(self, name: str) -> Path:
        """The work tree of one agent."""
        return self.folder / "worktrees" / name

    def record(self, name: str) -> Path:
        """The file of what one agent asked and was answered."""
        return self.records / f"{name}.jsonl"


def set_up(folder: Path, names: list[str]) -> Stage:
    """Clear the stage and build it; raises NotOursError for a folder that somebody else filled."""
    make_room(folder)
    stage = Stage(folder)
    stage.records.mkdir()
    _clone(stage.repository)
    for name in names:
        git(stage.repository, "worktree", "add", "--quiet", "-b", f"demo/{name}", str(stage.worktree(name)))
    (stage.repository / "idea.txt").write_text("Staged by the user, who is not done with it.\n")
    git(stage.repository, "add", "idea.txt")
    (stage.repository / "idea.txt").write_text("Changed again, and not staged.\n")
    return stage


def make_room(folder: Path) -> None:
    """Make the folder, marked and empty but for the marker; raises NotOursError for one that somebody else filled."""
    marker = folder / MARKER
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise NotOursError(f"{folder} is not a folder.")
    if folder.exists() and any(folder.iterdir()):
        if not marker.is_file():
            raise NotOursError(f"{folder} was not made by this demonstration (it holds no {MARKER}).")
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    marker.write_text("This folder is removed and made again by `make demo`.\n")


def _clone(target: Path) -> None:
    """Clone this project; where it is no repository of ours (an unpacked archive), commit a copy of its files."""
    source = ["git", "clone", "--quiet", "--no-hardlinks", str(PROJECT), str(target)]
    if (PROJECT / ".git").exists() and subprocess.run(
        source, env=world(), capture_output=True, check=False
    ).returncode == 0:
        return
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(PROJECT, target, ignore=shutil.ignore_patterns(*NOT_COPIED))
    git(target, "init", "--quiet", "--initial-branch=main")
    git(target, "add", "--all")
    git(target, "commit", "--quiet", "--message", "The project as it was unpacked")


def git(folder: Path, *words: str) -> str:
    """Run git there; what it printed. Raises CalledProcessError."""
    command = ["git", "-C", str(folder), *words]
    return subprocess.run(command, env=world(), check=True, capture_output=True, encoding="utf-8").stdout


def coordinaut(*words: str) -> list[str]:
    """A command line; `-P` keeps Python from importing the clone in the current folder."""
    return [sys.executable, "-P", "-m", "coordinaut_git", *words]


def world(name: str = "A User") -> dict[str, str]:
    """The environment of everything on the stage; an agent's name is also its instance's and its commits' author's."""
    kept = {key: text for key, text in os.environ.items() if not key.startswith(FOREIGN)}
    people = {f"GIT_{who}_{what}": text for who in ("AUTHOR", "COMMITTER") for what, text in _person(name).items()}
    quiet = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "GIT_OPTIONAL_LOCKS": "0", "GIT_PAGER": "cat"}
    return kept | people | quiet


def as_agent(name: str) -> dict[str, str]:
    """The environment of an agent."""
    return world(name) | {"COORDINAUT_INSTANCE": f"{name}-1"}


def _person(name: str) -> dict[str, str]:
    return {"NAME": name, "EMAIL": f"{name.replace(' ', '.').lower()}@example.invalid"}
