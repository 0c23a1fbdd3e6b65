"""How the demonstration is told: calm lines, who does what when; colours on a terminal only.

Rule 1: the same text in a terminal and in a log; a colour never carries a meaning of its own.
"""

import os
import shutil
import sys
import textwrap
import time

WIDEST = 120
INDENT = " " * 16
PLAIN, BOLD, DIM, RED, GREEN, YELLOW = "0", "1", "2", "31", "32", "33"
HUES = ("36", "35", "34", "32", "33")


class Screen:
    """Standard output, with a clock that starts when told so."""

    def __init__(self, names: list[str]) -> None:
        plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
        self._coloured = sys.stdout.isatty() and not plain
        self._width = min(WIDEST, shutil.get_terminal_size((100, 24)).columns)
        self._hues = {name: HUES[place % len(HUES)] for place, name in enumerate(names)}
        self._began_s = time.monotonic()

    def start_clock(self) -> None:
        """Count seconds from now on."""
        self._began_s = time.monotonic()

    def act(self, title: str) -> None:
        """Begin a part."""
        self._print(f"\n{self._in(BOLD, title)}")

    def text(self, text: str) -> None:
        """A paragraph."""
        self._print(textwrap.fill(text, self._width))

    def said(self, name: str, text: str, *, refused: bool = False) -> None:
        """What somebody did, at this second."""
        lines = textwrap.wrap(text, self._width - len(INDENT), break_long_words=False, break_on_hyphens=False)
        body = f"\n{INDENT}".join(self._in(YELLOW if refused else PLAIN, line) for line in lines)
        after_s = time.monotonic() - self._began_s
        self._print(f"{after_s:6.1f} s  {self._in(self._hues.get(name, BOLD), f'{name:6}')} {body}")

    def lines(self, text: str) -> None:
        """Text as it is."""
        self._print(text.rstrip("\n"))

    def typed(self, command: str) -> None:
        """A command that is run next; its output follows."""
        self._print(f"\n{self._in(BOLD, '$ ' + command)}")

    def verdict(self, name: str, text: str, *, kept: bool) -> None:
        """What came of looking at one promise."""
        word = self._in(GREEN, "kept  ") if kept else self._in(RED, "BROKEN")
        self._print(textwrap.fill(f"{word}  {name:14} {text}", self._width, subsequent_indent=" " * 23))

    def _in(self, colour: str, text: str) -> str:
        return f"\x1b[{colour}m{text}\x1b[0m" if self._coloured and colour != PLAIN else text

    @staticmethod
    def _print(text: str) -> None:
        print(text, flush=True)
