"""The program itself: what keeps it from starting, how it stops, what it logs, how it is asked how it is."""

import json
import os
import signal
import socket
import subprocess
import threading
import time
from contextlib import suppress
from http.client import HTTPException

import pytest
import warm
from postgres_server import PostgresServer
from serving import ADMIN, LIMIT_S, PROGRAM, Server

from coordinaut_git import __version__

SECRET = "hush-this-is-a-token"


def run(folder, *words, whole=False, **environ):
    """Run the program to its end; `whole` from its very start."""
    words = [*(PROGRAM if whole else warm.command(warm.SERVER)), *words]
    environ = {**os.environ, **environ}
    return subprocess.run(words, cwd=folder, env=environ, capture_output=True, text=True, timeout=LIMIT_S)


def test_the_program_tells_its_version_and_its_options(tmp_path):
    assert run(tmp_path, "--version", whole=True).stdout == f"coordinaut-server {__version__}\n"
    help_ = run(tmp_path, "--help").stdout
    assert "COORDINAUT_SERVER_TOKENS_FILE" in help_
    assert "--port" in help_


def test_without_a_token_it_does_not_run_and_makes_nothing(tmp_path):
    done = run(tmp_path, whole=True)
    assert done.returncode == 2
    assert done.stderr.startswith("error: No token is set")
    assert "hint: Set COORDINAUT_SERVER_TOKEN" in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "tokens",
    [
        SECRET,
        f'{{"{SECRET}": }}',
        f'["{SECRET}"]',
        f'{{"{SECRET}": "admin"}}',
        f'{{"{SECRET}": {{"team": "red"}}}}',
        f'{{"{SECRET}": {{"team": "red", "role": "king"}}}}',
        f'{{"{SECRET}": {{"team": "../red", "role": "read"}}}}',
        f'{{"{SECRET}": {{"team": "red", "role": "read", "more": 1}}}}',
        f'{{"{SECRET}": {{"team": "red", "role": "read"}}, "{SECRET}": {{"team": "red", "role": "admin"}}}}',
        f'{{"{SECRET} ": {{"team": "red", "role": "read"}}}}',
        f'{{"sha256:{SECRET}": {{"team": "red", "role": "read"}}}}',
        "[" * 100_000,
    ],
    ids=range(12),
)
def test_a_list_of_tokens_that_is_wrong_is_told_without_any_of_them(tmp_path, tokens):
    done = run(tmp_path, COORDINAUT_SERVER_TOKENS=tokens)
    assert done.returncode == 2
    assert "COORDINAUT_SERVER_TOKENS" in done.stderr
    assert SECRET not in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_one_token_with_two_roles_is_told(tmp_path):
    tokens = json.dumps({SECRET: {"team": "red", "role": "read"}})
    done = run(tmp_path, COORDINAUT_SERVER_TOKENS=tokens, COORDINAUT_SERVER_TOKEN=SECRET)
    assert (done.returncode, SECRET in done.stderr) == (2, False)


def test_a_file_of_tokens_that_is_not_there_is_told(tmp_path):
    done = run(tmp_path, COORDINAUT_SERVER_TOKENS_FILE="none.json")
    assert done.returncode == 2
    assert "none.json" in done.stderr


def test_a_port_that_is_taken_is_told(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = run(tmp_path, "--port", str(taken.getsockname()[1]), COORDINAUT_SERVER_TOKEN=ADMIN)
    assert done.returncode == 6
    assert "cannot listen on 127.0.0.1" in done.stderr


def test_a_data_folder_that_cannot_be_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    done = run(tmp_path, "--data-dir", "file/data", COORDINAUT_SERVER_TOKEN=ADMIN)
    assert done.returncode == 6
    assert "cannot be written to" in done.stderr


def test_git_does_not_see_the_data(repository, git):
    with Server(repository, COORDINAUT_SERVER_DATA_DIR=str(repository / "data")) as server:
        server.client().put("/v1/teams/red/projects/p/state", {}, if_none_match="*")
    assert git(repository, "status", "--porcelain") == "?? server.log"


@pytest.mark.parametrize("words", [["--port", "70000"], ["--nonsense"], ["--max-body", "x"], ["word"]])
def test_an_option_that_makes_no_sense_is_told(tmp_path, words):
    done = run(tmp_path, *words, COORDINAUT_SERVER_TOKEN=ADMIN)
    assert (done.returncode, done.stderr.startswith("error: ")) == (2, True)


@pytest.mark.parametrize("sig", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_it_with_exit_code_0(tmp_path, sig):
    with Server(tmp_path, whole=True) as server:
        assert server.client().get("/health").status == 200
        assert server.stop(sig) == 0
        assert [line["event"] for line in server.log][-2:] == ["stopping", "stopped"]


def test_a_second_signal_ends_it_at_once(tmp_path):
    path = "/v1/teams/red/projects/x/state"
    head = (
        "If-None-Match: *",
        "Content-Type: application/json",
        "Content-Length: 100",
        f"Authorization: Bearer {ADMIN}",
    )
    begun = "\r\n".join([f"PUT {path} HTTP/1.1", "Host: x", *head, "", "{"]).encode()
    with (
        Server(tmp_path, whole=True) as server,
        socket.create_connection(("127.0.0.1", int(server.url.rpartition(":")[2]))) as slow,
    ):
        slow.sendall(begun)
        server.has_read()
        server.process.send_signal(signal.SIGTERM)
        server.wait_for(lambda: [line for line in server.log if line["event"] == "stopping"], "it is stopping")
        time.sleep(0.5)
        assert server.process.poll() is None, "it waits for what is in hand"
        began_s = time.monotonic()
        assert server.stop() != 0
        assert time.monotonic() - began_s < LIMIT_S / 2


def test_it_asks_itself_how_it_is(tmp_path):
    with Server(tmp_path) as server:
        port = server.url.rpartition(":")[2]
        asked = {"COORDINAUT_SERVER_PORT": port, "COORDINAUT_SERVER_HOST": "0.0.0.0"}
        server.wait_for(
            lambda: run(tmp_path, "--check", **asked).returncode == 0, "it finds itself well in five seconds"
        )
        assert run(tmp_path, "--check", **asked).stdout == "ok\n"
        server.kill()
        gone = run(tmp_path, "--check", "--port", port)
        assert gone.returncode == 6
        assert "is not well" in gone.stderr


def test_health_tells_the_truth(tmp_path):
    with Server(tmp_path) as server:
        client = server.client(None)
        assert set(client.get("/health").value) == {"ok", "version", "format", "storage", "uptimeSeconds"}
        (tmp_path / "data").rename(tmp_path / "elsewhere")
        server.wait_for(lambda: client.get("/health").status == 503, "it is noticed")
        ill = client.get("/health")
        assert (ill.status, ill.value["ok"], ill.value["reason"]) == (503, False, "unwritable_data")
        assert run(tmp_path, "--check", "--port", server.url.rpartition(":")[2]).returncode == 6
        (tmp_path / "elsewhere").rename(tmp_path / "data")
        server.wait_for(lambda: client.get("/health").status == 200, "it is noticed, too")


@pytest.fixture
def mortal(postgres):
    """A PostgreSQL server that a test may crash; the shared one is asked for only so that this is skipped as it is."""
    server = PostgresServer()
    try:
        server.start()
        yield server
    finally:
        server.close()


def test_health_tells_when_the_database_is_gone(tmp_path, mortal):
    with Server(tmp_path, COORDINAUT_SERVER_DATABASE_URL=mortal.url) as server:
        client = server.client(None)
        assert client.get("/health").value["storage"] == "postgres"
        mortal.crash()
        try:
            server.wait_for(lambda: client.get("/health").status == 503, "it is noticed")
            assert server.client().get("/v1/teams/red/projects/x/state").status == 503
        finally:
            mortal.start()
        server.wait_for(lambda: client.get("/health").status == 200, "it is noticed, too")


def test_tokens_of_a_file_are_taken_up_when_it_changes(tmp_path):
    file = tmp_path / "tokens.json"
    file.write_text(json.dumps({"first-token": {"team": "red", "role": "read"}}))
    with Server(tmp_path, COORDINAUT_SERVER_TOKENS_FILE=str(file)) as server:
        path = "/v1/teams/red/projects/x/state"
        first, second = server.client("first-token"), server.client("second-token")
        assert (first.get(path).status, second.get(path).status) == (404, 401)
        file.write_text(json.dumps({digest("second-token"): {"team": "red", "role": "read"}}))
        assert (first.get(path).status, second.get(path).status) == (401, 404)
        assert server.client(digest("second-token")).get(path).status == 401, "a digest is no token"
        file.write_text("nonsense")
        assert second.get(path).status == 404, "what was goes on"
        assert [line["code"] for line in server.log if line["event"] == "trouble"] == ["bad_tokens"]


def digest(token):
    from hashlib import sha256

    return f"sha256:{sha256(token.encode()).hexdigest()}"


def test_the_log_has_a_line_for_each_request_and_no_secret(tmp_path):
    path = "/v1/teams/red/projects/p/state"
    with Server(tmp_path) as server:
        client = server.client()
        client.put(path, {}, if_none_match="*")
        client.get(f"{path}?head={SECRET}", x_request_id="mine")
        server.client(SECRET).get(path)
        client.get(f"/nothing/{SECRET}")
        client("PUT", path, data=f'{{"{SECRET}": 1}}'.encode(), if_none_match="*")
        server.stop()
        lines = [line for line in server.log if line["event"] == "request"]
        assert [line["status"] for line in lines] == [201, 404, 401, 404, 422]
        assert lines[0].keys() >= {"time", "method", "route", "status", "durationMs", "requestId", "team", "project"}
        assert (lines[1]["requestId"], lines[1]["team"], lines[1]["error"]) == ("mine", "red", "unknown_head")
        text = (tmp_path / "server.log").read_text()
        assert SECRET not in text
        assert ADMIN not in text


def test_a_project_whose_file_is_damaged_is_told_and_the_others_go_on(tmp_path):
    with Server(tmp_path) as server:
        client = server.client()
        for name in ("good", "bad"):
            client.put(f"/v1/teams/red/projects/{name}/state", {}, if_none_match="*")
        server.stop()
        file = tmp_path / "data" / "teams" / "red" / "bad" / "state.sqlite"
        file.write_bytes(b"no database " * 1000)
        server.start()
        client = server.client()
        bad = client.get("/v1/teams/red/projects/bad/state")
        assert bad.status == 503
        assert str(tmp_path) not in bad.data.decode()
        assert client.get("/v1/teams/red/projects/good/state").status == 200
        assert file.read_bytes() == b"no database " * 1000
        assert str(tmp_path) in json.dumps([line for line in server.log if line["event"] == "trouble"])


def test_too_many_requests_at_a_time_are_told_to_come_again(tmp_path):
    path = "/v1/teams/red/projects/p"
    with Server(tmp_path, COORDINAUT_SERVER_MAX_REQUESTS="3") as server:
        server.client().put(f"{path}/state", {}, if_none_match="*")

        def wait():
            client = server.client()
            with suppress(OSError, HTTPException):  # the server may be gone before it took this one, too
                while client.get(f"{path}/events?wait=50").status == 503:
                    time.sleep(0.05)

        waiting = [threading.Thread(target=wait) for _ in range(3)]
        for thread in waiting:
            thread.start()
        client, told = server.client(), []
        server.wait_for(lambda: told.append(client.get(f"{path}/state")) or told[-1].status != 200, "it has enough")
        answer = told[-1]
        assert answer.failure == (503, "server_busy")
        assert answer.headers["retry-after"]
        server.stop()
        for thread in waiting:
            thread.join(LIMIT_S)
            assert not thread.is_alive()
