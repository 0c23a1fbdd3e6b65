"""Tells by a few looks at files that a repository, and git's configuration there, are what they were.

Rule 1: "the same" is said only where it is sure. In any doubt there is no footprint, and everything is read again.
See git-config(1) for the files of the configuration, gitrepository-layout(5) for the others.
"""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pygit2
from pygit2.enums import ConfigLevel

from coordinaut_git.plumbing.repository import Place

SETTLED_MS = 2_000
"""A file that was changed more lately may change once more within one tick of its file system's clock (FAT has 2 s)."""

_OF_LEVEL = (
    (ConfigLevel.SYSTEM, "gitconfig"),
    (ConfigLevel.XDG, "config"),
    (ConfigLevel.GLOBAL, ".gitconfig"),
)
_NOTHING = (0,)

Mark = tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Footprint:
    """What was seen of each name, and the newest change of any, in milliseconds since the epoch."""

    marks: tuple[tuple[str, Mark], ...]
    changed_ms: int

    def stands(self) -> bool:
        """Whether each name is what it was."""
        return all(_mark(name) == mark for name, mark in self.marks)

    def is_settled(self, now_ms: int) -> bool:
        """Whether every later change will show."""
        return self.changed_ms + SETTLED_MS < now_ms


def footprint(start: Path, place: Place) -> Footprint | None:
    """What decides which repository `start` lies in and how it is configured; None where files do not tell it all.

    Included files of the configuration are not among them.
    """
    if place.work_tree is None or not start.is_relative_to(place.work_tree):
        return None
    marks = tuple((name, _mark(name)) for name in dict.fromkeys([*_on_the_way(start, place), *_configuration(place)]))
    return Footprint(marks=marks, changed_ms=max((mark[-1] for _, mark in marks), default=0) // 1_000_000)


def _on_the_way(start: Path, place: Place) -> Iterator[str]:
    """Where git looks for a repository, from `start` upwards, and what it finds there."""
    for folder in (start, *start.parents):
        yield f"{folder}/.git"
        yield f"{folder}/HEAD"  # a bare repository has one
        if folder == place.work_tree:
            break
    yield from (str(place.git_dir), str(place.common_dir))
    yield from (f"{place.git_dir}/{name}" for name in ("HEAD", "commondir", "gitdir"))


def _configuration(place: Place) -> Iterator[str]:
    for level, name in _OF_LEVEL:
        yield from (f"{folder}/{name}" for folder in pygit2.settings.search_path[level].split(os.pathsep) if folder)
    yield from (f"{folder}/{name}" for folder in (place.common_dir, place.git_dir) for name in _LOCAL)


_LOCAL = ("config", "config.worktree")


def _mark(name: str) -> Mark:
    """What tells a file from another or an earlier one; of folders, and of HEAD, only which or that it is."""
    try:
        found = os.stat(name)  # noqa: PTH116 - as short as it can be
    except OSError:
        return _NOTHING
    if name.endswith("/HEAD"):
        return found.st_mode, 0
    if stat.S_ISDIR(found.st_mode):
        return found.st_dev, found.st_ino, found.st_uid, found.st_mode, 0
    changed_ns = max(found.st_mtime_ns, found.st_ctime_ns)
    return found.st_dev, found.st_ino, found.st_uid, found.st_mode, found.st_size, found.st_mtime_ns, changed_ns
