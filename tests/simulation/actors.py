"""Processes as the simulation runs them: every call of the store and of the remote is a point where anything may happen.

Rule 1: a process that is dead does nothing more, whatever it catches on its way out.
Rule 2: what a store says is never made up: it may only fail, come late, or not be told.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from coordinaut_git.documents import Changes, Entry, Head, OutcomeUnknown, Snapshot, StaleHead, Step
from coordinaut_git.sync.crowd import Crowd

if TYPE_CHECKING:
    from machines import Machine

FAULTS = ("stale", "never", "untold")
"""Of a store in the same machine: what it has not written when it answers it does not write later."""


class Died(BaseException):
    """A process was killed."""


class Running:
    """One process on a machine."""

    def __init__(self, machine: "Machine", name: str, *, mortal: bool = True) -> None:
        self.machine, self.world, self.name = machine, machine.world, name
        self._dead, self._mortal = False, mortal
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
        if self.world.happens(self.world.faults.death):
            self._dead = True
            self.log("dies")
            raise Died
        if self.world.happens(self.world.faults.interrupt):
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
        while machine.locked and self.world.stage.now < until:
            self.point(until - self.world.stage.now, lambda: not machine.locked)
        if machine.locked:
            self.log("waits no longer for the lock")
            yield False
            return
        machine.locked = True
        try:
            yield True
        finally:
            machine.locked = False


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
        return self._inner.head()

    def likely(self) -> None:
        """As the store says: looking costs nothing."""

    def snapshot(self, head: Head) -> Snapshot:
        """As the store says."""
        self._running.point()
        return self._inner.snapshot(head)

    def since(self, old: Head, head: Head) -> tuple[Entry, ...] | None:
        """As the store says."""
        self._running.point()
        return self._inner.since(old, head)

    def sealed(self, head: Head) -> bool:
        """As the store says."""
        self._running.point()
        return self._inner.sealed(head)

    def back(self, head: Head) -> Iterator[tuple[Head, Entry]]:
        """As the store says."""
        self._running.point()
        return self._inner.back(head)

    def log(self, head: Head) -> Iterator[Entry]:
        """As the store says."""
        self._running.point()
        return self._inner.log(head)

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

    def _write(self, write: Callable[[], Head]) -> Head:
        self._running.point()
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
        head = self._inner.commit(expected, entry, changes)
        self._running.log("commits", entry.seq, entry.id, entry.summary, expected[:6], "->", head[:6])
        self._world.born(self._machine, entry.id)
        return head

    def _rebuilt(self, expected: Head, onto: Head, steps: Sequence[Step]) -> Head:
        head = self._inner.rebuild(expected, onto, steps)
        told = [f"{step.entry.seq} {step.entry.id} {step.entry.summary}" for step in steps]
        self._running.log("rebuilds", expected[:6], "->", head[:6], "onto", onto[:6], told)
        self._world.stands(self._machine, head)
        return head
