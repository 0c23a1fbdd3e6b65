"""Looks at the team's remote now and then, for whoever waits: for an event, for files, in front of a terminal.

Rule 1: a host is asked seldom: 15 seconds are short beside what agents wait for, and four requests a minute are few to
        a host. All who wait in a clone share one look; where none succeeds, the pauses double up to five minutes.
Rule 2: whoever waits is not disturbed: what goes wrong is left to `sync`, which says it.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from coordinaut_git.errors import CoordinautError, invalid
from coordinaut_git.protocol.values import clip, duration_ms
from coordinaut_git.sync.loop import Team

USUAL, KEY = "15s", "fetchevery"
LEAST_MS, LONGEST_MS = 100, 300_000
JITTER = 0.2
"""By so much of itself a pause is shorter or longer, so that clones which began together do not ask together."""


def every_ms(values: Mapping[str, str]) -> int:
    """How often `coordinaut.fetchEvery` has one look; raises invalid `bad_setting`."""
    said = values.get(KEY, USUAL)
    try:
        return max(LEAST_MS, duration_ms(said))
    except CoordinautError as error:
        raise invalid(
            "bad_setting", f"coordinaut.fetchEvery is {clip(said)!r}, which is not a duration.", hint=error.hint
        ) from error


@dataclass(slots=True, kw_only=True)
class Pace:
    """How long to pause between looks; `chance` gives a number from 0 to 1."""

    every_ms: int
    chance: Callable[[], float]
    _misses: int = 0

    def after_s(self, *, reached: bool) -> float:
        """The pause in seconds after a look that has reached the remote, or has not."""
        self._misses = 0 if reached else self._misses + 1
        longest_ms = max(LONGEST_MS, self.every_ms)
        return self.jittered_s(min(longest_ms, self.every_ms * 2 ** min(self._misses, 16)))

    def jittered_s(self, pause_ms: float) -> float:
        """A pause that is a little shorter or longer, in seconds."""
        return pause_ms / 1000 * (1 + JITTER * (2 * self.chance() - 1))


class Lookout:
    """For one process; `heard_ms_ago` tells when any process of this clone has last heard from the remote."""

    def __init__(self, team: Team, pace: Pace, heard_ms_ago: Callable[[], int | None]) -> None:
        self.pace = pace
        self._team, self._heard_ms_ago = team, heard_ms_ago
        self._due_s = 0.0

    def look(self) -> None:
        """Exchange with the remote if nobody here has done so lately; else it costs next to nothing."""
        if time.monotonic() < self._due_s:
            return
        ago_ms = self._heard_ms_ago()
        if ago_ms is not None and 0 <= ago_ms < self.pace.every_ms:
            self._due_s = time.monotonic() + self.pace.jittered_s(self.pace.every_ms - ago_ms)
            return
        try:
            self._team.sync()
            reached = True
        except CoordinautError:
            reached = False
        self._due_s = time.monotonic() + self.pace.after_s(reached=reached)
