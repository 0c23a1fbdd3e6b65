"""Joining lines in a git repository among programs that write, prune, die, and have no room.

Rule 1: what `insert` and `put` acknowledged is on the line at the end, whatever was done meanwhile; git says that the
        repository is whole.
"""

import json
import random
import shutil

import pytest
from children import child, say
from contract_kills import put_at_once
from process_contract import LONG, PRELUDE, check_line, together
from test_git_storms import CALLS, LOOKING, check, copy_of, git_quietly, needs_strace
from worlds import GitWorld, run
from writing import insert, put

from coordinaut_git.documents import Head
from coordinaut_git.errors import CoordinautError

INSERTS = (
    PRELUDE.replace("import put", "import insert, put")
    + """
from coordinaut_git.errors import CoordinautError
done = 0
while done < number:
    head = store.head()
    try:
        if done % 2:
            print(insert(store, {f"{me}/{done % 9}.json": str(done)}, below=done % 5, wait_s=120).id, flush=True)
        else:
            print(put(store, {f"{me}/{done % 9}.json": str(done)}, wait_s=120).id, flush=True)
    except CoordinautError as error:  # the line that was read is not the line any more, and somebody has pruned
        if error.code != "unreadable_history" or store.head() == head:
            raise
        continue
    done += 1
"""
)


@pytest.fixture
def world(tmp_path):
    world = GitWorld(tmp_path)
    world.name = "git"
    run(world.root, "config", "coordinaut.flush", "false")
    run(world.root, "config", "gc.writeCommitGraph", "false")
    yield world
    world.close()


@pytest.fixture
def store(world):
    store = world.open()
    store.create()
    return store


def test_processes_that_write_and_join_at_once_lose_nothing(world, store):
    number = 200 if LONG else 16
    acknowledged = [name for names in together(world, INSERTS, 4, number) for name in names]
    assert len(acknowledged) == 4 * number
    check(world, acknowledged)


def test_what_somebody_prunes_while_lines_are_joined_is_put_back(world, store):
    """What the line had before is gone at once then; whoever reads it meanwhile reads the newest line instead."""
    number, acknowledged = (400 if LONG else 24), []
    commands = ("gc", "--quiet", "--prune=now"), ("prune", "--expire=now")
    with (
        child(INSERTS, world.name, world.folder, "a", number) as one,
        child(INSERTS, world.name, world.folder, "b", number) as two,
    ):
        for process in (one, two):
            assert process.stdout.readline() == "ready\n"
        for process in (one, two):
            say(process)
        turn = 0
        while turn < 3 or one.poll() is None or two.poll() is None:
            git_quietly(world, *commands[turn % 2])
            turn += 1
        for process in (one, two):
            acknowledged += process.stdout.read().split()
            assert process.wait() == 0
    assert len(acknowledged) == 2 * number
    check(world, acknowledged)


def test_a_reader_of_the_old_line_finds_it_while_the_journal_remembers_it(world, store, git):
    """The old commits hang on nothing after a joining; git takes them after two weeks, or at once if it is told to."""
    for number in range(5):
        put(store, {"n.json": str(number)})
    old, wanted = store.head(), [one.id for one in store.log(store.head())]
    insert(store, {"theirs.json": "1"}, below=3)
    git(world.root, "gc", "--quiet")
    assert [one.id for one in world.open().log(old)] == wanted
    git(world.root, "gc", "--quiet", "--prune=now")
    assert store.engine.missing([old]) == (old,)
    assert [one.id for one in world.open().log(old)] == wanted
    git(world.root, "gc", "--quiet", "--prune=now")
    shutil.rmtree(world.root / ".git" / "coordinaut")
    with pytest.raises(CoordinautError) as caught:
        list(world.open().log(old))
    assert caught.value.code == "unreadable_history"
    assert len(list(world.open().log(Head(store.head())))) == 6


MARKED = """
import os
from coordinaut_git.stores.git import packs
packs.MOST_PACKS = 2
os.path.exists("/coordinaut-begin")
"""
INSERTS_ONE = (
    PRELUDE.replace("import put", "import insert").replace("sys.stdin.readline()", MARKED)
    + """
print(insert(store, {"theirs.json": "1"}, below=3, wait_s=120).id, flush=True)
os.path.exists("/coordinaut-end")
"""
)


def traced(world, *options):
    command = ("strace", "-qq", "-o", str(world.folder / "trace"), *options)
    with child(INSERTS_ONE, world.name, world.folder, "traced", 1, command=command) as process:
        told = process.stdout.read().split("\n")
    assert told[0] == "ready", "killed before it began: the count of calls is wrong"
    return told[1:-1]


def boundaries(world):
    """The calls between begin and end, as strace counts them: (name, how many-th)."""
    traced(world, "-e", f"trace={','.join(CALLS)},stat,newfstatat")
    counts, found, inside = dict.fromkeys(CALLS, 0), [], False
    for line in (world.folder / "trace").read_text(errors="replace").splitlines():
        if "coordinaut-begin" in line or "coordinaut-end" in line:
            inside = "coordinaut-begin" in line
        name = line.split("(")[0]
        if name in counts:
            counts[name] += 1
            found += [(name, counts[name])] if inside else []
    return found


@needs_strace
@pytest.mark.slow
@pytest.mark.parametrize("before", [5, 63], ids=["a few", "across a checkpoint"])
def test_killed_at_a_system_call_the_line_is_the_old_one_or_the_new_one(world, store, before):
    acknowledged = [put(store, {f"{n % 5}.json": str(n)}).id for n in range(before)]
    run(world.root, "config", "coordinaut.flush", "true")
    places = boundaries(copy_of(world, "counted"))
    changing = [place for place in places if place[0] not in LOOKING]
    chosen = random.Random(before).sample(changing, len(changing) if LONG else 4)
    killed = 0
    for name, number in chosen:
        copy = copy_of(world, f"{name}-{number}")
        told = traced(copy, "-e", f"trace={name}", "-e", f"inject={name}:signal=SIGKILL:when={number}")
        killed += " = ?" in (copy.folder / "trace").read_text(errors="replace")
        fresh = copy.open()
        line = [one.id for one in fresh.log(fresh.head())][::-1]
        assert [one for one in line if one in acknowledged] == acknowledged
        assert len(line) in ({before + 1} if told else {before, before + 1})
        told.append(put_at_once(fresh, {"survivor.json": "1"}).id)
        check(copy, acknowledged + told)
        copy.close()
        shutil.rmtree(copy.folder)
    assert killed > len(chosen) / 2, "ids are random, so a folder more or less is made; no more may differ"


JOINS_WITH_LITTLE_ROOM = (
    PRELUDE.replace("import put", "import insert").replace("sys.stdin.readline()", "")
    + """
import json, os, resource
from coordinaut_git.errors import CoordinautError

def with_room(limit):
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    try:
        store = WORLDS[name](folder).open()
        return {"id": insert(store, {"a.json": "1" * 3000}, below=3, wait_s=120, attempts=1).id}
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


def test_a_disk_that_takes_no_more_is_told_and_the_line_is_as_it_was(world, store):
    acknowledged = [put(store, {"a.json": str(number) * 1_000}).id for number in range(5)]
    outcomes = []
    with child(JOINS_WITH_LITTLE_ROOM, world.name, world.folder, "small", 0) as process:
        assert process.stdout.readline() == "ready\n"
        for limit in (0, 1, 100, 400, 1_200, 10_000_000):
            say(process, str(limit))
            told = json.loads(process.stdout.readline())
            outcomes.append(told)
            acknowledged += [told["id"]] if "id" in told else []
            assert sorted(check_line(world, acknowledged)) == sorted(acknowledged), told
    assert outcomes[0]["kind"] == "environment"
    assert "id" in outcomes[-1]
    check(world, acknowledged)
