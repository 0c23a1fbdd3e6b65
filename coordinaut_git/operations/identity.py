"""Who commits in this worktree, for git and for us, and back again.

Rule 1: everything is set for one worktree. What other worktrees, the repository and the user have set stays as it is.
Rule 2: nothing that was set is overwritten, so there is nothing that a reset could restore wrongly.
"""

from typing import Any

from coordinaut_git.errors import environment, refused
from coordinaut_git.plumbing.run import git_reading
from coordinaut_git.plumbing.worktree_config import Values, drop_own, set_own, switch_off, switch_on
from coordinaut_git.protocol import requests as ask
from coordinaut_git.protocol.model import Actor
from coordinaut_git.protocol.references import find_task
from coordinaut_git.protocol.values import NAME_CHARS, check_line
from coordinaut_git.protocol.wellformed import THREAD_CHARS
from coordinaut_git.workspace import Workspace

Json = dict[str, Any]

KEYS = {
    "name": "user.name",
    "email": "user.email",
    "agentInstance": "coordinaut.instance",
    "agent": "coordinaut.agent",
    "thread": "coordinaut.thread",
    "task": "coordinaut.task",
}
"""What makes an identity: the names of the JSON form, and git's keys for them."""

DOMAIN = "coordinaut.invalid"
"""No mail can ever reach it: RFC 2606, section 2."""

_CRUD = "".join(map(chr, range(33))) + ".,:;<>\"\\'"  # what git cuts off the ends of a name: ident.c, `crud`
_OVERRIDING = tuple(f"GIT_{who}_{what}" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL"))


def git_identity(workspace: Workspace, request: ask.GitIdentity) -> Json:
    """`{"previous", "identity", "worktree"}`: name, email, agentInstance, agent, thread and task, null if not set."""
    actor = workspace.owner(request)
    _check(workspace, actor)
    task = find_task(workspace.coordinator.read().state, request.task).id if request.task else None
    previous = _identity(workspace)
    set_own(workspace.place, _values(actor, task))
    switch_on(workspace.place)
    _note_what_overrides(workspace)
    return {"previous": previous, "identity": _identity(workspace), "worktree": str(workspace.root)}


def git_identity_reset(workspace: Workspace, request: ask.ResetGitIdentity) -> Json:
    """`{"previous", "identity", "worktree"}`, as `git_identity`; nothing changes where there is nothing to undo."""
    previous = _identity(workspace)
    _check_whose(workspace, request, previous)
    drop_own(workspace.place)
    switch_off(workspace.place)
    return {"previous": previous, "identity": _identity(workspace), "worktree": str(workspace.root)}


def _check(workspace: Workspace, actor: Actor) -> None:
    if workspace.place.work_tree is None:
        raise environment(
            "no_work_tree",
            f"{workspace.root} is a bare repository, in which nobody commits.",
            hint="Run this in the worktree that the agent works in.",
        )
    if actor.agent:
        check_line("an agent's name", actor.agent, NAME_CHARS)
    if actor.thread_id:
        check_line("a thread", actor.thread_id, THREAD_CHARS)


def _check_whose(workspace: Workspace, request: ask.ResetGitIdentity, found: Json) -> None:
    """Raise refused (`other_identity`) where the identity is another's than the one that was named."""
    task = find_task(workspace.coordinator.read().state, request.task).id if request.task else None
    named = {"agentInstance": request.agent_instance, "agent": request.agent, "thread": request.thread, "task": task}
    for name, wanted in named.items():
        if wanted and found["agentInstance"] and found[name] != wanted:
            raise refused(
                "other_identity",
                f"The git identity of {workspace.root} is that of {found['agentInstance']}, not of {wanted}.",
                hint="Reset your own, in the worktree where it was set; `git config user.name` tells whose is here.",
            )


def _values(actor: Actor, task: str | None) -> Values:
    instance = actor.instance or ""
    said = {
        "name": _git_name(actor.agent or instance) or instance,
        "email": f"{instance.replace('@', '.').replace(':', '.')}@{DOMAIN}",
        "agentInstance": instance,
        "agent": actor.agent,
        "thread": actor.thread_id,
        "task": task,
    }
    return {KEYS[name]: (value or "",) for name, value in said.items()}  # an empty one hides what is set elsewhere


def _git_name(name: str) -> str:
    """A name as git can keep it in a commit, perhaps empty: without angle brackets, and without what it cuts off."""
    return name.replace("<", "").replace(">", "").strip(_CRUD)


def _identity(workspace: Workspace) -> Json:
    """What is in force in this worktree, from whichever file."""
    pattern = r"^(user\.(name|email)|coordinaut\.(instance|agent|thread|task))$"
    answer = git_reading("config", "-z", "--get-regexp", pattern, at=workspace.root)
    entries = (entry.partition("\n") for entry in answer.out.decode("utf-8", "surrogateescape").split("\0"))
    said = {key: value for key, _, value in entries}
    return {name: said.get(key) or None for name, key in KEYS.items()}


def _note_what_overrides(workspace: Workspace) -> None:
    found = [name for name in _OVERRIDING if name in workspace.environ]
    if found:
        workspace.notices.append(f"{', '.join(found)} in the environment still decide how commits are signed.")
