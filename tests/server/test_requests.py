"""The door: methods, headers, bodies that are too long, too slow or no JSON."""

import json
import socket
from contextlib import suppress
from urllib.parse import urlsplit

import pytest
from server_lines import opaque
from serving import ADMIN, LIMIT_S, Server

STATE = "/v1/teams/red/projects/door/state"
TRANSACTIONS = "/v1/teams/red/projects/door/transactions"
MOST = 64 * 1024


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with Server(tmp_path_factory.mktemp("server"), COORDINAUT_SERVER_MAX_BODY=str(MOST)) as server:
        yield server


@pytest.fixture(scope="module")
def impatient(tmp_path_factory):
    """A server that waits for nobody."""
    times = {"COORDINAUT_SERVER_BODY_TIMEOUT": "2", "COORDINAUT_SERVER_HEAD_TIMEOUT": "2"}
    with Server(tmp_path_factory.mktemp("impatient"), **times) as server:
        yield server


@pytest.fixture
def client(server):
    return server.client()


def raw(server, text, *more):
    """Send bytes as they are, and read until the server closes, which it must do long before its usual times are over."""
    place = urlsplit(server.url)
    with socket.create_connection((place.hostname, place.port), timeout=LIMIT_S / 2) as connection:
        connection.sendall(text.replace("\n", "\r\n").encode())
        for piece in more:
            connection.sendall(piece)
        received = b""
        while piece := connection.recv(65536):
            received += piece
        return received.decode()


def head(method, path, *headers):
    return "\n".join(
        [
            f"{method} {path} HTTP/1.1",
            "Host: x",
            f"Authorization: Bearer {ADMIN}",
            "Connection: close",
            *headers,
            "",
            "",
        ]
    )


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"{'a':1}", b'{"entries":NaN}', b'{"entries":Infinity}', b"\xff{}", b'"\\ud800"', b'{"a":"\\udfff"}',
     b"[" * 30_000, b'{"a":' * 10_000, b"1" * 5_000, "{}".encode("utf-16")],
    ids=range(12),
)  # fmt: skip
def test_a_body_that_is_no_json_is_refused(client, data):
    assert client("PUT", STATE, data=data, if_none_match="*").failure == (400, "bad_json")


@pytest.mark.parametrize(
    "value", [[], 1, "text", None, {"unknown": 1}, {"entries": {}}, {"entries": [1]}, {"seq": "1"}]
)
def test_json_of_another_form_is_refused(client, value):
    data = json.dumps(value).encode()
    assert client("PUT", STATE, data=data, if_none_match="*").failure == (422, "bad_parameter")


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""]
)
def test_a_body_that_is_not_said_to_be_json_is_refused(client, kind):
    assert client("PUT", STATE, data=b"{}", if_none_match="*", content_type=kind).failure == (415, "not_json")


def test_the_type_of_a_body_may_name_its_characters(client):
    answer = client("PUT", STATE, data=b"[]", if_none_match="*", content_type="Application/JSON; charset=utf-8")
    assert answer.failure == (422, "bad_parameter")


def test_a_body_is_taken_up_to_the_limit_and_no_byte_further(client):
    fits = b'{"seq":"' + b"x" * (MOST - 10) + b'"}'
    assert client("PUT", STATE, data=fits, if_none_match="*").failure == (422, "bad_parameter")
    assert client("PUT", STATE, data=fits + b" ", if_none_match="*").failure == (413, "too_large")


def test_a_body_in_pieces_is_measured_as_it_comes(server):
    size = 16 * 1024
    piece = f"{size:x}\r\n".encode() + b" " * size + b"\r\n"
    told = head("PUT", STATE, "If-None-Match: *", "Content-Type: application/json", "Transfer-Encoding: chunked")
    answer = raw(server, told, *[piece] * 5, b"0\r\n\r\n")
    assert answer.startswith("HTTP/1.1 413 ")
    assert '"too_large"' in answer


def test_a_body_in_pieces_that_fits_is_read(server):
    told = head("PUT", STATE, "If-None-Match: *", "Content-Type: application/json", "Transfer-Encoding: chunked")
    assert raw(server, told, b"1\r\n[\r\n", b"1\r\n]\r\n0\r\n\r\n").startswith("HTTP/1.1 422 ")


def test_a_body_that_does_not_come_in_time_is_given_up(impatient):
    told = head("PUT", STATE, "If-None-Match: *", "Content-Type: application/json", "Content-Length: 100")
    answer = raw(impatient, told, b"{")
    assert answer.startswith("HTTP/1.1 408 ")


def test_a_head_that_does_not_come_in_time_is_given_up(impatient):
    assert raw(impatient, "GET /health HTTP/1.1\nX: ") == ""
    assert raw(impatient, "") == ""
    done = raw(impatient, "GET /health HTTP/1.1\nHost: x\n\n", b"GET /hea")
    assert done.count("HTTP/1.1 200") == 1


@pytest.mark.parametrize(
    "text", ["nonsense\n\n", "GET /health HTTP/1.1\n\n", "GET /health HTTP/1.1\nHost: x\n y: z\n: \n\n"]
)
def test_what_is_no_http_is_refused(server, text):
    assert raw(server, text).startswith("HTTP/1.1 400 ")


def test_a_head_without_end_is_cut_off(server):
    with suppress(ConnectionError):  # the answer may be lost where the server closes while we send
        assert raw(server, "GET /health HTTP/1.1\nHost: x\nX: " + "y" * 1_000_000).startswith("HTTP/1.1 400 ")
    assert server.client().get("/health").status == 200


def test_a_write_that_names_no_head_is_refused(client):
    assert client.put(STATE, {}).failure == (428, "head_needed")
    assert client.put(STATE, {}, if_match="*").failure == (428, "head_needed")
    assert client.post(TRANSACTIONS, {"entry": opaque(1)}).failure == (428, "head_needed")


def test_a_weak_tag_never_matches(client):
    path = "/v1/teams/red/projects/weak/state"
    begun = client.put(path, {}, if_none_match="*").head
    assert client.put(path, {}, if_match=f'W/"{begun}"').failure == (412, "stale_head")
    assert client.put(path, {}, if_match=f'"{begun}"').status == 200
    assert client.get(path, if_none_match=f'W/"{begun}"').status == 304
    assert client.get(path, if_none_match=f'"x", "{begun}"').status == 304
    assert client.put(path, {}, if_match="no quotes").failure == (422, "bad_parameter")


@pytest.mark.parametrize("method", ["DELETE", "PATCH", "POST", "TRACE", "NONSENSE"])
def test_other_methods_are_refused_and_those_there_are_named(client, method):
    answer = client(method, STATE)
    assert answer.failure == (405, "bad_method")
    assert answer.headers["allow"] == "GET, HEAD, OPTIONS, PUT"


def test_options_names_the_methods_and_allows_no_other_origin(client):
    answer = client("OPTIONS", STATE, origin="https://other.example", access_control_request_method="PUT")
    assert (answer.status, answer.data, answer.headers["allow"]) == (204, b"", "GET, HEAD, OPTIONS, PUT")
    assert not [name for name in answer.headers if name.startswith("access-control")]


def test_head_is_get_without_the_body(client):
    path = "/v1/teams/red/projects/head/state"
    client.put(path, {}, if_none_match="*")
    got, asked = client.get(path), client("HEAD", path)
    assert (asked.status, asked.data, asked.head) == (200, b"", got.head)
    assert asked.headers["content-length"] == str(len(got.data))


@pytest.mark.parametrize(
    "path", ["/nothing", "/v1", "/v1/teams/red", STATE + "/", "//health", "/health/", "/openapi.json/x"]
)
def test_an_address_that_is_none_is_told(client, path):
    assert client.get(path).failure == (404, "no_route")


@pytest.mark.parametrize("query", ["x=1", "head=a&head=b", "documents=perhaps", "documents=true&x"])
def test_parameters_that_are_not_known_or_make_no_sense_are_refused(client, query):
    assert client.get(f"{STATE}?{query}").failure == (422, "bad_parameter")


def test_every_answer_has_an_id_a_version_and_headers_that_protect(client):
    for answer in (client.get("/health"), client.get("/nothing"), client.get(STATE), client("OPTIONS", "/")):
        assert answer.headers["coordinaut-format"] == "1"
        assert answer.headers["coordinaut-version"]
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"] == "DENY"
        assert len(answer.headers["x-request-id"]) == 16
        assert "server" not in answer.headers


def test_the_clients_own_request_id_is_kept_if_it_is_clean(client):
    assert client.get("/health", x_request_id="my-id.1").headers["x-request-id"] == "my-id.1"
    for bad in ("x" * 65, "a b", "a\tb", '"', "é"):
        assert client.get("/health", x_request_id=bad).headers["x-request-id"] != bad
