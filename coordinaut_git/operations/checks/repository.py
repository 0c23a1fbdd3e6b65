"""The repository and its configuration: what could take state away, or lead agents astray."""

import os

from coordinaut_git.operations.checks.finding import Check, Exam, Finding, some
from coordinaut_git.plumbing.configured import writes_to
from coordinaut_git.plumbing.hooks import hooks_status, names_for
from coordinaut_git.plumbing.settings import KEYS

_STALE_S = 12 * 3_600.0
_SOON = frozenset({"now", "all", "0", "0.seconds.ago"})
_YES = frozenset({"true", "yes", "on", "1", ""})


def _repository(exam: Exam) -> Finding:
    place = exam.place
    kind = f"linked worktree {place.worktree}" if place.worktree else "main work tree"
    if place.work_tree is None:
        kind = "bare repository"
    return Finding("ok", f"{kind} of {place.common_dir}")


def _permissions(exam: Exam) -> Finding:
    common, own = exam.place.common_dir, exam.place.own_dir
    wanted = (common, common / "objects", common / "refs", own, *(own.iterdir() if os.access(own, os.X_OK) else ()))
    closed = [str(path) for path in wanted if path.exists() and not os.access(path, os.W_OK)]
    if closed:
        advice = "Reading works, and writing will be refused. Have the owner give this user the right to write."
        return Finding("warning", f"this user may not write to {some(closed, 1)}", advice)
    return Finding("ok", "this user may write what is to be written")


def _sharing(exam: Exam) -> Finding:
    shared = exam.settings.shared_repository
    if shared.lower() in {"", "false", "umask", "0"}:
        return Finding("ok", "the repository belongs to one user")
    advice = "Let every user work with umask 0002, or give each a clone and use a team remote."
    return Finding("warning", f"core.sharedRepository is {shared}, which libgit2 does not honour", advice)


def _remotes(exam: Exam) -> Finding:
    """Refspecs that would overwrite the ref by a plain fetch, or publish and delete it by a plain push."""
    ref = exam.settings.ref
    for one in exam.configured:
        section, _, name = one.key.rpartition(".")
        if not section.startswith("remote."):
            continue
        if name == "mirror" and one.value.lower() in _YES:
            advice = f"Take it out: git config --unset {one.key}"
            return Finding("warning", f"{one.key} pushes every ref and deletes what is not here", advice)
        if name == "fetch" and writes_to(one.value, ref) and ":" in one.value:
            summary = f"a fetch by {one.key} = {one.value} can erase operations that were not published"
            return Finding("warning", summary, "Take the line out; coordinaut alone fetches and pushes its ref.")
        if name == "push" and writes_to(one.value, ref):
            summary = f"{one.key} = {one.value} makes a plain `git push` publish the ref, and perhaps no branch"
            return Finding("warning", summary, "Take the line out; coordinaut alone fetches and pushes its ref.")
    return Finding("ok", "no remote is configured to overwrite, prune or publish the coordination ref")


def _settings(exam: Exam) -> Finding:
    """Keys that nobody reads, values that lead nowhere, and an identity that several worktrees would share."""
    for key, value in exam.settings.values.items():
        if key not in KEYS:
            from difflib import get_close_matches

            close = get_close_matches(key, KEYS, 1)
            meant = f"Did you mean coordinaut.{close[0]}? " if close else ""
            advice = f"{meant}Take it out: git config --unset coordinaut.{key}"
            return Finding("warning", f"coordinaut.{key} is set, and there is no such setting", advice)
        if key == "remote" and value not in exam.settings.remotes:
            known = ", ".join(exam.settings.remotes) or "none"
            return Finding("warning", f"coordinaut.remote is {value}, which is no remote here", f"There is: {known}.")
    return Finding("ok", some([f"coordinaut.{key}" for key in exam.settings.values]) or "nothing of ours is set")


def _worktree_settings(exam: Exam) -> Finding:
    """`extensions.worktreeConfig`: see git-worktree(1), "CONFIGURATION FILE"."""
    on = exam.said("extensions.worktreeconfig")
    if on is None or on.value.lower() not in _YES:
        if (exam.place.git_dir / "config.worktree").exists():
            summary = "this worktree has settings of its own, which git does not read"
            return Finding("warning", summary, "Switch them on: git config extensions.worktreeConfig true")
        return Finding("ok", "all worktrees share one configuration")
    for one in exam.configured:
        bare = one.key == "core.bare" and one.value.lower() in _YES
        if one.scope == "local" and (bare or one.key == "core.worktree"):
            advice = f"Move it to the main worktree: git config --worktree {one.key} {one.value}; then unset it here."
            return Finding("warning", f"{one.key} stands where every worktree reads it", advice)
    return Finding("ok", "every worktree may have settings of its own")


def _identity(exam: Exam) -> Finding:
    """Who commits and acts here, and whether another worktree would do so under the same name."""
    from coordinaut_git.operations.identity import DOMAIN

    several = (exam.place.common_dir / "worktrees").is_dir()
    for one in exam.configured:
        agent = one.key == "user.email" and one.value.endswith(f"@{DOMAIN}")
        if one.scope in {"system", "global"} or (one.scope == "local" and several):
            if agent:
                advice = (
                    f"Set your own again: git config --{one.scope} user.email …; an agent's: coordinaut git-identity"
                )
                return Finding("warning", f"whoever commits, anywhere, does so as the agent {one.value}", advice)
            if one.key == "coordinaut.instance":
                advice = (
                    f"Take it out: git config --{one.scope} --unset coordinaut.instance; use coordinaut git-identity."
                )
                return Finding("warning", f"all worktrees act as the one instance {one.value}", advice)
    instance = exam.workspace.instance()
    return Finding("ok", f"agents act here as {instance}" if instance else "no agent instance has worked here yet")


def _maintenance(exam: Exam) -> Finding:
    """What takes recent objects away, or keeps git from tidying up for ever."""
    expire = exam.said("gc.pruneexpire")
    if expire and expire.value.lower() in _SOON:
        advice = (
            "Recent objects are put back when they are missed, but set a while: git config gc.pruneExpire 2.weeks.ago"
        )
        return Finding(
            "warning", f"gc.pruneExpire is {expire.value}: git removes objects that are just being written", advice
        )
    common = exam.place.common_dir
    log = common / "gc.log"
    if log.exists() and log.stat().st_size:
        return Finding("warning", "git's last tidying up went wrong, so it does none", f"Read and remove {log}.")
    for lock in (common / "objects" / "maintenance.lock", common / "packed-refs.lock"):
        if lock.exists() and exam.now_ms / 1000 - lock.stat().st_mtime > _STALE_S:
            return Finding("warning", f"{lock} is old: what made it is likely dead", "If no git is running, remove it.")
    return Finding("ok", "nothing keeps git from tidying up, and it leaves recent objects alone")


def _hooks(exam: Exam) -> Finding:
    """Whether our git hooks are whole, of this version, and call this program."""
    found = hooks_status(exam.place)
    if not found.installed and not found.outdated:
        return Finding("ok", "not installed here (coordinaut install-hooks)")
    if exam.settings.hooks == "off":
        return Finding("ok", "installed, and switched off by coordinaut.hooks")
    again = "Put them in place again: coordinaut install-hooks"
    if found.outdated or found.missing or found.foreign:
        wrong = (*found.missing, *found.outdated, *found.foreign)
        return Finding(
            "warning", f"some are missing, changed or not ours: {some(list(wrong), len(names_for(exam.place)))}", again
        )
    if not found.home:
        return Finding("warning", "they call another program than this one, or none", again)
    return Finding("ok", f"all {len(found.installed)} are in place in {found.folder.path}")


CHECKS: tuple[Check, ...] = (
    ("repository", _repository),
    ("permissions", _permissions),
    ("sharing", _sharing),
    ("remotes", _remotes),
    ("settings", _settings),
    ("worktree-settings", _worktree_settings),
    ("identity", _identity),
    ("hooks", _hooks),
    ("maintenance", _maintenance),
)
