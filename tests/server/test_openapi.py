"""The description of the API against the running server: schemathesis tries what the description allows, and what not."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from server_lines import Writer
from serving import ADMIN, Server

from coordinaut_git.faces.http.table import TABLE

SCHEMATHESIS = Path(sys.executable).with_name("schemathesis")
LIMIT_S = 600

# Heads and operations that fit a description are seldom those that may follow: 412 and 422 are right answers to them,
# and a missing head is 428 (RFC 6585).
SETTINGS = """
[parameters]
"path.team" = "red"
"path.project" = "one"
"path.backup" = "kept"

[checks.positive_data_acceptance]
expected-statuses = ["2xx", "3xx", "401", "403", "404", "409", "412", "422", "428"]

[checks.missing_required_header]
expected-statuses = ["401", "422", "428"]

[checks.negative_data_rejection]
expected-statuses = ["400", "401", "403", "404", "405", "409", "412", "413", "415", "422", "428"]
"""


@pytest.mark.slow
@pytest.mark.skipif(not SCHEMATHESIS.exists(), reason="schemathesis is not installed here")
def test_every_answer_is_one_that_the_description_names(tmp_path):
    writer = Writer()
    writer.work(1)
    (tmp_path / "settings.toml").write_text(SETTINGS)
    with Server(tmp_path, COORDINAUT_SERVER_MAX_WAIT="1") as server:
        client = server.client()
        path = "/v1/teams/red/projects/one"
        assert client.put(f"{path}/state", {"entries": writer.forms}, if_none_match="*").status == 201
        assert client.post(f"{path}/backups", {"label": "kept"}).status == 201
        words = ["--config-file", "settings.toml", "run", f"{server.url}/openapi.json", "--no-color", "--seed", "1"]
        bounds = ["--max-examples", "6", "--phases", "examples,coverage,fuzzing,stateful", "--checks", "all"]
        done = subprocess.run(
            [SCHEMATHESIS, *words, *bounds, "--header", f"Authorization: Bearer {ADMIN}"],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": ""},
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
        )
        assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
        tried = len(TABLE) - 1  # all but the description itself, which it has read
        assert f"Operations:       {tried} selected / {tried} total" in done.stdout
        assert not [line for line in server.log if line["event"] in {"bug", "trouble"}]


def test_the_description_names_every_route_and_no_other(server):
    described = server.client(None).get("/openapi.json").value
    routes = {(path, method.upper()) for path, methods in described["paths"].items() for method in methods}
    assert routes == {(route.path, route.method) for route in TABLE}
    for methods in described["paths"].values():
        for operation in methods.values():
            assert operation["summary"].endswith(".")
            assert {"401", "403"} <= operation["responses"].keys() or operation["security"] == []


def test_every_reference_of_the_description_leads_somewhere(server):
    described = server.client(None).get("/openapi.json").value
    schemas = described["components"]["schemas"]

    def references(value):
        if isinstance(value, dict):
            yield from ([value["$ref"]] if isinstance(value.get("$ref"), str) else [])
            for inner in value.values():
                yield from references(inner)
        if isinstance(value, list):
            for inner in value:
                yield from references(inner)

    found = set(references(described))
    assert found
    assert {name.removeprefix("#/components/schemas/") for name in found} <= schemas.keys()


def test_the_page_says_what_this_is_and_nothing_of_what_it_keeps(server):
    client = server.client()
    client.put("/v1/teams/secret/projects/hidden/state", {}, if_none_match="*")
    page = server.client(None).get("/")
    assert page.status == 200
    assert page.headers["content-type"].startswith("text/html")
    assert b"coordinaut-server" in page.data
    assert b"secret" not in page.data
