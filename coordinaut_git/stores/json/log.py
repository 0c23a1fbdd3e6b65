"""The log as the state file knows it: up to its published end, and newest first.

Rule 1: every line that is read is checked against the chain of heads, and the newest against the state file.
Rule 2: what does not fit is reported with the first line that is wrong.
"""

import json
import os
import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any

from coordinaut_git.documents import Head
from coordinaut_git.errors import CoordinautError, environment
from coordinaut_git.stores.json.damage import damaged, do_not_fit
from coordinaut_git.stores.json.files import EVENTS, STATE, Folder
from coordinaut_git.stores.json.log_file import FIRST, BadLine, Boot, Line, boot_at, head_at, parsed, raw_lines_back
from coordinaut_git.stores.json.state_file import Header, State, form_text, seq_of

_CHUNK_BYTES = 1024 * 1024


class Log:
    """The lines of `events.jsonl`."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder

    def back(self, newest: Header, head: Head) -> Iterator[Line]:
        """The lines from `head` back to the first; `newest` is what the state file says.

        Raises `damaged_state`, `unreadable_state`, and `unknown_head` for what is no point of the line.
        """
        target = seq_of(head)
        if not 0 <= target <= newest.seq or (target == 0 and head != FIRST):
            raise self.unknown(head)
        with self._open(newest) as descriptor:
            waiting: bytes | None = None
            for seq, raw in self._raw(descriptor, newest):
                if waiting is not None:
                    yield parsed(waiting, seq + 1, head_at(raw, seq))
                elif seq == target and head_at(raw, seq) != head:
                    raise self.unknown(head)
                waiting = raw if seq <= target else None
            if waiting is not None:
                yield parsed(waiting, 1, FIRST)

    def check_end(self, newest: Header) -> None:
        """See that the last line is the one that the state file names; raises as `back` does."""
        if newest.seq:
            with self._open(newest) as descriptor:
                next(self._raw(descriptor, newest))

    def seen_at(self, newest: Header, seq: int) -> Boot | None:
        """When the line of operation `seq` was written, where it says so; raises as `back` does."""
        with self._open(newest) as descriptor:
            return next((boot_at(raw, seq) for number, raw in self._raw(descriptor, newest) if number == seq), None)

    def taken(self, newest: Header, names: Collection[str]) -> bool:
        """Whether an entry of the line has one of these ids. A look through the whole log, at the speed of memory."""
        needles = [b'"id":%s,"seq":' % json.dumps(name, ensure_ascii=False).encode() for name in names]
        pattern = re.compile(b"|".join(map(re.escape, needles)))
        kept = max(map(len, needles)) - 1
        tail = b""
        with self._open(newest) as descriptor:
            for at in range(0, newest.log_bytes, _CHUNK_BYTES):
                chunk = tail + os.pread(descriptor, min(_CHUNK_BYTES, newest.log_bytes - at), at)
                if pattern.search(chunk):  # or something like it in the text of an operation
                    return any(line.entry.id in names for line in self.back(newest, newest.head))
                tail = chunk[-kept:]
        return False

    def state_at(self, newest: Header, head: Head) -> State:
        """The state at a point of the past, put together from the changes that led there; raises as `back` does."""
        found: dict[str, Any] = {}
        form = newest.format
        for number, line in enumerate(self.back(newest, head)):
            form = form if number else line.format
            for path, value in line.changes.items():
                found.setdefault(path, value)
            if line.whole:
                break
        texts = {path: form_text(value) for path, value in found.items() if value is not None}
        seq = seq_of(head)
        return State(Header(format=form, head=head, seq=seq, previous="", log_bytes=self._end_of(newest, seq)), texts)

    def _end_of(self, newest: Header, seq: int) -> int:
        """At which byte the line of operation `seq` ends."""
        with self._open(newest) as descriptor:
            later = (len(raw) + 1 for number, raw in self._raw(descriptor, newest) if number > seq)
            return newest.log_bytes - sum(later)

    def _raw(self, descriptor: int, newest: Header) -> Iterator[tuple[int, bytes]]:
        """Every line with its number, newest first; the newest is the one that the state file names."""
        seq, end = newest.seq, newest.log_bytes
        if seq and os.pread(descriptor, 1, end - 1) != b"\n":
            raise BadLine(seq, 1, f"{STATE} has reached operation {seq}, and no line ends where that one should")
        for raw in raw_lines_back(descriptor, end):
            if seq == newest.seq and head_at(raw, seq) != newest.head:
                raise BadLine(seq, 1, f"this is not the operation that {STATE} names")
            yield seq, raw
            seq -= 1

    @contextmanager
    def _open(self, newest: Header) -> Iterator[int]:
        """The log, to be read; what is found to be wrong in it is said in words."""
        path = self._folder.events
        descriptor = self._descriptor()
        try:
            with self._folder.reading(path):
                yield descriptor
        except BadLine as bad:
            raise self.first_fault(newest) or damaged(path, bad.seq, bad.column, bad.what) from bad
        finally:
            os.close(descriptor)

    def first_fault(self, newest: Header) -> CoordinautError | None:
        """What is wrong with the first line that is not what was written; None if all that are published are there."""
        path, before = self._folder.events, FIRST
        with self._folder.reading(path), open(self._descriptor(), "rb") as file:  # noqa: PTH123 - a descriptor
            for seq in range(1, newest.seq + 1):
                raw = file.readline()
                if not raw:
                    what = f"{EVENTS} ends before operation {newest.seq}, which {STATE} has reached"
                    return do_not_fit(self._folder.path, what)
                try:
                    before = parsed(raw.removesuffix(b"\n"), seq, before).head
                except BadLine as bad:
                    return damaged(path, bad.seq, bad.column, bad.what)
            return None

    def _descriptor(self) -> int:
        path = self._folder.events
        try:
            with self._folder.reading(path):
                return os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            raise do_not_fit(self._folder.path, f"{EVENTS} is gone") from None

    def unknown(self, head: Head) -> CoordinautError:
        """The error for what is no point of this line."""
        return environment(
            "unknown_head",
            f"The line in {self._folder.path} has no point {head!r}.",
            hint="Was an older copy put in its place? Run `coordinaut doctor --deep` to have it looked over.",
        )
