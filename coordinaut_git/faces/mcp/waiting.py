"""Calls that wait, without holding up the others of the same repository.

Rule 1: between two looks nothing is held: a call that is cancelled while it waits has done nothing.
Rule 2: whoever waits says so every few seconds, so that a client which listens does not give up.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, TypeVar

import anyio

from coordinaut_git.errors import CoordinautError
from coordinaut_git.faces.mcp.warm import POLL_S, looked_up
from coordinaut_git.operations.leases import ASK_AGAIN_S, WORTH_WAITING
from coordinaut_git.operations.waiting import look, patience_s
from coordinaut_git.protocol.requests import ClaimTask, Request, WaitForChange
from coordinaut_git.protocol.values import duration_ms
from coordinaut_git.workspace import Workspace

Json = dict[str, Any]
T = TypeVar("T")
Work = Callable[[Workspace], T]
Run = Callable[[Callable[[Workspace], Any]], Awaitable[Any]]
Progress = Callable[[float, float, str], Awaitable[None]]
Handler = Callable[[Workspace, Request], Json]


def waits(request: Request) -> bool:
    """Whether this call may wait."""
    return isinstance(request, WaitForChange) or (isinstance(request, ClaimTask) and bool(request.wait))


async def waited(request: Request, carry_out: Callable[[Request], Work[T]], run: Run, progress: Progress) -> T:
    """What comes of a call that waits; `carry_out` makes the work of one attempt."""
    if isinstance(request, ClaimTask):
        return await _claimed(request, carry_out, run, progress)
    assert isinstance(request, WaitForChange)
    answer: T = await _changed(request, run, progress)
    return answer


async def _claimed(request: ClaimTask, carry_out: Callable[[Request], Work[T]], run: Run, progress: Progress) -> T:
    patience = Patience(duration_ms(request.wait or "0s") / 1000, progress)
    attempt = carry_out(replace(request, wait=None))
    while True:
        head = (await run(looked_up))[0]
        try:
            answer: T = await run(attempt)
        except CoordinautError as error:
            if error.code not in WORTH_WAITING or patience.is_over:
                raise
            await patience.until_moved(run, head, error.message)
        else:
            return answer


async def _changed(request: WaitForChange, run: Run, progress: Progress) -> Any:
    patience = Patience(patience_s(request), progress)
    start = head = await run(lambda workspace: workspace.coordinator.head())  # raises where there is no line
    while True:
        seen, notices = await run(lambda workspace: (look(workspace, request, start), workspace.notices))
        if seen["changed"] or patience.is_over:
            return seen, notices
        await patience.until_moved(run, head, "waiting for a change")
        head = (await run(looked_up))[0]


class Patience:
    """How long somebody waits still, and that he does."""

    def __init__(self, wait_s: float, progress: Progress) -> None:
        self._start_s, self._wait_s, self._progress = anyio.current_time(), wait_s, progress

    @property
    def _waited_s(self) -> float:
        return anyio.current_time() - self._start_s

    @property
    def is_over(self) -> bool:
        """Whether the time is up."""
        return self._waited_s >= self._wait_s

    async def until_moved(self, run: Run, head: object, why: str) -> None:
        """Wait until the line moves on, it is time to look again, or the time is up."""
        await self._progress(self._waited_s, self._wait_s, why)
        again_s = self._waited_s + ASK_AGAIN_S
        pause_s = POLL_S
        while not self.is_over and self._waited_s < again_s:
            await anyio.sleep(min(pause_s, max(0.0, self._wait_s - self._waited_s)))
            now, pause_s = await run(looked_up)
            if now != head:
                return
