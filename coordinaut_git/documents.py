"""The interface between the coordinator and its stores: documents and a log, no tasks.

Rule 1: a store keeps one line of entries and a map from path to document. It never looks inside either.
Rule 2: an entry is published by one compare-and-swap of the head, after everything it needs is kept.
Rule 3: `None` never means "do not check": a head is always named.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import NewType, Protocol, runtime_checkable

from coordinaut_git.errors import CoordinautError, environment

FORMAT = 1
"""The version of what is stored, operations and documents alike. What an older program cannot read needs a new one."""

SINCE_LIMIT = 512
"""So many entries a store gives at once."""

Head = NewType("Head", str)
"""An opaque name of one point on the line; equal names mean equal histories."""

Changes = Callable[[], Mapping[str, bytes | None]]
"""Gives every document that differs from the snapshot the writer read: path to content, or to None where it is gone."""


Contents = Callable[[], Mapping[str, bytes]]
"""Gives every document that there is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One operation on the line.

    `id` is unique for ever and settles an unknown outcome; `seq` is 1 for the first operation and grows by one;
    `at` is milliseconds since the epoch; `summary` is one clean line for people; `author` a clean name, and
    `author_id` a clean id, of who did it; `body` is the operation as canonical JSON in UTF-8.
    """

    id: str
    seq: int
    at: int
    summary: str
    author: str
    author_id: str
    body: bytes


class Documents(Protocol):
    """The documents as they were at one point of the line; a value that never changes."""

    def get(self, path: str) -> bytes | None:
        """The content at `path`, or None."""
        ...

    def names(self, folder: str) -> tuple[str, ...]:
        """The sorted names right below `folder` (`""` is the top; else without a final slash); folders end in `/`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """How a state is read: `documents` as of `seq`, then the `entries` that came after, oldest first, up to `head`."""

    head: Head
    seq: int
    documents: Documents
    entries: tuple[Entry, ...]

    @property
    def last(self) -> int:
        """The number of the newest operation at `head`; 0 for none."""
        return self.entries[-1].seq if self.entries else self.seq


def check_format(form: int) -> None:
    """Raise environment `newer_format` or `older_format` for documents that this version does not write."""
    if form > FORMAT:
        raise newer_format("The state", form)
    if form < FORMAT:
        raise environment(
            "older_format",
            f"The state was written in format {form}, and this version of coordinaut works with format {FORMAT}.",
            hint="Run `coordinaut migrate`, which makes a backup first.",
            format=form,
        )


def newer_format(what: str, form: int) -> CoordinautError:
    """The error for what a newer version of coordinaut wrote."""
    return environment(
        "newer_format",
        f"{what} was written in format {form}, which this version of coordinaut does not know.",
        hint="Update coordinaut-git.",
        format=form,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One of several entries that are published at once.

    `changes` are the documents that differ from those of the step before, or, for the first one, from the snapshot at
    the point after which it is to stand; None where a document is gone.
    """

    entry: Entry
    changes: Mapping[str, bytes | None]


def check_numbers(steps: Sequence[Step]) -> None:
    """Raise ValueError where the numbers of the entries do not follow on each other."""
    numbers = [step.entry.seq for step in steps]
    if numbers != list(range(numbers[0] if numbers else 0, (numbers[0] if numbers else 0) + len(numbers))):
        raise ValueError(f"the entries have the numbers {numbers[:3]}… where they should follow on each other")


def check_next(seq: int, entry: Entry) -> None:
    """Raise ValueError for an entry that does not follow on number `seq`."""
    if entry.seq != seq + 1:
        raise ValueError(f"the entry has seq {entry.seq} after {seq}")


class StaleHead(Exception):
    """The expected head was not the head: nothing was published; read and decide again."""


class OutcomeUnknown(Exception):
    """The store cannot tell whether the entry was published: read the head and look for the entry's id."""


class Store(Protocol):
    """A keeper of one line and its documents.

    Every method may raise `CoordinautError` of kind environment for a store that cannot be read or written.
    """

    name: str

    def describe(self) -> Mapping[str, str]:
        """Where the state lives, for people: `storage`, `location`, and what else helps."""
        ...

    def create(self) -> bool:
        """Make the store with its fixed first point if it is not there; True for the one caller that made it."""
        ...

    def head(self) -> Head | None:
        """The newest point of the line; None while the store has not been created."""
        ...

    def likely(self) -> Head | None:
        """A point that was the newest when last seen, to decide on without looking; None where looking costs nothing.

        Only what is then committed is known to hold: a refusal needs a look at `head`.
        """
        ...

    def snapshot(self, head: Head) -> Snapshot:
        """What is needed to know the state at `head`."""
        ...

    def since(self, old: Head, head: Head) -> tuple[Entry, ...] | None:
        """The entries after `old` up to `head`, oldest first; None if `old` is not among `SINCE_LIMIT` on the way."""
        ...

    def commit(self, expected: Head, entry: Entry, changes: Changes) -> Head:
        """Publish `entry` after `expected`.

        Raises `StaleHead` (nothing happened) or `OutcomeUnknown`. When it returns, the entry is kept for good.
        """
        ...

    def rewrite(self, expected: Head, entry: Entry, documents: Contents) -> Head:
        """As `commit`, with these documents, in the newest format, in the place of all that were there."""
        ...

    def extend(self, expected: Head, steps: Sequence[Step]) -> Head:
        """Publish these entries of another store after `expected`, all of them or none, as `commit` does one.

        Whatever their bodies say happened long ago, so nothing of them is `seen` here. No steps change nothing.
        """
        ...

    def format(self, head: Head) -> int:
        """The format of the documents at `head`, which may be one that this version does not know."""
        ...

    def backup(self, head: Head, label: str) -> str:
        """Keep `head` and all before it under a name made of `label`, whatever becomes of the line; gives the name.

        To do so again changes nothing. `label` has letters, digits, `.` and `-`.
        """
        ...

    def log(self, head: Head) -> Iterator[Entry]:
        """Every entry from `head` back to the first, newest first, read as they are taken."""
        ...

    def walk(self, head: Head) -> Iterator[tuple[Head, bytes]]:
        """Every point from `head` back to the first operation with the body of its entry, newest first.

        For whoever makes an index of a long line: quicker than `log`, whose checks it may leave out.
        """
        ...

    def seen_ms_ago(self, seq: int) -> int | None:
        """How long ago this machine first saw the entry at `seq`, by a clock that never jumps; None if unknown."""
        ...

    def queue(self, wait_s: float) -> AbstractContextManager[bool]:
        """Stand in line with the other writers of this machine for at most `wait_s` seconds.

        Correctness never depends on it. Gives True if the turn came, False if the wait ran out.
        """
        ...

    def close(self) -> None:
        """Let go of what is open."""
        ...


@runtime_checkable
class Waiting(Protocol):
    """What a store may do beyond `Store`: wait for the next entry, where looking again and again would cost."""

    def wait_for_change(self, head: Head, timeout_s: float) -> Head | None:
        """The newest point as soon as it is not `head` any more; None after `timeout_s` seconds."""
        ...


@runtime_checkable
class Joining(Store, Protocol):
    """What a store may do beyond `Store`: end its line in other entries, so that two lines can become one."""

    first: Head
    """The fixed first point, with which every line begins."""

    def rebuild(self, expected: Head, onto: Head, steps: Sequence[Step]) -> Head:
        """Let the line end in these entries after `onto`, in the place of all it had after what both have in common.

        `onto` is a point of another line of which the store holds what it needs, or of this one; `expected` is the head
        that is replaced. The last entry is `sealed`: all documents are written with it. Without entries the line ends
        in `onto`, and nothing is written.
        Raises `StaleHead` or `OutcomeUnknown` as `commit` does; ValueError where the numbers do not follow on `onto`.

        The points that the line had before are not on it any more, and may be gone sooner or later. What `seen_ms_ago`
        says is of the new line: an entry that was on the old one too (by its id) was seen when it was seen there, all
        others are first seen now.
        """
        ...

    def sealed(self, head: Head) -> bool:
        """Whether all documents were written with the entry of `head`, and signed where this store signs."""
        ...

    def back(self, head: Head) -> Iterator[tuple[Head, Entry]]:
        """Every point from `head` back to the first operation with its entry, newest first, read as they are taken."""
        ...
