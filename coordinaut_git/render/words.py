"""Small phrases that several texts share.

Rule 1: what comes from data is made safe here, once; the texts only join what these functions give.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from coordinaut_git.render.grid import Cell
from coordinaut_git.render.look import Look, Result
from coordinaut_git.render.safe import printable

DEFAULT_PRIORITY = 2
STATUSES = ("open", "claimed", "investigating", "fixing", "verifying", "blocked", "done", "cancelled")
REASONS = {
    "unclaimed": "nobody has claimed it",
    "held_by_other": "somebody else holds it",
    "expired": "the lease has expired",
    "read_only_mode": "the lease's mode covers no writing",
    "outside_task_scope": "outside the task's files",
    "missing_trailer": "a trailer is missing or unclear",
    "unknown_task": "the commit names an unknown task",
    "never_held": "the task was never held",
    "taken_over": "somebody took it over",
}
"""What the reasons of a violation mean."""

COMMIT_CHARS = 10

_STATUS_STYLES = {"open": "", "blocked": "red", "done": "green", "cancelled": "dim"}


def text(value: Any) -> str:
    """Any scalar of a document, safe to show; empty for None."""
    return "" if value is None else printable(str(value))


def listed(values: Iterable[Any]) -> str:
    """Texts with commas between them."""
    return ", ".join(text(value) for value in values)


def number(count: int, one: str, many: str = "") -> str:
    """`1 lease`, `2 leases`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def label(document: Result) -> str:
    """The id that people use for the task of a document."""
    return text(document.get("displayId") or document.get("taskId") or document.get("id"))


def holder(document: Result) -> str:
    """Who holds: the instance, or the agent's name where no instance is known."""
    return text(document.get("agentInstance") or document.get("agent"))


def party(agent: str | None, instance: str | None) -> str:
    """`backend (agent_1)`, or the one of them that is known."""
    return f"{text(agent)} ({text(instance)})" if agent and instance else text(agent or instance)


def held_files(lease: Result) -> str:
    """What a lease holds: its patterns, without what was given away of them, and with what came back."""
    parts = [lease, *lease.get("also", ())]
    return ", ".join(_layer(part) for part in parts)


def _layer(part: Result) -> str:
    without = part.get("without")
    return listed(part["files"]) + (f" (without {listed(without)})" if without else "")


def held_by(value: Any) -> str:
    """The holder that a violation names: a document, or a name; empty for none."""
    return holder(value) if isinstance(value, dict) else text(value)


def status_cell(task: Result) -> Cell:
    """A task's status in its colour."""
    status = text(task.get("status"))
    return Cell(status, _STATUS_STYLES.get(status, "cyan"))


def priority_cell(task: Result) -> Cell:
    """`P0` to `P4`, or nothing for the usual one."""
    priority = task.get("priority", DEFAULT_PRIORITY)
    if priority == DEFAULT_PRIORITY:
        return Cell("")
    return Cell(f"P{priority}", "bold" if priority < DEFAULT_PRIORITY else "dim")


def mode_cells(documents: Sequence[Result]) -> list[Cell]:
    """The modes of leases or conflicts, or nothing where all have the usual one."""
    modes = [text(document.get("mode")) for document in documents]
    usual = all(mode == "exclusive" for mode in modes)
    return [Cell("" if usual else mode) for mode in modes]


def expired(lease: Result) -> bool:
    """Whether the lease is past its end."""
    return lease.get("state") == "expired"


def provisional_cell(lease: Result) -> Cell:
    """That the team's remote has not confirmed a lease, or nothing."""
    return Cell("provisional", "yellow") if lease.get("confirmed") is False else Cell("")


def until_cell(lease: Result, look: Look) -> Cell:
    """Until when the lease runs, or since when it has not."""
    at = str(lease["expiresAt"])
    return Cell(f"expired {look.distance(at)}", "yellow") if expired(lease) else Cell(look.until(at))
