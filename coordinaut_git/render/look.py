"""How a text for people looks: width, colour, and the words for instants.

Rule 1: nothing here reads a clock: `now_ms` is given, and ages are told against it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from coordinaut_git.protocol.values import Instant

Result = Mapping[str, Any]
"""A document of the outside surface, as it stands in `result`."""

_CODES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}
_UNITS = ((86_400, 48 * 3_600, "days"), (3_600, 2 * 3_600, "h"), (60, 60, "min"), (1, 0, "s"))  # size, from, name


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """The page to write for.

    `width` is in terminal cells; `now_ms` is milliseconds since the epoch; `zone` is where the clock on the wall
    hangs (None: where this process runs).
    """

    width: int
    colour: bool
    now_ms: int
    zone: tzinfo | None = None

    def paint(self, text: str, style: str) -> str:
        """`text` in one of bold, dim, red, green, yellow, cyan, if colours are wanted."""
        return f"\x1b[{_CODES[style]}m{text}\x1b[0m" if self.colour and style else text

    def clock(self, instant: str, *, seconds: bool = False) -> str:
        """The local time of an RFC 3339 instant, with its day unless that is today."""
        when, now = self._local(Instant.parse(instant)), self._local(self.now_ms)
        time = when.strftime("%H:%M:%S" if seconds else "%H:%M")
        if when.date() == now.date():
            return time
        day = f"{when.day} {when:%b}" if when.year == now.year else f"{when:%Y-%m-%d}"
        return f"{day} {time}"

    def distance(self, instant: str) -> str:
        """How far `instant` is away: `in 30 min`, `3 min ago`, `now`.

        What is to come is rounded to the nearest, so that a new lease of 30 min has 30 min; what is past, down.
        """
        left_s = (Instant.parse(instant) - self.now_ms) / 1000
        words = _span(abs(left_s), nearest=left_s > 0)
        if words == "0 s":
            return "now"
        return f"in {words}" if left_s > 0 else f"{words} ago"

    def until(self, instant: str) -> str:
        """`16:30 (in 30 min)`."""
        return f"{self.clock(instant)} ({self.distance(instant)})"

    def _local(self, ms: int) -> datetime:
        return datetime.fromtimestamp(ms / 1000, self.zone)


Renderer = Callable[[Result, Look], str]


def _span(seconds: float, *, nearest: bool) -> str:
    """A length of time in its one most telling unit, rounded to the nearest or else down."""
    half = 0.5 if nearest else 0.0
    whole_s = int(seconds + half)
    for size, least, name in _UNITS:
        if whole_s >= least:
            return f"{int(whole_s / size + half)} {name}"
    raise AssertionError(seconds)
