"""The past, point by point, for whoever judges what was done then: `protocol.judge.Past`.

Rule 1: every operation of a stretch is a point of its own; of a stretch with very many, its two ends are.
"""

from collections.abc import Sequence

from coordinaut_git.coordinator import Coordinator
from coordinaut_git.documents import Head
from coordinaut_git.history import index
from coordinaut_git.history.history import History
from coordinaut_git.protocol.apply import apply
from coordinaut_git.protocol.judge import Point
from coordinaut_git.protocol.ops import from_entry
from coordinaut_git.protocol.values import Instant

MOST_BETWEEN = 512


class LinePast:
    """The past of one store."""

    def __init__(self, coordinator: Coordinator, history: History) -> None:
        self._store, self._history = coordinator.store, history
        self._asked: tuple[tuple[Instant, Instant], Sequence[Point]] | None = None
        self._first_held: dict[tuple[str, str], Instant | None] = {}

    def during(self, start: Instant, end: Instant) -> Sequence[Point]:
        """The state at `start`, and after each operation until `end`; nothing where the line begins after `end`."""
        if self._asked is None or self._asked[0] != (start, end):  # several tasks are asked about one stretch
            self._asked = (start, end), self._points(start, end)
        return self._asked[1]

    def held(self, instance: str, task_id: str, until: Instant) -> bool:
        """Whether the instance held a lease on the task at any time until then."""
        asked = instance, task_id
        if asked not in self._first_held:
            self._first_held[asked] = self._since_when(instance, task_id)
        since = self._first_held[asked]
        return since is not None and since <= until

    def _points(self, start: Instant, end: Instant) -> Sequence[Point]:
        last = self._history.point_at(end)
        if last is None:
            return ()
        first = self._history.point_at(start) or self._beginning(last)
        points = [Point(max(start, first.at), self._history.state(first))]
        if first.seq == last.seq:
            return points
        near = last.seq - first.seq <= MOST_BETWEEN
        between = self._between(points[0], first.head, last.head) if near else []
        return points + (between or [Point(end, self._history.state(last))])

    def _beginning(self, last: index.Point) -> index.Point:
        """The first operation of the line, if there are few up to `last`; else `last` itself."""
        if last.seq > MOST_BETWEEN:
            return last
        head = [head for head, _ in self._store.walk(last.head)][-1]
        entry = next(self._store.log(head))
        return index.Point(seq=entry.seq, head=head, at=Instant(entry.at))

    def _between(self, first: Point, old: Head, new: Head) -> list[Point]:
        points, state = [], first.state
        for entry in self._store.since(old, new) or ():
            state = apply(state, from_entry(entry), entry.seq)
            points.append(Point(state.at, state))
        return points

    def _since_when(self, instance: str, task_id: str) -> Instant | None:
        """When the instance first held a lease on the task."""
        for event in self._history.of_task(task_id):
            state = self._history.state(event.point)
            lease = state.lease(task_id)
            if lease and lease.agent_instance == instance:
                return state.at
        return None
