"""The git store when the ref or the objects are not what it left: foreign commits, garbage, pruned objects."""

import shutil
import time

import pytest
from git_scene import REF, another, body_of, entry, error_of, extend, write_commit

from coordinaut_git.documents import FORMAT, StaleHead
from coordinaut_git.plumbing.objects import TreeItem, tree_bytes
from coordinaut_git.stores.git.genesis import GENESIS, GENESIS_OBJECTS
from coordinaut_git.stores.git.health import document_problems, kept_format, line_problems, steps
from coordinaut_git.stores.git.tree import checkpoint_tree


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


def test_a_checkpoint_of_another_operation_is_found(store):
    items = [
        TreeItem(name=name, id=store.engine.write("blob", b'{"format":1,"seq":0}\n'), folder=False)
        for name in ("a.json", "checkpoint.json")
    ]
    head = write_commit(store, (store.head(),), body_of(1), store.engine.write("tree", tree_bytes(items)))
    (found,) = line_problems(store.engine, head)
    assert found.what == "has a new tree, which says that it is of operation 0"


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
    for name in names[1:3]:
        (repository / ".git" / "objects" / name[:2] / name[2:]).unlink()
    assert store.engine.missing(names) == tuple(names[1:3])
    time.sleep(1.1)
    assert store.head() == head
    git(repository, "fsck", "--full", "--strict")


def test_a_process_that_has_read_nothing_yet_heals_what_is_missing_by_the_next_checkpoint(store, git, repository):
    head = extend(store, store.head(), 1, 100)
    lost = [point.id for point, _ in store.line.back(head)][20]
    (repository / ".git" / "objects" / lost[:2] / lost[2:]).unlink()
    extend(another(store), head, 101, 128)
    assert store.engine.missing([lost]) == ()
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
    assert replayed(store, one, first) == one.tree
    documents |= {f"notes/{seq % 7}.json": b"%d\n" % seq for seq in range(122, 129)}
    assert replayed(store, two, documents) == two.tree
    assert replayed(store, two, documents | {"notes/3.json": b"x"}) != two.tree
    assert kept_format(store.engine, two) == FORMAT


def replayed(store, step, changes):
    """The tree that these changes to the documents before a step give."""
    return checkpoint_tree(store.line.content, step.parent_tree, changes, step.entry.seq)[0]


def test_ids_that_repeat_are_found_and_an_instant_of_before_is_no_problem(store):
    head = extend(store, store.head(), 1, 2)
    again = write_commit(store, (head,), body_of(3, id="op_000001"))
    found = {each.what for each in line_problems(store.engine, again)}
    assert found == {"repeats the operation id op_000001"}


def test_documents_that_cannot_be_read_are_found(store, repository):
    head = extend(store, store.head(), 1, 64)
    assert list(document_problems(store.engine, head)) == []
    shutil.rmtree(repository / ".git" / "objects" / "pack")
    assert [each.commit for each in document_problems(another(store).engine, head)] == [head]
