"""The writers of one process stand in a line of threads, one line for each name."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from weakref import WeakValueDictionary


class _Turn:
    def __init__(self) -> None:
        self.lock = threading.RLock()


class ThreadQueue:
    """The line of that name; every object of this process with the same name is in the same line."""

    def __init__(self, *name: str) -> None:
        with _registry:
            self._turn = _turns.get(name) or _Turn()
            _turns[name] = self._turn

    @contextmanager
    def turn(self, wait_s: float) -> Iterator[bool]:
        """See `Store.queue`."""
        held = self._turn.lock.acquire(timeout=min(wait_s, threading.TIMEOUT_MAX))
        try:
            yield held
        finally:
            if held:
                self._turn.lock.release()

    def close(self) -> None:
        """Do nothing: there is nothing to leave."""


_turns: WeakValueDictionary[tuple[str, ...], _Turn] = WeakValueDictionary()
_registry = threading.Lock()
