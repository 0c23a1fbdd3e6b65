"""The JSON store when its writer dies, or its disk fails, at any call that changes something."""

import json
import os
import shutil
import subprocess
import sys

import pytest
from children import HERE, PROJECT
from writing import changes_of, put, some_changes, state

from coordinaut_git.stores.json import open_json_store

WAYS = (
    "kill_before",
    "kill_after",
    "kill_half_way",
    "full_disk",
    "failing_disk",
    "dead_failing_disk",
    "interrupt_after",
)
DEFINITE = {"disk_full", "read_only", "write_failed", "backup_failed"}


def sweep(template, folder, step, how, *, flush=True):
    """One run for each call at which something can go wrong: what was told, and the folder it left."""
    folder.mkdir()
    done = subprocess.run(
        [sys.executable, HERE / "failing_calls.py", template, folder, step, how, "flush" if flush else "no"],
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(PROJECT), str(HERE)])},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert (done.returncode, done.stderr) == (0, "")
    runs = [json.loads(line) for line in done.stdout.splitlines()]
    return [(told, folder / f"{told['number']:03}") for told in runs]


@pytest.fixture
def template(tmp_path):
    store = open_json_store(tmp_path / "template", flush=False)
    store.create()
    for number in range(3):
        put(store, some_changes(number))
    store.close()
    return tmp_path / "template"


def check_whole(folder, before):
    """State and log tell one story, of which `before` is the beginning; gives the ids on the line."""
    store = open_json_store(folder, flush=False)
    log = list(store.log(store.head()))[::-1]
    documents = changes_of(log)
    assert state(store) == {path: content for path, content in documents.items() if content is not None}
    names = [one.id for one in log]
    assert names[: len(before)] == before
    return names


def ids_in(folder):
    return [json.loads(line)["id"] for line in (folder / "events.jsonl").read_bytes().split(b"\n")[:-1]]


def check_after(told, folder, before):
    """What was told is true, everything is readable, and the next writer writes at once."""
    names = check_whole(folder, before)
    if "done" in told:
        assert told["done"] in names, told
    if told.get("error") in DEFINITE:
        assert names == before, told
    later = put(open_json_store(folder, flush=False), {"survivor.json": "1"}, wait_s=0, attempts=1).id
    assert check_whole(folder, names)[len(names) :] == [later]
    assert ids_in(folder) == [*names, later], "a line that was not published is in the log"
    assert not (folder / "state.json-new").exists()


@pytest.mark.parametrize(
    ("step", "how"), [*(("commit", how) for how in WAYS), ("extend", "kill_half_way"), ("extend", "full_disk")]
)
def test_whatever_fails_at_any_call_state_and_log_tell_one_story(template, tmp_path, step, how):
    before = ids_in(template)
    runs = sweep(template, tmp_path / "runs", step, how)
    assert len(runs) >= 10
    assert "done" in runs[-1][0]
    if how.startswith("kill"):
        assert sum("killed" in told for told, _ in runs) >= len(runs) - 2
    for told, folder in runs:
        assert set(told) & {"done", "error", "killed"}
        assert told.get("error", "disk_full") in DEFINITE | {"KeyboardInterrupt", "OutcomeUnknown", "AssertionError"}, (
            told
        )
        check_after(told, folder, before)


@pytest.mark.parametrize("how", ["kill_before", "kill_half_way"])
def test_writers_that_die_one_after_the_other_leave_one_story(template, tmp_path, how):
    before = ids_in(template)
    with_tail = [
        folder
        for _, folder in sweep(template, tmp_path / "first", "commit", how)
        if (folder / "events.jsonl").stat().st_size > (template / "events.jsonl").stat().st_size
        and (folder / "state.json-new").exists()
    ]
    assert with_tail, "no writer died between the line and the rename"
    for number, left in enumerate(with_tail):
        for told, folder in sweep(left, tmp_path / f"second-{number}", "commit", how):
            check_after(told, folder, before)


@pytest.mark.parametrize("how", WAYS)
def test_whatever_fails_while_a_store_is_created_it_is_created_by_the_next(tmp_path, how):
    for told, folder in sweep(tmp_path / "none", tmp_path / "runs", "create", how):
        store = open_json_store(folder, flush=False)
        made = store.head() is not None
        assert made or told.get("done") != "True"
        assert store.create() is not made
        put(store, {"a.json": "1"}, wait_s=0, attempts=1)
        assert state(store) == {"a.json": b"1"}


@pytest.mark.parametrize("how", WAYS)
def test_whatever_fails_while_a_backup_is_made_it_is_there_as_a_whole_or_not(template, tmp_path, how):
    before = ids_in(template)
    for told, folder in sweep(template, tmp_path / "runs", "backup", how):
        kept = folder / "backups" / "kept"
        assert kept.exists() or "done" not in told
        if kept.exists():
            assert check_whole(kept, before) == before
        store = open_json_store(folder, flush=False)
        assert store.backup(store.head(), "kept") == "backups/kept"
        assert check_whole(kept, before) == before


@pytest.mark.parametrize("flush", [True, False])
def test_with_flushing_each_file_is_on_disk_before_the_next_and_the_name_at_last(template, tmp_path, flush):
    if shutil.which("strace") is None:
        pytest.skip("only strace shows what is flushed")
    trace = tmp_path / "trace"
    code = (
        "import sys; from pathlib import Path; from writing import put; from coordinaut_git.stores.json import open_json_store\n"
        f"put(open_json_store(Path(sys.argv[1]), flush={flush}), {{'a.json': '1'}})"
    )
    subprocess.run(
        ["strace", "-f", "-y", "-o", trace, "-e", "trace=fsync,rename", sys.executable, "-c", code, template],
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(PROJECT), str(HERE)])},
        check=True,
        timeout=600,
    )
    calls = [line.split(maxsplit=1)[1] for line in trace.read_text().splitlines() if "(" in line]
    steps = [call.partition("(")[0] + " " + name_in(call) for call in calls if "template" in call]
    flushed = ["fsync state.json-new", "fsync events.jsonl", "rename state.json", "fsync template"]
    assert steps == (flushed if flush else ["rename state.json"])


def name_in(call):
    """The name of the file that a call is about; of a rename the new one."""
    path = call.rpartition("<")[2].partition(">")[0] if "<" in call else call.split('"')[3]
    return path.rpartition("/")[2]
