"""A git store for the tests that look at one closely."""

import pytest

from coordinaut_git.plumbing.repository import find
from coordinaut_git.plumbing.settings import Settings
from coordinaut_git.stores.git.store import open_git_store


@pytest.fixture
def store(repository):
    """A new git store in `repository`, without flushing for speed."""
    store = open_git_store(find(repository), Settings(flush=False))
    store.create()
    yield store
    store.close()
