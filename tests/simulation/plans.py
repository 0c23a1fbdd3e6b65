"""What kinds of worlds there are: how many take part, and how often what goes wrong.

Rule 1: a chance is that of a moment: of a step of a process, of a connection, or of one look of the weather.
"""

from dataclasses import dataclass, field, replace

from network import Network


@dataclass(frozen=True, kw_only=True)
class Faults:
    """How often something goes wrong on the machines.

    Of a step of a process: that it dies, is interrupted, is stopped for longer than a lease lasts, or that the store
    does not tell what it did. Of a look of the weather: all others.
    """

    death: float = 0.0
    interrupt: float = 0.0
    stops: float = 0.0
    commit: float = 0.0
    clocks: float = 0.0
    git: float = 0.0
    sleeps: float = 0.0
    reboots: float = 0.0
    torn: float = 0.0
    damage: float = 0.0
    updates: float = 0.0
    accidents: float = 0.0
    forgeries: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What kind of world a seed gives; `near` for clocks that are wrong by seconds only."""

    machines: int = 3
    agents: int = 2
    commands: int = 8
    tasks: int = 3
    idle_ms: tuple[int, ...] = (0, 0, 5, 1_000, 20_000, 120_000, 600_000)
    weather_ms: tuple[int, ...] = (1_000, 60_000, 600_000)
    terms: tuple[str, ...] = ("2m", "10m", "10m", "1h")
    policy: str = "provisional"
    near: bool = False
    faults: Faults = field(default_factory=Faults)
    network: Network = field(default_factory=Network)


CALM = Plan()
USUAL = Plan(
    faults=Faults(death=0.003, interrupt=0.001, commit=0.03, clocks=0.3, git=0.1),
    network=Network(
        unreachable=0.05, cut_before=0.03, cut_after=0.05, late=0.03, refused=0.01, twice=0.1, partitions=0.5
    ),
)
ROUGH = Plan(
    faults=Faults(death=0.01, interrupt=0.003, commit=0.1, clocks=0.5, git=0.2),
    network=Network(unreachable=0.1, cut_before=0.1, cut_after=0.15, late=0.1, refused=0.03, twice=0.2, partitions=1.0),
)
STRICT = replace(USUAL, policy="confirmed")
UNLUCKY = replace(USUAL, commands=10, faults=replace(USUAL.faults, git=0.0, accidents=0.3))
HOSTILE = replace(USUAL, faults=replace(USUAL.faults, git=0.0, forgeries=0.05))
ASLEEP = replace(
    USUAL,
    near=True,
    terms=("2m", "10m"),
    faults=replace(USUAL.faults, stops=0.003, sleeps=0.2, reboots=0.3, torn=0.2),
)
MIXED = replace(USUAL, faults=replace(USUAL.faults, updates=0.3))
DAMAGED = replace(USUAL, faults=replace(USUAL.faults, damage=0.4))
HIDDEN = replace(STRICT, network=replace(ROUGH.network, hidden=0.4))
PLANS = (
    CALM,
    USUAL,
    USUAL,
    STRICT,
    ROUGH,
    replace(ROUGH, policy="confirmed"),
    UNLUCKY,
    HOSTILE,
    ASLEEP,
    MIXED,
    DAMAGED,
    HIDDEN,
)
SIZES = ((2, 1), (2, 2), (3, 2), (3, 2), (2, 4), (5, 1))
"""How many machines there are, and how many agents on each."""
