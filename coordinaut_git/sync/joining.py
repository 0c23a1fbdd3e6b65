"""What our line becomes when it goes on from theirs: the unpublished operations replayed, one by one.

Rule 1: of a long tail only the newest state is kept at a time, and of each operation what it has changed.
"""

from collections.abc import Container, Iterable
from typing import NamedTuple

from coordinaut_git.coordinator import Coordinator
from coordinaut_git.documents import Head, Step
from coordinaut_git.parting import Meeting
from coordinaut_git.protocol.ops import Operation, from_entry, to_entry
from coordinaut_git.protocol.replay import Fate, replayed
from coordinaut_git.protocol.state import State
from coordinaut_git.protocol.views import summary

_REFUSED = "refused: "


class Lost(NamedTuple):
    """An operation that was refused when it was replayed, and why."""

    operation: Operation
    code: str


class Renumbered(NamedTuple):
    """A task that got another display id, since somebody else has published the one it had."""

    task_id: str
    before: str
    now: str


class Tail(NamedTuple):
    """What our line is to have after the point `onto`: its entries with what they change; who lost, and who moved."""

    onto: Head
    steps: tuple[Step, ...]
    lost: tuple[Lost, ...]
    renumbered: tuple[Renumbered, ...]


def tail_after(coordinator: Coordinator, meeting: Meeting, onto: Head, without: Container[str] = ()) -> Tail:
    """Our operations after a meeting put after `onto`, but for those that stand there and those `without` these ids."""
    operations = [from_entry(entry) for entry in meeting.ours]
    skip = {one.id for one in operations if one.id in meeting.theirs or one.id in without}
    base, theirs = coordinator.state_at(meeting.at), coordinator.state_at(onto)
    fates = replayed(base, theirs, operations, skip, here=coordinator.store.name)
    return _tail(onto, theirs, {entry.id: entry.summary for entry in meeting.ours}, fates)


def _tail(onto: Head, state: State, said: dict[str, str], fates: Iterable[Fate]) -> Tail:
    steps: list[Step] = []
    lost: list[Lost] = []
    renumbered: list[Renumbered] = []
    for operation, after, refused, number, again in fates:
        text = _refused(said[operation.id]) if refused else summary(state, operation)
        entry = to_entry(operation, after.seq, text)
        steps.append(Step(entry=entry, changes=after.changes(state if steps else None)))
        state = after
        if refused and not again:
            lost.append(Lost(operation, refused.code))
        if number:
            renumbered.append(Renumbered(str(operation.change.task_id), *number))
    return Tail(onto, tuple(steps), tuple(lost), tuple(renumbered))


def _refused(text: str) -> str:
    return text if text.startswith(_REFUSED) else _REFUSED + text
