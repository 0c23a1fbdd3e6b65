"""Looking back: the state at an instant, and what happened to a task, an instance or a path.

Rule 1: instants never run backwards along the line, also where one operation's own instant does.
Rule 2: the index only tells where to look. What is answered was read from the line itself; where the two do not agree,
        the index is made anew.
"""

from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple, TypeVar

from coordinaut_git.coordinator import Coordinator, Known
from coordinaut_git.documents import Entry, Head
from coordinaut_git.errors import CoordinautError
from coordinaut_git.history.index import Index, Point, Useless
from coordinaut_git.history.rows import instance_key, keys_below, path_keys, task_key
from coordinaut_git.history.shelf import Shelf
from coordinaut_git.protocol.ops import Operation, from_entry
from coordinaut_git.protocol.state import State
from coordinaut_git.protocol.tenure import Spot
from coordinaut_git.protocol.values import Instant

T = TypeVar("T")
R = TypeVar("R")

_NEAR = 64
_REMEMBERED = 8


class Event(NamedTuple):
    """An operation of the line and its place there."""

    point: Point
    entry: Entry
    operation: Operation


class History:
    """The past of one store; its index lies in `folder`. Everything raises not_found (`no_store`) before `init`."""

    def __init__(self, coordinator: Coordinator, folder: Path) -> None:
        self._coordinator = coordinator
        self._store = coordinator.store
        self._shelf = Shelf(folder)
        self._past: deque[Known] = deque(maxlen=_REMEMBERED)

    def point_at(self, instant: Instant) -> Point | None:
        """The newest point whose instant is not after `instant`, with its place; None before the first operation."""
        return self._ask(
            lambda index, upto: index.at(instant, upto), lambda point: self._event(point).point if point else None
        )

    def head_at(self, instant: Instant) -> Head | None:
        """The newest point whose instant is not after `instant`; None before the first operation."""
        point = self.point_at(instant)
        return point.head if point else None

    def state_at(self, instant: Instant) -> State | None:
        """The state as it was at `instant`; None before the first operation."""
        point = self.point_at(instant)
        return self.state(point) if point else None

    def state(self, point: Point) -> State:
        """The state at a point of the line; several that lie together, or are asked for again, cost little more."""
        before = (known for known in self._past if 0 <= point.seq - known.state.seq <= _NEAR)
        near = max(before, key=lambda known: known.state.seq, default=None)
        if near and near.head == point.head:
            return near.state
        known = Known(point.head, self._coordinator.state_at(point.head, near))
        self._past.append(known)
        return known.state

    def of_task(self, task_id: str, *, newest: int | None = None) -> list[Event]:
        """What named a task, renewed its lease or ended it, oldest first; at most the `newest` so many."""
        return self._events([task_key(task_id)], newest)

    def of_instance(self, instance: str, *, newest: int | None = None) -> list[Event]:
        """What an agent instance did, and what ended its leases or was said to it, oldest first."""
        return self._events([instance_key(instance)], newest)

    def naming(self, spot: Spot, *, newest: int | None = None) -> list[Event]:
        """What named patterns that cover a path, or meet a folder, oldest first: new tasks, grants, handoffs.

        With `newest`, only so many of those are looked at that begin like the path.
        """
        below = keys_below(spot.path) if spot.folder else None
        events = self._events(path_keys(spot.path), newest, below)
        return [event for event in events if spot.is_in(patterns_of(event.operation), fold=_folds(event.operation))]

    def keep_up(self, most: int) -> None:
        """Bring the index up to date if at most the newest `most` operations are not in it; never fails or waits."""
        with suppress(CoordinautError):
            known = self._coordinator.likely()
            self._shelf.keep_up(self._store, known.head, known.state.seq, most)

    def discard(self) -> None:
        """Throw the index away; it is made anew when it is needed."""
        self._shelf.discard()

    def close(self) -> None:
        """Let go of the index."""
        self._shelf.close()

    def _events(
        self, keys: Iterable[bytes], newest: int | None, below: tuple[bytes, bytes] | None = None
    ) -> list[Event]:
        first = 0 if newest is None else -newest
        return self._ask(
            lambda index, upto: index.found(keys, below or (b"", b""), upto)[first:],
            lambda points: [self._event(point) for point in points],
        )

    def _event(self, point: Point) -> Event:
        entry = next(self._store.log(point.head), None)
        if entry is None or entry.seq != point.seq:
            raise Useless(f"{point.head} is not operation {point.seq}")
        return Event(point, entry, from_entry(entry))

    def _ask(self, question: Callable[[Index, int], T], read: Callable[[T], R]) -> R:
        """What was read of the line, at the places that the index named; it is made anew if it is of no use."""
        head, state = self._coordinator.likely()

        def answer() -> R:
            return read(self._shelf.answer(self._store, head, state.seq, lambda index: question(index, state.seq)))

        try:
            return answer()
        except (Useless, CoordinautError):  # is the line damaged, it is said by whoever reads it for the new index
            self._shelf.discard()
            return answer()


def _folds(operation: Operation) -> bool:
    return getattr(operation.change, "fold", False)


def patterns_of(operation: Operation) -> tuple[str, ...]:
    """The patterns that an operation names."""
    return getattr(operation.change, "files", None) or ()
