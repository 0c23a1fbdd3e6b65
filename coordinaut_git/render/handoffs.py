"""Texts about handoffs: what was asked, what came of it, and what can be said to it.

Rule 1: reasons and responses are somebody's words: they are quoted, with who said them.
"""

from coordinaut_git.render.look import Look, Result
from coordinaut_git.render.safe import printable
from coordinaut_git.render.words import label, listed, number, party, text

_TAB = 4
_STYLES = {"requested": "yellow", "grant_after_commit": "cyan", "handoff_now": "green", "completed": "green"}
_PENDING = ("requested", "grant_after_commit")
_ANSWERED = {
    "grant_after_commit": "Promised {files} to {requester} for {task}, after the next commit of it by {owner} or the "
    "end of the lease",
    "handoff_now": "Handed {files} over to {requester} for {task}",
    "denied": "Denied {files} to {requester} for {task}",
    "cancelled": "Called off: {files} from {owner} to {requester} for {task}",
}


def render_requested(result: Result, look: Look) -> str:
    """What was asked of whom."""
    name = look.paint(text(result["id"]), "bold")
    below = f"The answer comes to your inbox; `coordinaut handoff list --task {label(result)}` shows how it stands.\n"
    return f"Asked {_owner(result)} for {listed(result['files'])}, for {label(result)}: {name}\n{below}"


def render_answered(result: Result, look: Look) -> str:  # noqa: ARG001 - every renderer takes a look
    """How the handoff stands now."""
    said = _ANSWERED[result["status"]].format(
        files=listed(result["files"]), requester=_requester(result), owner=_owner(result), task=label(result)
    )
    return f"{said} ({text(result['id'])}).\n"


def render_handoffs(result: Result, look: Look) -> str:
    """Every handoff with its words, and how many wait for something."""
    handoffs = result["handoffs"]
    if not handoffs:
        return "No handoffs. Ask whoever holds files you need: `coordinaut handoff request --help`.\n"
    pending = sum(one["status"] in _PENDING for one in handoffs)
    tally = f"{number(len(handoffs), 'handoff')}, {pending:,} pending"
    return "\n".join([*(_entry(one, look) for one in handoffs), look.paint(tally, "dim") + "\n"])


def _entry(handoff: Result, look: Look) -> str:
    status = look.paint(text(handoff["status"]), _STYLES.get(handoff["status"], "dim"))
    who = f"from {_owner(handoff)} to {_requester(handoff)} for {label(handoff)}"
    head = f"{status}  {listed(handoff['files'])}\n  {who}\n"
    when = look.paint(f"{look.clock(handoff['at'])}  {text(handoff['id'])}", "dim")
    said = _quoted("asked", handoff["reason"])
    if handoff["response"]:
        said += _quoted("answered", handoff["response"])
    return f"{head}  {when}\n{said}"


def _quoted(who: str, words: str) -> str:
    first, *more = printable(words.expandtabs(_TAB), keep="\n").split("\n")
    lines = [f"  {who} > {first}", *(f"  {' ' * len(who)} > {line}" for line in more)]
    return "".join(f"{line.rstrip()}\n" for line in lines)


def _owner(handoff: Result) -> str:
    return party(handoff["ownerAgent"], handoff["owner"])


def _requester(handoff: Result) -> str:
    return party(handoff["requesterAgent"], handoff["requester"])
