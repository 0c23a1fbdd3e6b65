"""Processes as the simulation runs them: every call of the store and of the remote is a point where anything may happen.

Rule 1: a process that is dead does nothing more, whatever it catches on its way out.
Rule 2: what a store says is never made up: it may only fail, come late, or not be told.
Rule 3: a program is of one version for as long as it runs. A newer one writes what an older one must refuse to read.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

from coordinaut_git.documents import Changes, Entry, Head, OutcomeUnknown, Snapshot, StaleHead, Step, newer_format
from coordinaut_git.errors import environment
from coordinaut_git.sync.crowd import Crowd

if TYPE_CHECKING:
    from machines import Machine

FAULTS = ("stale", "never", "untold")
"""Of a store in the same machine: what it has not written when it answers it does not write later."""


LONG_STOPS_MS = (600_000, 2 * 3_600_000, 5 * 3_600_000)
"""How long a process is stopped, or a machine sleeps: longer than most leases last."""

NOW, NEXT = b',"v":1}', b',"v":2}'
"""How an operation ends that this version has written, and one of the next version."""


class Died(BaseException):
    """A process was killed."""


class Running:
    """One process on a machine."""

    def __init__(self, machine: "Machine", name: str, *, mortal: bool = True) -> None:
        self.machine, self.world, self.name = machine, machine.world, name
        self._dead, self._mortal = False, mortal
        self._boot, self.format = machine.boots, machine.format
        self._pause = machine.world.stage.pause

    def point(self, for_ms: int = 0, until: Callable[[], bool] | None = None) -> None:
        """A point between two steps: others come in, and this process may be killed or interrupted."""
        if self._dead:
            raise Died
        self._pause(for_ms, until)
        if self._dead:
            raise Died
        if self._mortal:
            self._fate()

    def _fate(self) -> None:
        if self.machine.wakes_at > self.world.stage.now:
            self._pause(self.machine.wakes_at - self.world.stage.now)
        faults, drawn = self.world.faults, self.world.chance.random()
        if drawn < faults.stops:
            self.log("is stopped for a long time")
            self.world.happened["stopped"] += 1
            self._pause(self.world.chance.choice(LONG_STOPS_MS))
        if self.machine.boots != self._boot or 0 <= drawn - faults.stops < faults.death:
            self._dead = True
            self.log("dies")
            raise Died
        if 0 <= drawn - faults.stops - faults.death < faults.interrupt:
            self.log("is interrupted")
            raise KeyboardInterrupt

    def crowd(self) -> Crowd:
        """How it lets others have their share; its pauses are points like any other."""

        def pause(least_s: float, most_s: float) -> None:
            self.point(round(1000 * (least_s + (most_s - least_s) * self.world.chance.random())))

        return Crowd(Room(self), now=lambda: self.world.stage.now / 1000, pause=pause)

    def log(self, *words: object) -> None:
        """Write down what this process does."""
        self.world.log(self.name, *words)

    @contextmanager
    def alone(self, wait_s: float) -> Iterator[bool]:
        """The lock that one process of a machine holds at a time; whoever dies lets go of it."""
        machine, until = self.machine, self.world.stage.now + round(wait_s * 1000)
        self.point()
        while machine.lock and self.world.stage.now < until:
            self.point(until - self.world.stage.now, lambda: not machine.lock)
        if machine.lock:
            self.log("waits no longer for the lock")
            yield False
            return
        machine.lock = self
        try:
            yield True
        finally:
            if machine.lock is self:
                machine.lock = None


class OnItsWay:
    """The machine's note of a push without an answer, which outlives whoever wrote it."""

    def __init__(self, running: Running) -> None:
        self._running = running

    def get(self) -> str | None:
        """What is noted."""
        self._running.point()
        return self._running.machine.on_its_way

    def put(self, expected: str | None) -> None:
        """Note it, or take it away."""
        self._running.point()
        self._running.machine.on_its_way = expected


class Room:
    """Until when the machine leaves room for others."""

    def __init__(self, running: Running) -> None:
        self._running = running

    def get(self) -> float | None:
        """What is noted."""
        return self._running.machine.room_until_s

    def put(self, until_s: float) -> None:
        """Note it."""
        self._running.machine.room_until_s = until_s


class Handle:
    """A machine's store as one process has it open."""

    name = "memory"

    def __init__(self, running: Running) -> None:
        self._running, self._machine, self._world = running, running.machine, running.world
        self._inner = self._machine.store
        self.first = self._inner.first

    def describe(self) -> Mapping[str, str]:
        """As the store says."""
        return self._inner.describe()

    def head(self) -> Head | None:
        """As the store says, now."""
        self._running.point()
        if self._machine.damage == "ref":
            raise environment("broken_ref", "The ref names a commit which is not on disk.")
        return self._inner.head()

    def likely(self) -> None:
        """As the store says: looking costs nothing."""

    def snapshot(self, head: Head) -> Snapshot:
        """As the store says."""
        self._read()
        found = self._inner.snapshot(head)
        if self._running.format == 1 and self._is_of_the_next_version(head, found):
            raise newer_format("The state", 2)
        return found if self._running.format == 1 else replace(found, entries=tuple(self._known(found.entries)))

    def since(self, old: Head, head: Head) -> tuple[Entry, ...] | None:
        """As the store says."""
        self._read()
        found = self._inner.since(old, head)
        return None if found is None else tuple(self._known(found))

    def sealed(self, head: Head) -> bool:
        """As the store says."""
        self._read()
        return self._inner.sealed(head)

    def back(self, head: Head) -> Iterator[tuple[Head, Entry]]:
        """As the store says."""
        self._read()
        if self._running.format == 1:
            return self._inner.back(head)
        return ((at, brought_forward(entry)) for at, entry in self._inner.back(head))

    def log(self, head: Head) -> Iterator[Entry]:
        """As the store says."""
        self._read()
        return iter(self._known(self._inner.log(head)))

    def commit(self, expected: Head, entry: Entry, changes: Changes) -> Head:
        """Publish on the machine's line, if nothing goes wrong."""
        return self._write(lambda: self._committed(expected, entry, changes))

    def rebuild(self, expected: Head, onto: Head, steps: Sequence[Step]) -> Head:
        """Put the machine's line on another one, if nothing goes wrong."""
        return self._write(lambda: self._rebuilt(expected, onto, steps))

    def seen_ms_ago(self, seq: int) -> int | None:
        """As the machine remembers."""
        return self._inner.seen_ms_ago(seq)

    @contextmanager
    def queue(self, wait_s: float) -> Iterator[bool]:
        """No order at all: nothing depends on it."""
        self._running.point()
        yield True

    def format(self, head: Head) -> int:
        """As the store says."""
        return self._inner.format(head)

    def close(self) -> None:
        """Nothing to do."""

    def _read(self) -> None:
        """A point, at which it may turn out that a part of the line is missing; a program that heals it has not come."""
        self._running.point()
        if self._machine.damage:
            raise environment("unreadable_history", "A commit of the line is missing.")

    def _known(self, entries: Iterable[Entry]) -> Iterable[Entry]:
        """The entries as this program reads them: what an older one does not know stays as it is."""
        return entries if self._running.format == 1 else map(brought_forward, entries)

    def _written(self, entry: Entry) -> Entry:
        """The entry as this program writes it."""
        if self._running.format == 1:
            return entry
        assert entry.body.endswith(NOW), entry.body
        return replace(entry, body=entry.body.removesuffix(NOW) + NEXT)

    def _is_of_the_next_version(self, head: Head, found: Snapshot) -> bool:
        """Whether the documents of a snapshot were written by a newer program."""
        _, writer = next(islice(self._inner.back(head), len(found.entries), None), (None, None))
        return writer is not None and writer.body.endswith(NEXT)

    def _write(self, write: Callable[[], Head]) -> Head:
        self._read()
        fault = self._world.chance.choice(FAULTS) if self._world.happens(self._world.faults.commit) else None
        self._world.happened[f"commit {fault or 'told'}"] += 1
        if fault == "stale":
            raise StaleHead
        if fault == "never":
            raise OutcomeUnknown
        head = write()
        self._running.point()
        if fault == "untold":
            raise OutcomeUnknown
        return head

    def _committed(self, expected: Head, entry: Entry, changes: Changes) -> Head:
        head = self._inner.commit(expected, self._written(entry), changes)
        self._running.log("commits", entry.seq, entry.id, entry.summary, expected[:6], "->", head[:6])
        self._world.born(self._machine, entry.id)
        return head

    def _rebuilt(self, expected: Head, onto: Head, steps: Sequence[Step]) -> Head:
        written = [replace(step, entry=self._written(step.entry)) for step in steps]
        head = self._inner.rebuild(expected, onto, written)
        told = [f"{step.entry.seq} {step.entry.id} {step.entry.summary}" for step in steps]
        self._running.log("rebuilds", expected[:6], "->", head[:6], "onto", onto[:6], told)
        self._world.stands(self._machine, head)
        return head


def brought_forward(entry: Entry) -> Entry:
    """An entry as a program reads it that knows the next version."""
    return replace(entry, body=entry.body.removesuffix(NEXT) + NOW) if entry.body.endswith(NEXT) else entry
