"""Sync: exchange operations with the team's remote, once or again and again.

Rule 1: a clone has one team; another remote than the team's is never synced with beside it.
Rule 2: `--watch` outlives a remote that is away; what is wrong with the line or the host ends it, in words.
"""

import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any

from coordinaut_git.errors import CoordinautError, Kind, invalid, not_found, refused
from coordinaut_git.operations.team import check_remote
from coordinaut_git.protocol import views
from coordinaut_git.protocol.state import State
from coordinaut_git.protocol.team_requests import Sync
from coordinaut_git.storage import GIT
from coordinaut_git.sync.joining import Lost
from coordinaut_git.sync.loop import Synced, Team
from coordinaut_git.workspace import Workspace

Json = dict[str, Any]


def sync(workspace: Workspace, request: Sync) -> Json:
    """`{"remote", "fetched", "replayed", "refused", "renumbered", "pushed", "confirmed", "head", "ref"}`.

    `fetched`, `replayed` and `pushed` count operations; `refused` are those of this clone that turned out to have lost,
    `renumbered` the tasks that got another display id, `confirmed` tells whether the remote has all that is here now.
    """
    with closing(_with_team(workspace, request.remote)) as joined:
        return exchanged(joined)


def watch(workspace: Workspace, request: Sync) -> Iterator[Json]:
    """What the first `sync` gives, then that of each one that moved something.

    And `{"remote", "reachable", "code", "message"}` when the remote is away, and once more when it is back.
    """
    with closing(_with_team(workspace, request.remote)) as joined:
        reachable, first, pace = True, True, joined.lookout.pace
        while True:
            try:
                news = exchanged(joined)
            except CoordinautError as error:
                if error.kind is not Kind.CONTENDED:
                    raise
                if reachable:
                    yield _news(joined, reachable=False, code=error.code, message=error.message)
                reachable = False
            else:
                if not reachable:
                    yield _news(joined, reachable=True)
                if first or moved(news):
                    yield news
                reachable, first = True, False
            time.sleep(pace.after_s(reached=reachable))


def published(workspace: Workspace) -> int:
    """Publish what the team's remote has not got, if there is anything; how many operations went."""
    team = workspace.team
    return team.sync().pushed if team and team.unpublished() else 0


def exchanged(workspace: Workspace) -> Json:
    """What `sync` answers, for a workspace that has a team."""
    team = workspace.team
    assert team is not None
    return _form(workspace, team, team.sync())


def moved(result: Json) -> bool:
    """Whether a sync brought or took anything."""
    return bool(result["fetched"] or result["pushed"] or result["refused"] or result["renumbered"])


def _news(workspace: Workspace, *, reachable: bool, **more: str) -> Json:
    return {"remote": workspace.remote, "reachable": reachable, **more}


def _with_team(workspace: Workspace, remote: str | None) -> Workspace:
    """The workspace, or one beside it that takes `remote` for the team's where none is set."""
    if workspace.storage.kind != GIT:
        raise invalid(
            "other_storage",
            f"The state here is kept by the {workspace.storage.kind} storage, which has no clones to exchange with.",
            hint="To share it by git: coordinaut migrate --to git; then coordinaut init --remote NAME",
        )
    check_remote(workspace, remote)
    workspace.coordinator.head()
    mine = workspace.settings.values.get("remote")
    if remote and mine and remote != mine:
        raise refused(
            "other_remote",
            f"The team of this clone meets on {mine}, and a line has one judge only; {remote} was not asked.",
            hint=f"Leave --remote out. If the team has moved: coordinaut init --remote {remote}",
        )
    if not (remote or mine):
        usual = workspace.remote or "NAME"
        raise not_found(
            "no_remote", "This clone has no team: no remote is set.", hint=f"Set it: coordinaut init --remote {usual}"
        )
    return workspace if mine else workspace.joined(remote or "")


def _form(workspace: Workspace, team: Team, done: Synced) -> Json:
    state = workspace.coordinator.read().state
    return {
        "remote": workspace.remote,
        "fetched": done.fetched,
        "replayed": done.replayed,
        "refused": [_lost_form(state, lost) for lost in done.refused],
        "renumbered": [{"taskId": one.task_id, "from": one.before, "to": one.now} for one in done.renumbered],
        "pushed": done.pushed,
        "confirmed": not team.unpublished(),
        "head": done.head,
        "ref": workspace.storage.ref,
    }


def _lost_form(state: State, lost: Lost) -> Json:
    operation, task_id = lost.operation, lost.operation.change.task_id
    task = state.task(task_id) if task_id else None
    return {
        "operation": operation.id,
        "op": operation.op,
        "taskId": task_id,
        "displayId": task.display_id if task else None,
        "agentInstance": operation.actor.instance,
        "code": lost.code,
        "message": f"refused ({lost.code}): {views.summary(state, operation)}",
    }
