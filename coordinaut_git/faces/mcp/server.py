"""The server: lists its tools, and carries out calls.

Rule 1: whatever happens in a call, its answer is a result; the protocol's own errors are for broken messages.
"""

import sys
import traceback
from collections.abc import Mapping
from dataclasses import fields, replace
from functools import partial
from typing import Any

from mcp.server import CacheHint, Server, ServerRequestContext
from mcp_types import (
    CallToolRequestParams,
    CallToolResult,
    InputRequiredResult,
    ListToolsResult,
    PaginatedRequestParams,
)

from coordinaut_git import __version__
from coordinaut_git.errors import CoordinautError, not_found
from coordinaut_git.faces.mcp import answers, asking
from coordinaut_git.faces.mcp.changes import Changes
from coordinaut_git.faces.mcp.completions import Completions
from coordinaut_git.faces.mcp.prompts import Prompts
from coordinaut_git.faces.mcp.resources import Library
from coordinaut_git.faces.mcp.roots import Roots
from coordinaut_git.faces.mcp.schemas import read_arguments
from coordinaut_git.faces.mcp.tools import described, offered_tools
from coordinaut_git.faces.mcp.waiting import Work, waited, waits
from coordinaut_git.faces.mcp.warm import Kept, Warm
from coordinaut_git.faces.mcp.words import INSTRUCTIONS
from coordinaut_git.operations.table import Operation
from coordinaut_git.protocol.model import Tool
from coordinaut_git.protocol.requests import Request
from coordinaut_git.workspace import Workspace

Json = dict[str, Any]
Context = ServerRequestContext[Any, Any]
Done = tuple[Json, list[str]]

NAME = "coordinaut"
LASTING = CacheHint(ttl_ms=3_600_000, scope="public")
"""For what is the same as long as the program is."""

PROGRAMS = {
    "claude": Tool.CLAUDE,
    "codex": Tool.CODEX,
    "copilot": Tool.COPILOT,
    "cursor": Tool.CURSOR,
    "gemini": Tool.GEMINI,
    "opencode": Tool.OPENCODE,
}
"""What clients call themselves, and the program that is."""


class Desk:
    """Where calls are answered: the tools of one server, and its repositories."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.tools = offered_tools(environ)
        self.roots = Roots(environ)
        self.warm = Warm(environ, self.roots.check)

    def here(self) -> Kept:
        """The repository that is meant where nothing names one."""
        return self.warm.at(self.roots.start(None))

    async def list(self, ctx: Context, params: PaginatedRequestParams | None) -> ListToolsResult:
        """Every tool, in the order of work."""
        del ctx, params
        return ListToolsResult(tools=[described(operation) for operation in self.tools.values()])

    async def call(self, ctx: Context, params: CallToolRequestParams) -> CallToolResult | InputRequiredResult:
        """Carry out one call."""
        operation = self.tools.get(params.name)
        if operation is None:
            known = ", ".join(self.tools)
            return answers.failure(
                not_found("no_such_tool", f"There is no tool {params.name!r}.", hint=f"Use {known}.")
            )
        try:
            return await self._answered(ctx, operation, params)
        except CoordinautError as error:
            return answers.failure(error, operation)
        except Exception as error:  # noqa: BLE001 - whatever it is, no model is shown more than that it is a bug
            traceback.print_exc(file=sys.stderr)
            return answers.bug(error)

    async def _answered(
        self, ctx: Context, operation: Operation, params: CallToolRequestParams
    ) -> CallToolResult | InputRequiredResult:
        try:
            return await self._carried_out(ctx, operation, asking.answered(params))
        except CoordinautError as error:
            question = await asking.asked(ctx, params, error)
            if question is None:
                raise
        if isinstance(question, InputRequiredResult):
            return question
        return await self._carried_out(ctx, operation, question)

    async def _carried_out(self, ctx: Context, operation: Operation, arguments: Json) -> CallToolResult:
        request, root = read_arguments(operation, arguments)
        start = self.roots.start(root)
        request = _with_program(request, ctx)

        async def run(work: Work[Any]) -> Any:
            return await self.warm.at(start).run(work)

        if waits(request):
            done = await waited(request, partial(self._work, operation), run, ctx.session.report_progress)
        else:
            done = await run(self._work(operation, request))
        return answers.success(operation, *done)

    def _work(self, operation: Operation, request: Request) -> Work[Done]:
        def work(workspace: Workspace) -> Done:
            self.roots.check_files(workspace, request)
            self.roots.check_server(workspace, request)
            return operation.handler(workspace, request), workspace.notices

        return work


def _with_program(request: Request, ctx: Context) -> Request:
    """The request in the name of the program that the client says it is, if it names none itself."""
    if "tool" not in {one.name for one in fields(request)} or getattr(request, "tool", None):
        return request
    client = ctx.session.client_params
    name = client.client_info.name.casefold() if client else ""
    found = next((tool for word, tool in PROGRAMS.items() if word in name), None)
    return replace(request, tool=found) if found else request  # type: ignore[call-arg]  # it has been looked for


def build(environ: Mapping[str, str]) -> Server[Any]:
    """The server, for any transport; raises invalid where the environment asks for what there is not."""
    desk = Desk(environ)
    library, prompts, completions = Library(desk.here), Prompts(desk.here), Completions(desk.here)
    changes = Changes(desk.here)
    return Server(
        NAME,
        version=__version__,
        title="Coordinaut",
        instructions=INSTRUCTIONS,
        cache_hints={"tools/list": LASTING, "prompts/list": LASTING, "resources/templates/list": LASTING},
        on_list_tools=desk.list,
        on_call_tool=desk.call,
        on_list_resources=library.list,
        on_list_resource_templates=library.templates,
        on_read_resource=library.read,
        on_subscribe_resource=changes.subscribe,
        on_unsubscribe_resource=changes.unsubscribe,
        on_subscriptions_listen=changes.listen,
        on_list_prompts=prompts.list,
        on_get_prompt=prompts.get,
        on_completion=completions.complete,
    )
