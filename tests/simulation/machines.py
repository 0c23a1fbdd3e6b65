"""A clone on a computer of its own: its store, its tracking ref, its clocks, and what it saw when.

Rule 1: what the processes of one machine share lies here; it survives them.
Rule 2: the wall clock is wrong and jumps; the clock for sightings goes right, as a machine's boot clock does.
"""

from typing import TYPE_CHECKING

from world import START

from coordinaut_git.documents import Entry, Head
from coordinaut_git.protocol.values import Instant
from coordinaut_git.stores.memory import MemoryStore

if TYPE_CHECKING:
    from team_world import TeamWorld

SECOND_MS, HOUR_MS, YEAR_MS = 1_000, 3_600_000, 365 * 24 * 3_600_000
JUMPS_MS = (SECOND_MS, SECOND_MS, 90 * SECOND_MS, HOUR_MS, 5 * HOUR_MS, YEAR_MS)


class Machine:
    """One clone."""

    def __init__(self, world: "TeamWorld", name: str) -> None:
        self.world, self.name = world, name
        self.store = MemoryStore(
            world.pool, checkpoint_every=world.chance.choice((1, 4, 64)), elapsed_ms=lambda: world.stage.now
        )
        self.tracking: Head | None = None
        self.on_its_way: str | None = None
        self.room_until_s: float | None = None
        self.cut_off = False
        self.locked = False
        self.made: list[str] = []
        self.policy = world.plan.policy
        self._skew_ms = world.chance.choice((0, 0, -30 * SECOND_MS, HOUR_MS, -9 * HOUR_MS, YEAR_MS))
        self._rate = world.chance.choice((1.0, 1.0, 0.9, 1.3))

    def now(self) -> Instant:
        """What the wall clock shows."""
        return Instant(START + YEAR_MS * 2 + round(self.world.stage.now * self._rate) + self._skew_ms)

    def jump(self) -> None:
        """Set the wall clock wrong."""
        self._skew_ms += self.world.chance.choice((1, -1)) * self.world.chance.choice(JUMPS_MS)
        self._skew_ms = max(-YEAR_MS, min(self._skew_ms, 3 * YEAR_MS))

    def fetch_by_hand(self) -> None:
        """Somebody's own `git fetch`, which moves the tracking ref behind our back."""
        self.tracking = self.world.remote.tip

    def after(self, old: Head | None, new: Head) -> list[tuple[Head, Entry]] | None:
        """The points after `old` up to `new`, oldest first; None where `old` is not on the way."""
        found: list[tuple[Head, Entry]] = []
        for head, entry in self.store.back(new):
            if head == old:
                return found[::-1]
            found.append((head, entry))
        return found[::-1] if old in (None, self.store.first) else None

    def continues(self, old: Head, new: Head) -> bool:
        """Whether a line that ended at `old` goes on to `new`."""
        return self.after(old, new) is not None
