"""What the team's remote has confirmed, and what it has not: rule 120 of docs/protocol.md."""

import pytest
from world import World

from coordinaut_git.protocol import views


@pytest.mark.parametrize(("upto", "shown"), [(None, [None] * 3), (0, [False] * 3), (3, [True, False, False])])
def test_r120_a_lease_is_confirmed_with_the_operation_that_granted_it(upto, shown):
    world = World()
    world.coordinator.confirmations = lambda known: upto
    leases = [world.claim(who, files=f"{who}/**")["lease"] for who in ("alice", "bob", "carol")]
    assert [lease["fence"] for lease in leases] == [2, 4, 6]
    assert [lease["confirmed"] for lease in leases] == shown
    world.wait("20m")
    (renewed,) = world.heartbeat("alice")
    assert (renewed["fence"], renewed["confirmed"]) == (2, shown[0])


def test_r120_an_event_is_confirmed_up_to_where_the_remote_has_the_line():
    world = World()
    for _ in range(3):
        world.create()
    line = list(zip(world.entries(), world.operations(), strict=True))
    for upto, shown in [(None, [None] * 3), (2, [True, True, False])]:
        assert [views.event_form(*one, confirmed_upto=upto)["confirmed"] for one in line] == shown


def test_r120_what_is_asked_about_is_the_very_point_that_is_shown():
    asked = []
    world = World()
    world.coordinator.confirmations = lambda known: asked.append((known.head, known.state.seq))
    world.create()
    _, moment = world.coordinator.now()
    assert asked[-1] == (world.store.head(), 1)
    assert moment.confirmed(1) is None
    world.coordinator.confirmed_upto(world.store.head())
    assert asked[-1] == (world.store.head(), 1)


def test_r120_a_server_confirms_all_that_it_has():
    world = World(storage="remote")
    assert world.claim("alice", files="a")["lease"]["confirmed"] is True
    assert World(storage="git").claim("alice", files="a")["lease"]["confirmed"] is None
