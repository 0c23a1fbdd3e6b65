"""Looking back: the point of the line at an instant, and the state there.

Rule 1: instants never run backwards along the line, also where one operation's own instant does.
"""

import json
from bisect import bisect_right
from itertools import accumulate

from coordinaut_git.coordinator import Coordinator
from coordinaut_git.documents import Head
from coordinaut_git.errors import CoordinautError, environment
from coordinaut_git.protocol.state import State
from coordinaut_git.protocol.values import Instant


class History:
    """The past of one store."""

    def __init__(self, coordinator: Coordinator) -> None:
        self._coordinator = coordinator
        self._head: Head | None = None
        self._heads: list[Head] = []
        self._instants: list[int] = []

    def head_at(self, instant: Instant) -> Head | None:
        """The newest point whose instant is not after `instant`; None before the first operation.

        Raises not_found (`no_store`) before `init`.
        """
        self._catch_up(self._coordinator.read().head)
        found = bisect_right(self._instants, instant)
        return self._heads[found - 1] if found else None

    def state_at(self, instant: Instant) -> State | None:
        """The state as it was at `instant`; None before the first operation. Raises as `head_at` does."""
        head = self.head_at(instant)
        return None if head is None else self._coordinator.state_at(head)

    def _catch_up(self, head: Head) -> None:
        if head == self._head:
            return
        points = [(name, _instant(name, body)) for name, body in self._coordinator.store.walk(head)][::-1]
        self._heads = [name for name, _ in points]
        self._instants = list(accumulate((at for _, at in points), max))
        self._head = head


def _instant(head: Head, body: bytes) -> Instant:
    try:
        return Instant.parse(json.loads(body)["at"])
    except (ValueError, TypeError, KeyError, CoordinautError) as error:
        raise environment(
            "unreadable_history",
            f"The coordination history cannot be read at {head}: its message holds no operation.",
            hint="Nothing was changed. Run `coordinaut doctor` to see what can be repaired.",
        ) from error
