"""Finding commits: those whose messages name a task, and those that touched a path.

Rule 1: looked for from every branch, tag and work tree, but never on the line of coordination, wherever it is kept.
Rule 2: what is looked for is data: a pattern of plain text, a literal path, never an option or a revision.
"""

import os
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


def from_root(path: str, start: Path, root: Path) -> str | None:
    """A path as git has it, from the root of the work tree, for one that was typed in the folder `start`.

    Absolute, or relative to `start`; links above what is named are followed, what is named itself need not exist.
    None where it lies outside, or in `.git`; empty for the root itself.
    """
    folder, name = os.path.split(os.path.normpath(start / path))
    whole = os.path.join(os.path.realpath(folder), name)  # noqa: PTH118 - a path may be any bytes
    found = os.path.relpath(whole, os.path.realpath(root))
    if found == os.curdir:
        return ""
    first = found.split(os.sep, 1)[0]
    return None if first in {os.pardir, ".git"} else found
