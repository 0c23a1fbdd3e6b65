"""The object formats are git's own: what is written here, git reads, and the other way round."""

import subprocess

import pytest

from coordinaut_git.plumbing.objects import (
    BadObject,
    Commit,
    TreeItem,
    commit_bytes,
    object_id,
    parse_commit,
    parse_tree,
    tree_bytes,
)

EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"


def test_ids_are_those_of_git(git, repository):
    for kind in ("commit", "tree"):
        shown = subprocess.run(["git", "-C", repository, "cat-file", kind, "HEAD"], capture_output=True, check=True)
        commit = git(repository, "rev-parse", "HEAD" if kind == "commit" else "HEAD^{tree}")
        assert object_id(kind, shown.stdout) == commit
    assert object_id("tree", b"") == EMPTY_TREE


def test_a_commit_is_read_back_as_it_was_written():
    commit = Commit(
        tree=EMPTY_TREE, parents=("1" * 40, "2" * 40), author="Zoë", email="a@b", at_s=12, message=b"x\n\ny\n\nz"
    )
    assert parse_commit(commit_bytes(commit)) == commit


def test_headers_that_are_not_known_are_passed_over(repository, git):
    data = commit_bytes(Commit(tree=EMPTY_TREE, parents=(), author="a", email="b", at_s=1, message=b"m"))
    signed = data.replace(b"\n\nm", b"\ngpgsig -----BEGIN\n parent x\n \n -----END\nencoding x\n\nm")
    assert parse_commit(signed).message == b"m"


@pytest.mark.parametrize(
    "data",
    [b"", b"tree x", b"parent x\n\n", b"tree x\nauthor a\n\n", b"tree x\nauthor a <b> x +0000\n\n", b"tree x\n\n"],
)
def test_bytes_that_are_no_commit_are_refused(data):
    with pytest.raises(BadObject):
        parse_commit(data)


def test_a_tree_has_the_order_and_the_id_that_git_gives_it(repository, git):
    for path in ("a/x", "a.b", "a0", "é/ü", "Z"):
        (repository / path).parent.mkdir(exist_ok=True)
        (repository / path).write_text(path)
    git(repository, "add", "--all")
    tree = git(repository, "write-tree")
    shown = subprocess.run(["git", "-C", repository, "cat-file", "tree", tree], capture_output=True, check=True).stdout
    items = parse_tree(shown)
    assert items["a"].folder
    assert not items["a.b"].folder
    assert object_id("tree", tree_bytes(reversed(items.values()))) == tree


@pytest.mark.parametrize(
    "data",
    [b"x", b"100644 a\0short", b"120000 a\0" + b"1" * 20, b"160000 a\0" + b"1" * 20, b"100644 \xff\0" + b"1" * 20],
)
def test_bytes_that_are_no_tree_of_plain_files_are_refused(data):
    with pytest.raises(BadObject):
        parse_tree(data)


def test_an_empty_tree_is_a_tree():
    assert parse_tree(b"") == {}
    assert tree_bytes([TreeItem(name="a", id="0" * 40, folder=False)]).startswith(b"100644 a\0")
