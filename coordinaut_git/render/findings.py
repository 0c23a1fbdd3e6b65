"""What was found: conflicts, violations, and the events of watch.

Rule 1: nothing found is said in a sentence; what was found comes as a table, with what helps below it.
"""

from collections.abc import Sequence

from coordinaut_git.render.commits import hints
from coordinaut_git.render.grid import Cell, Column, cut, grid
from coordinaut_git.render.look import Look, Result
from coordinaut_git.render.safe import path
from coordinaut_git.render.words import (
    COMMIT_CHARS,
    REASONS,
    held_by,
    held_files,
    holder,
    label,
    mode_cells,
    number,
    provisional_cell,
    text,
    until_cell,
)

_CONFLICT_COLUMNS = (
    Column(title="Held by"),
    Column(title="Task"),
    Column(title="Mode"),
    Column(title="Until"),
    Column(title=""),
    Column(title="Files", gives="wrap"),
    Column(title="Both match", gives="wrap"),
)
_VIOLATION_COLUMNS = (
    Column(title="Commit"),
    Column(title="Path", gives="wrap"),
    Column(title="Why", gives="wrap"),
    Column(title="Held by"),
)


def render_conflicts(result: Result, look: Look) -> str:
    """Who holds what is in the way."""
    conflicts = result["conflicts"]
    if not conflicts:
        return "No conflicts: nobody else holds these files.\n"
    rows = [
        (
            Cell(holder(conflict)),
            Cell(label(conflict)),
            mode,
            until_cell(conflict, look),
            provisional_cell(conflict),
            Cell(held_files(conflict)),
            Cell(path(conflict["example"]) if conflict.get("example") else ""),
        )
        for conflict, mode in zip(conflicts, mode_cells(conflicts), strict=True)
    ]
    return grid(_CONFLICT_COLUMNS, rows, look)


def render_verify(result: Result, look: Look) -> str:
    """Whether every changed path is covered, and if not, which are not."""
    checked, violations = result.get("checked"), result["violations"]
    if violations:
        return render_violations(result, look)
    if checked is None:
        return "Every changed file is covered by a lease.\n"
    if not checked:
        return "Nothing has changed, so there is nothing to cover.\n"
    whose = f" of {text(result['agentInstance'])}" if result.get("agentInstance") else ""
    return f"Covered by the leases{whose}: {number(checked, 'changed file')}.\n"


def render_violations(result: Result, look: Look) -> str:
    """The paths that are not covered, why, and what helps."""
    violations, checked = result["violations"], result.get("checked")
    of = f" of {number(checked, 'changed file')}" if checked else ""
    head = f"{len(violations):,}{of} not covered by a lease:" if of else f"{number(len(violations), 'violation')}:"
    return f"{head}\n\n{violation_table(violations, look)}"


def violation_table(violations: Sequence[Result], look: Look) -> str:
    """The paths, why, and what helps: each hint once."""
    rows = [
        (
            Cell(text(one.get("commit"))[:COMMIT_CHARS]),
            Cell(path(one["path"]) if one.get("path") else "(the message)"),
            Cell(REASONS.get(one["reason"]) or text(one["reason"]), "red"),
            Cell(held_by(one.get("holder"))),
        )
        for one in violations
    ]
    return grid(_VIOLATION_COLUMNS, rows, look) + hints(violations, look)


def render_events(result: Result, look: Look) -> str:
    """The events, one line each, as they stand in the result."""
    if not result["events"]:
        return "No events yet.\n"
    return "".join(render_event(event, look) for event in result["events"])


def render_waited(result: Result, look: Look) -> str:
    """What waiting has come to: the events, and who is still in the way."""
    if not result["changed"]:
        said = "Nothing has changed in that time.\n"
    elif result["events"]:
        said = render_events(result, look)
    else:
        said = "The files are free.\n" if not result["conflicts"] else "Only expired leases are in the way.\n"
    return said + ("\n" + render_conflicts(result, look) if result["conflicts"] else "")


def render_event(event: Result, look: Look) -> str:
    """One event as one line: when, who, what; cut to the page."""
    when = look.clock(event["at"], seconds=True)
    who = text(event.get("agentInstance")) or "-"
    waits = "provisional: " if event.get("confirmed") is False else ""
    plain = cut(f"{when}  {who}  {waits}{text(event['summary'])}", look.width)
    return look.paint(plain[: len(when)], "dim") + plain[len(when) :] + "\n"
