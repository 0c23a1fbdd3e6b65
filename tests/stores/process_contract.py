"""What every store promises to processes: none loses what another wrote, whatever kills them."""

import json
import os
import random
import signal
import time

from children import child, say
from contract_kills import KillContract, put_at_once
from writing import state

LONG = bool(os.environ.get("COORDINAUT_LONG"))

PRELUDE = """
import sys
from pathlib import Path
from worlds import WORLDS
from writing import put
name, folder, me, number = sys.argv[1], Path(sys.argv[2]), sys.argv[3], int(sys.argv[4])
store = WORLDS[name](folder).open()
print("ready", flush=True)
sys.stdin.readline()
"""

APPEND = (
    PRELUDE
    + """
for n in range(number):
    print(put(store, {f"{me}/{n % 9}.json": str(n)}, wait_s=120).id, flush=True)
"""
)

CREATE = (
    PRELUDE
    + """
print(store.create(), flush=True)
"""
)

FOR_EVER = (
    PRELUDE
    + """
n = 0
while True:
    print(put(store, {f"{me}/{n % 9}.json": str(n)}, wait_s=120).id, flush=True)
    n += 1
"""
)


def together(world, script, processes, number=0):
    """Run the script in several processes that start at the same moment; gives the lines each printed."""
    from contextlib import ExitStack

    with ExitStack() as stack:
        running = [
            stack.enter_context(child(script, world.name, world.folder, f"p{me}", number)) for me in range(processes)
        ]
        for process in running:
            assert process.stdout.readline() == "ready\n"
        for process in running:
            say(process)
        return [process.stdout.read().split() for process in running]


def check_line(world, acknowledged):
    """The entries are numbered without a gap, and every acknowledged one is there once."""
    entries = [json.loads(body) for body in world.raw_log()]
    assert [one["seq"] for one in entries] == list(range(1, len(entries) + 1))
    names = [one["id"] for one in entries]
    assert len(set(names)) == len(names)
    assert set(acknowledged) <= set(names)
    return names


class ProcessContract(KillContract):
    """The cases; mixed into a `StoreContract`."""

    def test_of_racing_processes_exactly_one_created_it(self, world):
        for round_number in range(2):
            fresh = type(world)(make_folder(world.folder / f"round-{round_number}"))
            fresh.name = world.name
            made = together(fresh, CREATE, 4)
            assert sorted(made) == [["False"], ["False"], ["False"], ["True"]]

    def test_of_many_processes_every_entry_is_kept_once_in_one_order(self, world):
        store = world.open()
        store.create()
        processes, number = (8, 200) if LONG else (4, 40)
        acknowledged = together(world, APPEND, processes, number)
        assert [len(names) for names in acknowledged] == [number] * processes
        line = check_line(world, [name for names in acknowledged for name in names])
        assert len(line) == processes * number
        for names in acknowledged:
            mine = set(names)
            assert [name for name in line if name in mine] == names
        assert len(state(store)) == processes * 9

    def test_whatever_is_killed_nothing_acknowledged_is_lost_and_the_next_writes_at_once(self, world):
        store = world.open()
        store.create()
        generator = random.Random(int(os.environ.get("COORDINAUT_SEED", "1")))
        acknowledged = []
        for _ in range(200 if LONG else 8):
            with child(FOR_EVER, world.name, world.folder, "victim", 0) as process:
                assert process.stdout.readline() == "ready\n"
                say(process)
                first = process.stdout.readline().strip()
                time.sleep(generator.uniform(0, 0.12))
                process.send_signal(signal.SIGKILL)
                told = process.stdout.read().split("\n")
                acknowledged += [first, *told[:-1]]
            acknowledged.append(put_at_once(store, {"survivor.json": "1"}).id)
        check_line(world, acknowledged)

    def test_killed_in_a_crowd_nothing_acknowledged_is_lost(self, world):
        store = world.open()
        store.create()
        generator = random.Random(2)
        acknowledged = []
        with child(APPEND, world.name, world.folder, "bystander", 60) as bystander:
            assert bystander.stdout.readline() == "ready\n"
            say(bystander)
            for number in range(60 if LONG else 6):
                with child(FOR_EVER, world.name, world.folder, f"victim-{number}", 0) as victim:
                    assert victim.stdout.readline() == "ready\n"
                    say(victim)
                    time.sleep(generator.uniform(0, 0.2))
                    victim.kill()
                    acknowledged += victim.stdout.read().split("\n")[:-1]
            acknowledged += bystander.stdout.read().split()
        assert len(check_line(world, acknowledged)) >= 60


def make_folder(folder):
    folder.mkdir()
    return folder
