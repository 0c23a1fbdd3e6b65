"""Operations: what history keeps for ever, in the past tense, with every choice made.

Rule 1: an operation names ids, instants and terms; applying it asks nothing and nobody.
Rule 2: the vocabulary is versioned. A reader meets a version or a word it does not know with an error, never silence.
Rule 3: what depends on the place in the line (`seq`, fences) is not in the operation but given when it is applied.
"""

from dataclasses import dataclass
from typing import Any

from coordinaut_git.documents import FORMAT, Entry, newer_format
from coordinaut_git.errors import environment
from coordinaut_git.protocol import codec
from coordinaut_git.protocol.model import (
    Actor,
    Answer,
    Check,
    MessageKind,
    Mode,
    Part,
    Status,
    Takeover,
    Tool,
)
from coordinaut_git.protocol.upcast import TooNew, upcast
from coordinaut_git.protocol.values import Instant, one_line


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskCreated:
    """A task was written down. `known_as` is the display id that was told, if it gets another where it stands."""

    task_id: str
    display_id: str
    title: str
    priority: int
    scope: str = ""
    files: tuple[str, ...] = ()
    depends_on: tuple[str, ...] = ()
    known_as: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskUpdated:
    """What is known of a task changed; None leaves a field as it was."""

    task_id: str
    status: Status | None = None
    next: str | None = None
    checks: tuple[Check, ...] = ()
    blockers: tuple[str, ...] = ()
    clear_blockers: bool = False
    title: str | None = None
    scope: str | None = None
    files: tuple[str, ...] | None = None
    priority: int | None = None
    depends_on: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskClaimed:
    """A lease was granted, widened, or taken over. `files` is the whole scope of the lease from now on.

    So are `without` and `also`, where its holder has given parts of it away and goes on without them.
    """

    task_id: str
    files: tuple[str, ...]
    mode: Mode
    term_ms: int
    fold: bool = False
    takeovers: tuple[Takeover, ...] = ()
    reason: str | None = None
    without: tuple[str, ...] = ()
    also: tuple[Part, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskReleased:
    """A holder let its lease go."""

    task_id: str
    status: Status
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LeasesRenewed:
    """A holder is alive; what it renewed stands in the operation's `renewals`."""

    task_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MessagePosted:
    """Somebody said something; `mentions` are the `@name`s in the text."""

    kind: MessageKind
    text: str
    to_agent_instance: str | None = None
    to_agent: str | None = None
    broadcast: bool = False
    mentions: tuple[str, ...] = ()
    task_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MessagesRead:
    """An instance read these messages: one by one, so that what joins the line before this is still unread."""

    messages: tuple[str, ...]
    task_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HandoffRequested:
    """An instance asked `owner` to hand files over to its task; `mode`, `term_ms` and `fold` are for the lease."""

    handoff_id: str
    task_id: str
    owner: str
    files: tuple[str, ...]
    mode: Mode
    term_ms: int
    reason: str
    fold: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HandoffAnswered:
    """The owner answered, or one of the two called it off; `handoff_now` moves the files in this operation."""

    handoff_id: str
    task_id: str
    status: Answer
    response: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HandoffsKept:
    """The owner committed what it had promised: the files of these handoffs move in this operation."""

    handoffs: tuple[str, ...]
    commit: str | None = None
    task_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaMigrated:
    """Every document was written anew, in another format or in the same, as replaying the operations gives them."""

    from_format: int
    to_format: int
    task_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StateMoved:
    """The state is kept by another storage from here on: the last operation there, and the newest in its new home.

    Where that is stands in the words of `init`, as far as they can be written down.
    """

    from_: str
    to: str
    state_dir: str | None = None
    remote_url: str | None = None
    team: str | None = None
    project: str | None = None
    task_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignersSet:
    """What is published has to be signed by one of these from here on; by nobody, where there are none."""

    signers: tuple[str, ...]
    task_id: str | None = None


Change = (
    TaskCreated
    | TaskUpdated
    | TaskClaimed
    | TaskReleased
    | LeasesRenewed
    | MessagePosted
    | MessagesRead
    | HandoffRequested
    | HandoffAnswered
    | HandoffsKept
    | SchemaMigrated
    | StateMoved
    | SignersSet
)

VOCABULARY: dict[str, type[Change]] = {
    "handoff_answered": HandoffAnswered,
    "handoff_requested": HandoffRequested,
    "handoffs_kept": HandoffsKept,
    "leases_renewed": LeasesRenewed,
    "message_posted": MessagePosted,
    "messages_read": MessagesRead,
    "schema_migrated": SchemaMigrated,
    "signers_set": SignersSet,
    "state_moved": StateMoved,
    "task_claimed": TaskClaimed,
    "task_created": TaskCreated,
    "task_released": TaskReleased,
    "task_updated": TaskUpdated,
}
WORDS: dict[type[Change], str] = {kind: word for word, kind in VOCABULARY.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Renewal:
    """A lease of the actor whose term starts again at the operation's instant, `term_ms` long."""

    task_id: str
    term_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One transaction: who did what when, and which of the actor's leases it renewed on the way.

    `about` tells whoever searches the line which other tasks it touched; nothing is judged by it. `refused` is the code
    of the rule by which it was refused where it stood before: that is for good, wherever it comes to stand.
    """

    id: str
    at: Instant
    actor: Actor
    change: Change
    renewals: tuple[Renewal, ...] = ()
    about: tuple[str, ...] = ()
    refused: str | None = None

    @property
    def op(self) -> str:
        """The word of the vocabulary."""
        return WORDS[type(self.change)]

    @property
    def tasks(self) -> frozenset[str]:
        """The stable ids of all tasks it touches: the one it names, and those whose leases or handoffs it changes."""
        return self.named.union(self.about)

    @property
    def named(self) -> frozenset[str]:
        """Of those the ones that it names itself, in its change or its renewals."""
        ended = getattr(self.change, "takeovers", ())
        return frozenset((self.change.task_id or "", *(one.task_id for one in (*self.renewals, *ended)))) - {""}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Envelope:
    """How an operation is written: the change lies in `data`, without its task id, which stands outside."""

    v: int
    id: str
    seq: int
    at: Instant
    op: str
    agent_instance: str | None = None
    agent: str | None = None
    thread_id: str | None = None
    tool: Tool = Tool.UNKNOWN
    task_id: str | None = None
    renewals: tuple[Renewal, ...] = ()
    about: tuple[str, ...] = ()
    refused: str | None = None


def to_entry(operation: Operation, seq: int, summary: str) -> Entry:
    """The operation as the line keeps it at `seq`."""
    actor, data = operation.actor, codec.encode(operation.change)
    body = codec.encode(
        _Envelope(
            v=FORMAT,
            id=operation.id,
            seq=seq,
            at=operation.at,
            op=operation.op,
            agent_instance=actor.instance,
            agent=actor.agent,
            thread_id=actor.thread_id,
            tool=actor.tool,
            task_id=data.pop("taskId", None),
            renewals=operation.renewals,
            about=operation.about,
            refused=operation.refused,
        )
    )
    return Entry(
        id=operation.id,
        seq=seq,
        at=operation.at,
        summary=one_line(summary),
        author=actor.agent or actor.instance or "human",
        author_id=actor.instance or "human",
        body=codec.canonical({**body, "data": data}),
    )


def from_entry(entry: Entry) -> Operation:
    """The operation that an entry keeps, in whatever format it was written.

    Raises an environment error for what this version cannot read: `newer_format`, or `unreadable_operation`.
    """
    try:
        return _read(upcast(codec.parse(entry.body)))
    except TooNew as error:
        raise newer_format(f"Operation {one_line(entry.id)} at position {entry.seq}", error.format) from error
    except codec.Unreadable as error:
        raise _unreadable(entry, str(error)) from error


def _read(value: dict[str, Any]) -> Operation:
    data = value.pop("data", None)
    envelope = codec.decode(_Envelope, value)
    kind = VOCABULARY.get(envelope.op)
    if kind is None or not isinstance(data, dict):
        raise codec.Unreadable(f"{envelope.op!r} is not an operation this version knows")
    task_id = {} if envelope.task_id is None else {"taskId": envelope.task_id}
    return Operation(
        id=envelope.id,
        at=envelope.at,
        actor=Actor(
            instance=envelope.agent_instance,
            agent=envelope.agent,
            thread_id=envelope.thread_id,
            tool=envelope.tool,
        ),
        change=codec.decode(kind, {**data, **task_id}),
        renewals=envelope.renewals,
        about=envelope.about,
        refused=envelope.refused,
    )


def _unreadable(entry: Entry, why: str) -> Exception:
    return environment(
        "unreadable_operation",
        f"Operation {one_line(entry.id)} at position {entry.seq} cannot be read: {one_line(why)}.",
        hint="It may come from a newer coordinaut: upgrade, then run `coordinaut doctor --deep`.",
    )
