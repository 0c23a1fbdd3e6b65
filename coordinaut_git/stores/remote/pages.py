"""The line read backwards, a page at a time; what was read last is remembered, since the past does not change.

Rule 1: pages end at multiples of their size, so that whoever asks for neighbours finds the same page.
"""

from collections import OrderedDict
from collections.abc import Iterator

from coordinaut_git.documents import Head
from coordinaut_git.stores.remote import answers
from coordinaut_git.stores.remote.answers import OK
from coordinaut_git.stores.remote.known import Event
from coordinaut_git.stores.remote.mirror import PAGE, Mirror

MOST_PAGES = 8


class Pages:
    """The operations of a line, found from a point backwards."""

    def __init__(self, mirror: Mirror) -> None:
        self._mirror = mirror
        self._pages: OrderedDict[int, list[Event]] = OrderedDict()

    def back(self, head: Head) -> Iterator[Event]:
        """Every operation from `head` back to the first, each with the head that it made."""
        seq = self._seq_of(head)
        for event in self._mirror.events_back(head):
            yield event
            seq = event.entry.seq - 1
        while seq > 0:
            page = self._page((seq - 1) // PAGE, seq)
            yield from reversed(page)
            seq = page[0].entry.seq - 1

    def _seq_of(self, head: Head) -> int:
        known = self._mirror.seq_of(head)
        if known is not None:
            return known
        for page in self._pages.values():
            for event in page:
                if event.head == head:
                    return event.entry.seq
        return self._mirror.reader.number(self._mirror.state_at(head, documents=False), "seq")

    def _page(self, number: int, last: int) -> list[Event]:
        """The operations of a page up to the one with the number `last`."""
        first = number * PAGE
        page = self._pages.get(number, [])
        if len(page) < last - first:
            page = self._fetched(first, last)
            self._pages[number] = page
            while len(self._pages) > MOST_PAGES:
                self._pages.popitem(last=False)
        return page[: last - first]

    def _fetched(self, first: int, last: int) -> list[Event]:
        reader = self._mirror.reader
        answer = self._mirror.server.read(f"events?after={first}&limit={last - first}")
        events = reader.events(reader.value(answer, OK))
        told = [event.entry.seq for event in events if event.head is not None]
        if told != list(range(first + 1, last + 1)):
            raise answers.bad_answer(reader.address, f"operations {first + 1} to {last} are not in it")
        return events
