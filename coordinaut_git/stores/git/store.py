"""The git store: the line of entries is a line of commits on one ref, shared by all worktrees.

Rule 1: what a commit needs is on disk before the ref names it; the ref moves by compare-and-swap, last.
Rule 2: most commits are one object: the tree is written only at a checkpoint, as one pack.
Rule 3: only the ref, git objects, and files in the `coordinaut` folder of the common git directory are written.
"""

import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import accumulate, islice

from coordinaut_git.documents import (
    Changes,
    Contents,
    Entry,
    Head,
    Snapshot,
    StaleHead,
    Step,
    check_next,
    check_numbers,
)
from coordinaut_git.errors import CoordinautError, environment
from coordinaut_git.parting import entries_since
from coordinaut_git.plumbing.engine import Engine, ObjectDamaged, ObjectMissing, RefAt, RefBroken, RefMissing
from coordinaut_git.plumbing.journal import Journal
from coordinaut_git.plumbing.objects import COMMIT, Commit, commit_bytes, object_id
from coordinaut_git.plumbing.pygit2_engine import Pygit2Engine
from coordinaut_git.plumbing.queue import WriterQueue
from coordinaut_git.plumbing.repository import Place, Repository, open_repository
from coordinaut_git.plumbing.settings import Settings, read_settings
from coordinaut_git.plumbing.signing import is_signed
from coordinaut_git.stores.git.chain import Chain
from coordinaut_git.stores.git.genesis import GENESIS, GENESIS_IDS, GENESIS_OBJECTS, GENESIS_TREE
from coordinaut_git.stores.git.heal import heal, heal_recent
from coordinaut_git.stores.git.line import Line, Point
from coordinaut_git.stores.git.message import commit_of
from coordinaut_git.stores.git.packs import Packs
from coordinaut_git.stores.git.publish import Publisher
from coordinaut_git.stores.git.sightings import Sightings
from coordinaut_git.stores.git.tree import Objects, TreeDocuments, checkpoint_tree

CHECKPOINT_EVERY = 64
BACKUPS = "refs/coordinaut-backup"
"""Beside our own folder of refs, so that nothing that fetches, pushes or prunes `refs/coordinaut/*` meets them."""

_CHECK_EVERY_S = 1.0
_WATCHED = 256
_READ_AGAIN = 256
_PUBLISH_AGAIN = 5
_REMEMBERED_BYTES = 512 * 1024


class GitStore:
    """See `Store`. One object may be used by several threads that take turns, and any number of processes."""

    name = "git"
    first = Head(GENESIS)
    """The fixed first point of every line."""

    def __init__(self, place: Place, settings: Settings, engine: Engine) -> None:
        self.place = place
        self.settings = settings
        self.engine = engine
        engine.flush_writes(on=settings.flush)
        self.journal = Journal(place.own_dir)
        self.line = Line(engine, self._heal)
        self._sightings = Sightings(self.journal, self._newest, self.line.names)
        self._packs = Packs(place.common_dir, place.own_dir, flush=settings.flush)
        self._queue = WriterQueue(place.own_dir / "queue")
        self._publisher = self.publisher(settings.ref)
        self._watched: deque[str] = deque(maxlen=_WATCHED)
        self._checked_at = float("-inf")
        self.sign: Callable[[Commit], str] | None = None
        """Writes a commit with its user's signature, for those who sign what is published; gives its id."""

    def describe(self) -> Mapping[str, str]:
        """Where the state lives."""
        return {"storage": self.name, "location": str(self.place.common_dir), "ref": self.settings.ref}

    def create(self) -> bool:
        """Make the ref at the fixed first commit; True for the one caller that made it."""
        if not isinstance(self.engine.read_ref(self.settings.ref), RefMissing):
            return False
        for kind, data in GENESIS_OBJECTS:
            self.engine.write(kind, data)
        return self._publisher.create(GENESIS)

    def head(self) -> Head | None:
        """The commit that the ref names, whose object is on disk; raises `broken_ref`."""
        match self.engine.read_ref(self.settings.ref):
            case RefMissing():
                return None
            case RefBroken(reason):
                raise self._broken(reason)
            case RefAt(name):
                self._check_on_disk(name)
                return Head(name)

    def likely(self) -> None:
        """Say that looking costs next to nothing: reading a ref."""

    def snapshot(self, head: Head) -> Snapshot:
        """The documents of the head's tree, and the entries since it was written."""
        point = self.line.point(head)
        seq = self.line.checkpoint_seq(point)
        entries = [entry for _, entry in islice(self.line.back(head), point.seq - seq)]
        documents = TreeDocuments(self.line.content, point.tree)
        return Snapshot(head=head, seq=seq, documents=documents, entries=tuple(reversed(entries)))

    def since(self, old: Head, head: Head) -> tuple[Entry, ...] | None:
        """The entries after `old` up to `head`, where these are not too many."""
        return () if old == head else entries_since(old, self.line.back(head))

    def commit(self, expected: Head, entry: Entry, changes: Changes) -> Head:
        """Publish `entry` after `expected`; see `Store.commit`. Raises ValueError if its seq is not the next one."""
        parent = self._parent(expected, entry)
        tree, kept = self._tree_for(parent, entry, changes)
        return self._append(parent, entry, tree, kept)

    def rewrite(self, expected: Head, entry: Entry, documents: Contents) -> Head:
        """Publish `entry` with a tree of these documents alone; those of them that cannot be read are put back."""
        parent = self._parent(expected, entry)
        tree, objects = checkpoint_tree(self.line.content, GENESIS_TREE, documents(), entry.seq)
        self.put_back(objects)
        return self._append(parent, entry, tree, [])

    def extend(self, expected: Head, steps: Sequence[Step]) -> Head:
        """Publish these entries by one pack and one swap of the ref; see `Store.extend`."""
        check_numbers(steps)
        if not steps:
            return expected
        parent = self._parent(expected, steps[0].entry)
        chain = Chain(self.line.content, parent)
        for step in steps:
            chain.add(step, checkpoint=_is_due(step.entry))
        return self._end_in(expected, chain)

    def rebuild(self, expected: Head, onto: Head, steps: Sequence[Step]) -> Head:
        """End the line in these entries after `onto`, by one pack and one swap of the ref; see `Joining.rebuild`.

        One pack is a third of the time of the same objects one by one, even for the eight of a single sealed entry.
        What the line had before hangs on nothing then: git's own upkeep takes it after two weeks, or at once where it
        is told to prune now. Whoever reads it meanwhile is given back what the journal remembers, and else meets
        `unreadable_history`, on which `Coordinator.read` goes on with the newest line. Nothing of it is needed any
        more: every operation of it is in the new line, or was withdrawn before anybody was told of it.
        """
        check_numbers(steps)
        old, parent = self.line.point(expected), self.line.point(onto)
        if steps:
            check_next(parent.seq, steps[0].entry)
        self._check_expected(expected)
        chain = Chain(self.line.content, parent)
        for step in steps:
            chain.add(step, checkpoint=_is_due(step.entry) or step is steps[-1])
        if steps and self.sign:
            self._packs.write(chain.objects)  # git signs for what is there
            chain.sign(self.sign)
        common = self._sightings.joining(old, parent)
        head = self._end_in(expected, chain)
        self._sightings.joined(common, parent, [step.entry for step in steps], head)
        self._remember(chain)
        self._packs.maintain(head, chain.newest.seq, self.engine.read, before=old.seq)
        return head

    def sealed(self, head: Head) -> bool:
        """Whether the head's commit has a tree of its own, and a signature where commits are signed."""
        point = self.line.point(head)
        whole = self.line.checkpoint_seq(point) == point.seq
        return whole and (self.sign is None or is_signed(self.line.content(COMMIT, head)))

    def back(self, head: Head) -> Iterator[tuple[Head, Entry]]:
        """Every point from `head` back to the first operation with its entry."""
        return ((Head(point.id), entry) for point, entry in self.line.back(head))

    def _end_in(self, expected: Head, chain: Chain) -> Head:
        """Write what the chain needs, and move the ref to its end."""
        new = Head(chain.newest.id)
        self._packs.write(chain.objects)
        if new != expected:
            self._publish(expected, new, chain.named())
        self.line.remember(chain.newest)
        self._watched.append(new)
        self._packs.merge()
        return new

    def format(self, head: Head) -> int:
        """The format that the checkpoint of the head's tree names."""
        return self.line.checkpoint(self.line.point(head))[0]

    def put_back(self, objects: Objects) -> int:
        """Write those of the objects that are not there, or are there and damaged; gives their number."""
        missing, damaged = Objects(), 0
        for kind, data in objects:
            try:
                self.engine.read(object_id(kind, data))
            except ObjectDamaged:
                self.engine.write(kind, data)
                damaged += 1
            except ObjectMissing:
                missing.append((kind, data))
        self._packs.write(missing)
        return len(missing) + damaged

    def backup(self, head: Head, label: str) -> str:
        """Point a ref below `BACKUPS` at `head`; raises `backup_failed` where it names something else already."""
        name = f"{BACKUPS}/{label}"
        if not self.publisher(name).create(head) and self.engine.read_ref(name) != RefAt(head):
            raise environment(
                "backup_failed",
                f"The ref {name} is there already and does not name {head}, so nothing was changed.",
                hint="Look at what it is (git log), and give it another name.",
                ref=name,
            )
        return name

    def publisher(self, ref: str) -> Publisher:
        """What moves a ref of this repository, with the patience and the care that the line's own needs."""
        return Publisher(self.engine, ref, self.line, self._queue, self.place.own_dir)

    def _remember(self, chain: Chain) -> None:
        """Keep the newest objects of the chain for healing."""
        sizes = accumulate(len(data) for _, _, data in reversed(chain.named()))
        few = sum(1 for size in sizes if size <= _REMEMBERED_BYTES)
        objects = chain.named()[len(chain.objects) - few :]
        self.journal.append(objects, head=chain.newest.id, entry_id="", seq=chain.newest.seq)
        self._watched.extend(name for name, _, _ in objects)

    def _newest(self) -> Point | None:
        ref = self.engine.read_ref(self.settings.ref)
        return self.line.point(ref.id) if isinstance(ref, RefAt) else None

    def _parent(self, expected: Head, entry: Entry) -> Point:
        parent = self.line.point(expected)
        check_next(parent.seq, entry)
        if not self._queue.held:  # the swap would say so too, but later; in our turn it is not to be expected
            self._check_expected(expected)
        return parent

    def _check_expected(self, expected: Head) -> None:
        if self.engine.read_ref(self.settings.ref) != RefAt(expected):
            raise StaleHead(expected)

    def _append(self, parent: Point, entry: Entry, tree: str, kept: list[tuple[str, str, bytes]]) -> Head:
        """Write the commit and move the ref to it; `kept` are the objects that the journal is to remember."""
        expected = Head(parent.id)
        data = commit_bytes(commit_of(entry, tree=tree, parent=expected))
        new = self.engine.write(COMMIT, data)
        self._publish(expected, new, [*kept, (new, COMMIT, data)])
        self.journal.append([*kept, (new, COMMIT, data)], head=new, entry_id=entry.id, seq=entry.seq)
        self._sightings.published(new, entry)
        self.line.remember(Point(id=new, parent=expected, tree=tree, seq=entry.seq))
        self._watched.extend((*(name for name, _, _ in kept), new))
        self._packs.maintain(new, entry.seq, self.engine.read)
        return Head(new)

    def pack_loose(self, head: Head) -> int:
        """Pack the line's loose objects now; gives how many there were."""
        return self._packs.pack_loose(head, self.engine.read)

    def counted(self, head: Head) -> tuple[int, int]:
        """How many loose objects the line has, and how many packs of ours there are; raises as `Packs.count` does."""
        return self._packs.count(head, self.engine.read)

    def log(self, head: Head) -> Iterator[Entry]:
        """Every entry from `head` back to the first."""
        return (entry for _, entry in self.line.back(head))

    def walk(self, head: Head) -> Iterator[tuple[Head, bytes]]:
        """Every point from `head` back to the first operation with its body."""
        return ((Head(name), body) for name, body in self.line.bodies(head))

    def seen_ms_ago(self, seq: int) -> int | None:
        """How long ago this machine first saw the entry at `seq`, as the journal remembers it."""
        return self._sightings.ms_ago(seq)

    @contextmanager
    def queue(self, wait_s: float) -> Iterator[bool]:
        """Stand in line with the other writers of this machine."""
        with self._queue.turn(wait_s) as turn:
            yield turn.held

    def close(self) -> None:
        """Leave the line and let go of open files."""
        self._queue.close()
        self.engine.close()

    def _tree_for(self, parent: Point, entry: Entry, changes: Changes) -> tuple[str, list[tuple[str, str, bytes]]]:
        """The tree of the new commit, and the objects written for it with their ids."""
        if not _is_due(entry):
            return parent.tree, []
        self._read_recent(parent)
        tree, objects = checkpoint_tree(self.line.content, parent.tree, changes(), entry.seq)
        names = self._packs.write(objects)
        return tree, [(name, kind, data) for name, (kind, data) in zip(names, objects, strict=True)]

    def _publish(self, expected: Head, new: str, objects: list[tuple[str, str, bytes]]) -> None:
        """Move the ref; what a `git prune` took because no ref named it yet is written again."""
        for left in reversed(range(_PUBLISH_AGAIN)):
            try:
                return self._publisher.swap(expected, new)
            except CoordinautError:
                gone = self.engine.missing(name for name, _, _ in objects)
                if not gone or not left:
                    raise
                for name, kind, data in objects:
                    if name in gone:
                        self.engine.write(kind, data)
        return None

    def _read_recent(self, point: Point) -> None:
        """Look at the last commits, which heals those that a `git prune` took since they were read."""
        for _ in range(min(_READ_AGAIN, point.seq)):
            point = self.line.point(point.parent)

    def _check_on_disk(self, head: str) -> None:
        """About once a second, see that nothing recent was pruned under a process that still has it in memory."""
        now_s = time.monotonic()
        if now_s - self._checked_at < _CHECK_EVERY_S:
            return
        self._checked_at = now_s
        for name in self.engine.missing((*self._watched, head)):
            if not self._heal(name) and name == head:
                raise self._broken(f"names the commit {head}, which is not on disk")

    def _heal(self, name: str) -> bool:
        if name in GENESIS_IDS:
            for kind, data in GENESIS_OBJECTS:
                self.engine.write(kind, data)
            return True
        healed = heal((name,), self.journal, self.engine.write)
        heal_recent(self.journal, self.engine.missing, self.engine.write)
        return name in healed

    def _broken(self, reason: str) -> CoordinautError:
        return environment(
            "broken_ref",
            f"The ref {self.settings.ref} {reason}.",
            hint="Nothing was changed. Run `coordinaut doctor` to see what can be repaired.",
            ref=self.settings.ref,
        )


def _is_due(entry: Entry) -> bool:
    return not entry.seq % CHECKPOINT_EVERY


def open_git_store(place: Place, settings: Settings | None = None, *, repository: Repository | None = None) -> GitStore:
    """The git store of the repository at `place`; reads the settings, and opens it, where they are not given.

    Raises environment errors as `find` does, and `bad_setting` or `bad_ref_name`.
    """
    opened = open_repository(place) if repository is None else repository
    return GitStore(place, settings or read_settings(opened), Pygit2Engine(opened, place.common_dir))
