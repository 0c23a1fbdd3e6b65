"""The writers of one file stand in the project's fair line."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from coordinaut_git.plumbing.queue import WriterQueue


class FileQueue:
    """A line that is named by a file."""

    def __init__(self, path: Path) -> None:
        self._queue = WriterQueue(path)

    @contextmanager
    def turn(self, wait_s: float) -> Iterator[bool]:
        """See `Store.queue`."""
        with self._queue.turn(wait_s) as turn:
            yield turn.held

    def close(self) -> None:
        """Leave the line; the next turn joins it again."""
        self._queue.close()
