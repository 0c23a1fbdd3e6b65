"""Every scenario begins in a fresh world."""

import pytest
from world import World


@pytest.fixture
def world() -> World:
    return World()
