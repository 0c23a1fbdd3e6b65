"""What happened to one task, gathered from the history: its operations, leases, messages and handoffs.

Rule 1: read by the index, so that the cost follows the task and not the line; what is too much is left out from the
        beginning, and that is said.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from coordinaut_git.history.history import Event, History
from coordinaut_git.protocol import views
from coordinaut_git.protocol.asking import Moment
from coordinaut_git.protocol.handoff_views import handoff_form
from coordinaut_git.protocol.letters import letters_of
from coordinaut_git.protocol.model import Handoff, Task
from coordinaut_git.protocol.ops import HandoffAnswered, HandoffRequested, HandoffsKept
from coordinaut_git.protocol.people_views import message_form
from coordinaut_git.protocol.state import State
from coordinaut_git.protocol.story import told_item
from coordinaut_git.protocol.tenure import Holding, Told, holdings

Json = dict[str, Any]

MOST_EVENTS = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """One task: the events that name it, oldest first, the leases on it, and the handoffs to it and from it."""

    task: Task
    events: list[Event]
    leases: list[Holding]
    handoffs: list[Handoff]

    @property
    def cut(self) -> bool:
        """Whether older events were left out."""
        return len(self.events) == MOST_EVENTS


def life_of(history: History, state: State, task: Task) -> Life:
    """What is known of a task now."""
    events = history.of_task(task.id, newest=MOST_EVENTS)
    told = [_seen(history, task, event) for event in events if not state.refusal(event.operation.id)]
    return Life(task=task, events=events, leases=holdings(task, told), handoffs=_handoffs(state, events))


def told_forms(state: State, life: Life, moment: Moment) -> Json:
    """`{"events", "messages", "handoffs"}` in CONTRACT's forms."""
    return {
        "events": [event_told(event, moment) for event in life.events],
        "messages": list(_messages(state, life)),
        "handoffs": [handoff_form(handoff) for handoff in life.handoffs],
    }


def event_told(event: Event, moment: Moment) -> Json:
    """CONTRACT's form of an event."""
    return views.event_form(event.entry, event.operation, confirmed_upto=moment.confirmed_upto)


def told_items(state: State, life: Life) -> Iterator[Json]:
    """What the events tell of the task, for its story."""
    for event in life.events:
        refusal = state.refusal(event.operation.id)
        item = told_item(state, life.task, _told(event), refusal)
        if item["text"]:
            yield item


def _told(event: Event) -> Told:
    return Told(event.point.seq, event.point.at, event.operation)


def _seen(history: History, task: Task, event: Event) -> Told:
    """An event, with what became of the lease where files may have been handed over."""
    if event.operation.about or isinstance(event.operation.change, HandoffAnswered | HandoffsKept):
        return _told(event)._replace(seen=True, lease=history.state(event.point).lease(task.id))
    return _told(event)


def _messages(state: State, life: Life) -> Iterator[Json]:
    for event in life.events:
        for message in letters_of(state, event.operation.id, event.point.seq, event.point.at):
            if message.task_id == life.task.id:
                yield message_form(state, message, read=None)


def _handoffs(state: State, events: list[Event]) -> list[Handoff]:
    """The handoffs that the events name, oldest first."""
    ids: list[str] = []
    for event in events:
        match event.operation.change:
            case HandoffRequested(handoff_id=name) | HandoffAnswered(handoff_id=name):
                ids.append(name)
            case HandoffsKept(handoffs=names):
                ids += names
    found = (state.handoff(name) for name in dict.fromkeys(ids))
    return sorted((one for one in found if one), key=lambda one: one.seq)
