"""What is printed: one JSON document, or text for people.

Rule 1: results go to standard output, errors and notices to standard error.
Rule 2: whatever a name or a title holds is printed as text: no escape reaches a terminal, no byte breaks the stream.
"""

import json
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, TextIO

from coordinaut_git.clock import SystemClock
from coordinaut_git.errors import CoordinautError, Kind, environment
from coordinaut_git.render.look import Look

Json = Mapping[str, Any]

PAGE_WIDTH = 100
NARROWEST = 20


class Output:
    """Where a command says what came of it."""

    def __init__(self, *, json: bool) -> None:
        self.json = json
        self.quiet = False

    def success(self, name: str, result: Json, notices: list[str]) -> None:
        """Print a result."""
        if self.json:
            _print({"ok": True, "result": {**result, "notices": notices} if notices else result})
        elif not self.quiet:
            from coordinaut_git.render.table import RENDERERS

            _write(sys.stdout, RENDERERS[name](result, _look(sys.stdout)))
            for notice in notices:
                _write(sys.stderr, f"note: {notice}\n")

    def text(self, result: Json, text: str) -> None:
        """Print a result that is a text to be read by another program."""
        if self.json:
            _print({"ok": True, "result": result})
        else:
            _write(sys.stdout, text)

    def event(self, name: str, event: Json) -> None:
        """Print one piece of an operation's stream, at once; one line of JSON, or text."""
        if self.json:
            _print(event)
        else:
            from coordinaut_git.render.table import STREAMED

            _write(sys.stdout, STREAMED[name](event, _look(sys.stdout)))

    def progress(self, done: int, of: int) -> None:
        """Say on a terminal how far a long command is, in one line that is written over, and wiped at the end."""
        if self.json or self.quiet or not sys.stderr.isatty():
            return
        said = f"{done:,} of {of:,} operations"
        _write(sys.stderr, f"\r{said}" if done < of else f"\r{'':{len(said)}}\r")

    def failure(self, error: CoordinautError) -> int:
        """Print an error, on standard error where it cannot be printed in its place; its exit code."""
        try:
            self._tell(error)
        except CoordinautError:
            with suppress(CoordinautError):
                _write(sys.stderr, f"error: {error.message}\n")
        return error.exit_code

    def _tell(self, error: CoordinautError) -> None:
        if self.json:
            _print({"ok": False, "error": error.as_json()})
            return
        from coordinaut_git.render.outcomes import render_error

        if "checks" in error.details:
            from coordinaut_git.render.upkeep import render_doctor

            _write(sys.stdout, render_doctor(error.details, _look(sys.stdout)))
        _write(sys.stderr, render_error(error.as_json(), _look(sys.stderr)))
        for notice in error.details.get("notices", ()):
            _write(sys.stderr, f"note: {notice}\n")


def bug(error: Exception, words: list[str]) -> CoordinautError:
    """An unexpected exception as an error that names a report file."""
    import tempfile
    import traceback

    from coordinaut_git import __version__

    report = "".join(
        (
            f"coordinaut {__version__}, Python {sys.version}\n",
            f"command: {words[:1]} with {len(words)} words\n\n",
            *traceback.format_exception(error),
        )
    )
    where = "(it could not be written)"
    try:
        with tempfile.NamedTemporaryFile("wb", prefix="coordinaut-bug-", suffix=".txt", delete=False) as file:
            file.write(report.encode("utf-8", "backslashreplace"))
            where = file.name
    except OSError:
        with suppress(CoordinautError):
            _write(sys.stderr, report)
    return CoordinautError(
        Kind.BUG,
        "bug",
        f"This is a bug in coordinaut: {type(error).__name__}: {error}.",
        hint=f"Please report it with the file {where}.",
        details={"report": where},
    )


def _look(stream: TextIO) -> Look:
    terminal = stream.isatty()
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return Look(width=_width(stream, terminal=terminal), colour=terminal and not plain, now_ms=SystemClock().now())


def _width(stream: TextIO, *, terminal: bool) -> int:
    told = os.environ.get("COLUMNS", "")
    if told.isdecimal() and int(told) >= NARROWEST:
        return int(told)
    try:
        return max(NARROWEST, os.get_terminal_size(stream.fileno()).columns) if terminal else PAGE_WIDTH
    except OSError:
        return PAGE_WIDTH


def _print(document: Json) -> None:
    """One line of JSON in ASCII, so that bytes of file names that are no text survive as lone surrogates."""
    _write(sys.stdout, json.dumps(document) + "\n")


def _write(stream: TextIO, text: str) -> None:
    try:
        stream.buffer.write(text.encode("utf-8", "backslashreplace"))
        stream.flush()
    except OSError as error:
        raise environment(
            "cannot_print",
            f"The answer cannot be written to {stream.name.strip('<>')}: {error.strerror}.",
            hint="What was asked for may have been done all the same: coordinaut watch",
        ) from error
