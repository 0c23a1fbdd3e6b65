"""A team in one process: machines with clones, agents in worktrees, a remote, a network, clocks; all from one seed.

Rule 1: the same seed gives the same run, and the same complaint.
Rule 2: the parts are the real ones: protocol, coordinator, replay, and the loop of sync. Made up is only the world.

`TeamWorld(seed).run()` goes through it, `judge.examine(world)` tells what it broke.
"""

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

from actors import LONG_STOPS_MS
from agents import Agent, Command, Program
from baton import Stage
from commits import Commit
from machines import Machine
from network import CUTS, JOURNEYS_MS, Network, Remote
from plans import PLANS, SIZES, Faults, Plan
from published import Published, everything
from world import START

from coordinaut_git.coordinator import Done
from coordinaut_git.documents import Head
from coordinaut_git.errors import CoordinautError
from coordinaut_git.protocol import requests as ask
from coordinaut_git.protocol.model import Actor, MessageKind
from coordinaut_git.protocol.ops import MessagePosted, Operation, to_entry
from coordinaut_git.stores.memory import MemoryStore, Pool

ROUNDS = 2
INHERITED = 0.3
OVER_MS = 3 * 3_600_000
"""Longer than any lease lasts."""

LOOKS = 2
"""A clock that was set back makes a lease that has run out look like a new one for once as long as it lasts, not longer."""

LONG_MS = 3_600_000
WEATHER_MS = (1_000, 60_000, 600_000)


class TeamWorld:
    """A run; `program` and `machine` are what its processes and clones are made of."""

    program: type[Program] = Program
    machine: type[Machine] = Machine

    def __init__(self, seed: int, plan: Plan | None = None, *, keep_trace: bool = False) -> None:
        self.seed, self.chance = seed, random.Random(seed)
        plan = plan or self._any_plan()
        self.plan, self.faults, self.network, self.tasks = plan, plan.faults, plan.network, plan.tasks
        self.stage = Stage(self.chance)
        self.pool = Pool()
        self.births: dict[str, int] = {}
        self._known: set[str] = set()
        self.published = Published(self._elapsed)
        self.remote = Remote(self._swapped)
        self.happened: Counter[str] = Counter()
        self.commands: list[Command] = []
        self.commits: list[Commit] = []
        self.confirmed_at_the_end: list[bool] = []
        self.kept_for_ever: list[str] = []
        self.later: list[Callable[[], bool]] = []
        self.put_aside: Head | None = None
        self.forged: Head | None = None
        self.refused_somewhere: dict[str, str] = {}
        self.first = MemoryStore.first
        self.machines = [self._machine(number) for number in range(plan.machines)]
        self._awake = 0
        self.trace: list[str] = []
        self._keep_trace = keep_trace

    def log(self, *words: object) -> None:
        """Write down what happens, where somebody wants to read it."""
        if self._keep_trace:
            self.trace.append(f"{self.stage.now:>9} " + " ".join(map(str, words)))

    def _any_plan(self) -> Plan:
        machines, agents = self.chance.choice(SIZES)
        return replace(self.chance.choice(PLANS), machines=machines, agents=agents)

    def _machine(self, number: int) -> Machine:
        machine = self.machine(self, f"m{number}")
        machine.store.create()
        return machine

    # --- the run

    def run(self) -> "TeamWorld":
        """Everybody acts until all have done their part, then the faults end, and all come together."""
        for machine in self.machines:
            for number in range(self.plan.agents):
                agent = Agent(machine, f"{machine.name}w{number}", lasting=self.happens(0.4))
                self._awake += 1
                self.stage.add(lambda agent=agent: self._live(agent))  # type: ignore[misc]
        self.stage.add(self._weather)
        self.stage.add(self._courier)
        self.stage.run()
        self._calm_down()
        return self

    def _live(self, agent: Agent) -> None:
        try:
            agent.live(self.plan.commands)
        finally:
            self._awake -= 1

    def _weather(self) -> None:
        """Clocks jump, machines are cut off, late things arrive, people use git by hand."""
        while self._awake:
            self.stage.pause(self.chance.choice(self.plan.weather_ms), lambda: not self._awake)
            machine = self.chance.choice(self.machines)
            for what, often, change in self._changes(machine):
                if self.happens(often):
                    self.happened[what] += 1
                    change()

    def _changes(self, machine: Machine) -> tuple[tuple[str, float, Callable[[], None]], ...]:
        """What may come over a machine, or over the remote, in a word, and how often."""
        faults, network = self.faults, self.network
        return (
            ("a clock jumps", faults.clocks, machine.jump),
            ("cut off or connected", network.partitions, lambda: self._cut(machine)),
            ("hidden or shown", network.hidden, self._hide),
            ("fetched by hand", faults.git, machine.fetch_by_hand),
            ("a machine sleeps", faults.sleeps, lambda: machine.sleep(self.chance.choice(LONG_STOPS_MS))),
            ("started anew", faults.reboots, machine.reboot),
            ("a journal is torn", faults.torn, lambda: machine.store.torn(self.chance.choice((1, 3)))),
            ("damaged or mended", faults.damage, lambda: self._damage(machine)),
            ("updated", faults.updates, lambda: self._update(machine)),
            ("set back or put back", faults.accidents, self._accident),
            ("forged", faults.forgeries, self._forge),
        )

    def _cut(self, machine: Machine) -> None:
        """Cut a machine off, wholly or one way; or connect it again."""
        machine.cut_off = "" if machine.cut_off else self.chance.choice(CUTS)

    def _hide(self) -> None:
        """The host says nothing of the ref; or it does again."""
        self.remote.hidden = not self.remote.hidden
        self.log("the remote hides the ref" if self.remote.hidden else "the remote shows the ref")

    def _damage(self, machine: Machine) -> None:
        """Objects of a machine's line are lost; or somebody has put them back, by a fetch or with `doctor`."""
        machine.damage = "" if machine.damage else self.chance.choice(("ref", "history"))
        self.log(machine.name, "has lost objects" if machine.damage else "has its objects again")

    def _update(self, machine: Machine) -> None:
        """The next version is installed; what runs already stays what it is."""
        self.log(machine.name, "is updated")
        machine.format = 2

    def _courier(self) -> None:
        """What was sent and given up by its sender arrives some time later."""
        while self._awake:
            self.stage.pause(LONG_MS, lambda: bool(self.later) or not self._awake)
            self.stage.pause(self.chance.choice(JOURNEYS_MS), lambda: not self._awake)
            if self.later:
                self.arrive(self.later.pop(self.chance.randrange(len(self.later))))

    def _accident(self) -> None:
        """The line on the remote, which all have seen, is deleted or set back, and put there again some time later."""
        remote, seen = self.remote, [machine.tracking for machine in self.machines]
        if self.put_aside:
            remote.tip, self.put_aside = self.put_aside, None
        elif all(seen) and self.first not in (*seen, remote.tip):
            self.log("the remote is set back")
            self.happened["accidents"] += 1
            self.later.clear()
            self.put_aside, remote.tip = remote.tip, self.chance.choice((None, self.first))

    def _forge(self) -> None:
        """Somebody pushes by hand: a harmless message, and documents in which all leases are gone."""
        tip = self.remote.tip
        if tip is None or self.forged:
            return
        point = self.pool.point(tip)
        said = MessagePosted(kind=MessageKind.NOTE, text="hello", broadcast=True)
        by_hand = Operation(id=f"op_{'f' * 24}", at=START, actor=Actor(instance="eve-1"), change=said)
        gone = {path: None for path, _ in everything(point.documents) if path.startswith(("leases/", "line"))}
        entry = to_entry(by_hand, point.seq + 1, "note to everybody: hello")
        self.forged = self.remote.tip = self.pool.after(point, entry, lambda: gone).head
        self.log("somebody forges", self.forged[:6])

    def _calm_down(self) -> None:
        """Nothing goes wrong any more: within a few rounds all have the same line, and a new claim is confirmed."""
        if self.put_aside:
            self._accident()
        while self.later:
            self.arrive(self.later.pop(0))
        self.faults, self.network = Faults(), Network()
        newest, self.remote.hidden = max(machine.format for machine in self.machines), False
        for machine in self.machines:
            machine.cut_off, machine.damage, machine.format = "", "", newest
        if self.forged:
            return
        self._come_together(ROUNDS)
        self.confirmed_at_the_end = [self._claims(machine) for machine in self.machines]
        if self.plan.near or self.happens(INHERITED):
            self.kept_for_ever = self._inherited(self.chance.choice(self.machines))
        self._come_together(1)

    def _come_together(self, rounds: int) -> None:
        for _ in range(rounds):
            for machine in self.machines:
                self.program(machine, "end", mortal=False).team.sync()

    def arrive(self, late: Callable[[], bool]) -> None:
        """What was on its way comes to its end."""
        self.happened["late and landed" if late() else "late and lost"] += 1

    def _claims(self, machine: Machine) -> bool:
        """Whether a new task can be claimed and confirmed, by somebody new."""
        name = f"{machine.name}new"
        program, actor = self.program(machine, name, mortal=False), Actor(instance=name)
        task = self._asked(program, ask.CreateTask(title="the last"), actor).operation
        assert task is not None
        claim = ask.ClaimTask(task=task.change.task_id, files=(f"{name}/",))
        claimed = self._asked(program, claim, actor).operation
        return claimed is not None and program.confirmed(claimed.id)

    def _inherited(self, machine: Machine) -> list[str]:
        """Take over all leases once they have run out by any clock; gives the tasks of those that are kept for ever."""
        program, actor = self.program(machine, f"{machine.name}heir", mortal=False), Actor(instance="heir")
        kept: dict[str, str] = dict.fromkeys(program.coordinator.read().state.leases(), "")
        for _ in range(LOOKS):
            self.stage.pause(OVER_MS)
            kept = {task: why for task in kept if (why := self._kept_from(program, actor, task))}
        return [f"{task}: {why}" for task, why in kept.items()]

    def _kept_from(self, program: Program, actor: Actor, task: str) -> str:
        """Why a lease cannot be taken over; nothing where it is not in the way any more."""
        lease = program.coordinator.read().state.lease(task)
        if lease is None or lease.agent_instance == actor.instance:
            return ""
        wanted = ask.ClaimTask(task=task, files=lease.files, takeover_reason="it is over")
        try:
            self._asked(program, wanted, actor)
        except CoordinautError as error:
            return error.message
        return ""

    def _asked(self, program: Program, request: ask.Request, actor: Actor) -> Done:
        program.ids.number = self.command(str(actor.instance), program.running.machine.name, request).number
        return program.carry_out(request, actor)

    # --- what its parts ask and tell

    def happens(self, often: float) -> bool:
        """Whether something of this probability happens now."""
        return often > 0 and self.chance.random() < often

    def command(self, instance: str, machine: str, request: ask.Request) -> Command:
        """Write a new command down."""
        command = Command(number=len(self.commands), instance=instance, machine=machine, request=request)
        self.commands.append(command)
        return command

    def decided(self, operation_id: str) -> None:
        """Note when an operation was decided: from then on its terms run, whenever it comes to stand on a line."""
        self.births[operation_id] = self.stage.now

    def born(self, machine: Machine, operation_id: str) -> None:
        """Note on whose line an operation was first, in order."""
        if operation_id not in self._known:
            self._known.add(operation_id)
            machine.made.append(operation_id)

    def stands(self, machine: Machine, head: Head) -> None:
        """Note what a machine's new line says of operations that are refused on it."""
        documents = machine.store.snapshot(head).documents
        for day in documents.names("refusals"):
            for name in documents.names(f"refusals/{day.rstrip('/')}"):
                self.refused_somewhere.setdefault(name.removesuffix(".json"), machine.name)

    def _elapsed(self, first: int, last: int) -> int:
        bodies = self.published.bodies
        return self.births[bodies[last - 1]["id"]] - self.births[bodies[first - 1]["id"]]

    def _swapped(self, old: Head | None, new: Head) -> None:
        """The remote's line goes on: from nowhere else than from where it was."""
        after = self.machines[0].after(old, new)
        assert after is not None, "published points were rewritten"
        documents = self.machines[0].store.snapshot(new).documents
        self.published.follow([entry.body for _, entry in after], documents)
