"""Talking through pipes without ever waiting for good.

Rule 1: both outputs are read and the input is written as each side is ready, so no full pipe can block either.
Rule 2: time and size are bounded.
Rule 3: the end of the process ends the talk: a helper it left behind with our pipe in hand is not waited for.
"""

import os
import time
from collections.abc import Callable
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from selectors import BaseSelector

IDLE_S = 0.05
CHUNK_BYTES = 64 * 1024


class TooLate(Exception):
    """The talk did not end in time."""


class TooMuch(Exception):
    """The other side said more than was allowed."""


class Exchange:
    """What the other side still has to be told, and what it has said so far on each of its outputs."""

    def __init__(self, ear: IO[bytes] | None, tell: bytes, mouths: tuple[IO[bytes], ...], most_bytes: int) -> None:
        self._ear = ear
        self._left = memoryview(tell)
        self._mouths = mouths
        self._most_bytes = most_bytes
        self.heard = tuple(bytearray() for _ in mouths)

    def run(self, deadline_s: float, ended: Callable[[], bool]) -> None:
        """Tell and listen until all pipes are closed, or until `ended` and silent.

        `deadline_s` is on the monotonic clock. May be called again. Raises `TooLate` or `TooMuch`.
        """
        from selectors import EVENT_READ, EVENT_WRITE, DefaultSelector

        with DefaultSelector() as ready:
            for mouth, heard in zip(self._mouths, self.heard, strict=True):
                ready.register(mouth, EVENT_READ, lambda mouth=mouth, heard=heard: self._hear(mouth, heard))
            if self._ear is not None and not self._ear.closed:
                os.set_blocking(self._ear.fileno(), False)
                ready.register(self._ear, EVENT_WRITE, self._tell)
            while ready.get_map():
                over = ended()  # asked first: what it said until then is heard in this step or in a later one
                if not self._step(ready, deadline_s) and over:
                    return

    def _step(self, ready: "BaseSelector", deadline_s: float) -> bool:
        """Move what can be moved now; False if nothing could."""
        left_s = deadline_s - time.monotonic()
        if left_s <= 0:
            raise TooLate
        events = ready.select(min(left_s, IDLE_S))
        for key, _ in events:
            if not key.data():
                ready.unregister(key.fileobj)
                if key.fileobj is self._ear:
                    self._ear.close()  # tells the other side that this was all
        return bool(events)

    def _tell(self) -> bool:
        assert self._ear is not None, "registered only if there is one"
        try:
            self._left = self._left[os.write(self._ear.fileno(), self._left[:CHUNK_BYTES]) :]
        except BrokenPipeError:  # it has heard enough; how it ends tells why
            self._left = memoryview(b"")
        return bool(self._left)

    def _hear(self, mouth: IO[bytes], heard: bytearray) -> bool:
        chunk = os.read(mouth.fileno(), CHUNK_BYTES)
        heard += chunk
        if len(heard) > self._most_bytes:
            raise TooMuch
        return bool(chunk)
