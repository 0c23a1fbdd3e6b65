"""A repository in which agents hold files and commit, at instants that are set by hand."""

import os
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from world import World, actor

from coordinaut_git.errors import CoordinautError
from coordinaut_git.operations.verify_range import verify_commit_range
from coordinaut_git.protocol.model import Answer
from coordinaut_git.protocol.requests import RequestHandoff, RespondHandoff, VerifyCommitRange
from coordinaut_git.protocol.values import Instant
from coordinaut_git.workspace import open_workspace


def at(instant: Instant, later_ms: int = 0) -> str:
    """An instant as git takes it: whole seconds."""
    return f"@{(instant + later_ms) // 1000} +0000"


def trailers(who: str, *tasks) -> str:
    """The last paragraph of a message, as the hooks write it."""
    lines = [f"Agent: {who}", f"Agent-Instance: {who}-1", *(f"Agent-Task: {shown(task)}" for task in tasks)]
    return "\n".join(lines) + "\n"


def shown(task) -> str:
    """The display id of a task, of the answer of a claim, or as it is."""
    if isinstance(task, str):
        return task
    return task.get("task", task)["displayId"]


@dataclass
class Scene:
    """The repository and its line; `world` is who claims what, on the same store and clock."""

    root: Path
    world: World
    base: str = field(default="")

    def git(self, *words, **environ) -> str:
        done = subprocess.run(["git", "-C", self.root, *words], capture_output=True, env=os.environ | environ)
        assert done.returncode == 0, done.stderr.decode()
        return os.fsdecode(done.stdout).removesuffix("\n")

    def write(self, *paths: str) -> None:
        for path in paths:
            file = self.root / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(f"{len(file.read_text()) if file.exists() else 0} {path!a}\n")

    def commit(self, *paths: str, message: str = "", later_ms: int = 0, authored: Instant | None = None) -> str:
        """Write to the paths and commit everything, now by the world's clock; gives the id."""
        self.write(*paths)
        self.git("add", "--all")
        now = self.world.clock.at
        dates = {"GIT_COMMITTER_DATE": at(now, later_ms), "GIT_AUTHOR_DATE": at(authored or now, later_ms)}
        words = ("commit", "-q", "--allow-empty", "--cleanup=verbatim", "-m", f"work\n\n{message}")
        self.git(*words, **dates)
        return self.git("rev-parse", "HEAD")

    def work(self, who: str, task, *paths: str, **when) -> str:
        """A commit of an agent for a task."""
        return self.commit(*paths, message=trailers(who, task), **when)

    def hand_over(self, owner: str, to: str, task, *files: str) -> None:
        """The owner is asked for files for somebody's task, and hands them over at once."""
        task_id = task["task"]["id"]
        asked = self.world.coordinator.run(RequestHandoff(task=task_id, files=files, reason="need it"), actor(to))
        answer = RespondHandoff(id=asked.operation.change.handoff_id, status=Answer.HANDOFF_NOW)
        self.world.coordinator.run(answer, actor(owner))

    def verify(self, span: str = "", **how):
        """The result of the check, or the error."""
        workspace = open_workspace(self.root, {})
        try:
            return verify_commit_range(workspace, VerifyCommitRange(range=span or f"{self.base}..HEAD", **how))
        except CoordinautError as error:
            return error
        finally:
            workspace.close()

    def reasons(self, span: str = "", **how) -> list[tuple[str | None, str]]:
        """The paths that do not pass, and why; an empty list if all is well."""
        answer = self.verify(span, **how)
        if isinstance(answer, CoordinautError):
            assert (answer.code, answer.exit_code) == ("unverified", 1), answer.message
            answer = answer.details
        return [(violation["path"], violation["reason"]) for violation in answer["violations"]]
