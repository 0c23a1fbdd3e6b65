"""What the git hooks ask: may this be committed, in whose name, and what follows from it.

Rule 1: nothing here prints or ends a process. A no is the refusal that is raised; what follows from it is
the hook's policy.
Rule 2: a person who names no agent instance owes nobody a lease, and commits without trailers.
Rule 3: who commits stands in the trailers; for which task: the worktree's own, else the one whose lease covers all that
is staged, else those whose leases cover some of it.
"""

from contextlib import suppress
from pathlib import Path

from coordinaut_git.errors import CoordinautError, refused
from coordinaut_git.operations.hooking import held_by_others
from coordinaut_git.operations.verification import verify_commit
from coordinaut_git.plumbing.commits import Commit, commits_in, is_published, trailers_of
from coordinaut_git.plumbing.run import git_reading
from coordinaut_git.plumbing.staged import staged_in
from coordinaut_git.protocol import requests as ask
from coordinaut_git.protocol.asking import Moment, is_due
from coordinaut_git.protocol.holding import holds
from coordinaut_git.protocol.model import Actor, HandoffStatus, Lease
from coordinaut_git.protocol.references import find_task
from coordinaut_git.protocol.rules import COVERS_WRITES
from coordinaut_git.protocol.state import State
from coordinaut_git.protocol.trailers import AGENT, INSTANCE, TASK, THREAD, named_in
from coordinaut_git.protocol.values import NAME_CHARS, check_identifier, one_line
from coordinaut_git.protocol.verify import ChangedPath
from coordinaut_git.protocol.wellformed import THREAD_CHARS
from coordinaut_git.workspace import Workspace

Trailer = tuple[str, str]

_COPYING = ("rebase-merge", "rebase-apply", "CHERRY_PICK_HEAD")
_NOT_JUDGED = ("refs/tags/", "refs/notes/", "refs/coordinaut")


def committer(workspace: Workspace) -> Actor:
    """Who commits here, an agent or a person without an instance; raises `bad_identifier`."""
    actor = workspace.actor(ask.Request())
    if actor.instance:
        check_identifier("an agent instance", actor.instance)
    return actor


def only_copies(workspace: Workspace) -> bool:
    """Whether a rebase or a cherry-pick is under way: commits that were made before are made again."""
    return any((workspace.place.git_dir / name).exists() for name in _COPYING)


def check_staged(workspace: Workspace, actor: Actor) -> None:
    """Raise `unverified` for what an agent does not hold, `held_by_agents` for what a person may leave to an agent."""
    if actor.instance:
        verify_commit(workspace, ask.VerifyCommit(agent_instance=actor.instance))
    else:
        _check_person(workspace)


def check_message(workspace: Workspace, actor: Actor, message: Path) -> None:
    """Raise `unverified` where the trailers of an agent's commit message do not say what is true.

    Where nothing is staged, as in a merge that changes nothing of its own, none is missed.
    """
    if not actor.instance:
        return
    try:
        verify_commit(workspace, ask.VerifyCommit(agent_instance=actor.instance, message_file=str(message)))
    except CoordinautError as error:
        reasons = {found["reason"] for found in error.details.get("violations", ())}
        if reasons != {"missing_trailer"} or staged(workspace):
            raise


def trailers(workspace: Workspace, actor: Actor) -> list[Trailer]:
    """The trailers for what is staged; none for a person."""
    if not actor.instance:
        return []
    found = [(AGENT, one_line(actor.agent or "", NAME_CHARS) or actor.instance), (INSTANCE, actor.instance)]
    if actor.thread_id:
        found.append((THREAD, one_line(actor.thread_id, THREAD_CHARS)))
    return [*found, *((TASK, task) for task in _tasks(workspace, actor.instance))]


def names_somebody(workspace: Workspace, message: bytes) -> bool:
    """Whether a message has any of our trailers."""
    return named_in(trailers_of(message, workspace.root)).anybody


def nothing_follows(workspace: Workspace, actor: Actor) -> bool:
    """Whether a commit changes nothing in the state as it is: no promise to keep, no lease to renew."""
    state, moment = workspace.coordinator.now()
    due = (is_due(lease, None, moment) and not moment.expired(lease) for lease in state.leases_of(actor.instance))
    return not _has_promised(state, actor) and not any(due)


def keep_promises(workspace: Workspace, actor: Actor) -> None:
    """After a commit of an agent: hand over what was promised of what it touched, and renew what is due."""
    if not actor.instance:
        return
    made = _newest_commit(workspace) if _has_promised(workspace.coordinator.read().state, actor) else None
    paths = tuple(change.path for change in made.changes) if made else ()
    workspace.run(ask.KeepPromises(paths=paths, commit=made.id if made else None), actor)


def check_push(workspace: Workspace, lines: list[str]) -> None:
    """Raise `unverified` for commits that must not be pushed; `lines` are what git tells a pre-push hook.

    Commits without trailers pass here: people push theirs too. Tags and notes bring no commits that a branch does not.
    """
    from coordinaut_git.operations.verify_range import verify_commit_range  # a commit's hooks do without it

    for line in lines:
        _, local, remote_ref, remote = line.rsplit(" ", 3)
        nothing = "0" * len(local)
        if local == nothing or remote_ref.startswith(_NOT_JUDGED):
            continue
        known = remote != nothing and _is_here(workspace, remote)
        if not known and is_published(local, workspace.root):
            continue  # a new name for what the remote has
        pushed = f"{remote if known else nothing}..{local}"
        verify_commit_range(workspace, ask.VerifyCommitRange(range=pushed, require_trailers=False))


def staged(workspace: Workspace) -> list[ChangedPath]:
    """What is about to be committed."""
    return [ChangedPath(*change) for change in staged_in(workspace.place, index=workspace.index_file)]


def _check_person(workspace: Workspace) -> None:
    paths = staged(workspace) if workspace.coordinator.read().state.leases() else []
    held = held_by_others(workspace, "", paths)
    if held:
        raise refused(
            "held_by_agents",
            f"{len(held)} of {len(paths)} staged path{'s are' if len(paths) > 1 else ' is'} held by an agent.",
            hint=held[0]["hint"],
            violations=held,
            checked=len(paths),
        )


def _tasks(workspace: Workspace, instance: str) -> list[str]:
    """The display ids of the tasks that a commit belongs to."""
    state, moment = workspace.coordinator.now()
    if own := workspace.settings.values.get("task"):
        with suppress(CoordinautError):  # a task that is not known here any more
            return [find_task(state, own).display_id]
    leases = [lease for lease in state.leases_of(instance) if _may_write(lease, moment)]
    if len(leases) > 1:
        leases = _covering(leases, staged(workspace), fold=workspace.fold)
    return [lease.display_id for lease in sorted(leases, key=lambda lease: lease.fence)]


def _may_write(lease: Lease, moment: Moment) -> bool:
    return lease.mode in COVERS_WRITES and not moment.expired(lease)


def _covering(leases: list[Lease], paths: list[ChangedPath], *, fold: bool) -> list[Lease]:
    """The one that covers all, else those that cover some; none of several where nothing is staged."""

    def covered(lease: Lease) -> int:
        return sum(holds(lease, path, fold=fold or lease.fold, directory=folder) for path, folder in paths)

    counted = [(lease, covered(lease)) for lease in leases]
    whole = [lease for lease, count in counted if paths and count == len(paths)]
    return whole if len(whole) == 1 else [lease for lease, count in counted if count]


def _has_promised(state: State, actor: Actor) -> bool:
    pending = (handoff for handoff in state.pending_handoffs() if handoff.owner == actor.instance)
    return any(handoff.status == HandoffStatus.GRANT_AFTER_COMMIT for handoff in pending)


def _newest_commit(workspace: Workspace) -> Commit:
    (made,) = commits_in("HEAD", workspace.root)
    return made


def _is_here(workspace: Workspace, name: str) -> bool:
    return git_reading("cat-file", "-e", f"{name}^{{commit}}", at=workspace.root).ok
