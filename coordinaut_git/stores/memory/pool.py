"""The points of lines in memory.

Rule 1: a point is named by what it holds and all before it, so that equal names mean equal histories in every store.
Rule 2: points never change; stores, and threads, may share them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256

from coordinaut_git.documents import Changes, Entry, Head
from coordinaut_git.errors import environment
from coordinaut_git.stores.memory.tree import DocumentTree

FIRST = Head("genesis")


@dataclass(frozen=True, slots=True)
class Point:
    """One point of a line: its entry, and the documents as they were at `written`."""

    head: Head
    seq: int
    parent: Head
    entry: Entry | None
    documents: DocumentTree
    written: int


def _first_point() -> Point:
    return Point(FIRST, 0, Head(""), None, DocumentTree(), 0)


class Pool:
    """The points of any number of lines. Who shares one has all that a fetch could bring."""

    def __init__(self) -> None:
        self._points = {FIRST: _first_point()}

    def keep(self, point: Point) -> Point:
        """Keep a point, or the same one that is there already."""
        return self._points.setdefault(point.head, point)

    def point(self, head: Head) -> Point:
        """The point of that name; raises environment `unknown_head`."""
        found = self._points.get(head)
        if found is None:
            raise environment("unknown_head", f"This store in memory has no point {head!r}.")
        return found

    def back(self, head: Head) -> Iterator[tuple[Point, Entry]]:
        """From `head` back to the first operation."""
        point = self.point(head)
        while point.entry is not None:
            yield point, point.entry
            point = self.point(point.parent)

    def after(self, parent: Point, entry: Entry, changes: Changes | None) -> Point:
        """The point that `entry` makes after `parent`, with documents of its own where there are changes to them."""
        written = changes is not None
        documents = parent.documents.changed(changes()) if changes else parent.documents
        return self.with_documents(parent, entry, documents, entry.seq if written else parent.written)

    def with_documents(self, parent: Point, entry: Entry, documents: DocumentTree, written: int) -> Point:
        """The point that `entry` makes after `parent`, with these documents as of `written`."""
        named = repr((parent.head, entry, documents.digest(), written))
        head = Head(sha256(named.encode()).hexdigest())
        return self.keep(Point(head, entry.seq, parent.head, entry, documents, written))
