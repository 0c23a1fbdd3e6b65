"""Sixteen machines race for files through one server, which is killed and started again in the middle."""

import json
import os
import subprocess
import time
from pathlib import Path

import pytest
import warm
from ownership import History
from serving import Server

RACERS, KILLS, OPERATIONS = 16, 3, 3
"""Each racer creates, claims and releases in each round."""

LIMIT_S = 900
ROUNDS = 40 if os.environ.get("COORDINAUT_LONG") else 3
RACER = Path(__file__).with_name("racer.py")


@pytest.fixture
def racers(server, tmp_path, opened):
    opened(server.url, "race").create()
    started = [
        warm.Started(
            warm.COMMANDS,
            *(server.url, "race", tmp_path / f"m{number}", f"agent-{number}", str(ROUNDS)),
            text=RACER.read_text(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=tmp_path,
        )
        for number in range(RACERS)
    ]
    yield started
    for process in started:
        process.kill()
        process.communicate()


def wait_until_so_many(store, operations):
    end_s = time.monotonic() + LIMIT_S
    while (head := store.head()) and (now := store.snapshot(head)).seq + len(now.entries) < operations:
        assert time.monotonic() < end_s
        time.sleep(0.05)


@pytest.mark.slow
def test_whatever_becomes_of_the_server_nothing_acknowledged_is_lost_and_a_path_has_one_owner(
    server: Server, racers, opened
):
    for process in racers:
        assert process.stdout.readline() == "ready\n"
    for process in racers:
        process.stdin.write("\n")
        process.stdin.flush()
    watcher = opened(server.url, "race", cache="watcher")
    for number in range(1, KILLS + 1):
        wait_until_so_many(watcher, number * RACERS * ROUNDS * OPERATIONS // (KILLS + 1))
        server.kill()
        server.start()
    told = [process.communicate(timeout=LIMIT_S)[0].split("\n") for process in racers]
    assert [process.returncode for process in racers] == [0] * RACERS
    done = [line.partition(" ")[2] for lines in told for line in lines if line.startswith("done ")]
    store = opened(server.url, "race", cache=None)
    bodies = [json.loads(body) for _, body in store.walk(store.head())][::-1]
    line = [body["id"] for body in bodies]
    assert len(line) == len(set(line)), "an operation was written twice"
    assert set(done) <= set(line), "what was acknowledged is lost"
    history = History()
    for body in bodies:
        history.take(body)
    assert sum(body["op"] == "task_claimed" for body in bodies) >= RACERS * ROUNDS
    assert len(done) >= RACERS * ROUNDS * OPERATIONS - RACERS * KILLS, "one answer of each is lost at a kill, at most"
