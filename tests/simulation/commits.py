"""Commits to the files that leases are about, and the court that has to refuse those of whoever lost its lease.

Rule 1: a commit says what an agent believes: it was granted the file once, and may have slept since.
Rule 2: the verdict is the real one of `protocol.judge`, by the published line; `_rival` is the other opinion.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from actors import brought_forward
from ownership import LISTED

from coordinaut_git.protocol.apply import apply
from coordinaut_git.protocol.judge import SECOND_MS, Court, Made, Point, judge
from coordinaut_git.protocol.ops import from_entry
from coordinaut_git.protocol.state import State
from coordinaut_git.protocol.trailers import INSTANCE, TASK
from coordinaut_git.protocol.values import Instant
from coordinaut_git.protocol.verify import ChangedPath
from coordinaut_git.stores.memory import DocumentMap

if TYPE_CHECKING:
    from published import Published
    from team_world import TeamWorld


@dataclass(frozen=True, kw_only=True)
class Commit:
    """A file that was changed by an instance for a task; the instants are those of its machine's clock."""

    instance: str
    task: str
    path: str
    at: Instant
    authored_at: Instant


class Line:
    """The published line as the court looks back on it."""

    def __init__(self, world: "TeamWorld") -> None:
        state, self._points = State(DocumentMap({}), 0), list[Point]()
        for entry in list(world.machines[0].store.log(world.remote.tip))[::-1]:
            state = apply(state, from_entry(brought_forward(entry)), entry.seq)
            self._points.append(Point(state.at, state))

    @property
    def newest(self) -> State:
        """The state at its end."""
        return self._points[-1].state

    def during(self, start: Instant, end: Instant) -> Sequence[Point]:
        """The state at `start`, and after each operation until `end`."""
        within = [point for point in self._points if point.at <= end]
        before = [point for point in within if point.at <= start][-1:]
        return [*(Point(start, point.state) for point in before), *(one for one in within if one.at > start)]

    def held(self, instance: str, task_id: str, until: Instant) -> bool:
        """Whether the instance held a lease on the task at any time until then."""
        leases = (point.state.lease(task_id) for point in self._points if point.at <= until)
        return any(lease and lease.agent_instance == instance for lease in leases)


def complaints(world: "TeamWorld") -> Iterator[str]:
    """One sentence for each commit that is accepted where somebody else has the larger fence."""
    rivals = [_rival(commit, world.published) for commit in world.commits]
    if not any(rivals):
        return
    line = Line(world)
    court = Court(past=line, newest=line.newest, fold=False, tolerance_ms=0, required=True)
    for commit, rival in zip(world.commits, rivals, strict=True):
        accepted = not judge(_made(commit), court).violations
        world.happened[f"commit of files {'accepted' if accepted else 'refused'}"] += 1
        world.happened["commit of files under an old fence"] += rival is not None
        if accepted and rival:
            yield f"{commit} is accepted, and {rival} held the file by a larger fence"


def _made(commit: Commit) -> Made:
    return Made(
        id="c0",
        at=commit.at,
        authored_at=commit.authored_at,
        trailers=((INSTANCE, commit.instance), (TASK, commit.task)),
        changed=(ChangedPath(commit.path),),
    )


def _rival(commit: Commit, published: "Published") -> str | None:
    """Who else held the file for itself all through the second of the commit, with a fence beyond all of its author's."""
    place, start, end = LISTED.index(commit.path), commit.at - 1, commit.at + SECOND_MS
    until = [held.at for held in published.holdings[1:]] + [end + 1]
    largest, who = 0, list[set[tuple[str, int]]]()
    for held, gone in zip(published.holdings, until, strict=True):
        if held.at > end:
            break
        leases = [one for one in held.leases if place in one.places]
        largest = max([largest, *(max(one.fences) for one in leases if one.instance == commit.instance)])
        alone = (one for one in leases if one.mode == "exclusive" and one.expires > end)
        if gone > start:
            who.append({(one.instance, min(one.fences)) for one in alone})
    for instance, fence in set.intersection(*who) if who else ():
        if instance != commit.instance and fence > largest:
            return instance
    return None
