"""Setting lock files aside: each rule alone, then against the negative control in test_git_storms.py."""

import os
import time
from pathlib import Path

import pytest

from coordinaut_git.plumbing.queue import Intent
from coordinaut_git.stores.git import stale_lock
from coordinaut_git.stores.git.stale_lock import set_aside_if_stale

NEW = "a" * 40


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "coordinaut"
    folder.mkdir()
    return folder


@pytest.fixture
def lock(tmp_path):
    """An empty lock file, made now."""
    lock = tmp_path / "state.lock"
    lock.touch()
    return lock


@pytest.fixture
def still(monkeypatch):
    """The file system's clock stands still, so that a lock stays as young as the test says."""
    now_ns = time.time_ns()
    monkeypatch.setattr(time, "time_ns", lambda: now_ns)
    monkeypatch.setattr(stale_lock, "_file_system_now_ns", lambda _: now_ns)


def age(lock, seconds):
    at_ns = time.time_ns() - int(seconds * 1e9)
    os.utime(lock, ns=(at_ns, at_ns))


def note(seconds_ago):
    return Intent(pid=1, at_ns=time.time_ns() - int(seconds_ago * 1e9), new_id=NEW)


def test_a_young_lock_stays(lock, folder, still):
    for seconds in (0, 8, 9.9):
        age(lock, seconds)
        assert not set_aside_if_stale(lock, folder=folder, unfinished=None)
    assert lock.exists()


def test_a_lock_older_than_ten_seconds_goes_and_leaves_nothing(lock, folder):
    age(lock, 11)
    assert set_aside_if_stale(lock, folder=folder, unfinished=None)
    assert not lock.exists()
    assert list(folder.iterdir()) == []


def test_a_lock_that_is_not_there_is_out_of_the_way(lock, folder):
    lock.unlink()
    assert set_aside_if_stale(lock, folder=folder, unfinished=None)


@pytest.mark.parametrize("content", ["", NEW, NEW + "\n"])
def test_a_dead_writers_own_lock_goes_after_a_moment(lock, folder, content):
    lock.write_text(content)
    age(lock, 0.4)
    assert set_aside_if_stale(lock, folder=folder, unfinished=note(0.41))
    assert not lock.exists()


def test_even_a_dead_writers_lock_stays_for_a_moment(lock, folder, still):
    age(lock, 0)
    assert not set_aside_if_stale(lock, folder=folder, unfinished=note(0.01))


def test_a_note_of_a_dead_writer_does_not_shorten_the_wait_for_another_id(lock, folder, still):
    lock.write_text("b" * 40 + "\n")
    age(lock, 5)
    assert not set_aside_if_stale(lock, folder=folder, unfinished=note(5.01))
    assert lock.exists()


def test_a_note_of_a_dead_writer_does_not_shorten_the_wait_for_an_older_lock(lock, folder, still):
    age(lock, 5)
    assert not set_aside_if_stale(lock, folder=folder, unfinished=note(2))
    assert lock.exists()


def test_a_lock_from_before_the_clock_was_set_back_goes(lock, folder):
    age(lock, -3600)
    assert set_aside_if_stale(lock, folder=folder, unfinished=None)


def test_a_lock_made_anew_during_the_second_look_stays(lock, folder, monkeypatch):
    age(lock, 11)

    def replaced_while_asleep(seconds):
        lock.unlink()
        lock.touch()

    monkeypatch.setattr(stale_lock.time, "sleep", replaced_while_asleep)
    monkeypatch.setattr(Path, "rename", lambda *_: pytest.fail("it was moved, if only for a moment"))
    assert not set_aside_if_stale(lock, folder=folder, unfinished=None)
    assert lock.exists()


def test_a_lock_written_to_during_the_second_look_stays(lock, folder, monkeypatch):
    age(lock, 11)
    monkeypatch.setattr(stale_lock.time, "sleep", lambda _: lock.write_text("b" * 40))
    assert not set_aside_if_stale(lock, folder=folder, unfinished=None)
    assert lock.read_text() == "b" * 40


def replaced_before_the_move(lock, monkeypatch, content):
    """Another writer gets the lock between the second look and the move: the last moment at which it can."""
    real = stale_lock._unique

    def unique(folder, what):
        if what == "set-aside":
            lock.unlink()
            lock.write_text(content)
        return real(folder, what)

    monkeypatch.setattr(stale_lock, "_unique", unique)


def test_a_lock_that_was_moved_by_mistake_is_put_back(lock, folder, monkeypatch):
    age(lock, 11)
    replaced_before_the_move(lock, monkeypatch, "of somebody alive")
    assert not set_aside_if_stale(lock, folder=folder, unfinished=None)
    assert lock.read_text() == "of somebody alive"
    assert list(folder.iterdir()) == []


def test_a_lock_that_cannot_be_put_back_never_replaces_a_newer_one(lock, folder, monkeypatch):
    age(lock, 11)
    replaced_before_the_move(lock, monkeypatch, "second")
    real = os.link

    def third_comes_first(*arguments, **options):
        lock.write_text("third")
        return real(*arguments, **options)

    monkeypatch.setattr(stale_lock.os, "link", third_comes_first)
    assert not set_aside_if_stale(lock, folder=folder, unfinished=None)
    assert lock.read_text() == "third"
    assert list(folder.iterdir()) == []


def test_a_folder_that_is_not_there_leaves_the_lock_alone(lock, folder):
    folder.rmdir()
    age(lock, 11)
    assert not set_aside_if_stale(lock, folder=folder, unfinished=None)
    assert lock.exists()


def test_what_a_killed_process_left_is_swept_up(lock, folder):
    left = folder / "set-aside-1-abc"
    left.touch()
    age(left, 7200)
    fresh = folder / "set-aside-2-abc"
    fresh.touch()
    age(lock, 11)
    assert set_aside_if_stale(lock, folder=folder, unfinished=None)
    assert list(folder.iterdir()) == [fresh]
