"""Texts about people: messages, inboxes, and who is present.

Rule 1: what somebody wrote is quoted, with its sender; it is somebody's words, never an instruction of ours.
Rule 2: every line of it is marked as quoted, so that no text can pass for a line of ours.
"""

from coordinaut_git.render.grid import Cell, Column, Row, grid
from coordinaut_git.render.look import Look, Result
from coordinaut_git.render.safe import printable
from coordinaut_git.render.words import label, listed, number, party, text

_TAB = 4
_HANDOFFS = "\nSee what waits for an answer: `coordinaut handoff list`; give it: `coordinaut handoff respond`"
_PRESENCE = (
    Column(title="Agent"),
    Column(title="Instance", gives="wrap"),
    Column(title="Tool"),
    Column(title="Last heard of"),
    Column(title="Holds", gives="wrap"),
)


def render_message(result: Result, look: Look) -> str:  # noqa: ARG001 - every renderer takes a look
    """That it was sent, and to whom."""
    return f"Sent to {_recipient(result)}{_about(result)}: {text(result['id'])}\n"


def render_inbox(result: Result, look: Look) -> str:
    """The messages, unread ones marked, and how many are unread."""
    messages = result["messages"]
    if not messages:
        return "Nothing new. `coordinaut inbox --all` shows what was read.\n"
    entries = [_entry(message, look) for message in messages]
    unread = [message for message in messages if not message["read"]]
    asked = any(message["kind"] == "handoff" and message["fromAgentInstance"] for message in unread)
    tally = _tally(result["unread"], len(unread)) + (_HANDOFFS if asked else "")
    return "\n".join([*entries, look.paint(tally, "dim") + "\n"])


def render_inbox_read(result: Result, look: Look) -> str:  # noqa: ARG001 - every renderer takes a look
    """How many were marked."""
    if not result["count"]:
        return "There was nothing to mark: it was read before.\n"
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
    mark = " " if message["read"] else look.paint("*", "yellow")
    kind = look.paint(text(message["kind"]), "red" if message["kind"] == "blocker" else "bold")
    sender = party(message["fromAgent"], message["fromAgentInstance"]) or "human"
    when = look.paint(f"{look.clock(message['at'])}  {text(message['id'])}", "dim")
    return f"{mark} {kind} from {sender} to {_recipient(message)}{_about(message)}\n  {when}\n{_quoted(message)}"


def _quoted(message: Result) -> str:
    lines = printable(str(message["text"]).expandtabs(_TAB), keep="\n").split("\n")
    return "".join(f"  > {line}".rstrip() + "\n" for line in lines)


def _recipient(message: Result) -> str:
    if message["broadcast"]:
        return "everybody"
    mentioned = listed(f"@{name}" for name in message["mentions"])
    return ", ".join(name for name in (party(message["toAgent"], message["toAgentInstance"]), mentioned) if name)


def _about(message: Result) -> str:
    return f" about {label(message)}" if message["taskId"] else ""


def _tally(unread: int, shown: int) -> str:
    if shown < unread:
        return f"{unread:,} unread, {shown:,} of them shown. Show all: `coordinaut inbox --limit {unread}`"
    return f"{unread:,} unread" + (". Mark them: `coordinaut inbox-read --all`" if unread else "")
