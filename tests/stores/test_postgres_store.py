"""PostgreSQL and those who share it: what is told of a database that does not let us work, and what is set up for ours."""

import os
import threading
from contextlib import closing

import psycopg
import pytest
from postgres_server import PostgresServer
from worlds import WORLDS
from writing import attempt, entry, put, state

from coordinaut_git.documents import StaleHead
from coordinaut_git.errors import CoordinautError, Kind
from coordinaut_git.stores.sql import connections, open_postgres_store


@pytest.fixture
def world(tmp_path, postgres):
    world = WORLDS["postgres"](tmp_path)
    yield world
    world.close()


@pytest.fixture
def admin(postgres):
    with psycopg.connect(postgres.url, autocommit=True) as connection:
        yield connection


@pytest.fixture
def empty(admin, postgres, request):
    """The address of a database of its own, whose options the test may give."""
    admin.execute(f"CREATE DATABASE beside {getattr(request, 'param', '')}".encode())
    yield postgres.url.replace("/postgres", "/beside")
    admin.execute("DROP DATABASE beside WITH (FORCE)")


@pytest.fixture
def role(admin):
    """The name of a role that may do nothing yet."""
    admin.execute("CREATE ROLE guest LOGIN")
    yield "guest"
    admin.execute("DROP OWNED BY guest")
    admin.execute("DROP ROLE guest")


def failure(call):
    with pytest.raises(CoordinautError) as raised:
        call()
    error = raised.value
    assert error.message.endswith(".")
    assert "\n" not in error.message
    assert error.hint
    return error.kind, error.code


def test_before_it_is_created_nothing_is_made_in_the_database(empty):
    store = open_postgres_store(empty, "line")
    assert store.head() is None
    with psycopg.connect(empty) as connection:
        assert connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone() == (0,)
    store.close()


def test_lines_of_one_database_do_not_wait_for_each_other(world, admin, tmp_path):
    one, two = world.open(), open_postgres_store(world.url, f"{tmp_path}/two")
    one.create()
    two.create()
    put(one, {"a.json": "1"})
    with admin.transaction():
        admin.execute("SELECT 1 FROM coordinaut_line WHERE name = %s FOR UPDATE", (world.line,))
        put(two, {"b.json": "2"})
    assert (state(one), state(two)) == ({"a.json": b"1"}, {"b.json": b"2"})
    assert len(world.raw_log()) == 1
    two.close()


def test_a_line_that_others_keep_locked_is_contended_and_comes_back(world, admin, monkeypatch):
    monkeypatch.setattr(connections, "_SESSION", connections._SESSION.replace("'10s'", "'100ms'"))
    store = world.open()
    store.create()
    with admin.transaction():
        admin.execute("SELECT 1 FROM coordinaut_line WHERE name = %s FOR UPDATE", (world.line,))
        assert failure(lambda: attempt(store, {})) == (Kind.CONTENDED, "database_locked")
    put(store, {})
    assert len(world.raw_log()) == 1


def test_connections_that_the_server_ends_are_replaced_without_a_word(world, admin):
    store = world.open()
    store.create()
    head = store.head()
    for number in range(4):
        head = store.commit(head, entry(number + 1, {"n.json": str(number)}), dict)
        ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'coordinaut'"
        assert admin.execute(ended).fetchall()
        if number % 2:
            assert state(store) == {"n.json": str(number).encode()}
    assert len(world.raw_log()) == 4


def test_a_session_flushes_what_it_commits_and_waits_for_nothing_without_end(world, admin, role, postgres):
    admin.execute("GRANT ALL ON ALL TABLES IN SCHEMA public TO guest")
    admin.execute("ALTER ROLE guest SET synchronous_commit = off")
    store = open_postgres_store(postgres.url.replace("tester@", "guest@"), "line")
    settings = ("synchronous_commit", "lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout")
    found = [store.database.read("SELECT current_setting(?)", name)[0][0] for name in settings]
    assert found == ["on", "10s", "1min", "30s"]
    store.close()


def test_so_many_connections_are_open_as_stores_work_at_once_and_none_once_all_are_closed(world):
    stores = [world.open() for _ in range(30)]
    stores[0].create()
    for store in stores:
        put(store, {})
    shared = connections.Connections.join(world.url)
    assert len(shared._idle) == 1
    shared.leave()
    for store in stores:
        store.close()
    assert shared._idle == []
    assert world.url not in [url for _, url in connections._all]


def test_a_user_without_rights_is_told_what_is_missing(world, role, postgres):
    world.open().create()
    store = open_postgres_store(postgres.url.replace("tester@", f"{role}@"), world.line)
    assert failure(store.head) == (Kind.ENVIRONMENT, "database_refused")
    store.close()


def test_a_database_that_can_only_be_read_is_named(world, admin, role, postgres):
    world.open().create()
    admin.execute("GRANT ALL ON ALL TABLES IN SCHEMA public TO guest")
    admin.execute("ALTER ROLE guest SET default_transaction_read_only = on")
    store = open_postgres_store(postgres.url.replace("tester@", f"{role}@"), world.line)
    assert store.head() == store.first
    assert failure(lambda: attempt(store, {})) == (Kind.ENVIRONMENT, "read_only")
    store.close()


@pytest.mark.parametrize("empty", ["ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0"], indirect=True)
def test_a_database_that_cannot_keep_every_name_is_refused(empty):
    store = open_postgres_store(empty, "line")
    assert failure(store.create) == (Kind.ENVIRONMENT, "database_encoding")
    store.close()


def test_tables_of_a_newer_version_are_named_and_left_as_they_are(empty):
    store = open_postgres_store(empty, "line")
    store.create()
    store.close()
    with psycopg.connect(empty) as connection:
        connection.execute("UPDATE coordinaut_schema SET version = 2")
    with closing(store), closing(open_postgres_store(empty, "other")) as other:
        assert failure(store.head) == (Kind.ENVIRONMENT, "newer_format")
        assert failure(other.create) == (Kind.ENVIRONMENT, "newer_format")


def test_tables_that_were_changed_by_hand_are_said_in_words(empty):
    store = open_postgres_store(empty, "line")
    store.create()
    with psycopg.connect(empty) as connection:
        connection.execute("ALTER TABLE coordinaut_entry DROP COLUMN body")
    assert failure(lambda: attempt(store, {})) == (Kind.ENVIRONMENT, "damaged_database")
    store.close()


@pytest.mark.parametrize("level", ["serializable", "read committed"])
def test_of_two_writers_at_one_head_the_later_waits_and_is_stale_whatever_the_usual_isolation_is(
    world, admin, role, postgres, level
):
    world.open().create()
    admin.execute("GRANT ALL ON ALL TABLES IN SCHEMA public TO guest")
    admin.execute(f"ALTER ROLE guest SET default_transaction_isolation = '{level}'".encode())
    store = open_postgres_store(postgres.url.replace("tester@", f"{role}@"), world.line)
    head, outcome = store.head(), []

    def late():
        with pytest.raises(StaleHead):
            store.commit(head, entry(1), dict)
        outcome.append("stale")

    writer = threading.Thread(target=late)
    with admin.transaction():
        swap = "UPDATE coordinaut_line SET head = %s, seq = 1 WHERE name = %s"
        admin.execute(swap, ("f" * 64, world.line))
        writer.start()
        waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND usename = 'guest'"
        while admin.execute(waiting).fetchone() == (0,) and writer.is_alive():
            admin.execute("SELECT pg_sleep(0.01), pg_stat_clear_snapshot()")
        assert outcome == []
    writer.join()
    assert outcome == ["stale"]
    assert world.raw_log() == []
    store.close()


def test_a_forked_child_has_connections_of_its_own(world):
    store = world.open()
    store.create()
    ((mine,),) = store.database.read("SELECT pg_backend_pid()")
    pid = os.fork()
    if pid == 0:
        try:
            os._exit(store.database.read("SELECT pg_backend_pid()") == [(mine,)])
        finally:
            os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert store.database.read("SELECT pg_backend_pid()") == [(mine,)]


def test_a_server_that_does_not_flush_is_reported(postgres):
    server = PostgresServer()
    try:
        server.start(fsync="off")
        store = open_postgres_store(server.url, "line")
        store.create()
        (problem,) = store.problems()
        assert "fsync" in problem
        store.close()
    finally:
        server.close()
