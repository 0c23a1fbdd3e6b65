"""What this machine knows of a project, kept in files, so that a command need not fetch it again.

Rule 1: the cache is never the truth. It may be missing, torn, old or somebody else's; what does not fit is not used.
Rule 2: several processes may use it: the state is replaced as a whole, and operations are appended to a journal.

`state` is a line `CJR1 <crc32> <bytes>`, a line of JSON (whose it is, head, seq, base, events, and the paths and sizes
of the documents), and the documents' contents. What came after it is in `journal`, which also remembers when each
operation was first seen here.
"""

import json
import os
import zlib
from collections.abc import Iterator
from contextlib import suppress
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any

from coordinaut_git.documents import FORMAT, Entry, Head
from coordinaut_git.plumbing.boot_clock import boottime_ms_now
from coordinaut_git.plumbing.journal import Journal
from coordinaut_git.stores.remote.known import Event, Gap, Known
from coordinaut_git.stores.remote.layers import Layers, Sheet
from coordinaut_git.wire import Unreadable, canonical, entry_form, entry_of

_MARK = b"CJR1"
_EVENT = "event"
_OLD_IN_A_ROW = 16  # processes append in nearly the order of the line
_DAMAGED = (Unreadable, Gap, ValueError, TypeError, KeyError, IndexError, RecursionError)


class Cache:
    """The files of one project in `folder`; `owner` says whose they are."""

    def __init__(self, folder: Path, owner: str) -> None:
        self.folder, self._owner = folder, owner
        self._state = folder / "state"
        self._journal = Journal(folder)
        self._stamp: tuple[int, int] | None = None

    def load(self) -> Known | None:
        """What is known; None where nothing is, or nothing that can be used."""
        try:
            known = self._read_state()
        except (OSError, *_DAMAGED):
            return None
        self.catch_up(known)
        return known

    def catch_up(self, known: Known) -> None:
        """Add what other processes of this machine have seen since."""
        if (stamp := self._journal.stamp()) == self._stamp:
            return
        self._stamp = stamp
        for event in self._later(known):
            try:
                known.add(event)
            except Gap:
                return

    def keep(self, known: Known) -> None:
        """Write all of it; a disk that does not take it is no reason to fail."""
        with suppress(OSError, ValueError):
            self._write_state(known)
            self._sweep()

    def forget(self) -> None:
        """Throw the state away; what was seen stays."""
        with suppress(OSError):
            self._state.unlink(missing_ok=True)

    def append(self, before: Head, event: Event) -> None:
        """Remember one operation that follows on `before`, and when it was seen."""
        data = canonical({"after": before, "entry": entry_form(event.entry)})
        self._journal.append(
            [(event.head or "", _EVENT, data)],
            head=event.head or "",
            entry_id=event.entry.id,
            seq=event.entry.seq,
        )

    def saw(self, entry: Entry) -> None:
        """Remember when an operation was seen, and no more."""
        self._journal.append([], head="", entry_id=entry.id, seq=entry.seq)

    def seen_ms_ago(self, seq: int) -> int | None:
        """How long ago this machine first saw the operation of that number."""
        return self._journal.seen_ms_ago(seq)

    def _later(self, known: Known) -> Iterator[Event]:
        """The journal's events after what is known, as far as they follow on each other, oldest first."""
        found, old = dict[str, Event](), 0
        for name, kind, data in self._journal.newest_objects():
            if kind != _EVENT:
                continue
            try:
                about = json.loads(data)
                event = Event(Head(name), entry_of(about["entry"]))
                before = about["after"]
            except _DAMAGED:
                continue
            if event.entry.seq > known.seq:
                found.setdefault(before, event)
            elif (old := old + 1) > _OLD_IN_A_ROW:
                break
        head: Head | None = known.head
        while head in found:
            event = found.pop(head)
            yield event
            head = event.head

    def _read_state(self) -> Known:
        text = self._state.read_bytes()
        first, _, rest = text.partition(b"\n")
        mark, checksum, size = first.split()
        if mark != _MARK or int(size) != len(rest) or int(checksum) != zlib.crc32(rest):
            raise ValueError("torn")
        line, _, contents = rest.partition(b"\n")
        about = json.loads(line)
        if about["owner"] != self._owner or about["format"] != FORMAT:
            raise ValueError("of another project, or version")
        ends = list(accumulate(about["sizes"], initial=0))
        if ends[-1] != len(contents) or len(ends) != len(about["paths"]) + 1:
            raise ValueError("torn")
        pieces = [contents[start:end] for start, end in pairwise(ends)]
        events = [Event(form["head"], entry_of(form["entry"])) for form in about["events"]]
        return Known(Head(about["head"]), about["seq"], about["base"], Layers(Sheet(about["paths"], pieces)), events)

    def _write_state(self, known: Known) -> None:
        documents = list(known.documents.items())
        about: dict[str, Any] = {
            "owner": self._owner,
            "format": FORMAT,
            "head": known.head,
            "seq": known.seq,
            "base": known.base,
            "events": [{"head": event.head, "entry": entry_form(event.entry)} for event in known.events],
            "paths": [path for path, _ in documents],
            "sizes": [len(content) for _, content in documents],
        }
        rest = b"".join((canonical(about), b"\n", *(content for _, content in documents)))
        self.folder.mkdir(parents=True, exist_ok=True)
        beside = self.folder / f"state.{os.getpid()}-{id(self):x}"
        try:
            beside.write_bytes(b"%s %d %d\n" % (_MARK, zlib.crc32(rest), len(rest)) + rest)
            beside.replace(self._state)
        finally:
            beside.unlink(missing_ok=True)

    def _sweep(self) -> None:
        """Take away what processes left behind that were killed while they wrote."""
        for file in self.folder.glob("state.*"):
            process = file.name.removeprefix("state.").partition("-")[0]
            with suppress(OSError):
                if process.isdecimal() and not _is_alive(int(process)):
                    file.unlink()


class Memory:
    """The same without files: what one handle remembers, for as long as it is open."""

    def __init__(self) -> None:
        self._seen: dict[int, int] = {}

    def load(self) -> None:
        """Give nothing: nothing was known before."""

    def catch_up(self, known: Known) -> None:
        """Add nothing: nobody else tells."""

    def keep(self, known: Known) -> None:
        """Keep nothing."""

    def forget(self) -> None:
        """Do nothing."""

    def append(self, before: Head, event: Event) -> None:
        """Remember when the operation was seen."""
        del before
        self.saw(event.entry)

    def saw(self, entry: Entry) -> None:
        """Remember when an operation was seen."""
        self._seen.setdefault(entry.seq, boottime_ms_now())

    def seen_ms_ago(self, seq: int) -> int | None:
        """How long ago this handle first saw the operation of that number."""
        return boottime_ms_now() - self._seen[seq] if seq in self._seen else None


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
