"""Finds the repository and opens it: the first question of every command.

Rule 1: paths decide, the environment does not: a hook runs with GIT_DIR set, also for another repository.
Rule 2: what libgit2 cannot open is said in words a user can act on.
See gitrepository-layout(5) for `commondir` and linked worktrees.
"""

from dataclasses import dataclass
from pathlib import Path

import pygit2
from pygit2 import Repository
from pygit2.enums import RepositoryOpenFlag

from coordinaut_git.errors import CoordinautError, environment
from coordinaut_git.plumbing.libgit2_errors import FAILURES, Cause, cause_of, text_of

__all__ = ["Place", "Repository", "find", "open_repository"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a repository stands; all paths are absolute.

    `git_dir` belongs to one worktree, `common_dir` is shared by all of them and holds objects and refs.
    `work_tree` is None in a bare repository; `worktree` is the name of a linked worktree, else empty.
    """

    git_dir: Path
    common_dir: Path
    work_tree: Path | None
    worktree: str

    @property
    def own_dir(self) -> Path:
        """The folder that is ours, shared by all worktrees; it may not exist yet."""
        return self.common_dir / "coordinaut"


def find(start: Path) -> Place:
    """The repository that `start` lies in, looking upwards as git does.

    Raises `CoordinautError` of kind environment: `not_a_repository`, `unsupported_repository`, `not_owned`
    or `unreadable_repository`.
    """
    try:
        found = pygit2.discover_repository(str(start))
    except FAILURES as error:
        raise _cannot_open(start, error) from error
    if found is None:
        raise _not_a_repository(start)
    git_dir = Path(found)
    repository = _open(git_dir)
    work_tree = repository.workdir
    common_dir = _common_dir(git_dir)
    return Place(
        git_dir=git_dir,
        common_dir=common_dir,
        work_tree=Path(work_tree) if work_tree else None,
        worktree="" if common_dir == git_dir else git_dir.name,
    )


def open_repository(place: Place) -> Repository:
    """Open it; raises as `find` does."""
    return _open(place.git_dir)


def _open(git_dir: Path) -> Repository:
    try:
        return Repository(str(git_dir), RepositoryOpenFlag.NO_SEARCH)
    except FAILURES as error:
        raise _cannot_open(git_dir, error) from error


def _common_dir(git_dir: Path) -> Path:
    try:
        told = (git_dir / "commondir").read_text().rstrip("\n")
    except FileNotFoundError:
        return git_dir
    return (git_dir / told).resolve()


def _not_a_repository(start: Path) -> CoordinautError:
    return environment(
        "not_a_repository",
        f"{start} is not in a git repository.",
        hint="Go into one, name it with -C PATH, or make one with `git init`.",
        path=str(start),
    )


def _cannot_open(path: Path, error: BaseException) -> CoordinautError:
    why = text_of(error).removeprefix(f"{path}: ")
    match cause_of(error):
        case Cause.UNSUPPORTED:
            return environment(
                "unsupported_repository",
                f"{path} is a repository that libgit2 cannot open: {why}.",
                hint="Repositories with SHA-256 objects or the reftable format are not supported yet.",
                path=str(path),
            )
        case Cause.NOT_OWNED:
            return environment(
                "not_owned",
                f"{path} belongs to another user of this machine, and git does not trust it.",
                hint=f"If you trust it: git config --global --add safe.directory {path.parent}",
                path=str(path),
            )
        case _:
            return environment(
                "unreadable_repository",
                f"The repository {path} cannot be opened: {why}.",
                hint="`git status` there should say the same; put that right first.",
                path=str(path),
            )
