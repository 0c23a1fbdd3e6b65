"""What can go wrong on the way to a server and back, each in words; and never the token."""

import json
import socket
import threading
import time
import zlib

import pytest
from scripted import CUT, SILENCE, Scripted, answer, failure, state

from coordinaut_git.errors import CoordinautError, Kind
from coordinaut_git.stores.remote import sockets, transport

PATIENCE_S = 120
"""The time limit of a store that must give up much sooner."""

TRIED_AGAIN = {"remote_unreachable", "bad_answer"}
HTML = {"data": b"<!doctype html><title>Welcome</title>", "ours": False}
CASES = {
    "no such token": (failure(401, "denied", "bad_token"), "bad_token", Kind.DENIED, "COORDINAUT_TOKEN"),
    "a gateway asks for a password": (answer(401, **HTML), "bad_token", Kind.DENIED, "COORDINAUT_TOKEN"),
    "another team": (failure(403, "denied", "forbidden"), "forbidden", Kind.DENIED, "team red"),
    "another site": (answer(404, **HTML), "not_a_server", Kind.INVALID, "404"),
    "another site that is glad": (answer(200, **HTML), "not_a_server", Kind.INVALID, "200"),
    "an unknown route": (failure(404, "not_found", "no_route"), "no_route", Kind.NOT_FOUND, "says: No."),
    "a route that takes something else": (failure(405, "invalid", "bad_method"), "bad_method", Kind.INVALID, "No."),
    "moved": (answer(302, ours=False, Location="https://evil.example/x"), "redirected", Kind.INVALID, "evil.example"),
    "a body too long": (answer(413, **HTML), "too_large", Kind.ENVIRONMENT, "larger"),
    "trouble": (failure(503, "environment", "disk_full"), "server_failed", Kind.ENVIRONMENT, "could not"),
    "a bug": (failure(500, "bug", "bug"), "server_failed", Kind.ENVIRONMENT, "could not"),
    "a gateway without a server": (answer(502, **HTML), "remote_unreachable", Kind.CONTENDED, "502"),
    "a newer server": (answer(200, Coordinaut_Format="2", ours=False), "newer_format", Kind.ENVIRONMENT, "format 2"),
    "an older server": (answer(200, Coordinaut_Format="0", ours=False), "older_format", Kind.ENVIRONMENT, "older"),
    "a server of no format": (answer(200, Coordinaut_Format="x", ours=False), "older_format", Kind.ENVIRONMENT, "older"),
    "no JSON": (answer(200, data=b"nonsense"), "bad_answer", Kind.ENVIRONMENT, "cannot be read"),
    "no object": (answer(200, [1]), "bad_answer", Kind.ENVIRONMENT, "no JSON object"),
    "nested too deep": (answer(200, data=b"[" * 200_000), "bad_answer", Kind.ENVIRONMENT, "makes no sense"),
    "no documents": (answer(200, {"format": 1, "head": "h", "seq": 0, "documentsSeq": 0, "entries": []}),
                     "bad_answer", Kind.ENVIRONMENT, "documents"),
    "no head": (answer(200, {"format": 1, "seq": 0, "documentsSeq": 0, "entries": [], "documents": {}}),
                "bad_answer", Kind.ENVIRONMENT, "head"),
    "documents of tomorrow": (answer(200, {"format": 2}), "newer_format", Kind.ENVIRONMENT, "format 2"),
    "a gap": (state(seq=5, head="h", entries=[]).replace(b'"documentsSeq": 5', b'"documentsSeq": 3'),
              "bad_answer", Kind.ENVIRONMENT, "follow"),
    "no entry": (state(seq=1, entries=[{"id": "x"}]), "bad_answer", Kind.ENVIRONMENT, "cannot be read"),
    "a bomb": (answer(200, data=zlib.compress(b" " * 1_000_000), Content_Encoding="gzip"), "bad_answer",
               Kind.ENVIRONMENT, "compressed"),
    "no HTTP": (b"SSH-2.0-OpenSSH_9.2\r\n", "bad_answer", Kind.ENVIRONMENT, "HTTP"),
    "cut in the middle": (answer(200, Content_Length="9999"), None, Kind.CONTENDED, None),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_what_a_server_says_wrong_is_said_in_words(opened, case):
    told, code, kind, words = CASES[case]
    if code is None:
        told, code, words = _then_cut(told), "remote_unreachable", "cut"
    limit = {"COORDINAUT_REMOTE_TIMEOUT": "1.5"} if code in TRIED_AGAIN else {}
    with Scripted(told) as server:
        error = failing(opened(server.url, **limit).head)
    assert (error.code, error.kind) == (code, kind), error.message
    assert words in f"{error.message} {error.hint}"
    assert error.message.endswith(".")
    assert error.hint


def _then_cut(told):
    return lambda client, request: client.sendall(told)


def failing(act):
    with pytest.raises(CoordinautError) as raised:
        act()
    return raised.value


def test_nobody_there_is_said_within_a_few_seconds(opened):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    began = time.monotonic()
    error = failing(opened(f"http://127.0.0.1:{port}", COORDINAUT_REMOTE_TIMEOUT=str(PATIENCE_S)).head)
    assert (error.code, error.exit_code) == ("remote_unreachable", 5)
    assert "nothing listens there" in error.message
    assert time.monotonic() - began < PATIENCE_S / 2


def test_a_name_that_there_is_not_is_said(opened):
    error = failing(opened("https://no-such-host.invalid", COORDINAUT_REMOTE_TIMEOUT="1").head)
    assert (error.code, error.exit_code) == ("remote_unreachable", 5)
    assert "https://no-such-host.invalid" in error.message


def test_a_look_up_that_hangs_does_not_hold_us(opened, monkeypatch):
    over = threading.Event()
    monkeypatch.setattr(sockets.socket, "getaddrinfo", lambda *_, **__: over.wait(PATIENCE_S))
    began = time.monotonic()
    try:
        error = failing(opened("https://slow.example", COORDINAUT_REMOTE_TIMEOUT="0.5").head)
    finally:
        over.set()
    assert error.code == "remote_unreachable"
    assert time.monotonic() - began < PATIENCE_S / 2


def drip(client, request):
    for byte in state():
        time.sleep(0.5)
        client.sendall(bytes([byte]))


def endless_head(client, request):
    client.sendall(b"HTTP/1.1 200 OK\r\n")
    while True:
        time.sleep(0.01)
        client.sendall(b"X-More: " + b"y" * 100 + b"\r\n")


def endless_body(client, request):
    client.sendall(answer(200, data=b"", Content_Length=None) + b"[")
    while True:
        client.sendall(b"1," * 30_000)


@pytest.mark.parametrize("how", [SILENCE, drip, endless_head, endless_body])
def test_an_answer_without_an_end_is_given_up_in_time(opened, how, monkeypatch):
    monkeypatch.setattr(transport, "MOST_BYTES", 1_000_000)
    began = time.monotonic()
    with Scripted(how) as server:
        error = failing(opened(server.url, COORDINAUT_REMOTE_TIMEOUT="1").head)
    assert error.code in {"remote_unreachable", "bad_answer"}
    assert time.monotonic() - began < PATIENCE_S / 2


def test_a_server_that_is_busy_is_asked_again_when_it_says(opened):
    busy = failure(429, "contended", "server_busy", Retry_After="1")
    with Scripted(busy, state()) as server:
        began = time.monotonic()
        assert opened(server.url).head() == "genesis"
        assert time.monotonic() - began >= 1
        assert len(server.requests) == 2


def test_a_server_that_stays_busy_is_given_up_at_once_where_waiting_is_too_long(opened):
    with Scripted(failure(503, "contended", "server_busy", Retry_After="600")) as server:
        began = time.monotonic()
        error = failing(opened(server.url, COORDINAUT_REMOTE_TIMEOUT=str(PATIENCE_S)).head)
        assert (error.code, error.exit_code) == ("remote_busy", 5)
        assert time.monotonic() - began < PATIENCE_S / 2
        assert len(server.requests) == 1


def test_a_connection_that_breaks_is_made_anew(opened):
    with Scripted(CUT, state()) as server:
        assert opened(server.url).head() == "genesis"
        assert server.connections == 2


def test_one_connection_serves_many_questions(opened, monkeypatch):
    monkeypatch.setattr(transport, "IDLE_S", 600)
    events = answer(200, {"events": [], "head": "genesis", "seq": 0})
    with Scripted(state(), events) as server:
        store = opened(server.url)
        assert [store.head() for _ in range(5)] == ["genesis"] * 5
        assert (server.connections, len(server.requests)) == (1, 5)


def test_what_a_server_says_reaches_no_terminal_unclean(opened):
    evil = failure(404, "not_found", "x\x1b[31m", "a\x1b]0;b\x07\nc" + "d" * 10_000)
    with Scripted(evil) as server:
        error = failing(opened(server.url).head)
    told = f"{error.code}{error.message}{error.hint}"
    assert told.isprintable()
    assert len(told) < 600


def test_without_a_token_nothing_is_sent(opened):
    with Scripted(state()) as server:
        error = failing(opened(server.url, token=None).head)
        assert (error.code, error.exit_code) == ("bad_token", 4)
        assert "COORDINAUT_TOKEN is not set" in error.message
        assert server.connections == 0


def test_no_error_shows_the_token(opened):
    secret = "s3cr3t-of-the-team"
    for told in (failure(401, "denied", "bad_token"), answer(302, ours=False, Location="/x"), b"nonsense\r\n", CUT):
        with Scripted(told) as server:
            limit = {"COORDINAUT_REMOTE_TIMEOUT": "1.5"} if told == CUT else {}
            store = opened(server.url, token=secret, **limit)
            error = failing(store.head)
            seen = [error.message, error.hint, json.dumps(error.as_json()), repr(error), repr(vars(store))]
            seen += [repr(error.__cause__), repr(error.__context__), repr(store.server), json.dumps(store.describe())]
            assert not [text for text in seen if secret in str(text)]
            assert server.requests[0].headers["authorization"] == f"Bearer {secret}"


@pytest.mark.parametrize("token", ["two words", "line\nend", "tab\t", "nul\0", "ünï", "a\r\nX-Other: 1"])
def test_a_token_that_could_change_a_request_is_refused_and_not_shown(opened, token):
    error = failing(lambda: opened("https://host.example", token=token))
    assert (error.code, error.exit_code) == ("bad_token_form", 2)
    assert token not in json.dumps(error.as_json(), ensure_ascii=False)


@pytest.mark.parametrize("text", ["soon", "-1", "0", "nan", "inf", "601"])
def test_a_time_limit_that_is_none_is_refused(opened, text):
    assert failing(lambda: opened("https://host.example", COORDINAUT_REMOTE_TIMEOUT=text)).code == "bad_setting"
