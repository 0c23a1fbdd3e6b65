"""Requests: what somebody asks. Tolerant of short ids and defaults; every face is grown from these classes.

Rule 1: a parameter is written here and nowhere else: its name, its type, its help. `task_id` style names become
        `--task-id` on the command line and `taskId` in JSON.
Rule 2: durations are text (`90s`, `30m`, `2h`), patterns and ids plain strings: `decide` reads and checks them.
"""

from dataclasses import MISSING, dataclass, field
from enum import StrEnum
from typing import Any

from coordinaut_git.protocol.model import Answer, HandoffStatus, MessageKind, Mode, Status, Tool


def param(
    text: str,
    default: Any = MISSING,
    *,
    metavar: str | None = None,
    positional: bool = False,
    opposite: str | None = None,
) -> Any:
    """A parameter of a request: its help, its default (required without one), how its value is called.

    A `positional` one is given on the command line by its place, without its name: `completion bash`. A flag that holds
    unless it is denied has an `opposite`, the name of the option that denies it.
    """
    facts = {"help": text, "metavar": metavar, "positional": positional, "opposite": opposite}
    return field(default=default, metadata=facts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Anything that can be asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ActingRequest(Request):
    """A request in somebody's name; what is left out comes from the environment and the worktree."""

    agent_instance: str | None = param("The agent instance that acts and owns.", None, metavar="ID")
    agent: str | None = param("The agent's name, for people.", None, metavar="NAME")
    thread: str | None = param("The agent's thread or session.", None, metavar="ID")
    tool: Tool | None = param("The program the agent runs in.", None)


@dataclass(frozen=True, slots=True, kw_only=True)
class InitProject(Request):
    """Start coordination in this repository; running it again changes nothing."""

    storage: str | None = param(
        "What keeps the state: git (the usual), json or sqlite (files in a folder), remote (a server).",
        None,
        metavar="KIND",
    )
    ref: str | None = param("The ref that keeps the state (refs/coordinaut/state).", None, metavar="REF")
    remote: str | None = param("The git remote that is the team's judge.", None, metavar="NAME")
    policy: str | None = param("Whether a claim counts before the remote has it: provisional or confirmed.", None)
    state_dir: str | None = param(
        "The folder of the json or sqlite storage (.coordinaut); several checkouts may share one.", None, metavar="PATH"
    )
    remote_url: str | None = param("The address of a coordinaut-server.", None, metavar="URL")
    team: str | None = param("The team on the server.", None, metavar="NAME")
    project: str | None = param("The project of that team.", None, metavar="NAME")
    hooks: bool = param("Install the git hooks too.", default=False)
    agents: tuple[str, ...] = param(
        "Tell these agents in AGENTS.md (or their own file) how to work here; none takes it out.", (), metavar="NAME,…"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowStatus(Request):
    """Show open work and who holds what until when."""

    all: bool = param("Also what is done or cancelled.", default=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListTasks(Request):
    """List tasks, the most urgent first."""

    status: Status | None = param("Only those that stand so.", None)
    all: bool = param("Also what is done or cancelled.", default=False)
    limit: int = param("At most so many.", 50, metavar="N")


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateTask(ActingRequest):
    """Write down a task."""

    title: str = param("What is to be done, in one line.", metavar="TEXT")
    scope: str = param("The area in words.", "", metavar="TEXT")
    files: tuple[str, ...] = param("Patterns of the files it is about; repeat or separate by commas.", ())
    priority: int | None = param("0 (highest) to 4; 2 if left out.", None, metavar="0-4")
    depends_on: tuple[str, ...] = param("Tasks that come first; repeat or separate by commas.", (), metavar="TASK")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimTask(ActingRequest):
    """Take a task and hold its files for a while; claiming again widens or renews."""

    task: str | None = param("The task: display id, stable id or an unambiguous prefix.", None)
    next: bool = param("Take the most urgent task that is ready and whose files are free.", default=False)
    files: tuple[str, ...] = param("Patterns to hold; the task's own if left out.", ())
    mode: Mode | None = param("How to hold them (exclusive).", None)
    ttl: str | None = param("How long without a heartbeat (30m).", None, metavar="DURATION")
    takeover_reason: str | None = param("Why an expired lease of somebody else may be ended.", None, metavar="TEXT")
    wait: str | None = param("Wait so long at most for the files to become free.", None, metavar="DURATION")


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateTask(ActingRequest):
    """Say where a task stands; renews the holder's lease on the way."""

    task: str = param("The task.")
    status: Status | None = param("Where it stands now.", None)
    next: str | None = param("What comes next.", None, metavar="TEXT")
    check: tuple[str, ...] = param("A check and its outcome; passed, failed or pending.", (), metavar="NAME=STATUS")
    blocker: tuple[str, ...] = param("Something in the way; may be repeated.", (), metavar="TEXT")
    clear_blockers: bool = param("Nothing is in the way any more.", default=False)
    title: str | None = param("A new title.", None, metavar="TEXT")
    scope: str | None = param("The area in words.", None, metavar="TEXT")
    files: tuple[str, ...] = param("Patterns of the files it is about; does not change a lease.", ())
    priority: int | None = param("0 (highest) to 4.", None, metavar="0-4")
    depends_on: tuple[str, ...] = param("Tasks that come first, in place of those named before.", (), metavar="TASK")


@dataclass(frozen=True, slots=True, kw_only=True)
class Heartbeat(ActingRequest):
    """Say that you are alive; history is written only when less than half of a term is left."""

    task: str | None = param("The task; all that the instance holds if left out.", None)
    ttl: str | None = param("A new term.", None, metavar="DURATION")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseTask(ActingRequest):
    """Let a lease go."""

    task: str = param("The task.")
    reason: str | None = param("Why, for those who come after.", None, metavar="TEXT")
    status: Status | None = param("Where the task stands now.", None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mine(Request):
    """List the tasks an agent, an instance or a thread holds."""

    agent_instance: str | None = param("The agent instance; yours if nothing is named.", None, metavar="ID")
    agent: str | None = param("The agent's name.", None, metavar="NAME")
    thread: str | None = param("The agent's thread.", None, metavar="ID")


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflicts(Request):
    """Show which leases stand in the way of a scope, or of each other."""

    files: tuple[str, ...] = param("Patterns you would like to hold; all leases against each other if left out.", ())
    mode: Mode | None = param("How you would hold them (exclusive).", None)
    exit_code: bool = param("Exit with 1 if there is a conflict.", default=False)
    agent_instance: str | None = param("Whose own leases do not count.", None, metavar="ID")


@dataclass(frozen=True, slots=True, kw_only=True)
class PostMessage(Request):
    """Say something to an instance, to an agent by name, to a task's holder, or to everybody."""

    text: str = param("What to say; @name mentions somebody.", metavar="TEXT")
    kind: MessageKind | None = param("What it is (note).", None)
    from_agent_instance: str | None = param("The agent instance that speaks; yours if left out.", None, metavar="ID")
    from_agent: str | None = param("The speaker's name.", None, metavar="NAME")
    to_agent_instance: str | None = param("The instance it is for.", None, metavar="ID")
    to_agent: str | None = param("The agent it is for, by name.", None, metavar="NAME")
    broadcast: bool = param("It is for everybody.", default=False)
    task: str | None = param("The task it is about; for its holder if nobody else is named.", None)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowInbox(Request):
    """Show what was said to you, unread first."""

    agent_instance: str | None = param("Whose inbox; yours if left out.", None, metavar="ID")
    all: bool = param("Also what was read.", default=False)
    limit: int = param("At most so many.", 50, metavar="N")


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkRead(Request):
    """Note that messages were read."""

    agent_instance: str | None = param("Who read them; you if left out.", None, metavar="ID")
    messages: tuple[str, ...] = param("Their ids; repeat or separate by commas.", (), metavar="ID,…")
    all: bool = param("All there are.", default=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowPresence(Request):
    """Show which agents are active, and what they hold."""

    all: bool = param("Also those that have been silent for long.", default=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestHandoff(ActingRequest):
    """Ask whoever holds files to hand them over to a task of yours."""

    task: str = param("Your task, which is to get them.")
    files: tuple[str, ...] = param("Patterns of the files; the task's own if left out.", ())
    reason: str = param("What you need them for.", metavar="TEXT")


@dataclass(frozen=True, slots=True, kw_only=True)
class RespondHandoff(ActingRequest):
    """Answer a request for files that you hold, or call off one of yours.

    handoff_now moves the files at once; grant_after_commit with your next commit that touches them, or when you let go
    of them, whichever comes first. Whoever asked can only say cancelled.
    """

    id: str = param("The handoff.", metavar="ID")
    status: Answer = param("Your answer.")
    response: str | None = param("A word to whoever asked.", None, metavar="TEXT")


@dataclass(frozen=True, slots=True, kw_only=True)
class ListHandoffs(Request):
    """List the handoffs, what is pending first."""

    task: str | None = param("Only those for one task.", None)
    agent_instance: str | None = param("Only those that this instance asked for or owns.", None, metavar="ID")
    status: HandoffStatus | None = param("Only those that stand so.", None)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepPromises(ActingRequest):
    """A commit was made: hand over what was promised of what it touched, and renew what is due."""

    paths: tuple[str, ...] = param("The paths that the commit touched.", ())
    commit: str | None = param("Its id.", None)


@dataclass(frozen=True, slots=True, kw_only=True)
class GitIdentity(Request):
    """Commit as this agent in this worktree, and in no other; git-identity-reset puts back what was."""

    agent: str | None = param("The agent's name, which becomes git's user.name.", None, metavar="NAME")
    agent_instance: str | None = param("The agent instance; yours if left out.", None, metavar="ID")
    thread: str | None = param("The agent's thread or session.", None, metavar="ID")
    task: str | None = param("The task that commits here belong to.", None)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResetGitIdentity(Request):
    """Put back the git identity that this worktree had before git-identity.

    Whoever says whose identity it is to be is refused where it is another's.
    """

    agent: str | None = param("Only if it is this agent's.", None, metavar="NAME")
    agent_instance: str | None = param("Only if it is this agent instance's.", None, metavar="ID")
    thread: str | None = param("Only if it is this thread's.", None, metavar="ID")
    task: str | None = param("Only if it is for this task.", None)


@dataclass(frozen=True, slots=True, kw_only=True)
class InstallHooks(Request):
    """Put git hooks in place, and with --agents those of agents; hooks that were there are kept and still run."""

    uninstall: bool = param("Take them away and put back what was there before.", default=False)
    agents: tuple[str, ...] = param(
        "Agents whose own hooks shall ask before they edit: claude, codex, cursor, gemini; or whose are to go.",
        (),
        metavar="NAME,…",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyWorktree(Request):
    """Check that every changed file of this work tree is covered by a lease of yours."""

    agent_instance: str | None = param("The agent instance.", None, metavar="ID")


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyCommit(Request):
    """Check what is staged, and the trailers of a message, before they become a commit."""

    agent_instance: str | None = param("The agent instance that commits.", None, metavar="ID")
    message_file: str | None = param(
        "The file with the commit message, to check its trailers too.", None, metavar="PATH"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyCommitRange(Request):
    """Check commits against what their agents held when they made them."""

    range: str = param("The commits, as A..B; a single revision is that one commit.", metavar="A..B")
    fetch: bool = param("Read the coordination of the team's remote first; what CI needs.", default=False)
    require_trailers: bool = param(
        "Whether every commit must name its agent and task; --allow-missing passes over those that name none.",
        default=True,
        opposite="allow_missing",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot(Request):
    """Write the board as Markdown."""

    output: str | None = param(
        "Where to (.coordinaut/snapshots/TASKS.md); - for standard output.", None, metavar="PATH"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch(Request):
    """Show what happened, newest last; with --follow as it happens."""

    limit: int | None = param("At most so many of the newest events (20; with --since all).", None, metavar="N")
    task: str | None = param("Only those of one task.", None)
    since: str | None = param("Only those after an instant, an event id or a while ago (30m).", None, metavar="WHEN")
    follow: bool = param("Go on as things happen.", default=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitForChange(Request):
    """Wait until files are free, or else until something happens."""

    files: tuple[str, ...] = param("Patterns that are to become free.", ())
    task: str | None = param("Only what happens to one task.", None)
    since: str | None = param("What happened after this event id or instant counts too.", None, metavar="WHEN")
    agent_instance: str | None = param("Whose own leases are not in the way; yours if left out.", None, metavar="ID")
    timeout: str = param("Wait so long at most: up to 10m.", "50s", metavar="DURATION")


@dataclass(frozen=True, slots=True, kw_only=True)
class Explain(Request):
    """Tell the story of a task, a commit or a path: who did what when, and who held what then."""

    task: str | None = param("The task: its whole life.", None)
    commit: str | None = param("The commit: its task, and who held what it changed when it was made.", None)
    path: str | None = param("The file or folder: who held it when, and what touched it.", None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Doctor(Request):
    """Examine the repository, the store and the history."""

    deep: bool = param("Replay the whole line, compare every checkpoint, and try the team's remote.", default=False)
    fix: bool = param("Mend what is safe to mend.", default=False)


class Shell(StrEnum):
    """A shell that completes words."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


@dataclass(frozen=True, slots=True, kw_only=True)
class CompletionScript(Request):
    """Print the script that makes a shell complete command lines."""

    shell: Shell = param("The shell it is for.", positional=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Migrate(Request):
    """Bring the stored state to the newest format, or move it to another storage with --to; a backup is made first.

    Where there is nothing to do it says so.
    """

    to: str | None = param("Move the state to this storage: git, json, sqlite or remote.", None, metavar="KIND")
    ref: str | None = param("The ref that is to keep it (git).", None, metavar="REF")
    state_dir: str | None = param("The folder that is to keep it (json, sqlite).", None, metavar="PATH")
    remote_url: str | None = param(
        "The address of the coordinaut-server that is to keep it (remote).", None, metavar="URL"
    )
    team: str | None = param("The team on the server.", None, metavar="NAME")
    project: str | None = param("The project of that team.", None, metavar="NAME")


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveState(Migrate):
    """Note that another storage keeps the state from now on; what `migrate --to` asks for once that has a copy.

    Asked of a storage that the state was moved away from, with its own name, it brings the state back.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class RewriteDocuments(Request):
    """Write every document anew from the operations; what `migrate` asks for once it has made a backup."""

    from_format: int = param("The format of the documents as they are.")
