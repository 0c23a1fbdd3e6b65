"""One conversation with a server on standard streams, through a Python client of another environment.

Usage: python conversation.py mcp1|fastmcp FOLDER PROGRAM [ARGUMENTS…]; prints what came of it as one JSON document, as
conversation.mjs does.
"""

import asyncio
import json
import os
import sys
from contextlib import asynccontextmanager

NAME = "codex-of-the-tests"


@asynccontextmanager
async def through_mcp1(folder, command, args):
    """The official SDK of the first line."""
    from mcp import ClientSession, StdioServerParameters
    from mcp.client.stdio import stdio_client
    from mcp.types import Implementation

    server = StdioServerParameters(command=command, args=args, cwd=folder, env=dict(os.environ))
    async with (
        stdio_client(server) as streams,
        ClientSession(*streams, client_info=Implementation(name=NAME, version="1")) as session,
    ):
        await session.initialize()

        async def tools():
            return (await session.list_tools()).tools

        async def board():
            return (await session.read_resource("coordinaut://board")).contents

        yield session.call_tool, tools, board, session.get_prompt


@asynccontextmanager
async def through_fastmcp(folder, command, args):
    """The client of fastmcp."""
    from fastmcp import Client
    from fastmcp.client.transports import StdioTransport
    from mcp.types import Implementation

    transport = StdioTransport(command=command, args=args, cwd=folder, env=dict(os.environ))
    async with Client(transport, client_info=Implementation(name=NAME, version="1")) as client:

        async def board():
            return await client.read_resource("coordinaut://board")

        yield client.call_tool_mcp, client.list_tools, board, client.get_prompt


def plain(result):
    """A result as it was on the wire."""
    return result.model_dump(mode="json", by_alias=True, exclude_none=True)


async def main(which, folder, command, *args):
    opened = {"mcp1": through_mcp1, "fastmcp": through_fastmcp}[which]
    async with opened(folder, command, list(args)) as (call_tool, list_tools, read_board, get_prompt):

        async def call(name, **given):
            return plain(await call_tool(name, given))

        tools = [tool.name for tool in await list_tools()]
        made = [
            await call("create_task", title=title, files=[file])
            for title, file in (("One", "src/**"), ("Two", "src/a.py"))
        ]
        task, other = (one["structuredContent"]["displayId"] for one in made)
        return {
            "tools": tools,
            "claimed": await call("claim_task", task=task, agentInstance="agent_1"),
            "refused": await call("claim_task", task=other, agentInstance="agent_2"),
            "wrong": await call("claim_task", colour="red"),
            "board": (await read_board())[0].text,
            "prompt": (await get_prompt("start-work", {"task": task})).messages[0].content.text,
        }


print(json.dumps(asyncio.run(main(*sys.argv[1:]))))
