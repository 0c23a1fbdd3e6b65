"""The clock and the source of new ids: the two things of the world that decisions need.

Rule 1: nothing else in the package asks what time it is, or for chance, to decide something.
Rule 2: who has lost a race waits by chance, so that the same do not meet again.
"""

import os
import time
from typing import Protocol

from coordinaut_git.protocol.values import Instant


class Clock(Protocol):
    """What time it is here."""

    def now(self) -> Instant:
        """The local wall clock."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> Instant:
        """The wall clock, in whole milliseconds."""
        return Instant(time.time_ns() // 1_000_000)


class Ids(Protocol):
    """Where new ids come from."""

    def token(self, size_bytes: int) -> str:
        """A fresh random token in hexadecimal."""
        ...


class RandomIds:
    """Ids from the system's random source."""

    def token(self, size_bytes: int) -> str:
        """As many random bytes, in hexadecimal."""
        return os.urandom(size_bytes).hex()


def back_off(attempt: int, first_s: float, longest_s: float) -> None:
    """Wait for a while that is random, and on the whole twice as long with every attempt, before the next one."""
    pause(0.0, min(longest_s, first_s * 2**attempt))


def pause(least_s: float, most_s: float) -> None:
    """Wait for a while that chance picks between these."""
    time.sleep(least_s + (most_s - least_s) * os.urandom(1)[0] / 255)
