"""One operation in its place on the line: what every effect is given, and what it gives."""

from dataclasses import replace
from typing import NamedTuple

from coordinaut_git.protocol.model import Actor, Status, Task
from coordinaut_git.protocol.paths import task_path
from coordinaut_git.protocol.state import CLOSED, Document, State
from coordinaut_git.protocol.values import Instant

Writes = dict[str, Document | None]
"""What an effect changes: path to document, None where it is taken away."""


class Step(NamedTuple):
    """One operation in its place: on this state, by this actor, at this position and instant."""

    state: State
    actor: Actor
    seq: int
    at: Instant

    def after(self, writes: Writes) -> "Step":
        """The same operation, on the state with these writes in it."""
        return self._replace(state=self.state.changed(writes, seq=self.seq, at=self.at)) if writes else self

    def task(self, task_id: str) -> Task:
        """A task that `unlawful` has found to be there."""
        task = self.state.task(task_id)
        assert task is not None, task_id
        return task


def set_status(step: Step, task_id: str, status: Status) -> Writes:
    """The task with another status."""
    task = step.task(task_id)
    return moved_task(task, replace(task, status=status, updated_at=step.at))


def moved_task(old: Task, new: Task) -> Writes:
    """A task lies among the open ones or in the archive, never in both."""
    was, is_now = task_path(old.id, closed=old.status in CLOSED), task_path(new.id, closed=new.status in CLOSED)
    return {is_now: new} if was == is_now else {was: None, is_now: new}
