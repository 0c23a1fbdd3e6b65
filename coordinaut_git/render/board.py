"""The board: the whole state as one Markdown page for people.

Rule 1: the same state and instant give the same bytes; times are UTC, and the order does not depend on the input's.
Rule 2: no text from data can end a table cell, start markup, HTML, a link or a mention. CommonMark 0.31 (2.4 backslash
escapes, 2.5 entities) and GFM 0.29 (4.10 tables, 6.9 autolinks) say how.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from coordinaut_git.protocol.values import Instant
from coordinaut_git.render.look import Result
from coordinaut_git.render.words import STATUSES, expired, holder, label, number, text

_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "|": "&#124;", "\\": "&#92;", "`": "&#96;"}
_ESCAPES = str.maketrans({mark: f"\\{mark}" for mark in "*_[]~#!$:"} | _ENTITIES)
_AUTOLINK = re.compile(r"(?<=www)(?=\.)|(?<=:)(?=//)|(?=@)", re.IGNORECASE)
_NO_LINK = "<!-- -->"  # escapes do not stop GFM's autolinks, which are looked for after they are resolved
_UNPLAIN = re.compile(r"[`|\\\n]|^ | $")

_HEADING = "# Task board"
_NOTE = "This page is generated. Change the state with `coordinaut`; what is written here is overwritten."
_TASK_TITLES = ("Task", "Title", "Priority", "Held by", "Next", "Blocked by")
_LEASE_TITLES = ("Task", "Held by", "Mode", "Until", "Fence", "Files")


def board(result: Result, *, generated_at: str) -> str:
    """The Markdown page of a `status` result (`tasks`, `leases`); `generated_at` is RFC 3339."""
    tasks: Sequence[Result] = sorted(result["tasks"], key=lambda task: (task.get("priority", 2), label(task)))
    leases: Sequence[Result] = sorted(result["leases"], key=lambda lease: (label(lease), holder(lease)))
    sections = [_HEADING, f"Generated {_utc(generated_at)}. {_NOTE}", _counts(tasks, leases, result.get("team"))]
    if leases:
        sections += ["## Leases", _table(_LEASE_TITLES, map(_lease_row, leases))]
    for status in _statuses(tasks):
        rows = [_task_row(task) for task in tasks if task["status"] == status]
        sections += [f"## {markdown(status.capitalize())}", _table(_TASK_TITLES, rows)]
    return "\n\n".join(sections) + "\n"


def markdown(value: Any) -> str:
    """Any text so that Markdown shows it as it is, in one table cell."""
    return _AUTOLINK.sub(_NO_LINK, text(value).translate(_ESCAPES))


def code(value: Any) -> str:
    """A pattern or an id as inline code; as escaped text where code cannot hold it in a table cell."""
    plain = text(value)
    return f"`{plain}`" if plain and not _UNPLAIN.search(plain) else markdown(plain)


def _counts(tasks: Sequence[Result], leases: Sequence[Result], team: Result | None) -> str:
    by_status = ", ".join(f"{sum(task['status'] == one for task in tasks):,} {one}" for one in _statuses(tasks))
    late = sum(map(expired, leases))
    held = number(len(leases), "lease") + (f" ({late:,} expired)" if late else "")
    return f"{number(len(tasks), 'task')}{': ' if by_status else ''}{markdown(by_status)}; {held}.{_unpublished(team)}"


def _unpublished(team: Result | None) -> str:
    """How much of the page the team's remote does not know of."""
    if not team or not team["unpublished"]:
        return ""
    count = team["unpublished"]
    verb, what = ("is", "it") if count == 1 else ("are", "them")
    return f" {number(count, 'operation')} {verb} provisional: {markdown(team['remote'])} does not have {what} yet."


def _statuses(tasks: Sequence[Result]) -> list[str]:
    """The statuses that occur, in the order of a task's life; ones that a newer version wrote come last."""
    found = {str(task["status"]) for task in tasks}
    return [one for one in STATUSES if one in found] + sorted(found.difference(STATUSES))


def _task_row(task: Result) -> tuple[str, ...]:
    lease: Result = task.get("lease") or {}
    return (
        markdown(label(task)),
        markdown(task["title"]),
        f"P{task.get('priority', 2)}",
        markdown(holder(lease)) + (" (expired)" if expired(lease) else ""),
        markdown(task.get("next")),
        ", ".join(map(markdown, task.get("blockers", ()))),
    )


def _lease_row(lease: Result) -> tuple[str, ...]:
    return (
        markdown(label(lease)),
        markdown(holder(lease)),
        markdown(lease["mode"]),
        _utc(lease["expiresAt"]) + _remarks(lease),
        str(lease.get("fence", "")),
        _held(lease),
    )


def _remarks(lease: Result) -> str:
    remarks = ["expired"] * expired(lease) + ["provisional"] * (lease.get("confirmed") is False)
    return f" ({', '.join(remarks)})" if remarks else ""


def _held(lease: Result) -> str:
    """The patterns of a lease, without what was given away of them, and with what came back."""
    parts = [lease, *lease.get("also", ())]
    return ", ".join(_codes(part["files"]) + _less(part.get("without", ())) for part in parts)


def _less(without: Sequence[str]) -> str:
    return f" (without {_codes(without)})" if without else ""


def _codes(patterns: Sequence[str]) -> str:
    return ", ".join(map(code, patterns))


def _table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [titles, ["---"] * len(titles), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _utc(instant: str) -> str:
    """`2026-11-22 16:30 UTC`."""
    return str(Instant.parse(instant))[:16].replace("T", " ") + " UTC"
