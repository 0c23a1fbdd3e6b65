"""What would be committed is the index beside HEAD, also in the middle of a commit, a merge, and before the first one."""

import os
import shlex
import subprocess
import sys

import pytest

from coordinaut_git.errors import CoordinautError
from coordinaut_git.plumbing.repository import find
from coordinaut_git.plumbing.staged import index_of_hook, staged_in


def staged(root, environ=None):
    place = find(root)
    found = staged_in(place, index=index_of_hook(place, environ or {}))
    return [f"{path.path}{'/' if path.directory else ''}" for path in found]


def test_only_what_is_staged_counts(tree, git):
    (tree / "a.txt").write_text("staged\n")
    git(tree, "add", "a.txt")
    (tree / "a.txt").write_text("and more\n")
    (tree / "b.txt").write_text("not staged\n")
    (tree / "untracked.txt").write_text("")
    (tree / "intended.txt").write_text("")
    git(tree, "add", "--intent-to-add", "intended.txt")
    assert staged(tree) == ["a.txt"]


def test_renames_deletions_modes_and_submodules_are_paths(super_tree, git):
    git(super_tree, "config", "diff.renames", "copies")
    git(super_tree, "mv", "a.txt", "moved.txt")
    git(super_tree, "rm", "-q", "b.txt")
    git(super_tree, "update-index", "--chmod=-x", "run.sh")
    git(super_tree / "sub", "commit", "-q", "--allow-empty", "-m", "x")
    git(super_tree, "add", "sub")
    assert staged(super_tree) == ["a.txt", "b.txt", "moved.txt", "run.sh", "sub/"]


def test_hostile_names_come_through(tree, git):
    names = [b"-rf", b"a\nb", b'"q"', b"\xff", b":x"]
    for name in names:
        (tree / os.fsdecode(name)).write_text("x")
    git(tree, "add", "-A")
    assert sorted(map(os.fsencode, staged(tree))) == sorted(names)


def test_before_the_first_commit_everything_staged_is_new(tmp_path, git):
    git(tmp_path, "init", "-q", "new")
    assert staged(tmp_path / "new") == []
    (tmp_path / "new" / "x").write_text("x")
    git(tmp_path / "new", "add", "x")
    assert staged(tmp_path / "new") == ["x"]


def test_of_a_merge_counts_what_no_parent_has(tree, git):
    git(tree, "checkout", "-q", "-b", "side")
    for name in ("a.txt", "b.txt"):
        (tree / name).write_text("side\n")
    git(tree, "commit", "-qam", "side")
    git(tree, "checkout", "-q", "main")
    (tree / "b.txt").write_text("main\n")
    git(tree, "commit", "-qam", "main")
    subprocess.run(["git", "-C", tree, "merge", "-q", "side"], capture_output=True)
    assert staged(tree) == ["b.txt"], "still in conflict"
    (tree / "b.txt").write_text("both\n")
    git(tree, "add", "b.txt")
    assert staged(tree) == ["b.txt"]
    git(tree, "checkout", "-q", "side", "--", "b.txt")
    assert staged(tree) == [], "taken from one parent as it was"
    (tree / "dir" / "one.txt").write_text("evil\n")
    git(tree, "add", "-A")
    assert staged(tree) == ["dir/one.txt"]


LOOK = """
import os
from pathlib import Path
from coordinaut_git.plumbing.repository import find
from coordinaut_git.plumbing.staged import index_of_hook, staged_in
place = find(Path.cwd())
print([path.path for path in staged_in(place, index=index_of_hook(place, os.environ))])
"""


@pytest.fixture
def hook(tmp_path):
    """A folder of hooks whose pre-commit hook prints what it sees staged."""
    (tmp_path / "hooks").mkdir()
    (tmp_path / "look.py").write_text(LOOK)
    hook = tmp_path / "hooks" / "pre-commit"
    hook.write_text(f"#!/bin/sh\nexec {shlex.quote(sys.executable)} {shlex.quote(str(tmp_path / 'look.py'))}\n")
    hook.chmod(0o755)
    return tmp_path / "hooks"


def seen_in_hook(root, hook, *words, **environ):
    words = ["git", "-C", root, "-c", f"core.hooksPath={hook}", "commit", "-qm", "x", *words]
    return subprocess.run(words, env=os.environ | environ, check=True, capture_output=True, text=True).stderr


@pytest.mark.parametrize("linked", [False, True])
@pytest.mark.parametrize("words", [("-a",), ("a.txt",), ("--include", "a.txt"), ("--amend", "-a")])
def test_the_index_of_a_running_commit_is_looked_at(tree, tmp_path, git, hook, words, linked):
    root = tree
    if linked:
        git(tree, "worktree", "add", "-q", tmp_path / "linked")
        root = tmp_path / "linked"
    (root / "a.txt").write_text("new\n")
    assert seen_in_hook(root, hook, *words) == "['a.txt']\n"


def test_a_commit_of_one_file_does_not_look_at_what_else_is_staged(tree, git, hook):
    for name in ("a.txt", "b.txt"):
        (tree / name).write_text("new\n")
    git(tree, "add", "b.txt")
    assert seen_in_hook(tree, hook, "--only", "a.txt") == "['a.txt']\n"


def test_an_index_that_somebody_chose_is_looked_at(tree, tmp_path, hook):
    (tree / "b.txt").write_text("new\n")
    chosen = tmp_path / "chosen"
    chosen.write_bytes((tree / ".git" / "index").read_bytes())
    subprocess.run(["git", "-C", tree, "add", "b.txt"], env=os.environ | {"GIT_INDEX_FILE": str(chosen)}, check=True)
    assert seen_in_hook(tree, hook, GIT_INDEX_FILE=str(chosen)) == "['b.txt']\n"


def test_the_index_of_another_repository_is_not_ours(tree, repository):
    other = repository / ".git"
    assert index_of_hook(find(tree), {"GIT_INDEX_FILE": str(other / "index")}) is None
    assert index_of_hook(find(tree), {"GIT_INDEX_FILE": str(repository / "x"), "GIT_DIR": str(other)}) is None
    assert index_of_hook(find(tree), {"GIT_INDEX_FILE": ""}) is None
    ours = tree / ".git" / "index"
    assert index_of_hook(find(tree), {"GIT_INDEX_FILE": ".git/index", "GIT_DIR": ".git"}) == ours


def test_nothing_is_staged_without_a_work_tree(tmp_path, git):
    git(tmp_path, "init", "-q", "--bare", "bare.git")
    place = find(tmp_path / "bare.git")
    assert index_of_hook(place, {"GIT_INDEX_FILE": "index"}) is None
    with pytest.raises(CoordinautError) as caught:
        staged_in(place)
    assert caught.value.code == "no_work_tree"
