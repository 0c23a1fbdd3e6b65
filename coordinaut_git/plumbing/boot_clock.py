"""The clock that starts with the machine: it never jumps, and runs on during sleep.

Rule 1: its readings can be compared only within one run of the machine, which `boot_id` names.
"""

import time
from functools import cache
from pathlib import Path

_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def boottime_ms_now() -> int:
    """Milliseconds since the machine was started (clock_gettime(2))."""
    return time.clock_gettime_ns(_CLOCK) // 1_000_000


@cache
def boot_id() -> str:
    """A name of this run of the machine (random(4)); empty where there is none."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    except OSError:
        return ""
