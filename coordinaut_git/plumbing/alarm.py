"""A bound on what is done while somebody waits for it."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from coordinaut_git.errors import environment


@contextmanager
def within(wait_s: int | None) -> Iterator[None]:
    """Raise environment `hook_timeout` in what takes longer than so many whole seconds; None for no bound.

    It is for the main thread of a program that uses no other alarm.
    """

    def over(*_: Any) -> None:
        raise environment(
            "hook_timeout",
            f"The hook was not done within {wait_s} seconds.",
            hint="See what is slow here: coordinaut doctor",
        )

    if wait_s:
        signal.signal(signal.SIGALRM, over)
        signal.alarm(wait_s)
    try:
        yield
    finally:
        signal.alarm(0)
