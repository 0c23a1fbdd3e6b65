"""What the tests of the server share: one server for all tests of a module, and a project of its own for each test."""

from itertools import count

import pytest
from serving import Server

_numbers = count(1)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with Server(tmp_path_factory.mktemp("server")) as server:
        yield server


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def any_server(request, tmp_path_factory):
    """A server over each kind of database."""
    folder = tmp_path_factory.mktemp("server")
    environ = {}
    if request.param == "postgres":
        environ["COORDINAUT_SERVER_DATABASE_URL"] = request.getfixturevalue("postgres").url
    with Server(folder, **environ) as server:
        yield server


@pytest.fixture
def project():
    """The address of a project of team red that nobody has used."""
    return f"/v1/teams/red/projects/p{next(_numbers)}"
