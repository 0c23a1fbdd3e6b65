"""What the tests of the history share: a small world with a line in it."""

from contextlib import ExitStack, closing

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
def open_history():
    """Opens histories that are closed at the end."""
    with ExitStack() as opened:
        yield lambda coordinator, folder: opened.enter_context(closing(History(coordinator, folder)))


@pytest.fixture
def history(world, folder, open_history):
    return open_history(world.coordinator, folder)
