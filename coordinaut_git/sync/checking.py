"""What was fetched is hostile until it was gone through.

Rule 1: nothing is believed but what the operations give when they are applied after the point that is known.
Rule 2: this only reads. What is wrong is said with the number of the operation and the commit; nothing was taken then.
Rule 3: an operation that was refused where it stands is lawful: that is on record. One that cannot be read, repeats the
        id of one shortly before it, or is written as nobody writes it, is not.
Rule 4: whoever looks judges alike, wherever he begins: a line that some take and others do not would part the team.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from itertools import islice

from coordinaut_git.documents import Entry, Head
from coordinaut_git.errors import CoordinautError
from coordinaut_git.protocol.apply import apply
from coordinaut_git.protocol.ops import Operation, SchemaMigrated, from_entry, to_entry
from coordinaut_git.protocol.state import State
from coordinaut_git.protocol.values import clip, one_line
from coordinaut_git.replay.checkpoints import Replay
from coordinaut_git.stores.git.incoming import Incoming, Received, unlawful_line
from coordinaut_git.stores.git.store import CHECKPOINT_EVERY, GitStore

Progress = Callable[[int, int], object]
"""Is told how many operations have been gone through, of how many."""

TOLD_EVERY = 256

REPEATED_WITHIN = 512
"""An id is looked for among so many operations before; `doctor --deep` looks among all."""


def checked(state: State, entries: Iterable[Entry], recent: Iterable[str] = ()) -> Iterator[tuple[Entry, State]]:
    """Each entry that follows on `state` with the state after it; raises environment `unlawful_line`, `newer_format`.

    `recent` are the ids of the last operations before, oldest first. What only commits tell `check_fetched` finds.
    """
    judge = _Judge(state.seq, recent)
    for entry in entries:
        operation = judge.operation(entry)
        if to_entry(operation, entry.seq, entry.summary) != entry:
            raise unlawful_line("says something else of itself than its operation does", seq=entry.seq)
        state = apply(state, operation, entry.seq)
        yield entry, state


def check_fetched(store: GitStore, common: Head, theirs: Head, progress: Progress = lambda _done, _of: None) -> None:
    """Go through the commits after `common` up to `theirs`, which the store holds the objects of.

    Of many, `progress` is told on the way, and at the end, whatever it is, that all are gone through.
    Raises environment `unlawful_line`, `newer_format`, and what reading the state at `common` raises.
    """
    after, snapshot = store.line.point(common), store.snapshot(common)
    replay = Replay(store.line.content, after.tree, State(snapshot.documents, snapshot.seq))
    for entry in snapshot.entries:
        replay.apply(from_entry(entry), entry.seq)
    judge = _Judge(after.seq, _recent(store, common))
    walk, incoming = _Walk(replay, judge, snapshot.seq), Incoming(store.engine, after, theirs)
    try:
        for number, one in enumerate(incoming):
            if number and not number % TOLD_EVERY:
                progress(number, len(incoming))
            walk.take(one)
        walk.end()
    finally:
        if len(incoming) > TOLD_EVERY:
            progress(len(incoming), len(incoming))


def _recent(store: GitStore, head: Head) -> list[str]:
    """The ids of the last operations up to a point, oldest first; raises what reading them raises."""
    return [entry.id for entry in islice(store.log(head), REPEATED_WITHIN)][::-1]


class _Walk:
    """A line replayed beside its commits; `wrong` is the first checkpoint that is not what its operations give."""

    def __init__(self, replay: Replay, judge: "_Judge", written: int) -> None:
        self._replay, self._judge = replay, judge
        self._written = written
        self._wrong: CoordinautError | None = None

    def take(self, one: Received) -> None:
        """Go through the next commit."""
        seq, commit = one.entry.seq, one.commit
        operation = self._judge.operation(one.entry, commit)
        if not one.keeps(to_entry(operation, seq, one.entry.summary)):
            raise unlawful_line("is not written the way its operation is written", seq=seq, commit=commit)
        self._replay.apply(operation, seq)
        if one.is_checkpoint:
            self._compare(one, settles=isinstance(operation.change, SchemaMigrated))
        elif not seq % CHECKPOINT_EVERY:  # in memory only, so that what lies above the documents does not pile up
            self._replay.checkpoint(seq)

    def end(self) -> None:
        """See that the newest documents are right, and that not too many operations lie above them."""
        seq = self._replay.state.seq
        if self._wrong:
            raise self._wrong
        if seq - self._written > CHECKPOINT_EVERY:
            raise unlawful_line(f"carries no documents since operation {self._written:,}", seq=seq)

    def _compare(self, one: Received, *, settles: bool) -> None:
        """Compare a tree with the one that the operations give; after a migration older ones do not matter."""
        tree, _ = self._replay.checkpoint(one.entry.seq)
        self._written = one.entry.seq
        if tree == one.tree:
            self._wrong = None if settles else self._wrong
        elif self._wrong is None:
            why = f"carries documents {one.tree[:12]} where its operations give {tree[:12]}"
            self._wrong = unlawful_line(why, seq=one.entry.seq, commit=one.commit)


class _Judge:
    """What one look at a line remembers of its entries: the last number, and the newest ids."""

    def __init__(self, seq: int, recent: Iterable[str]) -> None:
        self._seq = seq
        self._recent = deque(recent, maxlen=REPEATED_WITHIN)
        self._ids = set(self._recent)

    def operation(self, entry: Entry, commit: str | None = None) -> Operation:
        """The operation of the next entry; raises environment `unlawful_line` or `newer_format`."""
        self._seq += 1
        if entry.seq != self._seq:
            raise unlawful_line(f"has the number {clip(str(entry.seq))} where {self._seq} belongs", commit=commit)
        if entry.id in self._ids:
            raise unlawful_line(f"repeats the operation {one_line(entry.id)}", seq=entry.seq, commit=commit)
        if len(self._recent) == REPEATED_WITHIN:
            self._ids.discard(self._recent[0])
        self._recent.append(entry.id)
        self._ids.add(entry.id)
        try:
            return from_entry(entry)
        except CoordinautError as error:
            if error.code == "newer_format":
                raise
            raise unlawful_line(f"cannot be read: {error.message}", seq=entry.seq, commit=commit) from error
