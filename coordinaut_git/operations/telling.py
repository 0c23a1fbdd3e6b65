"""What the stories of a task, a commit and a path are told with.

Rule 1: the cost follows what is asked about, never the length of the line.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

from coordinaut_git.history.history import History
from coordinaut_git.operations.lives import Life, told_forms, told_items
from coordinaut_git.plumbing.commits import Commit
from coordinaut_git.protocol import views
from coordinaut_git.protocol.asking import Moment
from coordinaut_git.protocol.state import State
from coordinaut_git.protocol.story import (
    commit_item,
    expiry_items,
    handoff_items,
    holding_form,
    holding_items,
    story_of,
)
from coordinaut_git.protocol.tenure import Holding
from coordinaut_git.protocol.values import Instant
from coordinaut_git.workspace import Workspace

Json = dict[str, Any]

TASK_TRAILER = "agent-task"


class Now(NamedTuple):
    """What a story is told from."""

    workspace: Workspace
    state: State
    moment: Moment

    @property
    def history(self) -> History:
        """The line as it was."""
        return self.workspace.history


def now_in(workspace: Workspace) -> Now:
    """The newest state, and the moment in which it is looked at."""
    return Now(workspace, *workspace.coordinator.now())


def story_of_task(now: Now, life: Life, commits: list[Json]) -> Json:
    """The story of a task, with these commits in it."""
    items = [
        *told_items(now.state, life),
        *handoff_items(life.task, life.handoffs),
        *expiry_items(life.leases, now.moment.local),
        *(commit_item(commit) for commit in commits),
    ]
    return {
        "task": views.task_form(now.state, life.task, now.moment),
        "leases": [holding_form(holding, now.moment) for holding in life.leases],
        **told_forms(now.state, life, now.moment),
        "commits": commits,
        "story": story_of(items),
        "truncated": life.cut,
    }


def story_without_task(commits: list[Json], leases: Iterable[Holding], now: Now | None = None) -> Json:
    """What there is to tell where the story is not one task's."""
    leases = list(leases)
    ran_out = expiry_items(leases, now.moment.local) if now else ()
    items = [*holding_items(leases), *ran_out, *(commit_item(commit) for commit in commits)]
    nothing: Json = {"task": None, "events": [], "messages": [], "handoffs": []}
    return {**nothing, "commits": commits, "story": story_of(items), "truncated": False}


def commit_form(commit: Commit) -> Json:
    """A commit with its trailers and the paths that it changed."""
    return {
        "id": commit.id,
        "author": commit.author,
        "subject": commit.subject,
        "authoredAt": str(Instant(max(commit.authored_at, 0))),
        "committedAt": str(Instant(max(commit.committed_at, 0))),
        "trailers": [{"key": key, "value": value} for key, value in commit.trailers],
        "paths": [path.path for path in commit.changes],
    }


def tasks_named(commit: Commit) -> list[str]:
    """What the trailers of a commit call its task."""
    return [value for key, value in commit.trailers if key.casefold() == TASK_TRAILER]
