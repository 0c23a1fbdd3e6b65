"""The git store on disks that say no, and what it writes on those that do not."""

import os
import re
import shutil
import subprocess
import sys

import pytest
from git_scene import PROJECT, REF, extend
from hub import without_override

from coordinaut_git.plumbing.engine import RefAt
from coordinaut_git.plumbing.objects import object_id
from coordinaut_git.plumbing.repository import find
from coordinaut_git.stores.git.genesis import GENESIS, GENESIS_OBJECTS
from coordinaut_git.stores.git.store import open_git_store

WRITER = """
import json, resource, sys
from pathlib import Path
from coordinaut_git.documents import Entry
from coordinaut_git.errors import CoordinautError
from coordinaut_git.plumbing.repository import find
from coordinaut_git.plumbing.settings import Settings
from coordinaut_git.stores.git.store import open_git_store
store = open_git_store(find(Path(sys.argv[1])), Settings(flush=False))
if sys.argv[2] == "small":
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]), int(sys.argv[3])))
try:
    if store.head() is None:
        store.create()
    body = b'{"id":"op_1","seq":1,"at":"2026-11-22T16:00:00Z"}'
    with store.queue(120):
        store.commit(store.head(), Entry(id="op_1", seq=1, at=1795363200000, summary="s", author="a", author_id="b", body=body), dict)
    print("done")
except CoordinautError as error:
    print(error.code)
"""


def run_writer(repository, *arguments, command=()):
    done = subprocess.run(
        [*command, sys.executable, "-c", WRITER, str(repository), *arguments],
        env=os.environ | {"PYTHONPATH": PROJECT},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.stderr == ""
    return done.stdout.strip()


def files_in(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize(("limit", "created"), [(0, True), (0, False), (40, True), (100, True)])
def test_a_disk_that_takes_no_more_is_told_and_leaves_nothing_half_done(repository, git, limit, created):
    if created:
        open_git_store(find(repository)).create()
    before = files_in(repository / ".git")
    assert run_writer(repository, "small", str(limit)) == "disk_full"
    left = set(files_in(repository / ".git")) - set(before)
    assert not [name for name in left if name.endswith(".lock") or "tmp" in name]
    assert all(name.startswith(("coordinaut/", "objects/")) for name in left), left
    git(repository, "fsck", "--full", "--strict")
    assert run_writer(repository, "large") == "done"


@pytest.fixture
def read_only(repository, store):
    extend(store, store.head(), 1, 1)
    folders = [repository / ".git", *(path for path in (repository / ".git").rglob("*") if path.is_dir())]
    for folder in folders:
        folder.chmod(0o555)
    yield repository
    for folder in folders:
        folder.chmod(0o755)


def test_a_read_only_repository_is_read_and_writing_is_refused_in_words(read_only, store):
    head = store.head()
    code = WRITER.replace("store.head(), Entry", f"{head!r}, Entry").replace("seq=1", "seq=2")
    command = [*without_override(), sys.executable, "-c", code, str(read_only), "large"]
    done = subprocess.run(command, env=os.environ | {"PYTHONPATH": PROJECT}, capture_output=True, text=True)
    assert (done.stdout.strip(), done.stderr) == ("read_only", "")
    assert store.engine.read_ref(REF) == RefAt(head)


@pytest.mark.skipif(shutil.which("strace") is None, reason="only strace shows what is flushed")
@pytest.mark.parametrize("flush", [True, False])
def test_with_flushing_the_object_and_the_ref_are_on_disk_with_their_folders(repository, tmp_path, flush):
    open_git_store(find(repository)).create()
    trace = tmp_path / "trace"
    objects = repository / ".git/objects"
    folders = set(objects.iterdir())
    code = WRITER.replace("flush=False", f"flush={flush}")
    command = ["strace", "-f", "-y", "-o", trace, "-e", "trace=fsync", sys.executable, "-c", code, repository, "large"]
    done = subprocess.run(command, env=os.environ | {"PYTHONPATH": PROJECT}, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("done\n", "")
    flushed = [
        line.partition("/.git/")[2].partition(">")[0] for line in trace.read_text().splitlines() if "fsync(" in line
    ]
    kinds = [re.sub(r"tmp_object.*|/[0-9a-f]{2}$", "", name) for name in flushed]
    new_folder = ["objects"] * (set(objects.iterdir()) > folders)  # a folder's own name is flushed once
    assert kinds == (["objects/", "objects", *new_folder, f"{REF}.lock", "refs/coordinaut"] if flush else [])


def test_only_the_ref_the_objects_and_our_own_folder_are_written(repository):
    before = {name: (repository / ".git" / name).read_bytes() for name in files_in(repository / ".git")}
    store = open_git_store(find(repository))
    store.create()
    extend(store, store.head(), 1, 70)
    store.close()
    after = {name: (repository / ".git" / name).read_bytes() for name in files_in(repository / ".git")}
    assert {name for name in before if after.get(name) != before[name]} == set()
    new = set(after) - set(before)
    assert {name for name in new if not name.startswith(("objects/", "coordinaut/"))} == {REF}


def test_ids_computed_here_are_those_under_which_git_keeps_the_first_commit():
    assert object_id(*GENESIS_OBJECTS[-1]) == GENESIS
