"""The index answers as a plain look at the line does, whatever was done to it."""

import os
import sqlite3
import stat
from contextlib import closing
from dataclasses import replace

import pytest
from lines import seen, told, work
from world import World

from coordinaut_git.errors import CoordinautError
from coordinaut_git.history import shelf
from coordinaut_git.protocol.tenure import Spot

AS_ROOT = pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")


def test_it_answers_as_a_plain_look_at_the_line_does(world, history):
    tasks = work(world, 40)
    assert told(history, world, tasks) == seen(world, tasks)


def test_it_follows_the_line_step_by_step(world, history):
    tasks = []
    for number in range(6):
        tasks += work(world, 1, number)
        assert told(history, world, tasks) == seen(world, tasks)


def test_takeovers_and_renewals_are_found_under_the_tasks_that_they_touch(world, history):
    first, second, third = (world.create(files=("src/**",))["id"] for _ in range(3))
    world.claim("ann", first, files=("src/**",), ttl="10m")
    world.wait("11m")
    world.claim("bob", second, files=("src/**",), ttl="10m", takeover_reason="she is gone")
    world.wait("6m")
    world.claim("bob", third, files=("docs/**",))
    assert [event.operation.op for event in history.of_task(first)] == ["task_created", "task_claimed", "task_claimed"]
    assert [event.entry.seq for event in history.of_task(second)] == [2, 5, 6], "bob's third claim renewed his second"
    assert [event.entry.seq for event in history.of_instance("ann-1")] == [4, 5], "what she lost is hers to find"


def test_only_the_newest_are_read_if_no_more_are_wanted(world, history):
    (task,) = work(world, 1)
    assert [event.entry.seq for event in history.of_task(task, newest=2)] == [4, 5]


def test_a_pattern_without_a_plain_beginning_is_found_by_every_path(world, history):
    world.create(files=("**/*.py", "src/[ab]/*.md"))
    for path, found in {"a.py": 1, "x/y/z.py": 1, "src/a/r.md": 1, "src/c/r.md": 0, "src/a/deep/r.md": 0}.items():
        assert len(history.naming(Spot(path=path))) == found, path


def test_where_case_does_not_count_it_does_not_count_here(world, history):
    world.claim("ann", files=("Src/API/**",))
    assert history.naming(Spot(path="src/api/x.py")) == []
    assert len(history.naming(Spot(path="src/api/x.py", fold=True))) == 1
    folding = world.beside(fold=True)
    folding.claim("bob", files=("Lib/**",))
    assert [event.operation.op for event in history.naming(Spot(path="lib/X"))] == ["task_claimed"]


def test_a_new_index_is_read_by_the_next_process(world, history, folder, open_history):
    tasks = work(world)
    told(history, world, tasks)
    before = (folder / "index.sqlite").stat()
    other = open_history(world.coordinator, folder)
    assert told(other, world, tasks) == seen(world, tasks)
    assert (folder / "index.sqlite").stat() == before, "it was not made again"


def test_it_may_be_deleted_while_it_is_open(world, history, folder):
    tasks = work(world)
    told(history, world, tasks)
    for file in folder.iterdir():
        file.unlink()
    tasks += work(world, 1, 5)
    assert told(history, world, tasks) == seen(world, tasks)
    assert (folder / "index.sqlite").exists()


def last_in(folder):
    with closing(sqlite3.connect(folder / "index.sqlite")) as database:
        return database.execute("SELECT max(seq) FROM line").fetchone()[0]


def test_one_that_another_process_has_put_in_its_place_is_the_one_that_is_kept_up(world, history, folder, open_history):
    told(history, world, work(world))
    other = open_history(world.coordinator, folder)
    other.discard()
    other.head_at(world.state.at)
    work(world)
    assert told(history, world, []) == seen(world, [])
    assert last_in(folder) == 50, "it was written where the next process looks"


def test_who_knows_an_older_line_takes_nothing_from_who_knows_the_newest(world, history, folder, open_history):
    tasks = work(world)
    told(history, world, tasks)
    behind = world.beside().coordinator
    old = behind.read()
    behind.likely = lambda: old
    other = open_history(behind, folder)
    tasks += work(world, 1, 5)
    told(history, world, tasks)
    assert [event.entry.seq for event in other.of_instance("bob-1")][-1] == old.state.seq == 25
    other.keep_up(1_000)
    assert last_in(folder) == world.state.seq == 30
    assert told(history, world, tasks) == seen(world, tasks)


def damaged(data, how):
    middle = len(data) // 2
    return {
        "empty": b"",
        "no database": b"x" * len(data),
        "cut off": data[:middle],
        "cut off early": data[:1000],
        "zeros in the middle": data[:4096] + bytes(len(data) - 4096),
        "zeros at the end": data[:-4096] + bytes(4096),
        "another file": b'{"a": 1}\n',
    }[how]


@pytest.mark.parametrize("how", [
    "empty", "no database", "cut off", "cut off early", "zeros in the middle", "zeros at the end", "another file",
])  # fmt: skip
@pytest.mark.parametrize("opened", [True, False])
def test_damage_is_noticed_and_it_is_made_anew(world, history, folder, how, opened, open_history):
    tasks = work(world, 30)
    told(history, world, tasks)
    if not opened:
        history.close()
    file = folder / "index.sqlite"
    file.write_bytes(damaged(file.read_bytes(), how))
    for _ in range(2):
        assert told(history, world, tasks) == seen(world, tasks)
        tasks += work(world, 1, 30)
    assert told(open_history(world.coordinator, folder), world, tasks) == seen(world, tasks)


@pytest.mark.parametrize(
    "tampering",
    [
        "PRAGMA user_version = 0; DELETE FROM found WHERE seq < 9",
        "PRAGMA user_version = 99; UPDATE found SET key = CAST('x' || key AS BLOB)",
        "DELETE FROM line WHERE seq = 7",
        "DELETE FROM line WHERE seq < 20",
        "DROP TABLE found",
        "UPDATE line SET head = (SELECT head FROM line WHERE seq = 3)",
        "UPDATE line SET head = 'f' || head WHERE seq < 40",
        "INSERT INTO line SELECT seq + 1000, head, at FROM line",
        "ALTER TABLE line RENAME COLUMN at TO was",
    ],
)
def test_what_is_not_an_index_of_this_line_is_made_anew(world, history, folder, tampering):
    tasks = work(world, 10)
    told(history, world, tasks)
    history.close()
    database = sqlite3.connect(folder / "index.sqlite")
    database.executescript(tampering)
    database.commit()
    database.close()
    assert told(history, world, tasks) == seen(world, tasks)


def test_a_line_that_took_another_way_is_followed(history, world, folder, open_history):
    tasks = work(world, 4)
    told(history, world, tasks)
    other = World(clock=world.clock, ids=world.ids)
    for entry in world.entries()[:13]:
        other.store.commit(other.store.head(), entry, dict)
    others = tasks[:3] + work(other, 3, 50)
    again = open_history(other.coordinator, folder)
    assert told(again, other, others) == seen(other, others)
    assert told(history, world, tasks) == seen(world, tasks), "and back"


def test_a_line_that_was_cut_short_is_followed(history, world, folder, open_history):
    tasks = work(world, 4)
    told(history, world, tasks)
    short = World(clock=world.clock, ids=world.ids)
    for entry in world.entries()[:7]:
        short.store.commit(short.store.head(), entry, dict)
    again = open_history(short.coordinator, folder)
    assert told(again, short, tasks[:2]) == seen(short, tasks[:2])


def test_where_nothing_can_be_written_it_is_made_in_memory(world, tmp_path, open_history):
    tasks = work(world)
    (tmp_path / "file").write_text("in the way")
    history = open_history(world.coordinator, tmp_path / "file" / "own")
    assert told(history, world, tasks) == seen(world, tasks)
    tasks += work(world, 1, 5)
    assert told(history, world, tasks) == seen(world, tasks)


@AS_ROOT
def test_a_folder_that_is_read_only_is_read(world, history, folder, open_history):
    tasks = work(world)
    told(history, world, tasks)
    tasks += work(world, 1, 5)
    folder.chmod(stat.S_IRUSR | stat.S_IXUSR)
    assert told(open_history(world.coordinator, folder), world, tasks) == seen(world, tasks)
    folder.chmod(stat.S_IRWXU)


def test_who_holds_the_lock_for_long_is_not_waited_for(world, folder, monkeypatch, open_history):
    monkeypatch.setattr(shelf, "LOCK_WAIT_S", 0.05)
    tasks = work(world)
    with shelf.Shelf(folder)._alone(0):
        history = open_history(world.coordinator, folder)
        assert told(history, world, tasks) == seen(world, tasks)
        assert not (folder / "index.sqlite").exists()


def test_a_writer_keeps_it_up_where_little_is_lacking_only(world, history, folder):
    work(world)
    history.keep_up(most=24)
    assert not (folder / "index.sqlite").exists()
    history.keep_up(most=25)
    assert (folder / "index.sqlite").exists()
    tasks = work(world)
    history.keep_up(most=24)
    history.keep_up(most=25)
    assert last_in(folder) == 50
    assert told(history, world, tasks[:0]) == seen(world, tasks[:0])


def test_a_writer_does_not_wait_for_who_is_at_it(world, history, folder):
    work(world)
    with shelf.Shelf(folder)._alone(0):
        history.keep_up(most=1000)
    assert not (folder / "index.sqlite").exists()


def test_a_line_that_cannot_be_read_is_said_and_not_the_index(world, history):
    work(world)
    point = world.store.pool.point(list(world.store.walk(world.store.head()))[-4][0])
    world.store.pool._points[point.head] = replace(point, entry=replace(point.entry, body=b"[]"))
    with pytest.raises(CoordinautError) as raised:
        history.of_task("x")
    assert raised.value.code == "unreadable_history"
