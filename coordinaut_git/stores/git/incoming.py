"""Commits that came from somewhere else: what they must be before anything that they hold is believed.

Rule 1: the size of an object is known before it is read; what is too large is not read at all.
Rule 2: each commit has one parent, down to a point that is known.
Rule 3: a commit is the very bytes that this program writes for its entry; only a signature may stand beside them.
Rule 4: of trees and documents nothing is read: which they must be follows from the operations.
"""

from collections.abc import Iterator
from typing import NamedTuple

from coordinaut_git.documents import Entry
from coordinaut_git.errors import CoordinautError, environment
from coordinaut_git.plumbing.engine import Engine, ObjectMissing
from coordinaut_git.plumbing.objects import COMMIT, BadObject, commit_bytes
from coordinaut_git.plumbing.signing import unsigned
from coordinaut_git.stores.git.genesis import GENESIS
from coordinaut_git.stores.git.line import Point
from coordinaut_git.stores.git.message import commit_of, parent_and_body, read_entry

LARGEST_BYTES = 8 * 1024 * 1024
"""No lawful operation needs as much: 65 texts of 16 KiB, where every character takes six in JSON, and some names."""


class Received(NamedTuple):
    """A commit as it came: its entry, its tree and the one of its parent, and its very bytes."""

    commit: str
    parent: str
    entry: Entry
    tree: str
    parent_tree: str
    data: bytes

    @property
    def is_checkpoint(self) -> bool:
        """Whether this commit claims to have written its documents anew."""
        return self.tree != self.parent_tree

    def keeps(self, entry: Entry) -> bool:
        """Whether it is the commit that is written for this entry, signed or not."""
        right = commit_bytes(commit_of(entry, tree=self.tree, parent=self.parent))
        return self.data == right or unsigned(self.data) == right


class Incoming:
    """The commits that follow on `after` up to `head`, oldest first.

    Raises environment `unlawful_line` for what is no such line, as soon as it is made or gone through.
    """

    def __init__(self, engine: Engine, after: Point, head: str) -> None:
        self._engine, self._after = engine, after
        self._names = _names(engine, after, head)

    def __len__(self) -> int:
        """How many there are."""
        return len(self._names)

    def __iter__(self) -> Iterator[Received]:
        """Read them one by one."""
        before = self._after.tree
        for name in reversed(self._names):
            commit = name.hex()
            one = _received(commit, self._engine.read(commit)[1])  # its size was looked at
            yield one._replace(parent_tree=before)
            before = one.tree


def unlawful_line(why: str, *, seq: int | None = None, commit: str | None = None) -> CoordinautError:
    """The error for what nobody who keeps to the rules would have published; `why` completes "it …"."""
    where = "" if seq is None else f" at operation {seq:,}"
    where += f" (commit {commit[:12]})" if commit else ""
    look = f"See who pushed it: git show --no-patch {commit}. " if commit else ""
    return environment(
        "unlawful_line",
        f"What came is not a line that this one could have become{where}: it {why}.",
        hint=f"Nothing was taken from it. {look}Whoever keeps the remote has to put its ref right.",
        reason=why,
        **({} if seq is None else {"seq": seq}),
        **({"commit": commit} if commit else {}),
    )


def _names(engine: Engine, after: Point, head: str) -> list[bytes]:
    """The ids of the commits, newest first; an id takes 20 bytes, whatever the commit holds."""
    names: list[bytes] = []
    name = head
    while name != after.id:
        if name == GENESIS:
            raise unlawful_line(f"does not continue {after.id[:12]}, which stands here", commit=head)
        names.append(bytes.fromhex(name))
        name = _parent(name, _bounded(engine, name))
    return names


def _bounded(engine: Engine, name: str) -> bytes:
    """A commit, after a look at its size."""
    try:
        kind, size = engine.size(name)
        if kind != COMMIT:
            raise unlawful_line(f"is a {kind} and no commit", commit=name)
        if size > LARGEST_BYTES:
            raise unlawful_line(f"has {size:,} bytes, and no operation needs more than {LARGEST_BYTES:,}", commit=name)
        return engine.read(name)[1]
    except ObjectMissing as problem:
        raise unlawful_line(problem.reason, commit=name) from problem


def _parent(name: str, data: bytes) -> str:
    try:
        return parent_and_body(data)[0]
    except BadObject:
        return _received(name, data).parent


def _received(name: str, data: bytes) -> Received:
    try:
        commit, entry = read_entry(data)
    except BadObject as problem:
        raise unlawful_line(f"cannot be read: {problem}", commit=name) from problem
    return Received(name, commit.parents[0], entry, commit.tree, "", data)
