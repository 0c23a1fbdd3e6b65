"""What the two databases of the SQL store have in common, beyond the contract."""

import os
import threading
from hashlib import sha256

import pytest
from worlds import WORLDS
from writing import attempt, entry, listing, put, some_changes, state

from coordinaut_git.documents import FORMAT, Entry
from coordinaut_git.errors import CoordinautError, Kind
from coordinaut_git.stores.sql.chain import FIRST, next_head
from coordinaut_git.stores.sql.documents import PATH_BYTES

EVERY = 64


@pytest.fixture(params=["sqlite", "postgres"])
def world(request, tmp_path):
    if request.param == "postgres":
        request.getfixturevalue("postgres")
    world = WORLDS[request.param](tmp_path)
    yield world
    world.close()


@pytest.fixture
def store(world):
    store = world.open()
    store.create()
    return store


def code_of(call):
    with pytest.raises(CoordinautError) as raised:
        call()
    assert raised.value.message.endswith(".")
    return raised.value.code


def test_the_name_of_a_point_never_changes():
    one = Entry(id="op_1", seq=1, at=5, summary="ä", author="A", author_id="a", body=b'{"x":1}')
    assert sha256(b"coordinaut line, format 1\n").hexdigest() == FIRST
    assert next_head(FIRST, one) == "610b28b03c88e6b52e9656bacdf8176d35450bdcba2f6c498fcb74c309eee18d"


def test_the_same_history_has_the_same_names_in_every_database_and_another_one_has_others(world, tmp_path):
    other = WORLDS["sqlite"](tmp_path / "beside")
    one, two = world.open(), other.open()
    one.create()
    two.create()
    new = [entry(1, name="op_1"), entry(2, name="op_2"), entry(2, name="op_3")]
    heads = [store.commit(store.head(), new[0], dict) for store in (one, two)]
    assert heads[0] == heads[1]
    assert one.commit(heads[0], new[1], dict) != two.commit(heads[0], new[2], dict)
    other.close()


@pytest.mark.parametrize(
    "change",
    ["body = CAST('{}' AS {bytes})", "at = at + 1", "summary = 'another'", "author_id = 'another'", "id = 'another'"],
)
def test_an_entry_that_was_changed_by_hand_is_found_and_named(world, store, change):
    for number in range(5):
        put(store, some_changes(number))
    change = change.replace("{bytes}", "BLOB" if type(world).__name__ == "SqliteWorld" else "BYTEA")
    change = change.replace("{}", "x")
    world.ask(f"UPDATE coordinaut_entry SET {change} WHERE line = '{{line}}' AND seq = 3 RETURNING seq")
    fresh = world.open()
    assert code_of(lambda: list(fresh.log(fresh.head()))) == "unreadable_history"
    assert code_of(lambda: fresh.snapshot(fresh.head())) == "unreadable_history"
    (problem,) = fresh.problems()
    assert "number 3" in problem


def test_an_entry_that_is_gone_is_found_and_named(world, store):
    for number in range(5):
        put(store, some_changes(number))
    world.ask("DELETE FROM coordinaut_entry WHERE line = '{line}' AND seq = 2 RETURNING seq")
    fresh = world.open()
    assert code_of(lambda: list(fresh.log(fresh.head()))) == "unreadable_history"
    assert code_of(lambda: list(fresh.walk(fresh.head()))) == "unreadable_history"
    assert "number 2" in fresh.problems()[0]


def test_a_sound_line_has_no_problems(store):
    for number in range(70):
        put(store, some_changes(number))
    assert store.problems() == []


def test_an_id_that_is_on_the_line_already_is_a_bug_of_the_caller(world, store):
    head = store.commit(store.head(), entry(1, name="op_1"), dict)
    with pytest.raises(ValueError, match="op_1 is on the line already"):
        store.commit(head, entry(2, name="op_1"), dict)
    assert store.head() == head
    assert len(world.raw_log()) == 1


@pytest.mark.parametrize("wrong", [{"summary": "a\0b"}, {"author": "a\0"}, {"author_id": "\0"}, {"summary": "\ud800"}])
def test_text_that_no_database_keeps_is_a_bug_of_the_caller(world, store, wrong):
    with pytest.raises(ValueError):
        store.commit(store.head(), entry(1, **wrong), dict)
    assert world.raw_log() == []


@pytest.mark.parametrize("path", ["", "/a", "a/", "a//b", "../a", "a/./b", "a\0b", "x" * (PATH_BYTES + 1)])
def test_a_path_that_cannot_be_is_refused_and_nothing_is_written(world, store, path):
    with pytest.raises(ValueError):
        store.rewrite(store.head(), entry(1), lambda: {path: b""})
    assert world.raw_log() == []
    assert world.raw_documents() == {}


@pytest.mark.parametrize(
    "path", ["a\nb/c\td.json", "'; DROP TABLE coordinaut_entry; --", "%s/?/%(x)s", "ä/\u202e", "-- x"]
)
def test_strange_paths_are_paths_like_any_other(store, path):
    store.rewrite(store.head(), entry(1), lambda: {path: b"1", "x/" + path: b"2"})
    assert listing(store.snapshot(store.head()).documents) == {path: b"1", "x/" + path: b"2"}


@pytest.mark.parametrize("wrong", [{"a": b"", "a/b": b""}, {"a/b/c": b"", "a/b": b""}])
def test_a_document_cannot_be_a_folder_too(world, store, wrong):
    with pytest.raises(ValueError, match="both a document and a folder"):
        store.rewrite(store.head(), entry(1), lambda: wrong)
    assert world.raw_log() == []


def test_a_point_that_is_not_on_the_line_is_said_in_words(store):
    assert code_of(lambda: store.snapshot("f" * 64)) == "unknown_head"
    assert code_of(lambda: store.backup("f" * 64, "x")) == "unknown_head"
    assert store.since("f" * 64, store.head()) is None
    assert store.position("f" * 64) is None


def test_an_entry_is_found_by_its_id(store):
    head, written = attempt(store, {})
    assert store.landed(written.id) == head
    assert store.position(head) == 1
    assert store.landed("op_of_somebody_else") is None


def test_a_backup_of_another_point_under_the_same_name_is_refused(store):
    one = attempt(store, {})[0]
    store.backup(one, "x.1")
    two = attempt(store, {})[0]
    assert code_of(lambda: store.backup(two, "x.1")) == "backup_failed"


def test_documents_of_another_format_are_said_in_words(world, store):
    for number in range(EVERY):
        put(store, some_changes(number))
    change = f"UPDATE coordinaut_checkpoint SET format = {FORMAT + 1} WHERE line = '{{line}}' RETURNING seq"
    assert world.ask(change) == [(EVERY,)]
    fresh = world.open()
    assert fresh.format(fresh.head()) == FORMAT + 1
    assert code_of(lambda: fresh.snapshot(fresh.head())) == "newer_format"


def test_what_this_machine_wrote_it_saw_and_what_another_wrote_it_did_not(world, store):
    put(store, {})
    put(store, {})
    assert 0 <= world.open().seen_ms_ago(1) < 60_000
    world.ask("UPDATE coordinaut_entry SET boot = 'another' WHERE line = '{line}' AND seq = 1 RETURNING seq")
    assert store.seen_ms_ago(1) is None
    assert store.seen_ms_ago(2) is not None
    assert store.seen_ms_ago(3) is None


def test_whoever_waits_for_a_change_is_told_the_new_head_or_that_there_is_none(world, store):
    head, found = store.head(), []
    assert store.wait_for_change(head, 0.05) is None
    waiting = threading.Thread(target=lambda: found.append(world.open().wait_for_change(head, 240)))
    waiting.start()
    put(store, {})
    waiting.join(240)
    assert found == [store.head()]
    assert store.wait_for_change(head, 0) == store.head()


def test_of_old_versions_nothing_is_read_for_the_newest_documents(world, store):
    for number in range(3 * EVERY):
        put(store, {"leases/one.json": str(number)})
    fresh = world.open()
    assert fresh.snapshot(fresh.head()).documents.get("leases/one.json") == str(3 * EVERY - 1).encode()
    versions = "SELECT from_seq, to_seq FROM coordinaut_document WHERE line = '{line}' AND name = 'one.json'"
    spans = sorted(world.ask(versions))
    assert spans == [(EVERY, 2 * EVERY), (2 * EVERY, 3 * EVERY), (3 * EVERY, 2**63 - 1)]


def test_a_line_that_was_taken_away_under_a_writer_is_said_in_words(world, store):
    put(store, {})
    head = store.head()
    world.ask("DELETE FROM coordinaut_line WHERE name = '{line}' RETURNING seq")
    world.ask("DELETE FROM coordinaut_entry WHERE line = '{line}' RETURNING seq")
    assert store.head() is None
    fresh = world.open()
    with pytest.raises(CoordinautError) as raised:
        fresh.commit(head, entry(2), dict)
    assert raised.value.kind is Kind.ENVIRONMENT


def test_the_state_is_the_same_through_threads_that_share_one_handle(store):
    def work(me):
        for number in range(15):
            put(store, {f"{me}/{number}.json": "1"})

    threads = [threading.Thread(target=work, args=(me,)) for me in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(state(store)) == 60


def test_a_child_of_a_fork_has_a_connection_of_its_own(store):
    put(store, {"a.json": "1"})
    pid = os.fork()
    if pid == 0:
        try:
            put(store, {"child.json": "1"})
            store.close()
            os._exit(0)
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    put(store, {"b.json": "2"})
    assert state(store) == {"a.json": b"1", "child.json": b"1", "b.json": b"2"}
