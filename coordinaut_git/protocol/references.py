"""From what people type to what is meant: a display id, a stable id, or an unambiguous prefix of either."""

import re
from collections.abc import Iterator
from itertools import islice

from coordinaut_git.errors import CoordinautError, invalid, not_found
from coordinaut_git.protocol.model import Handoff, Task
from coordinaut_git.protocol.state import State
from coordinaut_git.protocol.values import clip
from coordinaut_git.protocol.wellformed import HANDOFF_HINT

_DISPLAY = re.compile(r"AGT-([0-9]{1,8})(?:-([0-9]{0,9}))?\Z", re.IGNORECASE)
_STABLE = re.compile(r"task_[0-9a-z_]{0,80}\Z")
_HANDOFF = re.compile(r"handoff_[0-9a-z_]{0,80}\Z")
CANDIDATES = 5
DAY_DIGITS = 8


def display_id(day: str, number: int) -> str:
    """`AGT-20261122-007`."""
    return f"AGT-{day}-{number:03d}"


def next_display_id(state: State, day: str) -> str:
    """What a task that is created next gets to be called, on that UTC day."""
    return display_id(day, state.last_number(day) + 1)


def stable_id(day: str, number: int, token: str) -> str:
    """The id that never changes; it begins with the task's first day and number, so that it can be found."""
    return f"task_{day}_{number:03d}_{token}"


def new_handoff_id(day: str, token: str) -> str:
    """The id of a handoff; it begins with its day, so that it can be found."""
    return f"handoff_{day}_{token}"


def find_handoff(state: State, reference: str) -> Handoff:
    """The one handoff that is meant, by its id or the beginning of a pending one's; raises as `find_task`."""
    if not _HANDOFF.match(reference):
        raise invalid("bad_handoff_id", f"{clip(reference)!r} is not a handoff's id.", hint=HANDOFF_HINT)
    exact = state.handoff(reference)
    found = [exact] if exact else [one for one in state.pending_handoffs() if one.id.startswith(reference)]
    if len(found) != 1:
        raise _no_handoff(reference, [one.id for one in found])
    return found[0]


def find_task(state: State, reference: str) -> Task:
    """The one task that is meant; raises invalid for what cannot be an id, not_found for none or several."""
    shown = _DISPLAY.match(reference)
    if shown:
        found = _by_display_id(state, shown[1], shown[2] or "")
    elif _STABLE.match(reference):
        found = [reference] if state.task(reference) else _some(state.task_ids(reference))
    else:
        raise invalid(
            "bad_task_id",
            f"{clip(reference)!r} is not a task id.",
            hint="Use a display id (AGT-20261122-001), a stable id (task_…), or the beginning of one.",
        )
    task = state.task(found[0]) if len(found) == 1 else None
    if not task:
        raise _unclear(reference, found)
    return task


def tasks_meant(state: State, reference: str) -> tuple[str, ...]:
    """The stable ids of the tasks that a record of the past can mean; none for what names no task, or no one task.

    A display id means the task that has it now, and those that had it before they moved to another number.
    """
    shown = _DISPLAY.match(reference)
    if shown and len(shown[1]) == DAY_DIGITS and shown[2]:
        moved = state.alias(display_id(shown[1], int(shown[2])))
        found = (*state.numbered(shown[1], int(shown[2])), *((moved,) if moved else ()))
        if found:
            return tuple(dict.fromkeys(found))
    try:
        return (find_task(state, reference).id,)
    except CoordinautError:
        return ()


def _by_display_id(state: State, day: str, number: str) -> list[str]:
    if len(day) == DAY_DIGITS and number:
        shown = display_id(day, int(number))
        moved = state.alias(shown)
        found = state.numbered(day, int(number)) + ([moved] if moved else [])
        if found:
            return _numbered_now(state, found, shown)
    return _some(state.task_ids(f"task_{day}_{number}" if number else f"task_{day}"))


def _numbered_now(state: State, found: list[str], shown: str) -> list[str]:
    """Of several that were minted with one number, apart from each other, or moved to it, the one that has it."""
    kept = [task_id for task_id in found if (task := state.task(task_id)) and task.display_id == shown]
    return kept or found


def _some(found: Iterator[str]) -> list[str]:
    return list(islice(found, CANDIDATES + 1))


def _no_handoff(reference: str, found: list[str]) -> CoordinautError:
    if not found:
        return not_found("no_such_handoff", f"There is no handoff {reference}.", hint=HANDOFF_HINT)
    return not_found(
        "ambiguous_id",
        f"{reference} could be several handoffs: {', '.join(found[:CANDIDATES])}.",
        hint="Give more of the id.",
        candidates=found[:CANDIDATES],
    )


def _unclear(reference: str, found: list[str]) -> CoordinautError:
    if not found:
        return not_found("no_such_task", f"There is no task {reference}.", hint="List them: coordinaut status --all")
    shown = ", ".join(found[:CANDIDATES]) + (", …" if len(found) > CANDIDATES else "")
    return not_found(
        "ambiguous_id",
        f"{reference} could be several tasks: {shown}.",
        hint="Give more of the id.",
        candidates=found[:CANDIDATES],
    )
