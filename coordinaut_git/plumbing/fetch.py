"""One ref fetched from a remote into a tracking ref of its own.

Rule 1: the refspec stands on the command line, without `+`: nothing is written to the remote's configuration, and a
remote whose line does not continue ours is an error, never an overwritten ref (`--no-show-forced-updates`, which may
be configured, would switch off that check).
Rule 2: nothing else moves: no tags, no FETCH_HEAD, no branches that a configured refspec would update on the way
(`--refmap=`; a mirror's `+refs/*:refs/*` would overwrite what was not published), no pruning, and never `--depth`,
which makes the whole repository shallow.
Rule 3: git asks for no password, and the time is limited.
"""

import re
from pathlib import Path

from coordinaut_git.errors import CoordinautError, contended, environment, not_found
from coordinaut_git.plumbing.run import Answer, git_reading

WAIT_S = 120.0

_NO_SUCH_REF = re.compile(rb"[Cc]ouldn't find remote ref")
_REPLACED = re.compile(rb"\(non-fast-forward\)|\[rejected\]")


def fetch_ref(remote: str, ref: str, into: str, *, at: Path, wait_s: float = WAIT_S) -> None:
    """Bring the ref `into` to where `ref` is on the remote, in at most `wait_s` seconds.

    `remote` is a configured name. Raises not_found `no_remote_state` where the remote has no such ref, contended
    `remote_unreachable` where it does not answer in time or does not let us in, environment `remote_replaced` where its
    line does not continue the one that was fetched before; and what `git_reading` raises.
    """
    words = (
        "fetch", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules", "--no-auto-maintenance",
        "--no-prune", "--show-forced-updates", "--no-filter", "--refmap=", "--end-of-options",
        remote, f"{ref}:{into}",
    )  # fmt: skip
    try:
        answer = git_reading(*words, at=at, wait_s=wait_s)
    except CoordinautError as error:
        if error.code == "git_timeout":
            raise _unreachable(remote, f"it did not answer within {wait_s:g} seconds") from error
        raise
    if not answer.ok:
        raise _failure(answer, remote, ref, into)


def is_within(old: str, new: str, *, at: Path) -> bool:
    """Whether the commit that the ref `old` names is the one that `new` names, or one before it."""
    answer = git_reading("merge-base", "--is-ancestor", "--end-of-options", old, new, at=at)
    if answer.code not in {0, 1}:
        raise environment("git_failed", f"git merge-base failed: {answer.complaint}.")
    return answer.ok


def _failure(answer: Answer, remote: str, ref: str, into: str) -> CoordinautError:
    if _NO_SUCH_REF.search(answer.err):
        return not_found(
            "no_remote_state",
            f"The remote {remote} has no {ref}: no coordination has been published there.",
            hint="Publish it, or name the ref that the team uses: git config coordinaut.ref …",
        )
    if _REPLACED.search(answer.err):
        return environment(
            "remote_replaced",
            f"{ref} on the remote {remote} does not continue what was fetched from it before: somebody replaced it.",
            hint=f"Compare the two; if the new one is right: git update-ref -d {into}",
        )
    return _unreachable(remote, answer.complaint.rstrip("."))


def _unreachable(remote: str, why: str) -> CoordinautError:
    return contended(
        "remote_unreachable",
        f"The remote {remote} cannot be read: {why}.",
        hint=f"Try again; then look what this says: git ls-remote {remote}",
    )
