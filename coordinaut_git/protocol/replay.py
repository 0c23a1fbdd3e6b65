"""Operations of one line put after the end of another: what becomes of them there.

Rule 1: both lines are walked side by side from the point that they have in common: `ours`, where the operations stand,
        and the new one, where they come to stand, one by one, through the same `applied`.
Rule 2: what depends on the place is made anew: seq, fences, display numbers, `about`. What names a fence is translated
        if the lease that it names came along; else it stays as it was, and the law judges it.
Rule 3: a refusal is for good. What was refused on either side says so itself from then on (`Operation.refused`), so
        that it does not come to life on a longer line.
Rule 4: what was put there is left alone if it is put there again: the same operations, byte for byte.
"""

from collections.abc import Container, Iterable, Iterator
from dataclasses import replace
from typing import NamedTuple

from coordinaut_git.protocol.apply import Applied, applied
from coordinaut_git.protocol.model import Lease, RefusedOperation, Takeover
from coordinaut_git.protocol.ops import Operation, StateMoved, TaskClaimed, TaskCreated
from coordinaut_git.protocol.references import next_display_id
from coordinaut_git.protocol.rules import takeover_of
from coordinaut_git.protocol.state import State


class Fate(NamedTuple):
    """What became of an operation: as it stands in its new place, the state after it, and the record of its refusal.

    `renumbered` is the display id of the task that it created, before and now, if they differ. `again`: it was refused
    where it stood before as well, so that nobody has to be told.
    """

    operation: Operation
    state: State
    refused: RefusedOperation | None = None
    renumbered: tuple[str, str] | None = None
    again: bool = False


def replayed(
    ours: State, theirs: State, operations: Iterable[Operation], skip: Container[str] = (), *, here: str = "git"
) -> Iterator[Fate]:
    """What becomes of the `operations` that follow on `ours`, oldest first, where they are put after `theirs`.

    `ours` is the state at the point that both lines have in common. Those whose id is in `skip` (they stand on the
    other line already, or are withdrawn) happened on the old side only. `here` is the storage of both lines: where the
    state was moved to another one, nothing more is carried out.
    """
    sides = _Sides(ours, theirs)
    for operation in operations:
        stood = applied(sides.old, operation, sides.old.seq + 1)
        if operation.id not in skip:
            yield sides.moved(operation, stood, here)
        sides.old = stood.state


class _Sides:
    """The two lines, each as far as it was walked; `places` tells where what stood at a seq after `common` stands."""

    def __init__(self, ours: State, theirs: State) -> None:
        self.old, self.new = ours, theirs
        self.common = ours.seq
        self.places: dict[int, int] = {}

    def moved(self, operation: Operation, stood: Applied, here: str) -> Fate:
        """Put an operation that has `stood` on the old side at the end of the new one."""
        now = applied(self.new, self._translated(operation, stood, here), self.new.seq + 1)
        self.places[stood.state.seq] = now.state.seq
        self.new = now.state
        return Fate(now.operation, now.state, now.refused, _renumbered(stood, now), bool(stood.refused))

    def _translated(self, operation: Operation, stood: Applied, here: str) -> Operation:
        if code := self._refused(operation, stood, here):
            return replace(operation, refused=code)
        match operation.change:
            case TaskClaimed(takeovers=takeovers) as change if takeovers:
                change = replace(change, takeovers=tuple(map(self._takeover, takeovers)))
                return replace(operation, change=change)
            case TaskCreated(known_as=None) as change:
                return replace(operation, change=self._told(change, stood.state))
            case _:
                return operation

    def _refused(self, operation: Operation, stood: Applied, here: str) -> str | None:
        if stood.refused:
            return stood.refused.code
        home = self.new.home
        away = home is not None and home.storage != here and not isinstance(operation.change, StateMoved)
        return "moved" if away else operation.refused

    def _takeover(self, named: Takeover) -> Takeover:
        """The takeover of the same lease as it is on the new side, if it is the same."""
        old, new = self.old.lease(named.task_id), self.new.lease(named.task_id)
        if old is None or new is None or takeover_of(old) != named or not self._is_counterpart(old, new):
            return named
        return takeover_of(new)

    def _is_counterpart(self, old: Lease, new: Lease) -> bool:
        """Whether a lease was granted, and last renewed, for the same instance by the same operations."""
        places = (self._place(old.fence), self._place(old.seq))
        return old.agent_instance == new.agent_instance and places == (new.fence, new.seq)

    def _place(self, seq: int) -> int | None:
        return seq if seq <= self.common else self.places.get(seq)

    def _told(self, change: TaskCreated, old: State) -> TaskCreated:
        """The creation with the number that its agent was told, should it get another."""
        task = old.task(change.task_id)
        day = change.display_id.split("-")[1]
        told = task.display_id if task else change.display_id
        return change if told == next_display_id(self.new, day) else replace(change, known_as=told)


def _renumbered(stood: Applied, now: Applied) -> tuple[str, str] | None:
    if now.refused or not isinstance(now.operation.change, TaskCreated):
        return None
    before, after = (each.task(now.operation.change.task_id) for each in (stood.state, now.state))
    if not before or not after or before.display_id == after.display_id:
        return None
    return before.display_id, after.display_id
