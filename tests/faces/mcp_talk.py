"""An MCP client in tests: the SDK's own, talking to the real program over its standard streams."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import warm
from mcp import Client
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp_types import CallToolResult

ERAS = ("legacy", "auto")
"""The handshake of the protocol up to 2025-11-25, and what the client prefers, which is 2026-07-28."""

ERROR = "coordinaut/error"
LIMIT_S = 600


PROGRAM = (sys.executable, "-m", "coordinaut_git.faces.mcp.program")
"""The program from its very start, which is slow; other people's clients talk to it, and one conversation here."""


def server(root: Path, *, whole: bool = False, **environ: str) -> StdioServerParameters:
    command = PROGRAM if whole else warm.command(warm.TOOLS)
    return StdioServerParameters(
        command=command[0],
        args=list(command[1:]),
        cwd=root,
        env={**os.environ, **environ},
    )


def talk(
    root: Path,
    script: Callable[[Client], Awaitable[Any]],
    mode: str = "auto",
    client: dict[str, Any] | None = None,
    *,
    whole: bool = False,
    **environ: str,
) -> Any:
    """Run a conversation with a server that was started in `root`; `client` are options of the client."""

    async def run() -> Any:
        speaking = Client(stdio_client(server(root, whole=whole, **environ)), mode=mode, **(client or {}))
        async with asyncio.timeout(LIMIT_S), speaking as opened:
            return await script(opened)

    return asyncio.run(run())


def call(
    place: Path, name: str, mode: str = "auto", /, *, environ: dict[str, str] | None = None, **arguments: Any
) -> Any:
    """One call in a conversation of its own."""
    return talk(place, lambda client: client.call_tool(name, arguments), mode, **(environ or {}))


def text(result: CallToolResult) -> str:
    (block,) = result.content
    return block.text


def code(result: CallToolResult) -> str:
    """The error code of a failed call: in the line that the model sees, and in the error object."""
    assert result.is_error, text(result)
    assert "\n" not in text(result)
    error = result.meta[ERROR]
    assert set(error) == {"kind", "code", "message", "hint", "details"}
    assert text(result).startswith(f"{error['code']}: ")
    return error["code"]


async def done(client: Client, name: str, **arguments: Any) -> Any:
    """The structured result of a call that must succeed."""
    result = await client.call_tool(name, arguments)
    assert not result.is_error, text(result)
    return result.structured_content


@contextmanager
def serving(project: Path, host: str = "127.0.0.1", **environ: str) -> Iterator[str]:
    """The address of a server over HTTP that is running."""
    server = subprocess.Popen(
        [*warm.command(warm.TOOLS), "--http", f"{host}:0"],
        cwd=project,
        env={**os.environ, **environ},
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        line = server.stderr.readline()
        assert "listens on http://" in line, line + server.stderr.read()
        yield line.split()[-1]
    finally:
        server.terminate()
        server.wait(300)
        server.stderr.close()
