"""Looking the whole line over, for doctor.

Rule 1: this only reads; it heals nothing, so what it says is what was found.
Rule 2: one finding does not hide the next, as long as there is a parent to go on with.

Whether replaying the operations gives the trees of the checkpoints is asked by whoever can apply operations; `steps`
is what they need.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from coordinaut_git.documents import FORMAT, Entry, check_format
from coordinaut_git.errors import CoordinautError
from coordinaut_git.plumbing.engine import Engine
from coordinaut_git.plumbing.objects import BLOB, COMMIT, TREE, BadObject, Commit, parse_commit, parse_tree
from coordinaut_git.stores.git.genesis import GENESIS
from coordinaut_git.stores.git.line import Line, Point
from coordinaut_git.stores.git.message import entry_of

NEAR = 512
"""How far back along the line a commit is looked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What is wrong with one object of the line; `what` completes "commit … ", in plain words."""

    commit: str
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One commit of a sound line: its entry, its tree, and the tree of its parent."""

    commit: str
    entry: Entry
    tree: str
    parent_tree: str

    @property
    def is_checkpoint(self) -> bool:
        """Whether this commit wrote its documents anew."""
        return self.tree != self.parent_tree


def steps(engine: Engine, head: str) -> Iterator[Step]:
    """Every commit of the line after genesis, oldest first; raises `unreadable_history`. Reads every commit twice."""
    line = _only_reading(engine)
    names = [bytes.fromhex(point.id) for point, _ in line.back(head)]
    parent_tree = line.point(GENESIS).tree
    while names:
        point, entry = line.step(names.pop().hex())
        yield Step(commit=point.id, entry=entry, tree=point.tree, parent_tree=parent_tree)
        parent_tree = point.tree


def kept_format(engine: Engine, step: Step) -> int:
    """The format of the documents that the step's tree keeps; raises `unreadable_history`."""
    return _only_reading(engine).checkpoint(_point(step.commit, step.tree, step.entry.seq))[0]


def line_problems(engine: Engine, head: str) -> Iterator[Problem]:
    """What is wrong with the line that ends in `head`, newest first: shape, numbers, ids, checkpoints."""
    walk = _Walk(_only_reading(engine))
    name = head
    while name != GENESIS:
        try:
            commit = parse_commit(walk.line.content(COMMIT, name))
        except (CoordinautError, BadObject) as problem:
            yield Problem(commit=name, what=str(problem))
            return
        yield from walk.look(name, commit)
        if not commit.parents:
            yield Problem(commit=name, what=f"begins a line of its own and not at the first commit {GENESIS}")
            return
        name = commit.parents[0]
    yield from walk.at_genesis()


def document_problems(engine: Engine, head: str, folders: tuple[str, ...] | None = None) -> Iterator[Problem]:
    """Trees and documents of the head that cannot be read; only those in `folders` (`tasks/open`, say) if given."""
    line = _only_reading(engine)
    try:
        point = line.point(head)
        line.checkpoint_seq(point)
    except CoordinautError as problem:
        yield Problem(commit=head, what=str(problem))
        return
    waiting = [(TREE, point.tree, "")]
    while waiting:
        kind, name, path = waiting.pop()
        try:
            data = line.content(kind, name)
            items = parse_tree(data).values() if kind == TREE else ()
        except (CoordinautError, BadObject) as problem:
            yield Problem(commit=head, what=f"has an unreadable {path or 'tree'}: {problem}")
            continue
        for item in items:
            below = f"{path}/{item.name}".lstrip("/")
            if folders is None or any(_meet(below, folder) for folder in folders):
                waiting.append((TREE if item.folder else BLOB, item.id, below))


def _meet(path: str, folder: str) -> bool:
    """Whether one of the two lies in the other, or they are the same."""
    return f"{path}/".startswith(f"{folder}/") or f"{folder}/".startswith(f"{path}/")


def _point(commit: str, tree: str, seq: int) -> Point:
    return Point(id=commit, parent="", tree=tree, seq=seq)


def _only_reading(engine: Engine) -> Line:
    return Line(engine, lambda _: False)


class _Walk:
    """What one look at the line remembers from the commits it has seen, newest first."""

    def __init__(self, line: Line) -> None:
        self.line = line
        self.newer: tuple[str, Entry, str] | None = None
        self.ids: set[str] = set()

    def look(self, name: str, commit: Commit) -> Iterator[Problem]:
        if len(commit.parents) > 1:
            yield Problem(commit=name, what=f"is a merge of {len(commit.parents)} lines")
        try:
            entry = entry_of(commit)
        except BadObject as problem:
            yield Problem(commit=name, what=f"is none of ours: {problem}")
            return
        if entry.id in self.ids:
            yield Problem(commit=name, what=f"repeats the operation id {entry.id}")
        self.ids.add(entry.id)
        yield from self._beside_newer(entry.seq, commit.tree)
        self.newer = (name, entry, commit.tree)

    def at_genesis(self) -> Iterator[Problem]:
        first = self.line.point(GENESIS)
        return self._beside_newer(first.seq, first.tree)

    def _beside_newer(self, seq: int, tree: str) -> Iterator[Problem]:
        """Compare the next newer commit with the number and tree of the one before it.

        Its own instant may be an earlier one: an operation that was put after others by a sync keeps its instant.
        """
        if self.newer is None:
            return
        name, entry, newer_tree = self.newer
        if entry.seq != seq + 1:
            yield Problem(commit=name, what=f"has seq {entry.seq} after {seq}")
        if newer_tree != tree:
            yield from self._checkpoint(name, entry, newer_tree)

    def _checkpoint(self, name: str, entry: Entry, tree: str) -> Iterator[Problem]:
        try:
            form, seq = self.line.checkpoint(_point(name, tree, entry.seq))
            check_format(max(form, FORMAT))  # an older one was right in its time
        except CoordinautError as problem:
            yield Problem(commit=name, what=str(problem))
            return
        if seq != entry.seq:
            yield Problem(commit=name, what=f"has a new tree, which says that it is of operation {seq}")
