"""Finding commits: those whose messages name a task, and those that touched a path.

Rule 1: looked for from every branch, tag and work tree, but never on the line of coordination, wherever it is kept.
Rule 2: what is looked for is data: a pattern of plain text, a literal path, never an option or a revision.
"""

from collections.abc import Iterable
from pathlib import Path

from coordinaut_git.errors import environment
from coordinaut_git.plumbing.run import git_reading

DAY_S = 86_400


def naming(words: Iterable[str], since_s: int, ref: str, at: Path, *, most: int) -> list[str]:
    """The ids of the newest `most` commits with one of the words in their messages, newest first.

    Only those made after `since_s`, seconds since the epoch, or up to a day before: clocks differ. `ref` is where
    the line of coordination is kept. Raises `git_failed`, or what `git_reading` raises.
    """
    greps = [f"--grep={word}" for word in words]
    since = f"--since=@{max(since_s - DAY_S, 0)}"
    return _listed(f"--max-count={most}", since, "-i", "--fixed-strings", *greps, *_everywhere(ref), "--", at=at)


def touching(path: str, ref: str, at: Path, *, most: int) -> list[str]:
    """The ids of the newest `most` commits that changed a path, or something in that folder, newest first."""
    return _listed(f"--max-count={most}", *_everywhere(ref), "--", f":(top,literal){path}", at=at)


def _everywhere(ref: str) -> list[str]:
    hidden = ("refs/coordinaut/*", "refs/coordinaut-remote/*", "refs/remotes/*/coordinaut/*", "refs/stash", ref)
    return [*(f"--exclude={name}" for name in hidden), "--all"]


def _listed(*words: str, at: Path) -> list[str]:
    answer = git_reading("-c", "core.useReplaceRefs=false", "rev-list", *words, at=at)
    if not answer.ok:
        raise environment("git_failed", f"git rev-list failed: {answer.complaint}.")
    return answer.out.decode("ascii").split()
