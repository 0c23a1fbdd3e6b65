"""From the words on the command line to an exit code.

Rule 1: every way out has its code, and with --json exactly one document on standard output, also for a failure.
Rule 2: the process ends without the interpreter's long goodbye: what was to be written has been written.
"""

import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

import click

from coordinaut_git.errors import CoordinautError, invalid
from coordinaut_git.faces.cli.grow import CommandLine
from coordinaut_git.faces.cli.output import Output, bug

INTERRUPTED = 130
COMPLETE = "_COORDINAUT_COMPLETE"


def main(words: list[str]) -> NoReturn:
    """Run one command line; ends the process."""
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # a reader that has seen enough ends us quietly, as it ends git
    _open_closed_streams()
    code = 0 if _answered_the_shell() else answer(words)
    with suppress(OSError):  # what could not be written has been said already
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code)


def answer(words: list[str]) -> int:
    """Run one command line; the exit code."""
    out = Output(json="--json" in words or os.environ.get("COORDINAUT_JSON", "") not in {"", "0", "false"})
    try:
        CommandLine(out).main(args=words, prog_name="coordinaut", standalone_mode=False)
    except click.exceptions.Exit as end:
        return end.exit_code
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except click.ClickException as error:
        return out.failure(_usage(error))
    except CoordinautError as error:
        return out.failure(error)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is reported as what it is: a bug
        return out.failure(bug(error, words))
    return 0


def _answered_the_shell() -> bool:
    """Whether we were started by a completion script; what the words could become has been printed then."""
    if not os.environ.get(COMPLETE):
        return False
    with suppress(Exception):  # somebody is in the middle of a line: where nothing can be offered, nothing is said
        from coordinaut_git.faces.cli.completion import answer_shell

        answer_shell(os.environ)
    return True


def _open_closed_streams() -> None:
    """Give a closed standard stream the null device, as git does: no file of the repository may get its number."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open(mode))  # noqa: SIM115 - it stays open as long as we run


def _usage(error: click.ClickException) -> CoordinautError:
    context = getattr(error, "ctx", None)
    name = context.command_path if context else "coordinaut"
    message = error.format_message().rstrip(".") + "."
    return invalid("usage", message, hint=f"See: {name} --help")
