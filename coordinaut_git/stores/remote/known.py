"""What is known of a line that lies on a server: documents at one point, and the operations around and after it.

Rule 1: what is known was once the newest. It grows at its end, without a gap, or is replaced as a whole.
Rule 2: the documents are those that the server keeps, never newer: what a writer sends is what differs from them.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import takewhile
from typing import NamedTuple

from coordinaut_git.documents import Entry, Head, Snapshot
from coordinaut_git.stores.remote.layers import Layers

MOST_EVENTS = 1_024
"""So many operations are kept; the older half goes when there are more, as far as the documents do not need it."""

_BYTES_AN_ENTRY = 4_096
_FEWEST, _MOST = 128, 320


class Event(NamedTuple):
    """An operation, and the point that it made, where that was told."""

    head: Head | None
    entry: Entry


class Gap(Exception):
    """What came does not follow on what is known."""


class Known:
    """The newest point `head`, number `seq`, with the documents of number `base`."""

    def __init__(self, head: Head, seq: int, base: int, documents: Layers, events: Iterable[Event]) -> None:
        self.head, self.seq, self.base, self.documents = head, seq, base, documents
        self._events = list(events)
        numbers = [event.entry.seq for event in self._events]
        if base > seq or numbers[len(numbers) - (seq - base) :] != list(range(base + 1, seq + 1)):
            raise Gap("the operations do not follow on the documents")
        self._places = {event.head: event.entry.seq for event in self._events if event.head is not None}
        self._places[head] = seq

    @property
    def events(self) -> tuple[Event, ...]:
        """The operations after the documents, oldest first."""
        return tuple(self._events[len(self._events) - (self.seq - self.base) :])

    @property
    def is_long(self) -> bool:
        """Whether so many operations came after the documents that newer ones are worth fetching."""
        worth = self.documents.size_bytes // _BYTES_AN_ENTRY
        return self.seq - self.base > max(_FEWEST, min(worth, _MOST))

    def seq_of(self, head: Head) -> int | None:
        """The number of a point, if it is one of those that are known."""
        return self._places.get(head)

    def heads(self) -> dict[str, Head]:
        """The points that are known, by the ids of their operations."""
        return {entry.id: head for head, entry in self._events if head is not None}

    def place(self, head: Head, seq: int) -> None:
        """Learn that a point has this number; of those before the documents nothing is kept."""
        if self.base <= seq <= self.seq:
            self._places[head] = seq

    def add(self, event: Event) -> None:
        """Go one point on; raises `Gap`."""
        if event.entry.seq != self.seq + 1 or event.head is None:
            raise Gap(f"operation {event.entry.seq} does not follow on {self.seq}")
        self._events.append(event)
        self.seq, self.head = event.entry.seq, event.head
        self._places[event.head] = event.entry.seq
        if len(self._events) > MOST_EVENTS:
            self._forget()

    def written(self, changes: Mapping[str, bytes | None]) -> None:
        """Note that the server keeps the documents of the newest point now, and what differs from those before."""
        self.documents, self.base = self.documents.changed(changes), self.seq

    def rewritten(self, documents: Mapping[str, bytes]) -> None:
        """Note that the server keeps these documents, and no others, at the newest point."""
        self.documents, self.base = Layers.of(documents), self.seq

    def snapshot(self, head: Head) -> Snapshot | None:
        """The documents, and the operations after them up to `head`; None for a point before them."""
        seq = self._places.get(head, -1)
        if seq < self.base:
            return None
        entries = tuple(event.entry for event in self.events[: seq - self.base])
        return Snapshot(head=head, seq=self.base, documents=self.documents, entries=entries)

    def since(self, old: Head, head: Head) -> tuple[Entry, ...] | None:
        """The entries after `old` up to `head`, if both and all between are known."""
        first, last = self._places.get(old), self._places.get(head)
        if first is None or last is None or first > last:
            return None
        start = self._events[0].entry.seq if self._events else self.seq + 1
        if first + 1 < start and first != last:
            return None
        return tuple(event.entry for event in self._events[first + 1 - start : last + 1 - start])

    def back(self, head: Head) -> Iterator[Event]:
        """The operations from `head` back, newest first, as far as each is known with the head that it made."""
        seq = self._places.get(head, 0)
        if not self._events or seq < self._events[0].entry.seq:
            return iter(())
        return takewhile(
            lambda event: event.head is not None, reversed(self._events[: seq + 1 - self._events[0].entry.seq])
        )

    def _forget(self) -> None:
        needed = self.seq - self.base
        self._events = self._events[-max(needed, MOST_EVENTS // 2) :]
        oldest = self._events[0].entry.seq - 1
        self._places = {head: seq for head, seq in self._places.items() if seq >= oldest}
