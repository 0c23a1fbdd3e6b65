"""Clones that claim without a rest come to their share; see coordinaut_git/sync/crowd.py."""

from dataclasses import replace

import network
import pytest
from agents import Program
from plans import CALM
from running import no_real_pauses
from team_world import TeamWorld

from coordinaut_git.protocol import requests as ask
from coordinaut_git.protocol.model import Actor
from coordinaut_git.sync.crowd import Crowd

SPAN_MS = 60_000


@pytest.fixture(autouse=True)
def _a_network_that_is_always_as_quick(monkeypatch):
    no_real_pauses(monkeypatch)
    monkeypatch.setattr(network, "JOURNEYS_MS", (50,))


def _claims(machines):
    """How many claims of each machine were confirmed, of machines that do nothing else."""
    world = TeamWorld(5, replace(CALM, machines=machines, agents=1))
    world.published.follow = lambda *_: None
    counts = dict.fromkeys((machine.name for machine in world.machines), 0)

    def asked(program, actor, request):
        program.ids.number = world.command(actor.instance, actor.instance, request).number
        return program.carry_out(request, actor).operation

    def live(machine):
        program, actor = Program(machine, machine.name, mortal=False), Actor(instance=machine.name)
        task = asked(program, actor, ask.CreateTask(title="a task", files=(f"{machine.name}/",))).change.task_id
        while world.stage.now < SPAN_MS:
            term = f"{1_000 + counts[machine.name]}s"
            claimed = asked(program, actor, ask.ClaimTask(task=task, ttl=term))
            counts[machine.name] += program.confirmed(claimed.id)

    for machine in world.machines:
        machine.room_until_s = -3_600.0  # it has met others, but not lately
        world.stage.add(lambda machine=machine: live(machine))
    world.stage.run()
    return sorted(counts.values())


@pytest.mark.parametrize("machines", [2, 4])
def test_the_slowest_clone_gets_at_least_a_third_of_what_the_fastest_gets(machines):
    least, *_, most = _claims(machines)
    assert 3 * least >= most > 5, (least, most)


def test_without_room_for_others_whoever_is_ahead_would_stay_ahead(monkeypatch):
    monkeypatch.setattr(Crowd, "made_room", lambda _: False)
    least, *_, most = _claims(2)
    assert 3 * least < most, (least, most)
