"""Many writers at one project, with the server killed and started again in the middle.

Each writer claims one path for itself, over and over, by the protocol: reads the line, decides, posts the operation.
"""

import http.client
import threading
import time

import pytest
from server_lines import Writer, opaque
from serving import Server

from coordinaut_git.wire import entry_of

WRITERS, ROUNDS, KILLS = 16, 6, 3
LIMIT_S = 600


def begun(client, project):
    return client.put(f"{project}/state", {}, if_none_match="*").head


class Racer(threading.Thread):
    """Adds entries of its own until it has as many acknowledged as it wants; never sends one twice as another."""

    def __init__(self, server, project, number):
        super().__init__(daemon=True)
        self.server, self.project, self.number = server, project, number
        self.acknowledged = []
        self.trouble = None

    def run(self):
        try:
            for count in range(ROUNDS):
                self._write(f"w{self.number}-{count}")
        except BaseException as error:
            self.trouble = error
            raise

    def _write(self, name):
        """Write one entry, whatever happens to the server, exactly once."""
        client = self.server.client(limit_s=60)
        end_s = time.monotonic() + LIMIT_S
        while time.monotonic() < end_s:
            try:
                if self._tried(client, name):
                    return
            except (OSError, http.client.HTTPException):
                time.sleep(0.05)
        raise AssertionError(f"{name} was not written in time")

    def _tried(self, client, name):
        page = client.get(f"{self.project}/events?order=desc&limit=50")
        if page.status == 503:
            return False
        here = [event for event in page.value["events"] if event["id"] == name]
        if not here:
            entry = opaque(page.value["seq"] + 1, id=name, operation={"path": f"src/{self.number % 4}", "by": name})
            answer = client.post(
                f"{self.project}/transactions", {"entry": entry, "changes": {}}, if_match=f'"{page.head}"'
            )
            if answer.status not in {200, 201}:
                assert answer.status in {412, 503}, answer
                return False
        self.acknowledged.append(name)
        return True


def raced(server, project):
    racers = [Racer(server, project, number) for number in range(WRITERS)]
    for racer in racers:
        racer.start()
    return racers


def wait_until_acknowledged(racers, count):
    end_s = time.monotonic() + LIMIT_S
    while sum(len(racer.acknowledged) for racer in racers) < count:
        assert time.monotonic() < end_s, [racer.trouble for racer in racers]
        time.sleep(0.01)


def check(server, project, racers):
    client = server.client()
    events = client.get(f"{project}/events?limit=10000").value["events"]
    names = [event["id"] for event in events]
    told = [name for racer in racers for name in racer.acknowledged]
    assert [racer.trouble for racer in racers] == [None] * WRITERS
    assert len(told) == WRITERS * ROUNDS
    assert sorted(names) == sorted(told), "what was acknowledged is there, once, and nothing else"
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    for number in range(WRITERS):
        own = [name for name in names if name.startswith(f"w{number}-")]
        assert own == [f"w{number}-{count}" for count in range(ROUNDS)], "each writer's entries are in its order"


def test_racing_writers_lose_nothing_and_write_nothing_twice(any_server, project):
    begun(any_server.client(), project)
    racers = raced(any_server, project)
    for racer in racers:
        racer.join(LIMIT_S)
    check(any_server, project, racers)


@pytest.mark.slow
def test_a_server_that_is_killed_in_the_middle_keeps_all_that_it_has_acknowledged(tmp_path, project):
    with Server(tmp_path) as server:
        begun(server.client(), project)
        racers = raced(server, project)
        for round_ in range(1, KILLS + 1):
            wait_until_acknowledged(racers, round_ * WRITERS)
            server.kill()
            server.start()
        for racer in racers:
            racer.join(LIMIT_S)
        check(server, project, racers)


def test_a_server_that_is_stopped_in_the_middle_finishes_what_it_has_in_hand(tmp_path, project):
    with Server(tmp_path) as server:
        begun(server.client(), project)
        racers = raced(server, project)
        for number in range(2):
            wait_until_acknowledged(racers, (number + 1) * WRITERS)
            assert server.stop() == 0
            server.start()
        for racer in racers:
            racer.join(LIMIT_S)
        check(server, project, racers)
        assert not [line for line in server.log if line["event"] == "bug"]


def test_of_those_who_claim_one_path_at_the_same_time_one_owns_it(any_server, project):
    """Each has decided lawfully on what it knew; the server judges them one after the other."""
    client = any_server.client()
    writer = Writer()
    writer.work(1)
    begun_with = client.put(f"{project}/state", {"entries": writer.forms}, if_none_match="*")
    assert begun_with.status == 201, begun_with
    rivals = [rival(writer, number) for number in range(8)]
    answers = []

    def claim(forms):
        mine, head = any_server.client(), begun_with.head
        for form in forms:
            answer = mine.post(f"{project}/events", form, if_match=f'"{head}"')
            head = answer.headers.get("etag", "").strip('"')
            answers.append(answer.status)
            if answer.status != 201:
                return

    threads = [threading.Thread(target=claim, args=(forms,)) for forms in rivals]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LIMIT_S)
    assert sorted(set(answers)) == [201, 412]
    leases = Writer.replayed([entry_of(form) for form in entries(client, project)]).leases()
    assert len(leases) == 1


def rival(writer, number):
    """A task and a claim of the same path, as one more agent would decide on what the writer knows."""
    other = Writer.after(writer.entries)
    before = len(other.entries)
    other.claim(f"rival {number}", "src/shared/**", f"agent_{number}")
    return other.forms[before:]


def entries(client, project):
    events = client.get(f"{project}/events?limit=1000").value["events"]
    return [{key: value for key, value in event.items() if key != "head"} for event in events]
