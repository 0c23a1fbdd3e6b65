"""One operation in its place on the line: what every effect is given, and what it gives."""

from typing import NamedTuple

from coordinaut_git.protocol.model import Actor, Task
from coordinaut_git.protocol.state import Document, State
from coordinaut_git.protocol.values import Instant

Writes = dict[str, Document | None]
"""What an effect changes: path to document, None where it is taken away."""


class Step(NamedTuple):
    """One operation in its place: on this state, by this actor, at this position and instant."""

    state: State
    actor: Actor
    seq: int
    at: Instant

    def task(self, task_id: str) -> Task:
        """A task that `unlawful` has found to be there."""
        task = self.state.task(task_id)
        assert task is not None, task_id
        return task
