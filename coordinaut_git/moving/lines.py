"""Two stores that keep one line, or the beginning of it: read from the first operation on, and compared.

Rule 1: a line is read in portions, so that a long one takes no more memory than a short one.
Rule 2: operations are the same if their bytes are. What a store makes of them for people, a subject and an author, is
        its own affair.
"""

from collections.abc import Iterator
from itertools import islice

from coordinaut_git.documents import Entry, Head, Store
from coordinaut_git.errors import CoordinautError, environment

PORTION = 256
"""So many operations are read, and copied, at once; no store's `since` gives up that early."""

Portion = tuple[Entry, ...]


def seq_of(store: Store, head: Head) -> int:
    """The number of the newest operation at `head`; 0 for none."""
    return store.snapshot(head).last


def portions(store: Store, head: Head, after: int = 0) -> Iterator[Portion]:
    """The operations after number `after` up to `head`, oldest first; a portion ends at a multiple of `PORTION`."""
    marks = _marks(store, head, after)
    before = marks.pop(0) if after >= PORTION and marks else None
    for mark in marks:
        entries = tuple(reversed([*store.log(mark)])) if before is None else store.since(before, mark)
        if entries is None:
            raise _unreadable(store)
        before = mark
        if wanted := tuple(entry for entry in entries if entry.seq > after):
            yield wanted


def same_newest(one: Store, one_head: Head, other: Store, other_head: Head) -> bool:
    """Whether the newest operation of the shorter line stands at its place on the longer one.

    Then all before it does too, wherever no store was tampered with: an id is given once.
    """
    at = min(seq_of(one, one_head), seq_of(other, other_head))
    return at == 0 or same(_entry_at(one, one_head, at), _entry_at(other, other_head, at))


def goes_on(one: Store, head: Head, other: Store) -> bool:
    """Whether the other store has all of this line up to `head`, and perhaps more."""
    there = other.head()
    return there is not None and seq_of(other, there) >= seq_of(one, head) and same_newest(one, head, other, there)


def same_line(one: Store, one_head: Head, other: Store, other_head: Head) -> bool:
    """Whether the shorter of two lines is the beginning of the longer one, compared operation by operation."""
    to = min(seq_of(one, one_head), seq_of(other, other_head))
    entries = (
        islice((entry for portion in portions(*line) for entry in portion), to)
        for line in ((one, one_head), (other, other_head))
    )
    return all(same(mine, theirs) for mine, theirs in zip(*entries, strict=True))


def same(one: Entry, other: Entry) -> bool:
    """Whether two entries keep one operation, at one place."""
    return (one.id, one.seq, one.at, one.body) == (other.id, other.seq, other.at, other.body)


def _marks(store: Store, head: Head, after: int) -> list[Head]:
    """The points at multiples of `PORTION`, from the last one not beyond `after`, and `head`; oldest first."""
    seq = seq_of(store, head)
    first = after - after % PORTION
    marks: list[Head] = []
    for number, (point, _) in zip(range(seq, max(first - 1, 0), -1), store.walk(head), strict=False):
        if number == seq or not number % PORTION:
            marks.append(point)
    return marks[::-1]


def _entry_at(store: Store, head: Head, seq: int) -> Entry:
    for entry in store.log(head):
        if entry.seq == seq:
            return entry
    raise _unreadable(store)


def _unreadable(store: Store) -> CoordinautError:
    return environment(
        "unreadable_history",
        f"The history in the {store.name} storage cannot be read from its first operation on; nothing was changed.",
        hint="Run `coordinaut doctor` to see what can be repaired.",
    )
