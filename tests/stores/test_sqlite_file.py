"""SQLite's file: what is told of a damaged, full, locked, foreign or vanished one, and that none is written over."""

import fcntl
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing

import pytest
from children import PROJECT, child
from hub import without_override
from writing import attempt, entry, put, some_changes, state

from coordinaut_git.errors import CoordinautError, Kind
from coordinaut_git.stores.sql import open_sqlite_store
from coordinaut_git.stores.sql import sqlite as module
from coordinaut_git.stores.sql.database import CommitUnclear
from coordinaut_git.stores.sql.sqlite_files import folder_locked

WRITER = """
import resource, sys
from pathlib import Path
sys.path.insert(0, sys.argv[3])
from writing import entry, seq_of
from coordinaut_git.errors import CoordinautError
from coordinaut_git.stores.sql import open_sqlite_store
store = open_sqlite_store(Path(sys.argv[1]), flush=sys.argv[4:] != ["unflushed"])
if int(sys.argv[2]):
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), int(sys.argv[2])))
try:
    store.create()
    while True:
        head = store.head()
        store.commit(head, entry(seq_of(store.snapshot(head)) + 1), dict)
        if not int(sys.argv[2]):
            print("done")
            break
except CoordinautError as error:
    print(error.code)
"""


@pytest.fixture
def path(tmp_path):
    return tmp_path / "state" / "state.sqlite"


@pytest.fixture
def store(path):
    store = open_sqlite_store(path, flush=False)
    store.create()
    yield store
    store.close()


def failure(call):
    with pytest.raises(CoordinautError) as raised:
        call()
    error = raised.value
    assert error.message.endswith(".")
    assert error.hint
    return error.kind, error.code


def tampered(path, statement):
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement)


def write(path, limit=0, *words, command=()):
    arguments = [*command, sys.executable, "-c", WRITER, path, str(limit), str(PROJECT / "tests/stores"), *words]
    done = subprocess.run(arguments, env=os.environ | {"PYTHONPATH": str(PROJECT)}, capture_output=True, text=True)
    assert done.stderr == ""
    return done.stdout.strip()


def test_opening_and_looking_make_nothing(path):
    store = open_sqlite_store(path)
    assert store.head() is None
    assert store.describe() == {"storage": "sqlite", "location": str(path)}
    store.close()
    assert not path.parent.exists()


def test_a_closed_file_stands_alone_beside_the_line_of_writers(path, store):
    put(store, {})
    store.close()
    assert sorted(file.name for file in path.parent.iterdir()) == [
        "state.sqlite", "state.sqlite-queue", "state.sqlite-queue.next"
    ]  # fmt: skip


@pytest.mark.parametrize(
    "name", [b"a b.sqlite", b"w?ird #1 %41&mode=ro.sqlite", b"line\nfeed", b"\xff\xfe.sqlite", b"-x"]
)
def test_a_file_may_have_any_name(tmp_path, name):
    path = tmp_path / os.fsdecode(name)
    store = open_sqlite_store(path)
    store.create()
    put(store, {"a.json": "1"})
    assert path.exists()
    assert state(open_sqlite_store(path)) == {"a.json": b"1"}
    store.close()


@pytest.mark.parametrize(
    "content", [b"", b"not a database at all, but quite some text " * 99, b"SQLite format 3\0" + b"x" * 99]
)
def test_a_file_that_is_no_database_is_named_and_left_as_it_is(path, content):
    path.parent.mkdir()
    path.write_bytes(content)
    store = open_sqlite_store(path)
    for call in (store.head, store.create):
        assert failure(call) == (Kind.ENVIRONMENT, "not_our_database")
    store.close()
    assert path.read_bytes() == content


def test_a_database_of_another_program_is_named_and_left_as_it_is(path):
    path.parent.mkdir()
    tampered(path, "CREATE TABLE notes (text)")
    before = path.read_bytes()
    assert failure(open_sqlite_store(path).create) == (Kind.ENVIRONMENT, "not_our_database")
    assert path.read_bytes() == before


def test_tables_of_a_newer_version_are_named_and_left_as_they_are(path, store):
    put(store, {})
    store.close()
    tampered(path, "PRAGMA user_version = 2")
    assert failure(open_sqlite_store(path).head) == (Kind.ENVIRONMENT, "newer_format")


def test_a_table_that_is_gone_is_said_in_words(path, store):
    store.close()
    tampered(path, "DROP TABLE coordinaut_entry")
    assert failure(lambda: attempt(open_sqlite_store(path), {})) == (Kind.ENVIRONMENT, "damaged_database")


def test_a_damaged_page_is_reported_and_never_written_over(path, store):
    for number in range(200):
        put(store, some_changes(number))
    store.close()
    before = bytearray(path.read_bytes())
    before[8_192:-4_096] = b"\xa5" * (len(before) - 12_288)
    path.write_bytes(before)
    damaged = open_sqlite_store(path)
    assert failure(lambda: attempt(damaged, {})) == (Kind.ENVIRONMENT, "damaged_database")
    problems = damaged.problems()
    assert problems
    assert all(str(path) in problem for problem in problems)
    damaged.close()
    assert path.read_bytes() == bytes(before)


def test_a_database_that_others_keep_locked_is_contended_and_comes_back(path, monkeypatch):
    monkeypatch.setattr(module, "LOCK_WAIT_S", 0.1)
    store = open_sqlite_store(path)
    store.create()
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert failure(lambda: attempt(store, {})) == (Kind.CONTENDED, "database_locked")
        assert store.head() == store.first
    put(store, {})
    store.close()


def test_who_writes_waits_until_the_one_before_has_moved_the_log_too(path, store, monkeypatch):
    monkeypatch.setattr(module, "LOCK_WAIT_S", 0.1)
    with folder_locked(path.parent):
        assert failure(lambda: attempt(store, {})) == (Kind.CONTENDED, "database_locked")
    put(store, {})
    assert store.database.write(lambda _: is_locked(path.parent)) is True
    assert not is_locked(path.parent)


def is_locked(folder):
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def test_a_full_database_takes_nothing_of_the_operation_and_goes_on_when_there_is_room(path, store):
    put(store, {"a.json": "1"})
    connection = store.database._connected()
    connection.execute("PRAGMA max_page_count = 1")
    head = store.head()
    assert failure(lambda: attempt(store, {"big.json": "x" * 200_000})) == (Kind.ENVIRONMENT, "disk_full")
    assert store.head() == head
    connection.execute("PRAGMA max_page_count = 1000000")
    put(store, {"b.json": "2"})
    assert state(store) == {"a.json": b"1", "b.json": b"2"}
    assert store.problems() == []


@pytest.mark.parametrize("limit", [1, 5_000, 40_000, 70_000, 200_000])
def test_a_disk_that_takes_no_more_leaves_a_whole_line(path, limit):
    assert write(path, limit) in {"disk_full", "write_failed"}
    assert write(path) == "done"
    store = open_sqlite_store(path)
    assert store.problems() == []
    assert [file.name for file in path.parent.iterdir() if file.name.endswith(".new")] == []
    store.close()


def test_a_folder_that_cannot_be_written_to_is_said_in_words(path, store):
    put(store, {})
    store.close()
    command = without_override()
    path.parent.chmod(0o555)
    path.chmod(0o444)
    try:
        assert write(path, command=command) == "read_only"
    finally:
        path.parent.chmod(0o755)
    assert len(list(open_sqlite_store(path).log(open_sqlite_store(path).head()))) == 1


def test_a_file_that_is_removed_is_not_written_to_any_more(path, store):
    put(store, {})
    head = store.head()
    path.unlink()
    assert store.head() is None
    assert failure(lambda: store.commit(head, entry(2), dict)) == (Kind.ENVIRONMENT, "state_gone")
    assert store.create() is True
    put(store, {"a.json": "1"})
    assert state(open_sqlite_store(path)) == {"a.json": b"1"}
    assert path.with_name("state.sqlite-wal-set-aside-1").stat().st_size > 0, "the log of the old one was thrown away"


def test_whether_a_transaction_counts_is_unclear_when_the_file_goes_while_it_ends(path, store):
    with pytest.raises(CommitUnclear) as raised:
        store.database.write(lambda _: path.unlink())
    assert raised.value.error.code == "state_gone"


def test_a_file_that_was_replaced_is_read_anew(path, store, tmp_path):
    put(store, {"a.json": "1"})
    old = store.head()
    other = open_sqlite_store(tmp_path / "other.sqlite")
    other.create()
    put(other, {"b.json": "2"})
    other.close()
    store.close()
    state(store)
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    (tmp_path / "other.sqlite").replace(path)
    assert state(store) == {"b.json": b"2"}
    assert failure(lambda: store.snapshot(old)) == (Kind.ENVIRONMENT, "unknown_head")


def test_a_folder_that_machines_share_is_refused_and_nothing_is_made(path, monkeypatch):
    monkeypatch.setattr(module, "file_system", lambda folder: "nfs4")
    store = open_sqlite_store(path)
    assert failure(store.create) == (Kind.ENVIRONMENT, "network_file_system")
    assert not path.exists()


def test_a_backup_is_a_file_that_can_take_the_place_of_the_state(path, store):
    for number in range(70):
        put(store, some_changes(number))
    head, wanted = store.head(), state(store)
    name = store.backup(head, "20261122T160000Z-x.1")
    assert name == str(path.with_name("state-backup-20261122T160000Z-x.1.sqlite"))
    put(store, {"later.json": "1"})
    assert store.backup(head, "20261122T160000Z-x.1") == name
    store.close()
    shutil.copy(name, path)
    assert store.head() == head
    assert state(store) == wanted
    assert store.problems() == []


def test_a_file_in_the_place_of_a_backup_is_left_as_it_is(path, store):
    put(store, {})
    copy = path.with_name("state-backup-x.sqlite")
    copy.write_text("my notes")
    assert failure(lambda: store.backup(store.head(), "x")) == (Kind.ENVIRONMENT, "backup_failed")
    assert copy.read_text() == "my notes"


def test_a_creator_that_is_killed_leaves_no_half_database(path):
    script = "import sys; from pathlib import Path; from coordinaut_git.stores.sql import open_sqlite_store\n"
    script += "print('ready', flush=True)\nopen_sqlite_store(Path(sys.argv[1])).create()"
    for number in range(8):
        with child(script, path) as process:
            process.stdout.readline()
            threading.Event().wait(0.004 * number)
            process.send_signal(signal.SIGKILL)
            process.wait()
        store = open_sqlite_store(path)
        assert store.head() in (None, store.first)
        store.create()
        assert store.problems() == []
        store.close()
        shutil.rmtree(path.parent)


@pytest.mark.skipif(shutil.which("strace") is None, reason="only strace shows what is flushed")
@pytest.mark.parametrize("flush", [True, False])
def test_with_flushing_the_log_is_on_disk_before_an_operation_is_answered(path, store, tmp_path, flush):
    put(store, {})
    trace = tmp_path / "trace"
    command = ["strace", "-f", "-y", "-o", trace, "-e", "trace=fsync,fdatasync"]
    assert write(path, 0, *([] if flush else ["unflushed"]), command=command) == "done"
    flushed = re.findall(r"f(?:data)?sync\(\d+<([^>]*)>", trace.read_text())
    assert any(name.endswith("state.sqlite-wal") for name in flushed) is flush
