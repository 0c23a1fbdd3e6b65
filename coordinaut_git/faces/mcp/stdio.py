"""The server on standard input and output, for the one client that started it."""

import signal
from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

import anyio
from mcp.server.stdio import stdio_server

from coordinaut_git.faces.mcp.server import build
from coordinaut_git.faces.mcp.wires import Incoming, Outgoing, claimed

if TYPE_CHECKING:
    File = anyio.AsyncFile[str]


def serve(environ: Mapping[str, str]) -> None:
    """Serve until the client closes its end; a signal ends it at once, which no write minds."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    anyio.run(_serve, environ)


async def _serve(environ: Mapping[str, str]) -> None:
    server = build(environ)
    incoming, outgoing = Incoming(claimed(0)), Outgoing(claimed(1))
    # lines that are iterated, `write` and `flush` are all that the SDK asks of a file
    async with stdio_server(cast("File", incoming), cast("File", outgoing)) as (messages, answers):
        await server.run(messages, answers, server.create_initialization_options())
