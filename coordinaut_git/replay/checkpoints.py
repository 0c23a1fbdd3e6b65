"""The line of a git store replayed: what the documents of its checkpoints must be, found out without them.

Rule 1: only the commits' messages are believed. Documents are written in memory as a checkpoint writes them, so that
they can be compared with those that are kept by the id of their tree.
Rule 2: an old checkpoint that differs matters no more once a migration has written everything anew after it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from coordinaut_git.documents import FORMAT, Head
from coordinaut_git.errors import CoordinautError
from coordinaut_git.plumbing.objects import object_id, parse_tree
from coordinaut_git.protocol.apply import apply
from coordinaut_git.protocol.ops import Operation, SchemaMigrated, from_entry
from coordinaut_git.protocol.state import State
from coordinaut_git.stores.git.genesis import GENESIS_OBJECTS, GENESIS_TREE
from coordinaut_git.stores.git.health import Step, document_problems, kept_format, steps
from coordinaut_git.stores.git.store import GitStore
from coordinaut_git.stores.git.tree import Objects, Read, TreeDocuments, checkpoint_tree

_SWEEP_FROM = 20_000


class Difference(NamedTuple):
    """A checkpoint whose documents are not what the operations give."""

    commit: str
    seq: int
    kept: str
    replayed: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """What came of a replay: the state, how many checkpoints agree with it, and those that do not, oldest first.

    `settled` counts older ones that did not, which a later migration wrote anew.
    """

    state: State
    agreeing: int
    differing: tuple[Difference, ...]
    settled: int


def restored(store: GitStore, head: Head) -> int:
    """Put back what is lost or damaged of the checkpoints' trees and documents; gives the number of objects.

    Raises `unreadable_history` where a commit of the line cannot be read; those are no replay's to give.
    """
    if next(document_problems(store.engine, head), None) is None:
        return 0
    written = 0

    def put_back(objects: Objects) -> None:
        nonlocal written
        written += store.put_back(objects)

    replayed(store, head, put_back)
    return written


def replayed(store: GitStore, head: Head, agreed: Callable[[Objects], None] = lambda _: None) -> Replayed:
    """Replay the line up to `head`; raises `unreadable_history` where a commit of it cannot be read.

    `agreed` is told what is new in each checkpoint whose tree is the very one that is kept.
    """
    replay = Replay.from_nothing()
    agreeing, settled = 0, 0
    differing: list[Difference] = []
    for step in steps(store.engine, head):
        replay.apply(from_entry(step.entry), step.entry.seq)
        if not step.is_checkpoint:
            continue
        tree, objects = replay.checkpoint(step.entry.seq)
        if tree == step.tree:
            agreeing += 1
            agreed(objects)
            if _is_migration(step):
                settled, differing = settled + len(differing), []
        elif _is_of_this_format(store, step):
            differing.append(Difference(step.commit, step.entry.seq, step.tree, tree))
    return Replayed(state=replay.state, agreeing=agreeing, differing=tuple(differing), settled=settled)


def _is_migration(step: Step) -> bool:
    return isinstance(from_entry(step.entry).change, SchemaMigrated)


def _is_of_this_format(store: GitStore, step: Step) -> bool:
    """Checkpoints of an older format were right in their time; one that cannot be read is not right."""
    try:
        return kept_format(store.engine, step) == FORMAT
    except CoordinautError:
        return True


class Replay:
    """The state after the operations so far, on documents that are kept as git trees in memory.

    It begins with a `state` on the documents of a `tree`; what is not in memory is had from `read`.
    """

    def __init__(self, read: Read, tree: str, state: State) -> None:
        self._read, self._tree = read, tree
        self._objects: dict[str, bytes] = {}
        self._sweep_at = _SWEEP_FROM
        self.state = state

    @classmethod
    def from_nothing(cls) -> "Replay":
        """One that begins with the first point of every line."""
        first = {object_id(kind, data): data for kind, data in GENESIS_OBJECTS}

        def read(kind: str, name: str) -> bytes:
            del kind
            return first[name]

        return cls(read, GENESIS_TREE, State(TreeDocuments(read, GENESIS_TREE), 0))

    def apply(self, operation: Operation, seq: int) -> None:
        """Apply the next operation."""
        self.state = apply(self.state, operation, seq)

    def checkpoint(self, seq: int) -> tuple[str, Objects]:
        """Write the documents as of operation `seq`; gives the id of their tree and the objects that are new in it."""
        self._tree, objects = checkpoint_tree(self._content, self._tree, self.state.changes(), seq)
        self._objects.update((object_id(kind, data), data) for kind, data in objects)
        self.state = self.state.rebased(TreeDocuments(self._content, self._tree))
        if len(self._objects) > self._sweep_at:
            self._objects = self._reachable()
            self._sweep_at = max(_SWEEP_FROM, 2 * len(self._objects))
        return self._tree, objects

    def _content(self, kind: str, name: str) -> bytes:
        return self._objects[name] if name in self._objects else self._read(kind, name)

    def _reachable(self) -> dict[str, bytes]:
        """What the newest tree holds: everything else was replaced since."""
        found: dict[str, bytes] = {}
        waiting = [(self._tree, True)]
        while waiting:
            name, folder = waiting.pop()
            if name not in self._objects:  # nor is anything below it
                continue
            found[name] = self._objects[name]
            items = parse_tree(found[name]).values() if folder else ()
            waiting.extend((item.id, item.folder) for item in items)
        return found
