"""Explain a commit: the task that it names, and who held what it changed when it was made.

Rule 1: the leases are those of the line in the second of the commit, judged by instants, whoever asks today.
"""

from dataclasses import replace
from typing import Any

from coordinaut_git.errors import CoordinautError, invalid
from coordinaut_git.operations.lives import life_of
from coordinaut_git.operations.telling import (
    Now,
    commit_form,
    story_of_task,
    story_without_task,
    tasks_named,
)
from coordinaut_git.plumbing.commits import Commit, commit_ids, read_commits
from coordinaut_git.plumbing.raw_diff import RawPath
from coordinaut_git.protocol import views
from coordinaut_git.protocol.holding import holds
from coordinaut_git.protocol.model import Lease, Task
from coordinaut_git.protocol.references import find_task
from coordinaut_git.protocol.state import State
from coordinaut_git.protocol.story import LATEST_MS
from coordinaut_git.protocol.tenure import Holding
from coordinaut_git.protocol.values import Instant, clip

Json = dict[str, Any]


def of_commit(now: Now, revision: str) -> Json:
    """The story of the task that its trailers name, `commit`, and `paths` with the leases that held each then.

    Raises as `commit_ids` does.
    """
    if ".." in revision:
        raise invalid("bad_range", f"{clip(revision)!r} is a range.", hint="Name one commit; git log lists them.")
    (commit,) = read_commits(commit_ids(revision, now.workspace.root), now.workspace.root)
    form, task = commit_form(commit), _named_task(now.state, commit)
    then = Instant(max(commit.committed_at, 0) + LATEST_MS)
    at_that_time = replace(now.moment, at=then, local=then, elapsed=lambda _: None)
    leases = _leases_around(now, then)
    found = [[lease for lease in leases if _is_held(now, lease, path)] for path in commit.changes]
    covering = {(lease.task_id, lease.fence): lease for held in found for lease in held}.values()
    shown = {
        "commit": form,
        "paths": [
            {"path": path.path, "leases": [views.lease_form(lease, at_that_time) for lease in held]}
            for path, held in zip(commit.changes, found, strict=True)
        ],
    }
    if task:
        story = story_of_task(now, life_of(now.history, now.state, task), [form])
    else:
        story = story_without_task([form], [Holding(lease=lease, since=lease.granted_at) for lease in covering])
    return {**story, "leases": [views.lease_form(lease, at_that_time) for lease in covering], **shown}


def _leases_around(now: Now, then: Instant) -> list[Lease]:
    """The leases that stood at any time within the second that ends `then`, which is all that git tells."""
    points = now.workspace.past.during(Instant(then - LATEST_MS), then)
    found = {(lease.task_id, lease.fence): lease for point in points for lease in point.state.leases().values()}
    return sorted(found.values(), key=lambda lease: lease.fence)


def _is_held(now: Now, lease: Lease, path: RawPath) -> bool:
    return holds(lease, path.path, fold=lease.fold or now.workspace.fold, directory=path.directory)


def _named_task(state: State, commit: Commit) -> Task | None:
    """The first task that the trailers name and that there is."""
    for value in tasks_named(commit):
        try:
            return find_task(state, value)
        except CoordinautError:  # a trailer can say anything
            continue
    return None
