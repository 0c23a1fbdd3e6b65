"""How long a hook may keep git waiting."""

import signal
from typing import Any

from coordinaut_git.errors import environment


class Patience:
    """A bound in seconds on what is done within; None for none. Raises environment `hook_timeout`."""

    def __init__(self, wait_s: int | None) -> None:
        self._wait_s = wait_s

    def __enter__(self) -> None:
        if self._wait_s:
            signal.signal(signal.SIGALRM, self._over)
            signal.alarm(self._wait_s)

    def __exit__(self, *_: object) -> None:
        signal.alarm(0)

    def _over(self, *_: Any) -> None:
        raise environment(
            "hook_timeout",
            f"The hook was not done within {self._wait_s} seconds.",
            hint="See what is slow here: coordinaut doctor",
        )
