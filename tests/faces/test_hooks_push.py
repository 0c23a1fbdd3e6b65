"""What the pre-push hook does about what is pushed: new branches, updates, forced ones, deletions, tags."""

import pytest
from hooking import commit, run, write

UNSIGNED = {"COORDINAUT_HOOKS": "0"}


@pytest.fixture
def away(hooked, git, tmp_path):
    """A remote that has what there was before the agent came."""
    git(tmp_path, "init", "--quiet", "--bare", "away.git")
    git(hooked, "remote", "add", "away", str(tmp_path / "away.git"))
    git(hooked, "push", "--quiet", "away", "main")
    return tmp_path / "away.git"


@pytest.fixture
def stray(hooked, agent, away):
    """Makes a commit that the agent's name stands under, and that its leases do not cover."""

    def make(name="docs/b.md"):
        write(hooked, name)
        text = f"stray\n\nAgent-Instance: agent_1\nAgent-Task: {agent}"
        assert commit(hooked, "-m", text, environ=UNSIGNED).code == 0

    return make


def pushed(away, git):
    return dict(
        line.split()[::-1] for line in git(away, "for-each-ref", "--format=%(objectname) %(refname)").splitlines()
    )


def test_good_commits_are_pushed(hooked, agent, away, git):
    write(hooked, "src/a.py")
    assert commit(hooked, "-m", "work").code == 0
    done = run(hooked, "push", "--quiet", "away", "main")
    assert (done.code, done.err) == (0, "")
    assert pushed(away, git)["refs/heads/main"] == git(hooked, "rev-parse", "HEAD")


def test_a_stray_commit_stops_the_push_and_is_named(hooked, stray, away, git):
    stray()
    before = pushed(away, git)
    stopped = run(hooked, "push", "away", "main")
    assert stopped.code == 1
    assert "1 of 1 commit does not pass" in stopped.err
    assert "docs/b.md" in stopped.err
    assert "coordinaut: the push was stopped." in stopped.err
    assert pushed(away, git) == before


@pytest.mark.parametrize("policy", ["", "warn"])
def test_a_person_and_the_policy_warn_let_it_pass(cli, hooked, stray, away, git, policy):
    stray()
    if policy:
        git(hooked, "config", "coordinaut.hooks", policy)
    else:
        (hooked / ".git/coordinaut/instances/main").unlink()
    done = run(hooked, "push", "away", "main")
    assert done.code == 0
    assert "docs/b.md" in done.err
    assert "coordinaut: the push goes on: " in done.err


def test_a_new_branch_is_judged_by_what_the_remote_lacks(hooked, agent, stray, away, git):
    git(hooked, "branch", "good")
    stray()
    git(hooked, "checkout", "--quiet", "good")
    write(hooked, "src/a.py")
    assert commit(hooked, "-m", "work").code == 0
    assert run(hooked, "push", "away", "good").code == 0
    assert run(hooked, "push", "away", "main:refs/heads/other").code == 1
    assert "refs/heads/other" not in pushed(away, git)


def test_deletions_tags_and_a_forced_push(hooked, stray, away, git):
    git(hooked, "push", "--quiet", "away", "main:old")
    assert run(hooked, "push", "--delete", "away", "old").code == 0
    stray()
    git(hooked, "tag", "v1")
    assert run(hooked, "push", "away", "v1").code == 0
    git(hooked, "reset", "--quiet", "--hard", "HEAD~1")
    write(hooked, "src/a.py")
    assert commit(hooked, "--amend", "-m", "another first").code == 0
    done = run(hooked, "push", "--force", "away", "main")
    assert "README.md" in done.err, "the commit was made anew, and so were its files"
    assert done.code == 1


def test_a_push_over_what_was_not_fetched(hooked, agent, away, git, tmp_path):
    git(tmp_path, "clone", "--quiet", "--branch", "main", str(away), "clone")
    write(tmp_path / "clone", "theirs")
    assert commit(tmp_path / "clone", "-m", "theirs").code == 0
    git(tmp_path / "clone", "push", "--quiet", "origin", "main")
    write(hooked, "src/a.py")
    assert commit(hooked, "-m", "mine").code == 0
    done = run(hooked, "push", "--force", "away", "main")
    assert (done.code, "warning" in done.err) == (0, False)


def test_the_state_and_notes_are_not_judged_as_commits(hooked, agent, away, git):
    done = run(hooked, "push", "away", "refs/coordinaut/state:refs/coordinaut/state")
    assert (done.code, "warning" in done.err) == (0, False)
    assert "refs/coordinaut/state" in pushed(away, git)


def test_a_push_of_nothing_and_of_several_branches(hooked, agent, stray, away):
    done = run(hooked, "push", "away", "main")
    assert (done.code, "error" in done.err) == (0, False)
    run(hooked, "branch", "good")
    stray()
    assert run(hooked, "push", "away", "good", "main").code == 1
