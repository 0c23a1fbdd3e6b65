"""Crowds of clones over one remote, in time that is made up: what their claims cost, and how many a remote can serve.

Rule 1: the loop of sync, the protocol, the coordinator and the stores are the real ones, and the same seed gives the
        same run. Made up are the network and the clocks; a computer's own work takes no time.
"""

import random
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Generic, TypeVar

from benchmarks.made_up import START_S, Host, Network, Stage
from benchmarks.measure import PROVISIONAL, Row
from coordinaut_git.coordinator import Coordinator
from coordinaut_git.documents import Head
from coordinaut_git.errors import CoordinautError
from coordinaut_git.protocol import requests as ask
from coordinaut_git.protocol.model import Actor
from coordinaut_git.protocol.values import Instant
from coordinaut_git.stores.memory import MemoryStore, Pool
from coordinaut_git.sync.crowd import Crowd
from coordinaut_git.sync.loop import Team
from coordinaut_git.sync.publishing import Publishing

T = TypeVar("T")
LONG_AGO_S = 0.0
"""All have met somebody, but not lately."""

START_MS = 1_800_000_000_000
SOON_S, OFTEN = 5.0, 0.95
"""A load is borne if so many claims are confirmed within so long, and none is given up."""

AT_ONCE, NOW_AND_THEN = ((2, 60.0), (8, 60.0), (32, 60.0), (128, 30.0), (1_000, 0.0)), (32, 128, 1_000)
FEW = 8
RATES = (1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1)


def crowds(_folder: Path, *, quick: bool) -> Iterator[Row]:
    """Everybody at once, again and again; then everybody once, at some time."""
    for clones, span_s in AT_ONCE[:2] if quick else AT_ONCE:
        yield _at_once(clones, span_s)
    for clones in NOW_AND_THEN[:1] if quick else NOW_AND_THEN:
        yield _now_and_then(clones)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """What became of the claims of a crowd: how long each took, and how many of each clone the remote confirmed."""

    took_s: list[float]
    confirmed: list[int]
    connections: int
    lasted_s: float

    @property
    def given_up(self) -> int:
        """How many ended provisional."""
        return len(self.took_s) - sum(self.confirmed)

    def within(self, share: float) -> float:
        """The time within which so many of them were answered."""
        return sorted(self.took_s)[min(len(self.took_s) - 1, int(share * len(self.took_s)))]

    def __str__(self) -> str:
        confirmed = sum(self.confirmed)
        times = ", ".join(f"{self.within(share):.1f}" for share in (0.5, OFTEN, 1.0))
        return (
            f"{confirmed / self.lasted_s:.2f} claims/s, {self.connections / max(1, confirmed):.1f} connections each; "
            f"half, 95 % and all of them answered in {times} s; {self.given_up} of {len(self.took_s):,} given up"
        )


class _Clone:
    """One clone with one agent; a process that lives as long as the run."""

    def __init__(self, stage: Stage, pool: Pool, host: Host, name: str, chance: random.Random) -> None:
        self._stage, self._chance, self._name = stage, chance, name
        self.store = MemoryStore(pool, checkpoint_every=64)
        self.store.create()
        coordinator = Coordinator(self.store, self, self, team=True)
        self.network = Network(stage, host)
        self.team = Team(
            self.store,
            coordinator,
            self.network,
            check=_believed,
            alone=lambda _: nullcontext(enter_result=True),
            on_its_way=_Kept[str | None](None),
            crowd=Crowd(_Kept[float | None](LONG_AGO_S), now=lambda: stage.now_s, pause=self._pause),
        )
        self._notices: list[str] = []
        self._publishing = Publishing(self.team, policy="provisional", notice=self._notices.append)
        self._actor = Actor(instance=f"{name}-1", agent=name)
        created = coordinator.run(ask.CreateTask(title=name, files=(f"{name}/**",)), self._actor).operation
        assert created is not None
        self._task, self._claims = created.change.task_id or "", 0

    def now(self) -> Instant:
        """The wall clock, which is right."""
        return Instant(START_MS + round(self._stage.now_s * 1000))

    def token(self, size_bytes: int) -> str:
        """A new id."""
        return self._chance.randbytes(size_bytes).hex()

    def claim(self) -> bool:
        """Claim the task anew, for another term; whether the remote has confirmed it."""
        self._claims += 1
        self._notices.clear()
        request = ask.ClaimTask(task=self._task, ttl=f"{1_800 + self._claims}s")
        try:
            self._publishing.publish(self.team.coordinator.run(request, self._actor), request, self._actor)
        except CoordinautError as error:
            raise AssertionError(f"{self._name}: {error.message}") from error
        return not any(notice.startswith(PROVISIONAL) for notice in self._notices)

    def _pause(self, least_s: float, most_s: float) -> None:
        self._stage.pause(self._chance.uniform(least_s, most_s))


class _Kept(Generic[T]):
    """A note of a clone."""

    def __init__(self, what: T) -> None:
        self._what = what

    def get(self) -> T:
        """What was kept."""
        return self._what

    def put(self, what: T) -> None:
        """Keep it."""
        self._what = what


def _believed(_at: Head, _theirs: Head) -> None:
    """Nobody forges anything here."""


Life = Callable[[Stage, Callable[[], None]], None]
"""What a clone does, given the time and a way to claim."""


def crowd(clones: int, life: Life, seed: int = 1) -> Claims:
    """Let so many clones live."""
    chance, stage, pool, host = random.Random(seed), Stage(), Pool(), Host()
    took_s, confirmed = list[float](), [0] * clones

    def live(number: int) -> None:
        clone = _Clone(stage, pool, host, f"clone{number}", chance)

        def claim() -> None:
            began = stage.now_s
            confirmed[number] += clone.claim()
            took_s.append(stage.now_s - began)

        stage.pause(chance.random())
        life(stage, claim)

    for number in range(clones):
        stage.add(partial(live, number))
    stage.run()
    return Claims(took_s=took_s, confirmed=confirmed, connections=host.connections, lasted_s=stage.now_s - START_S)


def at_once(clones: int, span_s: float) -> Claims:
    """Clones that claim at once, and again and again without a rest."""

    def life(stage: Stage, claim: Callable[[], None]) -> None:
        claim()
        while stage.now_s < START_S + span_s:
            claim()

    return crowd(clones, life)


def now_and_then(clones: int, within_s: float) -> Claims:
    """Clones that claim once each, some time."""
    when = random.Random(2)

    def life(stage: Stage, claim: Callable[[], None]) -> None:
        stage.pause(when.uniform(0, within_s))
        claim()

    return crowd(clones, life)


def _at_once(clones: int, span_s: float) -> Row:
    claims = at_once(clones, span_s)
    least, most = min(claims.confirmed), max(claims.confirmed)
    return Row(
        name=f"{clones:,} clones at once, 100 ms a round trip: claims of the slowest, of those of the fastest",
        figure=least / most,
        bound=">= 0.33" if clones <= FEW else ">= 0",
        detail=f"{claims}; {least} to {most} each",
    )


def _now_and_then(clones: int) -> Row:
    for rate in RATES:
        claims = now_and_then(clones, clones / rate)
        if not claims.given_up and claims.within(OFTEN) <= SOON_S:
            break
    return Row(
        name=f"{clones:,} clones that claim once each: claims a second of which 95 % take no longer than {SOON_S:g} s",
        figure=rate,
        bound=">= 0.3",
        detail=f"all of them in {clones / rate / 60:.1f} minutes; {claims}",
        unit="/s",
    )
