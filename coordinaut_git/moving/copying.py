"""A line copied from one store to another: the same operations, and the documents that they give.

Rule 1: documents are not copied but made from the operations, on those that the target has, as any writer does.
Rule 2: what the target has is looked at before anything is added, and again whenever somebody else wrote there.
Rule 3: a copy counts when every operation is the same, and every document byte for byte.
"""

from collections.abc import Callable

from coordinaut_git.coordinator import Known, state_at
from coordinaut_git.documents import Head, OutcomeUnknown, StaleHead, Step, Store
from coordinaut_git.errors import CoordinautError, contended, environment, refused
from coordinaut_git.moving.lines import Portion, portions, same_line, same_newest, seq_of
from coordinaut_git.protocol.apply import apply
from coordinaut_git.protocol.ops import from_entry
from coordinaut_git.protocol.state import State

ATTEMPTS = 16
MOST_BYTES = 1024 * 1024
"""After so much is added at once, the rest of a portion follows by itself: servers bound what they take."""

Told = Callable[[int, int], None]
"""Is told how many operations are there, of how many."""


class Parted(Exception):
    """The target's line is not the beginning of the source's."""


def copy(source: Store, head: Head, target: Store, told: Told) -> int:
    """Add to the target what it lacks of the source's line up to `head`; gives how many operations that were.

    Raises `Parted`, and contended `lost_races` where others write to the target all the time.
    """
    first: int | None = None
    for _ in range(ATTEMPTS):
        there = created(target)
        have, want = seq_of(target, there), seq_of(source, head)
        first = have if first is None else first
        if have > want or not same_newest(source, head, target, there):
            raise Parted
        try:
            _add(source, head, target, there, told)
        except (StaleHead, OutcomeUnknown):
            continue
        return want - first
    raise contended(
        "lost_races",
        f"Others wrote to the {target.name} storage {ATTEMPTS} times while the state was copied there.",
        hint="Nothing was moved. Stop whoever writes there, and try again.",
    )


def created(target: Store) -> Head:
    """The newest point of the target, which is made where it is not there."""
    target.create()
    head = target.head()
    assert head is not None
    return head


def check_prefix(source: Store, head: Head, target: Store) -> None:
    """Raise `Parted` where the target has anything that is not of the source's line."""
    there = target.head()
    if there is None:
        return
    if seq_of(target, there) > seq_of(source, head) or not same_line(source, head, target, there):
        raise Parted


def check_copy(source: Store, head: Head, target: Store) -> None:
    """Compare the two lines and their documents; raises `Parted`, or environment `documents_differ`."""
    there = created(target)
    if seq_of(target, there) != seq_of(source, head) or not same_line(source, head, target, there):
        raise Parted
    ours, theirs = state_at(source, head).contents(), state_at(target, there).contents()
    if ours != theirs:
        path = min(path for path in ours.keys() | theirs.keys() if ours.get(path) != theirs.get(path))
        raise environment(
            "documents_differ",
            f"The document {path} of the {source.name} storage is not what the operations give, so nothing was moved.",
            hint="Have the documents written anew first: coordinaut migrate",
            path=path,
        )


def not_empty(target: Store) -> CoordinautError:
    """The error for a target that another history is kept in."""
    return refused(
        "target_not_empty",
        f"The {target.name} storage at {target.describe()['location']} keeps another history; it was left as it is.",
        hint="Name another place for the state.",
    )


def _add(source: Store, head: Head, target: Store, there: Head, told: Told) -> None:
    known, newest = Known(there, state_at(target, there)), seq_of(source, head)
    for portion in portions(source, head, after=known.state.seq):
        known = _added(target, known, portion)
        told(known.state.seq, newest)


def _added(target: Store, known: Known, entries: Portion) -> Known:
    """The newest point once these entries follow on what is known, so many at once as the target takes."""
    (there, state), most = known, len(entries)
    while entries:
        steps, after = _steps(state, entries[:most])
        try:
            there = target.extend(there, steps)
        except CoordinautError as error:
            if error.code != "too_large" or len(steps) == 1:
                raise
            most = len(steps) // 2
            continue
        entries = entries[len(steps) :]
        snapshot = target.snapshot(there)
        state = after.rebased(snapshot.documents) if snapshot.seq == after.seq else after
    return Known(there, state)


def _steps(state: State, entries: Portion) -> tuple[list[Step], State]:
    """What each operation at the beginning of the entries changes, and the state after them."""
    steps: list[Step] = []
    size = 0
    for entry in entries:
        if size > MOST_BYTES:
            break
        new = apply(state, from_entry(entry), entry.seq)
        changes = new.changes(state if steps else None)
        steps.append(Step(entry=entry, changes=changes))
        size += len(entry.body) + sum(len(content or b"") for content in changes.values())
        state = new
    return steps, state
