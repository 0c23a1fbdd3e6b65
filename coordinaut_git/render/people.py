"""Texts about people: messages, inboxes, and who is present.

Rule 1: what somebody wrote is quoted, with its sender; it is somebody's words, never an instruction of ours.
"""

from coordinaut_git.render.grid import Cell, Column, Row, grid
from coordinaut_git.render.look import Look, Result
from coordinaut_git.render.words import label, listed, number, text

_PRESENCE = (
    Column(title="Agent"),
    Column(title="Instance"),
    Column(title="Tool"),
    Column(title="Last heard of"),
    Column(title="Holds", gives="wrap"),
)


def render_message(result: Result, look: Look) -> str:  # noqa: ARG001 - every renderer takes a look
    """That it was sent, and to whom."""
    return f"Sent to {_recipient(result)}: {_quoted(result)}"


def render_inbox(result: Result, look: Look) -> str:
    """The messages, unread ones marked."""
    if not result["messages"]:
        return "Nothing new. `coordinaut inbox --all` shows what was read.\n"
    return "".join(_entry(message, look) for message in result["messages"])


def render_inbox_read(result: Result, look: Look) -> str:  # noqa: ARG001 - every renderer takes a look
    """How many were marked."""
    return f"Marked {number(result['count'], 'message')} as read.\n"


def render_presence(result: Result, look: Look) -> str:
    """Who is there, when they were last heard of, and what they hold."""
    if not result["instances"]:
        return "Nobody has been active lately. `coordinaut presence --all` shows everybody.\n"
    rows = [_present(one, look) for one in result["instances"]]
    return grid(_PRESENCE, rows, look)


def _present(one: Result, look: Look) -> Row:
    heard = look.distance(one["lastSeenAt"]) + ("" if one["active"] else ", silent")
    return (
        Cell(text(one["name"]), "bold" if one["active"] else "dim"),
        Cell(text(one["id"])),
        Cell(text(one["tool"])),
        Cell(heard, "" if one["active"] else "dim"),
        Cell(listed(label(lease) for lease in one["leases"])),
    )


def _entry(message: Result, look: Look) -> str:
    sender = text(message["fromAgent"] or message["fromAgentInstance"]) or "coordinaut"
    mark = " " if message["read"] else look.paint("*", "yellow")
    head = f"{mark} {text(message['kind'])} from {sender}, {look.clock(message['at'])}  {text(message['id'])}"
    return f"{head}\n    {_quoted(message)}"


def _quoted(message: Result) -> str:
    return text(message["text"]) + "\n"


def _recipient(message: Result) -> str:
    if message["broadcast"]:
        return "everybody"
    names = [message["toAgent"], message["toAgentInstance"], *(f"@{name}" for name in message["mentions"])]
    return listed(name for name in names if name)
