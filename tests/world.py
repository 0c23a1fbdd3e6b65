"""A small world for tests of the protocol: one store in memory, a clock that is set by hand, ids that are counted.

Rule 1: everything goes the way a user's request goes, through the `Coordinator`; only replay is asked of `apply`.
Rule 2: `world.claim("alice", task, files=…)` answers in CONTRACT's JSON forms; `world.refuses(code)` expects a no.

`who` is a name; it acts as the instance `<name>-1`. None acts without an instance.
"""

import json
from collections.abc import Callable, Container, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from coordinaut_git.coordinator import Coordinator
from coordinaut_git.documents import Entry, Step, Store
from coordinaut_git.errors import EXIT_CODES, CoordinautError, Kind
from coordinaut_git.protocol import handoff_views, people_views, views
from coordinaut_git.protocol import requests as ask
from coordinaut_git.protocol.apply import apply
from coordinaut_git.protocol.decide import Moment
from coordinaut_git.protocol.holding import holds
from coordinaut_git.protocol.model import Actor, Answer, MessageKind, Mode, Status
from coordinaut_git.protocol.ops import Change, Operation, Renewal, from_entry, to_entry
from coordinaut_git.protocol.replay import Fate
from coordinaut_git.protocol.replay import replayed as after_others
from coordinaut_git.protocol.rules import COVERS_WRITES
from coordinaut_git.protocol.state import State
from coordinaut_git.protocol.values import Instant, duration_ms
from coordinaut_git.stores.memory import DocumentMap, MemoryStore

Json = dict[str, Any]
START = Instant.parse("2026-11-22T16:00:00Z")


class SetClock:
    """A wall clock that stands still until it is set."""

    def __init__(self, at: Instant = START) -> None:
        self.at = at

    def now(self) -> Instant:
        """What it was set to."""
        return self.at

    def wait(self, how_long: str) -> None:
        """Let `30m` go by; `-2h` sets the clock back."""
        back = how_long.startswith("-")
        self.at = Instant(self.at + (-1 if back else 1) * duration_ms(how_long.removeprefix("-")))


class CountedIds:
    """Tokens that are counted up, so that the same run has the same ids."""

    def __init__(self) -> None:
        self._last = 0

    def token(self, size_bytes: int) -> str:
        """The next number, in hexadecimal."""
        self._last += 1
        return f"{self._last:0{2 * size_bytes}x}"


class World:
    """People with agents in one repository, as they see it."""

    def __init__(
        self, *, store: Store | None = None, clock: SetClock | None = None, ids: CountedIds | None = None, **how: Any
    ) -> None:
        self.store = store or MemoryStore()
        self.clock, self.ids = clock or SetClock(), ids or CountedIds()
        self.store.create()
        self.coordinator = Coordinator(self.store, self.clock, self.ids, **how)

    def beside(self, **how: Any) -> "World":
        """The same store and time, through a coordinator of its own: `fold=True`, `team=True`."""
        return World(store=self.store, clock=self.clock, ids=self.ids, **how)

    def apart(self) -> "World":
        """Another clone of the line as it is now, with a clock of its own; ids stay different."""
        other = World(store=MemoryStore(), clock=SetClock(self.clock.at), ids=self.ids)
        state, steps = State(DocumentMap({}), 0), []
        for entry in self.entries():
            state = apply(state, from_entry(entry), entry.seq)
            steps.append(Step(entry=entry, changes=state.changes()))
        other.store.extend(other.coordinator.head(), steps)
        return other

    def wait(self, how_long: str) -> None:
        """Let time go by."""
        self.clock.wait(how_long)

    # --- what people ask

    def create(self, who: str | None = None, title: str = "something to do", **more: Any) -> Json:
        """A task; gives CONTRACT's Task."""
        done = self.coordinator.run(ask.CreateTask(title=title, **_listed(more)), actor(who))
        assert done.operation is not None
        return self._task(done.operation.change.task_id)

    def claim(self, who: str | None, task: str | Json | None = None, **more: Any) -> Json:
        """A lease; gives CONTRACT's {task, lease}. Without a task, one is created first."""
        task = self.create() if task is None else task
        mode = {"mode": Mode(more.pop("mode"))} if "mode" in more else {}
        return self._acted(ask.ClaimTask(task=_id(task), **_listed(more), **mode), who, task)

    def claim_next(self, who: str | None, **more: Any) -> Json:
        """The lease that `claim --next` gives; gives {task, lease}."""
        done = self.coordinator.run(ask.ClaimTask(next=True, **_listed(more)), actor(who))
        assert done.operation is not None
        return views.outcome_form(self.state, done.operation.change.task_id or "", self.moment)

    def update(self, who: str | None, task: str | Json, **more: Any) -> Json:
        """News of a task; gives {task, lease}."""
        return self._acted(ask.UpdateTask(task=_id(task), **_status(_listed(more))), who, task)

    def release(self, who: str | None, task: str | Json, **more: Any) -> Json:
        """A lease let go; gives {task, lease}."""
        return self._acted(ask.ReleaseTask(task=_id(task), **_status(more)), who, task)

    def heartbeat(self, who: str | None, task: str | Json | None = None, **more: Any) -> list[Json]:
        """A sign of life; gives the leases of who gave it."""
        self.coordinator.run(ask.Heartbeat(task=_id(task) if task else None, **more), actor(who))
        return views.leases_of(self.state, actor(who).instance, self.moment)["leases"]

    def say(self, who: str | None, text: str = "hello", **more: Any) -> Json:
        """A message; gives CONTRACT's Message. `to="bob"` names the instance, `agent="bob"` the name."""
        names = {"to_agent_instance": more.pop("to") + "-1"} if "to" in more else {}
        kind = {"kind": MessageKind(more.pop("kind"))} if "kind" in more else {}
        named = {"to_agent": more.pop("agent")} if "agent" in more else {}
        done = self.coordinator.run(ask.PostMessage(text=text, **names, **kind, **named, **more), actor(who))
        return people_views.message_form(done.state, next(done.state.messages()), read=False)

    def inbox(self, who: str, *, everything: bool = False, limit: int = 1_000) -> list[Json]:
        """The messages for who, unread first."""
        return people_views.inbox_view(self.state, f"{who}-1", everything=everything, limit=limit)["messages"]

    def read(self, who: str, *messages: Json) -> int:
        """Notes that messages were read, all if none is named; gives how many were unread."""
        named = tuple(message["id"] for message in messages)
        done = self.coordinator.run(ask.MarkRead(messages=named, all=not named), actor(who))
        return len(done.operation.change.messages) if done.operation else 0

    def request(self, who: str | None, task: str | Json | None = None, **more: Any) -> Json:
        """A request for a handoff; gives CONTRACT's Handoff. Without a task, one is created first."""
        task = self.create() if task is None else task
        asked = {"reason": "I need it"} | _listed(more)
        done = self.coordinator.run(ask.RequestHandoff(task=_id(task), **asked), actor(who))
        assert done.operation is not None
        return self.handoff(done.operation.change.handoff_id)

    def answer(self, who: str | None, handoff: Json, status: str, response: str | None = None) -> Json:
        """What somebody says to a handoff; gives CONTRACT's Handoff as it is now."""
        said = ask.RespondHandoff(id=handoff["id"], status=Answer(status), response=response)
        self.coordinator.run(said, actor(who))
        return self.handoff(handoff)

    def commit(self, who: str | None, *paths: str) -> list[Json]:
        """A commit of these paths; gives CONTRACT's Handoffs that it kept or called off."""
        asked = ask.KeepPromises(paths=paths, commit="0c464bc0" * 5)
        done = self.coordinator.run(asked, actor(who))
        named = getattr(done.operation.change, "handoffs", ()) if done.operation else ()
        return [self.handoff(handoff_id) for handoff_id in named]

    @contextmanager
    def refuses(self, code: str, kind: Kind = Kind.REFUSED) -> Iterator["pytest.ExceptionInfo[CoordinautError]"]:
        """What is asked within is refused with this code, and nothing is written."""
        before = self.store.head()
        with pytest.raises(CoordinautError) as caught:
            yield caught
        assert (caught.value.code, caught.value.kind) == (code, kind), caught.value.message
        assert caught.value.exit_code == EXIT_CODES[kind]
        assert self.store.head() == before, "a refused request has written"

    # --- what there is to see

    @property
    def state(self) -> State:
        """The newest state."""
        return self.coordinator.read().state

    @property
    def moment(self) -> Moment:
        """Now."""
        return self.coordinator.now()[1]

    def task(self, task: str | Json) -> Json:
        """CONTRACT's Task as it is now."""
        return self._task(_id(task))

    def lease(self, task: str | Json) -> Json | None:
        """CONTRACT's Lease on a task as it is now."""
        return self.task(task)["lease"]

    def handoff(self, handoff: str | Json) -> Json:
        """CONTRACT's Handoff as it is now."""
        found = self.state.handoff(handoff if isinstance(handoff, str) else handoff["id"])
        assert found is not None
        return handoff_views.handoff_form(found)

    def holders(self, path: str) -> list[str]:
        """Who holds a path in a mode that covers writes, expired or not: names, in order."""
        leases = self.state.leases().values()
        found = [lease for lease in leases if lease.mode in COVERS_WRITES and holds(lease, path, fold=lease.fold)]
        return sorted({lease.agent_instance.removesuffix("-1") for lease in found})

    def entries(self) -> list[Entry]:
        """The line, oldest first."""
        return list(self.store.log(self.coordinator.read().head))[::-1]

    def operations(self) -> list[Operation]:
        """What the line tells, oldest first."""
        return [from_entry(entry) for entry in self.entries()]

    def documents(self, folder: str = "") -> dict[str, Json]:
        """The stored documents below a folder, by path."""
        return {path: json.loads(data) for path, data in everything(self.state).items() if path.startswith(folder)}

    def messages(self) -> list[Json]:
        """Every message, oldest first."""
        return sorted(self.documents("messages/").values(), key=lambda message: (message["seq"], message["id"]))

    def _acted(self, request: ask.Request, who: str | None, task: str | Json) -> Json:
        self.coordinator.run(request, actor(who))
        return views.outcome_form(self.state, self._stable(_id(task)), self.moment)

    def _task(self, reference: str) -> Json:
        task = self.state.task(self._stable(reference))
        assert task is not None
        return views.task_form(self.state, task, self.moment)

    def _stable(self, reference: str) -> str:
        from coordinaut_git.protocol.references import find_task

        return find_task(self.state, reference).id


class Replay:
    """A state to which operations are applied as they come, lawful or not: the other end of a sync."""

    def __init__(self, state: State | None = None) -> None:
        self.state = State(DocumentMap({}), 0) if state is None else state
        self._count = 0

    def add(
        self, change: Change, who: str | None = None, *, at: Instant = START, renew: tuple[Renewal, ...] = ()
    ) -> str:
        """Apply one change as an operation of its own; gives the code of its refusal, or nothing."""
        self._count += 1
        by = actor(who) if who is None or who.isalpha() else Actor(instance=who)
        return self.put(Operation(id=f"op_{self._count:024x}", at=at, actor=by, change=change, renewals=renew))

    def put(self, operation: Operation) -> str:
        """Apply an operation; gives the code of its refusal, or nothing."""
        before = self.refusals()
        self.state = apply(self.state, operation, self.state.seq + 1)
        new = [code for path, code in self.refusals().items() if path not in before]
        return new[0] if new else ""

    def refusals(self) -> dict[str, str]:
        """The codes of the recorded refusals, by path."""
        kept = everything(self.state)
        return {path: json.loads(data)["code"] for path, data in kept.items() if path.startswith("refusals/")}


def actor(who: str | None) -> Actor:
    """The instance that acts for a name."""
    return Actor(instance=f"{who}-1", agent=who) if who else Actor()


def everything(state: State) -> dict[str, bytes]:
    """All documents of a state, as bytes: those below and what changed since."""
    found: dict[str, bytes] = {}
    folders = [""]
    while folders:
        folder = folders.pop()
        for name in state._base.names(folder):
            path = f"{folder}/{name}".strip("/") if folder else name.rstrip("/")
            if name.endswith("/"):
                folders.append(path)
            else:
                found[path] = state._base.get(path) or b""
    changes = state.changes()
    found |= {path: data for path, data in changes.items() if data is not None}
    return {path: data for path, data in sorted(found.items()) if changes.get(path, data) is not None}


def replayed(operations: list[Operation], state: State | None = None) -> State:
    """The state after operations, from nothing or from a given state."""
    state = State(DocumentMap({}), 0) if state is None else state
    for operation in operations:
        state = apply(state, operation, state.seq + 1)
    return state


def joined(theirs: World, ours: World, common: int, skip: Container[str] = ()) -> list[Fate]:
    """What becomes of the operations of `ours` after the first `common` ones, at the end of the line of `theirs`."""
    line = ours.operations()
    return list(after_others(replayed(line[:common]), theirs.state, line[common:], skip))


def rewritten(operation: Operation, seq: int = 1) -> Operation:
    """The operation as it is read back from the line."""
    return from_entry(to_entry(operation, seq, "a line for people"))


def moved(moment: Moment, by_ms: int, **more: Callable[[int], int | None] | int) -> Moment:
    """A moment somewhat later by this machine's clock."""
    return replace(moment, local=Instant(moment.local + by_ms), **more)


def _id(task: str | Json) -> str:
    if isinstance(task, str):
        return task
    return task["task"]["id"] if "task" in task else task["id"]


def _listed(more: Json) -> Json:
    return {key: (value,) if key in _LISTS and isinstance(value, str) else value for key, value in more.items()}


def _status(more: Json) -> Json:
    return more | ({"status": Status(more["status"])} if "status" in more else {})


_LISTS = frozenset({"files", "depends_on", "check", "blocker"})
