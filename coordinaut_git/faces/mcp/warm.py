"""Workspaces kept open between calls: one for each folder, each with a thread of its own.

Rule 1: what is kept is never believed without a look: another repository or other settings open it anew, and the
        coordinator reads what the head says.
Rule 2: all work on a workspace is done in its thread, one piece after the other; nothing in it waits for long, but for
        a remote that a claim is published to.
"""

import asyncio
import os
from collections import OrderedDict
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from coordinaut_git.storage import REMOTE
from coordinaut_git.workspace import Workspace, open_workspace

T = TypeVar("T")
Check = Callable[[Workspace], None]
"""Raises where a repository is not to be touched."""

MOST_KEPT = 32
POLL_S, REMOTE_POLL_S = 0.25, 2.0


class Kept:
    """One folder's workspace and its thread."""

    def __init__(self, start: Path, environ: Mapping[str, str], check: Check) -> None:
        self._start, self._environ, self._check = start, environ, check
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="coordinaut")
        self._workspace: Workspace | None = None
        self._folder = (0, 0)

    async def run(self, work: Callable[[Workspace], T]) -> T:
        """What `work` gives for the workspace as it is now; raises what opening it or `work` raises."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, lambda: work(self._current()))

    def close(self) -> None:
        """Let go of it after what is being done."""
        self._thread.submit(self._drop)
        self._thread.shutdown(wait=False)

    def _current(self) -> Workspace:
        if self._workspace and (self._workspace.outdated() or _identity(self._workspace) != self._folder):
            self._drop()
        if self._workspace is None:
            storage = self._environ.get("COORDINAUT_STORAGE") or None
            self._workspace = open_workspace(self._start, self._environ, storage=storage)
            self._folder = _identity(self._workspace)
        self._check(self._workspace)
        self._workspace.notices = []
        return self._workspace

    def _drop(self) -> None:
        if self._workspace:
            self._workspace.close()
        self._workspace = None


class Warm:
    """The workspaces of a server."""

    def __init__(self, environ: Mapping[str, str], check: Check) -> None:
        self._environ, self._check = environ, check
        self._kept: OrderedDict[Path, Kept] = OrderedDict()

    def at(self, start: Path) -> Kept:
        """The workspace of a folder; the one that was used longest ago makes room."""
        kept = self._kept.pop(start, None) or Kept(start, self._environ, self._check)
        self._kept[start] = kept
        if len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)[1].close()
        return kept


def looked_up(workspace: Workspace) -> tuple[object, float]:
    """The head, and how long to wait until the next look: one over a network costs more than some system calls.

    What other clones did comes on the way, now and then.
    """
    workspace.look_out()
    return workspace.store.head(), REMOTE_POLL_S if workspace.storage.kind == REMOTE else POLL_S


def _identity(workspace: Workspace) -> tuple[int, int]:
    """Tells a repository from another one that was put in its place."""
    try:
        found = os.stat(workspace.place.common_dir)  # noqa: PTH116 - a stat, as short as it can be
    except OSError:
        return (0, 0)
    return found.st_dev, found.st_ino
