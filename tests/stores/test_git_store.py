"""What is particular to the git store when all is well; what it shares with the others is in the contract suite."""

import os
import subprocess
import sys
from dataclasses import replace

import pytest
from git_scene import PROJECT, REF, another, entry, extend

from coordinaut_git.plumbing.repository import find
from coordinaut_git.plumbing.settings import Settings
from coordinaut_git.stores.git.genesis import GENESIS
from coordinaut_git.stores.git.store import CHECKPOINT_EVERY, open_git_store
from coordinaut_git.stores.git.tree import checkpoint_tree


def test_the_first_commit_is_the_same_in_every_repository_for_ever(repository, store, git, tmp_path):
    assert GENESIS == "46fc129bdfb19fe4765904a8606db0554580eba8"
    git(tmp_path, "init", "--quiet", "--bare", "second")
    second = open_git_store(find(tmp_path / "second"))
    assert [second.head(), second.create(), second.create()] == [None, True, False]
    assert second.head() == store.head() == GENESIS
    assert git(repository, "show", f"{REF}:checkpoint.json") == '{"format":1,"seq":0}'
    assert "coordinaut" in git(repository, "log", "--format=%B", REF)
    second.close()


CREATOR = """
import sys
from pathlib import Path
from coordinaut_git.plumbing.repository import find
from coordinaut_git.plumbing.settings import Settings
from coordinaut_git.stores.git.store import open_git_store
stores = [open_git_store(find(Path(sys.argv[1])), Settings(ref=f"refs/race/r{n}", flush=False)) for n in range(60)]
print("ready", flush=True)
sys.stdin.readline()
print(*(int(store.create()) for store in stores), flush=True)
"""


def test_of_processes_that_create_at_once_exactly_one_is_told_that_it_did(repository):
    command = [sys.executable, "-c", CREATOR, str(repository)]
    environ = os.environ | {"PYTHONPATH": PROJECT}
    racers = [
        subprocess.Popen(command, env=environ, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for _ in range(3)
    ]
    assert [racer.stdout.readline() for racer in racers] == ["ready\n"] * 3
    for racer in racers:
        racer.stdin.write("go\n")
        racer.stdin.flush()
    told = [[int(word) for word in racer.communicate(timeout=300)[0].split()] for racer in racers]
    assert [sum(row) for row in zip(*told, strict=True)] == [1] * 60


def test_git_log_is_the_event_log_and_git_finds_nothing_to_complain_about(store, repository, git):
    head = extend(store, store.head(), 1, 70)
    assert git(repository, "log", "-1", "--format=%s|%an|%ae|%cn|%ce|%aI|%cI", REF) == (
        "note 70 für alle|backend-codex|inst_1@coordinaut|backend-codex|inst_1@coordinaut"
        "|2026-11-22T16:00:00+00:00|2026-11-22T16:00:00+00:00"
    )
    assert git(repository, "log", "-1", "--format=%b", REF).strip() == entry(70).body.decode()
    assert git(repository, "rev-list", "--count", REF) == "71"
    git(repository, "fsck", "--full", "--strict")
    assert list(store.log(head)) == [entry(seq) for seq in range(70, 0, -1)]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({"author": "a\n<b>\0\x1b"}, {"author": "a  b"}),
        ({"author": " <> "}, {"author": "unknown"}),
        ({"author": "\ud800Zoë"}, {"author": "Zoë"}),
        ({"author_id": "a b<c>\n"}, {"author_id": "a-b-c--"}),
        ({"author_id": ""}, {"author_id": "unknown"}),
        ({"summary": "one\ntwo\n\nthree"}, {"summary": "one two  three"}),
        ({"summary": ""}, {"summary": "(no summary)"}),
        ({"summary": "quotes ' \" ; $(x) ü 漢"}, {}),
    ],
)
def test_names_and_summaries_that_git_could_not_hold_are_cleaned_and_the_body_is_not(
    store, git, repository, given, kept
):
    head = store.commit(store.head(), entry(1, **given), dict)
    (read,) = another(store).log(head)
    assert read == replace(entry(1, **given), **kept)
    git(repository, "fsck", "--strict")


def test_a_body_that_would_not_come_back_is_refused(store):
    head = store.head()
    for body in (b"", b"a\0b"):
        with pytest.raises(ValueError, match="body"):
            store.commit(head, entry(1, body=body), dict)
    with pytest.raises(ValueError, match="seq 3 after 0"):
        store.commit(head, entry(3), dict)
    assert store.head() == head


def test_an_operation_is_one_object_and_a_checkpoint_a_pack(store, repository, git):
    before = int(git(repository, "count-objects").split()[0])
    head = extend(store, store.head(), 1, CHECKPOINT_EVERY - 1)
    assert int(git(repository, "count-objects").split()[0]) - before == CHECKPOINT_EVERY - 1
    assert git(repository, "rev-parse", f"{head}^{{tree}}") == git(repository, "rev-parse", f"{GENESIS}^{{tree}}")
    head = extend(store, head, CHECKPOINT_EVERY, CHECKPOINT_EVERY)
    assert list((repository / ".git" / "objects" / "pack").glob("*.pack"))
    assert git(repository, "show", f"{REF}:checkpoint.json") == '{"format":1,"seq":64}'
    assert git(repository, "show", f"{REF}:notes/1.json") == "64"


def test_a_snapshot_gives_the_documents_of_the_checkpoint_and_the_entries_since(store):
    documents = {}
    head = extend(store, store.head(), 1, 64, documents)
    documents.clear()
    documents |= {"notes/3.json": None, "top.json": b"{}", "a/b/c/d.json": b"deep"}
    head = extend(store, head, 65, 130, documents)
    fresh = another(store).snapshot(head)
    assert (fresh.seq, fresh.entries) == (128, (entry(129), entry(130)))
    names = fresh.documents.names
    assert (names(""), names("a"), names("a/b/c"), names("none")) == (
        ("a/", "notes/", "top.json"),
        ("b/",),
        ("d.json",),
        (),
    )
    assert fresh.documents.get("a/b/c/d.json") == b"deep"
    assert fresh.documents.get("notes/2.json") == b"128\n"
    assert [fresh.documents.get(path) for path in ("checkpoint.json", "a", "a/b", "no/such", "top.json/x")] == [
        None
    ] * 5


def test_documents_that_go_take_their_empty_folders_with_them(store, git, repository):
    head = extend(store, store.head(), 1, 63)
    head = store.commit(head, entry(64), lambda: {"a/b/c.json": b"1", "d.json": b"2"})
    head = extend(store, head, 65, 127)
    store.commit(head, entry(128), lambda: {"a/b/c.json": None, "no/such.json": None})
    assert git(repository, "ls-tree", "-r", "-t", "--name-only", REF).split() == ["checkpoint.json", "d.json"]


@pytest.mark.parametrize(
    "path", ["", "a//b", "/a", "a/", "../a", "a/./b", ".git/x", "a/.GIT", "a\0b", "checkpoint.json"]
)
def test_a_path_that_cannot_stand_in_a_tree_is_refused_and_nothing_moves(store, path):
    head = extend(store, store.head(), 1, 63)
    with pytest.raises(ValueError):
        store.commit(head, entry(64), lambda: {path: b"x"})
    assert store.head() == head


def test_a_checkpoint_writes_only_what_is_new(store):
    head = extend(store, store.head(), 1, 63)
    head = store.commit(head, entry(64), lambda: {"a/x.json": b"1", "b/y.json": b"2"})
    tree = store.line.point(head).tree
    changes = {"a/x.json": b"1", "b/y.json": b"3"}
    _, objects = checkpoint_tree(store.line.content, tree, changes, 128)
    assert [kind for kind, _ in objects] == ["blob", "tree", "blob", "tree"]
    assert [data for kind, data in objects if kind == "blob"] == [b"3", b'{"format":1,"seq":128}\n']


def test_a_document_and_a_folder_of_one_name_are_refused(store):
    head = extend(store, store.head(), 1, 63)
    for changes in ({"a": b"1", "a/b": b"2"}, {"a/b": b"2", "a": b"1"}):
        with pytest.raises(ValueError, match="a"):
            store.commit(head, entry(64), lambda changes=changes: changes)


def test_the_same_documents_give_the_same_tree_by_whatever_way(store, tmp_path, git):
    git(tmp_path, "init", "--quiet", "second")
    second = open_git_store(find(tmp_path / "second"), Settings(flush=False))
    second.create()
    changes = {"b/x.json": b"1", "a.json": b"2", "b.json": b"3"}
    trees = []
    for each, given in ((store, changes), (second, dict(reversed(changes.items())))):
        head = extend(each, each.head(), 1, 63)
        trees.append(each.line.point(each.commit(head, entry(64), lambda given=given: given)).tree)
    assert trees[0] == trees[1]
    second.close()


def test_since_gives_what_came_after_and_none_for_what_is_not_on_the_way(store):
    heads = [store.head()]
    for seq in range(1, 70):
        heads.append(extend(store, heads[-1], seq, seq))
    assert store.since(heads[60], heads[69]) == tuple(entry(seq) for seq in range(61, 70))
    assert store.since(heads[0], heads[2]) == (entry(1), entry(2))
    assert store.since(heads[5], heads[5]) == ()
    assert store.since(heads[6], heads[5]) is None
