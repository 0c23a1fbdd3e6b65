"""A line that begins anew, as `docs/decisions/0017-epochs.md` has it, keeps the promises of a team in simulated runs."""

from collections import Counter

import epoch_judge
import pytest
from epoch_planted import FORGED, PLANTED
from epoch_seam import seams_known
from epoch_world import EpochWorld
from running import no_real_pauses, outcome

SEEDS = range(24)
MOST_SEEDS = 200


@pytest.fixture(autouse=True)
def _seams(monkeypatch):
    no_real_pauses(monkeypatch)
    seams_known(monkeypatch)


def test_the_promises_of_a_team_hold_over_the_seams_of_epochs():
    happened: Counter[str] = Counter()
    for seed in SEEDS:
        world = EpochWorld(seed)
        assert outcome(world, epoch_judge.complaints) == [], (
            f"make simulate ARGS='--epochs --seed {seed}' runs it again"
        )
        happened += world.happened
    wanted = ("epochs", "begun at a root", "two epochs behind", "outrun by another root", "died beginning an epoch")
    wanted += ("task_claimed", "confirmed", "provisional", "takeovers", "remote_unreachable")
    assert all(happened[name] for name in wanted), happened


def test_a_forged_root_is_taken_by_nobody_who_knows_better():
    happened: Counter[str] = Counter()
    for seed in range(8):
        world = EpochWorld(seed, FORGED)
        assert outcome(world, epoch_judge.complaints) == [], seed
        happened += world.happened
    assert happened["forged roots"] > 2
    assert happened["unlawful_line"]


@pytest.mark.parametrize("fault", PLANTED)
def test_a_planted_fault_of_epochs_is_found(fault, monkeypatch):
    PLANTED[fault].plant(monkeypatch)
    worlds = (EpochWorld(seed, PLANTED[fault].plan) for seed in range(MOST_SEEDS))
    assert any(outcome(world, epoch_judge.complaints) for world in worlds)


@pytest.mark.parametrize("plan", {planted.plan: None for planted in PLANTED.values()})
def test_the_worlds_of_planted_faults_of_epochs_are_sound_without_them(plan):
    assert outcome(EpochWorld(0, plan), epoch_judge.complaints) == []
