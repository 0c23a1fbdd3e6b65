"""Every kind of repository is found and opened by its paths, and what cannot be opened is said in words."""

import os
import subprocess
from pathlib import Path

import pytest

from coordinaut_git.errors import CoordinautError, Kind
from coordinaut_git.plumbing.repository import Place, find, open_repository
from coordinaut_git.plumbing.settings import DEFAULT_REF, check_ref_name, read_settings


def refused(start: Path) -> CoordinautError:
    with pytest.raises(CoordinautError) as caught:
        find(start)
    assert caught.value.kind is Kind.ENVIRONMENT
    return caught.value


def test_a_main_work_tree_is_found_from_its_top_a_subfolder_and_its_git_directory(repository):
    below = repository / "a" / "b"
    below.mkdir(parents=True)
    expected = Place(git_dir=repository / ".git", common_dir=repository / ".git", work_tree=repository, worktree="")
    assert [find(start) for start in (repository, below, repository / ".git" / "refs")] == [expected] * 3
    assert expected.own_dir == repository / ".git" / "coordinaut"


@pytest.mark.parametrize("relative", [False, True])
def test_a_linked_worktree_shares_the_common_directory(repository, git, tmp_path, relative):
    tree = tmp_path / "tree"
    git(repository, "worktree", "add", "--quiet", tree)
    own = repository / ".git" / "worktrees" / "tree"
    if relative:
        (tree / ".git").write_text(f"gitdir: {os.path.relpath(own, tree)}\n")
        (own / "gitdir").write_text(os.path.relpath(tree / ".git", own) + "\n")
    (tree / "deep").mkdir()
    assert find(tree / "deep") == Place(git_dir=own, common_dir=repository / ".git", work_tree=tree, worktree="tree")


def test_a_bare_repository_has_no_work_tree_but_its_linked_worktree_has(git, tmp_path, repository):
    bare = tmp_path / "bare.git"
    git(tmp_path, "clone", "--quiet", "--bare", repository, bare)
    assert find(bare) == Place(git_dir=bare, common_dir=bare, work_tree=None, worktree="")
    git(bare, "worktree", "add", "--quiet", tmp_path / "tree")
    found = find(tmp_path / "tree")
    assert (found.common_dir, found.work_tree, found.worktree) == (bare, tmp_path / "tree", "tree")


def test_a_submodule_is_a_repository_of_its_own(repository, git, tmp_path):
    outer = tmp_path / "outer"
    git(tmp_path, "init", "--quiet", outer)
    git(outer, "submodule", "--quiet", "add", repository, "inner")
    inside = outer / ".git" / "modules" / "inner"
    assert find(outer / "inner") == Place(git_dir=inside, common_dir=inside, work_tree=outer / "inner", worktree="")


def test_a_symlinked_folder_leads_to_the_repository_it_points_into(repository, tmp_path):
    (tmp_path / "link").symlink_to(repository)
    assert find(tmp_path / "link").git_dir.samefile(repository / ".git")


def test_the_environment_of_a_running_hook_does_not_decide(repository, git, tmp_path, monkeypatch):
    git(tmp_path, "init", "--quiet", "other")
    other = tmp_path / "other"
    before = find(repository)
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other))
    monkeypatch.setenv("GIT_INDEX_FILE", str(other / ".git" / "index"))
    monkeypatch.setenv("GIT_COMMON_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_OBJECT_DIRECTORY", str(other / ".git" / "objects"))
    found = find(repository)
    assert found == before
    head = open_repository(found).write(3, b"where does it go?")
    assert (repository / ".git" / "objects" / str(head)[:2] / str(head)[2:]).exists()


def test_a_folder_outside_every_repository_is_said_to_be_so(tmp_path):
    assert refused(tmp_path).code == "not_a_repository"
    assert refused(tmp_path / "nowhere").code == "not_a_repository"


def test_a_repository_with_sha256_objects_is_refused_in_words(git, tmp_path):
    git(tmp_path, "init", "--quiet", "--object-format=sha256", "r")
    error = refused(tmp_path / "r")
    assert (error.code, "libgit2 cannot open" in error.message, "sha256" in error.message) == (
        "unsupported_repository",
        True,
        True,
    )


def test_a_repository_with_reftables_is_refused_in_words(git, repository):
    config = repository / ".git" / "config"
    text = config.read_text().replace("repositoryformatversion = 0", "repositoryformatversion = 1")
    config.write_text(text + "[extensions]\n\trefStorage = reftable\n")
    error = refused(repository)
    assert (error.code, "refstorage" in error.message) == ("unsupported_repository", True)


def test_configuration_that_cannot_be_read_is_told_with_its_file(repository):
    with (repository / ".git" / "config").open("a") as config:
        config.write("[broken")
    error = refused(repository)
    assert error.code == "unreadable_repository"
    assert str(repository / ".git" / "config") in error.message


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a repository to another user")
def test_a_repository_of_another_user_is_refused_with_the_way_to_trust_it(repository):
    subprocess.run(["chown", "-R", "12345", str(repository)], check=True)
    error = refused(repository)
    assert error.code == "not_owned"
    assert error.hint is not None
    assert error.hint.endswith(f"safe.directory {repository}")


def test_settings_have_defaults_and_are_read_from_every_level(repository, git):
    settings = read_settings(open_repository(find(repository)))
    assert (settings.ref, settings.flush, dict(settings.values)) == (DEFAULT_REF, True, {})
    git(repository, "config", "--global", "coordinaut.flush", "no")
    git(repository, "config", "coordinaut.ref", "refs/heads/coordinaut/state")
    git(repository, "config", "coordinaut.Policy", "confirmed")
    settings = read_settings(open_repository(find(repository)))
    assert (settings.ref, settings.flush) == ("refs/heads/coordinaut/state", False)
    assert settings.values["policy"] == "confirmed"


def test_a_key_without_a_value_is_true(repository):
    with (repository / ".git" / "config").open("a") as config:
        config.write("[coordinaut]\n\tflush\n")
    assert read_settings(open_repository(find(repository))).flush is True


@pytest.mark.parametrize(("key", "value"), [("flush", "maybe"), ("ref", "state")])
def test_a_setting_that_makes_no_sense_is_named(repository, git, key, value):
    git(repository, "config", f"coordinaut.{key}", value)
    with pytest.raises(CoordinautError) as caught:
        read_settings(open_repository(find(repository)))
    assert caught.value.kind is Kind.INVALID
    assert f"coordinaut.{key} is '{value}'" in caught.value.message


@pytest.mark.parametrize(
    "name",
    [
        "state",
        "HEAD",
        "refs/state",
        "refs/a b/c",
        "refs/x/../y",
        "refs/x/y.lock",
        "refs/x/-\0",
        "refs/worktree/x/y",
        "",
    ],
)
def test_a_ref_name_that_is_not_shared_or_not_valid_is_refused(name):
    with pytest.raises(CoordinautError, match=r"coordinaut\.ref is"):
        check_ref_name(name)
