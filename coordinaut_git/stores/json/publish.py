"""Writing the two files so that at every instant they tell one story.

Rule 1: new file, log line, rename: each flushed before the next begins.
Rule 2: a failure before the rename takes back what was written, and then nothing has happened. Where that cannot be
        told, the outcome is unknown, and the next reader settles it.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

from coordinaut_git.documents import OutcomeUnknown, StaleHead
from coordinaut_git.errors import CoordinautError
from coordinaut_git.stores.json.files import Folder
from coordinaut_git.stores.json.log import Log
from coordinaut_git.stores.json.reader import StateReader
from coordinaut_git.stores.json.state_file import Header, State, state_text


class Publisher:
    """The only writer of `state.json` and `events.jsonl`."""

    def __init__(self, folder: Folder, reader: StateReader, log: Log) -> None:
        self._folder, self._reader, self._log = folder, reader, log

    def create(self, state: State) -> bool:
        """Make both files, if there are none; raises as `StateReader.state` and `Folder.writing` do."""
        folder = self._folder
        folder.make()
        with folder.locked():
            if self._reader.state() is not None:
                return False
            with folder.writing(folder.state):
                folder.append(folder.events, b"")
                folder.write(folder.new_state, *state_text(state.header, state.texts))
                folder.flush_folder()
                os.replace(folder.new_state, folder.state)  # noqa: PTH105 - seen as one system call by whoever counts
                folder.flush_folder()
        return True

    def publish(self, before: State, state: State, lines: Sequence[bytes]) -> None:
        """Make `state` the newest one after `before`, and `lines` the last ones of the log.

        Raises `StaleHead`, `OutcomeUnknown`, and as `StateReader.state` and `Folder.writing` do.
        """
        pieces = state_text(state.header, state.texts)
        with self._folder.locked():
            now = self._reader.state()
            if now is None or now.header != before.header:
                raise StaleHead(before.header.head)
            self._log.check_end(now.header)
            with self._taken_back_on_failure(before.header, state.header):
                self._write(before.header, pieces, b"".join(lines))
            with suppress(OSError):
                self._reader.adopt(state)
            self._flush_name(state.header)

    def _write(self, before: Header, pieces: tuple[bytes, ...], line: bytes) -> None:
        folder = self._folder
        with folder.writing(folder.events):
            if folder.events_bytes() > before.log_bytes:
                folder.cut(folder.events, before.log_bytes)
        with folder.writing(folder.new_state):
            folder.write(folder.new_state, *pieces)
        with folder.writing(folder.events):
            folder.append(folder.events, line)
        with folder.writing(folder.state):
            os.replace(folder.new_state, folder.state)  # noqa: PTH105 - as above

    @contextmanager
    def _taken_back_on_failure(self, before: Header, after: Header) -> Iterator[None]:
        try:
            yield
        except BaseException as error:
            now = self._reader.header()
            if now == before:
                self._take_back(before)
            elif isinstance(error, CoordinautError):
                raise OutcomeUnknown(after.head) from error
            raise

    def _take_back(self, before: Header) -> None:
        """Remove what was written. The new file goes last: while the log has a line too many, it is the proof."""
        folder = self._folder
        with suppress(OSError, CoordinautError):
            if folder.events_bytes() > before.log_bytes:
                folder.cut(folder.events, before.log_bytes)
            folder.new_state.unlink(missing_ok=True)

    def _flush_name(self, after: Header) -> None:
        try:
            self._folder.flush_folder()
        except OSError as error:
            raise OutcomeUnknown(after.head) from error
