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


@pytest.fixture
def asked(world):
    """Alice holds src/**, and bob has asked her for src/a.py; gives the two tasks and the handoff."""
    hers = world.claim("alice", files="src/**")["task"]
    his = world.create("bob")
    return hers, his, world.request("bob", his, files="src/a.py", reason="the parser has moved there")


@pytest.fixture
def promised(world, asked):
    """What bob has asked for is promised to him; gives the same."""
    hers, his, handoff = asked
    return hers, his, world.answer("alice", handoff, "grant_after_commit", "after the tests")


@pytest.fixture(params=["requested", "promised"])
def pending(request):
    """What bob has asked for, and what is promised to him."""
    return request.getfixturevalue("asked" if request.param == "requested" else "promised")
