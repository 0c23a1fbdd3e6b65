"""The promises as a check of one state: used by tests, by simulations and by `doctor`.

Rule 1: written as plainly as can be, sharing nothing with what keeps the promises but the scopes and their layers.
"""

from collections.abc import Iterator

from coordinaut_git.protocol.holding import meet, parts_of
from coordinaut_git.protocol.model import Lease, Mode
from coordinaut_git.protocol.state import CLOSED, State


def broken_promises(state: State) -> Iterator[str]:
    """One sentence for each promise that this state breaks; expired leases count, since they are there."""
    leases = list(state.leases().values())
    for number, lease in enumerate(leases):
        yield from _alone(state, lease)
        for other in leases[number + 1 :]:
            yield from _beside(lease, other)


def _alone(state: State, lease: Lease) -> Iterator[str]:
    task = state.task(lease.task_id)
    if task is None:
        yield f"The lease on {lease.task_id} has no task."
    elif task.status in CLOSED:
        yield f"{task.display_id} is {task.status} and still held by {lease.agent_instance}."
    if not 0 < lease.fence <= lease.seq <= state.seq:
        yield f"The fence {lease.fence} of {lease.display_id} is not on the line."


def _beside(lease: Lease, other: Lease) -> Iterator[str]:
    if lease.agent_instance == other.agent_instance or Mode.ADVISORY in {lease.mode, other.mode}:
        return
    if lease.mode == other.mode != Mode.EXCLUSIVE:
        return
    where = meet(parts_of(lease), parts_of(other), fold=lease.fold or other.fold)
    if where:
        yield (
            f"{lease.agent_instance} ({lease.display_id}) and {other.agent_instance} ({other.display_id}) "
            f"both hold {where.example!r}."
        )
