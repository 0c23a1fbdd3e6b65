"""A footprint tells that a repository and its configuration are what they were, and is there only where that is sure."""

import shutil

import pytest

from coordinaut_git.clock import SystemClock
from coordinaut_git.plumbing.footprint import SETTLED_MS, footprint
from coordinaut_git.plumbing.repository import find
from coordinaut_git.workspace import open_workspace


class Later(SystemClock):
    """A clock by which every file was written long ago."""

    def now(self):
        return super().now() + 2 * SETTLED_MS


def seen(start):
    return footprint(start, find(start))


@pytest.fixture
def kept(repository):
    """A workspace that has been looked at once, so that it has a footprint."""
    workspace = open_workspace(repository, {}, clock=Later())
    assert not workspace.outdated()
    assert workspace._footprint.stands()
    yield workspace
    workspace.close()


def test_it_stands_while_work_goes_on(repository, git):
    before = seen(repository)
    (repository / "new.txt").write_text("new\n")
    git(repository, "add", "--all")
    git(repository, "commit", "--quiet", "--message", "more")
    git(repository, "switch", "--quiet", "--create", "other")
    assert before.stands()


def set_locally(root, git):
    git(root, "config", "coordinaut.agent", "ann")


def set_for_the_user(root, git):
    git(root, "config", "--global", "coordinaut.agent", "ann")


def set_for_the_worktree(root, git):
    git(root, "config", "extensions.worktreeConfig", "true")
    git(root, "config", "--worktree", "coordinaut.agent", "ann")


def put_another_in_its_place(root, git):
    (root / ".git").rename(root / "old")
    shutil.copytree(root / "old", root / ".git")


def take_it_away(root, git):
    shutil.rmtree(root / ".git")


@pytest.mark.parametrize(
    "change", [set_locally, set_for_the_user, set_for_the_worktree, put_another_in_its_place, take_it_away]
)
def test_it_falls_when_something_decides_otherwise(repository, git, change):
    before = seen(repository)
    change(repository, git)
    assert not before.stands()


@pytest.mark.parametrize("bare", [(), ("--bare",)])
def test_it_falls_when_a_repository_comes_nearer(repository, git, bare):
    inner = repository / "a" / "b"
    inner.mkdir(parents=True)
    before = seen(inner)
    git(repository, "init", "--quiet", *bare, inner.parent)
    assert not before.stands()


def test_a_linked_worktree_has_its_own(repository, git, tmp_path):
    git(repository, "worktree", "add", "--quiet", tmp_path / "linked")
    before = seen(tmp_path / "linked")
    assert before.stands()
    set_locally(repository, git)
    assert not before.stands()


def test_what_changed_just_now_may_change_unseen(repository):
    found = seen(repository)
    assert not found.is_settled(found.changed_ms + SETTLED_MS)
    assert found.is_settled(found.changed_ms + SETTLED_MS + 1)


def test_where_files_do_not_tell_it_all_there_is_none(repository, git, tmp_path):
    bare = tmp_path / "bare.git"
    git(repository, "clone", "--quiet", "--bare", repository, bare)
    assert seen(bare) is None


def test_a_workspace_without_changes_is_not_outdated_and_one_with_a_change_is_at_once(kept, git):
    assert not kept.outdated()
    set_locally(kept.root, git)
    assert kept.outdated()


def test_settings_of_included_files_are_read_every_time(repository, git, tmp_path):
    included = tmp_path / "more.gitconfig"
    included.write_text("[coordinaut]\n\tagent = ann\n")
    git(repository, "config", "include.path", str(included))
    workspace = open_workspace(repository, {}, clock=Later())
    assert not workspace.outdated()
    included.write_text("[coordinaut]\n\tagent = ben\n")
    assert workspace.outdated()
    workspace.close()


def test_files_that_were_changed_just_now_are_read_again(repository):
    class Before(SystemClock):
        def now(self):
            return seen(repository).changed_ms

    workspace = open_workspace(repository, {}, clock=Before())
    assert not workspace.outdated()
    assert workspace._footprint is None
    workspace.close()
