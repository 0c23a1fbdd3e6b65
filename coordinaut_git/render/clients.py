"""What tells a client of the MCP server, what tells agents how to work here, and what became of their files.

Rule 1: a snippet is printed as the file that it is, so that it can be sent into one.
"""

from collections.abc import Sequence

from coordinaut_git.render.look import Look, Result
from coordinaut_git.render.safe import path, printable
from coordinaut_git.render.words import text

_CHANGES = {
    "added": "{title} knows coordinaut now: added to {path}.",
    "updated": "{title} knows coordinaut as it is now: brought up to date in {path}.",
    "removed": "{title} knows coordinaut no more: taken out of {path}.",
}
_TOLD = {
    "added": "{path} tells agents how to work here: commit it.",
    "updated": "{path} tells agents how to work here, brought up to date: commit it.",
    "removed": "{path} tells agents of coordinaut no more.",
    "unchanged": "{path} is as it was.",
}


def render_mcp_config(result: Result, look: Look) -> str:
    """The snippet, or what was done to the client's file and how to see it."""
    if not result.get("change"):
        return printable(str(result["snippet"]), keep="\n")
    title, where = look.paint(text(result["title"]), "bold"), path(str(result["path"]))
    if result["change"] == "unchanged":
        return f"Nothing was changed in {where}, {title}'s file.\n"
    said = _CHANGES[result["change"]].format(title=title, path=where) + "\n"
    return said + (
        "" if result["change"] == "removed" else look.paint(f"See it: {text(result['check'])}", "dim") + "\n"
    )


def render_agents(files: Sequence[Result], look: Look) -> str:
    """Which files tell agents how to work here."""
    if not files:
        return "No file tells agents of coordinaut.\n"
    return "".join(f"{_TOLD[one['change']].format(path=look.paint(path(one['path']), 'bold'))}\n" for one in files)
