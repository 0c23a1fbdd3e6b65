"""The cache: never the truth. Whatever befalls it, what is read is what the server has."""

import os
import random

import pytest
from writing import attempt, put, some_changes, state

from coordinaut_git.stores.remote.layers import Layers


@pytest.fixture
def filled(line):
    """A project with 70 operations, some of them by another machine, and the folder of the first one's cache."""
    store, other = line(), line("another machine")
    for number in range(70):
        put(other if number % 5 == 0 else store, some_changes(number))
    store.head()
    return store


def files_of(tmp_path):
    (folder,) = (tmp_path / "first").iterdir()
    return {name: folder / name for name in ("state", "journal")}


def check(line, filled, cache="first"):
    """A new process of the machine reads what a machine without a cache reads, and may write on."""
    fresh, truth = line(cache), line(None)
    head = truth.head()
    assert fresh.likely() in (None, head) or fresh.head() == head
    assert fresh.head() == head
    assert state(fresh) == state(truth)
    assert put(fresh, {"more.json": "1"}).seq == seq_of(truth, head) + 1


def seq_of(store, head):
    return next(store.log(head)).seq


def test_a_new_process_finds_everything_without_asking_for_the_whole_state(line, filled):
    fresh = line()
    head = fresh.likely()
    assert head == filled.head()
    assert state(fresh, head) == state(filled, head)
    assert fresh.server.journeys == 0


def test_what_other_processes_of_the_machine_learn_is_known_at_once(line, filled):
    fresh = line()
    first, entries = fresh.likely(), []
    for number in range(70, 75):
        head, written = attempt(filled, some_changes(number))
        entries.append(written)
        assert fresh.likely() == head
        assert fresh.since(first, head) == tuple(entries)
    assert fresh.server.journeys == 0


@pytest.mark.parametrize("name", ["state", "journal"])
def test_a_file_that_was_cut_off_or_changed_anywhere_does_no_harm(line, filled, tmp_path, name):
    path, generator = files_of(tmp_path)[name], random.Random(3)
    whole = path.read_bytes()
    places = [0, 1, 5, len(whole) - 1, *(generator.randrange(len(whole)) for _ in range(12))]
    for place in places:
        path.write_bytes(whole[:place])
        check(line, filled)
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :])
        check(line, filled)


@pytest.mark.parametrize(
    "content", [b"", b"\0" * 4096, b"CJR1 0 0\n", b"CJR1 0 2\n{}", os.urandom(5000), b"CJR1 x y\n"]
)
def test_a_file_of_nonsense_does_no_harm(line, filled, tmp_path, content):
    for path in files_of(tmp_path).values():
        path.write_bytes(content)
    check(line, filled)


def test_a_cache_without_its_journal_or_its_state_is_made_anew(line, filled, tmp_path):
    for name in ("state", "journal"):
        files_of(tmp_path)[name].unlink()
        check(line, filled)


def test_a_cache_of_another_project_is_not_used(line, filled, tmp_path, opened, server):
    opened(server.url, "elsewhere", cache="first").create()
    mine, theirs = sorted((tmp_path / "first").iterdir(), key=lambda folder: -(folder / "state").stat().st_size)
    (theirs / "state").write_bytes((mine / "state").read_bytes())
    (theirs / "journal").write_bytes((mine / "journal").read_bytes())
    other = opened(server.url, "elsewhere", cache="first")
    assert other.likely() is None
    assert state(other, other.head()) == {}


@pytest.mark.parametrize("what", ["file", "nowhere"])
def test_where_nothing_can_be_kept_everything_works_all_the_same(line, filled, tmp_path, what):
    if what == "file":
        (tmp_path / "odd").write_text("in the way")
    else:
        (tmp_path / "odd").symlink_to("/dev/null/nowhere")
    check(line, filled, "odd")
    line("odd").close()


def test_what_a_killed_writer_left_is_swept_away(line, filled, tmp_path):
    folder = files_of(tmp_path)["state"].parent
    dead, alive = folder / "state.99999999-1", folder / f"state.{os.getpid()}-1"
    for path in (dead, alive):
        path.write_text("half")
    for number in range(130):
        put(filled, some_changes(number))
    assert not dead.exists()
    assert alive.exists()


def test_a_server_that_was_put_back_to_an_older_copy_is_believed(server, project, line, filled):
    folder = server.folder / "data" / "teams" / "red" / project
    server.stop()
    copies = {file: file.read_bytes() for file in folder.iterdir()}
    server.start()
    store = line()
    for number in range(5):
        put(store, some_changes(number))
    late = store.head()
    server.stop()
    for file in folder.iterdir():
        file.unlink()
    for file, content in copies.items():
        file.write_bytes(content)
    server.start()
    assert store.head() != late
    assert state(store) == state(line(None))
    put(store, {"on.json": "1"})
    assert state(line("another machine"))["on.json"] == b"1"


def test_layers_are_a_map_that_is_never_changed():
    generator = random.Random(7)
    paths = [f"{a}/{b}{c}.json" for a in ("a", "a.b", "ab", "b") for b in ("", "x/", "x/y/", "é/") for c in range(9)]
    model, layers, before = {}, Layers.of({}), []
    for _ in range(900):
        changes = {path: generator.choice([None, b"", b"1", b"22"]) for path in generator.sample(paths, 3)}
        changes = {path: content for path, content in changes.items() if content is not None or path in model}
        before.append((layers, dict(model)))
        layers = layers.changed(changes)
        model = {path: content for path, content in (model | changes).items() if content is not None}
    for one, wanted in [*generator.sample(before, 60), (layers, model)]:
        assert dict(one.items()) == wanted
        assert {path: one.get(path) for path in paths} == {path: wanted.get(path) for path in paths}
        for folder in ("", "a", "a.b", "ab", "b", "a/x", "a/x/y", "b/é", "c", "a/0.json"):
            assert one.names(folder) == names_of(wanted, folder)


def names_of(documents, folder):
    prefix = f"{folder}/" if folder else ""
    below = [path[len(prefix) :] for path in documents if path.startswith(prefix)]
    return tuple(sorted({name + slash for name, slash, _ in (path.partition("/") for path in below)}))
