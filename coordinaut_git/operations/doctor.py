"""Doctor: examine the repository, the store and the history, and say what to do.

Rule 1: one check, one function, one finding; a check that fails does not hide the next.
Rule 2: nothing is changed unless `--fix` is given, and then only what is safe: nothing that is on the line is lost.
"""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from coordinaut_git.documents import FORMAT
from coordinaut_git.errors import CoordinautError, environment
from coordinaut_git.plumbing.run import OLDEST_GIT, git_version
from coordinaut_git.protocol import requests as ask
from coordinaut_git.protocol.invariants import broken_promises
from coordinaut_git.replay import replayed, restored
from coordinaut_git.stores.git import health
from coordinaut_git.stores.git.mend import mend
from coordinaut_git.stores.git.store import GitStore
from coordinaut_git.workspace import Workspace

Json = dict[str, Any]

CLOCK_AHEAD_MS = 60_000


class Finding(NamedTuple):
    """What a check found: ok, warning, failed or skipped; a sentence; what to do."""

    status: str
    summary: str
    advice: str | None = None


def doctor(workspace: Workspace, request: ask.Doctor) -> Json:
    """`{"checks", "root", "store", "ref", …}`; an environment error (exit 6) with the same details if one failed."""
    mended = _mend(workspace) if request.fix else []
    checks = [_form(name, _guarded(check, workspace)) for name, check in GROUND_CHECKS]
    line = _line_of(workspace)
    checks.append(_form("line", line))
    for name, check in (*LINE_CHECKS, *(DEEP_CHECKS if request.deep else ())):
        checks.append(_form(name, _guarded(check, workspace) if line.status == "ok" else NOTHING_TO_READ))
    where = workspace.store.describe()
    result = {
        **where,
        "root": str(workspace.root),
        "store": where["storage"],
        "worktree": workspace.place.worktree or None,
        "instance": workspace.instance(),
        "checks": checks,
        "mended": mended,
    }
    failed = [check for check in checks if check["status"] == "failed"]
    if failed:
        message = f"{len(failed)} of {len(checks)} checks failed; first {failed[0]['name']}: {failed[0]['summary']}"
        raise environment("unhealthy", message, hint=failed[0]["advice"], **result)
    return result


NOTHING_TO_READ = Finding("skipped", "there is no line to look at")


def _guarded(check: Callable[[Workspace], Finding], workspace: Workspace) -> Finding:
    try:
        return check(workspace)
    except CoordinautError as error:
        return Finding("failed", error.message, error.hint)


def _form(name: str, finding: Finding) -> Json:
    return {"name": name, "status": finding.status, "summary": finding.summary, "advice": finding.advice}


def _git(workspace: Workspace) -> Finding:
    del workspace
    version = git_version()
    shown = ".".join(map(str, version))
    if version < OLDEST_GIT:
        return Finding("failed", f"git {shown} is too old.", "Install git 2.39 or newer.")
    return Finding("ok", f"git {shown}")


def _repository(workspace: Workspace) -> Finding:
    place = workspace.place
    kind = f"linked worktree {place.worktree}" if place.worktree else "main work tree"
    if place.work_tree is None:
        kind = "bare repository"
    return Finding("ok", f"{kind} of {place.common_dir}")


def _sharing(workspace: Workspace) -> Finding:
    shared = workspace.settings.shared_repository
    if shared.lower() in {"", "false", "umask", "0"}:
        return Finding("ok", "the repository belongs to one user")
    advice = "Let every user work with umask 0002, or give each a clone and use a team remote."
    return Finding("warning", f"core.sharedRepository is {shared}, which libgit2 does not honour.", advice)


def _remotes(workspace: Workspace) -> Finding:
    spaces = workspace.settings.ref.rpartition("/")[0]
    risky = [line for line in workspace.settings.refspecs if spaces in line]
    if not risky:
        return Finding("ok", "no remote is configured to overwrite or prune the coordination ref")
    advice = "Take the line out of the configuration; coordination refs are fetched and pushed by coordinaut alone."
    return Finding("warning", f"{risky[0]} can erase operations that were not published.", advice)


def _schema(workspace: Workspace) -> Finding:
    """Whether the documents are of the format that this version reads and writes."""
    head = workspace.store.head()
    if head is None:
        return Finding("skipped", "there is no state yet")
    form = workspace.store.format(head)
    if form > FORMAT:
        return Finding(
            "failed", f"the state is of format {form}; this version knows {FORMAT}", "Update coordinaut-git."
        )
    if form < FORMAT:
        summary = f"the state is of format {form} and needs to be migrated to {FORMAT}"
        return Finding("failed", summary, "Run `coordinaut migrate`; it makes a backup first.")
    return Finding("ok", f"the state is of format {form}, which is the newest")


def _line_of(workspace: Workspace) -> Finding:
    """Whether the state can be read at all; the checks that follow need that."""
    try:
        head = workspace.store.head()
        if head is None:
            return Finding("warning", "nothing is coordinated here yet", "Start with: coordinaut init")
        state = workspace.coordinator.read().state
    except CoordinautError as error:
        if error.code in {"newer_format", "older_format"}:
            return Finding("failed", error.message, error.hint)
        advice = "Put back the newest state that this clone remembers: coordinaut doctor --fix"
        return Finding("failed", error.message, advice)
    return Finding("ok", f"{state.seq} operations up to {head[:12]}, the newest at {state.at}")


def _documents(workspace: Workspace) -> Finding:
    return _few(health.document_problems, workspace, "every document of the newest checkpoint can be read")


def _promises(workspace: Workspace) -> Finding:
    broken = list(broken_promises(workspace.coordinator.read().state))
    if broken:
        return Finding("failed", broken[0], "Please report this with `git log refs/coordinaut/state`.")
    return Finding("ok", "one owner for every path")


def _clock(workspace: Workspace) -> Finding:
    moment = workspace.coordinator.moment(workspace.coordinator.read().state)
    if moment.at - moment.local > CLOCK_AHEAD_MS:
        advice = "Set this machine's clock, or find the one that ran ahead: coordinaut watch"
        return Finding("warning", f"the newest operation is from {moment.at}, and it is {moment.local} here", advice)
    return Finding("ok", f"it is {moment.local} here, and no operation is from later")


def _line(workspace: Workspace) -> Finding:
    return _few(health.line_problems, workspace, "every commit of the line follows on the one before it")


def _replay(workspace: Workspace) -> Finding:
    """Replay every operation from the first, and compare the tree id of each checkpoint."""
    found = replayed(workspace.git_store, workspace.coordinator.head())
    if found.differing:
        first, more = found.differing[0], len(found.differing) - 1
        also = f"; so do {more} later ones" if more else ""
        return Finding(
            "failed",
            f"commit {first.commit} (operation {first.seq}) keeps the tree {first.kept[:12]}, "
            f"but replaying gives {first.replayed[:12]}{also}",
            "Compare with another clone how that came; then have the documents written anew: coordinaut migrate",
        )
    trees = f"the trees of {found.agreeing} checkpoints are the very same" if found.agreeing else "no checkpoint yet"
    past = f", {found.settled} that differed were written anew since" if found.settled else ""
    return Finding("ok", f"{found.state.seq} operations replayed; {trees}{past}")


def _few(problems: Callable[..., Iterator[health.Problem]], workspace: Workspace, good: str) -> Finding:
    store, head = _git_store(workspace), workspace.coordinator.read().head
    found = list(problems(store.engine, head))
    if not found:
        return Finding("ok", good)
    first = found[-1]  # they come newest first, and the first that differs says where it began
    more = f" ({len(found)} findings in all)" if len(found) > 1 else ""
    advice = "Compare with another clone: git fetch there, and git log of the coordination ref."
    return Finding("failed", f"commit {first.commit} {first.what}{more}", advice)


def _git_store(workspace: Workspace) -> GitStore:
    assert isinstance(workspace.store, GitStore)
    return workspace.store


def _mend(workspace: Workspace) -> list[str]:
    store = workspace.git_store
    return list(mend(store, lambda head: restored(store, head)))


Check = tuple[str, Callable[[Workspace], Finding]]

GROUND_CHECKS: tuple[Check, ...] = (
    ("git", _git),
    ("repository", _repository),
    ("sharing", _sharing),
    ("remotes", _remotes),
    ("schema", _schema),
)
LINE_CHECKS: tuple[Check, ...] = (("documents", _documents), ("promises", _promises), ("clock", _clock))
DEEP_CHECKS: tuple[Check, ...] = (("commits", _line), ("replay", _replay))
