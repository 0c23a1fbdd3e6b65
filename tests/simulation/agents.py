"""Agents: what they ask for, what they were answered, and how their processes end.

Rule 1: an agent asks as a person or a program would: by what it sees, which may be old.
Rule 2: every command is written down with its answer; its operations carry its number in their ids.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import takewhile
from typing import TYPE_CHECKING, NamedTuple

from actors import Died, Handle, OnItsWay, Running
from commits import Commit
from network import Line
from oracles import covered

from coordinaut_git.coordinator import OPERATION_BYTES, Coordinator, Done
from coordinaut_git.documents import Head
from coordinaut_git.errors import CoordinautError, Kind, environment
from coordinaut_git.protocol import requests as ask
from coordinaut_git.protocol.model import Actor, Answer, Mode, Status
from coordinaut_git.protocol.state import State
from coordinaut_git.protocol.values import Instant
from coordinaut_git.stores.memory.tree import DocumentTree
from coordinaut_git.sync.checking import checked
from coordinaut_git.sync.loop import Team
from coordinaut_git.sync.publishing import PUBLISHED_AT_ONCE, Publishing
from coordinaut_git.sync.remote import RemoteLine

if TYPE_CHECKING:
    from machines import Machine

PATTERNS = ("src/a", "src/b", "src/", "docs/", "lib")
PATHS = ("src/a", "src/b", "docs/a", "lib")
GIVING = (Answer.HANDOFF_NOW, Answer.HANDOFF_NOW, Answer.GRANT_AFTER_COMMIT, Answer.GRANT_AFTER_COMMIT)
NUMBER_DIGITS = 8


@dataclass(kw_only=True)
class Command:
    """What was asked, and what the agent was told: `done`, an error's code, `unknown`, or nothing (`died`)."""

    number: int
    instance: str
    machine: str
    request: ask.Request
    told: str = "died"
    kind: str = ""
    operation: str | None = None
    task: str = ""
    confirmed: bool | None = None
    fences: frozenset[int] = field(default=frozenset())
    published: int = 0


class Held(NamedTuple):
    """What an agent remembers of a lease that it was granted."""

    files: tuple[str, ...]
    since: Instant


class CommandIds:
    """Tokens that tell which command they were made for; `decided` is told of each that names an operation."""

    def __init__(self, decided: Callable[[str], None]) -> None:
        self.number, self._count, self._decided = 0, 0, decided

    def token(self, size_bytes: int) -> str:
        """The command's number and a running one, in hexadecimal."""
        self._count += 1
        token = f"{self.number:0{NUMBER_DIGITS}x}{self._count:0{2 * size_bytes - NUMBER_DIGITS}x}"
        if size_bytes == OPERATION_BYTES:
            self._decided(f"op_{token}")
        return token


def number_of(operation_id: str) -> int:
    """The number of the command that an operation was made for."""
    return int(operation_id.removeprefix("op_")[:NUMBER_DIGITS], 16)


class Program:
    """One run of coordinaut on a machine: a coordinator, and the team's part of it."""

    def __init__(self, machine: "Machine", name: str, *, mortal: bool = True) -> None:
        self.running, self.ids = Running(machine, name, mortal=mortal), CommandIds(machine.world.decided)
        self.coordinator = Coordinator(Handle(self.running), machine, self.ids, team=True)
        self.team = Team(
            self.coordinator.store,
            self.coordinator,
            self._remote(),
            check=self._check,
            alone=self.running.alone,
            on_its_way=OnItsWay(self.running),
            crowd=self.running.crowd(),
        )
        self._publishing = Publishing(self.team, policy=machine.policy, notice=lambda _: None)

    def carry_out(self, request: ask.Request, actor: Actor) -> Done:
        """What the command of that name does."""
        done = self.coordinator.run(request, actor)
        published = done.operation is not None and isinstance(done.operation.change, PUBLISHED_AT_ONCE)
        return self._publishing.publish(done, request, actor) if published else done

    def confirmed(self, operation_id: str) -> bool:
        """Whether the remote has an operation, as far as is known here."""
        known = self.coordinator.read()
        upto = self.team.confirmed_upto(known)
        return any(
            entry.id == operation_id and entry.seq <= upto for _, entry in self.coordinator.store.back(known.head)
        )

    def _remote(self) -> RemoteLine:
        return Line(self.running)

    def _check(self, at: Head, theirs: Head) -> None:
        """What is done with the commits of a git store: every entry is lawful, the documents are those of its replay."""
        if at == theirs:
            return
        store, state = self.coordinator.store, self.coordinator.state_at(at)
        entries = [entry for _, entry in takewhile(lambda point: point[0] != at, store.back(theirs))]
        for _, after in checked(state, entries[::-1]):
            state = after
        before, now = (store.snapshot(head).documents for head in (at, theirs))
        assert isinstance(before, DocumentTree)
        assert isinstance(now, DocumentTree)
        if before.changed(state.changes()).digest() != now.digest():
            raise environment("unlawful_line", "The documents are not those that the operations give.")


class Agent:
    """A worktree with an agent in it: its commands are short programs, or one that lives long."""

    def __init__(self, machine: "Machine", name: str, *, lasting: bool) -> None:
        self.machine, self.world, self.name, self._lasting = machine, machine.world, name, lasting
        self.actor = Actor(instance=f"{name}-1", agent=name)
        self._program: Program | None = None
        self._again: ask.Request | None = None
        self._held: dict[str, Held] = {}

    def live(self, commands: int) -> None:
        """Ask for one thing after the other."""
        for _ in range(commands):
            self.world.stage.pause(self.world.chance.choice(self.world.plan.idle_ms))
            self.command()

    def command(self) -> None:
        """One command, from its start to its answer or its death."""
        if self._program is None or not self._lasting:
            self._program = self.world.program(self.machine, self.name)
        program = self._program
        try:
            if self.world.happens(0.15):
                program.team.sync()
                return
            if self._held and self.world.happens(0.1):
                self._commits_files()
                return
            request, self._again = self._again or self._request(program.coordinator.read().state), None
            self._ask(program, request)
        except CoordinautError as error:
            self.world.happened[error.code] += 1
            if error.code == "newer_format":
                self._program = None  # whoever reads the hint updates, and starts it again
        except (Died, KeyboardInterrupt) as end:
            self.world.happened[type(end).__name__] += 1
            self._program = None

    def _ask(self, program: Program, request: ask.Request) -> None:
        command = self.world.command(self.actor.instance or "", self.machine.name, request)
        program.ids.number = command.number
        program.running.log("asks", command.number, request)
        try:
            done = program.carry_out(request, self.actor)
        except CoordinautError as error:
            command.told, command.kind = error.code, str(error.kind)
            program.running.log("is told", error.code, error.message)
            if error.code == "unknown_outcome" and self.world.happens(0.5):
                self._again = request
            raise
        self._note(program, command, done)

    def _note(self, program: Program, command: Command, done: Done) -> None:
        command.told = "done"
        if done.operation is None:
            return
        command.operation, command.confirmed = done.operation.id, program.confirmed(done.operation.id)
        program.running.log("is told done", command.operation, "confirmed" if command.confirmed else "provisional")
        command.published = len(self.world.published.bodies)
        self.world.happened[done.operation.op] += 1
        self.world.happened["takeovers"] += bool(getattr(done.operation.change, "takeovers", ()))
        self.world.happened["confirmed" if command.confirmed else "provisional"] += 1
        command.task = done.operation.change.task_id or ""
        lease = done.state.lease(command.task)
        if isinstance(command.request, ask.ClaimTask) and lease and lease.agent_instance == self.actor.instance:
            command.fences = frozenset({lease.fence})
            self._held[command.task] = Held(files=lease.files, since=self.machine.now())

    def _request(self, state: State) -> ask.Request:
        """Something that makes sense by what is seen here."""
        pick = self.world.chance.choice
        tasks = [task.id for task in state.open_tasks()]
        if len(tasks) < self.world.tasks:
            return ask.CreateTask(title="a task", files=(pick(PATTERNS),))
        mine = [lease.task_id for lease in state.leases_of(self.actor.instance)]
        if self._held and self.world.happens(0.15):
            self.world.happened["asks by what it remembers"] += 1
            mine = list(self._held)
        makes = pick(self._usual(tasks) + self._holding(mine) * (2 if mine else 0) + self._handing(state, tasks, mine))
        return makes()

    def _commits_files(self) -> None:
        """Commit work on what it was granted once, begun then or now, without a look at who holds it by now."""
        task = self.world.chance.choice(list(self._held))
        held, now = self._held[task], self.machine.now()
        paths = [path for path in PATHS if any(covered(one, path) for one in held.files)]
        path = self.world.chance.choice(paths or PATHS)
        begun = self.world.chance.choice((now, held.since))
        self.world.commits.append(
            Commit(
                instance=str(self.actor.instance), task=task, path=path, at=now, authored_at=Instant(min(begun, now))
            )
        )

    def _usual(self, tasks: list[str]) -> list[Callable[[], ask.Request]]:
        pick = self.world.chance.choice
        task, files = pick(tasks), (pick(PATTERNS),)
        mode = pick((None, None, None, Mode.SHARED_DOCS, Mode.ADVISORY))
        claim = ask.ClaimTask(task=task, files=files, mode=mode, ttl=pick(self.world.plan.terms))
        taking = ask.ClaimTask(task=task, files=files, ttl=pick(self.world.plan.terms), takeover_reason="it is silent")
        posted = ask.PostMessage(text="hello", broadcast=True)
        return (
            [lambda: claim] * 4 + [lambda: taking] * 4 + [lambda: posted, lambda: ask.UpdateTask(task=task, next="go")]
        )

    def _holding(self, mine: list[str]) -> list[Callable[[], ask.Request]]:
        if not mine:
            return []
        task = self.world.chance.choice(mine)
        return [
            lambda: ask.ReleaseTask(task=task),
            ask.Heartbeat,
            lambda: ask.UpdateTask(task=task, status=Status.FIXING),
            lambda: ask.UpdateTask(task=task, status=Status.DONE),
            lambda: ask.KeepPromises(paths=(self.world.chance.choice(PATHS),)),
        ]

    def _handing(self, state: State, tasks: list[str], mine: list[str]) -> list[Callable[[], ask.Request]]:
        """Ask for what others hold, and answer what was asked."""
        pick, found = self.world.chance.choice, list[Callable[[], ask.Request]]()
        others = [lease.files for lease in state.leases().values() if lease.agent_instance != self.actor.instance]
        if others:
            wanted = ask.RequestHandoff(task=pick(mine or tasks), files=pick(others), reason="it is time")
            found += [lambda: wanted] * 3
        for one in state.pending_handoffs():
            if self.actor.instance in (one.owner, one.requester):
                answer = ask.RespondHandoff(id=one.id, status=pick([*Answer, *GIVING]))
                found += [lambda answer=answer: answer] * (9 if self.actor.instance == one.owner else 1)  # type: ignore[misc]
        return found


def is_a_refusal(command: Command) -> bool:
    """Whether the agent was told that nothing came of it."""
    return (
        command.kind in {Kind.REFUSED, Kind.INVALID, Kind.NOT_FOUND, Kind.CONTENDED} and command.told not in UNCERTAIN
    )


UNCERTAIN = {"unknown_outcome"}
"""What an agent is told when nobody knows."""
