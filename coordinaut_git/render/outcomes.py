"""What a command did, in one or two sentences: init, claim, heartbeat, release, snapshot, and failures.

Rule 1: the first sentence is the answer; what follows helps with the next step.
Rule 2: no table and no import for one: these are the commands that agents run all day. A refusal may draw one.
"""

from coordinaut_git.render.look import Look, Result
from coordinaut_git.render.safe import path
from coordinaut_git.render.team import confirmation, render_meeting
from coordinaut_git.render.words import expired, held_files, holder, label, text

_NEXT = 'Next: `coordinaut create --title "…" --files "src/**"`, then `coordinaut claim --task …`.'


def render_init(result: Result, look: Look) -> str:
    """Where the state lives now, and whether it was there before."""
    where = path(str(result.get("location") or ""))
    line = f" on {text(result['ref'])}" if result.get("ref") else ""
    state = f"{text(result['storage'])} store{line}" + (f" in {where}" if where else "")
    more = render_meeting(result["sync"], look) if result.get("sync") else ""
    more += _hooks(result["hooks"], look) if result.get("hooks") else ""
    more += _agents(result["agents"], look) if result.get("agents") is not None else ""
    if result.get("created"):
        return f"Coordination is set up: {state}.\n{more}{look.paint(_NEXT, 'dim')}\n"
    unchanged = "" if more else " Nothing was changed."
    return f"Coordination was already set up: {state}.{unchanged}\n{more}"


def _hooks(result: Result, look: Look) -> str:
    from coordinaut_git.render.attribution import render_hooks

    return render_hooks(result, look)


def _agents(files: list[Result], look: Look) -> str:
    from coordinaut_git.render.clients import render_agents

    return render_agents(files, look)


def render_claim(result: Result, look: Look) -> str:
    """Whose the task is now, for how long, and over which files."""
    task, lease = result["task"], result["lease"]
    lines = [
        f"{look.paint(label(task), 'bold')} is yours until {look.until(lease['expiresAt'])}: {text(task['title'])}",
        f"{_mode(lease)} over {held_files(lease)}; held by {holder(lease)}, fence {lease['fence']}.",
    ]
    return _lines(lines) + confirmation(lease, result.get("remote"), look)


def render_heartbeat(result: Result, look: Look) -> str:
    """Until when each lease runs now."""
    leases = result["leases"] if "leases" in result else [result["lease"]]
    if not leases:
        return "You hold no leases, so there was nothing to renew.\n"
    return _lines(
        [
            f"{label(lease)} "
            + (
                f"expired {look.distance(lease['expiresAt'])}."
                if expired(lease)
                else f"runs until {_end(lease, look)}{', provisional' * (lease.get('confirmed') is False)}."
            )
            for lease in leases
        ]
    )


def render_release(result: Result, look: Look) -> str:
    """That the files are free, and where the task stands."""
    task: Result = result.get("task") or result
    return f"Released {look.paint(label(task), 'bold')}: its files are free, and the task is {text(task['status'])}.\n"


def render_snapshot(result: Result, look: Look) -> str:  # noqa: ARG001 - every renderer takes a look
    """Where the board was written, or the board itself."""
    if result.get("path"):
        return f"Wrote the board to {path(str(result['path']))}.\n"
    return str(result["markdown"])


def render_error(error: Result, look: Look) -> str:
    """A failure as a sentence and a hint, with who stands in the way where that is known.

    `error` is the `error` object of the JSON form.
    """
    from coordinaut_git.render.commits import violations_by_commit
    from coordinaut_git.render.findings import render_conflicts, violation_table

    details: Result = error.get("details") or {}
    parts = [f"{look.paint('error:', 'red')} {text(error['message'])}"]
    if error.get("hint") and not details.get("violations"):  # they bring their own
        parts.append(f"{look.paint('hint:', 'cyan')} {text(error['hint'])}")
    said = _lines(parts)
    if details.get("conflicts"):
        said += "\n" + render_conflicts(details, look)
    if details.get("failed"):
        said += "\n" + violations_by_commit(details, look)
    elif details.get("violations"):
        said += "\n" + violation_table(details["violations"], look)
    return said


def _mode(lease: Result) -> str:
    return text(lease["mode"]).capitalize()


def _end(lease: Result, look: Look) -> str:
    return look.until(lease["expiresAt"])


def _lines(lines: list[str]) -> str:
    return "".join(f"{line}\n" for line in lines)
