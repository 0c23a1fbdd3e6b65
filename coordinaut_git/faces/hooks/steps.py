"""The hooks, one function each: githooks(5) says when git calls them and with which arguments.

Rule 1: what is checked and written is the business of `operations/committing.py`; here it is only put in order.
"""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from coordinaut_git.errors import CoordinautError
from coordinaut_git.faces.hooks.telling import say
from coordinaut_git.operations import committing
from coordinaut_git.operations.commit_note import CommitNote
from coordinaut_git.plumbing.alarm import within
from coordinaut_git.protocol.model import Actor
from coordinaut_git.protocol.trailers import TASK
from coordinaut_git.workspace import Workspace

PUBLISHING_S = 20
"""So long a push waits for ours at most."""

_OF_PRE_COMMIT = ("PRE_COMMIT_LOCAL_BRANCH", "PRE_COMMIT_TO_REF", "PRE_COMMIT_REMOTE_BRANCH", "PRE_COMMIT_FROM_REF")
"""Where the pre-commit framework, which reads standard input itself, tells what is pushed: a line as git writes it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call of a hook: git's arguments and environment, who commits, and the note to leave or to read."""

    workspace: Workspace
    arguments: list[str]
    actor: Actor
    note: CommitNote
    environ: Mapping[str, str]

    @classmethod
    def of(cls, workspace: Workspace, arguments: list[str], environ: Mapping[str, str]) -> "Call":
        """From what git, or the pre-commit framework, and the shim have put into the environment."""
        return cls(
            workspace=workspace,
            arguments=arguments,
            actor=committing.committer(workspace),
            note=note_of(environ),
            environ=environ,
        )

    @property
    def edited(self) -> bool:
        """Whether an editor is opened for the message: githooks(5) on GIT_EDITOR."""
        return self.environ.get("GIT_EDITOR") != ":"

    @property
    def source(self) -> str:
        """Where the message came from, as git tells prepare-commit-msg; empty if from nowhere."""
        told = self.arguments[1] if len(self.arguments) > 1 else ""
        return told or self.environ.get("PRE_COMMIT_COMMIT_MSG_SOURCE", "")

    @property
    def message(self) -> Path:
        """The file with the message."""
        return Path.cwd() / self.arguments[0]


def note_of(environ: Mapping[str, str]) -> CommitNote:
    """The note of this commit, where the shim says that there is one."""
    note = environ.get("COORDINAUT_HOOK_NOTE")
    return CommitNote(Path.cwd() / note if note else None)


def pre_commit(call: Call) -> None:
    """Staged files against claims; what the later hooks need is noted."""
    committing.check_staged(call.workspace, call.actor)
    _leave_note(call)
    if call.actor.instance:
        call.workspace.hear(call.actor.instance)


def prepare_commit_msg(call: Call) -> None:
    """Trailers; a commit that is copied with its trailers keeps them, and an empty message stays empty."""
    found = _leave_note(call)
    before = call.message.read_bytes()
    if not found or (committing.only_copies(call.workspace) and committing.names_somebody(call.workspace, before)):
        return
    if call.edited and call.source in {"", "template"}:
        call.note.keep_message(before)
    elif not before.strip():
        return
    from coordinaut_git.plumbing.message import add_trailers

    add_trailers(call.message, found, several=TASK, at=call.workspace.root)


def commit_msg(call: Call) -> None:
    """The trailers are checked; where nobody wrote a message, git gets to see that."""
    message = call.message.read_bytes()
    mine = tuple(f"{key}: {value}".encode("utf-8", "surrogateescape") for key, value in _trailers(call))
    before = call.note.message()
    at = call.workspace.root
    from coordinaut_git.plumbing.message import written

    if before is not None and written(message, mine, at) == written(before, mine, at):
        call.message.write_bytes(before)
    elif written(message, mine, at):
        committing.check_message(call.workspace, call.actor, call.message)


def post_commit(call: Call) -> None:
    """Promises are kept, and what is due is renewed."""
    committing.keep_promises(call.workspace, call.actor)


def pre_push(call: Call) -> None:
    """The commits that are pushed; and the coordination goes along to the team's remote."""
    framework = [call.environ.get(name, "") for name in _OF_PRE_COMMIT]
    said = " ".join(framework) if all(framework) else sys.stdin.buffer.read().decode("utf-8", "surrogateescape")
    committing.check_push(call.workspace, said.splitlines())
    remote = call.arguments[0] if call.arguments else call.environ.get("PRE_COMMIT_REMOTE_NAME", "")
    if call.workspace.settings.values.get("remote") == remote:
        _publish(call.workspace)


def _publish(workspace: Workspace) -> None:
    """Publish what is provisional, in a bounded time; where that fails, the push goes on all the same."""
    from coordinaut_git.operations.sync import published

    try:
        with within(PUBLISHING_S):
            count = published(workspace)
    except CoordinautError as error:
        from coordinaut_git.faces.hooks.words import not_published

        say(not_published(error))
    else:
        if count:
            say(f"coordinaut: {count} operations went along.")


def update(call: Call) -> None:
    """What a push brings to one ref of this repository."""
    from coordinaut_git.operations.receiving import check_update  # a commit's hooks do without it

    check_update(call.workspace, *call.arguments)


def _leave_note(call: Call) -> list[committing.Trailer]:
    found = _trailers(call)
    lines = [f"{key}: {value}" for key, value in found]
    call.note.write(call.workspace, lines, quiet=committing.nothing_follows(call.workspace, call.actor))
    return found


def _trailers(call: Call) -> list[committing.Trailer]:
    return committing.trailers(call.workspace, call.actor)


STEPS: Mapping[str, Callable[[Call], None]] = {
    "pre-commit": pre_commit,
    "prepare-commit-msg": prepare_commit_msg,
    "commit-msg": commit_msg,
    "post-commit": post_commit,
    "pre-push": pre_push,
    "update": update,
}
