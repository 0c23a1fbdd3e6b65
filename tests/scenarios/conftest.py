"""Every scenario begins in a fresh world."""

import pytest
from world import World


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def people(world) -> World:
    """Alice, bob and carol have been seen."""
    for who in ("alice", "bob", "carol"):
        world.create(who)
    return world
