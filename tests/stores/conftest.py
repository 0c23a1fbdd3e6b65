"""A git store for the tests that look at one closely."""

import os

import pytest
from serving import Server
from worlds import SERVER_DATA, SERVER_URL

from coordinaut_git.plumbing.repository import find
from coordinaut_git.plumbing.settings import Settings
from coordinaut_git.stores.git.store import open_git_store


@pytest.fixture(scope="session")
def coordinaut_server(tmp_path_factory):
    """A server, the same for all tests of a process; `RemoteWorld` finds it through the environment."""
    with Server(tmp_path_factory.mktemp("server")) as server:
        os.environ |= {SERVER_URL: server.url, SERVER_DATA: str(server.folder / "data")}
        yield server
    for name in (SERVER_URL, SERVER_DATA):
        os.environ.pop(name, None)


@pytest.fixture
def store(repository):
    """A new git store in `repository`, without flushing for speed."""
    store = open_git_store(find(repository), Settings(flush=False))
    store.create()
    yield store
    store.close()
