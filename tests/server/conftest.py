"""What the tests of the server share: one server for all tests of a module, and a project of its own for each test."""

from itertools import count

import pytest
from serving import Server

_numbers = count(1)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with Server(tmp_path_factory.mktemp("server")) as server:
        yield server


@pytest.fixture
def project():
    """The address of a project of team red that nobody has used."""
    return f"/v1/teams/red/projects/p{next(_numbers)}"
