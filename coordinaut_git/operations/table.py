"""ONE table of everything that can be asked: name, request, handler, where it shows.

Rule 1: a command, a tool or a route exists because it stands here.
Rule 2: a handler gets a workspace and a request and gives a JSON object; it prints nothing and knows no face.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from coordinaut_git.operations import events, handoffs, leases, people, project, setup, tasks, waiting
from coordinaut_git.protocol import requests as ask
from coordinaut_git.protocol.client_requests import McpConfig
from coordinaut_git.protocol.signing_requests import ManageSigners
from coordinaut_git.protocol.team_requests import Sync
from coordinaut_git.workspace import Workspace

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One thing that can be asked.

    `name` is the command: a word, or two for one of a family (`handoff request`). `handler` answers; `stream`, where
    there is one, answers bit by bit if the flag `streamed_by` asks for it; `anywhere` answers where there is no
    repository.
    `example` is a command line for the help. `tool` is its name among the tools of MCP, where it is one; without a
    `command` it is on no command line.
    """

    name: str
    request: type[ask.Request]
    handler: Callable[[Workspace, Any], Json]
    stream: Callable[[Workspace, Any], Iterator[Json]] | None = None
    streamed_by: str = ""
    anywhere: Callable[[Mapping[str, str], Any], Json] | None = None
    example: str = ""
    tool: str = ""
    command: bool = True


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


def _sync(workspace: Workspace, request: Sync) -> Json:
    from coordinaut_git.operations.sync import sync

    return sync(workspace, request)


def _sync_watch(workspace: Workspace, request: Sync) -> Iterator[Json]:
    from coordinaut_git.operations.sync import watch

    return watch(workspace, request)


def _doctor(workspace: Workspace, request: ask.Doctor) -> Json:
    from coordinaut_git.operations.doctor import doctor

    return doctor(workspace, request)


def _migrate(workspace: Workspace, request: ask.Migrate) -> Json:
    from coordinaut_git.operations.migration import migrate

    return migrate(workspace, request)


def _signers(workspace: Workspace, request: ManageSigners) -> Json:
    from coordinaut_git.operations.signers import signers

    return signers(workspace, request)


def _mcp_config(workspace: Workspace, request: McpConfig) -> Json:
    from coordinaut_git.operations.mcp_config import mcp_config

    return mcp_config(workspace, request)


def _mcp_config_anywhere(environ: Mapping[str, str], request: McpConfig) -> Json:
    from coordinaut_git.operations.mcp_config import mcp_config_anywhere

    return mcp_config_anywhere(environ, request)


TABLE: tuple[Operation, ...] = (
    Operation(name="init", tool="init_project", request=ask.InitProject, handler=setup.init, example="coordinaut init"),
    Operation(name="list", tool="list_tasks", request=ask.ListTasks, handler=tasks.listed, command=False),
    Operation(
        name="status", tool="status", request=ask.ShowStatus, handler=tasks.status, example="coordinaut status --all"
    ),
    Operation(
        name="create",
        tool="create_task",
        request=ask.CreateTask,
        handler=tasks.create,
        example='coordinaut create --title "Fix settings layout" --files "src/pages/settings/**"',
    ),
    Operation(
        name="claim",
        tool="claim_task",
        request=ask.ClaimTask,
        handler=leases.claim,
        example='coordinaut claim --task AGT-20261122-001 --agent frontend-codex --files "src/pages/**"',
    ),
    Operation(
        name="update",
        tool="update_task",
        request=ask.UpdateTask,
        handler=tasks.update,
        example='coordinaut update --task AGT-20261122-001 --status verifying --next "run regression"',
    ),
    Operation(
        name="heartbeat",
        tool="heartbeat",
        request=ask.Heartbeat,
        handler=leases.heartbeat,
        example="coordinaut heartbeat",
    ),
    Operation(
        name="release",
        tool="release_task",
        request=ask.ReleaseTask,
        handler=leases.release,
        example='coordinaut release --task AGT-20261122-001 --reason "iteration finished"',
    ),
    Operation(name="mine", tool="list_my_tasks", request=ask.Mine, handler=tasks.mine, example="coordinaut mine"),
    Operation(
        name="conflicts",
        tool="detect_conflicts",
        request=ask.Conflicts,
        handler=leases.conflicts,
        example='coordinaut conflicts --files "src/api/**" --exit-code',
    ),
    Operation(
        name="message",
        tool="post_message",
        request=ask.PostMessage,
        handler=people.message,
        example='coordinaut message --to-agent frontend-codex --kind question --text "Can you take package.json?"',
    ),
    Operation(name="inbox", tool="list_inbox", request=ask.ShowInbox, handler=people.inbox, example="coordinaut inbox"),
    Operation(
        name="inbox-read",
        tool="mark_read",
        request=ask.MarkRead,
        handler=people.inbox_read,
        example="coordinaut inbox-read --all",
    ),
    Operation(
        name="presence",
        tool="list_agents",
        request=ask.ShowPresence,
        handler=people.presence,
        example="coordinaut presence",
    ),
    Operation(
        name="handoff request",
        tool="request_handoff",
        request=ask.RequestHandoff,
        handler=handoffs.request,
        example='coordinaut handoff request --task AGT-20261122-002 --files package.json --reason "a new dependency"',
    ),
    Operation(
        name="handoff respond",
        tool="respond_handoff",
        request=ask.RespondHandoff,
        handler=handoffs.respond,
        example='coordinaut handoff respond --id handoff_20261122_0f3c --status handoff_now --response "all yours"',
    ),
    Operation(
        name="handoff list",
        tool="list_handoffs",
        request=ask.ListHandoffs,
        handler=handoffs.show,
        example="coordinaut handoff list",
    ),
    Operation(
        name="verify-worktree",
        tool="verify_worktree",
        request=ask.VerifyWorktree,
        handler=_verify_worktree,
        example="coordinaut verify-worktree --agent-instance agent_123",
    ),
    Operation(
        name="verify-commit",
        tool="verify_commit",
        request=ask.VerifyCommit,
        handler=_verify_commit,
        example="coordinaut verify-commit --message-file .git/COMMIT_EDITMSG",
    ),
    Operation(
        name="verify-commit-range",
        tool="verify_commit_range",
        request=ask.VerifyCommitRange,
        handler=_verify_commit_range,
        example='coordinaut verify-commit-range --range "origin/main..HEAD" --fetch',
    ),
    Operation(
        name="snapshot",
        tool="export_snapshot",
        request=ask.Snapshot,
        handler=project.snapshot,
        example="coordinaut snapshot",
    ),
    Operation(
        name="watch",
        tool="list_events",
        request=ask.Watch,
        handler=events.watch,
        stream=events.follow,
        streamed_by="follow",
        example="coordinaut watch --limit 20",
    ),
    Operation(
        name="wait", tool="wait_for_change", request=ask.WaitForChange, handler=waiting.wait_for_change, command=False
    ),
    Operation(
        name="sync",
        tool="sync",
        request=Sync,
        handler=_sync,
        stream=_sync_watch,
        streamed_by="watch",
        example="coordinaut sync",
    ),
    Operation(
        name="git-identity",
        tool="git_identity",
        request=ask.GitIdentity,
        handler=_git_identity,
        example="coordinaut git-identity --agent frontend-codex --agent-instance agent_123 --task AGT-20261122-001",
    ),
    Operation(
        name="git-identity-reset",
        tool="git_identity_reset",
        request=ask.ResetGitIdentity,
        handler=_git_identity_reset,
        example="coordinaut git-identity-reset",
    ),
    Operation(
        name="explain",
        tool="explain",
        request=ask.Explain,
        handler=_explain,
        example="coordinaut explain --task AGT-20261122-001",
    ),
    Operation(
        name="migrate", tool="migrate_state", request=ask.Migrate, handler=_migrate, example="coordinaut migrate"
    ),
    Operation(
        name="install-hooks",
        tool="install_hooks",
        request=ask.InstallHooks,
        handler=_install_hooks,
        example="coordinaut install-hooks",
    ),
    Operation(
        name="mcp-config",
        request=McpConfig,
        handler=_mcp_config,
        anywhere=_mcp_config_anywhere,
        example="coordinaut mcp-config claude-code --write",
    ),
    Operation(
        name="signers", request=ManageSigners, handler=_signers, example="coordinaut signers --file team.signers"
    ),
    Operation(name="doctor", tool="doctor", request=ask.Doctor, handler=_doctor, example="coordinaut doctor --deep"),
)

BY_NAME = {operation.name: operation for operation in TABLE if operation.command}
BY_TOOL = {operation.tool: operation for operation in TABLE if operation.tool}

FAMILIES = {"handoff": "Hand files over from one agent to another: ask, answer, list."}
"""What the commands of two words with the same first one are about."""
