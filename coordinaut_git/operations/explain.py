"""Explain: the story of a task, a commit or a path.

Rule 1: everything is told from the history: the line, and the commits with their trailers. Nothing is guessed.
"""

from typing import Any

from coordinaut_git.errors import invalid
from coordinaut_git.operations.explain_commit import of_commit
from coordinaut_git.operations.explain_path import of_path
from coordinaut_git.operations.lives import life_of
from coordinaut_git.operations.telling import Now, commit_form, now_in, story_of_task, tasks_named
from coordinaut_git.plumbing import commit_search
from coordinaut_git.plumbing.commits import Commit, read_commits
from coordinaut_git.protocol import requests as ask
from coordinaut_git.protocol.model import Task
from coordinaut_git.protocol.references import find_task
from coordinaut_git.protocol.state import State
from coordinaut_git.workspace import Workspace

Json = dict[str, Any]

MOST_COMMITS = 100


def explain(workspace: Workspace, request: ask.Explain) -> Json:
    """`{"task", "leases", "events", "messages", "handoffs", "commits", "story"}`.

    For a commit also `commit`, and `paths` with the leases that held each when it was made; for a path `path`, and the
    `tasks` that held it. Raises invalid (`one_question`, `bad_path`), or as `find_task` and `commit_ids` do.
    """
    asked = [name for name in ("task", "commit", "path") if getattr(request, name) is not None]
    if len(asked) != 1:
        raise invalid(
            "one_question",
            f"explain was asked about {' and '.join(asked) or 'nothing'}.",
            hint="Give exactly one of --task, --commit and --path.",
        )
    now = now_in(workspace)
    if request.task is not None:
        return _of_task(now, find_task(now.state, request.task))
    return of_commit(now, request.commit) if request.commit is not None else of_path(now, request.path or "")


def _of_task(now: Now, task: Task) -> Json:
    life = life_of(now.history, now.state, task)
    return story_of_task(now, life, [commit_form(commit) for commit in _commits_naming(now, task)])


def _commits_naming(now: Now, task: Task) -> list[Commit]:
    """The commits whose trailers name a task, oldest first."""
    words, since_s = (task.display_id, task.id), task.created_at // 1000
    ids = commit_search.naming(words, since_s, now.workspace.settings.ref, now.workspace.root, most=MOST_COMMITS)
    commits = read_commits(reversed(ids), now.workspace.root)
    return [commit for commit in commits if any(_names(now.state, value, task) for value in tasks_named(commit))]


def _names(state: State, value: str, task: Task) -> bool:
    shown = value.upper()
    return value == task.id or shown == task.display_id or state.alias(shown) == task.id
