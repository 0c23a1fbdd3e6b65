"""The three promises (one owner, nothing lost, everything explained) hold in every simulated run; a failure names its seed.

`COORDINAUT_LONG=1` runs many more seeds, `COORDINAUT_SEED=<n>` only that one.
"""

import json
import os
from collections import Counter
from dataclasses import replace

import pytest
from ownership import History, rivals
from simulation import Simulation
from world import everything, replayed

from coordinaut_git import coordinator
from coordinaut_git.protocol import handing, moving, rules
from coordinaut_git.protocol.model import HandoffStatus
from coordinaut_git.protocol.ops import from_entry
from coordinaut_git.protocol.state import State

LONG = bool(os.environ.get("COORDINAUT_LONG"))
SEEDS = range(5_000 if LONG else 120)
ONLY = os.environ.get("COORDINAUT_SEED")


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch):
    monkeypatch.setattr(coordinator, "LONGEST_PAUSE_S", 0.0)


def examine(simulation: Simulation) -> None:
    bodies = simulation.bodies()
    head = simulation.store.head()
    stored = everything(State(simulation.store.snapshot(head).documents, len(bodies)))
    check_one_owner(simulation, bodies, stored)
    check_nothing_lost(simulation, bodies)
    entries = list(simulation.store.log(head))[::-1]
    assert everything(replayed([from_entry(entry) for entry in entries])) == stored, "the history does not explain it"


def check_one_owner(simulation: Simulation, bodies: list[dict], stored: dict[str, bytes]) -> None:
    """Promise 1, by true time: no lease is taken before its term has gone by, whatever the clocks say."""
    landed = [simulation.landed[body["id"]] for body in bodies]
    history = History(elapsed_ms=lambda first, last: landed[last - 1] - landed[first - 1])
    for body in bodies:
        history.take(body)
    leases, handoffs = (below(stored, folder) for folder in ("leases/", "handoffs/"))
    assert rivals(leases, 0) == []
    history.agrees_with(leases, handoffs)
    simulation.happened += history.happened


def below(stored: dict[str, bytes], folder: str) -> list[dict]:
    return [json.loads(data) for path, data in stored.items() if path.startswith(folder)]


def check_nothing_lost(simulation: Simulation, bodies: list[dict]) -> None:
    """Promise 2: what was acknowledged is on the line, once."""
    written = Counter(body["id"] for body in bodies)
    assert [count for count in written.values() if count != 1] == []
    assert [id_ for id_ in simulation.acknowledged if id_ not in written] == []
    assert len(set(simulation.acknowledged)) == len(simulation.acknowledged)


def test_the_promises_hold_in_every_simulated_run():
    seeds = [int(ONLY)] if ONLY else SEEDS
    happened: Counter[str] = Counter()
    for seed in seeds:
        simulation = Simulation(seed)
        try:
            simulation.run()
            examine(simulation)
        except Exception as error:
            error.add_note(f"simulation seed {seed}: run it alone with COORDINAUT_SEED={seed}")
            raise
        happened += simulation.happened
    if len(seeds) >= 200:
        wanted = ("takeovers", "interleaved", "late and landed", "late and lost", "fault untold", "scope_conflict")
        assert all(happened[name] > 100 for name in wanted), happened
        handed_over = {"moved": 100, "completed": 30, "handoffs_kept": 15, "grant_after_commit and called off": 30}
        assert all(happened[name] > least for name, least in handed_over.items()), happened


def test_a_seed_gives_the_same_run_again():
    first, again = Simulation(7), Simulation(7)
    for simulation in (first, again):
        simulation.run()
    assert first.bodies() == again.bodies()
    assert first.happened == again.happened


def test_the_checker_finds_a_lease_that_was_taken_too_early():
    found = 0
    for seed in range(20):
        simulation = Simulation(seed)
        simulation.run()
        taken = [body["id"] for body in simulation.bodies() if body["data"].get("takeovers")]
        if taken:
            simulation.landed[taken[-1]] = -1
            with pytest.raises(AssertionError, match="was taken over after"):
                check_one_owner(simulation, simulation.bodies(), {})
            found += 1
    assert found > 5


def test_the_checker_finds_a_takeover_that_is_not_named():
    simulation = Simulation(4)
    simulation.run()
    bodies = simulation.bodies()
    assert [body["data"].pop("takeovers") for body in bodies if "takeovers" in body["data"]]
    with pytest.raises(AssertionError, match="stands in the way"):
        check_one_owner(simulation, bodies, {})


def test_the_checker_finds_a_lost_and_a_doubled_operation():
    simulation = Simulation(3)
    simulation.run()
    bodies = simulation.bodies()
    with pytest.raises(AssertionError):
        check_nothing_lost(simulation, [body for body in bodies if body["id"] != simulation.acknowledged[-1]])
    with pytest.raises(AssertionError):
        check_nothing_lost(simulation, [*bodies, bodies[0]])


def run_and_examine(simulation: Simulation) -> bool:
    simulation.run()
    examine(simulation)
    return True


def nothing_given(parts, files, *, fold):
    return parts


def still_promised(kept):
    def with_a_fault(handoff):
        if handoff.status != HandoffStatus.COMPLETED:
            return kept(handoff)
        return kept(replace(handoff, status=HandoffStatus.GRANT_AFTER_COMMIT, ended_at=None))

    return with_a_fault


def old_fence(granted):
    def with_a_fault(step, handoff, moved):
        return replace(granted(step, handoff, moved), fence=moved.own.fence if moved.own else 1)

    return with_a_fault


FAULTS = {
    "the files stay with the owner": (moving, "given", nothing_given),
    "a promise is kept again and again": (handing, "_kept", still_promised(handing._kept)),
    "the fence does not grow": (handing, "_granted", old_fence(handing._granted)),
    "a release forgets what was promised": (handing, "_let_go", lambda *_: {}),
    "nothing is called off": (handing, "_given_up", lambda *_: {}),
    "nobody else is looked at": (rules, "cannot_move", lambda *_: None),
    "two are promised one file": (rules, "_promised_to", lambda *_: None),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_the_checker_finds_what_goes_wrong_with_handoffs(monkeypatch, fault):
    module, name, broken = FAULTS[fault]
    assert hasattr(module, name)
    monkeypatch.setattr(module, name, broken)
    simulations = map(Simulation, range(1, 200, 2))
    with pytest.raises(AssertionError):
        all(map(run_and_examine, simulations))
