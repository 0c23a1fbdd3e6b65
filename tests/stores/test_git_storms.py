"""The git store among programs that know nothing of it: git's own upkeep, killed writers, foreign writers.

Rule 1: every check looks at the repository from outside, with git, after the storm.
Rule 2: each storm has a bound in time; COORDINAUT_LONG=1 makes it long.
"""

import random
import shutil
import signal
import subprocess
import time
from contextlib import ExitStack, suppress

import pygit2
import pytest
from children import child, say, stop
from contract_kills import put_at_once
from process_contract import FOR_EVER, LONG, PRELUDE, check_line
from worlds import REF, GitWorld, run
from writing import entry, put, state

from coordinaut_git.plumbing.queue import Intent
from coordinaut_git.stores.git import stale_lock
from coordinaut_git.stores.git.stale_lock import STALE_AFTER_DEATH_S, set_aside_if_stale


@pytest.fixture
def world(tmp_path):
    world = GitWorld(tmp_path)
    world.name = "git"
    run(world.root, "config", "coordinaut.flush", "false")
    # A `git gc` that fails half-way, because somebody prunes beside it, can leave the commit-graph's lock behind, and the
    # next one stops at that: it is git and git that meet there, and not we and git.
    run(world.root, "config", "gc.writeCommitGraph", "false")
    yield world
    world.close()


@pytest.fixture
def store(world):
    store = world.open()
    store.create()
    return store


@pytest.fixture
def no_lock_is_old(monkeypatch):
    """No lock is set aside for its age alone, however long the test takes."""
    monkeypatch.setattr(stale_lock, "STALE_AFTER_S", 3_600.0)


def check(world, acknowledged):
    """Nothing acknowledged is lost, and the user's repository is unharmed, also for a gc."""
    fresh = world.open()
    log = list(fresh.log(fresh.head()))
    assert set(acknowledged) <= {one.id for one in log}
    put(fresh, {"after.json": "1"})
    check_line(world, acknowledged)
    assert run(world.root, "fsck", "--full", "--strict", "--no-dangling", "--no-progress") == b""
    run(world.root, "gc", "--quiet")
    assert list((world.root / ".git" / "refs" / "coordinaut").glob("*.lock")) == []


ENOUGH = 20


def storm(world, seconds, weather, writers=2):
    """Let writers write while `weather(number)` happens again and again; gives the acknowledged ids.

    As long as it takes until they have written something worth disturbing: on a busy machine that may be longer.
    """
    acknowledged = []
    with ExitStack() as stack:
        running = [stack.enter_context(child(FOR_EVER, world.name, world.folder, f"w{n}", 0)) for n in range(writers)]
        for process in running:
            assert process.stdout.readline() == "ready\n"
        for process in running:
            say(process)
        until, number = time.monotonic() + seconds, 0
        while time.monotonic() < until or number < 3 or written(world) < ENOUGH:
            weather(number)
            number += 1
            assert all(process.poll() is None for process in running), "a writer gave up"
        for process in running:
            process.send_signal(signal.SIGKILL)
            acknowledged += process.stdout.read().split("\n")[:-1]
    assert len(acknowledged) > ENOUGH / 2
    return acknowledged


def written(world):
    """How many operations are on the line; none as long as something of it is gone that will be put back."""
    done = subprocess.run(["git", "-C", world.root, "rev-list", "--count", REF], capture_output=True, timeout=300)
    return int(done.stdout) if done.returncode == 0 else 0


def git_quietly(world, *arguments):
    """Run git, which may fail when it meets itself or a lock."""
    subprocess.run(["git", "-C", world.root, *arguments], capture_output=True, timeout=300)


SECONDS = 40 if LONG else 2


@pytest.mark.slow
@pytest.mark.parametrize(
    "command", [("gc", "--quiet"), ("pack-refs", "--all", "--prune"), ("repack", "-a", "-d", "--quiet")], ids=" ".join
)
def test_writers_lose_nothing_beside_gits_own_upkeep(world, store, command):
    acknowledged = storm(world, SECONDS, lambda _: git_quietly(world, *command))
    check(world, acknowledged)


@pytest.mark.slow
@pytest.mark.parametrize("command", [("gc", "--quiet", "--prune=now"), ("prune", "--expire=now")], ids=" ".join)
def test_what_somebody_prunes_under_the_writers_is_put_back(world, store, command):
    acknowledged = storm(world, SECONDS, lambda _: git_quietly(world, *command))
    check(world, acknowledged)


HOLD_THE_REF = (
    PRELUDE
    + """
import pygit2
repository = pygit2.Repository(str(folder / "repository"))
queue = store._queue
with queue.turn(120), queue.intent(me), repository.transaction() as transaction:
    transaction.lock_ref("refs/coordinaut/state")
    print("locked", flush=True)
    sys.stdin.read()
"""
)


def leave_a_lock(world):
    """A real writer is killed between taking the ref's lock and moving the ref; gives the lock file."""
    with child(HOLD_THE_REF, world.name, world.folder, "a" * 40, 0) as process:
        assert process.stdout.readline() == "ready\n"
        say(process)
        assert process.stdout.readline() == "locked\n"
        process.kill()
        process.wait()
    lock = world.root / ".git" / f"{REF}.lock"
    assert lock.exists()
    return lock


def test_after_a_writer_was_killed_with_the_ref_locked_the_next_one_works_at_once(world, store, no_lock_is_old):
    lock = leave_a_lock(world)
    written = put_at_once(store, {"a.json": "1"})
    assert not lock.exists()
    check(world, [written.id])


def test_without_a_dead_writers_note_the_lock_is_respected(world, store, no_lock_is_old):
    lock = leave_a_lock(world)
    (world.root / ".git" / "coordinaut" / "queue").write_bytes(b"")
    with pytest.raises(Exception, match="held"):
        put(store, {"a.json": "1"})
    assert lock.exists()


class ForeignTransaction:
    """`git update-ref --stdin`, stopped where it holds the ref's lock."""

    def __init__(self, world, new, old):
        self.process = subprocess.Popen(
            ["git", "-C", world.root, "update-ref", "--stdin"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.tell("start", "start: ok")
        self.process.stdin.write(f"update {REF} {new} {old}\n")
        self.tell("prepare", "prepare: ok")

    def tell(self, word, answer):
        say(self.process, word)
        assert self.process.stdout.readline() == answer + "\n"

    def finish(self):
        """Move the ref, as far as it goes, and end."""
        self.process.communicate("commit\n", timeout=120)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        stop(self.process)


def foreign_commit(world, store):
    """A lawful entry on top of the head, made with the git program; gives head and commit."""
    head = str(store.head())
    new = entry(store.snapshot(store.head()).seq + len(store.snapshot(store.head()).entries) + 1)
    message = f"{new.summary}\n\n{new.body.decode()}"
    tree = run(world.root, "rev-parse", f"{head}^{{tree}}").decode().strip()
    made = subprocess.run(
        ["git", "-C", world.root, "-c", "user.name=x", "-c", "user.email=x@y", "commit-tree", tree, "-p", head],
        input=message.encode() + b"\n", capture_output=True, check=True,
    )  # fmt: skip
    return head, made.stdout.decode().strip(), new.id


def test_the_control_deleting_a_living_programs_lock_empties_the_ref(world, store):
    """What the rules of stale_lock are for: without them the second writer's empty lock becomes the ref."""
    put(store, {})
    head, new, _ = foreign_commit(world, store)
    lock = world.root / ".git" / f"{REF}.lock"
    repository = pygit2.Repository(str(world.root))
    with ForeignTransaction(world, new, head) as foreign:
        lock.unlink()  # "it looked stale"
        with suppress(pygit2.GitError), repository.transaction() as transaction:
            transaction.lock_ref(REF)
            foreign.finish()
            transaction.set_target(REF, pygit2.Oid(hex=head), message="")
    assert (world.root / ".git" / REF).read_bytes() == b""


@pytest.mark.parametrize("note", [False, True], ids=["without a note", "with a dead writer's note"])
def test_the_same_with_the_rules_leaves_the_foreign_writer_alone(world, store, note, no_lock_is_old):
    put(store, {})
    head, new, name = foreign_commit(world, store)
    lock = world.root / ".git" / f"{REF}.lock"
    unfinished = Intent(pid=1, at_ns=time.time_ns() - 10**9, new_id="a" * 40) if note else None
    with ForeignTransaction(world, new, head) as foreign:
        time.sleep(STALE_AFTER_DEATH_S + 0.1)
        own = world.root / ".git" / "coordinaut"
        with store._queue.turn(120):
            assert not set_aside_if_stale(lock, folder=own, unfinished=unfinished)
        foreign.tell("commit", "commit: ok")
    check(world, [name])


@pytest.mark.slow
def test_killed_writers_and_a_foreign_writer_lose_nothing_and_stay_alive(world, store):
    generator = random.Random(4)
    acknowledged, foreign = [], []
    until = time.monotonic() + (60 if LONG else 4)
    with child(FOR_EVER, world.name, world.folder, "survivor", 0) as survivor:
        assert survivor.stdout.readline() == "ready\n"
        say(survivor)
        kills = 0
        while time.monotonic() < until or kills < 5:
            with child(FOR_EVER, world.name, world.folder, "victim", 0) as victim:
                assert victim.stdout.readline() == "ready\n"
                say(victim)
                end = time.monotonic() + generator.uniform(0.02, 0.3)
                while time.monotonic() < end:
                    head, new, name = foreign_commit(world, store)
                    moved = subprocess.run(["git", "-C", world.root, "update-ref", REF, new, head], capture_output=True)
                    foreign += [name] if moved.returncode == 0 else []
                victim.kill()
                acknowledged += victim.stdout.read().split("\n")[:-1]
                kills += 1
        assert survivor.poll() is None
        survivor.kill()
        acknowledged += survivor.stdout.read().split("\n")[:-1]
    check(world, acknowledged + foreign)


# Kills at single system calls: strace counts those of our process (a git that merges packs goes on without it), and
# ends it at the one we choose.

CALLS = ("openat", "write", "pwrite64", "rename", "link", "unlink", "mkdir", "fsync", "close", "flock", "ftruncate")
LOOKING = ("openat", "close")
MARKED = """
import os
from coordinaut_git.stores.git import packs
packs.MOST_PACKS = 2
os.path.exists("/coordinaut-begin")
"""
WRITES = (
    PRELUDE.replace("sys.stdin.readline()", MARKED)
    + """
for n in range(number):
    print(put(store, {f"{me}/{n % 9}.json": str(n)}, wait_s=120).id, flush=True)
os.path.exists("/coordinaut-end")
"""
)

needs_strace = pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace")


def traced(world, number, *options):
    command = ("strace", "-qq", "-o", str(world.folder / "trace"), *options)
    with child(WRITES, world.name, world.folder, "traced", number, command=command) as process:
        told = process.stdout.read().split("\n")
    assert told[0] == "ready", "killed before it began: the count of calls is wrong"
    return told[1:-1]


def boundaries(world, number):
    """The calls between begin and end, as strace counts them: (name, how many-th)."""
    traced(world, number, "-e", f"trace={','.join(CALLS)},stat,newfstatat")
    counts, found, inside = dict.fromkeys(CALLS, 0), [], False
    for line in (world.folder / "trace").read_text(errors="replace").splitlines():
        if "coordinaut-begin" in line or "coordinaut-end" in line:
            inside = "coordinaut-begin" in line
        name = line.split("(")[0]
        if name in counts:
            counts[name] += 1
            found += [(name, counts[name])] if inside else []
    return found


def copy_of(world, name):
    """The same repository again, for one more kill."""
    folder = world.folder / name
    shutil.copytree(world.root, folder / "repository")
    copy = GitWorld(folder)
    copy.name = world.name
    return copy


@needs_strace
@pytest.mark.slow
@pytest.mark.parametrize("before", [3, 63, 191], ids=["an operation", "a checkpoint", "a merge of packs"])
def test_killed_at_a_system_call_nothing_is_lost_and_the_next_works_at_once(world, store, before):
    acknowledged = [put(store, {f"{n % 5}.json": str(n)}).id for n in range(before)]
    run(world.root, "config", "coordinaut.flush", "true")
    places = boundaries(copy_of(world, "counted"), 1)
    changing = [place for place in places if place[0] not in LOOKING]
    generator = random.Random(before)
    sizes = (80, 40) if LONG else (9, 3)
    chosen = [
        place
        for group, size in zip((changing, places), sizes, strict=True)
        for place in generator.sample(group, min(size, len(group)))
    ]
    killed = 0
    for turn, (name, number) in enumerate(chosen):
        copy = copy_of(world, f"{turn}-{name}-{number}")
        told = traced(copy, 1, "-e", f"trace={name}", "-e", f"inject={name}:signal=SIGKILL:when={number}")
        killed += " = ?" in (copy.folder / "trace").read_text(errors="replace")
        fresh = copy.open()
        told.append(put_at_once(fresh, {"survivor.json": "1"}).id)
        check(copy, acknowledged + told)
        copy.close()
        shutil.rmtree(copy.folder)
    assert killed > len(chosen) * 2 / 3, "ids are random, so a folder more or less is made; no more may differ"


@needs_strace
@pytest.mark.slow
def test_a_flush_that_fails_after_the_ref_moved_is_settled_by_the_id(world, store):
    """libgit2 raises although the ref has moved when the folder cannot be flushed: a real lost answer."""
    run(world.root, "config", "coordinaut.flush", "true")
    put(store, {})
    flushes = [number for name, number in boundaries(world, 1) if name == "fsync"]
    assert flushes
    for number in flushes:
        before = len(world.raw_log())
        told = traced(world, 1, "-e", "trace=fsync", "-e", f"inject=fsync:error=EIO:when={number}")
        assert len(world.raw_log()) == before + len(told), "what was not acknowledged was not written, and reverse"
        check_line(world, told)
    assert state(store)
    check(world, [])
