"""A lost answer: the operation is on the line once, or not at all, and whoever asked is told the truth."""

import json
import time

import pytest
from cutting import ANSWER, REQUEST, Cutting
from scripted import CUT, GENESIS, Scripted, answer, failure, state
from world import actor
from writing import attempt, entry, put
from writing import state as state_of

from coordinaut_git.clock import RandomIds, SystemClock
from coordinaut_git.coordinator import Coordinator
from coordinaut_git.documents import OutcomeUnknown, StaleHead
from coordinaut_git.errors import CoordinautError
from coordinaut_git.protocol.requests import CreateTask
from coordinaut_git.wire import entry_form


@pytest.fixture
def cutting(server):
    with Cutting(server) as proxy:
        yield proxy


@pytest.fixture
def store(line, opened, project, cutting):
    """A handle whose way leads through the proxy."""
    del line
    return opened(cutting.url, project, cache="other", COORDINAUT_REMOTE_TIMEOUT="240")


@pytest.mark.parametrize("lose", [[ANSWER], [REQUEST], [ANSWER, ANSWER], [REQUEST, ANSWER], [ANSWER, REQUEST, ANSWER]])
def test_whatever_is_lost_the_operation_is_written_once_and_answered(store, line, cutting, lose):
    for number in (1, 2):
        cutting.lose = list(lose)
        head, written = attempt(store, {f"{number}.json": "1"})
        assert not cutting.lose
        newest = line()
        assert newest.head() == head
        assert next(newest.log(head)) == written
        assert written.seq == number
    assert state_of(line()) == {"1.json": b"1", "2.json": b"1"}


@pytest.mark.parametrize("lose", [[ANSWER], [REQUEST]])
def test_documents_arrive_once_also_where_the_answer_to_a_checkpoint_is_lost(store, line, cutting, lose):
    for number in range(1, 63):
        put(store, {f"{number % 5}.json": str(number)})
    cutting.lose = [*lose, None, *lose, None, *lose]
    for number in range(63, 67):
        put(store, {f"{number % 5}.json": str(number)})
    wanted = {f"{number % 5}.json": str(number).encode() for number in range(62, 67)}
    assert state_of(store) == state_of(line()) == state_of(line(None)) == wanted


def test_a_rewriting_whose_answer_is_lost_is_done_once(store, line, cutting):
    put(store, {"a.json": "1"})
    before, new = store.head(), entry(2)
    cutting.lose = [ANSWER]
    head = store.rewrite(before, new, lambda: {"b.json": b"2"})
    assert line(None).head() == store.head() == head
    assert state_of(line(None)) == state_of(store) == {"b.json": b"2"}


def test_an_operation_that_was_lost_and_overtaken_is_stale_and_not_on_the_line(store, line, cutting):
    head = store.head()
    cutting.lose = [REQUEST]
    other = attempt(line(), {"who.json": "other"}, head)[1]
    with pytest.raises(StaleHead):
        attempt(store, {"who.json": "me"}, head)
    assert list(line(None).log(line(None).head())) == [other]


def events(*entries):
    told = [{**entry_form(one), "head": f"h{one.seq}"} for one in entries]
    return {"events": told, "head": f"h{entries[-1].seq}", "seq": entries[-1].seq}


def stale(*entries, heads=True):
    told = [entry_form(one) | ({"head": f"h{one.seq}"} if heads else {}) for one in entries]
    error = {"kind": "contended", "code": "stale_head", "message": "Late.", "hint": None, "details": {}}
    return answer(412, {"ok": False, "error": error, "head": f"h{entries[-1].seq}", "entries": told})


def test_a_server_that_knows_no_ids_cannot_make_it_write_twice(opened):
    mine, later = entry(1, {"a.json": "1"}), entry(2)
    for told, head in ((stale(mine), "h1"), (stale(mine, later), "h1")):
        with Scripted(state(), CUT, told) as server:
            store = opened(server.url, cache=None)
            assert store.commit(store.head(), mine, dict) == head
    with Scripted(state(), CUT, stale(mine, later, heads=False), answer(200, events(mine))) as server:
        store = opened(server.url, cache=None)
        assert store.commit(store.head(), mine, dict) == "h1"
        assert server.requests[-1].path.endswith(f"events?after={GENESIS}&limit=1")


def test_the_same_request_is_sent_again(opened):
    mine = entry(1, {"a.json": "1"})
    with Scripted(state(), CUT, failure(500, "bug", "bug"), answer(200, {"head": "h1", "repeated": True})) as server:
        store = opened(server.url)
        assert store.commit(store.head(), mine, dict) == "h1"
        first, second, third = (request for request in server.requests if request.method == "POST")
        assert first.body == second.body == third.body
        assert first.headers["if-match"] == second.headers["if-match"] == third.headers["if-match"] == f'"{GENESIS}"'
        assert json.loads(first.body)["entry"]["id"] == mine.id


@pytest.mark.parametrize("told", [CUT, b"SSH-2.0\r\n", failure(500, "bug", "bug"), answer(504, ours=False)])
def test_what_cannot_be_told_is_said_to_be_unknown(opened, told):
    with Scripted(state(), told) as server:
        store = opened(server.url)
        head = store.head()
        store.server.timeout_s = 1.0
        with pytest.raises(OutcomeUnknown):
            store.commit(head, entry(1), dict)


@pytest.mark.parametrize(
    ("told", "code"),
    [
        (failure(503, "contended", "server_busy"), "remote_busy"),
        (failure(429, "contended", "server_busy"), "remote_busy"),
        (failure(403, "denied", "forbidden"), "forbidden"),
        (answer(413, ours=False), "too_large"),
        (failure(422, "invalid", "bad_parameter"), "bad_parameter"),
        (failure(503, "environment", "disk_full"), "server_failed"),
    ],
)
def test_what_was_certainly_not_done_is_no_unknown_outcome(opened, told, code):
    with Scripted(state(), told) as server:
        store = opened(server.url)
        head = store.head()
        store.server.timeout_s = 1.0 if code == "remote_busy" else 240.0
        with pytest.raises(CoordinautError) as raised:
            store.commit(head, entry(1), dict)
        assert raised.value.code == code


def test_a_server_that_goes_away_for_good_in_the_middle_is_told_by_the_operations_id(opened):
    with Scripted(state(), CUT) as server:
        store = opened(server.url)
        coordinator = Coordinator(store, SystemClock(), RandomIds(), team=True)
        coordinator.read()
        store.server.timeout_s = 2.0
        began = time.monotonic()
        with pytest.raises(CoordinautError) as raised:
            coordinator.run(CreateTask(title="once"), actor("alice"))
        assert raised.value.code == "unknown_outcome"
        sent = [json.loads(request.body)["entry"]["id"] for request in server.requests if request.method == "POST"]
        assert set(sent) == {raised.value.details["operation"]}
        assert time.monotonic() - began < 60, "it is given up, and asked once more in a hurry"


def test_a_project_is_begun_by_one_of_those_whose_answers_are_lost(server, project, opened):
    with Cutting(server, "PUT") as cutting:
        cutting.lose = [ANSWER]
        store = opened(cutting.url, project, COORDINAUT_REMOTE_TIMEOUT="240")
        assert store.create() is False, "nobody can tell who began it, so nobody claims to have"
        assert store.head() == opened(server.url, project, cache="other").head()
