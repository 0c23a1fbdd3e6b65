"""The JSON store: the state in `state.json`, the line in `events.jsonl`, in a folder that processes share.

Rule 1: an operation is published by one rename, of the new `state.json` over the old one. Before it, in this order,
        the new file is written beside the old one and flushed, and the line is added to the log and flushed.
Rule 2: what the log holds beyond `logBytes` was never published, and never will be. The next writer takes it away if
        the new file that lies beside proves that its writer died there; anything else that does not fit is damage.
Rule 3: what is damaged is reported, and never written over.
Rule 4: the lock lets one writer at a time look at the head and publish. Readers take none: they see the old file or
        the new one.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice

from coordinaut_git.documents import (
    FORMAT,
    SINCE_LIMIT,
    Changes,
    Contents,
    Entry,
    Head,
    Snapshot,
    StaleHead,
    Step,
    check_format,
    check_numbers,
)
from coordinaut_git.plumbing.boot_clock import boot_id, boottime_ms_now
from coordinaut_git.plumbing.queue import WriterQueue
from coordinaut_git.stores.json.backups import keep
from coordinaut_git.stores.json.files import STATE, Folder
from coordinaut_git.stores.json.log import Log
from coordinaut_git.stores.json.log_file import FIRST, Boot
from coordinaut_git.stores.json.publish import Publisher
from coordinaut_git.stores.json.reader import StateReader
from coordinaut_git.stores.json.state_file import Header, JsonDocuments, State, seq_of
from coordinaut_git.stores.json.writing import Writing


class JsonStore:
    """See `Store`. One object may be used by several threads that take turns, and any number of processes."""

    name = "json"
    first = FIRST
    """The fixed first point of every line."""

    def __init__(self, folder: Folder) -> None:
        self.folder = folder
        self._log = Log(folder)
        self._reader = StateReader(folder, self._log)
        self._publisher = Publisher(folder, self._reader, self._log)
        self._queue = WriterQueue(folder.path / f"{STATE}-queue")

    def describe(self) -> Mapping[str, str]:
        """Where the state lives."""
        return {"storage": self.name, "location": str(self.folder.path)}

    def create(self) -> bool:
        """Make the folder and both files, if they are not there; True for the one caller that made them."""
        return self._publisher.create(State(Header(format=FORMAT, head=FIRST, seq=0, previous="", log_bytes=0), {}))

    def head(self) -> Head | None:
        """The newest point; raises `damaged_state`, `unreadable_state`, `newer_format`."""
        state = self._reader.state()
        return state.header.head if state else None

    def likely(self) -> None:
        """Say that looking costs nothing."""

    def snapshot(self, head: Head) -> Snapshot:
        """The documents at `head`; there are never entries to add to them. Those of the past are put together again."""
        state = self._state_at(head)
        check_format(state.header.format)
        return Snapshot(head=head, seq=state.header.seq, documents=JsonDocuments(state.texts), entries=())

    def since(self, old: Head, head: Head) -> tuple[Entry, ...] | None:
        """The entries after `old` up to `head`, where these are not too many."""
        many = seq_of(head) - seq_of(old)
        if not 0 <= many <= SINCE_LIMIT or seq_of(old) < 0:
            return None
        lines = list(islice(self._log.back(self._newest(head).header, head), many + 1))
        before = lines[many].head if len(lines) > many else FIRST
        return tuple(line.entry for line in reversed(lines[:many])) if before == old else None

    def commit(self, expected: Head, entry: Entry, changes: Changes) -> Head:
        """Publish `entry` after `expected`; see `Store.commit`. ValueError if its seq or id is not a next one's."""
        writing = self._writing(expected, [entry])
        writing.add(entry, changes(), self._now())
        return self._publish(writing)

    def extend(self, expected: Head, steps: Sequence[Step]) -> Head:
        """Publish these entries with one writing of the state; raises as `commit` does."""
        check_numbers(steps)
        if not steps:
            return expected
        writing = self._writing(expected, [step.entry for step in steps])
        for step in steps:
            writing.add(step.entry, step.changes, None)
        return self._publish(writing)

    def rewrite(self, expected: Head, entry: Entry, documents: Contents) -> Head:
        """Publish `entry` with these documents alone; raises as `commit` does."""
        writing = self._writing(expected, [entry])
        writing.replace(entry, documents(), self._now())
        return self._publish(writing)

    def format(self, head: Head) -> int:
        """The format of the documents at `head`."""
        newest = self._newest(head)
        if head == newest.header.head:
            return newest.header.format
        return next((line.format for line in self._log.back(newest.header, head)), FORMAT)

    def backup(self, head: Head, label: str) -> str:
        """Copy both files, as they were at `head`, into a folder of their own; raises `backup_failed`."""
        return keep(self.folder, self._state_at(head), label)

    def log(self, head: Head) -> Iterator[Entry]:
        """Every entry from `head` back to the first."""
        return (line.entry for line in self._log.back(self._newest(head).header, head))

    def walk(self, head: Head) -> Iterator[tuple[Head, bytes]]:
        """Every point from `head` back to the first operation with its body."""
        return ((line.head, line.entry.body) for line in self._log.back(self._newest(head).header, head))

    def seen_ms_ago(self, seq: int) -> int | None:
        """How long ago the entry at `seq` was written, if that was on this machine since it was started."""
        state = self._reader.state()
        seen = self._log.seen_at(state.header, seq) if state and 0 < seq <= state.header.seq else None
        return boottime_ms_now() - seen.ms if seen and seen.id == boot_id() else None

    @contextmanager
    def queue(self, wait_s: float) -> Iterator[bool]:
        """Stand in line with the other writers of this machine; where there is no folder yet there is no line."""
        if not self.folder.path.is_dir():
            yield False
            return
        with self._queue.turn(wait_s) as turn:
            yield turn.held

    def close(self) -> None:
        """Leave the line; no file stays open."""
        self._queue.close()

    def _newest(self, head: Head) -> State:
        """The newest state, on whose line `head` is looked for."""
        state = self._reader.state()
        if state is None:
            raise self._log.unknown(head)
        return state

    def _state_at(self, head: Head) -> State:
        newest = self._newest(head)
        return self._reader.known(head) or self._log.state_at(newest.header, head)

    def _writing(self, expected: Head, entries: Sequence[Entry]) -> Writing:
        """What is to be written after `expected`; raises `StaleHead`, and ValueError as `commit` does."""
        state = self._reader.state()
        if state is None or state.header.head != expected:
            raise StaleHead(expected)
        if entries[0].seq != state.header.seq + 1:
            raise ValueError(f"the entry has seq {entries[0].seq} after {state.header.seq}")
        names = {entry.id for entry in entries}
        if len(names) < len(entries) or self._log.taken(state.header, names):
            raise ValueError(f"the id of {entries[0].id}, or of an entry after it, is another entry's")
        return Writing(state)

    def _publish(self, writing: Writing) -> Head:
        after = writing.after()
        self._publisher.publish(writing.before, after, writing.lines)
        return after.header.head

    def _now(self) -> Boot:
        return Boot(id=boot_id(), ms=boottime_ms_now())
