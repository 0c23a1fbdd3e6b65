"""Holders that die one after another while they move a ref: the lock of the first is known to be a dead one's."""

import os
import time

import pytest
from children import child

from coordinaut_git.plumbing.queue import Intent, WriterQueue
from coordinaut_git.stores.git import stale_lock
from coordinaut_git.stores.git.stale_lock import STALE_AFTER_DEATH_S, set_aside_if_stale

HOLDER = """
import sys
from pathlib import Path
from coordinaut_git.plumbing.queue import WriterQueue

with WriterQueue(Path(sys.argv[1])).turn(120), WriterQueue(Path(sys.argv[1])).intent(sys.argv[2]):
    if len(sys.argv) > 3:
        Path(sys.argv[3]).write_text(sys.argv[4])
    print("in", flush=True)
    sys.stdin.readline()
"""


def die(*arguments):
    """A holder that is killed while it moves a ref."""
    with child(HOLDER, *arguments) as process:
        assert process.stdout.readline() == "in\n"
        process.kill()


@pytest.mark.parametrize("content", ["", "1" * 40 + "\n"], ids=["empty", "written"])
@pytest.mark.parametrize("deaths", [0, 1, 5])
def test_the_lock_of_a_dead_holder_is_known_after_more_deaths(tmp_path, content, deaths):
    path, lock = tmp_path / "queue", tmp_path / "state.lock"
    die(path, "1" * 40, lock, content)
    for number in range(deaths):
        die(path, str(number + 2) * 40)
    time.sleep(STALE_AFTER_DEATH_S + 0.05)
    queue = WriterQueue(path)
    with queue.turn(120) as turn:
        assert turn.unfinished
        assert set_aside_if_stale(lock, folder=tmp_path, unfinished=queue.unfinished)
    assert not lock.exists()
    queue.close()


def test_a_lock_that_no_dead_holder_can_have_made_stays(tmp_path, monkeypatch):
    monkeypatch.setattr(stale_lock, "STALE_AFTER_S", 3_600.0)
    path, lock = tmp_path / "queue", tmp_path / "state.lock"
    lock.write_text("9" * 40 + "\n")
    die(path, "1" * 40)
    die(path, "2" * 40)
    time.sleep(STALE_AFTER_DEATH_S + 0.05)
    queue = WriterQueue(path)
    with queue.turn(120):
        assert not set_aside_if_stale(lock, folder=tmp_path, unfinished=queue.unfinished)
    assert lock.exists()
    queue.close()


def test_a_write_after_deaths_forgets_them(tmp_path):
    path = tmp_path / "queue"
    die(path, "1" * 40)
    die(path, "2" * 40)
    queue = WriterQueue(path)
    with queue.turn(120), queue.intent("3" * 40):
        pass
    with queue.turn(120) as turn:
        assert not turn.unfinished
    queue.close()


def test_a_note_of_many_deaths_stays_bounded_and_reads_back():
    note = None
    for number in range(40):
        note = Intent(pid=os.getpid(), at_ns=time.time_ns(), new_id=f"{number:064x}").after(note)
    assert len(note.to_bytes()) <= 512
    assert Intent.from_bytes(note.to_bytes()) == note
    assert note.earlier[0] == f"{38:064x}"
