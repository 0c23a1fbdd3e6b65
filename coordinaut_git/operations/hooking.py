"""What the hooks of git and those of agents have in common.

Rule 1: whoever runs a hook waits for it, so a server is asked for a few seconds only.
Rule 2: a bug of ours is told, and stops nobody by itself.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from coordinaut_git.errors import CoordinautError, Kind
from coordinaut_git.protocol.model import Mode
from coordinaut_git.protocol.verify import ChangedPath, violations
from coordinaut_git.workspace import Workspace

Json = dict[str, Any]

REMOTE_TIMEOUT, REMOTE_WAIT_S = "COORDINAUT_REMOTE_TIMEOUT", "5"
"""How long a server is asked, unless the environment says otherwise."""


def impatient(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment of a hook."""
    return {REMOTE_TIMEOUT: REMOTE_WAIT_S, **environ}


def bug(error: Exception) -> CoordinautError:
    """What should not be possible, as an error."""
    return CoordinautError(
        Kind.BUG,
        "bug",
        f"This is a bug in coordinaut: {type(error).__name__}: {error}.",
        hint="`coordinaut doctor` may say more; please report it.",
    )


def held_by_others(workspace: Workspace, instance: str, paths: Iterable[ChangedPath]) -> list[Json]:
    """The violations of paths that another instance holds exclusively, by a lease that has not expired."""
    state, moment = workspace.coordinator.now()
    if not state.leases():
        return []

    def firmly(found: Json) -> bool:
        holder = found["holder"] or {}
        lease = state.lease(str(holder.get("taskId")))
        others = lease is not None and lease.agent_instance != instance
        return others and lease is not None and lease.mode == Mode.EXCLUSIVE and not moment.expired(lease)

    return [found for found in violations(state, instance, paths, moment, fold=workspace.fold) if firmly(found)]
