"""Explain a path: who held it when, what holds it now, and what touched it.

Rule 1: a folder stands for all that is in it, and so does what is not there, which could be one.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from coordinaut_git.errors import invalid
from coordinaut_git.history.history import Event
from coordinaut_git.operations.lives import Life, event_told, life_of
from coordinaut_git.operations.telling import Now, commit_form, story_without_task
from coordinaut_git.plumbing import commit_search
from coordinaut_git.plumbing.commits import read_commits
from coordinaut_git.plumbing.typed_path import from_root
from coordinaut_git.protocol import views
from coordinaut_git.protocol.handoff_views import handoff_form
from coordinaut_git.protocol.model import Task
from coordinaut_git.protocol.story import holding_form
from coordinaut_git.protocol.tenure import Holding, Spot
from coordinaut_git.protocol.values import clip
from coordinaut_git.workspace import Workspace

Json = dict[str, Any]

MOST_TOUCHING = 20
MOST_GRANTS = 200
MOST_TASKS = 40


def of_path(now: Now, typed: str) -> Json:
    """`path`, the `tasks` that held it, their leases of it, and the newest commits that touched it.

    `typed` is relative to where the user stands. Raises invalid `bad_path` for what is not in this repository.
    """
    spot = _spot(now.workspace, typed)
    events = now.history.naming(spot, newest=MOST_GRANTS)
    tasks = _claimants(now, events)
    lives = [life_of(now.history, now.state, task) for task in tasks[-MOST_TASKS:]]
    leases = [holding for life in lives for holding in life.leases if spot.is_held_by(holding.lease)]
    leases.sort(key=lambda holding: (holding.since, holding.lease.fence))
    ids = commit_search.touching(spot.path, now.workspace.settings.ref, now.workspace.root, most=MOST_TOUCHING)
    commits = [commit_form(commit) for commit in read_commits(reversed(ids), now.workspace.root)]
    handoffs = {handoff.id: handoff for life in lives for handoff in life.handoffs if spot.is_in(handoff.files)}
    return {
        **story_without_task(commits, leases, now),
        "leases": [holding_form(holding, now.moment) for holding in leases],
        "events": [event_told(event, now.moment) for event in events],
        "handoffs": [handoff_form(handoff) for handoff in handoffs.values()],
        "path": spot.path,
        "truncated": len(events) == MOST_GRANTS or len(tasks) > MOST_TASKS,
        "tasks": [views.task_form(now.state, life.task, now.moment) for life in lives if _held_by(life, leases)],
    }


def _claimants(now: Now, events: list[Event]) -> list[Task]:
    """The tasks for which the path was claimed or asked for; those that were so last come last."""
    named = [event.operation.change.task_id for event in events if event.operation.op != "task_created"]
    newest = reversed(dict.fromkeys(reversed(named)))
    found = (now.state.task(task_id) for task_id in newest if task_id)
    return [task for task in found if task]


def _held_by(life: Life, leases: Iterable[Holding]) -> bool:
    return any(holding.lease.task_id == life.task.id for holding in leases)


def _spot(workspace: Workspace, typed: str) -> Spot:
    """The path that was typed, from the root of the work tree; raises invalid for one that is outside."""
    root = workspace.place.work_tree
    path = from_root(typed, workspace.start, root) if root else typed.strip("/")
    if not path:
        raise invalid(
            "bad_path",
            f"{clip(ascii(typed))} is not a path in this repository." if path is None else "No path is named.",
            hint="Name a file or folder of the work tree, relative to where you are.",
        )
    return Spot(path=path, folder=_may_be_a_folder(workspace.root / path), fold=workspace.fold)


def _may_be_a_folder(place: Path) -> bool:
    """Whether a path is a folder, or is not there and could be one; a link is a file to git."""
    return not place.is_symlink() and (place.is_dir() or not place.exists())
