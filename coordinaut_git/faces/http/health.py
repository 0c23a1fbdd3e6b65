"""How the server is: the truth, looked up at most once a second.

Rule 1: `ok` means that a line could be read and written now.
"""

import time
from typing import Any

from anyio import Lock, fail_after

from coordinaut_git import __version__
from coordinaut_git.documents import FORMAT
from coordinaut_git.errors import CoordinautError
from coordinaut_git.faces.http.logs import Log
from coordinaut_git.faces.http.projects import Projects

KEPT_S = 1.0
LIMIT_S = 5.0


class Health:
    """What was found, and when."""

    def __init__(self, projects: Projects, log: Log) -> None:
        self._projects, self._log = projects, log
        self._began_s = time.monotonic()
        self._looked_s: float | None = None
        self._reason: str | None = None
        self._lock = Lock()

    async def report(self) -> dict[str, Any]:
        """`{"ok", "version", "format", "storage", "uptimeSeconds"}`, and a `reason` where it is not well."""
        async with self._lock:
            if self._looked_s is None or time.monotonic() - self._looked_s > KEPT_S:
                self._reason = await self._trouble()
                self._looked_s = time.monotonic()
        return {
            "ok": self._reason is None,
            "version": __version__,
            "format": FORMAT,
            "storage": self._projects.shelf.storage,
            "uptimeSeconds": int(time.monotonic() - self._began_s),
            **({"reason": self._reason} if self._reason else {}),
        }

    async def _trouble(self) -> str | None:
        if self._projects.news.ended:
            return "the server is stopping"
        try:
            with fail_after(LIMIT_S):
                await self._projects.thread(self._projects.shelf.check, abandon=True)
        except CoordinautError as error:
            self._log.trouble(error)
            return error.code  # its words may hold paths
        except TimeoutError:
            return f"the store does not answer within {LIMIT_S:g} s"
        return None
