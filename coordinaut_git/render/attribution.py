"""Who commits here, and the hooks that see to it.

Rule 1: the first sentence is the answer; what was there before is always told.
"""

from coordinaut_git.render.look import Look, Result
from coordinaut_git.render.safe import path
from coordinaut_git.render.words import listed, text


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


def render_hooks(result: Result, look: Look) -> str:
    """Which hooks are in place, and whose others still run; then those of agents."""
    agents = "".join(_agent_hooks(one, look) for one in result["agents"])
    if any(one["change"] == "removed" for one in result["agents"]):
        return agents  # git's hooks were not what was asked about
    return _git_hooks(result, look) + agents


def _agent_hooks(one: Result, look: Look) -> str:
    name, where = look.paint(text(one["title"]), "bold"), path(one["path"])
    match one["change"]:
        case "removed":
            return f"Took the hooks of {name} out of {where}.\n"
        case "unchanged":
            return f"Hooks of {name} in {where}: nothing was changed.\n"
        case done:
            return f"Hooks of {name} {text(done)} in {where}: they ask before an edit.\n"


def _git_hooks(result: Result, look: Look) -> str:
    where = path(result["folder"])
    if not result["installed"]:
        return _taken_away(result, where)
    fresh = "" if result["written"] else " Nothing was changed."
    lines = [f"Hooks in {where}: {look.paint(listed(result['installed']), 'bold')}.{fresh}"]
    lines += [
        f"{text(one['hook'])} was there before; it is kept as {path(one['path'])} and runs first."
        for one in result["kept"]
    ]
    return "".join(f"{line}\n" for line in lines)


def _taken_away(result: Result, where: str) -> str:
    if not result["removed"] and not result["restored"]:
        return f"No hooks of coordinaut are in {where}. Nothing was changed.\n"
    lines = [f"Took the hooks out of {where}."]
    if result["restored"]:
        lines.append(f"Put back what was there before: {listed(result['restored'])}.")
    if result["left"]:
        lines.append(f"Left alone, because somebody else put it there since: {listed(result['left'])}.")
    return "".join(f"{line}\n" for line in lines)


def _person(identity: Result) -> str:
    if not identity.get("name") and not identity.get("email"):
        return "nobody that git's configuration names"
    return f"{text(identity.get('name')) or '(no name)'} <{text(identity.get('email'))}>"
