"""What differs from HEAD is listed path by path, whatever sort of change it is."""

import os
import subprocess

import pytest
from seen import seen


def commit_inside(git, root):
    (root / "sub" / "inside.txt").write_text("2\n")
    git(root / "sub", "commit", "-qam", "more")


def test_a_clean_work_tree_has_no_changes(tree):
    assert seen(tree) == []


def test_a_modified_file_is_seen(tree):
    (tree / "a.txt").write_text("other\n")
    assert seen(tree) == ["a.txt modified"]


def test_a_file_of_the_same_size_and_time_is_compared_by_content(tree, git):
    old = (tree / "a.txt").stat()
    os.utime(tree / "a.txt", ns=(old.st_atime_ns, old.st_mtime_ns))
    git(tree, "update-index", "--refresh")
    (tree / "a.txt").write_text((tree / "a.txt").read_text().replace("text", "TEXT"))
    os.utime(tree / "a.txt", ns=(old.st_atime_ns, old.st_mtime_ns))
    assert seen(tree) == ["a.txt modified"]


def test_a_touched_file_with_the_same_content_is_no_change_and_the_index_is_not_written(tree):
    os.utime(tree / "a.txt", (1, 1))
    before = (tree / ".git" / "index").read_bytes()
    assert seen(tree) == []
    assert (tree / ".git" / "index").read_bytes() == before


def test_a_staged_change_is_seen_though_the_file_was_put_back(tree, git):
    text = (tree / "a.txt").read_text()
    (tree / "a.txt").write_text("staged\n")
    git(tree, "add", "a.txt")
    (tree / "a.txt").write_text(text)
    assert seen(tree) == ["a.txt modified"]


def test_staged_new_and_intended_files_are_added(tree, git):
    (tree / "new.txt").write_text("new\n")
    (tree / "intended.txt").write_text("new\n")
    git(tree, "add", "new.txt")
    git(tree, "add", "--intent-to-add", "intended.txt")
    assert seen(tree) == ["intended.txt added", "new.txt added"]


def test_a_file_staged_as_new_and_removed_again_is_seen(tree, git):
    (tree / "new.txt").write_text("new\n")
    git(tree, "add", "new.txt")
    (tree / "new.txt").unlink()
    assert seen(tree) == ["new.txt deleted"]


def test_deleted_files_are_seen_staged_or_not(tree, git):
    (tree / "a.txt").unlink()
    git(tree, "rm", "-q", "b.txt")
    assert seen(tree) == ["a.txt deleted", "b.txt deleted"]


def test_a_file_taken_out_of_the_index_but_left_on_disk_is_listed_once(tree, git):
    git(tree, "rm", "-q", "--cached", "a.txt")
    assert seen(tree) == ["a.txt deleted"]


@pytest.mark.parametrize("setting", ["true", "false", "copies"])
def test_both_sides_of_a_rename_are_seen(tree, git, setting):
    git(tree, "config", "status.renames", setting)
    git(tree, "config", "diff.renames", setting)
    git(tree, "mv", "a.txt", "moved.txt")
    (tree / "b.txt").rename(tree / "moved too.txt")
    git(tree, "add", "-N", "moved too.txt")
    assert seen(tree) == ["a.txt deleted", "b.txt deleted", "moved too.txt added", "moved.txt added"]


def test_a_copy_is_seen_beside_its_changed_source(tree, git):
    git(tree, "config", "status.renames", "copies")
    (tree / "copy.txt").write_text((tree / "a.txt").read_text())
    (tree / "a.txt").write_text((tree / "a.txt").read_text() + "more\n")
    git(tree, "add", "-A")
    assert seen(tree) == ["a.txt modified", "copy.txt added"]


def test_every_untracked_file_is_seen_by_itself(tree):
    for name in ("new/x/1.txt", "new/x/2.txt", "new/3.txt", "dir/4.txt"):
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text("new\n")
    (tree / "empty").mkdir()
    assert seen(tree) == [
        "dir/4.txt untracked",
        "new/3.txt untracked",
        "new/x/1.txt untracked",
        "new/x/2.txt untracked",
    ]


def test_ignored_files_are_not_seen_but_tracked_ones_that_match_are(tree, git):
    (tree / ".gitignore").write_text("*.log\nb.txt\n")
    git(tree, "add", ".gitignore")
    git(tree, "commit", "-qm", "ignore")
    (tree / "x.log").write_text("noise\n")
    (tree / "b.txt").write_text("other\n")
    assert seen(tree) == ["b.txt modified"]


def test_a_changed_executable_bit_is_seen_staged_or_not(tree, git):
    (tree / "run.sh").chmod(0o644)
    (tree / "a.txt").chmod(0o755)
    git(tree, "add", "a.txt")
    assert seen(tree) == ["a.txt mode_changed", "run.sh mode_changed"]


def test_a_file_that_became_a_link_and_a_link_that_became_a_file_are_seen(tree, git):
    (tree / "a.txt").unlink()
    (tree / "a.txt").symlink_to("b.txt")
    (tree / "link").unlink()
    (tree / "link").write_text("a.txt")
    assert seen(tree) == ["a.txt type_changed", "link type_changed"]
    git(tree, "add", "-A")
    assert seen(tree) == ["a.txt type_changed", "link type_changed"]


def test_links_are_compared_by_where_they_point_and_never_followed(tree, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.txt").write_text("x\n")
    (tree / "link").unlink()
    (tree / "link").symlink_to("b.txt")
    (tree / "away").symlink_to(outside)
    assert seen(tree) == ["away untracked", "link modified"]


def test_a_file_that_became_a_folder_is_seen_with_what_is_in_it(tree):
    (tree / "a.txt").unlink()
    (tree / "a.txt").mkdir()
    (tree / "a.txt" / "below").write_text("x\n")
    assert seen(tree) == ["a.txt deleted", "a.txt/below untracked"]


def test_a_folder_that_became_a_file_or_a_link_is_seen_with_what_was_in_it(tree, tmp_path):
    (tree / "dir").rename(tmp_path / "dir")
    (tree / "dir").symlink_to(tmp_path / "dir")
    assert seen(tree) == ["dir untracked", "dir/one.txt deleted", "dir/two.txt deleted"]


def test_unmerged_paths_are_seen(tree, git):
    git(tree, "checkout", "-qb", "side")
    (tree / "a.txt").write_text("side\n")
    git(tree, "rm", "-q", "b.txt")
    git(tree, "commit", "-qam", "side")
    git(tree, "checkout", "-q", "main")
    (tree / "a.txt").write_text("main\n")
    (tree / "b.txt").write_text("main\n")
    git(tree, "commit", "-qam", "main")
    merge = subprocess.run(["git", "merge", "-q", "side"], cwd=tree, capture_output=True)
    assert merge.returncode == 1
    assert seen(tree) == ["a.txt unmerged", "b.txt unmerged"]


def test_before_the_first_commit_every_file_is_seen(tmp_path, git):
    git(tmp_path, "init", "-q", "young")
    for name in ("staged.txt", "not.txt"):
        (tmp_path / "young" / name).write_text("x\n")
    git(tmp_path / "young", "add", "staged.txt")
    assert seen(tmp_path / "young") == ["not.txt untracked", "staged.txt added"]


def test_a_submodule_at_another_commit_is_one_directory(super_tree, git):
    commit_inside(git, super_tree)
    assert seen(super_tree) == ["sub/ submodule"]
    git(super_tree, "add", "sub")
    assert seen(super_tree) == ["sub/ submodule"]


def test_a_submodule_with_changed_or_untracked_files_is_seen_whatever_is_configured(super_tree, git):
    git(super_tree, "config", "submodule.sub.ignore", "all")
    git(super_tree, "config", "diff.ignoreSubmodules", "all")
    (super_tree / "sub" / "inside.txt").write_text("changed\n")
    assert seen(super_tree) == ["sub/ submodule"]
    git(super_tree / "sub", "checkout", "-q", "inside.txt")
    assert seen(super_tree) == []
    (super_tree / "sub" / "new.txt").write_text("untracked\n")
    assert seen(super_tree) == ["sub/ submodule"]


def test_a_new_and_a_removed_submodule_are_directories(super_tree, tmp_path, git):
    git(super_tree, "submodule", "--quiet", "add", tmp_path / "source", "second")
    git(super_tree, "rm", "-q", "--cached", "sub")
    assert seen(super_tree) == [".gitmodules modified", "second/ submodule", "sub/ submodule"]


def test_a_submodule_that_is_not_checked_out_is_no_change(super_tree, tmp_path, git):
    git(tmp_path, "clone", "-q", super_tree, "clone")
    assert seen(tmp_path / "clone") == []


def test_a_file_replaced_by_a_repository_counts_as_a_file(tree, git):
    (tree / "a.txt").unlink()
    git(tree, "init", "-q", "a.txt")
    git(tree / "a.txt", "commit", "-q", "--allow-empty", "-m", "x")
    assert seen(tree) == ["a.txt type_changed"]


def test_a_repository_in_place_of_a_file_gone_from_the_index_counts_as_a_file(tree, git):
    git(tree, "rm", "-q", "a.txt")
    git(tree, "init", "-q", "a.txt")
    assert seen(tree) == ["a.txt deleted"]


def test_an_unmerged_submodule_is_a_directory_unless_a_file_stands_there(super_tree, git):
    commit_inside(git, super_tree)
    git(super_tree, "commit", "-qam", "main's choice")
    git(super_tree, "checkout", "-qb", "side", "HEAD~1")
    git(super_tree, "submodule", "--quiet", "update")
    (super_tree / "sub" / "inside.txt").write_text("3\n")
    git(super_tree / "sub", "commit", "-qam", "another")
    git(super_tree, "commit", "-qam", "side's choice")
    merge = subprocess.run(["git", "merge", "-q", "main"], cwd=super_tree, capture_output=True)
    assert merge.returncode == 1
    assert seen(super_tree) == ["sub/ unmerged"]
    (super_tree / "sub").rename(super_tree / ".git" / "put aside")
    (super_tree / "sub").write_text("a file\n")
    assert seen(super_tree) == ["sub unmerged"]


def test_inside_a_submodule_its_own_changes_are_seen(super_tree):
    (super_tree / "sub" / "inside.txt").write_text("changed\n")
    (super_tree / "a.txt").write_text("changed\n")
    assert seen(super_tree / "sub") == ["inside.txt modified"]


def test_an_untracked_repository_inside_is_one_directory(tree, git):
    git(tree, "init", "-q", "other")
    git(tree / "other", "commit", "-q", "--allow-empty", "-m", "x")
    (tree / "other" / "file").write_text("x\n")
    git(tree, "init", "-q", "empty")
    assert seen(tree) == ["empty/ untracked", "other/ untracked"]


def test_names_of_every_sort_are_kept_as_they_are(tree, git):
    names = [
        b"-rf", b"--output=x", b" lead", b"trail ", b"two  words", b"new\nline", b"tab\tb", b'quo"te', b"back\\slash",
        b"? a", b"1 .M N...", b"caf\xc3\xa9", b"byte\xff", b"\x1b[31m", "\u202etxt.exe".encode(), b"*", b"[a]", b":(top)x",
        b"#", b"!x", "東京".encode(), b"a -> b",
    ]  # fmt: skip
    for name in names:
        (tree / os.fsdecode(name)).write_bytes(b"x\n")
    expected = sorted(name.decode("utf-8", "surrogateescape") for name in names)
    assert seen(tree) == [f"{name} untracked" for name in expected]
    git(tree, "add", "-A")
    assert seen(tree) == [f"{name} added" for name in expected]
    git(tree, "commit", "-qm", "names")
    for name in names:
        (tree / os.fsdecode(name)).unlink()
    assert seen(tree) == [f"{name} deleted" for name in expected]
