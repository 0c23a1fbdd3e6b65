"""Are these changed paths covered? Pure: paths in, violations out.

Rule 1: an instance may change a path under its own unexpired lease, in a mode that covers writes, and not else; where
        tasks are named, under the lease of one of these.
Rule 2: the reason that is given is the one that helps most: who holds the path now, else what the instance lacks.
"""

from collections.abc import Collection, Iterable
from typing import Any, NamedTuple

from coordinaut_git.protocol.asking import Moment
from coordinaut_git.protocol.holding import holds
from coordinaut_git.protocol.model import Lease
from coordinaut_git.protocol.refusals import holder
from coordinaut_git.protocol.rules import COVERS_WRITES
from coordinaut_git.protocol.state import State


class ChangedPath(NamedTuple):
    """A path that differs; `directory` for a submodule."""

    path: str
    directory: bool = False


Json = dict[str, Any]
Why = tuple[str, Lease | None, str]
"""A reason, the lease it is about, and a hint."""


def violations(
    state: State,
    instance: str,
    changed: Iterable[ChangedPath],
    moment: Moment,
    *,
    fold: bool,
    tasks: Collection[str] | None = None,
) -> list[Json]:
    """CONTRACT's Violations, in the order of the paths; `tasks` are the stable ids of those named, None for any."""
    leases = sorted(state.leases().values(), key=lambda lease: lease.fence, reverse=True)
    found = (_violation(leases, instance, path, moment, fold=fold, tasks=tasks) for path in changed)
    return [violation for violation in found if violation]


def violation(reason: str, hint: str, *, path: str | None = None, lease: Lease | None = None) -> Json:
    """CONTRACT's Violation; `commit` is filled in by who knows it."""
    return {
        "path": path,
        "reason": reason,
        "holder": _holder(lease) if lease else None,
        "commit": None,
        "hint": hint,
    }


def covering(leases: Iterable[Lease], changed: ChangedPath, *, fold: bool) -> list[Lease]:
    """The leases whose scope holds this path, whoever has them and in what mode."""
    return [
        lease for lease in leases if holds(lease, changed.path, fold=fold or lease.fold, directory=changed.directory)
    ]


def _violation(
    leases: list[Lease],
    instance: str,
    changed: ChangedPath,
    moment: Moment,
    *,
    fold: bool,
    tasks: Collection[str] | None,
) -> Json | None:
    found = covering(leases, changed, fold=fold)
    own = [lease for lease in found if lease.agent_instance == instance]
    good = [lease for lease in own if lease.mode in COVERS_WRITES and not moment.expired(lease)]
    if any(tasks is None or lease.task_id in tasks for lease in good):
        return None
    others = [lease for lease in found if lease.agent_instance != instance and lease.mode in COVERS_WRITES]
    reason, lease, hint = _outside(good) or _why(own, others, instance, moment)
    return violation(reason, hint, path=changed.path, lease=lease)


def _outside(good: list[Lease]) -> Why | None:
    for lease in good:
        hint = f"It belongs to {lease.display_id}: name that task too (Agent-Task), or make it a commit of its own."
        return "outside_task_scope", lease, hint
    return None


def _why(own: list[Lease], others: list[Lease], instance: str, moment: Moment) -> Why:
    """Why a path is not covered."""
    for lease in others:
        if any(takeover.agent_instance == instance for takeover in lease.took_over):
            return "taken_over", lease, f"{holder(lease)} took it over; leave the file to {lease.display_id}."
    for lease in others:
        if not moment.expired(lease):
            return "held_by_other", lease, f"Undo the change, or ask {holder(lease)} for a handoff."
    for lease in own:
        if moment.expired(lease):
            return "expired", lease, f"Claim it again: coordinaut claim --task {lease.display_id}"
    for lease in own:
        return "read_only_mode", lease, f"A {lease.mode} lease does not cover changes; claim the file exclusively."
    for lease in others:
        return "held_by_other", lease, f"The lease of {holder(lease)} has expired; taking it over has to say why."
    return "unclaimed", None, "Claim it before you change it, or undo the change."


def _holder(lease: Lease) -> Json:
    return {
        "agentInstance": lease.agent_instance,
        "agent": lease.agent,
        "displayId": lease.display_id,
        "taskId": lease.task_id,
        "expiresAt": str(lease.expires_at),
        "fence": lease.fence,
    }
