"""What the state is made of: the documents as frozen values.

Rule 1: a document keeps facts, nothing that can be derived: whether a lease has expired depends on who asks when.
Rule 2: the names here, in camelCase, are the names in the stored JSON; the outside forms are made in `views`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from coordinaut_git.protocol.values import Instant

DEFAULT_PRIORITY = 2


class Status(StrEnum):
    """Where a task stands."""

    OPEN = "open"
    CLAIMED = "claimed"
    INVESTIGATING = "investigating"
    FIXING = "fixing"
    VERIFYING = "verifying"
    BLOCKED = "blocked"
    DONE = "done"
    CANCELLED = "cancelled"


class Mode(StrEnum):
    """How a lease holds its scope."""

    EXCLUSIVE = "exclusive"
    SHARED_DOCS = "shared-docs"
    SHARED_READ = "shared-read"
    ADVISORY = "advisory"


class Tool(StrEnum):
    """The program an agent instance runs in."""

    CODEX = "codex"
    CLAUDE = "claude"
    CURSOR = "cursor"
    GEMINI = "gemini"
    OPENCODE = "opencode"
    COPILOT = "copilot"
    HUMAN = "human"
    CI = "ci"
    UNKNOWN = "unknown"


class CheckStatus(StrEnum):
    """How a named check of a task came out."""

    PASSED = "passed"
    FAILED = "failed"
    PENDING = "pending"


class MessageKind(StrEnum):
    """What a message is for."""

    NOTE = "note"
    QUESTION = "question"
    ANSWER = "answer"
    BLOCKER = "blocker"
    HANDOFF = "handoff"


class HandoffStatus(StrEnum):
    """How far a request to hand files over has come."""

    REQUESTED = "requested"
    GRANT_AFTER_COMMIT = "grant_after_commit"
    HANDOFF_NOW = "handoff_now"
    DENIED = "denied"
    CANCELLED = "cancelled"
    COMPLETED = "completed"


class Answer(StrEnum):
    """What can be said to a handoff that waits for something."""

    GRANT_AFTER_COMMIT = "grant_after_commit"
    HANDOFF_NOW = "handoff_now"
    DENIED = "denied"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who acts: an instance owns, the rest is for people. `instance` is None for somebody who owns nothing."""

    instance: str | None = None
    agent: str | None = None
    thread_id: str | None = None
    tool: Tool = Tool.UNKNOWN


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A named check of a task and how it came out last."""

    name: str
    status: CheckStatus
    at: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A piece of work. `files` are patterns, `depends_on` stable ids, `priority` 0 (highest) to 4."""

    id: str
    display_id: str
    title: str
    created_at: Instant
    created_by: str
    updated_at: Instant
    status: Status = Status.OPEN
    scope: str = ""
    files: tuple[str, ...] = ()
    next: str = ""
    checks: tuple[Check, ...] = ()
    blockers: tuple[str, ...] = ()
    priority: int = DEFAULT_PRIORITY
    depends_on: tuple[str, ...] = ()


def by_urgency(tasks: Iterable[Task]) -> list[Task]:
    """The most urgent first, and of equals the oldest."""
    return sorted(tasks, key=lambda task: (task.priority, task.created_at, task.id))


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One layer of a scope: what `files` cover, less what `without` covers, which was given away in handoffs."""

    files: tuple[str, ...]
    without: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Takeover:
    """One expired lease that a claim ended: exactly the lease the taker judged, so a renewal in between saves it."""

    task_id: str
    agent_instance: str
    fence: int
    expires_at: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """A held scope.

    `fence` is the seq of the operation that granted or widened it, `seq` of the one that last granted, widened or
    renewed it; `fold` tells that its patterns ignore case (`core.ignoreCase` where it was granted).
    What was given away stands in `without`; what came back out of that, in `also` (see `holding`).
    """

    task_id: str
    display_id: str
    agent_instance: str
    files: tuple[str, ...]
    mode: Mode
    granted_at: Instant
    expires_at: Instant
    term_ms: int
    fence: int
    seq: int
    agent: str | None = None
    thread_id: str | None = None
    tool: Tool = Tool.UNKNOWN
    fold: bool = False
    took_over: tuple[Takeover, ...] = ()
    without: tuple[str, ...] = ()
    also: tuple[Part, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """One run of an agent, the owner of leases."""

    id: str
    name: str
    started_at: Instant
    last_seen_at: Instant
    thread_id: str | None = None
    tool: Tool = Tool.UNKNOWN


@dataclass(frozen=True, slots=True, kw_only=True)
class Handoff:
    """A request of `requester`, for its task `task_id`, that `owner` hands files over; `seq` is where it was made.

    `mode`, `term_ms` and `fold` are those of the lease that the requester is to get; `ended_at` is when nothing more
    could come of it.
    """

    id: str
    seq: int
    task_id: str
    display_id: str
    requester: str
    owner: str
    files: tuple[str, ...]
    mode: Mode
    term_ms: int
    reason: str
    at: Instant
    status: HandoffStatus = HandoffStatus.REQUESTED
    response: str | None = None
    responded_at: Instant | None = None
    ended_at: Instant | None = None
    requester_agent: str | None = None
    owner_agent: str | None = None
    fold: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """Something said to an instance, to an agent by name, or to everybody; `seq` is its position on the line."""

    id: str
    seq: int
    kind: MessageKind
    text: str
    at: Instant
    from_agent: str | None = None
    from_agent_instance: str | None = None
    to_agent: str | None = None
    to_agent_instance: str | None = None
    broadcast: bool = False
    mentions: tuple[str, ...] = ()
    task_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Every message for an instance of this name up to position `up_to`, which lies in the UTC day `day`, is read."""

    name: str | None = None
    up_to: int = 0
    day: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What an instance has read: up to a mark for each name it has had, and some messages beyond."""

    marks: tuple[Mark, ...] = ()
    messages: tuple[str, ...] = ()

    def mark(self, name: str | None) -> Mark:
        """How far everything is read that was for this name."""
        return next((mark for mark in self.marks if mark.name == name), Mark(name=name))


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedOperation:
    """An operation that was not lawful where it came to stand on the line: kept, without effect.

    `code` says why. The sentence for it is not kept: it may be worded better one day, and these bytes must stay.
    """

    id: str
    at: Instant
    op: str
    code: str
    agent_instance: str | None = None
    task_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """The last display number given on one day."""

    last: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Alias:
    """A display id that is not the one in the stable id of its task."""

    task_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """The storage that keeps the state since it was moved there: when, by whom, and where that is."""

    storage: str
    at: Instant
    by: str
    agent: str | None = None
    state_dir: str | None = None
    remote_url: str | None = None
    team: str | None = None
    project: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Signers:
    """Whose signatures the team asks for, as lines of an allowed signers file: ssh-keygen(1), "ALLOWED SIGNERS".

    A line `NAME openpgp FINGERPRINT` stands for an OpenPGP key. None at all: nobody needs to sign.
    """

    lines: tuple[str, ...]
    at: Instant
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """The instant of the newest operation: instants never run backwards along the line."""

    at: Instant
