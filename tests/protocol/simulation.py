"""Several coordinators over one line, whose steps cross and whose store fails, all from one seed.

Rule 1: nothing here is left to the machine: the same seed gives the same run.
Rule 2: true time is the simulation's own; every client has a clock that is wrong and jumps.

Every other seed is a run of few takeovers and many handoffs.

Faults: the head moves in the middle of a decision, a spurious `StaleHead`, an outcome that is unknown (written, not
written, or written later), clocks that jump.
"""

import json
import random
from collections import Counter

from operations import PATTERNS
from world import START, CountedIds, SetClock

from coordinaut_git.coordinator import Coordinator
from coordinaut_git.documents import OutcomeUnknown, StaleHead
from coordinaut_git.errors import CoordinautError, Kind
from coordinaut_git.protocol import requests as ask
from coordinaut_git.protocol.model import Actor, Answer, Mode, Status
from coordinaut_git.protocol.values import Instant
from coordinaut_git.stores.memory import MemoryStore

HOUR_MS = 3_600_000
DEEPEST = 3
TASKS = 4
GIVING = [Answer.GRANT_AFTER_COMMIT] * 3 + [Answer.HANDOFF_NOW]
PATHS = ["src/a", "src/b", "docs/a.md", "docs/a", "lib", "a"]


class Handle:
    """One client's way to the store, on which things go wrong; it remembers when it first saw what."""

    def __init__(self, simulation: "Simulation") -> None:
        self._simulation, self._inner = simulation, simulation.store
        self._seen: dict[int, int] = {}

    def __getattr__(self, name):
        return getattr(self._inner, name)

    def snapshot(self, head):
        snapshot = self._inner.snapshot(head)
        self._see(snapshot.seq)
        return snapshot

    def since(self, old, head):
        entries = self._inner.since(old, head)
        for entry in entries or ():
            self._see(entry.seq)
        return entries

    def seen_ms_ago(self, seq):
        return self._simulation.now - self._seen[seq] if seq in self._seen else None

    def commit(self, expected, entry, changes):
        simulation = self._simulation
        simulation.interleave()
        fault = simulation.fault()
        if fault == "stale":
            raise StaleHead
        if fault == "late":
            written = dict(changes())
            simulation.later.append(lambda: simulation.publish(expected, entry, lambda: written))
        if fault in {"late", "never"}:
            raise OutcomeUnknown
        head = simulation.publish(expected, entry, changes)
        self._see(entry.seq)
        if fault == "untold":
            raise OutcomeUnknown
        return head

    def _see(self, newest: int) -> None:
        for seq in range(max(self._seen, default=0) + 1, newest + 1):
            self._seen[seq] = self._simulation.now


class Client:
    """An agent with a coordinator and a clock of its own."""

    def __init__(self, simulation: "Simulation", name: str, skew_ms: int) -> None:
        self._simulation, self.skew_ms = simulation, skew_ms
        self.actor = Actor(instance=f"{name}-1", agent=name)
        self.coordinator = Coordinator(Handle(simulation), self, simulation.ids, team=True)
        self.busy = False

    def now(self) -> Instant:
        return Instant(START + self._simulation.now + self.skew_ms)


class Simulation:
    """A run: `run()` goes through it, then `acknowledged`, `landed` and `store` tell what came of it."""

    def __init__(self, seed: int, clients: int = 4) -> None:
        self.chance = random.Random(seed)
        self.store, self.ids = MemoryStore(), CountedIds()
        self.store.create()
        self.now = 0
        self.later: list = []
        self.landed: dict[str, int] = {}
        self.acknowledged: list[str] = []
        self.happened: Counter[str] = Counter()
        self._depth = 0
        self._trading = seed % 2 == 1
        names = ("alice", "bob", "carol", "dave")[:clients]
        self.clients = [Client(self, name, self.chance.randint(-9, 9) * HOUR_MS) for name in names]
        self._write_tasks_down()

    def _write_tasks_down(self) -> None:
        coordinator = Coordinator(Handle(self), SetClock(), self.ids)
        self._depth = DEEPEST
        for files in PATTERNS[:TASKS]:
            coordinator.run(ask.CreateTask(title="a task", files=(files,)), Actor())
        self._depth = 0

    def run(self, steps: int = 60) -> None:
        for _ in range(steps):
            self.step()
        for write in self.later:
            self._try_late(write)

    def step(self) -> None:
        """Time goes by, and somebody does something."""
        self.now += self.chance.choice([0, 1, 1_000, 60_000, 10 * 60_000, (1 if self._trading else 40) * 60_000])
        client = self.chance.choice([client for client in self.clients if not client.busy])
        if self.chance.random() < 0.1:
            client.skew_ms += self.chance.randint(-5, 5) * HOUR_MS
        self._act(client)

    def interleave(self) -> None:
        """Others may come in between a decision and its commit, and so may what was late."""
        if self.later and self.chance.random() < 0.5:
            self._try_late(self.later.pop(0))
        while self._depth < DEEPEST and self.chance.random() < 0.25:
            self._depth += 1
            self.happened["interleaved"] += 1
            self.step()
            self._depth -= 1

    def fault(self) -> str | None:
        """What goes wrong with the next commit."""
        fault = self.chance.choice([None] * 12 + ["stale", "never", "untold", "late"])
        self.happened[f"fault {fault}"] += 1
        return fault

    def publish(self, expected, entry, changes):
        head = self.store.commit(expected, entry, changes)
        self.landed[entry.id] = self.now
        return head

    def _try_late(self, write) -> None:
        try:
            write()
        except StaleHead:
            self.happened["late and lost"] += 1
        else:
            self.happened["late and landed"] += 1

    def _act(self, client: Client) -> None:
        client.busy = True
        try:
            done = client.coordinator.run(self._request(client), client.actor)
        except CoordinautError as error:
            if error.kind not in {Kind.REFUSED, Kind.INVALID, Kind.NOT_FOUND}:
                raise
            self.happened[error.code] += 1
        else:
            if done.operation:
                self.acknowledged.append(done.operation.id)
                self.happened[done.operation.op] += 1
                self.happened["takeovers"] += bool(getattr(done.operation.change, "takeovers", ()))
        finally:
            client.busy = False

    def _request(self, client: Client) -> ask.Request:
        pick = self.chance.choice
        task = f"AGT-20261122-{self.chance.randint(1, TASKS)}"
        files = tuple(self.chance.sample(PATTERNS, pick([1, 1, 2])))
        status = pick([status for status in Status if status != Status.CLAIMED])
        return pick(
            [
                ask.CreateTask(title="a task", files=files),
                *[ask.ClaimTask(task=task, files=files, mode=pick(list(Mode)), ttl=pick([None, "5m", "6h"]))] * 3,
                *[ask.ClaimTask(task=task, files=files, takeover_reason="gone")] * (1 if self._trading else 4),
                ask.UpdateTask(task=task, status=status),
                ask.UpdateTask(task=task, next="measure"),
                ask.ReleaseTask(task=task, status=pick([None, status])),
                ask.Heartbeat(ttl=pick([None, "10m"])),
                *self._handing_over(client) * (4 if self._trading else 1),
                ask.PostMessage(text="hello", broadcast=True),
                ask.MarkRead(all=True),
            ]
        )

    def _handing_over(self, client: Client) -> list[ask.Request]:
        """What this client may do about handoffs: ask, answer, commit, let go."""
        pick, state = self.chance.choice, client.coordinator.read().state
        pending, leases = state.pending_handoffs(), state.leases_of(client.actor.instance)
        own = pick([lease.task_id for lease in leases] or [f"AGT-20261122-{self.chance.randint(1, TASKS)}"])
        asked = [ask.RequestHandoff(task=own, files=(pick(PATTERNS),), reason="it is time")] * 3
        mine = [one for one in pending if one.owner == client.actor.instance]
        if pending:
            answered = ask.RespondHandoff(id=pick(mine * 9 + pending).id, status=pick([*Answer, *GIVING]))
            asked += [answered] * (9 if mine else 1)
        if mine and leases:
            ends = [ask.ReleaseTask(task=own), ask.UpdateTask(task=own, status=Status.DONE)]
            asked += [ask.KeepPromises(paths=(pick(PATHS), pick(PATHS)))] * 4 + ends
        return asked

    def bodies(self) -> list[dict]:
        """The line as JSON, oldest first."""
        return [json.loads(entry.body) for entry in self.store.log(self.store.head())][::-1]
