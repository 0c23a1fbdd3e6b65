"""The line of writers: real processes, real kills, no clock but generous bounds."""

import os
import signal
import threading
import time
from contextlib import contextmanager, suppress

import pytest
from children import child, say, start, stop

from coordinaut_git.plumbing import fair_lock
from coordinaut_git.plumbing.queue import Intent, WriterQueue

HOLD = """
import sys, time
from pathlib import Path
from coordinaut_git.plumbing.queue import WriterQueue
queue = WriterQueue(Path(sys.argv[1]))
with queue.turn(120) as turn:
    note = queue.intent(sys.argv[2]) if sys.argv[2:] else None
    if note:
        note.__enter__()
    print("held" if turn else "not held", flush=True)
    sys.stdin.read()
    if note:
        note.__exit__(None, None, None)
"""

COUNT = """
import sys, time
from pathlib import Path
from coordinaut_git.plumbing.queue import WriterQueue
queue = WriterQueue(Path(sys.argv[1]))
turns = 0
print("ready", flush=True)
sys.stdin.readline()
end = time.monotonic() + float(sys.argv[2])
while time.monotonic() < end:
    with queue.turn(120) as turn:
        assert turn.held
        busy = time.perf_counter() + 0.0003
        while time.perf_counter() < busy:
            pass
    turns += 1
print(turns, flush=True)
"""


@pytest.fixture
def path(tmp_path):
    return tmp_path / "coordinaut" / "queue"


@contextmanager
def holder(path, *arguments):
    """Another process in its turn; ends it if the test has not."""
    with child(HOLD, path, *arguments) as process:
        assert process.stdout.readline() == "held\n"
        yield process


def counts(path, processes, seconds):
    running = [start(COUNT, path, str(seconds)) for _ in range(processes)]
    try:
        for process in running:
            assert process.stdout.readline() == "ready\n"
        for process in running:
            say(process)
        return [int(process.communicate(timeout=300)[0]) for process in running]
    finally:
        for process in running:
            stop(process)


def test_a_turn_excludes_another_process_until_it_ends(path):
    queue = WriterQueue(path)
    with holder(path) as other:
        with queue.turn(0.05) as turn:
            assert not turn
            assert not turn.held
        other.stdin.close()
        with queue.turn(120) as turn:
            assert turn.held
    queue.close()


def test_a_wait_ends_at_its_bound_and_the_next_turn_still_comes(path):
    queue = WriterQueue(path)
    with holder(path) as other:
        began = time.monotonic()
        with queue.turn(0.3) as turn:
            assert not turn
        assert 0.25 < time.monotonic() - began < 60
        other.kill()
        other.wait()
        with queue.turn(120) as turn:
            assert turn
    queue.close()


def test_a_turn_that_came_too_late_is_let_go_again(path):
    queue, second = WriterQueue(path), None
    with holder(path) as other:
        with queue.turn(0.05) as turn:
            assert not turn
        other.stdin.close()
        other.wait()
        with holder(path) as second:  # would wait for ever if the late waiter of this process kept what it got
            second.stdin.close()
    queue.close()


def test_a_stopped_holder_keeps_its_turn_and_others_go_on_without(path):
    with holder(path) as other:
        os.kill(other.pid, signal.SIGSTOP)
        with WriterQueue(path).turn(0.1) as turn:
            assert not turn


def test_a_killed_holder_leaves_the_line_at_once(path):
    queue = WriterQueue(path)
    with holder(path) as other:
        other.kill()
        other.wait()
        with queue.turn(120) as turn:
            assert turn.held
            assert not turn.unfinished, "it was killed in its turn, but not while it moved a ref"
    queue.close()


def test_a_holder_killed_while_it_moved_a_ref_is_noticed_until_a_write_succeeds(path):
    queue = WriterQueue(path)
    with holder(path, "a" * 40) as other:
        other.kill()
        other.wait()
    with queue.turn(120) as turn:
        assert turn.unfinished
        assert (turn.unfinished.pid, turn.unfinished.new_id) == (other.pid, "a" * 40)
    with queue.turn(120) as turn:
        assert turn.unfinished, "nobody has written since"
        with suppress(InterruptedError), queue.intent("b" * 40):
            assert queue.unfinished.new_id == "a" * 40, "our own note is not a dead one's"
            raise InterruptedError
    with queue.turn(120) as turn:
        assert turn.unfinished.new_id == "a" * 40, "a failed write puts the older note back"
        with queue.intent("c" * 40):
            pass
        assert queue.unfinished is None
    with queue.turn(120) as turn:
        assert not turn.unfinished
    queue.close()


def test_a_write_that_ends_leaves_no_note(path):
    with holder(path, "a" * 40) as other:
        other.stdin.close()
        assert other.wait(120) == 0
    with WriterQueue(path).turn(120) as turn:
        assert not turn.unfinished


def test_an_intent_outside_a_turn_writes_nothing(path):
    queue = WriterQueue(path)
    with queue.intent("a" * 40):
        assert not path.exists()
    with holder(path, "b" * 40), queue.turn(0.01), queue.intent("c" * 40):
        assert b"b" * 40 in path.read_bytes()


def test_a_torn_note_is_no_note():
    whole = Intent(pid=7, at_ns=8, new_id="a" * 40)
    assert Intent.from_bytes(whole.to_bytes()) == whole
    assert Intent.from_bytes(b"") is None
    assert Intent.from_bytes(b"writing 7") is None
    assert Intent.from_bytes(b"-" + whole.to_bytes()[1:]) is None


def test_a_thread_may_take_its_turn_again_through_any_object(path):
    one, two = WriterQueue(path), WriterQueue(path.parent / "." / "queue")
    with one.turn(120) as outer, two.turn(0.01) as inner:
        assert outer.held
        assert inner.held
    with holder(path) as other:
        other.stdin.close()
    one.close()
    two.close()


def test_threads_of_one_process_exclude_each_other(path):
    inside, most, turns = 0, 0, 0
    guard = threading.Lock()

    def work():
        nonlocal inside, most, turns
        queue = WriterQueue(path)
        for _ in range(20):
            with queue.turn(120) as turn:
                with guard:
                    inside, turns = inside + 1, turns + turn.held
                    most = max(most, inside)
                time.sleep(0.0002)
                with guard:
                    inside -= 1
        queue.close()

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (most, turns) == (1, 120)


def test_a_forked_child_does_not_hold_its_dead_parents_turn(path):
    script = f"""
import os, sys, time
from pathlib import Path
from coordinaut_git.plumbing.queue import WriterQueue
queue = WriterQueue(Path({str(path)!r}))
with queue.turn(120):
    if os.fork() == 0:
        with queue.turn(0) as turn:
            print("child", turn.held, flush=True)
        time.sleep(300)
    time.sleep(300)
"""
    with child(script, start_new_session=True) as p:
        try:
            assert p.stdout.readline() == "child False\n"
            p.kill()
            with WriterQueue(path).turn(120) as turn:
                assert turn.held
        finally:
            os.killpg(p.pid, signal.SIGKILL)


def open_files():
    return {name for name in range(256) if is_open(name)}


def is_open(descriptor):
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True


def test_closing_lets_go_of_every_descriptor(path):
    before = open_files()
    queue, other = WriterQueue(path), WriterQueue(path)
    with queue.turn(120), other.turn(120):
        pass
    queue.close()
    queue.close()
    with other.turn(120) as turn:
        assert turn.held
    other.close()
    assert open_files() == before
    with queue.turn(120) as turn:
        assert turn.held, "a closed queue can be joined again"
    queue.close()


def test_a_queue_that_cannot_be_opened_gives_turns_that_are_not_held(tmp_path):
    (tmp_path / "file").write_text("")
    with WriterQueue(tmp_path / "file" / "queue").turn(120) as turn:
        assert not turn.held


def test_a_removed_folder_does_not_split_the_line(path):
    queue = WriterQueue(path)
    with queue.turn(120):
        pass
    path.unlink()
    with holder(path), queue.turn(0.05) as turn:
        assert not turn.held, "the open file without a name is not the line any more"
    queue.close()


def test_whoever_lets_go_does_not_overtake_who_waits(path):
    queue = WriterQueue(path)
    with queue.turn(120):
        waiting = start(HOLD, path)
        lock = fair_lock.FairLock.open(str(path))
        try:
            until = time.monotonic() + 120
            while fair_lock._flock(lock.next, fair_lock.fcntl.LOCK_EX | fair_lock.fcntl.LOCK_NB):
                fair_lock._flock(lock.next, fair_lock.fcntl.LOCK_UN)
                assert time.monotonic() < until
                time.sleep(0.005)
        finally:
            lock.close()
    with queue.turn(0) as turn:
        assert not turn.held, "the other one was first"
    assert waiting.communicate("", timeout=120)[0] == "held\n"
    queue.close()


@pytest.mark.slow
def test_eight_writers_in_a_hot_loop_get_on_alike_and_lose_little_time(path):
    seen = []
    for _ in range(10):  # a line that is unfair or slow is so every time; a machine that is busy elsewhere is not
        alone = sum(counts(path, 1, 1.0))
        together = counts(path, 8, 2.0)
        seen.append((alone, together))
        if min(together) * 2 >= max(together) and sum(together) / 2 > alone / 4:
            return
    raise AssertionError(seen)
