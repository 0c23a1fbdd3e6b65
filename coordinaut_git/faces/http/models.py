"""What routes take and give, as models: checked at the door, and shown in the description of the API.

Rule 1: a name stands here as it does in JSON, in camelCase.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, RootModel

from coordinaut_git.documents import Entry
from coordinaut_git.operations.wire import model
from coordinaut_git.protocol.model import MessageKind
from coordinaut_git.protocol.requests import PostMessage
from coordinaut_git.wire import NAME, entry_of

LARGEST_LIMIT = 10_000
LONGEST_WAIT_S = 60
LARGEST_NUMBER = 2**63 - 1

Number = Annotated[int, Field(ge=0, le=LARGEST_NUMBER)]
HeadName = Annotated[str, Field(description="The name of a point of the line; what an ETag holds, without its quotes.")]
Document = Annotated[
    dict[str, Any] | str,
    Field(description='A document: a JSON object, text, or {"base64": "…"} for other bytes.'),
]
Documents = dict[str, Document]
MessageSent = model(PostMessage)


class Sent(BaseModel):
    """What a client sends: nothing that is not known."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Asked(BaseModel):
    """The parameters of an address, which are text."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)


class Given(BaseModel):
    """What the server gives."""

    model_config = ConfigDict(extra="forbid")


class EntryForm(Sent):
    """One operation on the line, as `coordinaut_git.wire` writes it."""

    id: str = Field(description="Unique for ever.", min_length=1, max_length=200)
    seq: Number = Field(description="1 for the first operation, and one more for each that follows.")
    at: Number = Field(description="Milliseconds since the epoch.")
    summary: str = Field(description="One line for people.")
    author: str = Field(description="The name of who did it.")
    authorId: str = Field(description="The agent instance of who did it.")  # noqa: N815 - as in JSON
    operation: dict[str, Any] | str = Field(description="The operation: a JSON object, text, or base64.")


class EventForm(EntryForm):
    """An operation, and the head that it made."""

    head: HeadName


class StateGiven(Given):
    """A line: documents as of `documentsSeq`, and the operations after them up to `head`."""

    format: int
    head: HeadName
    seq: Number
    documentsSeq: Number  # noqa: N815
    documents: Documents | None = None
    entries: list[EntryForm]


class StateSent(Sent):
    """Operations for the line. What `GET state` and a backup give can be sent as it is."""

    entries: list[EntryForm] = []
    format: int | None = None
    head: HeadName | None = None
    seq: Number | None = None
    documentsSeq: Number | None = None  # noqa: N815
    documents: Documents | None = None
    backup: str | None = None
    at: str | None = None


class HeadGiven(Given):
    """Where the line stands."""

    head: HeadName
    seq: Number


class StateAsked(Asked):
    """Which state, and how much of it."""

    head: str | None = Field(None, description="The state at an earlier point of the line.")
    documents: bool = Field(True, description="Whether to give the documents.")  # noqa: FBT003


class EventsAsked(Asked):
    """Which events."""

    after: str = Field("0", description="Only those after this number, or after this head.", min_length=1)
    before: int | None = Field(None, description="Only those before this number.", ge=0, le=LARGEST_NUMBER)
    limit: int = Field(100, description="At most so many.", ge=1, le=LARGEST_LIMIT)
    order: Literal["asc", "desc"] = Field("asc", description="Oldest first, or newest first.")
    wait: float = Field(
        0,
        description="Wait for the first one so many seconds, or as many as the server allows; not with `before`.",
        ge=0,
        le=LONGEST_WAIT_S,
        allow_inf_nan=False,
    )


class EventsGiven(Given):
    """Operations, and where the line stands. `documentsSeq`: as in the state, where there are any."""

    events: list[EventForm]
    head: HeadName
    seq: Number
    documentsSeq: Number | None = None  # noqa: N815


class EventSent(Sent):
    """One operation: as it stands in an entry's `operation`, or a whole entry."""

    operation: dict[str, Any] = Field(description="The operation, as entries hold it; `seq` may be left out.")
    id: str | None = Field(None, min_length=1, max_length=200)
    seq: Number | None = None
    at: Number | None = None
    summary: str | None = None
    author: str | None = None
    authorId: str | None = None  # noqa: N815


class EventGiven(Given):
    """The operation as it stands on the line now."""

    event: EventForm
    head: HeadName
    seq: Number


class ConfigModel(RootModel[dict[str, Any]]):
    """A project's own settings."""

    model_config = ConfigDict(strict=True)


class MessagesAsked(Asked):
    """Whose messages."""

    agentInstance: str | None = Field(  # noqa: N815
        None, description="The inbox of this instance, unread first; without it the newest messages of all."
    )
    limit: int = Field(50, description="At most so many.", ge=1, le=LARGEST_LIMIT)


class MessageGiven(Given):
    """A message."""

    id: str
    kind: MessageKind
    fromAgent: str | None  # noqa: N815
    fromAgentInstance: str | None  # noqa: N815
    toAgentInstance: str | None  # noqa: N815
    toAgent: str | None  # noqa: N815
    broadcast: bool
    mentions: list[str]
    taskId: str | None  # noqa: N815
    displayId: str | None  # noqa: N815
    text: str
    at: str
    read: bool | None = Field(description="Null where nobody's inbox is meant.")


class MessagesGiven(Given):
    """Messages; `unread` counts those of the inbox that was asked for."""

    messages: list[MessageGiven]
    unread: int | None = None


class BackupSent(Sent):
    """What to keep."""

    label: str | None = Field(None, pattern=f"^{NAME}$", description="Its name; the instant if left out.")
    head: HeadName | None = Field(None, min_length=1, description="An earlier point, in place of the newest.")


class BackupGiven(Given):
    """The facts of a backup."""

    backup: str
    head: HeadName
    seq: Number
    at: str = Field(description="When it was made.")


class BackupsGiven(Given):
    """The backups there are."""

    backups: list[BackupGiven]


class BackupContent(StateGiven):
    """A backup: what `PUT state` makes the same line of."""

    backup: str
    at: str


Changes = dict[str, Document | None]


class StepSent(Sent):
    """One of several operations that are written at once."""

    entry: EntryForm
    changes: Changes = Field(
        description="Every document that differs from those of the step before, or of operation `base` for the first."
    )


class TransactionSent(Sent):
    """One operation with the documents that it changes, or several of another line: `entry` or `steps`."""

    entry: EntryForm | None = None
    steps: list[StepSent] | None = Field(
        None, description="Several operations, all or none.", min_length=1, max_length=LARGEST_LIMIT
    )
    changes: Changes | None = Field(
        None,
        description="Every document that differs from those of operation `base`; null where it is gone. The server "
        "asks for them (409 `documents_needed`) where it wants them and they were left out.",
    )
    documents: Documents | None = Field(None, description="In place of changes: all documents there are from now on.")
    base: Number | None = Field(None, description="The `documentsSeq` that the changes are made on.")


class TransactionGiven(Given):
    """The head that the operation made; `repeated` where it was on the line already.

    `documentsSeq` is given where the documents that were sent are kept now.
    """

    head: HeadName
    repeated: bool | None = None
    documentsSeq: Number | None = None  # noqa: N815


def entry_from(form: EntryForm) -> Entry:
    """The entry of a form; raises `Unreadable`."""
    return entry_of(form.model_dump(exclude={"head"}))


class Description(BaseModel):
    """An OpenAPI document."""

    openapi: str
    info: dict[str, Any]
    paths: dict[str, Any]


class HealthGiven(Given):
    """How the server is."""

    ok: bool
    version: str
    format: int
    storage: str
    uptimeSeconds: int  # noqa: N815
    reason: str | None = None


class ErrorBody(Given):
    """What went wrong."""

    kind: str
    code: str
    message: str
    hint: str | None
    details: dict[str, Any]


class Failure(Given):
    """The answer to a request that was not carried out; `head` and `entries` come with 412."""

    ok: Literal[False]
    error: ErrorBody
    head: HeadName | None = None
    entries: list[EventForm] | None = None
    documentsSeq: Number | None = None  # noqa: N815
