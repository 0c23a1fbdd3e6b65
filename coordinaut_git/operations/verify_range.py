"""Verification of commits: each against what its agent held when it was made.

Rule 1: with `--fetch` the remote's line is read first, as `sync` reads and checks it, and is the judge where this clone
        has none, or an older one.
Rule 2: a commit that cannot be judged, in a shallow clone or without a line, is an error, never a pass.
"""

from contextlib import ExitStack, closing
from typing import Any

from coordinaut_git.coordinator import CLOCK_TOLERANCE_MS
from coordinaut_git.errors import invalid, not_found, refused
from coordinaut_git.parting import meet
from coordinaut_git.plumbing.commits import Commit, commits_in
from coordinaut_git.protocol import requests as ask
from coordinaut_git.protocol.judge import Court, Made, Verdict, judge
from coordinaut_git.protocol.values import LAST_INSTANT, Instant
from coordinaut_git.protocol.verify import ChangedPath
from coordinaut_git.storage import GIT
from coordinaut_git.sync.checking import check_fetched
from coordinaut_git.sync.remote import GitRemote
from coordinaut_git.workspace import Workspace

Json = dict[str, Any]


def verify_commit_range(workspace: Workspace, request: ask.VerifyCommitRange) -> Json:
    """`{"violations": [], "commits", "checked", "range", "ref"}`; refused (exit 1) with the violations, if any.

    `commits` are those in the range, `checked` those of them that had to answer for something, `ref` is where the line
    stands by which they were judged: a ref, or else a folder or a server. A refusal also has `failed`: the commits with
    their subject, author and trailers.
    """
    with ExitStack() as stack:
        line = _line(workspace, stack) if request.fetch else workspace
        _must_be_there(line, fetched=request.fetch)
        commits = commits_in(request.range, workspace.root)
        team = line is not workspace or workspace.has_team
        return answered_for(line, commits, request.range, required=request.require_trailers, team=team)


def answered_for(line: Workspace, commits: list[Commit], text: str, *, required: bool, team: bool) -> Json:
    """What `verify_commit_range` answers for these commits, which `text` names; raises its refusal."""
    verdicts = _judged(line, commits, required=required, team=team)
    found = [violation for commit in commits for violation in verdicts[commit.id].violations]
    shown = {
        "violations": found,
        "commits": len(commits),
        "checked": sum(verdict.checked for verdict in verdicts.values()),
        "range": text,
        "ref": line.storage.place,
    }
    failed = [_failed(commit, verdicts[commit.id]) for commit in commits if verdicts[commit.id].violations]
    if failed:
        many, verb = "s" if len(commits) > 1 else "", "do" if len(failed) > 1 else "does"
        message = f"{len(failed)} of {len(commits)} commit{many} {verb} not pass."
        raise refused("unverified", message, hint=found[0]["hint"], failed=failed, **shown)
    return shown


def _line(workspace: Workspace, stack: ExitStack) -> Workspace:
    """The workspace whose line judges, after the remote's was fetched: the remote's, unless ours has all of it."""
    if workspace.storage.kind != GIT:
        raise invalid(
            "other_storage",
            f"--fetch reads the team's ref, and the state here is kept by the {workspace.storage.kind} storage.",
            hint="Leave --fetch out.",
        )
    remote = workspace.remote
    if remote is None:
        raise not_found(
            "no_remote",
            "There is no remote to fetch the coordination from.",
            hint="Name one: git config coordinaut.remote NAME",
        )
    line = GitRemote(workspace.git_store, remote)
    theirs = line.fetch()
    if theirs is None:
        raise not_found(
            "no_remote_state",
            f"The remote {remote} has no {line.ref}: no coordination has been published there.",
            hint="Publish it, or name the ref that the team uses: git config coordinaut.ref …",
        )
    store, ours = workspace.git_store, workspace.store.head()
    meeting = meet(store, ours or store.first, theirs)
    check_fetched(store, meeting.at, theirs)
    if ours and not meeting.theirs:
        return workspace
    if meeting.ours:
        workspace.notices.append(f"This clone has operations that {remote} has not; judged by what {remote} has.")
    fetched = workspace.on(line.tracking)
    stack.enter_context(closing(fetched))
    return fetched


def _must_be_there(line: Workspace, *, fetched: bool) -> None:
    if not line.coordinated():
        raise not_found(
            "no_store",
            "Nothing is coordinated in this repository yet.",
            hint="Start with: coordinaut init" if fetched else "In a clone for CI, read the team's first: --fetch",
        )


def _judged(line: Workspace, commits: list[Commit], *, required: bool, team: bool) -> dict[str, Verdict]:
    """The verdicts by commit id; judged in the order of time, so that the line is read once."""
    court = Court(
        past=line.past,
        newest=line.coordinator.read().state,
        fold=line.fold,
        tolerance_ms=CLOCK_TOLERANCE_MS if team else 0,
        required=required,
    )
    in_time = sorted(commits, key=lambda commit: commit.committed_at)
    return {commit.id: judge(_made(commit), court) for commit in in_time}


def _made(commit: Commit) -> Made:
    return Made(
        id=commit.id,
        at=_instant(commit.committed_at),
        authored_at=_instant(commit.authored_at),
        trailers=commit.trailers,
        changed=tuple(ChangedPath(*path) for path in commit.changes),
    )


def _instant(ms: int) -> Instant:
    """An instant of git, which knows years beyond 9999, as one of the line."""
    return Instant(min(max(ms, 0), LAST_INSTANT - CLOCK_TOLERANCE_MS * 2))


def _failed(commit: Commit, verdict: Verdict) -> Json:
    return {
        "commit": commit.id,
        "subject": commit.subject,
        "author": commit.author,
        "committedAt": str(_instant(commit.committed_at)),
        "agentInstance": verdict.named.instance or None,
        "tasks": list(verdict.named.tasks),
    }
