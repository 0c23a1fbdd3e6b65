"""The team of a git store, put together.

Rule 1: what was fetched is gone through, operation by operation, before our line goes on from it.
"""

import os
from contextlib import AbstractContextManager, suppress
from functools import partial
from pathlib import Path

from coordinaut_git.clock import SystemClock, pause
from coordinaut_git.coordinator import Coordinator
from coordinaut_git.plumbing.queue import Turn, WriterQueue
from coordinaut_git.plumbing.settings import boolean
from coordinaut_git.plumbing.signing import write_signed
from coordinaut_git.stores.git.store import GitStore
from coordinaut_git.sync.checking import Progress, check_fetched
from coordinaut_git.sync.crowd import Crowd
from coordinaut_git.sync.heard import file_for
from coordinaut_git.sync.loop import Team
from coordinaut_git.sync.remote import GitRemote


def open_team(store: GitStore, coordinator: Coordinator, remote: str, progress: Progress) -> Team:
    """The side of this clone, with the remote of that name; raises invalid `bad_remote`.

    `progress` is told how far a long line that was fetched is gone through.
    """
    queue = WriterQueue(store.place.own_dir / "sync")
    if boolean("coordinaut.sign", store.settings.values.get("sign", "false")):
        store.sign = partial(write_signed, at=store.place.work_tree or store.place.git_dir)

    clock = SystemClock()

    def now_s() -> float:
        return clock.now() / 1000

    def alone(wait_s: float) -> AbstractContextManager[Turn]:
        return queue.turn(wait_s)

    return Team(
        store,
        coordinator,
        GitRemote(store, remote),
        check=partial(check_fetched, store, progress=progress),
        alone=alone,
        on_its_way=Note(store.place.own_dir / "pushing"),
        crowd=Crowd(Until(file_for(store.place.own_dir / "crowd", remote)), now=now_s, pause=pause),
    )


class Note:
    """A note in a file; see `loop.OnItsWay`. One that cannot be written is done without."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def get(self) -> str | None:
        """What is noted."""
        try:
            return self._path.read_text("ascii").removesuffix("\n")
        except OSError:
            return None

    def put(self, expected: str | None) -> None:
        """Note it whole or not at all: what reads it may be another process."""
        with suppress(OSError):
            if expected is None:
                return self._path.unlink(missing_ok=True)
            self._path.parent.mkdir(parents=True, exist_ok=True)
            new = self._path.with_name(f"{self._path.name}.{os.getpid()}")
            new.write_text(expected + "\n", "ascii")
            new.replace(self._path)
        return None


class Until:
    """A time, kept as the age of an empty file; see `crowd.Room`. One that cannot be kept is done without."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def get(self) -> float | None:
        """The time that was kept."""
        try:
            return self._path.stat().st_mtime
        except OSError:
            return None

    def put(self, until_s: float) -> None:
        """Keep it; a file system that counts whole seconds keeps it to the second."""
        with suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._path.touch()
            os.utime(self._path, (until_s, until_s))
