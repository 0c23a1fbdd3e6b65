"""A bash that commands are typed into, and the loose comparison of what it prints with what a page shows."""

import os
import re
import subprocess
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Self

END = "\x1e"

_CHANGING = [
    (re.compile(r"AGT-\d{8}-"), "AGT-DAY-"),
    (re.compile(r"\b(task|agent|msg|handoff|op|event)_[0-9A-Za-z_]{6,}\b"), r"\1_ID"),
    (re.compile(r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?Z?"), "INSTANT"),
    (re.compile(r"\b\d\d:\d\d(:\d\d)?\b"), "CLOCK"),
    (re.compile(r"\b\d+ (ms|s|seconds?|min|minutes?|h|hours?|days?)\b"), "SPAN"),
    (re.compile(r"\b[0-9a-f]{7,64}\b"), "OBJECT"),
    (re.compile(r"[─━═-]{3,}"), "---"),
    (re.compile(r"\s+"), " "),
]
_WILD = re.compile(r"\.\.\.|…")


class Terminal:
    """One bash for one page: folders changed to and variables exported hold for what is typed later."""

    def __init__(self, folder: Path, environment: Mapping[str, str], *, limit_s: float = 900) -> None:
        self._bash = subprocess.Popen(
            ["bash", "--norc", "--noprofile"],
            cwd=folder,
            env=dict(environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            start_new_session=True,
        )
        self._limit_s = limit_s

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._kill()
        self._bash.communicate()

    def run(self, command: str) -> tuple[list[str], int]:
        """Type a command; gives the lines it printed on either stream, and its exit code."""
        assert self._bash.stdin
        assert self._bash.stdout
        patience = threading.Timer(self._limit_s, self._kill)
        patience.start()
        try:
            self._bash.stdin.write(f"{{ {command}\n}} </dev/null 2>&1; printf '{END}%d\\n' $?\n")
            self._bash.stdin.flush()
            return self._until_end(command)
        finally:
            patience.cancel()

    def _until_end(self, command: str) -> tuple[list[str], int]:
        assert self._bash.stdout
        lines: list[str] = []
        for line in self._bash.stdout:
            text, end, code = line.removesuffix("\n").partition(END)
            if text or not end:
                lines.append(text)
            if end:
                return lines, int(code)
        raise AssertionError(f"bash ended, or {self._limit_s} s were over, in: {command}\n" + "\n".join(lines))

    def _kill(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._bash.pid, 9)


def normal(line: str) -> str:
    """A line without what differs from run to run: ids, instants, spans of time, hashes, widths."""
    for pattern, replacement in _CHANGING:
        line = pattern.sub(replacement, line)
    return line.strip()


def alike(shown: Sequence[str], printed: Sequence[str]) -> bool:
    """Whether what was printed is what the page shows, blank lines aside."""
    expected = [normal(line) for line in shown if line.strip()]
    actual = [normal(line) for line in printed if line.strip()]
    pattern = "".join(r"(?:.*\n)*?" if _WILD.fullmatch(line) else _line_pattern(line) for line in expected)
    return re.fullmatch(pattern, "".join(line + "\n" for line in actual)) is not None


def _line_pattern(line: str) -> str:
    return ".*".join(re.escape(part) for part in _WILD.split(line)) + "\n"
