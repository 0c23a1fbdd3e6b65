"""What the arguments of prompts and of resources can be completed to: tasks and agent instances."""

from collections.abc import Callable
from typing import Any

from mcp.server import ServerRequestContext
from mcp_types import CompleteRequestParams, CompleteResult, Completion

from coordinaut_git.errors import CoordinautError
from coordinaut_git.faces.mcp.answers import encodable
from coordinaut_git.faces.mcp.warm import Kept
from coordinaut_git.operations import people, tasks
from coordinaut_git.protocol.requests import ListTasks, ShowPresence
from coordinaut_git.workspace import Workspace

Context = ServerRequestContext[Any, Any]

MOST = 100
"""As many as the protocol lets a list have."""


class Completions:
    """The completions of one repository, which `here` gives."""

    def __init__(self, here: Callable[[], Kept]) -> None:
        self._here = here

    async def complete(self, ctx: Context, params: CompleteRequestParams) -> CompleteResult:
        """The values that begin as what is typed; none where there is nothing to read."""
        del ctx
        offers = {"task": _tasks, "id": _tasks, "instance": _instances}.get(params.argument.name)
        try:
            known = await self._here().run(offers) if offers else []
        except CoordinautError:
            known = []
        begun = params.argument.value.casefold()
        fitting = [encodable(value) for value in known if value.casefold().startswith(begun)]
        shown = Completion(values=fitting[:MOST], total=len(fitting), has_more=len(fitting) > MOST)
        return CompleteResult(completion=shown)


def _tasks(workspace: Workspace) -> list[str]:
    return [task["displayId"] for task in tasks.listed(workspace, ListTasks(limit=10 * MOST))["tasks"]]


def _instances(workspace: Workspace) -> list[str]:
    return [one["id"] for one in people.presence(workspace, ShowPresence())["instances"]]
