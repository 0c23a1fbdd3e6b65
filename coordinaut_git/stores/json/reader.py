"""The newest state as it lies in `state.json`, believed only when its checksum is right and the log fits to it.

Rule 1: nothing is remembered longer than the file is the same: its inode, size, times and first lines.
"""

import os
import time
from collections.abc import Mapping

from coordinaut_git.documents import FORMAT, Head, newer_format
from coordinaut_git.errors import CoordinautError
from coordinaut_git.stores.json.damage import do_not_fit, state_fault
from coordinaut_git.stores.json.files import EVENTS, STATE, Folder
from coordinaut_git.stores.json.log import Log
from coordinaut_git.stores.json.state_file import HEADER_BYTES, Header, NotOurs, State, header_of, texts_of

_REMEMBERED = 4
_LOOKS = 5
_PAUSE_S = 0.01
_Stamp = tuple[int, ...]


class StateReader:
    """Reads `state.json` again only when it has changed."""

    def __init__(self, folder: Folder, log: Log) -> None:
        self._folder, self._log = folder, log
        self._stamp: _Stamp = ()
        self._states: dict[Head, State] = {}
        self._newest: State | None = None

    def state(self) -> State | None:
        """The newest state; None where no store was created.

        Raises `damaged_state`, `unreadable_state`, `newer_format`.
        """
        for _ in range(_LOOKS):
            state = self._read()
            size = self._folder.events_bytes()
            if state is None and not size:
                return None
            if state is not None and (size == state.header.log_bytes or self._a_writer_is_there(state.header, size)):
                return state
            time.sleep(_PAUSE_S)  # the file may have been replaced, or made, between the two looks
        raise self._unfit(state)

    def known(self, head: Head) -> State | None:
        """The state at `head`, if it was the newest a moment ago."""
        return self._states.get(head)

    def adopt(self, state: State) -> None:
        """Remember what this process has just written, without reading it again; raises OSError."""
        self._remember(state, _stamp(os.stat(self._folder.state)))  # noqa: PTH116 - as it is called on descriptors

    def header(self) -> Header | None:
        """The first lines of the file; None where there is none that can be read."""
        return header_in(self._folder.state)

    def _read(self) -> State | None:
        path = self._folder.state
        try:
            with self._folder.reading(path), path.open("rb", buffering=0) as file:
                stamp, text = _stamp(os.fstat(file.fileno())), file.read(HEADER_BYTES)
                if self._newest and stamp == self._stamp and text.startswith(self._newest.header.to_bytes()):
                    return self._newest
                text += file.readall()
        except FileNotFoundError:
            return None
        return self._remember(self._parsed(text), stamp)

    def _parsed(self, text: bytes) -> State:
        try:
            header = header_of(text)
            if header.format > FORMAT:
                raise newer_format(f"The state in {self._folder.path}", header.format)
            return State(header, texts_of(text))
        except NotOurs:
            raise state_fault(self._folder.state, text, self._wanted(text)) from None

    def _wanted(self, text: bytes) -> Mapping[str, str] | None:
        """The documents that the log tells of, for the point that a damaged file says it is of."""
        try:
            header = header_of(text)
            return self._log.state_at(header, header.head).texts
        except (NotOurs, CoordinautError):
            return None

    def _remember(self, state: State, stamp: _Stamp) -> State:
        self._stamp, self._newest = stamp, state
        self._states[state.header.head] = state
        while len(self._states) > _REMEMBERED:
            del self._states[next(iter(self._states))]
        return state

    def _a_writer_is_there(self, header: Header, size: int) -> bool:
        """Whether what the log holds beyond its published end is of the new state that lies beside and follows this."""
        new = header_in(self._folder.new_state)
        return new is not None and new.previous == header.head and header.log_bytes < size <= new.log_bytes

    def _unfit(self, state: State | None) -> CoordinautError:
        folder = self._folder.path
        if state is None:
            return do_not_fit(folder, f"{STATE} is gone, and {EVENTS} is there")
        if fault := self._log.first_fault(state.header):
            return fault
        return do_not_fit(folder, f"{EVENTS} goes on after operation {state.header.seq}, where {STATE} ends")


def header_in(path: os.PathLike[str]) -> Header | None:
    """What the first lines of a file say; None where there is no file of ours that can be read."""
    try:
        with open(path, "rb", buffering=0) as file:  # noqa: PTH123 - read once, unbuffered
            return header_of(file.read(HEADER_BYTES))
    except (OSError, NotOurs):
        return None


def _stamp(found: os.stat_result) -> _Stamp:
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns
