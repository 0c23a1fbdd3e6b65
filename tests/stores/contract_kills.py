"""The contract's cases of a writer that is killed at one system call, and of a disk that takes no more."""

import json
import os
import random
import shutil
import signal
import time

import pytest
from children import child, say
from writing import put, state

LONG = bool(os.environ.get("COORDINAUT_LONG"))
CHANGING = ("write", "pwrite64", "pwritev", "writev", "rename", "link", "unlink", "fsync", "fdatasync", "ftruncate")
TALKING = ("sendto", "sendmsg")
CALLS = (*CHANGING, *TALKING)
PATIENCE_S = 120.0
"""How long a writer stands in line here: whoever waited for a dead one has waited as long as that."""

OPENED = """
import os, sys
from pathlib import Path
from worlds import WORLDS
from writing import put
name, folder = sys.argv[1], Path(sys.argv[2])
"""

WRITES_ONE = (
    OPENED
    + """
store = WORLDS[name](folder).open()
store.head()
print("ready", flush=True)
os.path.exists("/coordinaut-begin")
print(put(store, {"a.json": "1", "b/c.json": "2"}, wait_s=120).id, flush=True)
os.path.exists("/coordinaut-end")
"""
)

WRITES_WITH_LITTLE_ROOM = (
    OPENED
    + """
import json, resource
from coordinaut_git.errors import CoordinautError

def with_room(limit):
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    try:
        store = WORLDS[name](folder).open()
        return {"id": put(store, {"a.json": "1" * 500}, wait_s=1, attempts=1).id}
    except CoordinautError as error:
        return {"code": error.code, "kind": error.kind}

for line in sys.stdin:
    child = os.fork()
    if child == 0:
        try:
            print(json.dumps(with_room(int(line))), flush=True)
        finally:
            os._exit(0)
    os.waitpid(child, 0)
"""
)


def traced(world, *options):
    """One operation under strace; gives what was acknowledged, and whether its process was killed."""
    command = ("strace", "-f", "-qq", "-o", str(world.folder / "trace"), *options)
    with child(WRITES_ONE, world.name, world.folder, command=command) as process:
        told = process.stdout.read().split("\n")
        code = process.wait()
    assert told[0] == "ready", "killed before it began: the count of calls is wrong"
    return told[1:-1], code == -signal.SIGKILL


def boundaries(world):
    """The calls between begin and end, as strace counts them in the writing thread: (name, how many-th)."""
    traced(world, "-e", f"trace={','.join(CALLS)},stat,newfstatat")
    counts, found, inside = dict.fromkeys(CALLS, 0), [], False
    lines = (world.folder / "trace").read_text(errors="replace").splitlines()
    writer = lines[0].split(maxsplit=1)[0]
    for line in lines:
        process, _, call = line.partition(" ")
        if '"/coordinaut-begin"' in call or '"/coordinaut-end"' in call:
            inside = "begin" in call
        name = call.strip().split("(")[0]
        if process == writer and name in counts:
            counts[name] += 1
            found += [(name, counts[name])] if inside else []
    return found


def check(world, acknowledged):
    """Nothing acknowledged is lost, nothing is there twice, and what is there is numbered without a gap."""
    entries = [json.loads(body) for body in world.raw_log()]
    names = [one["id"] for one in entries]
    assert [one["seq"] for one in entries] == list(range(1, len(entries) + 1))
    assert len(set(names)) == len(names)
    assert set(acknowledged) <= set(names)
    return names


def put_at_once(store, changes):
    """`put`, by a writer that waits for nobody who is dead, however slow the machine is."""
    began = time.monotonic()
    written = put(store, changes, wait_s=PATIENCE_S)
    assert time.monotonic() - began < PATIENCE_S / 2, "it waited for a dead one"
    return written


class KillContract:
    """The cases; part of `ProcessContract`."""

    def test_killed_at_a_system_call_nothing_is_lost_and_the_next_writes_at_once(self, world):
        if shutil.which("strace") is None:
            pytest.skip("only strace kills at a system call; the workflow of CI installs it")
        store = world.open()
        store.create()
        acknowledged = [put(store, {"a.json": str(number)}).id for number in range(3)]
        places = boundaries(world)
        assert places, "an operation without a call that changes something"
        chosen = random.Random(3).sample(places, min(len(places), 100 if LONG else 5))
        killed = 0
        for name, number in chosen:
            inject = f"inject={name}:signal=SIGKILL:when={number}"
            told, was_killed = traced(world, "-e", f"trace={name}", "-e", inject)
            acknowledged += told
            killed += was_killed
            fresh = world.open()
            acknowledged.append(put_at_once(fresh, {"survivor.json": "1"}).id)
            check(world, acknowledged)
            assert state(fresh)["survivor.json"] == b"1"
        assert killed > len(chosen) / 2, "the calls are counted wrong"

    def test_a_disk_that_takes_no_more_is_told_and_the_operation_is_written_or_not(self, world):
        store = world.open()
        store.create()
        acknowledged = [put(store, {"a.json": str(number) * 1_000}).id for number in range(3)]
        sizes = sorted({file.stat().st_size for file in world.folder.rglob("*") if file.is_file()} | {4096})
        near = {size + more for size in sizes[-4:] for more in (0, 50, 600)}
        limits = [0, 1, 100, *sorted(near), 10 * sizes[-1]]
        outcomes = []
        with child(WRITES_WITH_LITTLE_ROOM, world.name, world.folder) as process:
            for limit in limits:
                say(process, str(limit))
                told = json.loads(process.stdout.readline())
                outcomes.append(told)
                acknowledged += [told["id"]] if "id" in told else []
                assert told.get("kind", "environment") == "environment", told
                assert check(world, acknowledged) == acknowledged, "what was refused is there all the same"
                acknowledged.append(put(world.open(), {"later.json": "1"}, wait_s=1, attempts=1).id)
        assert check(world, acknowledged) == acknowledged
        if not world.fixtures:  # the files of the others are a server's
            assert "code" in outcomes[0]
            assert "id" in outcomes[-1]
            assert {told["code"] for told in outcomes if "code" in told} <= {"disk_full", "write_failed"}, outcomes
