"""The state at one point of the line: documents of the store below, and what operations changed since above.

Rule 1: a state is a value. `changed(...)` gives a new one; what was read stays readable.
Rule 2: only what is asked for is read, so that cost does not grow with history or with finished work.
"""

from collections.abc import Iterator, Mapping
from typing import TypeVar

from coordinaut_git.documents import Documents
from coordinaut_git.errors import CoordinautError, environment
from coordinaut_git.protocol import codec
from coordinaut_git.protocol.model import (
    Alias,
    Handoff,
    HandoffStatus,
    Home,
    Instance,
    Lease,
    Line,
    Message,
    Numbers,
    Reading,
    RefusedOperation,
    Signers,
    Status,
    Task,
)
from coordinaut_git.protocol.overlay import Overlay
from coordinaut_git.protocol.paths import (
    HOME,
    LINE,
    NUMBERS_A_SHARD,
    SIGNERS,
    alias_path,
    handoff_path,
    instance_path,
    is_number,
    numbers_path,
    reading_path,
    task_path,
)
from coordinaut_git.protocol.values import Instant, clip

T = TypeVar("T")
_UNKNOWN = object()
Document = (
    Task | Lease | Handoff | Instance | Message | Reading | RefusedOperation | Numbers | Alias | Home | Signers | Line
)

CLOSED = frozenset({Status.DONE, Status.CANCELLED})
PENDING = frozenset({HandoffStatus.REQUESTED, HandoffStatus.GRANT_AFTER_COMMIT})
"""The statuses of a handoff that something can still come of."""


class State:
    """All that the line says, at one point of it.

    `seq` is the position of the newest operation (0: none), `at` its instant.
    """

    __slots__ = ("_base", "_changed", "_leases", "_listed", "_loaded", "at", "seq")

    def __init__(
        self,
        base: Documents,
        seq: int,
        *,
        loaded: dict[str, Document | None] | None = None,
        listed: dict[str, tuple[str, ...]] | None = None,
        changed: Overlay[Document] | None = None,
        leases: dict[str, Lease] | None = None,
    ) -> None:
        self._base = base
        self._loaded = {} if loaded is None else loaded
        self._listed = {} if listed is None else listed
        self._changed = Overlay[Document]() if changed is None else changed
        self._leases = leases
        self.seq = seq
        self.at = line.at if (line := self._get(LINE, Line)) else Instant(0)

    def changed(self, changes: Mapping[str, Document | None], *, seq: int, at: Instant) -> "State":
        """The state after an operation at `seq` that wrote these documents (None: took away)."""
        return State(
            self._base,
            seq,
            loaded=self._loaded,
            listed=self._listed,
            changed=self._changed.changed({**changes, LINE: Line(at=at)}),
            leases=_leases_after(self._leases, changes),
        )

    def rebased(self, base: Documents) -> "State":
        """The same state on documents that were written at this very point."""
        return State(base, self.seq, loaded=dict(self._changed.items()), leases=self._leases)

    @property
    def above(self) -> Overlay[Document]:
        """What differs from the base, by path; None where a document is gone."""
        return self._changed

    @property
    def unwritten(self) -> int:
        """How many documents differ from the base."""
        return len(self._changed)

    def changes(self, since: "State | None" = None) -> dict[str, bytes | None]:
        """Every document that differs from the base, or from what it was in an earlier state on that base, as bytes."""
        found = self._changed.since(since.above) if since else self._changed.items()
        return {path: None if value is None else to_bytes(value) for path, value in found}

    def contents(self) -> dict[str, bytes]:
        """Every document there is, as bytes; the path of a document is a file's, never a folder's."""
        found: dict[str, bytes] = {}
        folders = [""]
        while folders:
            folder = folders.pop()
            for name in self._base_names(folder):
                path = f"{folder}/{name}".strip("/")
                if name.endswith("/"):
                    folders.append(path)
                elif path not in self._changed:
                    found[path] = self._base.get(path) or b""
        found.update((path, to_bytes(value)) for path, value in self._changed.items() if value is not None)
        return found

    @property
    def home(self) -> Home | None:
        """The storage that the state was moved to last; None while it never was, and is where it is."""
        return self._get(HOME, Home)

    @property
    def signers(self) -> tuple[str, ...]:
        """Who signs what is published, as lines of an allowed signers file; none where nobody needs to."""
        return found.lines if (found := self._get(SIGNERS, Signers)) else ()

    def task(self, task_id: str) -> Task | None:
        """The task with this stable id."""
        found = self._get(task_path(task_id, closed=False), Task)
        return found or self._get(task_path(task_id, closed=True), Task)

    def lease(self, task_id: str) -> Lease | None:
        """The lease on a task, expired or not."""
        return self.leases().get(task_id)

    def leases(self) -> dict[str, Lease]:
        """All leases by task id, in the order of the ids. The caller does not change the mapping."""
        if self._leases is None:
            names = self._names("leases")
            found = (self._get(f"leases/{name}", Lease) for name in names)
            self._leases = {lease.task_id: lease for lease in found if lease}
        return self._leases

    def leases_of(self, instance: str | None) -> list[Lease]:
        """The leases of one instance, expired or not."""
        return [lease for lease in self.leases().values() if lease.agent_instance == instance]

    def instance(self, instance: str) -> Instance | None:
        """What is known of an instance."""
        return self._get(instance_path(instance), Instance)

    def instances(self) -> Iterator[Instance]:
        """Every instance there ever was."""
        for shard in self._names("instances"):
            folder = f"instances/{shard.rstrip('/')}"
            found = (self._get(f"{folder}/{name}", Instance) for name in self._names(folder))
            yield from (instance for instance in found if instance)

    def handoff(self, handoff_id: str) -> Handoff | None:
        """The handoff with this id."""
        pending = self._get(handoff_path(handoff_id, pending=True), Handoff)
        return pending or self._get(handoff_path(handoff_id, pending=False), Handoff)

    def pending_handoffs(self) -> list[Handoff]:
        """The handoffs that something can still come of, oldest first."""
        found = (self._get(f"handoffs/pending/{name}", Handoff) for name in self._names("handoffs/pending"))
        return sorted((one for one in found if one), key=lambda one: (one.seq, one.id))

    def ended_handoffs(self) -> Iterator[Handoff]:
        """All other handoffs, the newest day first."""
        for day in reversed(self._names("handoffs/ended")):
            folder = f"handoffs/ended/{day.rstrip('/')}"
            found = (self._get(f"{folder}/{name}", Handoff) for name in self._names(folder))
            yield from sorted((one for one in found if one), key=lambda one: (one.seq, one.id), reverse=True)

    def last_number(self, day: str) -> int:
        """The last display number given on a UTC day (`YYYYMMDD`)."""
        return found.last if (found := self._get(numbers_path(day), Numbers)) else 0

    def reading(self, instance: str) -> Reading:
        """What an instance has read."""
        return self._get(reading_path(instance), Reading) or Reading()

    def message_at(self, path: str) -> Message | None:
        """The message that lies at a path."""
        return self._get(path, Message)

    def messages(self, after: int = 0) -> Iterator[Message]:
        """The messages at positions after `after`, newest first; reads no folder of older ones."""
        for day in reversed(self._names("messages")):
            top = f"messages/{day.rstrip('/')}"
            for shard in _numbers(self._names(top)):
                if (shard + 1) * NUMBERS_A_SHARD <= after:
                    return
                yield from self._messages_in(f"{top}/{shard}", after)

    def messages_since(self, after: int, day: str) -> Iterator[Message]:
        """The messages at positions after `after`, which lies in the UTC day `day`, oldest first."""
        for name in self._names("messages"):
            top = f"messages/{name.rstrip('/')}"
            for shard in reversed(_numbers(self._names(top) if name >= day else [])):
                if (shard + 1) * NUMBERS_A_SHARD > after:
                    yield from reversed(self._messages_in(f"{top}/{shard}", after))

    def _messages_in(self, folder: str, after: int) -> list[Message]:
        found = (self._get(f"{folder}/{name}", Message) for name in self._names(folder))
        return sorted(
            (one for one in found if one and one.seq > after), key=lambda one: (one.seq, one.id), reverse=True
        )

    def messages_of(self, start: str, seq: int, day: str) -> list[Message]:
        """The messages whose ids begin with `start`, of the operation at `seq` in the UTC day `day`."""
        folder = f"messages/{day}/{seq // NUMBERS_A_SHARD}"
        found = (self._get(f"{folder}/{name}", Message) for name in self._names(folder) if name.startswith(start))
        return [one for one in found if one]

    def refusal(self, operation_id: str) -> RefusedOperation | None:
        """The record of an operation that was refused where it came to stand."""
        days = (self._get(f"refusals/{day}{operation_id}.json", RefusedOperation) for day in self._names("refusals"))
        return next((one for one in days if one), None)

    def alias(self, display_id: str) -> str | None:
        """The stable id behind a display id that moved on."""
        return found.task_id if (found := self._get(alias_path(display_id), Alias)) else None

    def open_tasks(self) -> Iterator[Task]:
        """Every task that is neither done nor cancelled, oldest first."""
        return self._tasks("tasks/open")

    def closed_tasks(self) -> Iterator[Task]:
        """The archive, oldest first."""
        return self._tasks("tasks/closed")

    def numbered(self, day: str, number: int) -> list[str]:
        """The stable ids that were first given this day (`YYYYMMDD`) and number; reads one folder of each kind."""
        start = f"task_{day}_{number:03d}_"
        folders = (task_path(start, closed=closed).rpartition("/")[0] for closed in (True, False))
        return [task_id for folder in folders for task_id in self._ids(folder) if task_id.startswith(start)]

    def task_ids(self, prefix: str) -> Iterator[str]:
        """The stable ids that begin with `prefix`, open ones first; only the days that can hold one are read."""
        day = f"{prefix}_".split("_")[1]
        for top in ("tasks/open", "tasks/closed"):
            for folder in self._folders(top, day):
                yield from (task_id for task_id in self._ids(folder) if task_id.startswith(prefix))

    def _ids(self, folder: str) -> list[str]:
        return [name.removesuffix(".json") for name in self._names(folder)]

    def _tasks(self, top: str) -> Iterator[Task]:
        for folder in self._folders(top):
            for name in self._names(folder):
                task = self._get(f"{folder}/{name}", Task)
                if task:
                    yield task

    def _folders(self, top: str, day_prefix: str = "") -> Iterator[str]:
        for day in self._names(top):
            if not day.startswith(day_prefix):
                continue
            shards = self._names(f"{top}/{day.rstrip('/')}")
            for shard in sorted(shards, key=lambda name: (len(name), name)):
                yield f"{top}/{day.rstrip('/')}/{shard.rstrip('/')}"

    def _names(self, folder: str) -> list[str]:
        """The names right below a folder, now; folders end in a slash."""
        names = set(self._base_names(folder))
        for name, value in self._changed.here(folder).items():
            if value is not None:
                names.add(name)
            else:
                names.discard(name)
        names.update(f"{name}/" for name in self._changed.folders(folder))
        return sorted(names)

    def _base_names(self, folder: str) -> tuple[str, ...]:
        names = self._listed.get(folder)
        if names is None:
            names = self._listed[folder] = self._base.names(folder)
        return names

    def _get(self, path: str, kind: type[T]) -> T | None:
        value: object = self._changed.get(path, _UNKNOWN)
        if value is _UNKNOWN:
            value = self._loaded.get(path, _UNKNOWN)
        if value is _UNKNOWN:
            value = self._loaded[path] = self._read(path, kind)
        if value is not None and not isinstance(value, kind):
            raise _bad_document(path, f"it is a {type(value).__name__}")
        return value

    def _read(self, path: str, kind: type[T]) -> Document | None:
        data = self._base.get(path)
        if data is None:
            return None
        try:
            return codec.decode(kind, codec.parse(data))  # type: ignore[return-value]
        except codec.Unreadable as error:
            raise _bad_document(path, str(error)) from error


def to_bytes(value: Document) -> bytes:
    """A document as it is stored: one line of canonical JSON."""
    return codec.canonical(codec.encode(value)) + b"\n"


def _numbers(folders: list[str]) -> list[int]:
    """The numbers that folders are called by, largest first; what is called otherwise was not written by us."""
    found = (name.rstrip("/") for name in folders)
    return sorted((int(name) for name in found if is_number(name)), reverse=True)


def _leases_after(leases: dict[str, Lease] | None, changes: Mapping[str, Document | None]) -> dict[str, Lease] | None:
    touched = [path for path in changes if path.startswith("leases/")]
    if leases is None or not touched:
        return leases
    leases, newest, in_order = dict(leases), next(reversed(leases), ""), True
    for path in touched:
        lease = changes[path]
        task_id = path.removeprefix("leases/").removesuffix(".json")
        if isinstance(lease, Lease):
            in_order = in_order and (task_id in leases or task_id > newest)
            newest = max(newest, task_id)
            leases[task_id] = lease
        else:
            leases.pop(task_id, None)
    # One order however the state was reached: takeovers are numbered by it.
    return leases if in_order else dict(sorted(leases.items()))


def _bad_document(path: str, why: str) -> CoordinautError:
    return environment(
        "unreadable_document",
        f"The stored document {path} cannot be read: {clip(why, 200)}.",
        hint="Run `coordinaut doctor --deep` to find where the history and the documents part.",
    )
