"""What a hook says when something is wrong. Imported only then."""

import os

from coordinaut_git.clock import SystemClock
from coordinaut_git.errors import CoordinautError
from coordinaut_git.render.findings import violation_table
from coordinaut_git.render.look import Look
from coordinaut_git.render.words import text

PAGE_WIDTH, NARROWEST = 100, 20


def failure(error: CoordinautError, *, stops: bool) -> str:
    """The sentence, then the violations with their hints, or the hint."""
    said = f"{'error' if stops else 'warning'}: {text(error.message)}\n"
    if error.details.get("violations"):
        return f"{said}\n{violation_table(error.details['violations'], _look())}"
    return said + (f"hint: {text(error.hint)}\n" if error.hint else "")


def not_published(error: CoordinautError) -> str:
    """That the coordination did not go along with a push."""
    return f"coordinaut: not published yet, `coordinaut sync` does it: {text(error.message)}"


def _look() -> Look:
    told = os.environ.get("COLUMNS", "")
    width = int(told) if told.isdecimal() and int(told) >= NARROWEST else PAGE_WIDTH
    return Look(width=width, colour=False, now_ms=SystemClock().now())
