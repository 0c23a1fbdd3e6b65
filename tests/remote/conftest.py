"""What the tests of the store on a server share: a real server, projects of their own, and servers that misbehave."""

import sys
from itertools import count
from pathlib import Path

import pytest
from serving import Server

from coordinaut_git.stores.remote import open_remote_store

TESTS = Path(__file__).parent.parent
sys.path[:0] = [str(TESTS / "stores"), str(TESTS / "protocol")]  # `writing`, and the second opinion `ownership`

TOKEN = "red-member"
_numbers = count(1)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with Server(tmp_path_factory.mktemp("server")) as server:
        yield server


@pytest.fixture
def project():
    """A name that no test has used."""
    return f"p{next(_numbers)}"


@pytest.fixture
def opened(tmp_path):
    """Opens stores, and closes them: `opened(url, project="p", cache="here", token=…, environ=…)`."""
    stores = []

    def open_one(url, project="web", *, team="red", token=TOKEN, cache="cache", **environ):
        folder = None if cache is None else tmp_path / cache
        environ.setdefault("COORDINAUT_REMOTE_TIMEOUT", "240")  # a busy machine is no failure
        stores.append(open_remote_store(url, team, project, token=token, cache_folder=folder, environ=environ))
        return stores[-1]

    yield open_one
    for store in stores:
        store.close()


@pytest.fixture
def line(server, project, opened):
    """Opens handles to one new project of the real server; each name of a cache is a machine of its own."""
    opened(server.url, project, cache="first").create()
    return lambda cache="first", **how: opened(server.url, project, cache=cache, **how)
