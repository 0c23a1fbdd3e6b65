"""What the tests of the history share: a small world with a line in it."""

import pytest
from world import SetClock, World

from coordinaut_git.history.history import History


@pytest.fixture
def world():
    return World(clock=SetClock())


@pytest.fixture
def folder(tmp_path):
    """Where the index lies."""
    return tmp_path / "own"


@pytest.fixture
def history(world, folder):
    history = History(world.coordinator, folder)
    yield history
    history.close()
