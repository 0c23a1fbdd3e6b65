"""The line goes on under another ref, for a team whose host does not take the one it began with.

Rule 1: only while the team's remote has not taken the line: what was published has one name for good.
Rule 2: under both names, then by the new one, then under that alone: whatever dies in between, the line is not lost.
"""

from contextlib import closing

from coordinaut_git.errors import contended
from coordinaut_git.plumbing.run import git
from coordinaut_git.plumbing.settings import write_setting
from coordinaut_git.storage import GIT, Storage, open_store
from coordinaut_git.workspace import Workspace

QUEUE_S = 5.0


def may_rename(workspace: Workspace, wanted: Storage, remote: str | None) -> bool:
    """Whether `wanted` is another ref for a line that its team's remote has never had."""
    ruling, team = workspace.storage, remote or workspace.settings.values.get("remote")
    if not team or not ruling.kind == wanted.kind == GIT or workspace.store.head() is None:
        return False
    with closing(workspace.joined(team)) as joined:
        if joined.team is None or joined.team.remote.seen() is not None:
            return False
    with closing(open_store(wanted, workspace.place, workspace.settings, workspace.environ)) as there:
        return there.head() is None


def rename(workspace: Workspace, wanted: Storage) -> None:
    """Let the line go on under the ref of `wanted`; raises contended `lost_races` where others write meanwhile."""
    store, old = workspace.git_store, workspace.storage.ref
    with store.queue(QUEUE_S):
        head = workspace.coordinator.head()
        if store.engine.create_ref(wanted.ref, head):
            write_setting(workspace.place, "ref", wanted.ref)
            answer = git("update-ref", "-d", old, head, at=workspace.place.common_dir)
            if answer.ok:
                return
    raise contended(
        "lost_races",
        f"Somebody wrote while the line was to go on under {wanted.ref}.",
        hint=f"Look at both names: git log --oneline {old} {wanted.ref}",
    )
