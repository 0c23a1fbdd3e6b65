"""The program `coordinaut-server`: from options and variables to a running server.

Rule 1: whatever keeps it from running is said in one sentence before it listens, with CONTRACT's exit code.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import click

from coordinaut_git import __version__
from coordinaut_git.errors import CoordinautError, invalid

PROGRAM = "coordinaut-server"
PREFIX = "COORDINAUT_SERVER"
F = TypeVar("F", bound=Callable[..., Any])
EPILOG = """\
Tokens come from the environment, or from a file: COORDINAUT_SERVER_TOKEN is one admin token for all teams,
COORDINAUT_SERVER_TOKENS a JSON object {"<token>": {"team": "…", "role": "admin|member|read"}},
COORDINAUT_SERVER_TOKENS_FILE names a file with the same, where a token may stand as sha256:<digest>.
COORDINAUT_SERVER_DATABASE_URL puts the data into PostgreSQL. Without a token the server does not start."""


def _option(name: str, help: str, **more: Any) -> Callable[[F], F]:  # noqa: A002 - click's word
    return click.option(name, envvar=f"{PREFIX}_{name[2:].replace('-', '_').upper()}", help=help, **more)


@click.command(epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@_option("--host", "The address to listen on.", default="127.0.0.1", show_default=True)
@_option("--port", "The port; 0 for any that is free.", type=click.IntRange(0, 65535), default=3737, show_default=True)
@_option(
    "--data-dir",
    "Where the data lies.",
    type=click.Path(path_type=Path),
    default=".coordinaut-server",
    show_default=True,
)
@_option(
    "--max-body",
    "The longest body of a request, in bytes.",
    type=click.IntRange(1024),
    default=8 << 20,
    show_default=True,
)
@_option("--log", "How the log is written.", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.version_option(__version__, message=f"{PROGRAM} {__version__}")
def command(host: str, port: int, data_dir: Path, max_body: int, log: str) -> None:
    """Serve the coordination of teams over HTTP."""
    import os

    from coordinaut_git.faces.http.logs import Log
    from coordinaut_git.faces.http.server import serve
    from coordinaut_git.faces.http.settings import Settings
    from coordinaut_git.faces.http.shelf_sqlite import SqliteShelf
    from coordinaut_git.faces.http.tokens import Tokens, fixed_tokens

    settings = Settings(host=host, port=port, data_dir=data_dir, max_body_bytes=max_body, log=log)
    file = os.environ.get(f"{PREFIX}_TOKENS_FILE")
    fixed = fixed_tokens(os.environ.get(f"{PREFIX}_TOKEN"), os.environ.get(f"{PREFIX}_TOKENS"))
    serve(settings, Tokens(fixed, Path(file) if file else None), SqliteShelf(data_dir), Log(log))


def run() -> NoReturn:
    """Run the program and end the process with its exit code."""
    sys.exit(_code())


def _code() -> int:
    try:
        command.main(prog_name=PROGRAM, standalone_mode=False)
    except click.exceptions.Exit as end:
        return end.exit_code
    except click.Abort:
        return 130
    except click.ClickException as error:
        return _failed(invalid("usage", error.format_message(), hint=f"See: {PROGRAM} --help"))
    except CoordinautError as error:
        return _failed(error)
    return 0


def _failed(error: CoordinautError) -> int:
    click.echo(f"error: {error.message}", err=True)
    if error.hint:
        click.echo(f"hint: {error.hint}", err=True)
    return error.exit_code


if __name__ == "__main__":
    run()
