"""PostgreSQL when its server dies, or the way to it is cut: nothing acknowledged is lost, nothing is written twice."""

import threading
import time
from contextlib import closing

import pytest
from cutting_proxy import AFTER, BEFORE, CuttingProxy
from postgres_server import PostgresServer
from writing import attempt, entry, put, seq_of, state

from coordinaut_git.documents import OutcomeUnknown, StaleHead
from coordinaut_git.errors import CoordinautError, Kind
from coordinaut_git.stores.sql import open_postgres_store


@pytest.fixture
def server(postgres):
    """A server that a test may crash; the shared one is asked for only so that this is skipped as it is."""
    server = PostgresServer()
    try:
        server.start()
        yield server
    finally:
        server.close()


@pytest.fixture
def proxy(tmp_path_factory, postgres):
    proxy = CuttingProxy(tmp_path_factory.mktemp("p"), postgres.folder)
    yield proxy
    proxy.close()


class Writer:
    """Writes until it is told to stop, and keeps what was acknowledged and what was refused."""

    def __init__(self, url, over):
        self.store = open_postgres_store(url, "line")
        self.over = over
        self.acknowledged, self.refused, self.errors = [], [], []
        self.thread = threading.Thread(target=self.run)

    def run(self):
        while not self.over.is_set():
            new = None
            try:
                snapshot = self.store.snapshot(self.store.head())
                new = entry(seq_of(snapshot) + 1, {})
                self.store.commit(snapshot.head, new, dict)
                self.acknowledged.append(new.id)
            except StaleHead:
                self.refused.append(new.id)
            except OutcomeUnknown:
                continue
            except CoordinautError as error:
                self.errors.append(error)
                if new:
                    self.refused.append(new.id)
                time.sleep(0.02)


def test_a_server_that_crashes_amid_writers_loses_nothing_and_keeps_nothing_that_was_refused(server):
    store = open_postgres_store(server.url, "line")
    assert store.create()
    over = threading.Event()
    writers = [Writer(server.url, over) for _ in range(4)]
    for writer in writers:
        writer.thread.start()
    try:
        for _ in range(3):
            before = [len(writer.acknowledged) for writer in writers]
            until = time.monotonic() + 300
            while sum(len(writer.acknowledged) for writer in writers) < sum(before) + 20 and time.monotonic() < until:
                time.sleep(0.01)
            server.crash()
            time.sleep(0.3)
            server.start()
    finally:
        over.set()
        for writer in writers:
            writer.thread.join()
    log = list(store.log(store.head()))[::-1]
    ids = [one.id for one in log]
    assert [one.seq for one in log] == list(range(1, len(log) + 1))
    assert len(set(ids)) == len(ids)
    acknowledged = {name for writer in writers for name in writer.acknowledged}
    assert len(acknowledged) >= 60
    assert acknowledged <= set(ids)
    assert not {name for writer in writers for name in writer.refused} & set(ids)
    errors = [error for writer in writers for error in writer.errors]
    assert {(error.kind, error.code) for error in errors} <= {(Kind.CONTENDED, "database_unreachable")}
    for one in (store, *(writer.store for writer in writers)):
        one.close()


@pytest.mark.parametrize("cut", [BEFORE, AFTER])
def test_a_commit_whose_connection_is_cut_is_settled_by_the_id_and_counts_once(proxy, tmp_path, cut):
    store = open_postgres_store(proxy.url, str(tmp_path))
    store.create()
    put(store, {"a.json": "1"})
    proxy.cut = cut
    head, written = attempt(store, {"a.json": "2"})
    assert proxy.cuts == 1
    assert store.head() == head
    assert next(store.log(head)) == written
    assert seq_of(store.snapshot(head)) == 2
    assert state(store) == {"a.json": b"2"}
    store.close()


def test_a_line_whose_creation_is_cut_after_the_commit_was_made(proxy, tmp_path):
    with closing(open_postgres_store(proxy.url, "other")) as other:
        other.create()
    store = open_postgres_store(proxy.url, str(tmp_path))
    assert store.head() is None
    proxy.cut = AFTER
    store.create()
    assert store.head() == store.first
    store.close()


def test_a_server_that_is_not_there_is_said_in_words(tmp_path):
    store = open_postgres_store(f"postgresql://tester:secret@/postgres?host={tmp_path}", "line")
    with pytest.raises(CoordinautError) as raised:
        store.head()
    assert (raised.value.kind, raised.value.code) == (Kind.CONTENDED, "database_unreachable")
    assert "secret" not in f"{raised.value.as_json()} {store.describe()}"


def test_a_user_that_there_is_not_is_told_so_and_no_retry_is_advised(postgres):
    store = open_postgres_store(postgres.url.replace("tester@", "stranger@"), "line")
    with pytest.raises(CoordinautError) as raised:
        store.head()
    assert (raised.value.kind, raised.value.code) == (Kind.ENVIRONMENT, "database_refused")


def test_an_address_that_is_none_is_invalid():
    with pytest.raises(CoordinautError) as raised:
        open_postgres_store("postgresql://[", "line")
    assert (raised.value.kind, raised.value.code) == (Kind.INVALID, "bad_database_url")
