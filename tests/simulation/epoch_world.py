"""The team's world with epochs: clones that begin them, two at a time, and clones that are new, old, or lost something.

Rule 1: everything that `team_world` has goes on, with the same faults; this only adds to it.
"""

from collections.abc import Callable
from dataclasses import replace

from actors import Died
from agents import Agent
from epoch_parts import EpochClone, EpochProgram, EpochRemote
from epoch_seam import is_root, root_of
from plans import CALM, HOSTILE, ROUGH, STRICT, UNLUCKY, USUAL, Plan
from published import Published, everything
from team_world import WEATHER_MS, TeamWorld

from coordinaut_git.documents import Head
from coordinaut_git.errors import CoordinautError
from coordinaut_git.stores.memory.pool import Point

PLANS = (CALM, USUAL, USUAL, STRICT, ROUGH, UNLUCKY, HOSTILE)
SIZES = ((2, 1), (3, 1), (3, 2), (4, 1))
LATE_MS = (60_000, 1_200_000, 3_600_000)
OPENERS = 2


class EpochPublished(Published):
    """The second opinion on a line with roots: nothing happens in them."""

    def _schema_migrated(self, *_: object) -> None:
        pass


class EpochWorld(TeamWorld):
    """A run. `wrong` has what is wrong with roots that were published, and with those who look back at the end."""

    program, machine = EpochProgram, EpochClone

    def __init__(self, seed: int, plan: Plan | None = None, *, keep_trace: bool = False) -> None:
        super().__init__(seed, plan, keep_trace=keep_trace)
        self.clones: list[EpochClone] = self.machines  # type: ignore[assignment]
        self.remote: EpochRemote = EpochRemote(self)
        self.published = EpochPublished(self._elapsed)
        self.wrong: list[str] = []
        self._late = {clone.name for clone in self.clones[1:] if self.happens(0.5)}
        for _ in range(OPENERS):
            self.stage.add(self._opener)
        self.stage.add(self._upkeep)

    def _any_plan(self) -> Plan:
        return self._sized(self.chance.choice(PLANS))

    def _sized(self, plan: Plan) -> Plan:
        machines, agents = self.chance.choice(SIZES)
        return replace(plan, machines=machines, agents=agents)

    def swapped(self, old: Head | None, new: Head) -> None:
        """The remote's line goes on, over a seam as well."""
        points = [point for point, _ in self.pool.back(new)]
        names = [point.head for point in points]
        if self.forged in names:
            return  # somebody has taken it on trust; what becomes of that line is no promise of ours
        assert old in (None, self.first, *names), "published points were rewritten"
        fresh = points[: names.index(old)] if old in names else points
        self.published.follow(
            [point.entry.body for point in fresh[::-1] if point.entry], self.pool.point(new).documents
        )
        for root in fresh:
            before = self.pool.point(root.parent)
            if is_root(root.entry) and dict(everything(root.documents)) != dict(everything(before.documents)):
                self.wrong.append(f"the root at {root.seq} has other documents than the point before it")

    # --- who acts

    def _live(self, agent: Agent) -> None:
        try:
            if agent.machine.name in self._late:
                self.stage.pause(self.chance.choice(LATE_MS))
                if self.happens(0.5):
                    self._as_far_as_it_goes(EpochProgram(agent.machine, agent.name), lambda one: one.team.sync())
            agent.live(self.plan.commands)
        finally:
            self._awake -= 1

    def _opener(self) -> None:
        while self._awake:
            self.stage.pause(self.chance.choice(WEATHER_MS), lambda: not self._awake)
            clone = self.chance.choice(self.clones)
            self._as_far_as_it_goes(EpochProgram(clone, f"{clone.name}opener"), EpochProgram.open_epoch)

    def _as_far_as_it_goes(self, program: EpochProgram, work: Callable[[EpochProgram], object]) -> None:
        try:
            work(program)
        except CoordinautError as error:
            self.happened[error.code] += 1
        except (Died, KeyboardInterrupt):
            self.happened["died beginning an epoch"] += 1

    def _upkeep(self) -> None:
        """The host collects its garbage, and now and then a clone loses its tracking ref."""
        while self._awake:
            self.stage.pause(self.chance.choice(WEATHER_MS), lambda: not self._awake)
            if not self.put_aside:
                self.remote.collect_garbage()
            if self.happens(self.faults.git):
                self.chance.choice(self.clones).tracking = None

    # --- a forged root

    def _forge(self) -> None:
        """Somebody pushes by hand: a root with other documents, one that leaves operations out, or something else."""
        tip = self.remote.tip
        if tip in (None, self.first) or self.forged or self.put_aside:
            return
        if self.happens(0.3):
            super()._forge()
        else:
            self._forge_root(self.pool.point(tip or self.first))
        assert self.forged
        self.remote.objects.take(self.pool, self.forged)

    def _forge_root(self, tip: Point) -> None:
        true = root_of(self.pool, tip)
        assert true.entry is not None
        if tip.seq > 1 and self.happens(0.5):
            before = self.pool.point(tip.parent)
            entry, documents = replace(true.entry, seq=tip.seq), true.documents
        else:
            gone = {path: None for path, _ in everything(tip.documents) if path.startswith(("leases/", "messages/"))}
            before, entry = tip, true.entry
            documents = true.documents.changed({**gone, "signers.json": b'{"lines":[]}\n'})
        forged = self.pool.with_documents(before, entry, documents, entry.seq)
        self.log("somebody forges a root", forged.head[:6])
        self.happened["forged roots"] += 1
        self.remote.create(before.seq, before.head)
        self.forged = self.remote.tip = forged.head

    # --- the end

    def _calm_down(self) -> None:
        """Garbage goes everywhere, somebody new comes, and in the end everybody looks back."""
        if self.put_aside:
            self._accident()
        for clone in self.clones:
            if clone.loses_by_collecting():
                self.wrong.append(f"{clone.name} had what lies before a root, and has it no more")
        self.remote.collect_garbage()
        newcomer = self._machine(len(self.clones))
        self.machines.append(newcomer)
        super()._calm_down()
        if not self.forged:
            for clone in self.clones:
                EpochProgram(clone, "end", mortal=False).look_back()
