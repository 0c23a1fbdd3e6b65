"""Waiting for news: long polls and streams."""

import http.client
import json
import threading
import time
from contextlib import ExitStack
from urllib.parse import urlsplit

import pytest
from server_lines import opaque
from serving import ADMIN, LIMIT_S, Server

SOON_S = 40  # polls wait for longer than that


def begun(client, project):
    return client.put(f"{project}/state", {}, if_none_match="*").head


def send(client, project, head, seq):
    answer = client.post(f"{project}/transactions", {"entry": opaque(seq)}, if_match=f'"{head}"')
    assert answer.status == 201, answer
    return answer.head


class Stream:
    """A client of a stream, which reads one event after the other."""

    def __init__(self, server, path, token=ADMIN, **headers):
        place = urlsplit(server.url)
        self._connection = http.client.HTTPConnection(place.hostname, place.port, timeout=LIMIT_S)
        sent = {"accept": "text/event-stream", "authorization": f"Bearer {token}"}
        self._connection.request("GET", path, headers={**sent, **{k.replace("_", "-"): v for k, v in headers.items()}})
        self.answer = self._connection.getresponse()

    def block(self):
        """The lines up to the next empty one; None at the end of the stream."""
        lines = []
        while (line := self.answer.readline().decode()) not in {"", "\n"}:
            lines.append(line.rstrip("\n"))
        return lines or (None if line == "" else [])

    def event(self):
        """The next event: its id, and what it holds."""
        while (lines := self.block()) is not None:
            fields = dict(line.split(": ", 1) for line in lines if not line.startswith(":"))
            if "data" in fields:
                assert fields["event"] == "operation"
                data = json.loads(fields["data"])
                assert fields["id"] == str(data["seq"])
                return data
        return None

    def close(self):
        self._connection.close()


class Waiting:
    """A poll that has been sent, and is answered in a thread."""

    def __init__(self, client, path):
        self._client, self._path, self._found = client, path, []
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._began_s = time.monotonic()

    def __enter__(self):
        self._client.send("GET", self._path)
        self._thread.start()
        return self

    def __exit__(self, *_):
        """The thread ends with the client's connection at the latest."""

    def _read(self):
        self._found.append(self._client.receive())

    def for_some_time(self):
        """Whether it still waits after a while."""
        self._thread.join(0.5)
        return self._thread.is_alive()

    def answer(self):
        """What came, long before the poll's own time was over."""
        self._thread.join(SOON_S)
        assert self._found, "it was not answered"
        assert time.monotonic() - self._began_s < SOON_S
        return self._found[0]


@pytest.fixture
def stream(server):
    opened = []

    def start(*arguments, **headers):
        opened.append(Stream(server, *arguments, **headers))
        return opened[-1]

    yield start
    for one in opened:
        one.close()


def test_a_poll_waits_for_the_first_event_and_no_longer(any_server, project):
    writer, reader = any_server.client(), any_server.client()
    head = begun(writer, project)
    with Waiting(reader, f"{project}/events?after=0&wait=55") as waiting:
        assert waiting.for_some_time()
        send(writer, project, head, 1)
        answer = waiting.answer()
    assert [event["seq"] for event in answer.value["events"]] == [1]
    assert answer.value["head"] == answer.head


def test_a_poll_ends_with_nothing_when_its_time_is_over(server, project):
    client = server.client()
    head = begun(client, project)
    began_s = time.monotonic()
    assert client.get(f"{project}/events?wait=0.5").value == {"events": [], "head": head, "seq": 0}
    assert time.monotonic() - began_s >= 0.5


def test_what_is_there_already_is_not_waited_for(server, project):
    client = server.client()
    send(client, project, begun(client, project), 1)
    began_s = time.monotonic()
    assert client.get(f"{project}/events?wait=60").value["seq"] == 1
    assert client.get(f"{project}/events?before=1&wait=60").value["events"] == []
    assert time.monotonic() - began_s < SOON_S


def test_what_another_process_writes_is_noticed(tmp_path, project):
    with Server(tmp_path) as first, Server(tmp_path) as second:
        reader, writer = first.client(), second.client()
        head = begun(writer, project)
        with Waiting(reader, f"{project}/events?wait=55") as waiting:
            assert waiting.for_some_time()
            send(writer, project, head, 1)
            assert waiting.answer().value["seq"] == 1


def test_more_clients_wait_than_there_are_threads(tmp_path, project):
    with Server(tmp_path, COORDINAUT_SERVER_THREADS="1") as server:
        writer = server.client()
        head = begun(writer, project)
        with ExitStack() as stack:
            polls = [Waiting(server.client(), f"{project}/events?wait=55") for _ in range(12)]
            waiting = [stack.enter_context(poll) for poll in polls]
            server.has_read()
            send(writer, project, head, 1)
            assert [one.answer().value["seq"] for one in waiting] == [1] * 12


def test_a_stream_tells_what_was_and_what_comes_each_once_and_in_order(server, project, stream):
    client = server.client()
    head = send(client, project, begun(client, project), 1)
    reader = stream(f"{project}/events")
    assert reader.answer.getheader("content-type").startswith("text/event-stream")
    assert reader.answer.getheader("x-accel-buffering") == "no"
    assert reader.event()["seq"] == 1
    for seq in range(2, 20):
        head = send(client, project, head, seq)
    assert [reader.event()["seq"] for _ in range(18)] == list(range(2, 20))


def test_a_stream_that_was_cut_goes_on_after_the_last_event(server, project, stream):
    client = server.client()
    head = begun(client, project)
    for seq in (1, 2, 3):
        head = send(client, project, head, seq)
    first = stream(f"{project}/events")
    assert [first.event()["seq"] for _ in range(2)] == [1, 2]
    first.close()
    send(client, project, head, 4)
    again = stream(f"{project}/events?after=0", last_event_id="2")
    assert [again.event()["seq"] for _ in range(2)] == [3, 4]


def test_a_stream_begins_after_a_head_or_a_number(server, project, stream):
    client = server.client()
    heads = [begun(client, project)]
    for seq in (1, 2, 3):
        heads.append(send(client, project, heads[-1], seq))
    assert stream(f"{project}/events?after={heads[2]}").event()["seq"] == 3
    assert stream(f"{project}/events?after=1").event()["seq"] == 2
    assert stream(f"{project}/events?after=unknown").answer.status == 404
    assert stream(f"{project}/events?order=desc").answer.status == 422
    assert stream(f"{project}-not/events").answer.status == 404
    assert stream(f"{project}/events", token="blue-admin").answer.status == 403
    assert stream(f"{project}/events", token="none").answer.status == 401


def test_the_head_of_a_stream_is_answered_at_once(server, project):
    client = server.client()
    begun(client, project)
    assert client("HEAD", f"{project}/events", accept="text/event-stream").status == 200
    assert client.get(f"{project}/state").status == 200


def test_polls_and_streams_end_when_the_server_stops(tmp_path, project):
    with Server(tmp_path) as server:
        client = server.client()
        head = begun(client, project)
        reader = Stream(server, f"{project}/events")
        with Waiting(server.client(), f"{project}/events?wait=60") as waiting:
            server.has_read()
            assert server.stop() == 0
            assert waiting.answer().value == {"events": [], "head": head, "seq": 0}
        assert reader.event() is None
        reader.close()
        assert [line["event"] for line in server.log][-1] == "stopped"


def test_a_stream_ends_when_its_token_is_taken_away(tmp_path, project):
    tokens = tmp_path / "tokens.json"
    tokens.write_text(json.dumps({"soon-gone": {"team": "red", "role": "read"}}))
    with Server(tmp_path, COORDINAUT_SERVER_TOKENS_FILE=str(tokens)) as server:
        client = server.client()
        head = send(client, project, begun(client, project), 1)
        reader = Stream(server, f"{project}/events", token="soon-gone")
        assert reader.event()["seq"] == 1
        tokens.write_text("{}")
        assert server.client("soon-gone").get(f"{project}/state").failure == (401, "bad_token")
        send(client, project, head, 2)
        assert reader.event() is None
        reader.close()
