"""Keeps tests away from the repository that holds the project itself.

Rule 1: no test writes below the project's `.git` or `.coordinaut`, and none starts a process inside the project.
Rule 2: a test that tries is stopped at the call, with an error that names what it did.

The guard listens to Python's audit events. It cannot see what libgit2 writes, so the sealed world also moves every
test to an empty folder outside the project, and sets a ceiling above which git does not look for a repository.
"""

import os
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parent.parent

_GIT_PROGRAMS = ("git", "coordinaut")
_WRITE_FLAGS = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


class ATestTouchedTheProjectsOwnRepository(BaseException):
    """Raised in the test that did it; a BaseException, so that no handler of the code under test swallows it."""


def git_folder(project: Path) -> Path:
    """The git directory of a checkout: `.git`, or where a linked worktree's `.git` file points."""
    dot_git = project / ".git"
    if dot_git.is_file():
        return (project / dot_git.read_text().removeprefix("gitdir:").strip()).resolve()
    return dot_git


def common_folder(git_dir: Path) -> Path:
    """The git directory that all worktrees of a clone share."""
    pointer = git_dir / "commondir"
    return (git_dir / pointer.read_text().strip()).resolve() if pointer.is_file() else git_dir


class Guard:
    """The audit hook; `install` puts it in place for the rest of the process."""

    def __init__(self, project: Path = PROJECT) -> None:
        git_dir = git_folder(project)
        self._project = str(project)
        self._closed = tuple({str(git_dir), str(common_folder(git_dir)), str(project / ".coordinaut")})
        self._listening = False
        self._checks: dict[str, Callable[..., None]] = {
            "open": self._on_open,
            "subprocess.Popen": self._on_process,
            "os.rename": lambda source, target, *at: self._on_paths("os.rename", (source, target), at),
            "os.link": lambda source, target, *at: self._on_paths("os.link", (target,), at[1:]),
            "os.symlink": lambda source, target, *at: self._on_paths("os.symlink", (target,), at),
        }
        for event in ("os.mkdir", "os.remove", "os.rmdir", "os.chmod", "os.utime", "os.truncate", "shutil.rmtree"):
            self._checks[event] = lambda path, *rest, event=event: self._on_paths(event, (path,), rest[-1:])

    def install(self) -> None:
        """Start listening in this process; child processes have no guard."""
        self._listening = True
        sys.addaudithook(self)

    def rest(self) -> None:
        """Stop listening: the tests are over, and pytest tidies up."""
        self._listening = False

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Take one audit event; raises when it is a breach."""
        check = self._checks.get(event)
        if check is not None and self._listening:
            check(*arguments)

    def _on_open(self, path: Any, mode: Any, flags: int) -> None:
        if flags & _WRITE_FLAGS:
            self._on_paths("open for writing", (path,), ())

    def _on_paths(self, action: str, paths: Iterable[Any], at: Iterable[Any]) -> None:
        """`at` holds the folder descriptors a relative path may start from; such a path is not known to us."""
        anchored = not any(isinstance(descriptor, int) and descriptor >= 0 for descriptor in at)
        for path in paths:
            known = isinstance(path, str | bytes | os.PathLike) and (anchored or os.path.isabs(path))
            if known and self._is_in(path, self._closed):
                raise ATestTouchedTheProjectsOwnRepository(f"{action}: {os.fsdecode(path)}")

    def _on_process(self, program: Any, arguments: Any, folder: Any, environment: Any) -> None:
        if self._is_in(folder or os.getcwd(), (self._project,)):
            raise ATestTouchedTheProjectsOwnRepository(f"a process started inside the project: {arguments}")
        if os.path.basename(os.fsdecode(program)).startswith(_GIT_PROGRAMS):
            self._on_arguments(arguments)

    def _on_arguments(self, arguments: Iterable[Any]) -> None:
        for argument in arguments:
            value = os.fsdecode(argument).rpartition("=")[2]
            if os.path.isabs(value) and (self._is_in(value, self._closed) or os.path.normpath(value) == self._project):
                raise ATestTouchedTheProjectsOwnRepository(f"the project's own repository was named: {arguments}")

    @staticmethod
    def _is_in(path: Any, folders: Iterable[str]) -> bool:
        full = os.path.normpath(os.path.join(os.getcwd(), os.fsdecode(path)))
        return any(full == folder or full.startswith(folder + os.sep) for folder in folders)
