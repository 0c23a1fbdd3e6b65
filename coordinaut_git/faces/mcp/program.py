"""The program `coordinaut-mcp`: the server on standard input and output, or over HTTP.

Rule 1: what can be said without the SDK is said without it: importing that takes most of a second.
"""

import os
import signal
import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import NoReturn

from coordinaut_git import __version__
from coordinaut_git.errors import CoordinautError, invalid

HELP = """\
Usage: coordinaut-mcp [--http HOST:PORT]

Serve coordinaut's tools to coding agents by the Model Context Protocol: on standard input and output, or with --http
as streamable HTTP on http://HOST:PORT/mcp.

Options:
  --http HOST:PORT  Listen there; port 0 takes a free one. Other than loopback addresses need COORDINAUT_MCP_TOKEN.
  --version         Show the version.
  -h, --help        Show this.

Environment:
  COORDINAUT_INSTANCE     the agent instance that acts where a call names none
  COORDINAUT_ROOT         the repository that is meant where a call names no root (the working directory)
  COORDINAUT_ROOTS        folders, separated by colons, below which roots must lie
  COORDINAUT_MCP_PROFILE  core: a dozen tools; all (usual): every one
  COORDINAUT_MCP_TOKEN    what clients of --http must send as a Bearer token
"""


def run() -> NoReturn:
    """Run the program; ends the process."""
    code = 0
    try:
        code = _answer(sys.argv[1:])
    except CoordinautError as error:
        hint = f"hint: {error.hint}\n" if error.hint else ""
        sys.stderr.write(f"error: {error.message}\n{hint}")
        code = error.exit_code
    with suppress(OSError):
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code)


def _answer(words: list[str]) -> int:
    match words:
        case []:
            _serve(None, os.environ)
        case ["-h" | "--help"]:
            sys.stdout.write(HELP)
        case ["--version"]:
            sys.stdout.write(f"coordinaut-mcp {__version__}\n")
        case ["--http", address]:
            _serve(address, os.environ)
        case [word] if word.startswith("--http="):
            _serve(word.removeprefix("--http="), os.environ)
        case _:
            raise invalid(
                "usage", f"coordinaut-mcp does not take {' '.join(words)}.", hint="See: coordinaut-mcp --help"
            )
    return 0


def _serve(address: str | None, environ: Mapping[str, str]) -> None:
    import gc

    gc.disable()  # while modules are loaded, what there is stays
    if address is None:
        from coordinaut_git.faces.mcp import stdio
    else:
        from coordinaut_git.faces.mcp import over_http
    gc.freeze()
    gc.enable()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if address is None:
        stdio.serve(environ)
    else:
        over_http.serve(address, environ)


if __name__ == "__main__":
    run()
