"""From a call of git to 0 or 77: go on, or stop.

Rule 1: an agent's violation stops it. Whatever else is wrong is said and stops nothing: a person's commit, a state that
cannot be read, a bug. `coordinaut.hooks` says otherwise: `block` (all of that stops too), `warn` (nothing does), `off`.
Rule 2: a rebase or a cherry-pick is never stopped.
Rule 3: a push to the line of this repository is stopped by whatever is wrong: it is for good.
Rule 4: it starts as little as can be: no command line, and no table unless one is shown.
"""

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from coordinaut_git.errors import CoordinautError, Kind
from coordinaut_git.faces.hooks.steps import STEPS, Call, note_of
from coordinaut_git.faces.hooks.telling import say
from coordinaut_git.operations.commit_note import CommitNote
from coordinaut_git.operations.committing import only_copies
from coordinaut_git.operations.hooking import bug, impatient
from coordinaut_git.plumbing.alarm import within
from coordinaut_git.plumbing.settings import DEFAULT_REF
from coordinaut_git.storage import GIT, REMOTE
from coordinaut_git.workspace import Workspace, open_workspace

GO_ON, STOP, USAGE = 0, 77, 2
"""77 is EX_NOPERM of sysexits(3): no interpreter that cannot find its program ends so."""

UPDATE = "update"
OUR_REFS = "refs/coordinaut"
WAIT_S = 30
_AWAY = frozenset({"remote_unreachable", "remote_busy", "bad_answer", "hook_timeout", "bad_token", "forbidden"})
_PATIENT = ("pre-push", "update")
_PUSHES = _PATIENT
_DONE_ALREADY = ("post-commit",)


def main(words: list[str]) -> NoReturn:
    """Run one hook; ends the process."""
    code = run(words)
    with suppress(OSError):
        sys.stderr.flush()
    os._exit(code)


def run(words: list[str]) -> int:
    """Run the hook that the first word names, with git's arguments; the exit code."""
    hook, *arguments = words or [""]
    if hook not in STEPS:
        say(f"usage: coordinaut git-hook {'|'.join(STEPS)} [git's arguments]")
        return USAGE
    workspace: Workspace | None = None
    note = note_of(os.environ)
    if hook == "pre-commit":
        note.forget()
    try:
        with within(None if hook in _PATIENT else WAIT_S):
            workspace = _workspace(hook)
            if workspace.settings.hooks != "off" and not _is_known_to_be_away(hook, workspace, note):
                _step(hook, workspace, arguments)
    except CoordinautError as error:
        if error.code in _AWAY:
            note.note_away()
        return _verdict(hook, arguments, workspace, error)
    except Exception as error:  # noqa: BLE001 - a bug of ours must not keep people from committing
        return _verdict(hook, arguments, workspace, bug(error))
    finally:
        if workspace is not None:
            workspace.close()
    return GO_ON


def _step(hook: str, workspace: Workspace, arguments: list[str]) -> None:
    if hook == UPDATE or workspace.coordinated():  # a push may bring the first state there is
        STEPS[hook](Call.of(workspace, arguments, os.environ))


def _is_known_to_be_away(hook: str, workspace: Workspace, note: CommitNote) -> bool:
    """Whether an earlier hook of this commit found that the server cannot be asked, and said so."""
    return workspace.storage.kind == REMOTE and hook not in _PATIENT and note.is_away(workspace.clock.now())


def _workspace(hook: str) -> Workspace:
    """That of the repository in which git runs the hook; it stands in the folder, but GIT_DIR has the last word."""
    start = Path.cwd() / os.environ.get("GIT_DIR", "")
    if hook == UPDATE:  # what is pushed is git's, and who pushes may be the one whose environment this is
        return open_workspace(start, {}, storage=GIT)
    workspace = open_workspace(start, impatient(os.environ), storage=os.environ.get("COORDINAUT_STORAGE"))
    workspace.publishing = None  # a commit waits for no network: the push that follows publishes
    return workspace


def _verdict(hook: str, arguments: list[str], workspace: Workspace | None, error: CoordinautError) -> int:
    if hook in _DONE_ALREADY:
        stop, why = False, "it is done already"
    elif hook == UPDATE and _is_ours(arguments[:1], workspace):
        stop, why = True, ""
    else:
        stop, why = _policy(workspace, error, agents_only=hook != UPDATE)
    what = "push" if hook in _PUSHES else "commit"
    from coordinaut_git.faces.hooks.words import failure

    say(failure(error, stops=stop))
    say(f"coordinaut: the {what} was stopped." if stop else f"coordinaut: the {what} goes on: {why}.")
    return STOP if stop else GO_ON


def _is_ours(refs: list[str], workspace: Workspace | None) -> bool:
    """Whether a ref is the line of this repository, or in a folder of refs that is ours."""
    line = workspace.settings.ref if workspace else DEFAULT_REF
    return any(ref == line or ref.startswith(OUR_REFS) for ref in refs)


def _policy(workspace: Workspace | None, error: CoordinautError, *, agents_only: bool) -> tuple[bool, str]:
    """Whether to stop, and if not, why not; `agents_only`: only an agent in its own work tree."""
    policy = workspace.settings.hooks if workspace else ""
    if workspace and only_copies(workspace):
        return False, "a rebase or a cherry-pick is not stopped"
    if policy == "warn":
        return False, "coordinaut.hooks is warn"
    if policy == "block":
        return True, ""
    if error.kind is not Kind.REFUSED and error.code != "bad_identifier":
        return False, "nothing could be checked"
    if agents_only and (not workspace or not workspace.instance()):
        return False, "no agent instance is named here"
    return True, ""
