"""The promises of a team hold in every simulated run, and faults that are planted are found; see docs/testing.md.

`make simulate` runs other seeds, for as long as you like.
"""

from collections import Counter

import plans
import pytest
from planted import DROWSY, PLANTED
from running import no_real_pauses, outcome
from team_world import TeamWorld

SEEDS = range(32)
SHARDS = 4
MOST_SEEDS = 200
OCCUR = {
    plans.USUAL: (
        "late and landed",
        "late and lost",
        "cut off: all",
        "cut off: answers",
        "cut off: push",
        "cut off: fetch",
    ),
    plans.ASLEEP: ("stopped", "a machine sleeps", "started anew", "a journal is torn", "a clock jumps", "takeovers"),
    DROWSY: ("commit of files under an old fence", "commit of files refused", "commit of files accepted"),
    plans.MIXED: ("updated", "newer_format", "confirmed"),
    plans.DAMAGED: ("broken_ref", "unreadable_history", "confirmed"),
    plans.HIDDEN: ("push to a hidden ref", "remote_deleted", "not_confirmed", "confirmed"),
}
"""What has to go wrong in some worlds of a kind, or they would show nothing."""


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


@pytest.mark.parametrize("plan", OCCUR)
def test_what_a_world_is_there_for_goes_wrong_in_it_and_no_promise_is_broken(plan):
    happened: Counter[str] = Counter()
    for seed in range(MOST_SEEDS):
        world = TeamWorld(seed, plan)
        assert outcome(world) == [], seed
        happened += world.happened
        if all(happened[name] for name in OCCUR[plan]):
            return
    pytest.fail(f"in {MOST_SEEDS} worlds only this happened: {happened}")


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
