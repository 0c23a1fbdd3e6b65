"""The git store when somebody else was faster, holds the lock, or the answer to a swap was lost."""

import os
import subprocess
import time

import pytest
from git_scene import REF, entry, error_of, extend

from coordinaut_git.documents import OutcomeUnknown, StaleHead
from coordinaut_git.errors import CoordinautError, Kind, environment
from coordinaut_git.plumbing.engine import RefOutcomeUnknown
from coordinaut_git.plumbing.pygit2_engine import Pygit2Engine
from coordinaut_git.plumbing.repository import open_repository
from coordinaut_git.stores.git import publish, stale_lock
from coordinaut_git.stores.git.genesis import GENESIS
from coordinaut_git.stores.git.store import GitStore


def test_a_stale_head_is_refused_and_nothing_is_written(store, git, repository):
    first = store.head()
    head = extend(store, first, 1, 3)
    objects = git(repository, "count-objects", "-v")
    for expected, seq in ((first, 1), (store.line.point(head).parent, 3)):
        with pytest.raises(StaleHead):
            store.commit(expected, entry(seq, id="late"), dict)
    assert (store.head(), git(repository, "count-objects", "-v")) == (head, objects)


class Faulty(Pygit2Engine):
    """The real engine, whose swap fails in an unclear way: before or after the ref moved."""

    fails = ""

    def create_ref(self, name, new):
        made = self.fails != "before" and super().create_ref(name, new)
        if self.fails:
            raise RefOutcomeUnknown(environment("disk_full", "The ref could not be written."))
        return made

    before_failing = None

    def swap_ref(self, name, old, new):
        if self.fails == "after":
            super().swap_ref(name, old, new)
        if self.before_failing:
            self.before_failing(new)
        if self.fails:
            raise RefOutcomeUnknown(environment("disk_full", "The ref could not be written."))
        super().swap_ref(name, old, new)


@pytest.fixture
def faulty(store):
    made = GitStore(store.place, store.settings, Faulty(open_repository(store.place), store.place.common_dir))
    yield made
    made.close()


@pytest.mark.parametrize("fails", ["before", "after"])
def test_a_lost_answer_to_creation_is_settled_by_looking(faulty, repository, git, fails):
    git(repository, "update-ref", "-d", REF)
    faulty.engine.fails = fails
    if fails == "before":
        assert (error_of(faulty.create).code, faulty.head()) == ("disk_full", None)
    else:
        assert (faulty.create(), faulty.head()) == (True, GENESIS)


def test_an_answer_that_was_lost_after_the_ref_moved_is_success(faulty, store):
    faulty.engine.fails = "after"
    head = faulty.commit(faulty.head(), entry(1), dict)
    assert store.head() == head


def test_an_answer_that_was_lost_and_overtaken_is_success_too(faulty, store):
    faulty.engine.fails = "after"
    faulty.engine.before_failing = lambda new: extend(store, new, 2, 5)
    faulty.commit(faulty.head(), entry(1), dict)
    assert [kept.seq for kept in store.log(store.head())] == [5, 4, 3, 2, 1]


def test_a_failure_that_left_the_ref_where_it_was_is_told_as_what_it_is(faulty, store):
    faulty.engine.fails = "before"
    head = store.head()
    assert error_of(lambda: faulty.commit(head, entry(1), dict)).code == "disk_full"
    assert store.head() == head


def test_a_failure_while_somebody_else_won_is_a_stale_head(faulty, store):
    faulty.engine.fails = "before"
    faulty.engine.before_failing = lambda _: extend(store, store.head(), 1, 1)
    with pytest.raises(StaleHead):
        faulty.commit(faulty.head(), entry(1, id="mine"), dict)


def test_a_failure_after_which_the_ref_is_nowhere_known_is_an_unknown_outcome(faulty, store, git, repository):
    faulty.engine.fails = "before"
    faulty.engine.before_failing = lambda _: git(repository, "update-ref", REF, "main")
    with pytest.raises(OutcomeUnknown):
        faulty.commit(store.head(), entry(1), dict)


def test_a_lock_that_is_held_is_waited_for(store, repository, monkeypatch):
    monkeypatch.setattr(publish, "LOCK_WAIT_S", 120)
    monkeypatch.setattr(stale_lock, "STALE_AFTER_S", 3_600.0)
    lock = repository / ".git" / f"{REF}.lock"
    lock.touch()
    release = subprocess.Popen(["sh", "-c", 'sleep 0.3; rm "$0"', str(lock)])
    head = extend(store, store.head(), 1, 1)
    release.wait()
    assert store.head() == head


def test_a_lock_that_stays_is_named_and_left_in_place(store, repository, monkeypatch):
    monkeypatch.setattr(publish, "LOCK_WAIT_S", 0.1)
    monkeypatch.setattr(stale_lock, "STALE_AFTER_S", 3_600.0)
    lock = repository / ".git" / f"{REF}.lock"
    lock.touch()
    head = store.head()
    with store.queue(120) as turn, pytest.raises(CoordinautError) as caught:
        store.commit(head, entry(1), dict)
    assert turn
    assert (caught.value.kind, caught.value.code, str(lock) in caught.value.message) == (
        Kind.CONTENDED,
        "ref_locked",
        True,
    )
    assert (lock.exists(), store.head()) == (True, head)


def test_a_lock_that_was_left_long_ago_is_set_aside(store, repository):
    lock = repository / ".git" / f"{REF}.lock"
    lock.touch()
    long_ago = time.time() - 60
    os.utime(lock, (long_ago, long_ago))
    with store.queue(120):
        head = extend(store, store.head(), 1, 1)
    assert (store.head(), lock.exists()) == (head, False)
