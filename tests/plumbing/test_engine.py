"""What every engine promises; the cases are written once and run over each of them."""

import os
import shutil
import zlib

import pygit2
import pytest

from coordinaut_git.errors import CoordinautError
from coordinaut_git.plumbing.engine import (
    ObjectDamaged,
    ObjectMissing,
    RefAt,
    RefBroken,
    RefLocked,
    RefMissing,
    RefOutcomeUnknown,
    RefStale,
)
from coordinaut_git.plumbing.objects import Commit, commit_bytes, object_id
from coordinaut_git.plumbing.pygit2_engine import Pygit2Engine
from coordinaut_git.plumbing.repository import find, open_repository

NAME = "refs/coordinaut/state"


def pygit2_engine(place):
    return Pygit2Engine(open_repository(place), place.common_dir)


@pytest.fixture(params=[pygit2_engine])
def engine(request, repository):
    engine = request.param(find(repository))
    yield engine
    engine.close()


@pytest.fixture
def commits(engine):
    """Three commits that are on disk."""
    tree = engine.write("tree", b"")

    def write(number):
        commit = Commit(tree=tree, parents=(), author="a", email="b", at_s=number, message=b"m\n")
        return engine.write("commit", commit_bytes(commit))

    return [write(number) for number in range(3)]


def loose(repository, name):
    return repository / ".git" / "objects" / name[:2] / name[2:]


def overwrite(path, data):
    path.chmod(0o644)
    path.write_bytes(data)


def test_a_ref_is_made_once_and_moves_by_compare_and_swap(engine, commits, git, repository):
    one, two, three = commits
    assert engine.read_ref(NAME) == RefMissing()
    assert [engine.create_ref(NAME, one), engine.create_ref(NAME, two)] == [True, False]
    engine.swap_ref(NAME, one, two)
    with pytest.raises(RefStale):
        engine.swap_ref(NAME, one, three)
    assert engine.read_ref(NAME) == RefAt(two)
    assert git(repository, "rev-parse", NAME) == two


def test_a_missing_ref_is_stale_and_is_not_made_by_a_swap(engine, commits):
    with pytest.raises(RefStale):
        engine.swap_ref(NAME, commits[0], commits[1])
    assert engine.read_ref(NAME) == RefMissing()


def test_a_packed_ref_is_read_swapped_and_not_made_again(engine, commits, git, repository):
    engine.create_ref(NAME, commits[0])
    git(repository, "pack-refs", "--all")
    assert not (repository / ".git" / NAME).exists()
    assert not engine.create_ref(NAME, commits[1])
    engine.swap_ref(NAME, commits[0], commits[1])
    assert engine.read_ref(NAME) == RefAt(commits[1])


def test_a_lock_of_somebody_else_is_named_and_left_alone(engine, commits, repository):
    lock = repository / ".git" / f"{NAME}.lock"
    lock.parent.mkdir(parents=True)
    lock.touch()
    with pytest.raises(RefLocked) as caught:
        engine.create_ref(NAME, commits[0])
    assert caught.value.lock == lock
    lock.unlink()
    engine.create_ref(NAME, commits[0])
    lock.touch()
    with pytest.raises(RefLocked) as caught:
        engine.swap_ref(NAME, commits[0], commits[1])
    assert (caught.value.lock, lock.exists()) == (lock, True)
    assert engine.read_ref(NAME) == RefAt(commits[0])


def test_a_symbolic_ref_at_the_name_is_broken_and_moves_no_branch(engine, commits, git, repository):
    git(repository, "symbolic-ref", NAME, "refs/heads/main")
    main = git(repository, "rev-parse", "main")
    assert engine.read_ref(NAME) == RefBroken("is a symbolic ref to refs/heads/main")
    assert not engine.create_ref(NAME, commits[0])
    with pytest.raises(RefStale):
        engine.swap_ref(NAME, main, commits[0])
    assert git(repository, "rev-parse", "main") == main
    assert git(repository, "symbolic-ref", NAME) == "refs/heads/main"


@pytest.mark.parametrize("content", [b"", b"garbage\n", b"\0" * 41, b"1234567890\n"])
def test_a_ref_file_with_garbage_is_broken_and_is_not_overwritten(engine, commits, repository, content):
    file = repository / ".git" / NAME
    file.parent.mkdir(parents=True)
    file.write_bytes(content)
    assert isinstance(engine.read_ref(NAME), RefBroken)
    assert not engine.create_ref(NAME, commits[0])
    with pytest.raises(RefOutcomeUnknown):
        engine.swap_ref(NAME, commits[0], commits[1])
    assert file.read_bytes() == content


def test_refs_below_the_name_stand_in_its_way(engine, commits, git, repository):
    git(repository, "update-ref", f"{NAME}/below", "main")
    with pytest.raises(RefOutcomeUnknown) as caught:
        engine.create_ref(NAME, commits[0])
    assert caught.value.error.code == "ref_name_taken"


def test_a_ref_never_names_an_object_that_is_not_there(engine, commits):
    engine.create_ref(NAME, commits[0])
    with pytest.raises(RefOutcomeUnknown):
        engine.swap_ref(NAME, commits[0], "1" * 40)
    assert engine.read_ref(NAME) == RefAt(commits[0])


def test_no_reflog_is_written_even_where_git_logs_all_refs_of_its_own(engine, commits, repository):
    engine.create_ref(NAME, commits[0])
    engine.swap_ref(NAME, commits[0], commits[1])
    assert not (repository / ".git" / "logs" / NAME).exists()


@pytest.mark.parametrize("data", [b"", b"x" * 100_000, bytes(range(256))])
def test_objects_are_read_back_loose_and_packed(engine, git, repository, data):
    name = engine.write("blob", data)
    assert engine.read(name) == ("blob", data)
    git(repository, "update-ref", "refs/tags/keep", name)
    git(repository, "repack", "-adq")
    assert not loose(repository, name).exists()
    assert engine.read(name) == ("blob", data)
    assert engine.missing([name]) == ()


def test_objects_that_are_not_there_are_missing(engine, commits):
    with pytest.raises(ObjectMissing):
        engine.read("1" * 40)
    assert engine.missing(["1" * 40, *commits]) == ("1" * 40,)


def test_what_is_pruned_is_missing_although_it_was_just_read(engine, commits, git, repository):
    engine.read(commits[0])
    git(repository, "prune", "--expire=now")
    assert engine.missing(commits) == tuple(commits)


def test_what_is_gone_with_its_pack_is_missing_although_it_was_just_read(engine, git, repository):
    name = engine.write("blob", b"packed")
    git(repository, "update-ref", "refs/tags/keep", name)
    git(repository, "repack", "-adq")
    engine.read(name)
    shutil.rmtree(repository / ".git" / "objects" / "pack")
    assert engine.missing([name]) == (name,)


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda data: b"", "is an empty file"),
        (lambda data: data[: len(data) // 2], "is cut off"),
        (lambda data: b"garbage", "cannot be unpacked"),
        (lambda data: zlib.compress(b"blob 5\0other"), "has other content than its name says"),
    ],
)
def test_a_damaged_object_is_told_at_once_and_replaced_by_writing_it_again(engine, repository, damage, reason):
    data = os.urandom(2_000)
    name = engine.write("blob", data)
    path = loose(repository, name)
    overwrite(path, damage(path.read_bytes()))
    with pytest.raises(ObjectDamaged) as caught:
        engine.read(name)
    assert caught.value.reason.startswith(reason)
    assert engine.write("blob", data) == name
    assert engine.read(name) == ("blob", data)


def test_a_pack_that_was_replaced_by_another_process_does_not_matter(engine, git, repository):
    names = [engine.write("blob", b"%d" % number) for number in range(3)]
    for number, name in enumerate(names):
        git(repository, "update-ref", f"refs/tags/t{number}", name)
        git(repository, "repack", "-dq")
        assert engine.read(name) == ("blob", b"%d" % number)
        git(repository, "repack", "-adq")
        assert [engine.read(name)[1] for name in names[: number + 1]] == [b"%d" % n for n in range(number + 1)]


def test_only_what_is_packed_is_read_from_the_packs(engine, git, repository):
    packed, loose_only, cut = (engine.write("blob", text) for text in (b"packed", b"loose", b"cut off, " * 99))
    git(repository, "update-ref", "refs/x/blob", packed)
    git(repository, "repack", "-adq")
    overwrite(loose(repository, cut), loose(repository, cut).read_bytes()[:20])
    read = engine.packed()
    assert [read(name) for name in (packed, loose_only, cut, "0" * 40)] == [b"packed", None, None, None]


def test_flushing_is_what_was_asked_for_last(engine, commits):
    for on in (True, False, True):
        engine.flush_writes(on=on)
        assert engine.write("blob", b"flush %d" % on)


def test_the_version_of_libgit2_is_one_whose_wordings_are_pinned_here():
    assert pygit2.LIBGIT2_VERSION.startswith(("1.8.", "1.9.")), "read libgit2_errors.py again for this version"


def test_a_write_that_the_file_system_refuses_is_an_environment_error(engine, repository):
    fan_out = loose(repository, object_id("blob", b"data")).parent
    fan_out.write_text("in the way")
    with pytest.raises(CoordinautError) as caught:
        engine.write("blob", b"data")
    assert (caught.value.code, caught.value.exit_code) == ("write_failed", 6)
