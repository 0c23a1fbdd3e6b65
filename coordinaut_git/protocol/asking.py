"""What a decision knows of who asks and when, and what every decision shares.

Rule 1: a clock is judged here and nowhere else: `Moment.expired`.
Rule 2: a holder's operation renews what is due on the way: `due_renewals`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

from coordinaut_git.protocol.model import Actor, Lease, Task
from coordinaut_git.protocol.ops import Change, Renewal
from coordinaut_git.protocol.refusals import Clash, Refusal, holder
from coordinaut_git.protocol.state import State
from coordinaut_git.protocol.values import Instant, duration_ms
from coordinaut_git.protocol.wellformed import MAX_LISTED

DEFAULT_TERM_MS = 30 * 60_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """What time it is for one decision.

    `at`: the instant the operation gets, never before the newest on the line. `local`: this machine's clock.
    `elapsed`: milliseconds since this machine saw the operation at a position of the line, None if it did not.
    `tolerance_ms`: how far clocks may differ where only instants can be compared.
    `confirmed_upto`: the position up to which the judge of a team has the line; None where there is no team.
    """

    at: Instant
    local: Instant
    elapsed: Callable[[int], int | None] = lambda _: None
    tolerance_ms: int = 0
    confirmed_upto: int | None = None

    def confirmed(self, seq: int) -> bool | None:
        """Whether the judge of a team has the operation at a position of the line; None where there is no team."""
        return None if self.confirmed_upto is None else seq <= self.confirmed_upto

    def expired(self, lease: Lease) -> bool:
        """Whether a lease's term has run out: by our own elapsed time where we saw it start, else by instants.

        Within its term by instants it counts as held without a further look; a clock that was set back only delays.
        """
        left_ms = lease.expires_at - self.local
        if 0 < left_ms <= lease.term_ms:
            return False
        elapsed = self.elapsed(lease.seq)
        return left_ms + self.tolerance_ms <= 0 if elapsed is None else elapsed >= lease.term_ms


@dataclass(frozen=True, slots=True, kw_only=True)
class Fresh:
    """What chance and the place give to one decision: unused id tokens, and whether paths here ignore case.

    `storage` is the one that is asked, empty where that does not matter.
    """

    operation: str
    task: str
    fold: bool = False
    storage: str = ""


Made = tuple[Change, tuple[Renewal, ...]] | Refusal | None
"""What a decision makes: a change with the renewals on its way, a refusal, or None where nothing needs writing."""


class Asker(NamedTuple):
    """Who asks, of which state, when and where."""

    state: State
    actor: Actor
    moment: Moment
    fresh: Fresh

    def own(self, task_id: str) -> Lease | None:
        """The asker's lease on a task, expired or not."""
        lease = self.state.lease(task_id)
        return lease if lease and lease.agent_instance == self.actor.instance else None


def due_renewals(asker: Asker, *, without: str = "") -> tuple[Renewal, ...]:
    """What a holder's operation renews on the way: its unexpired leases with less than half of their term left."""
    if not asker.actor.instance:
        return ()
    due = (
        Renewal(task_id=lease.task_id, term_ms=lease.term_ms)
        for lease in asker.state.leases_of(asker.actor.instance)
        if lease.task_id != without and is_due(lease, None, asker.moment) and not asker.moment.expired(lease)
    )
    return tuple(islice(due, MAX_LISTED))


def is_due(lease: Lease, ttl: str | None, moment: Moment) -> bool:
    """Whether a heartbeat would be written: less than half of the term is left, or another term is asked for."""
    if ttl is not None and duration_ms(ttl) != lease.term_ms:
        return True
    return lease.expires_at - moment.at < lease.term_ms // 2


def own_expired(asker: Asker, task: Task) -> Refusal | None:
    """The refusal of a holder whose lease on this task has expired; None for anybody else."""
    own = asker.own(task.id)
    return expired_refusal(own) if own and asker.moment.expired(own) else None


def expired_refusal(lease: Lease) -> Refusal:
    """A lease that has expired must be claimed again before its holder goes on."""
    return Refusal(
        code="lease_expired",
        reason=f"The lease of {holder(lease)} on {lease.display_id} expired at {lease.expires_at}.",
        hint=f"Nobody took it over yet; claim it again: coordinaut claim --task {lease.display_id}",
        clashes=(Clash(lease, None),),
    )
