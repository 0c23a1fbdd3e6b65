"""Several commits of the line, one after the other, made before any of them is written.

Rule 1: they are the very commits that one would be made at a time, with a tree at each checkpoint.
"""

from collections.abc import Callable
from dataclasses import replace

from coordinaut_git.documents import Step
from coordinaut_git.plumbing.objects import COMMIT, Commit, commit_bytes, object_id, parse_commit
from coordinaut_git.stores.git.line import Point
from coordinaut_git.stores.git.message import commit_of
from coordinaut_git.stores.git.tree import Objects, Read, checkpoint_tree


class Chain:
    """Commits that are to follow on `parent`; `objects` are all that they need, `newest` is the last of them."""

    def __init__(self, read: Read, parent: Point) -> None:
        self._read = read
        self._made: dict[str, bytes] = {}
        self._pending: dict[str, bytes | None] = {}
        self.objects: Objects = []
        self.newest = parent

    def add(self, step: Step, *, checkpoint: bool) -> None:
        """One more commit, with all documents that changed since the last tree if it is a checkpoint."""
        entry, tree = step.entry, self.newest.tree
        self._pending.update(step.changes)
        if checkpoint:
            tree, objects = checkpoint_tree(self._content, tree, self._pending, entry.seq)
            self._keep(objects)
            self._pending = {}
        data = commit_bytes(commit_of(entry, tree=tree, parent=self.newest.id))
        self._keep([(COMMIT, data)])
        self.newest = Point(id=object_id(COMMIT, data), parent=self.newest.id, tree=tree, seq=entry.seq)

    def sign(self, write: Callable[[Commit], str]) -> None:
        """Put the last commit away for the signed one that `write` writes, which gives its id."""
        _, data = self.objects.pop()
        signed = write(parse_commit(data))
        self._keep([(COMMIT, self._read(COMMIT, signed))])
        self.newest = replace(self.newest, id=signed)

    def named(self) -> list[tuple[str, str, bytes]]:
        """The objects with their ids."""
        return [(object_id(kind, data), kind, data) for kind, data in self.objects]

    def _keep(self, objects: Objects) -> None:
        self.objects += objects
        self._made.update((object_id(kind, data), data) for kind, data in objects)

    def _content(self, kind: str, name: str) -> bytes:
        return self._made[name] if name in self._made else self._read(kind, name)
