"""What is pushed into this repository, ref by ref, and whether it may come in.

Rule 1: of the line, only what continues it lawfully: gone through operation by operation, believing nothing. What
        stands there was gone through when it came in, so a push costs what it brings. Where the team asks for
        signatures, the newest commit has one of somebody whom the line named before.
Rule 2: a branch's new commits answer for their trailers by this repository's own line.
Rule 3: the notes that a clone keeps for itself, what it has seen of a remote and its backups, are not pushed.

See githooks(5), `update`: git asks for each ref when the objects are in place, and moves it by compare-and-swap after.
"""

import re

from coordinaut_git.documents import Head
from coordinaut_git.errors import CoordinautError, refused
from coordinaut_git.plumbing.remotes import TRACKING
from coordinaut_git.stores.git.store import BACKUPS
from coordinaut_git.sync.checking import check_fetched
from coordinaut_git.sync.signatures import signer_at
from coordinaut_git.workspace import Workspace

BRANCHES = "refs/heads/"
PRIVATE = (f"{TRACKING}/", f"{BACKUPS}/")

_NOTHING = re.compile(r"0+\Z")


def check_update(workspace: Workspace, ref: str, old: str, new: str) -> None:
    """Raise refused `unlawful_push`, or `unverified` for commits that break their claims; and what cannot be read.

    `old` and `new` are ids of objects; zeros where the ref is made or deleted.
    """
    deleted = bool(_NOTHING.match(new))
    if ref == workspace.settings.ref:
        _check_line(workspace, ref, old, "" if deleted else new)
    elif ref.startswith(PRIVATE) and not deleted:
        raise _unlawful(f"{ref} is a note that one clone keeps for itself, and is not pushed.", hint=None)
    elif ref.startswith(BRANCHES) and not deleted and workspace.coordinated():
        from coordinaut_git.operations.verify_range import answered_for  # a push of the line does without them
        from coordinaut_git.plumbing.commits import read_commits, signed_here_first

        commits = read_commits(signed_here_first(new, workspace.root), workspace.root)
        answered_for(workspace, commits, f"{old}..{new}", required=False, team=True)


def _check_line(workspace: Workspace, ref: str, old: str, new: str) -> None:
    if not new:
        raise _unlawful(f"{ref} is the team's line, and is not deleted.", hint=None)
    store = workspace.git_store
    before = store.first if _NOTHING.match(old) else Head(old)
    try:
        check_fetched(store, before, Head(new))
    except CoordinautError as error:
        if error.code != "unlawful_line":
            raise
        raise _unlawful(
            f"{ref} takes only what continues it lawfully{_where(error)}: what was pushed {error.details['reason']}.",
            hint="Publish with `coordinaut sync`: it puts your operations after those that are here.",
        ) from error
    _check_signature(workspace, before, Head(new))


def _check_signature(workspace: Workspace, before: Head, new: Head) -> None:
    signers = workspace.coordinator.state_at(before).signers
    if signers and signer_at(workspace.git_store, new, signers) is None:
        raise _unlawful(
            f"The team asks for signatures, and commit {new[:12]} has no good one of a signer.",
            hint="Sign with a key of the list (coordinaut signers): git config coordinaut.sign true",
        )


def _where(error: CoordinautError) -> str:
    named = {"operation": error.details.get("seq"), "commit": str(error.details.get("commit", ""))[:12]}
    parts = [f"{what} {which}" for what, which in named.items() if which]
    return f" ({', '.join(parts)})" if parts else ""


def _unlawful(message: str, *, hint: str | None) -> CoordinautError:
    return refused("unlawful_push", message, hint=hint)
