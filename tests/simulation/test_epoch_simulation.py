"""A line that begins anew, as `docs/decisions/0017-epochs.md` has it, keeps the promises of a team in simulated runs."""

from collections import Counter

import epoch_judge
import epoch_seam
import pytest
from epoch_planted import PLANTED
from epoch_world import EpochWorld
from running import no_real_pauses, outcome

from coordinaut_git.sync import loop

SEEDS = range(12)
MOST_SEEDS = 200


@pytest.fixture(autouse=True)
def _seams(monkeypatch):
    no_real_pauses(monkeypatch)
    monkeypatch.setattr(loop, "meet", epoch_seam.meet)


def test_the_promises_of_a_team_hold_over_the_seams_of_epochs():
    happened: Counter[str] = Counter()
    for seed in SEEDS:
        world = EpochWorld(seed)
        assert outcome(world, epoch_judge.complaints) == [], seed
        happened += world.happened
    wanted = ("epochs", "begun at a root", "fetch of what lies before", "task_claimed", "confirmed", "Died")
    assert all(happened[name] for name in wanted), happened


@pytest.mark.parametrize("fault", PLANTED)
def test_a_planted_fault_of_epochs_is_found(fault, monkeypatch):
    PLANTED[fault].plant(monkeypatch)
    worlds = (EpochWorld(seed, PLANTED[fault].plan) for seed in range(MOST_SEEDS))
    assert any(outcome(world, epoch_judge.complaints) for world in worlds)


@pytest.mark.parametrize("plan", {planted.plan: None for planted in PLANTED.values()})
def test_the_worlds_of_planted_faults_of_epochs_are_sound_without_them(plan):
    assert outcome(EpochWorld(0, plan), epoch_judge.complaints) == []
