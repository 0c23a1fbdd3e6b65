"""Verification: whether what changed is covered by who changed it."""

from typing import Any

from coordinaut_git.errors import refused
from coordinaut_git.plumbing.changes import changes_in
from coordinaut_git.protocol import requests as ask
from coordinaut_git.protocol.verify import ChangedPath, violations
from coordinaut_git.workspace import Workspace

Json = dict[str, Any]


def verify_worktree(workspace: Workspace, request: ask.VerifyWorktree) -> Json:
    """`{"violations": [], "checked", "agentInstance"}`; refused (exit 1) with the violations if there are any."""
    instance = workspace.owner(request).instance or ""
    changed = [ChangedPath(change.path, change.directory) for change in changes_in(workspace.root)]
    state = workspace.coordinator.read().state
    moment = workspace.coordinator.moment(state)
    found = violations(state, instance, changed, moment, fold=workspace.fold)
    shown = {"violations": found, "checked": len(changed), "agentInstance": instance}
    if found:
        raise refused(
            "unverified",
            f"{len(found)} of {len(changed)} changed path{'s are' if len(changed) > 1 else ' is'} "
            f"not covered by a lease of {instance}.",
            hint=found[0]["hint"],
            **shown,
        )
    return shown
