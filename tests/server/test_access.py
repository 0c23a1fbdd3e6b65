"""Who may: every route, with every kind of token, of the right team and of another one."""

import pytest
from server_lines import opaque
from serving import ADMIN

from coordinaut_git.faces.http.table import TABLE, Access

CLOSED = [route for route in TABLE if route.access != Access.OPEN]
READERS = {"red-read", "red-member", "red-admin", ADMIN}
WRITERS = {"red-member", "red-admin", ADMIN}
STRANGERS = (None, "", "garbage", "red-admi", "red-adminn", "RED-ADMIN")
BODIES = {"state": {}, "config": {"a": 1}, "messages": {"text": "hello", "broadcast": True}, "backups": {}}


@pytest.fixture(scope="module")
def begun(server):
    """A project of team red that is there."""
    path = "/v1/teams/red/projects/there"
    assert server.client().put(f"{path}/state", {}, if_none_match="*").status == 201
    return path


def ask(client, route, project, **headers):
    """A request that the route would take, to this project."""
    path = route.path.format(team="red", project=project.rpartition("/")[2], backup="none")
    if not route.body:
        return client(route.method, path, **headers)
    name = path.rpartition("/")[2]
    bodies = {**BODIES, "transactions": {"entry": opaque(1)}, "events": {"operation": {}}}
    return client(route.method, path, bodies[name], if_match='"none"', **headers)


def ids(route):
    return f"{route.method} {route.path.rpartition('}/')[2]}"


@pytest.mark.parametrize("route", CLOSED, ids=ids)
@pytest.mark.parametrize("token", [ADMIN, "red-admin", "red-member", "red-read", "blue-admin"])
def test_a_token_does_what_its_role_and_team_allow_and_nothing_else(server, begun, route, token):
    allowed = token in (WRITERS if route.access == Access.WRITE else READERS)
    answer = ask(server.client(token), route, begun)
    assert (answer.status not in {401, 403}) == allowed, answer
    assert answer.status < 500
    if not allowed:
        assert answer.failure == (403, "forbidden")


@pytest.mark.parametrize("route", CLOSED, ids=ids)
@pytest.mark.parametrize("token", STRANGERS)
def test_without_a_known_token_nothing_is_told(server, begun, route, token):
    answer = ask(server.client(token), route, begun)
    assert answer.failure == (401, "bad_token")
    assert answer.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize("authorization", ["Basic red-admin", "red-admin", "Bearer", "Bearer  ", "Bearerred-admin"])
def test_a_token_counts_as_a_bearer_token_only(server, begun, authorization):
    client = server.client(None)
    assert client.get(f"{begun}/state", authorization=authorization).failure == (401, "bad_token")


def test_the_word_bearer_is_read_in_any_case(server, begun):
    assert server.client(None).get(f"{begun}/state", authorization="bEARER red-read").status == 200


@pytest.mark.parametrize("token", ["blue-admin", None])
@pytest.mark.parametrize("route", CLOSED, ids=ids)
def test_a_project_that_is_there_and_one_that_is_not_look_the_same_to_others(server, begun, route, token):
    client = server.client(token)
    there, missing = (ask(client, route, project, x_request_id="same") for project in (begun, f"{begun}-not"))
    for answer in (there, missing):
        answer.headers.pop("date")
    assert there == missing


def test_a_team_that_is_there_and_one_that_is_not_look_the_same_to_others(server, begun):
    client = server.client("blue-admin")
    answers = {client.get(f"/v1/teams/{team}/projects/there/state").data for team in ("red", "nobody", "..", "a%20b")}
    assert len(answers) == 1


def test_capital_letters_make_another_team_and_another_project(server, begun):
    client = server.client()
    assert client.get("/v1/teams/Red/projects/there/state").failure == (404, "no_project")
    assert client.get("/v1/teams/red/projects/There/state").failure == (404, "no_project")
    head = client.put("/v1/teams/Red/projects/there/state", {}, if_none_match="*").head
    client.post("/v1/teams/Red/projects/there/transactions", {"entry": opaque(1)}, if_match=f'"{head}"')
    assert client.get(f"{begun}/state").value["seq"] == 0
    assert server.client("red-admin").get("/v1/teams/Red/projects/there/state").failure == (403, "forbidden")


@pytest.mark.parametrize(
    "name",
    [
        ".",
        "..",
        "%2e%2e",
        "-x",
        ".hidden",
        "a%2Fb",
        "a%00b",
        "a%0Ab",
        "x" * 65,
        "%F0%9F%98%80",
        "a b".replace(" ", "%20"),
    ],
)
def test_a_name_that_no_project_can_have_reaches_no_disk(server, name):
    before = sorted(server.folder.rglob("*"))
    client = server.client()
    assert client.get(f"/v1/teams/red/projects/{name}/state").failure == (404, "no_route")
    assert client.put(f"/v1/teams/{name}/projects/x/state", {}, if_none_match="*").failure == (404, "no_route")
    assert sorted(server.folder.rglob("*")) == before


def test_asking_for_a_project_leaves_no_trace(server):
    before = sorted(server.folder.rglob("*"))
    client = server.client()
    for route in CLOSED:
        assert ask(client, route, "/never-begun").status in {404, 412}, route
    assert sorted(server.folder.rglob("*")) == before
