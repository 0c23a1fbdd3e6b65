"""The JSON store when a person or a merge was at its files: reported with its place, and never written over."""

import pytest
from json_scene import files, new_store, refusal
from writing import entry, put, state

from coordinaut_git.documents import Step
from coordinaut_git.errors import CoordinautError, Kind
from coordinaut_git.stores.json import open_json_store
from coordinaut_git.stores.json.mend import mend


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "state folder"


@pytest.fixture
def store(folder):
    store = new_store(folder)
    yield store
    store.close()


def replaced(old, new):
    return lambda data: data.replace(old, new, 1)


DAMAGE = [
    ("state.json", lambda data: b"", (1, 1), "empty"),
    ("state.json", lambda data: data[:-1], (19, 3), "edited"),
    ("state.json", lambda data: data[: data.index(b'"files"') + 3], None, "not JSON"),
    ("state.json", replaced(b'"seq": 3,\n', b'"seq": 3\n'), (5, 3), "not JSON"),
    ("state.json", replaced(b'"seq": 3', b'"seq": "3"'), (4, 3), "not a whole number"),
    ("state.json", replaced(b'"seq": 3', b'"seq": 4'), None, "operation"),
    ("state.json", replaced(b'  "format": 1,\n', b""), (1, 1), "no format"),
    ("state.json", replaced(b'"documents"', b'"dokuments"'), (1, 1), "no documents"),
    ("state.json", replaced(b'"other"', b'"me"'), (8, 5), "not what the operations made it"),
    ("state.json", replaced(b'"leases/y.json"', b'"leases/z.json"'), (8, 5), "not what the operations made it"),
    ("state.json", replaced(b"\n", b"\n\n"), (1, 1), "first lines"),
    (
        "state.json",
        replaced(b'    "tasks', b'<<<<<<< HEAD\n=======\n>>>>>>> theirs\n    "tasks'),
        (11, 1),
        "merge conflict",
    ),
    ("state.json", replaced(b"other", b"\xff\xfe"), (9, 18), "UTF-8"),
    ("state.json", lambda data: b"[1]\n", (1, 1), "object"),
    ("state.json", lambda data: b"[" * 100_000, (1, 1), "nested"),
    ("events.jsonl", lambda data: b"".join(data.splitlines(True)[1:]), (1, 1), "not the line of operation 1"),
    ("events.jsonl", lambda data: data.splitlines(True)[0] * 3, (2, 1), "not the line of operation 2"),
    ("events.jsonl", lambda data: b"".join(data.splitlines(True)[:2]), None, "ends before operation 3"),
    ("events.jsonl", lambda data: data[:-40], None, "line 3"),
    ("events.jsonl", lambda data: b"", None, "ends before operation 3"),
    ("events.jsonl", lambda data: data + data.splitlines(True)[-1], None, "goes on after operation 3"),
    ("events.jsonl", lambda data: data + b"\n", None, "goes on after operation 3"),
    ("events.jsonl", lambda data: None, None, "is gone"),
    ("state.json", lambda data: None, None, "is gone"),
]


@pytest.mark.parametrize(("name", "damage", "place", "words"), DAMAGE)
def test_what_was_damaged_is_reported_with_its_place_and_never_written_over(store, folder, name, damage, place, words):
    head = store.head()
    damaged = damage((folder / name).read_bytes())
    (folder / name).unlink()
    if damaged is not None:
        (folder / name).write_bytes(damaged)
    left = files(folder)
    for handle in (store, open_json_store(folder, flush=False)):
        for work in (handle.head, *writings(handle, head), lambda handle=handle: handle.backup(head, "x")):
            error = refusal(work)
            assert (error.code, error.kind) == ("damaged_state", Kind.ENVIRONMENT)
            assert files(folder) == left
        said = error.message
        assert words in said, said
        if place is not None:
            assert f"{name}, line {place[0]}, column {place[1]}: " in said
            assert (error.details["line"], error.details["column"]) == place
        assert "backup" in error.hint or "put back" in error.hint
    assert created(folder) in {False, "damaged_state"}
    assert files(folder) == left


def writings(store, head):
    steps = [Step(entry=entry(4), changes={})]
    yield lambda: store.commit(head, entry(4), dict)
    yield lambda: store.rewrite(head, entry(4), dict)
    yield lambda: store.extend(head, steps)


OLD_LINES = [
    (replaced(b'"agent"', b'"thief"'), 2, "not what was written"),
    (replaced(b'"seq":2,', b'"seq":2.'), 2, "not JSON"),
    (replaced(b'{"head":"1.', b'{"head":"9.'), 1, "not the line of operation 1"),
    (replaced(b'"head"', b'"haed"'), 1, "not the line of operation 1"),
    (replaced("Zażółć".encode(), "Zażółć".encode()[:-1] + b"\xff"), 1, "UTF-8"),
]


@pytest.mark.parametrize(("damage", "line", "words"), OLD_LINES)
def test_an_old_line_that_was_changed_is_reported_by_whoever_reads_it_and_stays(store, folder, damage, line, words):
    path = folder / "events.jsonl"
    damaged = damage(path.read_bytes())
    assert damaged != path.read_bytes()
    path.write_bytes(damaged)
    later = put(store, {"later.json": "1"})
    assert path.read_bytes().startswith(damaged)
    for work in (lambda: list(store.log(store.head())), lambda: list(store.walk(store.head()))):
        error = refusal(work)
        assert (error.code, error.details["line"], words in error.message) == ("damaged_state", line, True)
    assert next(store.log(store.head())) == later


def created(folder):
    try:
        return open_json_store(folder, flush=False).create()
    except CoordinautError as error:
        return error.code


def test_an_older_state_put_back_alone_is_noticed_and_what_came_after_it_is_kept(store, folder):
    old = (folder / "state.json").read_bytes()
    put(store, {"later.json": "1"})
    (folder / "state.json").write_bytes(old)
    left = files(folder)
    assert "goes on after operation 3, where state.json ends" in refusal(store.head).message
    assert refusal(lambda: put(store, {})).code == "damaged_state"
    assert files(folder) == left


def test_an_edit_while_a_process_runs_is_noticed_by_its_next_look(store, folder):
    put(store, {})
    path = folder / "state.json"
    path.write_bytes(path.read_bytes().replace(b"other", b"OTHER"))
    assert refusal(store.head).code == "damaged_state"


MENDED = [one for one in DAMAGE if one[0] == "state.json" and one[3] != "operation"]


@pytest.mark.parametrize("damage", [one[1] for one in MENDED], ids=[one[3] for one in MENDED])
def test_a_damaged_state_is_built_anew_from_a_whole_log_and_kept_beside(store, folder, damage):
    head, before, log = store.head(), state(store), (folder / "events.jsonl").read_bytes()
    damaged = damage((folder / "state.json").read_bytes())
    (folder / "state.json").unlink()
    if damaged is not None:
        (folder / "state.json").write_bytes(damaged)
    (said,) = mend(store)
    assert "from events.jsonl, up to operation 3" in said
    assert (store.head(), state(store)) == (head, before)
    assert (folder / "events.jsonl").read_bytes() == log
    kept = folder / "state.json-damaged-1"
    assert (kept.read_bytes() if kept.exists() else None) == damaged
    assert list(mend(store)) == []
    put(store, {"later.json": "1"})


def test_an_older_state_put_back_alone_is_brought_up_to_the_log(store, folder):
    old = (folder / "state.json").read_bytes()
    for number in range(3):
        put(store, {"later.json": str(number)})
    head, before = store.head(), state(store)
    (folder / "state.json").write_bytes(old)
    assert len(list(mend(store))) == 1
    assert (store.head(), state(store)) == (head, before)


def test_nothing_is_built_from_a_log_that_is_damaged_or_does_not_reach_as_far(store, folder):
    log = (folder / "events.jsonl").read_bytes()
    lines = log.splitlines(True)
    for damaged in (b"", lines[0], lines[0] + lines[1], log[:-1], log[:-30], log.replace(b"agent", b"thief", 1)):
        (folder / "events.jsonl").write_bytes(damaged)
        state_file = (folder / "state.json").read_bytes()
        (folder / "state.json").write_bytes(state_file.replace(b"other", b"me", 1))
        left = files(folder)
        assert list(mend(store)) == []
        assert files(folder) == left
        (folder / "state.json").write_bytes(state_file)
    (folder / "events.jsonl").write_bytes(log)
    assert list(mend(store)) == []
    put(store, {"later.json": "1"})


def test_the_line_of_a_writer_that_died_is_not_made_part_of_a_state_that_is_built_anew(store, folder):
    before, head = files(folder), store.head()
    put(store, {"dead.json": "1"})
    after = files(folder)
    (folder / "state.json-new").write_bytes(after["state.json"])
    (folder / "state.json").write_bytes(before["state.json"].replace(b"other", b"me", 1))
    assert len(list(mend(store))) == 1
    assert store.head() == head
    put(store, {"later.json": "1"})
    assert "dead.json" not in state(store)
