"""Prompts: how to begin and how to end, for a person to start with one word."""

from collections.abc import Callable
from typing import Any

from mcp.server import ServerRequestContext
from mcp.shared.exceptions import MCPError
from mcp_types import (
    INVALID_PARAMS,
    GetPromptRequestParams,
    GetPromptResult,
    ListPromptsResult,
    PaginatedRequestParams,
    Prompt,
    PromptArgument,
    PromptMessage,
    TextContent,
)

from coordinaut_git.errors import CoordinautError
from coordinaut_git.faces.mcp.answers import failure, success
from coordinaut_git.faces.mcp.warm import Kept
from coordinaut_git.operations.table import BY_NAME
from coordinaut_git.protocol.requests import ShowStatus
from coordinaut_git.protocol.values import one_line
from coordinaut_git.workspace import Workspace

Context = ServerRequestContext[Any, Any]

START, WRAP_UP = "start-work", "wrap-up"
PROMPTS = (
    Prompt(
        name=START,
        title="Start work",
        description="See what there is, claim a task with its files, and begin.",
        arguments=[PromptArgument(name="task", description="The task to take; the most urgent free one if left out.")],
    ),
    Prompt(
        name=WRAP_UP, title="Wrap up", description="Verify, hand over or release, and leave word for those who follow."
    ),
)
_START = """\
Work on {task} in this repository, which other agents work in too.

1. Call claim_task with {claim}, and with the files you will edit if the task names too many or too few.
2. Refused? Follow the hint: other files, request_handoff, or wait_for_change. Do not edit what somebody else holds.
3. Edit only files that you hold. heartbeat every ten minutes; update_task when the status or the next step changes.
4. Look into list_inbox between steps, and answer requests for your files with respond_handoff.
5. Before each commit: verify_worktree.

How things stand now:

{status}"""
_WRAP_UP = """\
Finish your work in this repository in good order.

1. verify_worktree: every changed file must be covered by your claims. Put right what it names.
2. list_handoffs and list_inbox: answer what waits for you.
3. update_task with the checks you ran, what comes next, and what is in the way.
4. release_task with status done, or without a status if somebody is to go on with it, and a reason that helps them.

How things stand now:

{status}"""


class Prompts:
    """The prompts of one repository, which `here` gives."""

    def __init__(self, here: Callable[[], Kept]) -> None:
        self._here = here

    async def list(self, ctx: Context, params: PaginatedRequestParams | None) -> ListPromptsResult:
        """All of them."""
        del ctx, params
        return ListPromptsResult(prompts=list(PROMPTS))

    async def get(self, ctx: Context, params: GetPromptRequestParams) -> GetPromptResult:
        """One of them, with how things stand; an unknown name is an error of the protocol."""
        del ctx
        found = next((prompt for prompt in PROMPTS if prompt.name == params.name), None)
        if found is None:
            raise MCPError(INVALID_PARAMS, f"There is no prompt {one_line(params.name)}.")
        task = one_line((params.arguments or {}).get("task") or "")
        text = (_START if params.name == START else _WRAP_UP).format(
            task=f"task {task}" if task else "the most urgent free task",
            claim=f'task="{task}"' if task else "next=true",
            status=await self._status(),
        )
        message = PromptMessage(role="user", content=TextContent(type="text", text=text))
        return GetPromptResult(description=found.description, messages=[message])

    async def _status(self) -> str:
        status = BY_NAME["status"]

        def look(workspace: Workspace) -> str:
            return _text(success(status, status.handler(workspace, ShowStatus()), []))

        try:
            return await self._here().run(look)
        except CoordinautError as error:
            return _text(failure(error, status))


def _text(answer: Any) -> str:
    return str(answer.content[0].text)
