"""What the routes read of a line: points, pages, the whole state. Knows entries and documents, no tasks.

Rule 1: everything here may block, and runs in a thread.
"""

from collections import deque
from collections.abc import Collection, Iterator
from itertools import takewhile
from typing import Any, NamedTuple, Protocol, runtime_checkable

from coordinaut_git.documents import FORMAT, Documents, Entry, Head, Store
from coordinaut_git.errors import CoordinautError
from coordinaut_git.faces.http.problems import no_head
from coordinaut_git.wire import document_form, entry_form

Json = dict[str, Any]


class Point(NamedTuple):
    """One operation on the line, and the head that it made."""

    head: Head
    entry: Entry


@runtime_checkable
class Paged(Protocol):
    """A store that finds points by their number."""

    def points(
        self, head: Head, *, after: int, before: int | None, limit: int, newest_first: bool
    ) -> list[tuple[Head, Entry]]:
        """At most `limit` points up to `head` with numbers after `after` and before `before`."""
        ...


def points(
    store: Store, head: Head, *, after: int = 0, before: int | None = None, limit: int, newest_first: bool = False
) -> list[Point]:
    """At most `limit` points up to `head`, numbered after `after` and before `before`; the first ones in that order."""
    if isinstance(store, Paged):
        found = store.points(head, after=after, before=before, limit=limit, newest_first=newest_first)
        return [Point(*one) for one in found]
    both = zip(store.walk(head), store.log(head), strict=True)
    wanted = takewhile(lambda one: one.entry.seq > after, (Point(point, entry) for (point, _), entry in both))
    inside = (one for one in wanted if before is None or one.entry.seq < before)
    if newest_first:
        return [one for one, _ in zip(inside, range(limit), strict=False)]
    return list(deque(inside, maxlen=limit))[::-1]


@runtime_checkable
class Indexed(Protocol):
    """A store that finds a point by what made it, and knows where a point lies."""

    def landed(self, entry_id: str) -> Head | None:
        """The point that the entry of this id made, if it is on the line."""
        ...

    def position(self, head: Head) -> int | None:
        """The number of the operation at a point; None if it is not on the line."""
        ...


def taken(store: Store, head: Head, ids: Collection[str]) -> str | None:
    """One of these ids that an operation up to `head` has."""
    if isinstance(store, Indexed):
        return next((one for one in ids if store.landed(one)), None)
    return next((entry.id for entry in store.log(head) if entry.id in ids), None)


def seq_of(store: Store, head: Head) -> int:
    """The number of the operation at a point; raises 404 for one that is not on the line."""
    if isinstance(store, Indexed):
        seq = store.position(head)
        if seq is None:
            raise no_head(head)
        return seq
    try:
        return store.snapshot(head).last
    except CoordinautError as error:
        if error.code == "unknown_head":
            raise no_head(head) from error
        raise


def state_form(store: Store, head: Head, *, documents: bool) -> Json:
    """`{"format", "head", "seq", "documentsSeq", "documents", "entries"}`: documents, and the entries after them."""
    seq = seq_of(store, head)
    snapshot = store.snapshot(head)
    shown = {path: document_form(content) for path, content in every_document(snapshot.documents)} if documents else {}
    return {
        "format": FORMAT,
        "head": head,
        "seq": seq,
        "documentsSeq": snapshot.seq,
        **({"documents": shown} if documents else {}),
        "entries": [entry_form(entry) for entry in snapshot.entries],
    }


def every_document(documents: Documents) -> Iterator[tuple[str, bytes]]:
    """Each path with its content."""
    folders = [""]
    while folders:
        folder = folders.pop()
        for name in documents.names(folder):
            path = f"{folder}/{name}".strip("/")
            if name.endswith("/"):
                folders.append(path)
            else:
                yield path, documents.get(path) or b""


def event_form(point: Point) -> Json:
    """An entry as events show it: with the head that it made."""
    return {**entry_form(point.entry), "head": point.head}
