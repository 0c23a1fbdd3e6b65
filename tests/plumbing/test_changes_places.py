"""What differs from HEAD is listed alike from every place, under every configuration and environment."""

import os

import pytest
from seen import failure, seen


def test_from_a_subfolder_the_whole_work_tree_is_seen_with_paths_from_its_root(tree, git):
    git(tree, "config", "status.relativePaths", "true")
    (tree / "a.txt").write_text("other\n")
    (tree / "dir" / "new.txt").write_text("new\n")
    assert seen(tree / "dir") == ["a.txt modified", "dir/new.txt untracked"]


def test_a_linked_worktree_has_its_own_changes(tree, tmp_path, git):
    git(tree, "worktree", "add", "-q", tmp_path / "linked")
    (tree / "a.txt").write_text("in the main one\n")
    (tmp_path / "linked" / "b.txt").write_text("in the linked one\n")
    git(tmp_path / "linked", "add", "b.txt")
    assert seen(tmp_path / "linked") == ["b.txt modified"]
    assert seen(tree) == ["a.txt modified"]


def test_a_worktree_below_the_main_one_is_a_directory(tree, git):
    git(tree, "worktree", "add", "-q", "below")
    assert seen(tree) == ["below/ untracked"]


def test_a_sparse_checkout_sees_changes_inside_and_leaves_the_rest_alone(tree, git):
    git(tree, "sparse-checkout", "set", "--no-cone", "/*.txt")
    assert not (tree / "dir").exists()
    (tree / "a.txt").write_text("other\n")
    (tree / "new.txt").write_text("new\n")
    assert seen(tree) == ["a.txt modified", "new.txt untracked"]
    (tree / "dir").mkdir()
    (tree / "dir" / "one.txt").write_text("written outside the sparse part\n")
    assert seen(tree) == ["a.txt modified", "dir/one.txt modified", "new.txt untracked"]


def test_a_file_that_git_was_told_to_pass_over_is_not_seen(tree, git):
    git(tree, "update-index", "--assume-unchanged", "a.txt")
    (tree / "a.txt").write_text("other\n")
    assert seen(tree) == []
    git(tree, "update-index", "--no-assume-unchanged", "a.txt")
    assert seen(tree) == ["a.txt modified"]


def test_no_setting_of_the_repository_hides_or_starts_anything(tree, tmp_path, git):
    ran = tmp_path / "ran"
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\ntouch {ran}\nprintf 'token\\0'\n")
    program.chmod(0o755)
    git(tree, "config", "core.untrackedCache", "true")
    git(tree, "status")
    for name, value in {
        "core.fsmonitor": str(program),
        "core.hooksPath": str(tmp_path),
        "core.quotePath": "true",
        "status.showUntrackedFiles": "no",
        "status.relativePaths": "true",
        "status.branch": "true",
        "status.showStash": "true",
        "status.short": "true",
        "status.displayCommentPrefix": "true",
        "diff.renames": "copies",
        "diff.external": str(program),
        "diff.orderFile": str(program),
        "color.status": "always",
        "column.status": "always",
    }.items():
        git(tree, "config", name, value)
    (tree / "stashed.txt").write_text("x\n")
    git(tree, "stash", "push", "-q", "--include-untracked")
    ran.unlink(missing_ok=True)
    (tree / "a.txt").write_text("other\n")
    (tree / "café.txt").write_text("new\n")
    (tree / "new").mkdir()
    (tree / "new" / "x").write_text("new\n")
    assert seen(tree) == ["a.txt modified", "café.txt untracked", "new/x untracked"]
    assert not ran.exists()


def test_the_environment_of_a_hook_does_not_lead_elsewhere(tree, repository, monkeypatch):
    monkeypatch.setenv("GIT_DIR", str(repository / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(repository))
    monkeypatch.setenv("GIT_INDEX_FILE", str(repository / ".git" / "index"))
    (tree / "a.txt").write_text("other\n")
    assert seen(tree) == ["a.txt modified"]


def test_a_bare_repository_has_no_work_tree(tmp_path, git):
    git(tmp_path, "init", "-q", "--bare", "bare")
    error = failure(tmp_path / "bare")
    assert (error.code, error.message) == ("no_work_tree", f"{tmp_path / 'bare'} has no work tree to look at.")
    assert error.hint


def test_inside_the_git_directory_there_is_no_work_tree(tree):
    assert failure(tree / ".git").code == "no_work_tree"


def test_outside_of_a_repository_is_said_so(tmp_path):
    assert failure(tmp_path).code == "not_a_repository"


def test_a_repository_of_another_user_is_said_so(tree):
    if os.geteuid() != 0:
        pytest.skip("only root can give a repository away")
    for path in (tree, tree / ".git"):
        os.chown(path, 12345, 12345)
    assert failure(tree).code == "not_owned"


def test_a_damaged_index_is_told_in_gits_words(tree):
    (tree / ".git" / "index").write_bytes(b"garbage that is not an index at all")
    error = failure(tree)
    assert error.code == "git_failed"
    assert "index" in error.message


def test_an_entry_of_an_unknown_sort_is_an_error(tree, tmp_path, monkeypatch):
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "git").write_text("#!/bin/sh\nprintf '7 future entry\\0'\n")
    (programs / "git").chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    error = failure(tree)
    assert (error.code, error.message) == (
        "git_failed",
        "git status gave an entry that is not understood: b'7 future entry'.",
    )


def test_ten_thousand_files_are_all_seen(tree):
    (tree / "many").mkdir()
    for number in range(10_000):
        (tree / "many" / f"{number:05}").touch()
    assert seen(tree) == [f"many/{number:05} untracked" for number in range(10_000)]
