"""The log: one line a request, and one for whatever else is worth it.

Rule 1: no token, no body, no query: what was asked is told by its route, its team and its project.
Rule 2: a line is one line, whatever a client sends.
"""

import json
import sys
import traceback
from typing import Any, TextIO

from coordinaut_git.clock import SystemClock
from coordinaut_git.errors import CoordinautError


class Log:
    """Writes lines to standard error, as JSON or as text for people."""

    def __init__(self, form: str, out: TextIO | None = None) -> None:
        self._json, self._out = form == "json", out or sys.stderr
        self._clock = SystemClock()

    def tell(self, event: str, **facts: Any) -> None:
        """Write one line."""
        said = {"time": str(self._clock.now()), "event": event, **facts}
        self._out.write(f"{_json(said) if self._json else _text(said)}\n")
        self._out.flush()

    def trouble(self, error: BaseException, **facts: Any) -> None:
        """Write down what went wrong on our side: the error in words, and where a bug was met."""
        if isinstance(error, CoordinautError):
            self.tell("trouble", code=error.code, message=error.message, **facts)
        else:
            self.tell("bug", message=repr(error), traceback="".join(traceback.format_exception(error)), **facts)


def _json(said: dict[str, Any]) -> str:
    return json.dumps(said, separators=(",", ":"))


def _text(said: dict[str, Any]) -> str:
    first = f"{said.pop('time')} {said.pop('event')}"
    return " ".join([first, *(f"{name}={json.dumps(value)}" for name, value in said.items() if value is not None)])
