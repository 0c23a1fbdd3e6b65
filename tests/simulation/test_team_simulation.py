"""The promises of a team hold in every simulated run, and faults that are planted are found; see docs/testing.md.

`make simulate` runs other seeds, for as long as you like.
"""

from collections import Counter

import pytest
from planted import PLANTED
from running import no_real_pauses, outcome
from team_world import TeamWorld

SEEDS = range(32)
SHARDS = 4
MOST_SEEDS = 200


@pytest.fixture(autouse=True)
def _no_real_pauses(monkeypatch):
    no_real_pauses(monkeypatch)


@pytest.mark.parametrize("shard", range(SHARDS))
def test_the_promises_of_a_team_hold_in_every_simulated_run(shard):
    happened: Counter[str] = Counter()
    for seed in SEEDS[shard::SHARDS]:
        world = TeamWorld(seed)
        assert outcome(world) == [], f"make simulate ARGS='--seed {seed}' runs it again, with what happened"
        happened += world.happened
    wanted = ("task_claimed", "confirmed", "provisional", "scope_conflict", "Died", "remote_unreachable")
    assert all(happened[name] for name in wanted), happened


def test_a_seed_gives_the_same_run_again():
    first, again = (TeamWorld(11, keep_trace=True) for _ in range(2))
    assert outcome(first) == outcome(again) == []
    assert first.trace == again.trace
    assert len(first.trace) > 50


@pytest.mark.parametrize("fault", PLANTED)
def test_a_planted_fault_is_found(fault, monkeypatch):
    PLANTED[fault].plant(monkeypatch)
    assert any(outcome(TeamWorld(seed, PLANTED[fault].plan)) for seed in range(MOST_SEEDS))


@pytest.mark.parametrize("plan", {planted.plan: None for planted in PLANTED.values()})
def test_the_worlds_of_planted_faults_are_sound_without_them(plan):
    assert outcome(TeamWorld(0, plan)) == []
