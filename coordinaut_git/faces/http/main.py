"""The program `coordinaut-server`: from options and variables to a running server.

Rule 1: whatever keeps it from running is said in one sentence before it listens, with CONTRACT's exit code.
Rule 2: secrets come by variables and files alone: a command line is seen by everybody on the machine.
"""

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import click

from coordinaut_git import __version__
from coordinaut_git.errors import CoordinautError, environment, invalid
from coordinaut_git.faces.http.settings import Settings

PROGRAM = "coordinaut-server"
PREFIX = "COORDINAUT_SERVER_"
INTERRUPTED = 130
CHECK_S = 5.0
EPILOG = """\
Tokens come from the environment, or from a file: COORDINAUT_SERVER_TOKEN is one admin token for all teams,
COORDINAUT_SERVER_TOKENS a JSON object {"<token>": {"team": "…", "role": "admin|member|read"}}, and
COORDINAUT_SERVER_TOKENS_FILE names a file with the same, where a token may stand as sha256:<digest>.
COORDINAUT_SERVER_DATABASE_URL puts the data into PostgreSQL. Without a token the server does not start.
Every option can come from the environment too, as COORDINAUT_SERVER_ and its name: COORDINAUT_SERVER_PORT=8080."""

_SECONDS = click.FloatRange(0.1)
F = TypeVar("F", bound=Callable[..., Any])


_USUAL = {field.name: field.default for field in fields(Settings)}


def _option(name: str, text: str, kind: Any = None, *, target: str | None = None) -> Callable[[F], F]:
    """An option that is a setting: `target`, if the option does not go by the setting's name."""
    envvar = f"{PREFIX}{name[2:].replace('-', '_').upper()}"
    setting = target or name[2:].replace("-", "_")
    usual = _USUAL[setting]
    return click.option(name, setting, envvar=envvar, help=text, default=usual, type=kind, show_default=bool(usual))


@click.command(epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@_option("--host", "The address to listen on.")
@_option("--port", "The port; 0 for any that is free.", click.IntRange(0, 65535))
@_option("--data-dir", "Where the data lies.", click.Path(path_type=Path))
@_option("--log", "How the log is written.", click.Choice(["text", "json"]))
@_option("--max-body", "The longest body, in bytes.", click.IntRange(1024), target="max_body_bytes")
@_option("--max-requests", "So many requests at a time.", click.IntRange(1), target="most_requests")
@_option("--max-open", "So many projects are kept open.", click.IntRange(1), target="most_open")
@_option("--threads", "So many threads ask the stores.", click.IntRange(1, 256))
@_option("--max-wait", "The longest wait for news, in seconds.", click.FloatRange(0), target="longest_wait_s")
@_option("--head-timeout", "The longest that the head of a request may take to come.", _SECONDS, target="headers_s")
@_option("--body-timeout", "The longest that a body may take to come.", _SECONDS, target="body_s")
@_option("--stop-timeout", "The longest that stopping may take.", click.FloatRange(1), target="stop_s")
@_option("--root-path", "The path below which a proxy serves this.")
@_option("--trusted-proxies", "Addresses whose X-Forwarded headers count.", click.STRING)
@click.option("--check", is_flag=True, help="Ask the server that runs with these settings how it is, and exit.")
@click.version_option(__version__, message=f"{PROGRAM} {__version__}")
def command(*, check: bool, **given: Any) -> None:
    """Serve the coordination of teams over HTTP."""
    if check:
        _check(given["host"], given["port"])
        return
    from coordinaut_git.faces.http.logs import Log
    from coordinaut_git.faces.http.server import serve
    from coordinaut_git.faces.http.shelves import open_shelf

    settings = Settings(**given, database_url=os.environ.get(f"{PREFIX}DATABASE_URL"))
    serve(settings, _tokens(os.environ), open_shelf(settings), Log(settings.log))


def _tokens(environ: Mapping[str, str]) -> Any:
    from coordinaut_git.faces.http.tokens import Tokens, fixed_tokens

    file = environ.get(f"{PREFIX}TOKENS_FILE")
    fixed = fixed_tokens(environ.get(f"{PREFIX}TOKEN"), environ.get(f"{PREFIX}TOKENS"))
    return Tokens(fixed, Path(file) if file else None)


def _check(host: str, port: int) -> None:
    """Raise environment `not_well` unless the server says that it can do its work."""
    import http.client
    import json

    host = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)  # noqa: S104 - asked, not bound
    connection = http.client.HTTPConnection(host, port, timeout=CHECK_S)
    try:
        connection.request("GET", "/health")
        report = json.loads(connection.getresponse().read(4096))
        reason = None if report["ok"] else report["reason"]
    except (OSError, ValueError, KeyError, TypeError, http.client.HTTPException) as error:
        reason = str(error) or type(error).__name__
    finally:
        connection.close()
    if reason is not None:
        raise environment(
            "not_well",
            f"The server on {host} port {port} is not well: {reason}.",
            hint="Its log tells more. Does it run, and with these settings?",
        )
    click.echo("ok")


def run() -> NoReturn:
    """Run the program and end the process with its exit code."""
    sys.exit(_code())


def _code() -> int:
    try:
        command.main(prog_name=PROGRAM, standalone_mode=False)
    except click.exceptions.Exit as end:
        return end.exit_code
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
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
