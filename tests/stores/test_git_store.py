"""What is particular to the git store; what it shares with the others is in the contract suite."""

import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

import coordinaut_git
from coordinaut_git.documents import Entry, OutcomeUnknown, StaleHead
from coordinaut_git.errors import CoordinautError, Kind, environment
from coordinaut_git.plumbing.engine import RefAt, RefOutcomeUnknown
from coordinaut_git.plumbing.objects import Commit, TreeItem, commit_bytes, object_id, tree_bytes
from coordinaut_git.plumbing.pygit2_engine import Pygit2Engine
from coordinaut_git.plumbing.repository import find, open_repository
from coordinaut_git.plumbing.settings import Settings
from coordinaut_git.stores.git import publish
from coordinaut_git.stores.git.genesis import GENESIS, GENESIS_OBJECTS
from coordinaut_git.stores.git.health import document_problems, line_problems, replayed_tree, steps
from coordinaut_git.stores.git.store import CHECKPOINT_EVERY, GitStore, open_git_store

REF = "refs/coordinaut/state"
PROJECT = str(Path(coordinaut_git.__file__).parent.parent)


def entry(seq, **other):
    facts = {"at": "2026-11-22T16:00:00.123Z", "id": other.get("id", f"op_{seq:06d}"), "op": "noted", "seq": seq}
    body = json.dumps(facts, separators=(",", ":")).encode()
    values = {
        "id": facts["id"],
        "seq": seq,
        "at": 1_795_363_200_123,
        "summary": f"note {seq} für alle",
        "author": "backend-codex",
        "author_id": "inst_1",
        "body": body,
    }
    return Entry(**values | other)


def extend(store, head, first, last, documents=None):
    """Commit entries `first` to `last`; entry N sets `notes/N%7.json` to N. `documents` is what has changed so far."""
    changed = {} if documents is None else documents
    for seq in range(first, last + 1):
        changed[f"notes/{seq % 7}.json"] = b"%d\n" % seq
        head = store.commit(head, entry(seq), lambda: changed)
    return head


@pytest.fixture
def store(repository):
    store = open_git_store(find(repository), Settings(flush=False))
    store.create()
    yield store
    store.close()


def another(store):
    """What another process would open."""
    return open_git_store(store.place, store.settings)


def error_of(call):
    with pytest.raises(CoordinautError) as caught:
        call()
    assert caught.value.kind is Kind.ENVIRONMENT
    return caught.value


# The first commit


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
    told = [[int(word) for word in racer.communicate(timeout=60)[0].split()] for racer in racers]
    assert [sum(row) for row in zip(*told, strict=True)] == [1] * 60


# An entry as a commit


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


# Checkpoints


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
    assert git(repository, "ls-tree", "-r", "--name-only", REF).split() == ["checkpoint.json", "d.json"]


@pytest.mark.parametrize(
    "path", ["", "a//b", "/a", "a/", "../a", "a/./b", ".git/x", "a/.GIT", "a\0b", "checkpoint.json"]
)
def test_a_path_that_cannot_stand_in_a_tree_is_refused_and_nothing_moves(store, path):
    head = extend(store, store.head(), 1, 63)
    with pytest.raises(ValueError):
        store.commit(head, entry(64), lambda: {path: b"x"})
    assert store.head() == head


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


# Reading forward


def test_since_gives_what_came_after_and_none_for_what_is_not_on_the_way(store):
    heads = [store.head()]
    for seq in range(1, 70):
        heads.append(extend(store, heads[-1], seq, seq))
    assert store.since(heads[60], heads[69]) == tuple(entry(seq) for seq in range(61, 70))
    assert store.since(heads[0], heads[2]) == (entry(1), entry(2))
    assert store.since(heads[5], heads[5]) == ()
    assert store.since(heads[6], heads[5]) is None


# Races and unknown outcomes


def test_a_stale_head_is_refused_and_nothing_is_written(store, git, repository):
    first = store.head()
    head = extend(store, first, 1, 3)
    objects = git(repository, "count-objects", "-v")
    for expected, seq in ((first, 1), (store.line.point(head).parent, 3)):
        with pytest.raises(StaleHead):
            store.commit(expected, entry(seq, id="late"), dict)
    assert (store.head(), git(repository, "count-objects", "-v")) == (head, objects)


class Faulty(Pygit2Engine):
    """The real engine, whose swap fails in an unclear way: before or after the ref moved."""

    fails = ""
    before_failing = None

    def swap_ref(self, name, old, new):
        if self.fails == "after":
            super().swap_ref(name, old, new)
        if self.before_failing:
            self.before_failing(new)
        if self.fails:
            raise RefOutcomeUnknown(environment("disk_full", "The ref could not be written."))
        super().swap_ref(name, old, new)


@pytest.fixture
def faulty(store):
    made = GitStore(store.place, store.settings, Faulty(open_repository(store.place), store.place.common_dir))
    yield made
    made.close()


def test_an_answer_that_was_lost_after_the_ref_moved_is_success(faulty, store):
    faulty.engine.fails = "after"
    head = faulty.commit(faulty.head(), entry(1), dict)
    assert store.head() == head


def test_an_answer_that_was_lost_and_overtaken_is_success_too(faulty, store):
    faulty.engine.fails = "after"
    faulty.engine.before_failing = lambda new: extend(store, new, 2, 5)
    faulty.commit(faulty.head(), entry(1), dict)
    assert [kept.seq for kept in store.log(store.head())] == [5, 4, 3, 2, 1]


def test_a_failure_that_left_the_ref_where_it_was_is_told_as_what_it_is(faulty, store):
    faulty.engine.fails = "before"
    head = store.head()
    assert error_of(lambda: faulty.commit(head, entry(1), dict)).code == "disk_full"
    assert store.head() == head


def test_a_failure_while_somebody_else_won_is_a_stale_head(faulty, store):
    faulty.engine.fails = "before"
    faulty.engine.before_failing = lambda _: extend(store, store.head(), 1, 1)
    with pytest.raises(StaleHead):
        faulty.commit(faulty.head(), entry(1, id="mine"), dict)


def test_a_failure_after_which_the_ref_is_nowhere_known_is_an_unknown_outcome(faulty, store, git, repository):
    faulty.engine.fails = "before"
    faulty.engine.before_failing = lambda _: git(repository, "update-ref", REF, "main")
    with pytest.raises(OutcomeUnknown):
        faulty.commit(store.head(), entry(1), dict)


def test_a_lock_that_is_held_is_waited_for(store, repository, monkeypatch):
    lock = repository / ".git" / f"{REF}.lock"
    lock.touch()
    release = subprocess.Popen(["sh", "-c", 'sleep 0.3; rm "$0"', str(lock)])
    head = extend(store, store.head(), 1, 1)
    release.wait()
    assert store.head() == head


def test_a_lock_that_stays_is_named_and_left_in_place(store, repository, monkeypatch):
    monkeypatch.setattr(publish, "LOCK_WAIT_S", 0.1)
    lock = repository / ".git" / f"{REF}.lock"
    lock.touch()
    head = store.head()
    with store.queue(1) as turn, pytest.raises(CoordinautError) as caught:
        store.commit(head, entry(1), dict)
    assert turn
    assert (caught.value.kind, caught.value.code, str(lock) in caught.value.message) == (
        Kind.CONTENDED,
        "ref_locked",
        True,
    )
    assert (lock.exists(), store.head()) == (True, head)


def test_a_lock_that_was_left_long_ago_is_set_aside(store, repository):
    lock = repository / ".git" / f"{REF}.lock"
    lock.touch()
    long_ago = time.time() - 60
    os.utime(lock, (long_ago, long_ago))
    with store.queue(1):
        head = extend(store, store.head(), 1, 1)
    assert (store.head(), lock.exists()) == (head, False)


# What others may have done to the ref and the objects


@pytest.mark.parametrize("content", [b"", b"garbage\n", b"\0" * 41])
def test_garbage_in_the_ref_is_told_and_nothing_is_changed(store, repository, content):
    head = store.head()
    (repository / ".git" / REF).write_bytes(content)
    assert error_of(store.head).code == "broken_ref"
    with pytest.raises(StaleHead):
        store.commit(head, entry(1), dict)
    assert not store.create()
    assert (repository / ".git" / REF).read_bytes() == content


def test_a_symbolic_ref_is_told_with_where_it_leads(store, repository, git):
    git(repository, "symbolic-ref", REF, "refs/heads/main")
    error = error_of(store.head)
    assert (error.code, error.message) == ("broken_ref", f"The ref {REF} is a symbolic ref to refs/heads/main.")


def test_a_ref_to_an_object_that_nobody_has_is_told(store, repository):
    (repository / ".git" / REF).write_text("1" * 40 + "\n")
    error = error_of(another(store).head)
    assert (error.code, "1" * 40 in error.message) == ("broken_ref", True)


def write_commit(store, parents, message, tree=None):
    written = Commit(
        tree=tree or store.line.point(GENESIS).tree, parents=parents, author="a", email="b", at_s=1, message=message
    )
    return store.engine.write("commit", commit_bytes(written))


def body_of(seq, **other):
    return b"x\n\n" + json.dumps({"id": "op", "seq": seq, "at": "2026-11-22T16:00:00Z"} | other).encode() + b"\n"


FOREIGN = [
    ("is none of ours", lambda store, head: write_commit(store, (head,), b"a commit of a person\n")),
    ("is none of ours", lambda store, head: write_commit(store, (head,), b"x\n\n[1]\n")),
    ("is none of ours", lambda store, head: write_commit(store, (head,), body_of("2"))),
    ("is none of ours", lambda store, head: write_commit(store, (head,), body_of(True))),
    ("is none of ours", lambda store, head: write_commit(store, (head,), body_of(3, at="now"))),
    ("is none of ours", lambda store, head: write_commit(store, (head,), body_of(3, at="2026-11-22T16:00:00"))),
    ("is none of ours", lambda store, head: write_commit(store, (head,), body_of(3, id=7))),
    ("has seq 9 after 2", lambda store, head: write_commit(store, (head,), body_of(9))),
    ("is a merge", lambda store, head: write_commit(store, (head, GENESIS), body_of(3))),
    ("begins a line", lambda store, head: write_commit(store, (), body_of(3))),
    ("is a blob", lambda store, head: store.engine.write("blob", b"x")),
]


@pytest.mark.parametrize(("problem", "write"), FOREIGN)
def test_a_foreign_commit_on_the_line_is_named_by_reading_and_by_the_health_check(
    store, git, repository, problem, write
):
    head = extend(store, store.head(), 1, 2)
    foreign = write(store, head)
    (repository / ".git" / REF).write_text(foreign + "\n")
    fresh = another(store)
    error = error_of(lambda: list(fresh.log(fresh.head())))
    assert (error.code, foreign in error.message) == ("unreadable_history", True)
    error_of(lambda: fresh.snapshot(fresh.head()))
    found = list(line_problems(fresh.engine, foreign))
    assert found[0].commit == foreign
    assert any(problem in each.what for each in found), found


def test_a_line_that_is_too_short_for_its_numbers_is_unreadable(store, repository):
    orphan = write_commit(store, (GENESIS,), body_of(7))
    error = error_of(lambda: list(store.log(orphan)))
    assert f"{orphan}: its seq is 7 after 0" in error.message


@pytest.mark.parametrize(
    "document", [b'{"format":2,"seq":1}', b'{"format":1,"seq":9}', b'{"format":1,"seq":-1}', b"{}", None]
)
def test_a_checkpoint_that_cannot_be_is_told(store, document):
    items = []
    if document is not None:
        items = [TreeItem(name="checkpoint.json", id=store.engine.write("blob", document), folder=False)]
    tree = store.engine.write("tree", tree_bytes(items))
    head = write_commit(store, (store.head(),), body_of(1), tree)
    code = "newer_format" if document and b":2" in document else "unreadable_history"
    assert error_of(lambda: another(store).snapshot(head)).code == code
    assert [each.commit for each in line_problems(store.engine, head)] == [head]


def test_pruned_objects_are_put_back_from_the_journal(store, git, repository):
    head = extend(store, store.head(), 1, 70)
    (repository / ".git" / REF).unlink()
    git(repository, "repack", "-Adq", "--unpack-unreachable=now")
    git(repository, "prune", "--expire=now")
    assert store.engine.missing([head]) == (head,)
    (repository / ".git" / REF).write_text(head + "\n")
    for name_data in GENESIS_OBJECTS:
        store.engine.write(*name_data)
    fresh = another(store)
    snapshot = fresh.snapshot(fresh.head())
    assert [kept.seq for kept in snapshot.entries] == [65, 66, 67, 68, 69, 70]
    assert snapshot.documents.get("notes/1.json") == b"64\n"
    assert len(list(fresh.log(head))) == 70
    git(repository, "fsck", "--full")


def test_a_process_that_runs_long_notices_within_a_second_or_so_that_objects_were_pruned(store, git, repository):
    head = extend(store, store.head(), 1, 5)
    store.head()
    names = [point.id for point, _ in store.line.back(head)]
    for name in names[:3]:
        (repository / ".git" / "objects" / name[:2] / name[2:]).unlink()
    assert store.engine.missing(names) == tuple(names[:3])
    time.sleep(1.1)
    assert store.head() == head
    git(repository, "fsck", "--full", "--strict")


def test_an_object_that_was_cut_off_by_a_crash_is_put_back(store, repository, git):
    head = extend(store, store.head(), 1, 5)
    path = repository / ".git" / "objects" / head[:2] / head[2:]
    data = path.read_bytes()
    path.chmod(0o644)
    path.write_bytes(data[: len(data) // 2])
    fresh = another(store)
    assert [kept.seq for kept in fresh.snapshot(fresh.head()).entries] == [1, 2, 3, 4, 5]
    git(repository, "fsck", "--full", "--strict")


def test_an_object_that_nobody_remembers_is_named(store, repository):
    head = extend(store, store.head(), 1, 5)
    shutil.rmtree(repository / ".git" / "coordinaut")
    lost = store.line.point(head).parent
    (repository / ".git" / "objects" / lost[:2] / lost[2:]).unlink()
    fresh = another(store)
    error = error_of(lambda: fresh.snapshot(fresh.head()))
    assert (error.code, f"{lost}: the commit is missing" in error.message) == ("unreadable_history", True)


# The health of the line


def test_a_sound_line_has_no_problems_and_its_checkpoints_can_be_replayed(store):
    documents = {}
    head = extend(store, store.head(), 1, 64, documents)
    first = dict(documents)
    documents.clear()
    head = extend(store, head, 65, 130, documents)
    assert [*line_problems(store.engine, head), *document_problems(store.engine, head)] == []
    walked = list(steps(store.engine, head))
    assert [step.entry.seq for step in walked] == list(range(1, 131))
    one, two = [step for step in walked if step.is_checkpoint]
    assert (one.entry.seq, two.entry.seq) == (64, 128)
    assert replayed_tree(store.engine, one, first) == one.tree
    documents |= {f"notes/{seq % 7}.json": b"%d\n" % seq for seq in range(122, 129)}
    assert replayed_tree(store.engine, two, documents) == two.tree
    assert replayed_tree(store.engine, two, documents | {"notes/3.json": b"x"}) != two.tree


def test_ids_that_repeat_and_instants_that_run_back_are_found(store):
    head = extend(store, store.head(), 1, 2)
    again = write_commit(store, (head,), body_of(3, id="op_000001"))
    found = {each.what for each in line_problems(store.engine, again)}
    assert found == {"lies 123 ms before the operation it follows", "repeats the operation id op_000001"}


def test_documents_that_cannot_be_read_are_found(store, repository):
    head = extend(store, store.head(), 1, 64)
    assert list(document_problems(store.engine, head)) == []
    shutil.rmtree(repository / ".git" / "objects" / "pack")
    assert [each.commit for each in document_problems(another(store).engine, head)] == [head]


# Disks that say no


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
    with store.queue(0.5):
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
        timeout=60,
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


def without_override():
    """A command prefix that makes permissions count for root as well."""
    if os.geteuid() != 0:
        return ()
    prefix = ("setpriv", "--bounding-set", "-dac_override,-dac_read_search", "--inh-caps", "-all")
    try:
        works = subprocess.run([*prefix, "true"], capture_output=True).returncode == 0
    except FileNotFoundError:
        works = False
    if not works:
        pytest.skip("root ignores permissions here, and setpriv cannot change that")
    return prefix


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
