"""A clone, a remote and a program that know of epochs: see `docs/decisions/0017-epochs.md`.

Rule 1: what lies before a root is kept on the remote under a ref of its own, and that comes first; a root is published
        by the compare-and-swap that publishes everything else.
Rule 2: a clone with operations of its own fetches what lies before until both lines meet: an operation that was
        published is known by its id, on which side of a seam it ever stands.
Rule 3: whoever has the point before a root makes the root again, and compares. A clone with nothing of its own takes
        the documents of the oldest root that it got, once they were read one by one.
"""

from itertools import takewhile
from typing import TYPE_CHECKING

from actors import Running
from agents import Program
from epoch_seam import Objects, SeamStore, is_root, root_of
from machines import Machine
from network import Line, Remote, unreachable
from published import everything

from coordinaut_git.documents import Head
from coordinaut_git.errors import CoordinautError, environment
from coordinaut_git.protocol.invariants import broken_promises
from coordinaut_git.protocol.state import State
from coordinaut_git.stores.memory.pool import FIRST, Point
from coordinaut_git.sync.remote import PushUnknown, Raced, RemoteLine

if TYPE_CHECKING:
    from epoch_world import EpochWorld


class EpochClone(Machine):
    """A clone with objects of its own; `kept` are its refs to what lies before roots, by number."""

    def __init__(self, world: "EpochWorld", name: str) -> None:
        super().__init__(world, name)
        self.objects = Objects(world.pool)
        every = world.chance.choice((1, 4, 64))
        self.store = SeamStore(self.objects, checkpoint_every=every, elapsed_ms=lambda: world.stage.now)
        self.kept: dict[int, Head] = {}

    def fetch_by_hand(self) -> None:
        """As ever: it brings what git reaches, and nothing of what lies before a root."""
        remote: EpochRemote = self.world.remote  # type: ignore[assignment]
        if remote.tip:
            self.objects.take(remote.objects, remote.tip)
        super().fetch_by_hand()

    @property
    def anchors(self) -> list[Head]:
        """What the clone has of a line: its own newest point, and the one it saw last."""
        return [head for head in (self.store.head(), self.tracking) if head not in (None, FIRST)]

    def meets(self, head: Head) -> bool:
        """Whether all that is here has a point in common with that line: the fixed first one, if both go back to it."""
        theirs = {point.head for point, _ in self.objects.back(head)}
        whole = self.objects.horizon(head) is None
        return all(
            any(point.head in theirs for point, _ in self.objects.back(ours))
            or (whole and self.objects.horizon(ours) is None)
            for ours in self.anchors
        )

    def keep_seams(self, head: Head) -> None:
        """Hold what lies before the roots of a line, so that no collection of garbage takes it."""
        for root in self.objects.roots(head):
            if root.parent in self.objects:
                self.kept[root.seq - 1] = root.parent

    def loses_by_collecting(self) -> bool:
        """Collect garbage, as git does; whether something of the line is gone then."""
        head = self.store.head() or FIRST
        before = len(list(self.objects.back(head)))
        self.objects.collect_garbage([*self.anchors, *self.kept.values()])
        return len(list(self.objects.back(head))) < before


class EpochRemote(Remote):
    """A host: the line's cell, refs that are only ever made, by number, and the objects that all of them reach."""

    def __init__(self, world: "EpochWorld") -> None:
        super().__init__(world.swapped)
        self._world, self.kept, self.objects = world, dict[int, Head](), Objects(world.pool)

    def swap(self, expected: Head | None, new: Head) -> bool:
        """Move the line's ref if it is where it is expected; a push brings what git reaches."""
        if self.tip == expected:
            self.objects.take(self._world.pool, new)
        return super().swap(expected, new)

    def create(self, seq: int, head: Head) -> bool:
        """Make a ref, if there is none of that number."""
        self.objects.take(self._world.pool, head)
        return self.kept.setdefault(seq, head) == head

    def collect_garbage(self) -> None:
        """As git does."""
        self.objects.collect_garbage([*([self.tip] if self.tip else []), *self.kept.values()])


class EpochLine(Line):
    """The way to such a remote."""

    def __init__(self, running: Running) -> None:
        super().__init__(running)
        self._clone: EpochClone = running.machine  # type: ignore[assignment]
        self._host: EpochRemote = self._world.remote  # type: ignore[assignment]

    def seen(self) -> Head | None:
        """What the tracking ref says, if it can be told how that lies to what is here; else nothing was seen."""
        seen = super().seen()
        return seen if seen and self._clone.meets(seen) else None

    def fetch(self) -> Head | None:
        """Ask the remote, also for what lies before its line as far as this clone needs it."""
        self._connect("fetch")
        tip, clone = self._host.tip, self._clone
        if tip:
            clone.objects.take(self._host.objects, tip)
        self._travel()
        if self._happens(self._world.network.cut_before):
            raise unreachable("the answer was cut off")
        if clone.tracking and tip is None:
            raise environment("remote_deleted", "The remote has no coordination ref any more.")
        if tip and self.needs_past(tip):
            self.fetch_past(tip)
        if clone.tracking and tip and not clone.continues(clone.tracking, tip):
            raise environment("remote_replaced", "The remote's line is not the one that was seen.")
        if tip:
            clone.keep_seams(tip)
        clone.tracking = tip
        self._running.log("fetched", (tip or "nothing")[:6])
        return tip

    def needs_past(self, tip: Head) -> bool:
        """Whether this clone has something of which it cannot tell yet where it stands on that line."""
        return bool(self._clone.anchors) and not self._clone.meets(tip)

    def fetch_past(self, tip: Head, *, all_of_it: bool = False) -> None:
        """Fetch one epoch after the other, newest first; environment `past_missing` where the remote has not kept it."""
        epochs = 0
        while (root := self._clone.objects.horizon(tip)) and (all_of_it or not self._clone.meets(tip)):
            self._connect("fetch of what lies before")
            before = self._host.kept.get(root.seq - 1)
            if before is None or before != root.parent:
                raise environment("past_missing", f"The remote has not kept what lies before operation {root.seq}.")
            self._clone.objects.take(self._host.objects, before)
            self._clone.kept[root.seq - 1] = before
            epochs += 1
        self._world.happened["two epochs behind"] += epochs > 1 and not all_of_it

    def keep_past(self, before: Point) -> None:
        """Have the remote keep a point, whatever becomes of the line."""
        self._connect("keeping")
        if not self._host.create(before.seq, before.head):
            raise environment("past_taken", f"The remote has something else under number {before.seq}.")
        self._travel()


class EpochProgram(Program):
    """One run of a coordinaut that knows of epochs."""

    def _remote(self) -> RemoteLine:
        return EpochLine(self.running)

    def open_epoch(self) -> bool:
        """Begin an epoch after the newest point of the remote's line; False where somebody was faster."""
        team, objects = self.team, self._objects
        with team.alone():
            team.fetch()
            team.joined()
            before = objects.point(team.remote.seen() or FIRST)
            if before.head == FIRST or is_root(before.entry):
                return False
            root = root_of(objects, before)
            self._line.keep_past(before)
            begun = self._begun(root, before)
            team.fetch()
            team.joined()
        return begun

    def look_back(self) -> None:
        """Fetch all that lies before, and see whether the line is what it says: what `doctor --deep` would do."""
        head = self.coordinator.head()
        self._line.fetch_past(head, all_of_it=True)
        self._check(FIRST, head)

    def _begun(self, root: Point, before: Point) -> bool:
        self.running.world.births.setdefault(root.entry.id if root.entry else "", self.running.world.stage.now)
        try:
            self._line.push(root.head, before.head)
        except Raced:
            self.running.world.happened["outrun by another root"] += self._host_has(root)
            return False
        except PushUnknown:
            self.running.world.happened["not known whether an epoch began"] += 1
            return False
        self.running.log("begins an epoch", root.seq, before.head[:6], "->", root.head[:6])
        self.running.world.happened["epochs"] += 1
        return True

    def _host_has(self, root: Point) -> bool:
        """Whether somebody else has begun the very epoch."""
        line = self.running.world.pool.back(self.running.world.remote.tip or FIRST)
        return any(point.head == root.head for point, _ in line)

    @property
    def _line(self) -> EpochLine:
        assert isinstance(self.team.remote, EpochLine)
        return self.team.remote

    @property
    def _objects(self) -> Objects:
        clone = self.running.machine
        assert isinstance(clone, EpochClone)
        return clone.objects

    def _check(self, at: Head, theirs: Head) -> None:
        """As ever, and each root is the one of the point before it."""
        self.running.point()
        points = [point for point, _ in takewhile(lambda one: one[0].head != at, self._objects.back(theirs))][::-1]
        if points and points[0].parent not in self._objects:
            if at != FIRST:
                raise unlawful("It does not continue what is here.")
            at = self._trusted(points.pop(0))
        super()._check(at, theirs)
        for point in points:
            if is_root(point.entry):
                self.check_root(point)

    def check_root(self, root: Point) -> None:
        """Raise environment `unlawful_line` for a root that is not the one of the point before it."""
        if root_of(self._objects, self._objects.point(root.parent)).head != root.head:
            raise unlawful(f"Operation {root.seq} begins an epoch that is not that of the point before.")

    def _trusted(self, root: Point) -> Head:
        """A root without a past: its documents can be read, and they keep the promises."""
        state = State(root.documents, root.seq)
        if state.contents() != dict(everything(root.documents)) or list(broken_promises(state)):
            raise unlawful("The documents of the first operation that is here break a promise.")
        self.running.world.happened["begun at a root"] += 1
        return root.head


def unlawful(why: str) -> CoordinautError:
    """The error for what nobody who keeps to the rules would have published."""
    return environment("unlawful_line", why)
