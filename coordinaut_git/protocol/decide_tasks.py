"""Decisions about tasks: create and update."""

from coordinaut_git.errors import invalid
from coordinaut_git.protocol import requests as ask
from coordinaut_git.protocol.asking import Asker, Made, due_renewals, own_expired
from coordinaut_git.protocol.model import DEFAULT_PRIORITY, Check, CheckStatus, Task
from coordinaut_git.protocol.ops import TaskCreated, TaskUpdated
from coordinaut_git.protocol.references import display_id, find_task, stable_id
from coordinaut_git.protocol.scope import check_scope
from coordinaut_git.protocol.state import State
from coordinaut_git.protocol.values import Instant, clip


def create(asker: Asker, request: ask.CreateTask) -> Made:
    """A new task, with the next number of the day."""
    state, day = asker.state, asker.moment.at.day
    number = state.last_number(day) + 1
    change = TaskCreated(
        task_id=stable_id(day, number, asker.fresh.task),
        display_id=display_id(day, number),
        title=request.title,
        scope=request.scope,
        files=check_scope(request.files) if request.files else (),
        priority=DEFAULT_PRIORITY if request.priority is None else request.priority,
        depends_on=_dependencies(state, request.depends_on),
    )
    return change, due_renewals(asker)


def update(asker: Asker, request: ask.UpdateTask) -> Made:
    """What is known of a task changes; None leaves a field as it was."""
    task = find_task(asker.state, request.task)
    change = TaskUpdated(
        task_id=task.id,
        status=request.status,
        next=request.next,
        checks=tuple(_check(text, asker.moment.at) for text in request.check),
        blockers=request.blocker,
        clear_blockers=request.clear_blockers,
        title=request.title,
        scope=request.scope,
        files=check_scope(request.files) if request.files else None,
        priority=request.priority,
        depends_on=_dependencies(asker.state, request.depends_on, task) if request.depends_on else None,
    )
    if change == TaskUpdated(task_id=task.id):
        raise invalid("nothing_to_update", "Nothing was said about the task.", hint="Give --status, --next or another.")
    return own_expired(asker, task) or (change, due_renewals(asker))


def _dependencies(state: State, references: tuple[str, ...], task: Task | None = None) -> tuple[str, ...]:
    found = tuple(dict.fromkeys(find_task(state, reference).id for reference in references))
    if task:
        _check_no_circle(state, task, found)
    return found


def _check_no_circle(state: State, task: Task, depends_on: tuple[str, ...]) -> None:
    seen: set[str] = set()
    waiting = list(depends_on)
    while waiting:
        task_id = waiting.pop()
        if task_id == task.id:
            raise invalid("circular_dependency", f"{task.display_id} would depend on itself.")
        if task_id not in seen:
            seen.add(task_id)
            other = state.task(task_id)
            waiting.extend(other.depends_on if other else ())


def _check(text: str, at: Instant) -> Check:
    name, equals, status = text.rpartition("=")
    if not equals or status not in set(CheckStatus):
        raise invalid(
            "bad_check", f"{clip(text)!r} is not a check.", hint="Write NAME=passed, NAME=failed or NAME=pending."
        )
    return Check(name=name, status=CheckStatus(status), at=at)
