"""The seam between two epochs, as a store would have it: a model, for the product has none.

Rule 1: a root is an operation like any other: it has a number, an id and a place on the line, and changes nothing. What
        is special is its commit: it has no parent, and names the point before it in its message instead.
Rule 2: a root is a function of that point alone: whoever has the point can make it, and compare.
Rule 3: git sees a parent only where a commit has one. What lies before a root comes along with no fetch, and is gone
        with the next collection of garbage, unless a ref of its own keeps it.
Rule 4: a root is on a clone's line only because the remote had it. So what lies before the newest one is published,
        whatever is known of the remote just now, and nothing is ever put before it.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from hashlib import sha256
from itertools import takewhile
from typing import TYPE_CHECKING

from coordinaut_git.documents import Entry, Head, Joining
from coordinaut_git.errors import environment
from coordinaut_git.parting import Meeting
from coordinaut_git.protocol.apply import carried_out
from coordinaut_git.protocol.model import Actor
from coordinaut_git.protocol.ops import Operation, SchemaMigrated, to_entry
from coordinaut_git.protocol.state import State
from coordinaut_git.stores.memory import MemoryStore
from coordinaut_git.stores.memory.pool import FIRST, Point, Pool
from coordinaut_git.sync import loop

if TYPE_CHECKING:
    import pytest

MARK = "op_" + "e" * 8
"""How the ids of roots begin here. In the product a word of the vocabulary would tell; this one is the nearest there is
to it: all documents are written anew, and nothing else happens."""


def is_root(entry: Entry | None) -> bool:
    """Whether an entry begins an epoch."""
    return entry is not None and entry.id.startswith(MARK)


def root_of(pool: Pool, before: Point) -> Point:
    """The root that follows on a point whose documents were written with it."""
    assert before.written == before.seq, "only what was published is followed by a root"
    state = State(before.documents, before.seq)
    operation = Operation(
        id=MARK + sha256(before.head.encode()).hexdigest()[:16],
        at=state.at,
        actor=Actor(agent="coordinaut"),
        change=SchemaMigrated(from_format=1, to_format=1),
    )
    operation, after = carried_out(state, operation, before.seq + 1)
    entry = to_entry(operation, after.seq, f"begin anew after operation {before.seq}")
    return pool.after(before, entry, after.changes)


class Objects(Pool):
    """What one repository has. `archive` has everything that anybody ever made, for whoever looks on."""

    def __init__(self, archive: Pool) -> None:
        super().__init__()
        self._archive = archive

    def __contains__(self, head: object) -> bool:
        return head in self._points

    def keep(self, point: Point) -> Point:
        """Keep it here, and for those who look on."""
        self._archive.keep(point)
        return super().keep(point)

    def back(self, head: Head) -> Iterator[tuple[Point, Entry]]:
        """From `head` back to the first operation that is here: past a root where what lies before it is here too."""
        point = self.point(head)
        while point.entry is not None:
            yield point, point.entry
            if is_root(point.entry) and point.parent not in self:
                return
            point = self.point(point.parent)

    def horizon(self, head: Head) -> Point | None:
        """The root behind which nothing is known here; None where the line is whole."""
        oldest = deque((point for point, _ in self.back(head)), maxlen=1)
        return oldest[0] if oldest and oldest[0].parent not in self else None

    def roots(self, head: Head) -> Iterator[Point]:
        """The roots on the line, newest first."""
        return (point for point, entry in self.back(head) if is_root(entry))

    def take(self, other: Pool, head: Head) -> None:
        """Bring over what git reaches from a point, as a push and a fetch do."""
        for point in _reached(other, head):
            self.keep(point)

    def collect_garbage(self, refs: Iterable[Head]) -> None:
        """Forget what git reaches from none of the refs."""
        reached = {point.head: point for ref in refs for point in _reached(self, ref)}
        self._points = {FIRST: self._points[FIRST], **reached}


class SeamStore(MemoryStore):
    """A clone's store. What a root carries, and is not known by itself, was first seen with the root."""

    def seen_ms_ago(self, seq: int) -> int | None:
        """As ever, and never too early: a lease that was granted before the root could be taken over."""
        objects, head = self.pool, self.head()
        assert isinstance(objects, Objects)
        if (ago := super().seen_ms_ago(seq)) is not None or head is None:
            return ago
        later = [root.seq for root in objects.roots(head) if root.seq > seq]
        return super().seen_ms_ago(min(later)) if later else None


def _reached(pool: Pool, head: Head) -> Iterator[Point]:
    point = pool.point(head)
    while point.entry is not None:
        yield point
        if is_root(point.entry):
            return
        point = pool.point(point.parent)


def meet(store: Joining, ours: Head, theirs: Head) -> Meeting:
    """As `parting.meet`, for lines that may begin at a root.

    Where nothing was seen of the remote, `theirs` is the fixed first point; yet it has had our newest root. Raises
    environment `past_missing` where they do not meet, `remote_replaced` where a root of ours is not on theirs.
    """
    mine, other = list(store.back(ours)), list(store.back(theirs))
    there = {head for head, _ in other}
    shared = (one for one in mine if (is_root(one[1]) if theirs == FIRST else one[0] in there))
    at, entry = next(shared, _begin(mine))
    if at not in there and FIRST not in (at, ours, theirs):
        raise environment("past_missing", "What these two lines have in common is not here.")
    behind, beyond = ([one for head, one in takewhile(lambda one: one[0] != at, line)] for line in (mine, other))
    if any(map(is_root, behind)):
        raise environment("remote_replaced", "The remote does not have an epoch that it had.")
    return Meeting(at, entry.seq if entry else 0, tuple(behind[::-1]), frozenset(one.id for one in beyond))


def seams_known(patch: "pytest.MonkeyPatch") -> None:
    """Let the loop of sync find where lines meet that have seams."""
    patch.setattr(loop, "meet", meet)


def _begin(line: list[tuple[Head, Entry]]) -> tuple[Head, Entry | None]:
    """Where a line begins here: at the fixed first point, or at the root that was taken on trust."""
    return line[-1] if line and line[-1][1].seq > 1 else (FIRST, None)
