"""Tasks and leases for a terminal: the overview, my work, one task.

Rule 1: an empty answer says what to do next.
"""

from collections.abc import Sequence

from coordinaut_git.render.grid import Cell, Column, Row, cut, fields, grid
from coordinaut_git.render.look import Look, Result
from coordinaut_git.render.team import team_words, unpublished_line
from coordinaut_git.render.words import (
    DEFAULT_PRIORITY,
    STATUSES,
    expired,
    held_files,
    holder,
    label,
    listed,
    mode_cells,
    number,
    priority_cell,
    provisional_cell,
    status_cell,
    text,
    until_cell,
)

MARGIN = len("Created ")

_TASK_COLUMNS = (
    Column(title="Task"),
    Column(title=""),
    Column(title="Title", gives="cut"),
    Column(title="Status"),
    Column(title="Held by"),
    Column(title="Ends"),
    Column(title=""),
)
_LEASE_COLUMNS = (
    Column(title="Task"),
    Column(title="Held by"),
    Column(title="Mode"),
    Column(title="Until"),
    Column(title=""),
    Column(title="Files", gives="wrap"),
)
_MINE_COLUMNS = (
    Column(title="Task"),
    Column(title=""),
    Column(title="Title", gives="cut"),
    Column(title="Status"),
    Column(title="Until"),
    Column(title=""),
)


def render_status(result: Result, look: Look) -> str:
    """The open tasks, the leases, and the counts."""
    team: Result | None = result.get("team")
    parts = [unpublished_line(team, look)] if team and team["unpublished"] else []
    if result["tasks"]:
        parts.append(grid(_TASK_COLUMNS, [_task_row(task, look) for task in result["tasks"]], look))
    else:
        parts.append('No open tasks. Make one with `coordinaut create --title "…"`.\n')
    if result["leases"]:
        title = look.paint("Leases", "bold") + "\n"
        parts.append(title + grid(_LEASE_COLUMNS, _lease_rows(result["leases"], look), look))
    if result["tasks"] or result["leases"]:
        parts.append(look.paint(" · ".join(filter(None, (counts_line(result), team_words(team, look)))), "dim") + "\n")
    return "\n".join(parts)


def counts_line(result: Result) -> str:
    """`3 open, 1 fixing · 2 leases, 1 of them expired`."""
    counts = result.get("counts", {})
    tasks = ", ".join(f"{counts[status]:,} {status}" for status in STATUSES if counts.get(status)) or "no tasks"
    leases: Sequence[Result] = result["leases"]
    late = sum(expired(lease) for lease in leases)
    held = number(len(leases), "lease") + (f", {late} of them expired" if late else "")
    return f"{tasks} · {held}"


def render_list(result: Result, look: Look) -> str:
    """Tasks, and how many more there are."""
    if not result["tasks"]:
        return "There are no such tasks.\n"
    shown, total = len(result["tasks"]), result["total"]
    more = look.paint(f"\n{shown:,} of {total:,} are shown.", "dim") + "\n" if shown < total else ""
    return grid(_TASK_COLUMNS, [_task_row(task, look) for task in result["tasks"]], look) + more


def render_mine(result: Result, look: Look) -> str:
    """The tasks that one agent holds."""
    if not result["tasks"]:
        return "You hold no tasks. See what there is: `coordinaut status`.\n"
    return grid(_MINE_COLUMNS, [_mine_row(task, look) for task in result["tasks"]], look)


def render_task(result: Result, look: Look) -> str:
    """One task with everything that is set."""
    task: Result = result.get("task") or result
    lease: Result = task.get("lease") or {}
    priority = task.get("priority", DEFAULT_PRIORITY)
    checks = ", ".join(f"{text(check['name'])} {text(check['status'])}" for check in task.get("checks", ()))
    name, title = label(task), text(task["title"])
    fits = cut(f"{name}  {title}", look.width - MARGIN) == f"{name}  {title}"
    pairs = (
        ("title", Cell("" if fits else title)),
        ("status", status_cell(task)),
        ("priority", Cell("" if priority == DEFAULT_PRIORITY else str(priority))),
        ("scope", Cell(text(task.get("scope")))),
        ("files", Cell(listed(task.get("files", ())))),
        ("next", Cell(text(task.get("next")))),
        ("checks", Cell(checks, "red" if " failed" in checks else "")),
        ("blocked by", Cell(listed(task.get("blockers", ())), "red")),
        ("depends on", Cell(listed(task.get("dependsOnDisplayIds", ())))),
        ("held by", Cell(holder(lease))),
        ("until", until_cell(lease, look) if lease else Cell("")),
        ("lease", provisional_cell(lease)),
    )
    return look.paint(name, "bold") + (f"  {title}\n" if fits else "\n") + fields(pairs, look)


def render_created(result: Result, look: Look) -> str:
    """A new task, and how to take it."""
    task: Result = result.get("task") or result
    hint = f"Take it with `coordinaut claim --task {label(task)}`."
    return f"Created {render_task(result, look)}{look.paint(hint, 'dim')}\n"


def _task_row(task: Result, look: Look) -> Row:
    lease: Result = task.get("lease") or {}
    ends = Cell("expired", "yellow") if expired(lease) else Cell(look.distance(lease["expiresAt"]) if lease else "")
    return (
        Cell(label(task)),
        priority_cell(task),
        Cell(text(task["title"])),
        status_cell(task),
        Cell(holder(lease)),
        ends,
        provisional_cell(lease),
    )


def _lease_rows(leases: Sequence[Result], look: Look) -> list[Row]:
    return [
        (
            Cell(label(lease)),
            Cell(holder(lease)),
            mode,
            until_cell(lease, look),
            provisional_cell(lease),
            Cell(held_files(lease)),
        )
        for lease, mode in zip(leases, mode_cells(leases), strict=True)
    ]


def _mine_row(task: Result, look: Look) -> Row:
    lease: Result = task.get("lease") or {}
    until = until_cell(lease, look) if lease else Cell("")
    return (
        Cell(label(task)),
        priority_cell(task),
        Cell(text(task["title"])),
        status_cell(task),
        until,
        provisional_cell(lease),
    )
