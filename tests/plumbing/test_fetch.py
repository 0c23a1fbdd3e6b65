"""One ref is fetched from a remote, and nothing else moves."""

import pytest

from coordinaut_git.errors import CoordinautError, Kind
from coordinaut_git.plumbing.fetch import fetch_ref, is_within

REF, INTO = "refs/coordinaut/state", "refs/coordinaut-remote/origin/state"


@pytest.fixture
def clone(repository, tmp_path, git):
    """A clone of `repository`, which has something on the ref."""
    git(tmp_path, "clone", "-q", repository.as_uri(), "clone")
    git(repository, "update-ref", REF, "HEAD")
    return tmp_path / "clone"


def advance(git, repository, message="more"):
    git(repository, "commit", "-q", "--allow-empty", "-m", message)
    git(repository, "update-ref", REF, "HEAD")
    return git(repository, "rev-parse", "HEAD")


def refs(git, root):
    return dict(
        line.split()[::-1] for line in git(root, "for-each-ref", "--format=%(objectname) %(refname)").splitlines()
    )


def failure(clone, remote="origin", **how) -> CoordinautError:
    with pytest.raises(CoordinautError) as caught:
        fetch_ref(remote, REF, INTO, at=clone, **how)
    return caught.value


def test_the_tracking_ref_follows_the_remote_s(clone, repository, git):
    fetch_ref("origin", REF, INTO, at=clone)
    fetch_ref("origin", REF, INTO, at=clone)
    name = advance(git, repository)
    fetch_ref("origin", REF, INTO, at=clone)
    assert refs(git, clone)[INTO] == name


def test_nothing_but_the_tracking_ref_is_written_whatever_is_configured(clone, repository, git):
    name = git(clone, "rev-parse", "HEAD")
    git(clone, "update-ref", REF, name)
    for key, value in (
        ("remote.origin.fetch", "+refs/*:refs/*"),
        ("remote.origin.prune", "true"),
        ("remote.origin.tagOpt", "--tags"),
        ("fetch.writeCommitGraph", "true"),
        ("fetch.showForcedUpdates", "false"),
    ):
        git(clone, "config", key, value)
    git(clone, "update-ref", "refs/heads/of-mine", name)
    before = refs(git, clone)
    new = advance(git, repository)
    git(repository, "tag", "v1")
    fetch_ref("origin", REF, INTO, at=clone)
    assert refs(git, clone) == before | {INTO: new}
    assert not (clone / ".git" / "FETCH_HEAD").exists()
    assert git(clone, "config", "--get-all", "remote.origin.fetch") == "+refs/*:refs/*"


def test_a_line_that_was_replaced_is_an_error_and_moves_nothing(clone, repository, git):
    git(clone, "config", "fetch.showForcedUpdates", "false")
    advance(git, repository)
    fetch_ref("origin", REF, INTO, at=clone)
    before = refs(git, clone)
    git(repository, "reset", "-q", "--hard", "HEAD^")
    advance(git, repository, "another")
    error = failure(clone)
    assert (error.kind, error.code) == (Kind.ENVIRONMENT, "remote_replaced")
    assert refs(git, clone) == before


def test_a_remote_that_never_had_the_ref_has_none_and_nothing_is_written(clone, repository, git):
    git(repository, "update-ref", "-d", REF)
    before = refs(git, clone)
    assert not fetch_ref("origin", REF, INTO, at=clone)
    assert refs(git, clone) == before


def test_a_remote_whose_ref_was_deleted_is_noticed_and_what_was_seen_is_kept(clone, repository, git):
    assert fetch_ref("origin", REF, INTO, at=clone)
    before = refs(git, clone)
    git(repository, "update-ref", "-d", REF)
    error = failure(clone)
    assert (error.kind, error.code) == (Kind.ENVIRONMENT, "remote_deleted")
    assert f"git update-ref -d {INTO}" in error.hint
    assert refs(git, clone) == before


@pytest.mark.parametrize("url", ["file:///nowhere/at/all", "https://127.0.0.1:9/x", "ext::sh -c 'exit 1'", "ssh://-oProxyCommand=x/y"])  # fmt: skip
def test_a_remote_that_cannot_be_reached_says_so(clone, git, url):
    git(clone, "remote", "set-url", "origin", url)
    error = failure(clone)
    assert (error.exit_code, error.code) == (5, "remote_unreachable")
    assert "\n" not in error.message


def test_a_remote_that_does_not_answer_in_time_is_not_waited_for(clone, repository, git, tmp_path):
    slow = tmp_path / "slow"
    slow.write_text("#!/bin/sh\nexec sleep 60\n")
    slow.chmod(0o755)
    git(clone, "config", "remote.origin.uploadpack", str(slow))
    error = failure(clone, wait_s=0.5)
    assert (error.exit_code, error.code) == (5, "remote_unreachable")
    assert "0.5 seconds" in error.message


def test_a_name_that_looks_like_an_option_is_none(clone, tmp_path):
    failure(clone, remote=f"--upload-pack=touch {tmp_path}/harm")
    assert not (tmp_path / "harm").exists()


def test_a_shallow_clone_stays_as_shallow_as_it_was_and_gets_all_of_the_ref(repository, tmp_path, git):
    for number in range(3):
        git(repository, "commit", "-q", "--allow-empty", "-m", f"{number}")
    git(repository, "checkout", "-q", "--orphan", "line")
    for number in range(3):
        git(repository, "commit", "-q", "--allow-empty", "-m", f"{number}")
    git(repository, "update-ref", REF, "HEAD")
    git(tmp_path, "clone", "-q", "--depth=1", "--branch=main", repository.as_uri(), "shallow")
    shallow = tmp_path / "shallow"
    before = (shallow / ".git" / "shallow").read_text()
    fetch_ref("origin", REF, INTO, at=shallow)
    assert git(shallow, "rev-list", "--count", INTO) == "3"
    assert (shallow / ".git" / "shallow").read_text() == before


def test_which_of_two_refs_is_further_is_told(clone, repository, git):
    advance(git, repository)
    fetch_ref("origin", REF, INTO, at=clone)
    assert is_within("HEAD", INTO, at=clone)
    assert is_within(INTO, INTO, at=clone)
    assert not is_within(INTO, "HEAD", at=clone)
    with pytest.raises(CoordinautError) as caught:
        is_within("refs/heads/nothing", INTO, at=clone)
    assert caught.value.code == "git_failed"
