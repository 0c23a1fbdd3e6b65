"""One ref pushed to a remote, by a compare-and-swap that the remote makes.

Rule 1: nothing is forced: `--force-with-lease` names the value that the remote's ref must have, and what is pushed
continues it. Hosts keep histories from being rewritten below refs/heads/ only, so we look ourselves.
Rule 2: what became of it is one of the words of `Outcome`. What the remote reports about its ref is believed; without
a report nothing happened where git had not begun to make the pack, which its own trace tells (git's documentation,
"api-trace2"), or where the request was turned away; and every other end is `UNKNOWN`.
Rule 3: wordings of a remote are never the last word: whoever gets a `LOCKED`, `REFUSED` or `UNWRITABLE` looks at the
remote's ref before it believes that no race was lost, for hosts have words of their own.
Rule 4: nothing else goes with it: no tags, no submodules, no hook of the user, no signature, no tracking branch of a
configured refspec, which may be our own line (a mirror's is `+refs/*:refs/*`).
"""

import re
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from coordinaut_git.errors import CoordinautError, environment
from coordinaut_git.plumbing.fetch import is_within
from coordinaut_git.plumbing.remote_words import lines_of, said
from coordinaut_git.plumbing.run import Answer, git_remote

WAIT_S = 60.0

_TRACE = {"GIT_TRACE2_EVENT": "1", "GIT_TRACE2_EVENT_BRIEF": "1"}
_TRACED, _BEGUN = b'"event":"start"', b'"pack-objects"'
_LINE = re.compile(r"([ +*=!-])\t[^\t]*:(?P<ref>[^\t]+)\t(?:\[(?P<kind>[^\]]*)\]|\S*)(?: \((?P<reason>.*)\))?")
"""A line of `--porcelain`: git-push(1), "OUTPUT"."""


class Outcome(StrEnum):
    """What became of a push."""

    DONE = "done"
    RACED = "raced"
    """The ref is not where it was expected; nothing happened."""
    LOCKED = "locked"
    """The remote could not move its ref just now: somebody else moves it, or a dead program left a lock file."""
    REFUSED = "refused"
    """A rule of the host: no right to write, a hook, a namespace that it keeps for itself."""
    UNWRITABLE = "unwritable"
    """The host cannot: its disk, its repository, trouble of its own."""
    UNREACHABLE = "unreachable"
    """It did not come to an exchange; nothing happened."""
    UNKNOWN = "unknown"
    """It was cut off when something had been sent: it may have happened."""


class Pushed(NamedTuple):
    """The outcome, and what git or the remote said, as one line for people without a final full stop."""

    outcome: Outcome
    words: str


_WORDINGS = {
    # Of the operating system first: they stand at the end of wordings that would match below.
    r"no space left|quota exceeded|file too large|read-only file system|permission denied": Outcome.UNWRITABLE,
    r"input/output error|insufficient permission": Outcome.UNWRITABLE,
    r"hook declined|hidden ref|protected|prohibited|not allowed|not permitted|rule violation": Outcome.REFUSED,
    r"checked out|funny refname|name conflict|exists; cannot create": Outcome.REFUSED,
    r"stale info|fetch first|non-fast[- ]forward|remote ref updated since checkout|needs force": Outcome.RACED,
    r"already exists|is at \w+ but expected|incorrect old value|reference does not exist": Outcome.RACED,
    r"unable to resolve reference|not match (the )?expected|already been updated": Outcome.RACED,
    r"cannot lock|failed to (update|lock)|unable to lock|lock[ _]failure|lock error": Outcome.LOCKED,
    r"unpack|bad pack|missing necessary objects|internal|fail|invalid new value|transaction": Outcome.UNWRITABLE,
}
"""What the reason of a rejection means: those of git's receive-pack and send-pack, of JGit, and of the hosts."""

_REASONS = tuple((re.compile(wording, re.IGNORECASE), outcome) for wording, outcome in _WORDINGS.items())
_FORBIDDEN = re.compile(
    r"ERROR: .*(denied|read.only|not allowed)|write access|access denied|not allowed to push|denied to "
    r"|(returned error:|HTTP) 4(03|13)\b|ref updates aborted by hook",
    re.IGNORECASE,
)
_NOT_SENT = re.compile(
    r"^(fatal: (could not read (Username|Password)|Authentication failed) for .*"  # it was asked for with the pack
    r"|error: RPC failed; HTTP 4(?!08|25|29)\d\d .*"  # a "client error", but for those that may pass
    r"|fatal: ref updates aborted by hook)$",  # a receive-pack of git 2.39 dies of it, before the ref moves
    re.MULTILINE,
)
_OUR_OWN = re.compile(
    r"^(error: src refspec .*|fatal: (bad object [0-9a-f]{40}|unable to read [0-9a-f]{40}|bad config .*"
    r"|not a git repository .*|.* can't be combined .*))$",
    re.MULTILINE,
)
"""Faults of this repository, with which no whole pack was sent."""


def push_ref(remote: str, new: str, ref: str, expected: str | None, *, at: Path, wait_s: float = WAIT_S) -> Pushed:
    """Move `ref` on the remote from the commit `expected` (None: it must not exist) to the commit `new`.

    `remote` is a configured name. Pushing what the remote has already is `DONE`. Raises ValueError where `new` does not
    continue `expected`, environment `git_failed` where git found fault with this repository, and what `git` raises.
    """
    if expected and not is_within(expected, new, at=at):
        raise ValueError(f"{new} does not continue {expected}")
    return _pushed(remote, new, ref, expected or "", at, wait_s)


def delete_ref(remote: str, ref: str, expected: str, *, at: Path, wait_s: float = WAIT_S) -> Pushed:
    """Delete `ref` on the remote, where it is at the commit `expected`; else as `push_ref`."""
    return _pushed(remote, "", ref, expected, at, wait_s)


def _pushed(remote: str, new: str, ref: str, expected: str, at: Path, wait_s: float) -> Pushed:
    words = (
        "push", "--porcelain", "--no-verify", "--no-follow-tags", "--no-signed", "--recurse-submodules=no",
        f"--force-with-lease={ref}:{expected}", "--end-of-options", remote, f"{new}:{ref}",
    )  # fmt: skip
    settings = (
        f"remote.{remote}.mirror=false", f"remote.{remote}.fetch=^{ref}", "push.negotiate=false", "push.pushOption=",
    )  # fmt: skip
    try:
        answer = git_remote(*words, at=at, settings=settings, told=_TRACE, wait_s=wait_s)
    except CoordinautError as error:
        if error.code != "git_output":
            raise
        return Pushed(Outcome.UNKNOWN, error.message.rstrip("."))
    if _OUR_OWN.search("\n".join(lines_of(answer))):
        raise environment("git_failed", f"git push failed: {said(answer)}.")
    return _reported(answer, ref) or _without_report(answer, wait_s)


def _reported(answer: Answer, ref: str) -> Pushed | None:
    """What the line about the ref says; None where there is none."""
    lines = answer.out.decode("utf-8", "replace").splitlines()
    found = next((line for line in map(_LINE.fullmatch, lines) if line and line["ref"] == ref), None)
    if found is None:
        return None
    if found[1] != "!":
        return Pushed(Outcome.DONE, "")
    reason = found["reason"] or ""
    return Pushed(_meaning(found["kind"] or "", reason, lines_of(answer)), said(answer, reason))


def _meaning(kind: str, reason: str, lines: list[str]) -> Outcome:
    if kind == "remote failure":
        return Outcome.UNKNOWN
    # An older receive-pack says "failed to update ref" and tells why beside it.
    why = [line for line in lines if re.match(r"remote: (error|fatal): ", line)]
    for text in (*(why if _is_vague(reason) else ()), reason):
        for wording, outcome in _REASONS:
            if wording.search(text):
                return outcome
    return Outcome.REFUSED


def _is_vague(reason: str) -> bool:
    return reason in {"failed to update ref", "unpacker error", "failed to update", ""}


def _without_report(answer: Answer, wait_s: float) -> Pushed:
    """It came to no report about the ref."""
    words = f"it did not answer within {wait_s:g} seconds" if answer.late else said(answer)
    every = lines_of(answer)
    if not _may_have_landed(answer, [line for line in every if not line.startswith("remote:")]):
        return Pushed(Outcome.REFUSED if _FORBIDDEN.search("\n".join(every)) else Outcome.UNREACHABLE, words)
    return Pushed(Outcome.UNKNOWN, words)


def _may_have_landed(answer: Answer, lines: list[str]) -> bool:
    """Whether something was sent, and not turned away; `lines` are those of git itself, since a hook says anything."""
    if _BEGUN not in answer.err and _TRACED in answer.err:
        return False
    return not _NOT_SENT.search("\n".join(lines))
