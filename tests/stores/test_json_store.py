"""The JSON store beside people, editors and disks: what is read, what is reported, and what is left alone."""

import json
import os
import shutil
import subprocess
import sys
import threading

import pytest
from children import HERE, PROJECT, child, say
from hub import without_override
from json_scene import DOCUMENT, files, new_store, refusal
from writing import attempt, entry, put, some_changes, state

from coordinaut_git.documents import OutcomeUnknown, StaleHead, newer_format
from coordinaut_git.errors import Kind
from coordinaut_git.stores.json import files as module
from coordinaut_git.stores.json import open_json_store


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "state folder"


@pytest.fixture
def store(folder):
    store = new_store(folder)
    yield store
    store.close()


def test_the_state_is_a_file_that_a_person_can_read(store, folder):
    text = (folder / "state.json").read_text()
    found = json.loads(text)
    assert list(found) == ["format", "head", "seq", "previous", "logBytes", "documents", "checksum"]
    assert found["documents"]["tasks/open/a.json"] == json.loads(DOCUMENT)
    assert found["documents"]["tasks/open/b.json"] == "no JSON"
    assert '\n    "tasks/open/a.json": {\n      "files": [\n        "src/**"\n      ],\n' in text
    assert "Zażółć" in text
    assert list(found["documents"]) == sorted(found["documents"])
    lines = [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]
    assert [line["seq"] for line in lines] == [1, 2, 3]
    assert lines[2]["changes"] == {"leases/x.json": None, "leases/y.json": {"holder": "other"}}
    assert found["logBytes"] == (folder / "events.jsonl").stat().st_size


def test_the_names_of_points_depend_on_what_happened_and_on_nothing_else(tmp_path):
    heads = []
    for name in ("one", "two"):
        store = open_json_store(tmp_path / name, flush=False)
        store.create()
        for seq in (1, 2, 3):
            one = entry(seq, {"a.json": str(seq)}, name=f"op_{seq}")
            store.commit(store.head(), one, lambda seq=seq: {"a.json": b"%d" % seq})
        heads.append(store.head())
    assert heads[0] == heads[1]
    assert store.rewrite(store.head(), entry(4, name="op_4"), dict) != heads[0]


def test_both_files_of_a_backup_put_back_are_the_state_as_it_was(store, folder):
    before, head = state(store), store.head()
    name = store.backup(head, "20261122T160000Z-1")
    put(store, {"later.json": "1"})
    for file in ("state.json", "events.jsonl"):
        shutil.copy(folder / name / file, folder / file)
    assert (store.head(), state(store)) == (head, before)
    put(store, {"other.json": "1"})


def test_a_backup_of_an_earlier_point_is_of_that_point(store, folder):
    head, before = store.head(), state(store)
    put(store, {"later.json": "1"})
    name = open_json_store(folder, flush=False).backup(head, "x")
    kept = open_json_store(folder / name, flush=False)
    assert (kept.head(), state(kept)) == (head, before)
    assert refusal(lambda: store.backup(store.head(), "x")).code == "backup_failed"


@pytest.mark.parametrize("label", ["../x", "", ".", "a/b", "a\n"])
def test_a_backup_is_made_in_its_folder_only(store, label):
    with pytest.raises(ValueError, match="label"):
        store.backup(store.head(), label)


def test_what_a_newer_version_wrote_is_left_alone(store, folder):
    text = (folder / "state.json").read_bytes().replace(b'"format": 1', b'"format": 2')
    (folder / "state.json").write_bytes(text)
    for work in (store.head, lambda: put(store, {}), store.create):
        assert refusal(work).code == newer_format("", 2).code
    assert (folder / "state.json").read_bytes() == text


def test_an_id_is_given_once(store):
    names = [one.id for one in store.log(store.head())]
    for name in names:
        with pytest.raises(ValueError, match="id"):
            store.commit(store.head(), entry(4, name=name), dict)
    text = f'"id":"{names[0]}x","seq":'
    attempt(store, {"a.json": text}, summary=text)
    store.commit(store.head(), entry(5, name=f"{names[0]}x"), dict)


def test_a_folder_behind_a_link_is_the_folder(store, folder, tmp_path):
    link = tmp_path / "link"
    link.symlink_to(folder)
    other = open_json_store(link, flush=False)
    assert other.describe()["location"] == str(folder)
    put(other, {"a.json": "1"})
    assert state(store)["a.json"] == b"1"


def test_a_link_in_the_place_of_a_file_is_not_followed(store, folder, tmp_path):
    (tmp_path / "precious").write_text("mine")
    (folder / "state.json-new").symlink_to(tmp_path / "precious")
    assert refusal(lambda: put(store, {"a.json": "1"})).code == "write_failed"
    assert (tmp_path / "precious").read_text() == "mine"
    put(store, {"a.json": "1"})


def test_where_there_is_no_folder_looking_makes_none(tmp_path):
    store = open_json_store(tmp_path / "a" / "b")
    assert store.head() is None
    with store.queue(1) as turn:
        assert not turn
    assert list(tmp_path.iterdir()) == []
    assert store.create()


def test_a_folder_that_vanished_is_no_store_any_more_and_may_be_made_again(store, folder):
    head = store.head()
    shutil.rmtree(folder)
    assert store.head() is None
    with pytest.raises(StaleHead):
        store.commit(head, entry(4), dict)
    assert refusal(lambda: store.snapshot(head)).code == "unknown_head"
    assert not folder.exists()
    assert store.create()
    put(store, {"a.json": "1"})


def test_a_file_in_the_place_of_the_folder_is_said_in_words(tmp_path):
    (tmp_path / "file").write_text("x")
    store = open_json_store(tmp_path / "file")
    assert refusal(store.head).code == "unreadable_state"
    assert refusal(store.create).code in {"write_failed", "unreadable_state"}
    assert (tmp_path / "file").read_text() == "x"


@pytest.mark.parametrize(("mask", "mode"), [(0o077, 0o600), (0o002, 0o664)])
def test_who_may_read_and_write_the_files_is_as_the_user_has_it(folder, mask, mode):
    before = os.umask(mask)
    try:
        store = open_json_store(folder, flush=False)
        store.create()
        with store.queue(1):
            put(store, {"a.json": "1"})
        store.close()
    finally:
        os.umask(before)
    assert {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()} == dict.fromkeys(
        (path.name for path in folder.iterdir()), mode
    )


def test_a_head_of_nowhere_is_unknown(store):
    for head in ("3.5", "x", "", f"2.{'0' * 64}", f"9.{'0' * 64}", f"0.{'0' * 64}", "3." + "٣" * 64):
        for work in (store.snapshot, lambda head: list(store.log(head)), lambda head: store.backup(head, "x")):
            assert refusal(lambda work=work, head=head: work(head)).code == "unknown_head"
        with pytest.raises(StaleHead):
            store.commit(head, entry(4), dict)
        assert store.since(head, store.head()) is None


CHILD = """
import sys
from pathlib import Path
from coordinaut_git.errors import CoordinautError
from coordinaut_git.stores.json import open_json_store
from writing import put
store = open_json_store(Path(sys.argv[1]), flush=False)
print(store.head(), flush=True)
try:
    put(store, {"a.json": "1"}, wait_s=0)
    print("done")
except CoordinautError as error:
    print(error.code)
"""


@pytest.mark.parametrize("closed", ["folder", "state.json", "events.jsonl", "state.json-lock"])
def test_what_may_not_be_written_is_read_and_said_in_words(store, folder, closed):
    head, left = store.head(), files(folder)
    path = folder if closed == "folder" else folder / closed
    mode = path.stat().st_mode
    path.chmod(0o555)
    try:
        done = subprocess.run(
            [*without_override(), sys.executable, "-c", CHILD, folder],
            env=os.environ | {"PYTHONPATH": os.pathsep.join([str(PROJECT), str(HERE)])},
            capture_output=True,
            text=True,
        )
    finally:
        path.chmod(mode)
    assert done.stderr == ""
    told = done.stdout.split()
    assert told[0] == head
    if closed == "state.json":  # a file is replaced by right of its folder
        assert told[1] == "done"
    else:
        assert told[1] == "read_only"
        assert files(folder) == left


def test_what_may_not_be_read_is_said_in_words(store, folder, monkeypatch):
    def refuse(*arguments, **options):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(type(store.folder.state), "open", refuse)
    assert refusal(store.head).code == "unreadable_state"


HOLDER = """
import sys
from pathlib import Path
from coordinaut_git.stores.json.files import Folder
with Folder(Path(sys.argv[1]), flush=False).locked():
    print("in", flush=True)
    sys.stdin.readline()
"""


def test_a_lock_held_for_long_is_contended_and_readers_do_not_mind(store, folder, monkeypatch):
    monkeypatch.setattr(module, "LOCK_S", 0.2)
    head = store.head()
    with child(HOLDER, folder) as holder:
        assert holder.stdout.readline() == "in\n"
        error = refusal(lambda: put(store, {"a.json": "1"}))
        assert (error.code, error.kind) == ("state_locked", Kind.CONTENDED)
        assert store.head() == head
        assert "a.json" not in state(open_json_store(folder))
        say(holder)
        holder.wait(120)
    put(store, {"a.json": "1"})


def test_the_lock_of_a_killed_process_is_free_at_once(store, folder, monkeypatch):
    monkeypatch.setattr(module, "LOCK_S", 5)
    with child(HOLDER, folder) as holder:
        assert holder.stdout.readline() == "in\n"
        holder.kill()
        holder.wait(120)
        put(store, {"a.json": "1"})


def test_readers_never_take_a_writer_for_damage(store, folder):
    done = threading.Event()

    def write():
        try:
            for number in range(300):
                put(store, some_changes(number))
        finally:
            done.set()

    writer = threading.Thread(target=write)
    writer.start()
    reads = 0
    while not done.is_set() or reads <= 3:
        reader = open_json_store(folder)
        assert reader.snapshot(reader.head()).seq >= 3
        reads += 1
    writer.join()
    assert next(store.log(store.head())).seq == 303


def test_a_lost_rename_is_an_unknown_outcome_and_settled_by_the_id(store, monkeypatch):
    real = os.replace

    def loses_its_answer(*names):
        real(*names)
        monkeypatch.undo()
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "replace", loses_its_answer)
    with pytest.raises(OutcomeUnknown):
        store.commit(store.head(), entry(4, {"a.json": "1"}, name="op_4"), lambda: {"a.json": b"1"})
    assert next(store.log(store.head())).id == "op_4"
    assert state(store)["a.json"] == b"1"


def test_when_an_entry_was_written_is_known_on_this_machine_only(store, folder, monkeypatch):
    assert 0 <= store.seen_ms_ago(3) <= store.seen_ms_ago(1) < 600_000
    assert [store.seen_ms_ago(seq) for seq in (0, 4, -1)] == [None] * 3
    from coordinaut_git.stores.json import store as here

    monkeypatch.setattr(here, "boot_id", lambda: "another-run")
    assert store.seen_ms_ago(3) is None
