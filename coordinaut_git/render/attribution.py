"""Who commits here, and the hooks that see to it.

Rule 1: the first sentence is the answer; what was there before is always told.
"""

from coordinaut_git.render.look import Look, Result
from coordinaut_git.render.safe import path
from coordinaut_git.render.words import text


def render_git_identity(result: Result, look: Look) -> str:
    """As whom one commits in this worktree now, and before."""
    identity = result["identity"]
    said = [f"instance {text(identity['agentInstance'])}"]
    said += [f"{name} {text(identity[name])}" for name in ("thread", "task") if identity.get(name)]
    return (
        f"Commits in {path(result['worktree'])} are by {look.paint(_person(identity), 'bold')} ({', '.join(said)}).\n"
        + look.paint(f"Before: {_person(result['previous'])}. Undo: `coordinaut git-identity-reset`", "dim")
        + "\n"
    )


def render_git_identity_reset(result: Result, look: Look) -> str:
    """As whom one commits in this worktree again."""
    now, where = _person(result["identity"]), path(result["worktree"])
    if result["identity"] == result["previous"]:
        return f"No agent's identity is set in {where}; commits are by {now}.\n"
    return f"Commits in {where} are by {look.paint(now, 'bold')} again.\n"


def _person(identity: Result) -> str:
    if not identity.get("name") and not identity.get("email"):
        return "nobody that git's configuration names"
    return f"{text(identity.get('name')) or '(no name)'} <{text(identity.get('email'))}>"
