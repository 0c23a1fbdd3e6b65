"""Scenes for tests of verification."""

from collections.abc import Iterator

import pytest
from commands import Cli
from scene import Scene
from world import SetClock, World

from coordinaut_git.plumbing.repository import find
from coordinaut_git.stores.git.store import open_git_store


@pytest.fixture(scope="session")
def cli() -> Iterator[Cli]:
    with Cli() as running:
        yield running


@pytest.fixture
def scene(repository) -> Scene:
    store = open_git_store(find(repository))
    store.seen_ms_ago = lambda seq: None  # instants are set by hand here, so this machine has seen none of it elapse
    scene = Scene(repository, World(store=store, clock=SetClock()))
    scene.base = scene.git("rev-parse", "HEAD")
    return scene
