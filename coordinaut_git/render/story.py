"""The story of a task, a commit or a path, for people.

Rule 1: what it is about first, then who holds or held it, then what happened, oldest first.
"""

from coordinaut_git.render.grid import Cell, Column, Row, fields, grid
from coordinaut_git.render.look import Look, Result
from coordinaut_git.render.safe import path
from coordinaut_git.render.words import expired, held_files, label, number, party, text

SHOWN_PATHS = 30
_COMMIT_CHARS = 10
_STORY = (Column(title="When"), Column(title="What", gives="wrap"))
_PATHS = (
    Column(title="Path", gives="wrap"),
    Column(title="Held then by", gives="wrap"),
    Column(title="Task"),
    Column(title="Mode"),
)
_STYLES = {"expired": "yellow", "refused": "red", "taken_over": "yellow", "commit": "cyan"}


def render_explain(result: Result, look: Look) -> str:
    """The story, under what it is about."""
    parts = [_about(result, look), *_standing(result, look), _story(result, look)]
    if result.get("truncated"):
        parts.append(_left_out(result["task"]))
    return "\n".join(part for part in parts if part)


def _left_out(task: Result | None) -> str:
    more = f"; all of it: coordinaut watch --limit 100000 --task {label(task)}" if task else ""
    return f"What was before that is left out{more}.\n"


def _about(result: Result, look: Look) -> str:
    if "commit" in result:
        return _commit(result, look)
    if "path" in result:
        return look.paint(path(str(result["path"])), "bold") + "\n"
    task = result["task"]
    return f"{look.paint(label(task), 'bold')}  {text(task['title'])}  ({text(task['status'])})\n"


def _commit(result: Result, look: Look) -> str:
    commit = result["commit"]
    head = f"{look.paint(text(commit['id'])[:_COMMIT_CHARS], 'bold')}  {text(commit['subject'])}\n"
    said = [(text(one["key"]), Cell(text(one["value"]))) for one in commit["trailers"]]
    made = ("by", Cell(f"{text(commit['author'])}, {look.clock(commit['committedAt'])}"))
    task = result["task"]
    about = ("task", Cell(f"{label(task)} {text(task['title'])}" if task else "none that is known here", "dim"))
    return head + fields([made, *said, about], look) + _paths(result["paths"], look)


def _paths(paths: list[Result], look: Look) -> str:
    if not paths:
        return "\nIt changed no files of its own.\n"
    rows = [row for one in paths[:SHOWN_PATHS] for row in _path_rows(one)]
    left = len(paths) - SHOWN_PATHS
    more = f"… and {number(left, 'path')} more; --json lists them.\n" if left > 0 else ""
    return "\n" + grid(_PATHS, rows, look) + more


def _path_rows(one: Result) -> list[Row]:
    shown = path(str(one["path"]))
    rows: list[Row] = [
        (Cell(shown if not place else ""), _holder(lease), Cell(label(lease)), Cell(text(lease["mode"])))
        for place, lease in enumerate(one["leases"])
    ]
    return rows or [(Cell(shown), Cell("nobody", "yellow"), Cell(""), Cell(""))]


def _holder(lease: Result) -> Cell:
    who = party(lease["agent"], lease["agentInstance"])
    return Cell(f"{who} (expired)", "yellow") if expired(lease) else Cell(who)


def _standing(result: Result, look: Look) -> list[str]:
    """The leases that stand now; of a commit those that stood then are beside its paths."""
    if "commit" in result:
        return []
    leases = [lease for lease in result["leases"] if lease["state"] != "ended"]
    if not leases:
        return ["Nobody holds it now.\n"] if result["story"] else []
    return [fields([("held by", _stands(lease, look)) for lease in leases], look)]


def _stands(lease: Result, look: Look) -> Cell:
    who, what = party(lease["agent"], lease["agentInstance"]), f"{held_files(lease)} for {label(lease)}"
    mode = "" if lease["mode"] == "exclusive" else f", {text(lease['mode'])}"
    mode += ", provisional" if lease.get("confirmed") is False else ""
    if expired(lease):
        return Cell(f"{who}, expired {look.distance(lease['expiresAt'])}: {what}{mode}", "yellow")
    return Cell(f"{who} until {look.until(lease['expiresAt'])}: {what}{mode}")


def _story(result: Result, look: Look) -> str:
    if not result["story"]:
        return "Nobody has ever claimed it, and no commit touched it.\n"
    rows = [
        (Cell(look.clock(item["at"], seconds=True), "dim"), Cell(text(item["text"]), _STYLES.get(item["kind"], "")))
        for item in result["story"]
    ]
    return grid(_STORY, rows, look)
