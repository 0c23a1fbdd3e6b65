"""One ref fetched from a remote into a tracking ref of its own.

Rule 1: the refspec stands on the command line, without `+`: nothing is written to the remote's configuration, and a
remote whose line does not continue ours is an error, never an overwritten ref (`--no-show-forced-updates`, which may
be configured, would switch off that check).
Rule 2: nothing else moves: no tags, no FETCH_HEAD, no branches that a configured refspec would update on the way
(`--refmap=`; a mirror's `+refs/*:refs/*` would overwrite what was not published), no pruning, and never `--depth`,
which makes the whole repository shallow.
Rule 3: git asks nobody for a password, and the time is limited.
Rule 4: the tracking ref is a note of what was seen. One that cannot be used is thrown away, and costs nothing but a
fetch; one that the remote does not continue is kept, for somebody has to look.
"""

import re
from pathlib import Path

from coordinaut_git.errors import CoordinautError, contended, environment
from coordinaut_git.plumbing.remote_words import lines_of, said
from coordinaut_git.plumbing.run import Answer, git, git_reading, git_remote

WAIT_S = 60.0

_AGAIN = 5
_NO_SUCH_REF = re.compile(r"couldn't find remote ref", re.IGNORECASE)
_REPLACED = re.compile(r"\(non-fast-forward\)")
_MOVED_MEANWHILE = re.compile(r"cannot lock ref .*(is at \w+ but expected|already exists|unable to resolve reference)")
_LOCKED = re.compile(r"cannot lock ref .*File exists")
_NOT_WRITTEN = re.compile(
    r"cannot lock ref|unable to (update local ref|create|write)|No space left|quota exceeded|File too large"
    r"|[Rr]ead-only file system|insufficient permission"
)


def fetch_ref(remote: str, ref: str, into: str, *, at: Path, wait_s: float = WAIT_S) -> bool:
    """Bring the ref `into` to where `ref` is on the remote, in at most `wait_s` seconds; False if the remote has none.

    `remote` is a configured name. Raises contended `remote_unreachable` where it does not answer in time or does not
    let us in, environment `remote_replaced` where its line does not continue the one that was fetched before,
    `remote_deleted` where it had one, contended `tracking_locked` or environment `cannot_write` where `into` cannot be
    moved; and what `git` raises.
    """
    words = (
        "fetch", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules", "--no-auto-maintenance",
        "--no-prune", "--show-forced-updates", "--no-filter", "--refmap=", "--end-of-options",
        remote, f"{ref}:{into}",
    )  # fmt: skip
    settings = (f"remote.{remote}.followRemoteHEAD=never",)
    for left in reversed(range(_AGAIN)):
        answer = git_remote(*words, at=at, settings=settings, wait_s=wait_s)
        text = "\n".join(line for line in lines_of(answer) if not line.startswith("remote:"))
        if answer.ok or not left or not _MOVED_MEANWHILE.search(text):
            break  # else somebody has fetched at the same time
    if answer.ok:
        return True
    if _NO_SUCH_REF.search(text):
        _check_never_seen(remote, ref, into, at)
        return False
    raise _failure(answer, text, remote, ref, into, wait_s)


def throw_away(ref: str, common_dir: Path) -> None:
    """Remove a tracking ref, whatever state it is in; raises environment `cannot_write`."""
    answer = git("update-ref", "--no-deref", "-d", "--end-of-options", ref, at=common_dir)
    if not answer.ok:  # git removes none whose file it cannot read
        try:
            (common_dir / ref).unlink(missing_ok=True)
        except OSError as error:
            raise environment("cannot_write", f"The ref {ref} cannot be removed: {error.strerror}.") from error


def is_within(old: str, new: str, *, at: Path) -> bool:
    """Whether the commit that `old` names is the one that `new` names, or one before it; raises `git_failed`."""
    words = ("-c", "core.useReplaceRefs=false", "merge-base", "--is-ancestor", "--end-of-options")
    answer = git_reading(*words, old, new, at=at)
    if answer.code not in {0, 1}:
        raise environment("git_failed", f"git merge-base failed: {answer.complaint}.")
    return answer.ok


def _check_never_seen(remote: str, ref: str, into: str, at: Path) -> None:
    if git_reading("show-ref", "--verify", "--quiet", into, at=at).ok:
        raise environment(
            "remote_deleted",
            f"The remote {remote} has no {ref} any more, and it had one: somebody deleted it.",
            hint=f"To publish what this clone has of it again: git update-ref -d {into}, then coordinaut sync",
            remote=remote,
        )


def _failure(answer: Answer, text: str, remote: str, ref: str, into: str, wait_s: float) -> CoordinautError:
    if answer.late:
        return unreachable(remote, f"it did not answer within {wait_s:g} seconds")
    if _REPLACED.search(text):
        return environment(
            "remote_replaced",
            f"{ref} on the remote {remote} does not continue what was fetched from it before: somebody replaced it.",
            hint=f"Compare: git fetch {remote} {ref} && git log --oneline {into}...FETCH_HEAD"
            f" - and if the new one is right: git update-ref -d {into}",
            remote=remote,
        )
    if _LOCKED.search(text):
        return contended(
            "tracking_locked",
            f"Another program holds the lock file of {into}: {said(answer)}.",
            hint="Run the command again; a lock that a dead program left is set aside after ten seconds.",
        )
    if _NOT_WRITTEN.search(text):
        return environment("cannot_write", f"What came from the remote {remote} cannot be kept: {said(answer)}.")
    return unreachable(remote, said(answer))


def unreachable(remote: str, why: str) -> CoordinautError:
    """The error for a remote that it did not come to an exchange with."""
    return contended(
        "remote_unreachable",
        f"The remote {remote} cannot be reached: {why}.",
        hint=f"Try again; then look what this says: git ls-remote {remote}",
        remote=remote,
    )
