"""A clone on a computer of its own: its store, its tracking ref, its clocks, and what it saw when.

Rule 1: what the processes of one machine share lies here; it survives them.
Rule 2: the wall clock is wrong and jumps; the clock for sightings goes right, as a machine's boot clock does, and
        begins anew with each run of the machine.
"""

from typing import TYPE_CHECKING

from world import START

from coordinaut_git.documents import Entry, Head
from coordinaut_git.protocol.values import Instant
from coordinaut_git.stores.memory import MemoryStore

if TYPE_CHECKING:
    from actors import Running
    from team_world import TeamWorld

SECOND_MS, HOUR_MS, YEAR_MS = 1_000, 3_600_000, 365 * 24 * 3_600_000
NEAR_MS = 25 * SECOND_MS
"""So much clocks are wrong at most where that has to be within the tolerance that the coordinator has."""

UPTIMES_MS = (0, HOUR_MS, 40 * 24 * HOUR_MS)
JUMPS_MS = (SECOND_MS, SECOND_MS, 90 * SECOND_MS, HOUR_MS, 5 * HOUR_MS, YEAR_MS)


class Machine:
    """One clone."""

    def __init__(self, world: "TeamWorld", name: str) -> None:
        self.world, self.name = world, name
        self.store = MemoryStore(
            world.pool, checkpoint_every=world.chance.choice((1, 4, 64)), elapsed_ms=self.uptime_ms
        )
        self.tracking: Head | None = None
        self.on_its_way: str | None = None
        self.room_until_s: float | None = None
        self.cut_off, self.damage = "", ""
        self.lock: Running | None = None
        self.boots, self.wakes_at = 0, 0
        self.format = world.chance.choice((1, 1, 2)) if world.faults.updates else 1
        self.made: list[str] = []
        self.policy = world.plan.policy
        self._started_ms = -world.chance.choice(UPTIMES_MS)
        self._skew_ms = world.chance.choice((0, 0, -30 * SECOND_MS, HOUR_MS, -9 * HOUR_MS, YEAR_MS))
        self._rate = world.chance.choice((1.0, 1.0, 0.9, 1.3))
        if world.plan.near:
            self._skew_ms, self._rate = world.chance.randint(-NEAR_MS, NEAR_MS), 1.0

    def now(self) -> Instant:
        """What the wall clock shows."""
        return Instant(START + YEAR_MS * 2 + round(self.world.stage.now * self._rate) + self._skew_ms)

    def jump(self) -> None:
        """Set the wall clock wrong."""
        if self.world.plan.near:
            self._skew_ms = self.world.chance.randint(-NEAR_MS, NEAR_MS)
            return
        self._skew_ms += self.world.chance.choice((1, -1)) * self.world.chance.choice(JUMPS_MS)
        self._skew_ms = max(-YEAR_MS, min(self._skew_ms, 3 * YEAR_MS))

    def uptime_ms(self) -> int:
        """What the boot clock shows."""
        return self.world.stage.now - self._started_ms

    def sleep(self, for_ms: int) -> None:
        """Let nothing go on here for a while; the boot clock runs on, and so does the time of leases."""
        self.world.log(self.name, "sleeps for", for_ms)
        self.wakes_at = self.world.stage.now + for_ms

    def reboot(self) -> None:
        """Start the machine anew: its processes are gone, and its boot clock begins at nothing."""
        self.world.log(self.name, "is started anew")
        self.boots += 1
        self._started_ms, self.lock = self.world.stage.now, None
        self.store.restarted()

    def fetch_by_hand(self) -> None:
        """Somebody's own `git fetch`, which moves the tracking ref behind our back."""
        if not self.world.remote.hidden:
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
