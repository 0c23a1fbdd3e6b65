"""The remotes of git's configuration, by name, and the one of them that is the team's.

Rule 1: a remote is named, never given by its address: a name cannot be an option, and git knows what belongs to it.
Rule 2: nobody is asked over the network but the remote that somebody has named.
"""

from contextlib import closing
from typing import Any

from coordinaut_git.errors import CoordinautError, Kind, invalid
from coordinaut_git.plumbing.engine import RefAt
from coordinaut_git.plumbing.remotes import tracking_ref
from coordinaut_git.protocol.values import Instant, clip
from coordinaut_git.workspace import Workspace, open_workspace

Json = dict[str, Any]


def check_remote(workspace: Workspace, remote: str | None) -> None:
    """Raise invalid `no_such_remote` for a name that git's configuration does not have."""
    if remote is not None and remote not in workspace.settings.remotes:
        known = ", ".join(workspace.settings.remotes) or "none"
        raise invalid("no_such_remote", f"This repository has no remote {clip(remote)!r}.", hint=f"It has: {known}.")


def team_of(workspace: Workspace) -> Json | None:
    """`{"remote", "policy", "unpublished", "seenAt"}`; None where there is no team.

    `unpublished` counts the operations that the remote had not when it was heard from last, at `seenAt`.
    """
    team = workspace.team
    if team is None:
        return None
    known = workspace.coordinator.read()
    seen_at = workspace.heard_from_remote_at
    return {
        "remote": workspace.remote,
        "policy": workspace.settings.policy,
        "unpublished": known.state.seq - team.confirmed_upto(known),
        "seenAt": str(Instant(seen_at)) if seen_at is not None else None,
    }


def met_team(workspace: Workspace, *, asked: bool, created: bool) -> Json | None:
    """What came of the exchange with the team's remote, if it was `asked` for, as `init` answers it; else None.

    For one that is away there is a notice.
    """
    with closing(open_workspace(workspace.start, workspace.environ, storage=workspace.storage.kind)) as fresh:
        fresh.progress = workspace.progress
        if fresh.team is None:
            workspace.notices += _hint(fresh) if created else []
            return None
        if not asked:
            return None
        team = {"policy": fresh.settings.policy, "remote": fresh.remote}
        from coordinaut_git.operations.sync import exchanged

        try:
            return team | exchanged(fresh)
        except CoordinautError as error:
            if error.kind is not Kind.CONTENDED:
                raise
            workspace.notices.append(f"{error.message} Until `coordinaut sync` reaches it, what you do is provisional.")
            return team | {"confirmed": False}


def _hint(workspace: Workspace) -> list[str]:
    """That a team may be waiting on the remote that one would ask first; it is not asked."""
    remote = workspace.remote
    if remote is None:
        return []
    share = f"coordinaut init --remote {remote}"
    if isinstance(workspace.git_store.engine.read_ref(tracking_ref(remote)), RefAt):
        return [f"{remote} has coordination of a team, which this state is no part of. Join it: {share}"]
    return [f"Other clones do not see this state. To share it by {remote}: {share}"]
