"""Tries whether a remote takes a ref like ours, with one that is thrown away.

Rule 1: it is made beside ours, so that a rule which a host has for ours holds for it too; it is deleted again.
"""

from coordinaut_git.errors import CoordinautError, environment
from coordinaut_git.plumbing.fetch import unreachable
from coordinaut_git.plumbing.push import Outcome, Pushed, delete_ref, push_ref
from coordinaut_git.plumbing.remotes import check_remote
from coordinaut_git.plumbing.run import git_remote
from coordinaut_git.stores.git.store import GitStore
from coordinaut_git.sync.remote import not_taken

WAIT_S = 30.0


def probe(store: GitStore, remote: str, token: str) -> str:
    """The name of a ref that was made on the remote, read back and deleted; `token` makes it nobody else's.

    Three connections. Raises contended `remote_unreachable`, `push_refused`, or environment `remote_forgets` for a host
    that takes the ref and does not show it, or keeps it.
    """
    check_remote(remote, store.settings)
    at, new = store.place.work_tree or store.place.git_dir, store.first
    ref = f"{store.settings.ref.rpartition('/')[0]}/probe-{token}"
    _check(push_ref(remote, new, ref, None, at=at, wait_s=WAIT_S), remote, ref)
    try:
        answer = git_remote("ls-remote", "--refs", "--end-of-options", remote, ref, at=at, wait_s=WAIT_S)
    finally:
        gone = delete_ref(remote, ref, new, at=at, wait_s=WAIT_S)
    if not answer.ok:
        raise unreachable(remote, answer.complaint)
    if new.encode() not in answer.out:
        raise _forgets(f"The remote {remote} took {ref}, but does not show it.", remote)
    if gone.outcome is not Outcome.DONE:
        raise _forgets(f"The remote {remote} took {ref}, but does not delete it: {gone.words}.", remote)
    return ref


def _check(pushed: Pushed, remote: str, ref: str) -> None:
    match pushed.outcome:
        case Outcome.DONE:
            return
        case Outcome.UNREACHABLE | Outcome.UNKNOWN:
            raise unreachable(remote, pushed.words)
        case outcome:
            raise not_taken(outcome, remote, ref, pushed.words)


def _forgets(what: str, remote: str) -> CoordinautError:
    return environment(
        "remote_forgets",
        what,
        hint="Look at the rules that the host has for refs; a branch may do better: coordinaut init --ref "
        "refs/heads/coordinaut/state",
        remote=remote,
    )
