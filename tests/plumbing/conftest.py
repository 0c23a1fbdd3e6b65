"""Repositories whose changes are looked at."""

import pytest


@pytest.fixture
def tree(tmp_path, git):
    """A repository whose commit holds a few files, a script, a symbolic link and a folder."""
    root = tmp_path / "tree"
    git(tmp_path, "init", "-q", root)
    for name in ("a.txt", "b.txt", "dir/one.txt", "dir/two.txt"):
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(f"the text of {name}, long enough to be recognised when it moves\n" * 5)
    (root / "run.sh").write_text("#!/bin/sh\n")
    (root / "run.sh").chmod(0o755)
    (root / "link").symlink_to("a.txt")
    git(root, "add", "-A")
    git(root, "commit", "-qm", "files")
    return root


@pytest.fixture
def super_tree(tree, tmp_path, git):
    """The same repository with a submodule at `sub`."""
    source = tmp_path / "source"
    git(tmp_path, "init", "-q", source)
    (source / "inside.txt").write_text("1\n")
    git(source, "add", "-A")
    git(source, "commit", "-qm", "inside")
    git(tree, "submodule", "--quiet", "add", source, "sub")
    git(tree, "commit", "-qm", "a submodule")
    return tree
