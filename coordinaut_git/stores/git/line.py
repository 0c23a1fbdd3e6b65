"""The line of commits, read.

Rule 1: a line is genesis and then one commit after another: one parent each, `seq` growing by one.
Rule 2: whatever breaks that is said with the commit's name; nothing is guessed or skipped.
Rule 3: an object that is missing or damaged is put back from the journal by whoever needs it.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from coordinaut_git.documents import FORMAT, Entry, check_format
from coordinaut_git.errors import CoordinautError, environment
from coordinaut_git.plumbing.engine import Engine, ObjectMissing
from coordinaut_git.plumbing.objects import BLOB, COMMIT, TREE, BadObject, parse_tree
from coordinaut_git.stores.git.genesis import CHECKPOINT, GENESIS, GENESIS_TREE
from coordinaut_git.stores.git.message import parent_and_body, read_entry

_REMEMBERED = 2_048

Heal = Callable[[str], bool]
"""Puts the object of that id (and others that are missing) back; False if nothing remembers it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One commit of the line, without its entry. Genesis has no parent: an empty string."""

    id: str
    parent: str
    tree: str
    seq: int


FIRST = Point(id=GENESIS, parent="", tree=GENESIS_TREE, seq=0)


class Line:
    """Reads the line's commits and their trees; a commit that was read once is remembered as a `Point`."""

    def __init__(self, engine: Engine, heal: Heal) -> None:
        self._engine = engine
        self._heal = heal
        self._points = {GENESIS: FIRST}

    def content(self, kind: str, name: str) -> bytes:
        """The content of an object of that kind; raises `unreadable_history`."""
        try:
            found, data = self._read(name)
        except ObjectMissing as problem:
            raise unreadable(name, f"the {kind} {problem.reason}") from problem
        if found != kind:
            raise unreadable(name, f"it is a {found} and not a {kind}")
        return data

    def _read(self, name: str) -> tuple[str, bytes]:
        try:
            return self._engine.read(name)
        except ObjectMissing:
            if not self._heal(name):
                raise
            return self._engine.read(name)

    def point(self, name: str) -> Point:
        """The commit of that id; raises `unreadable_history`."""
        return self._points.get(name) or self.step(name)[0]

    def step(self, name: str) -> tuple[Point, Entry]:
        """The commit of that id, which is not genesis, with its entry; raises `unreadable_history`."""
        data = self.content(COMMIT, name)
        try:
            commit, entry = read_entry(data)
        except BadObject as problem:
            raise unreadable(name, str(problem)) from problem
        point = Point(id=name, parent=commit.parents[0], tree=commit.tree, seq=entry.seq)
        self.remember(point)
        return point, entry

    def remember(self, point: Point) -> None:
        """Keep a point that is known, so that it need not be read."""
        if len(self._points) >= _REMEMBERED:
            self._points = {GENESIS: FIRST}
        self._points[point.id] = point

    def back(self, head: str) -> Iterator[tuple[Point, Entry]]:
        """From `head` back to the first operation, newest first, checking each step."""
        point, name = FIRST, head
        while name != GENESIS:
            newer, (point, entry) = point, self.step(name)
            if newer is not FIRST:
                _check_follows(newer, point)
            yield point, entry
            name = point.parent
        if point is not FIRST:
            _check_follows(point, FIRST)

    def bodies(self, head: str) -> Iterator[tuple[str, bytes]]:
        """From `head` back to the first operation, the name and the body of each; no step is checked."""
        packed = self._engine.packed()
        name = head
        while name != GENESIS:
            try:
                parent, body = parent_and_body(packed(name) or self.content(COMMIT, name))
            except BadObject as problem:
                raise unreadable(name, str(problem)) from problem
            yield name, body
            name = parent

    def names(self, head: str) -> Iterator[str]:
        """From `head` back to the first operation, the names alone; no step is checked."""
        name = head
        while name != GENESIS and (known := self._points.get(name)):
            yield name
            name = known.parent
        for older, _ in self.bodies(name):
            yield older

    def checkpoint_seq(self, point: Point) -> int:
        """Up to which operation the documents of the point's tree are; raises what `check_format` does."""
        form, seq = self.checkpoint(point)
        check_format(form)
        return seq

    def checkpoint(self, point: Point) -> tuple[int, int]:
        """The format of the documents of the point's tree, and up to which operation they are."""
        if point.tree == GENESIS_TREE:
            return FORMAT, 0
        try:
            items = parse_tree(self.content(TREE, point.tree))
            facts = json.loads(self.content(BLOB, items[CHECKPOINT].id))
            form, seq = facts["format"], facts["seq"]
        except (BadObject, KeyError, ValueError, TypeError) as problem:
            raise unreadable(point.id, f"its tree has no {CHECKPOINT} that can be read") from problem
        if type(form) is not int:
            raise unreadable(point.id, f"{CHECKPOINT} names the format {form!r}")
        if form <= FORMAT and (type(seq) is not int or not 0 <= seq <= point.seq):
            raise unreadable(point.id, f"{CHECKPOINT} names operation {seq} in commit {point.seq}")
        return form, seq


def _check_follows(newer: Point, point: Point) -> None:
    if newer.seq != point.seq + 1:
        raise unreadable(newer.id, f"its seq is {newer.seq} after {point.seq}")


def unreadable(name: str, why: str) -> CoordinautError:
    """The error for history that is not what this program writes."""
    return environment(
        "unreadable_history",
        f"The coordination history cannot be read at {name}: {why}.",
        hint="Nothing was changed. Run `coordinaut doctor` to see what can be repaired.",
        object=name,
    )
