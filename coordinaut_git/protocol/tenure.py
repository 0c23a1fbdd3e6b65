"""Who held what from when to when, told from the operations of one task.

Rule 1: a grant is what `apply` makes of it; nothing is decided here. Operations that were refused are left out before.
Rule 2: where an operation moves a lease without saying how (a handoff), what was seen after it is given with it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import NamedTuple

from coordinaut_git.protocol.apply import granted
from coordinaut_git.protocol.holding import Parts, holds, meet, parts_of
from coordinaut_git.protocol.model import Actor, Lease, Part, Task
from coordinaut_git.protocol.ops import HandoffAnswered, HandoffsKept, Operation, TaskClaimed, TaskReleased, TaskUpdated
from coordinaut_git.protocol.pattern import escaped
from coordinaut_git.protocol.scope import covers
from coordinaut_git.protocol.state import CLOSED, State
from coordinaut_git.protocol.step import Step
from coordinaut_git.protocol.values import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """A path from the repository's root, and whether it is a folder, with all that is in it."""

    path: str
    folder: bool = False
    fold: bool = False

    def is_in(self, files: tuple[str, ...], *, fold: bool = False) -> bool:
        """Whether patterns cover it; whether they meet it, for a folder."""
        fold = fold or self.fold
        if self.folder:
            return meet((Part(files=files),), self._tree, fold=fold) is not None
        return covers(files, self.path, fold=fold)

    def is_held_by(self, lease: Lease) -> bool:
        """Whether a lease holds it, or something of it for a folder."""
        fold = lease.fold or self.fold
        if self.folder:
            return meet(parts_of(lease), self._tree, fold=fold) is not None
        return holds(lease, self.path, fold=fold)

    @property
    def _tree(self) -> Parts:
        return (Part(files=(escaped(self.path) + "/",)),)


class Told(NamedTuple):
    """An operation in its place; `at` is the line's instant there.

    Where it alone does not tell what became of the lease, `seen` is true and `lease` is what was there after.
    """

    seq: int
    at: Instant
    operation: Operation
    seen: bool = False
    lease: Lease | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """A lease as it was last, and how it ended; None where it stands.

    In a word: `released done cancelled taken_over handed_over changed`, the last one for a scope that was widened.

    `since` is from when on it was held like this, `ended_by` who ended it.
    """

    lease: Lease
    since: Instant
    ended: str | None = None
    ended_at: Instant | None = None
    ended_by: Actor | None = None


def holdings(task: Task, line: Iterable[Told]) -> list[Holding]:
    """The leases that there were on a task, oldest first; one whose scope changed is told as two."""
    found: list[Holding] = []
    held: Holding | None = None
    for told in line:
        lease, how = _after(task, held.lease if held else None, told)
        lease = told.lease if told.seen else lease
        if held and lease and _is_same(held.lease, lease):
            held = replace(held, lease=lease)
            continue
        if held:
            by = told.operation.actor
            found.append(replace(held, ended=how or _moved(told), ended_at=told.at, ended_by=by))
        held = Holding(lease=lease, since=told.at) if lease else None
    return [*found, held] if held else found


def joined(found: Iterable[Holding]) -> list[Holding]:
    """Holdings of something that stayed held while the scope around it changed, told as one."""
    told: list[Holding] = []
    last: dict[str, int] = {}
    for one in found:
        task_id, before = one.lease.task_id, last.get(one.lease.task_id)
        if before is not None and _goes_on(told[before], one):
            told[before] = replace(one, since=told[before].since)
        else:
            last[task_id] = len(told)
            told.append(one)
    return told


def _goes_on(one: Holding, other: Holding) -> bool:
    same = one.lease.agent_instance == other.lease.agent_instance and one.ended_at == other.since
    return same and one.ended in {"changed", "handed_over"}


def _moved(told: Told) -> str:
    return "handed_over" if isinstance(told.operation.change, HandoffAnswered | HandoffsKept) else "changed"


def _after(task: Task, held: Lease | None, told: Told) -> tuple[Lease | None, str]:
    """The lease after an operation, and in a word what happened to one that ended."""
    change, actor = told.operation.change, told.operation.actor
    for renewal in told.operation.renewals:
        if held and renewal.task_id == task.id and held.agent_instance == actor.instance:
            end = Instant(told.at + renewal.term_ms)
            held = replace(held, expires_at=end, term_ms=renewal.term_ms, seq=told.seq)
    match change:
        case TaskClaimed() if change.task_id == task.id:
            leases = {task.id: held} if held else {}
            step = Step(State(_Nothing(), told.seq, leases=leases), actor, told.seq, told.at)
            own = held is not None and held.agent_instance == actor.instance
            lease = granted(step, task, change, [])
            lease = replace(lease, took_over=(*lease.took_over, *change.takeovers))
            return lease, "changed" if own else "taken_over"
        case TaskClaimed() if any(lost.task_id == task.id for lost in change.takeovers):
            return None, "taken_over"
        case TaskReleased() if change.task_id == task.id:
            return None, "released"
        case TaskUpdated() if change.task_id == task.id and change.status in CLOSED:
            return None, str(change.status)
        case _:
            return held, ""


def _is_same(one: Lease, other: Lease) -> bool:
    """Whether it is the same grant of the same scope, renewed at most."""
    return (one.fence, parts_of(one), one.agent_instance) == (other.fence, parts_of(other), other.agent_instance)


class _Nothing:
    """No documents at all."""

    def get(self, path: str) -> None:
        """Give nothing."""

    def names(self, folder: str) -> tuple[str, ...]:  # noqa: ARG002 - the interface's name
        """Give no names."""
        return ()
