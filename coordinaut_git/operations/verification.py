"""Verification of what is not committed yet: the work tree, and what is staged with its message."""

from typing import Any

from coordinaut_git.errors import CoordinautError, not_found, refused
from coordinaut_git.plumbing.changes import changes_in
from coordinaut_git.plumbing.commits import trailers_of
from coordinaut_git.plumbing.staged import staged_in
from coordinaut_git.protocol import requests as ask
from coordinaut_git.protocol.judge import judge_trailers
from coordinaut_git.protocol.state import State
from coordinaut_git.protocol.trailers import INSTANCE, named_in
from coordinaut_git.protocol.verify import ChangedPath, violation, violations
from coordinaut_git.workspace import Workspace

Json = dict[str, Any]


def verify_worktree(workspace: Workspace, request: ask.VerifyWorktree) -> Json:
    """`{"violations": [], "checked", "agentInstance"}`; refused (exit 1) with the violations if there are any."""
    instance = workspace.owner(request).instance or ""
    changed = [ChangedPath(change.path, change.directory) for change in changes_in(workspace.root)]
    state, moment = workspace.coordinator.now()
    found = violations(state, instance, changed, moment, fold=workspace.fold)
    return _verified(found, len(changed), "changed", instance)


def verify_commit(workspace: Workspace, request: ask.VerifyCommit) -> Json:
    """`{"violations": [], "checked", "agentInstance"}` of what is staged, and of the message's trailers; as above."""
    instance = workspace.owner(request).instance or ""
    staged = [ChangedPath(*change) for change in staged_in(workspace.place, index=workspace.index_file)]
    state, moment = workspace.coordinator.now()
    found, tasks = _judge_message(workspace, request.message_file, instance, state)
    found += violations(state, instance, staged, moment, fold=workspace.fold, tasks=tasks or None)
    return _verified(found, len(staged), "staged", instance)


def _judge_message(
    workspace: Workspace, message_file: str | None, instance: str, state: State
) -> tuple[list[Json], frozenset[str]]:
    """What is wrong with the trailers of a message, and the tasks that it names and the instance held."""
    if message_file is None:
        return [], frozenset()
    named = named_in(trailers_of(_read(workspace, message_file), workspace.root))
    forged = []
    if named.instance not in {"", instance}:
        hint = f"{INSTANCE} names {named.instance}, but it is {instance} that commits; name who makes the commit."
        forged = [violation("never_held", hint)]

    def held(task_id: str) -> bool:
        lease = state.lease(task_id)
        own = lease is not None and lease.agent_instance == instance
        return own or workspace.past.held(instance, task_id, state.at)

    found, tasks = judge_trailers(named._replace(instance=instance), state, held)
    return [*forged, *found], tasks


def _read(workspace: Workspace, message_file: str) -> bytes:
    try:
        return (workspace.start / message_file).read_bytes()
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise not_found(
            "no_message_file",
            f"The message file {message_file!r} cannot be read: {why}.",
            hint="A commit-msg hook is given its path; relative to where you are it must lead there.",
        ) from error


def _verified(found: list[Json], checked: int, what: str, instance: str) -> Json:
    shown = {"violations": found, "checked": checked, "agentInstance": instance}
    if found:
        raise _unverified(found, checked, what, instance, shown)
    return shown


def _unverified(found: list[Json], checked: int, what: str, instance: str, shown: Json) -> CoordinautError:
    paths = sum(one["path"] is not None for one in found)
    said = []
    if paths:
        said.append(
            f"{paths} of {checked} {what} path{'s are' if checked > 1 else ' is'} not covered by a lease of {instance}"
        )
    if trailers := len(found) - paths:
        said.append(f"{trailers} thing{'s are' if trailers > 1 else ' is'} wrong with the trailers of the message")
    return refused("unverified", "; ".join(said) + ".", hint=found[0]["hint"], **shown)
