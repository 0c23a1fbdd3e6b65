"""What is known here of the line on the server, and how it is brought up to date: one journey, if not none.

Rule 1: operations follow on what is known, without a gap; where they do not, the whole state is fetched.
Rule 2: each operation is noted when it is first seen, since leases are judged by that.
"""

from collections.abc import Iterator

from coordinaut_git.documents import Entry, Head, Snapshot, check_format
from coordinaut_git.stores.remote import answers
from coordinaut_git.stores.remote.answers import MISSING, OK, Json
from coordinaut_git.stores.remote.cache import Cache, Memory
from coordinaut_git.stores.remote.known import Event, Gap, Known
from coordinaut_git.stores.remote.layers import Layers
from coordinaut_git.stores.remote.reading import Reader
from coordinaut_git.stores.remote.server import Server

PAGE = 512
_FETCH_AGAIN_AFTER = 64


class Mirror:
    """The line of one project as this machine knows it."""

    def __init__(self, server: Server, cache: Cache | Memory) -> None:
        self.server, self._cache = server, cache
        self.reader = Reader(server.address)
        self._known: Known | None = None
        self._fetched_at = -_FETCH_AGAIN_AFTER

    def known(self) -> Known | None:
        """What is known without asking the server; what other processes here have learned counts."""
        if self._known is None:
            self._known = self._cache.load()
        else:
            self._cache.catch_up(self._known)
        return self._known

    def newest(self) -> Head | None:
        """Ask for the newest point; None where there is no such project."""
        known = self.known()
        if known is None or (known.is_long and known.seq >= self._fetched_at + _FETCH_AGAIN_AFTER):
            return self._fetched()
        answer = self.server.read(f"events?after={known.head}&limit={PAGE}")
        if answer.status == MISSING and answers.code_of(answer) in ("unknown_head", "no_project"):
            self._known = None
            return self._fetched()
        value = self.reader.value(answer, OK)
        return self._follow(known, value, self.reader.events(value)) or self._fetched()

    def overtaken(self, value: Json) -> list[Event]:
        """Learn what a lost race tells of those who were faster; gives it."""
        events = self.reader.events(value, "entries") if value.get("entries") else []
        if self._known is not None:
            self._follow(self._known, value, events)
        return events

    def landed(self, before: Head, event: Event, *, rewrites: bool = False) -> Known | None:
        """Note an operation that this handle has written after `before`; gives what is known, if that goes on there.

        One that `rewrites` the documents does not follow on those that other processes know.
        """
        known = self._known
        if known is None or known.head != before:
            return None
        known.add(event)
        if rewrites:
            self._cache.saw(event.entry)
        else:
            self._cache.append(before, event)
        return known

    def begun(self, head: Head) -> None:
        """Note that this handle has begun the line, with `head` as its first point."""
        self._known = Known(head, 0, 0, Layers.of({}), [])
        self._cache.keep(self._known)

    def events_back(self, head: Head) -> Iterator[Event]:
        """The operations from `head` back as far as they are known without a gap, newest first; none if it is not."""
        return self._known.back(head) if self._known else iter(())

    def forget(self) -> None:
        """Note that what is known may not lead on; the next look fetches everything."""
        self._known = None
        self._cache.forget()

    def keep(self, known: Known) -> None:
        """Write down all of what is known: its documents have changed."""
        self._cache.keep(known)

    def seq_of(self, head: Head) -> int | None:
        """The number of a point, if it is known."""
        return self._known.seq_of(head) if self._known else None

    def base_of(self, head: Head) -> int | None:
        """The number of the documents that are given with this point, if it is known."""
        known = self._known
        return known.base if known and (known.seq_of(head) or 0) >= known.base else None

    def snapshot(self, head: Head) -> Snapshot:
        """The state at a point; fetched if it lies before the documents that are known."""
        found = self._known.snapshot(head) if self._known else None
        return found or self.reader.snapshot(self.state_at(head))

    def state_at(self, head: Head, *, documents: bool = True) -> Json:
        """Fetch the state at a point; raises environment `unknown_head`."""
        only = "" if documents else "&documents=false"
        value = self.reader.value(self.server.read(f"state?head={head}{only}"), OK)
        if documents:
            check_format(self.reader.number(value, "format"))
        return value

    def since(self, old: Head, head: Head) -> tuple[Entry, ...] | None:
        """The entries after `old` up to `head`, if there are at most `PAGE` and `old` is on the way."""
        found = self._known.since(old, head) if self._known else None
        if found is not None:
            return found if len(found) <= PAGE else None
        answer = self.server.read(f"events?after={old}&limit={PAGE}")
        if answer.status == MISSING and answers.code_of(answer) == "unknown_head":
            return None
        events = self.reader.events(self.reader.value(answer, OK))
        points = [event.head for event in events]
        return tuple(event.entry for event in events[: points.index(head) + 1]) if head in points else None

    def _follow(self, known: Known, value: Json, events: list[Event]) -> Head | None:
        """Go on to the newest point that the answer names; None if its operations do not lead there."""
        newest, kept = self.reader.head(value), value.get("documentsSeq")
        if isinstance(kept, int) and kept > known.base:  # perhaps rewritten: what is known may not lead there
            self._known = None
            return None
        try:
            for event in events:
                if event.entry.seq > known.seq:
                    before = known.head
                    known.add(event)
                    self._cache.append(before, event)
        except Gap:
            return None
        return newest if known.head == newest else None

    def _fetched(self) -> Head | None:
        """Fetch the whole state."""
        answer = self.server.read("state")
        if answer.status == MISSING and answers.code_of(answer) == "no_project":
            self._known = None
            return None
        value = self.reader.value(answer, OK)
        check_format(self.reader.number(value, "format"))
        fresh = self._read(value)
        self._compare(fresh)
        self._known, self._fetched_at = fresh, fresh.seq
        self._cache.keep(fresh)
        return fresh.head

    def _read(self, value: Json) -> Known:
        """What a whole state says."""
        events = self.reader.events(value, "entries")
        told = self._known.heads() if self._known else {}
        points = [Event(told.get(entry.id), entry) for _, entry in events[:-1]]
        head = self.reader.head(value)
        points += [Event(head, entry) for _, entry in events[-1:]]
        try:
            return Known(
                head,
                self.reader.number(value, "seq"),
                self.reader.number(value, "documentsSeq"),
                self.reader.documents(value),
                points,
            )
        except Gap as gap:
            raise answers.bad_answer(self.server.address, str(gap)) from None

    def _compare(self, fresh: Known) -> None:
        """Note which operations are new here, and where what was known lies on the way."""
        old = self._known
        if old is not None:
            fresh.place(old.head, old.seq)
        for event in fresh.events:
            if old is None or event.entry.seq > old.seq:
                self._cache.saw(event.entry)
