"""The server on standard input and output, for the one client that started it."""

import signal
from collections.abc import Mapping

import anyio
from mcp.server.stdio import stdio_server

from coordinaut_git.faces.mcp.server import build


def serve(environ: Mapping[str, str]) -> None:
    """Serve until the client closes its end; a signal ends it at once, which no write minds."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    anyio.run(_serve, environ)


async def _serve(environ: Mapping[str, str]) -> None:
    server = build(environ)
    async with stdio_server() as (incoming, outgoing):
        await server.run(incoming, outgoing, server.create_initialization_options())
