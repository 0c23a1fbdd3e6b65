"""ONE table of everything that can be asked: name, request, handler, where it shows.

Rule 1: a command, a tool or a route exists because it stands here.
Rule 2: a handler gets a workspace and a request and gives a JSON object; it prints nothing and knows no face.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from coordinaut_git.operations import events, handoffs, leases, people, project, setup, tasks
from coordinaut_git.protocol import requests as ask
from coordinaut_git.workspace import Workspace

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One thing that can be asked.

    `name` is the command: a word, or two for one of a family (`handoff request`). `handler` answers; `stream`, where
    there is one and it is asked for, answers bit by bit.
    `example` is a command line for the help.
    """

    name: str
    request: type[ask.Request]
    handler: Callable[[Workspace, Any], Json]
    stream: Callable[[Workspace, Any], Iterator[Json]] | None = None
    example: str = ""


def _verify_worktree(workspace: Workspace, request: ask.VerifyWorktree) -> Json:
    from coordinaut_git.operations.verification import verify_worktree

    return verify_worktree(workspace, request)


def _git_identity(workspace: Workspace, request: ask.GitIdentity) -> Json:
    from coordinaut_git.operations.identity import git_identity

    return git_identity(workspace, request)


def _git_identity_reset(workspace: Workspace, request: ask.ResetGitIdentity) -> Json:
    from coordinaut_git.operations.identity import git_identity_reset

    return git_identity_reset(workspace, request)


def _verify_commit(workspace: Workspace, request: ask.VerifyCommit) -> Json:
    from coordinaut_git.operations.verification import verify_commit

    return verify_commit(workspace, request)


def _verify_commit_range(workspace: Workspace, request: ask.VerifyCommitRange) -> Json:
    from coordinaut_git.operations.verify_range import verify_commit_range

    return verify_commit_range(workspace, request)


def _explain(workspace: Workspace, request: ask.Explain) -> Json:
    from coordinaut_git.operations.explain import explain

    return explain(workspace, request)


def _install_hooks(workspace: Workspace, request: ask.InstallHooks) -> Json:
    from coordinaut_git.operations.hooks import install_hooks

    return install_hooks(workspace, request)


def _doctor(workspace: Workspace, request: ask.Doctor) -> Json:
    from coordinaut_git.operations.doctor import doctor

    return doctor(workspace, request)


def _migrate(workspace: Workspace, request: ask.Migrate) -> Json:
    from coordinaut_git.operations.migration import migrate

    return migrate(workspace, request)


TABLE: tuple[Operation, ...] = (
    Operation(name="init", request=ask.InitProject, handler=setup.init, example="coordinaut init"),
    Operation(name="status", request=ask.ShowStatus, handler=tasks.status, example="coordinaut status --all"),
    Operation(
        name="create",
        request=ask.CreateTask,
        handler=tasks.create,
        example='coordinaut create --title "Fix settings layout" --files "src/pages/settings/**"',
    ),
    Operation(
        name="claim",
        request=ask.ClaimTask,
        handler=leases.claim,
        example='coordinaut claim --task AGT-20261122-001 --agent frontend-codex --files "src/pages/**"',
    ),
    Operation(
        name="update",
        request=ask.UpdateTask,
        handler=tasks.update,
        example='coordinaut update --task AGT-20261122-001 --status verifying --next "run regression"',
    ),
    Operation(name="heartbeat", request=ask.Heartbeat, handler=leases.heartbeat, example="coordinaut heartbeat"),
    Operation(
        name="release",
        request=ask.ReleaseTask,
        handler=leases.release,
        example='coordinaut release --task AGT-20261122-001 --reason "iteration finished"',
    ),
    Operation(name="mine", request=ask.Mine, handler=tasks.mine, example="coordinaut mine"),
    Operation(
        name="conflicts",
        request=ask.Conflicts,
        handler=leases.conflicts,
        example='coordinaut conflicts --files "src/api/**" --exit-code',
    ),
    Operation(
        name="message",
        request=ask.PostMessage,
        handler=people.message,
        example='coordinaut message --to-agent frontend-codex --kind question --text "Can you take package.json?"',
    ),
    Operation(name="inbox", request=ask.ShowInbox, handler=people.inbox, example="coordinaut inbox"),
    Operation(
        name="inbox-read",
        request=ask.MarkRead,
        handler=people.inbox_read,
        example="coordinaut inbox-read --all",
    ),
    Operation(name="presence", request=ask.ShowPresence, handler=people.presence, example="coordinaut presence"),
    Operation(
        name="handoff request",
        request=ask.RequestHandoff,
        handler=handoffs.request,
        example='coordinaut handoff request --task AGT-20261122-002 --files package.json --reason "a new dependency"',
    ),
    Operation(
        name="handoff respond",
        request=ask.RespondHandoff,
        handler=handoffs.respond,
        example='coordinaut handoff respond --id handoff_20261122_0f3c --status handoff_now --response "all yours"',
    ),
    Operation(name="handoff list", request=ask.ListHandoffs, handler=handoffs.show, example="coordinaut handoff list"),
    Operation(
        name="verify-worktree",
        request=ask.VerifyWorktree,
        handler=_verify_worktree,
        example="coordinaut verify-worktree --agent-instance agent_123",
    ),
    Operation(
        name="verify-commit",
        request=ask.VerifyCommit,
        handler=_verify_commit,
        example="coordinaut verify-commit --message-file .git/COMMIT_EDITMSG",
    ),
    Operation(
        name="verify-commit-range",
        request=ask.VerifyCommitRange,
        handler=_verify_commit_range,
        example='coordinaut verify-commit-range --range "origin/main..HEAD" --fetch',
    ),
    Operation(name="snapshot", request=ask.Snapshot, handler=project.snapshot, example="coordinaut snapshot"),
    Operation(
        name="watch",
        request=ask.Watch,
        handler=events.watch,
        stream=events.follow,
        example="coordinaut watch --limit 20",
    ),
    Operation(
        name="git-identity",
        request=ask.GitIdentity,
        handler=_git_identity,
        example="coordinaut git-identity --agent frontend-codex --agent-instance agent_123 --task AGT-20261122-001",
    ),
    Operation(
        name="git-identity-reset",
        request=ask.ResetGitIdentity,
        handler=_git_identity_reset,
        example="coordinaut git-identity-reset",
    ),
    Operation(
        name="explain", request=ask.Explain, handler=_explain, example="coordinaut explain --task AGT-20261122-001"
    ),
    Operation(name="migrate", request=ask.Migrate, handler=_migrate, example="coordinaut migrate"),
    Operation(
        name="install-hooks",
        request=ask.InstallHooks,
        handler=_install_hooks,
        example="coordinaut install-hooks",
    ),
    Operation(name="doctor", request=ask.Doctor, handler=_doctor, example="coordinaut doctor --deep"),
)

BY_NAME = {operation.name: operation for operation in TABLE}

FAMILIES = {"handoff": "Hand files over from one agent to another: ask, answer, list."}
"""What the commands of two words with the same first one are about."""
