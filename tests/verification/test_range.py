"""A range is read as git has it, judged by the right line, and told commit by commit."""

import os

import pytest
from scene import trailers

from coordinaut_git.errors import CoordinautError
from coordinaut_git.plumbing import run

STATE, TRACKING = "refs/coordinaut/state", "refs/coordinaut-remote/origin/state"


def test_violations_come_in_the_order_of_the_range_with_their_commits(scene):
    task = scene.world.claim("ann", files="src/**")
    scene.world.wait("1m")
    ids = [scene.work("ann", task, name, later_ms=-1000 * number) for number, name in enumerate("abc")]
    error = scene.verify()
    assert [(one["commit"], one["path"]) for one in error.details["violations"]] == list(zip(ids, "abc", strict=True))
    assert error.details["failed"][0] == {
        "commit": ids[0],
        "subject": "work",
        "author": "Test Person",
        "committedAt": "2026-11-22T16:01:00.000Z",
        "agentInstance": "ann-1",
        "tasks": ["AGT-20261122-001"],
    }
    assert error.message == "3 of 3 commits do not pass."


def test_hostile_paths_and_messages_are_judged_like_others(scene):
    names = [b"-rf", b"a\nb", b"\xff", b":(glob)**", b'"q"', b" "]
    task = scene.world.claim("ann", files="src/**")
    scene.world.wait("1m")
    scene.work("ann", task, *(os.fsdecode(b"src/" + name) for name in names))
    assert scene.reasons() == []
    scene.commit(*(os.fsdecode(name) for name in names), message=f"\x1b[31m\n\n{trailers('ann', task)}")
    assert sorted(os.fsencode(path) for path, _ in scene.reasons()) == sorted(names)


def test_a_submodule_is_judged_as_the_folder_it_is(scene, tmp_path):
    task = scene.world.claim("ann", files=(".gitmodules", "vendor/lib/"))
    scene.world.wait("1m")
    words = ("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(scene.root), "vendor/lib")
    scene.git(*words)
    scene.work("ann", task)
    assert scene.reasons() == []


def test_case_does_not_matter_where_it_did_not_when_the_lease_was_granted(scene):
    world = scene.world.beside(fold=True)
    task = world.claim("ann", files="SRC/**")
    world.wait("1m")
    scene.work("ann", task, "src/a")
    assert scene.reasons() == []


def test_a_date_that_no_calendar_has_is_judged_too(scene):
    task = scene.world.claim("ann", files="src/**")
    for date in ("@0 +0000", "@99999999999999 +0000"):
        scene.write("src/a")
        scene.git("add", "-A")
        scene.git("commit", "-qm", f"x\n\n{trailers('ann', task)}", GIT_COMMITTER_DATE=date, GIT_AUTHOR_DATE=date)
    assert [reason for _, reason in scene.reasons()] == ["never_held", "expired"]


def test_a_commit_from_before_the_first_operation_was_under_no_lease(scene):
    task = scene.world.claim("ann", files="src/**")
    scene.world.clock.wait("-1h")
    scene.work("ann", task, "src/a")
    scene.world.clock.wait("1h")
    assert scene.reasons() == [(None, "never_held")]


def test_a_whole_range_is_read_with_two_processes(scene, monkeypatch):
    task = scene.world.claim("ann", files="src/**")
    scene.world.wait("1m")
    for number in range(40):
        scene.work("ann", task, f"src/{number}")
    started = []
    start = run._start
    monkeypatch.setattr(run, "_start", lambda words, *more, **how: started.append(words) or start(words, *more, **how))
    assert scene.verify()["checked"] == 40
    assert [next(word for word in words if word in {"rev-list", "diff-tree"}) for words in started if "rev-parse" not in words] == ["rev-list", "diff-tree"]  # fmt: skip
    assert len(started) <= 3, "the third asks whether the clone is shallow"


@pytest.fixture
def remote(scene, tmp_path, git):
    """A remote with the first commit and no coordination yet."""
    git(tmp_path, "init", "-q", "--bare", "--initial-branch=main", "remote.git")
    scene.git("remote", "add", "origin", (tmp_path / "remote.git").as_uri())
    scene.git("push", "-q", "origin", "main")
    return tmp_path / "remote.git"


def test_a_fresh_clone_is_judged_by_the_remote_s_line_and_nothing_else_is_written(scene, remote, tmp_path, git):
    task = scene.world.claim("ann", files="src/**")
    scene.world.wait("1m")
    good, bad = scene.work("ann", task, "src/a"), scene.work("ann", task, "b")
    scene.git("push", "-q", "origin", "main", STATE)
    git(tmp_path, "clone", "-q", remote.as_uri(), "ci")
    scene.root = tmp_path / "ci"
    before = git(scene.root, "for-each-ref", "--format=%(refname)").splitlines()
    missing = scene.verify()
    assert (missing.exit_code, missing.code) == (3, "no_store")
    assert "--fetch" in missing.hint
    assert scene.reasons(fetch=True) == [("b", "unclaimed")]
    assert scene.verify(f"{scene.base}..{good}", fetch=True)["ref"] == TRACKING
    assert scene.reasons(bad, fetch=True) == [("b", "unclaimed")]
    assert set(git(scene.root, "for-each-ref", "--format=%(refname)").splitlines()) == {*before, TRACKING}
    assert not (scene.root / ".git" / "FETCH_HEAD").exists()


def test_a_bare_clone_and_a_shallow_line_of_work_are_no_obstacle(scene, remote, tmp_path, git):
    task = scene.world.claim("ann", files="src/**")
    scene.world.wait("1m")
    scene.work("ann", task, "src/a")
    scene.git("push", "-q", "origin", "main", STATE)
    scene.root = remote
    assert scene.reasons() == []
    git(tmp_path, "clone", "-q", "--depth=1", remote.as_uri(), "shallow")
    scene.root = tmp_path / "shallow"
    error = scene.verify(fetch=True)
    assert (error.exit_code, error.code) == (3, "shallow_history")


def test_where_ours_has_all_of_theirs_ours_is_the_judge(scene, remote):
    scene.world.create()
    scene.git("push", "-q", "origin", STATE)
    task = scene.world.claim("ann", files="src/**")
    scene.world.wait("1m")
    scene.work("ann", task, "src/a")
    assert scene.verify(fetch=True)["ref"] == STATE
    scene.git("push", "-q", "origin", STATE)
    assert scene.verify(fetch=True)["ref"] == STATE


def test_where_theirs_is_ahead_theirs_is_the_judge(scene, remote):
    old = scene.world.store.head()
    task = scene.world.claim("ann", files="src/**")
    scene.git("push", "-q", "origin", STATE)
    scene.git("update-ref", STATE, old)
    scene.world.wait("1m")
    scene.work("ann", task, "src/a")
    assert scene.reasons() == [(None, "unknown_task")]
    assert scene.verify(fetch=True)["ref"] == TRACKING


def test_where_both_went_on_the_remote_is_the_judge_and_that_is_said(scene, remote, cli):
    task = scene.world.claim("ann", files="src/**")
    scene.git("push", "-q", "origin", STATE)
    scene.git("update-ref", STATE, scene.world.store.first)
    scene.world.beside().create()
    scene.world.wait("1m")
    scene.work("ann", task, "src/a")
    told = cli.json(scene.root, "verify-commit-range", "--range", "HEAD", "--fetch")
    assert told["ref"] == TRACKING
    assert told["notices"] == ["This clone has operations that origin has not; judged by what origin has."]


def test_the_team_s_remote_is_the_one_that_was_set_else_origin_else_the_only_one(scene, remote):
    scene.world.create()
    scene.git("push", "-q", "origin", STATE)
    scene.git("remote", "rename", "origin", "team/hub")
    assert scene.verify("HEAD..HEAD", fetch=True)["ref"] == STATE
    scene.git("remote", "add", "another", "file:///nowhere")
    error = scene.verify(fetch=True)
    assert (error.exit_code, error.code) == (3, "no_remote")
    scene.git("config", "coordinaut.remote", "team/hub")
    assert scene.verify("HEAD..HEAD", fetch=True)["commits"] == 0
    for wrong in ("--upload-pack=x", "a\nb", "..", "missing"):
        scene.git("config", "coordinaut.remote", wrong)
        error = scene.verify(fetch=True)
        assert isinstance(error, CoordinautError)
        assert error.exit_code in {2, 5}


def test_a_remote_that_is_gone_or_has_no_coordination_is_an_error(scene, remote):
    scene.world.create()
    error = scene.verify(fetch=True)
    assert (error.exit_code, error.code) == (3, "no_remote_state")
    scene.git("remote", "set-url", "origin", "file:///nowhere")
    error = scene.verify(fetch=True)
    assert (error.exit_code, error.code) == (5, "remote_unreachable")


@pytest.mark.parametrize(
    ("words", "passes"), [((), False), (("--require-trailers",), False), (("--allow-missing",), True)]
)
def test_trailers_are_required_unless_it_is_said_otherwise(scene, cli, words, passes):
    scene.world.create()
    scene.commit("a")
    answer = cli(scene.root, "verify-commit-range", "--range", "HEAD", *words)
    assert answer.code == (0 if passes else 1)
    assert ("1 commit passes: it names no agent" in answer.out) is passes


@pytest.mark.parametrize(("value", "code"), [("1", 1), ("0", 0)])
def test_the_environment_can_say_whether_they_are(scene, cli, value, code):
    scene.world.create()
    scene.commit("a")
    environ = {"COORDINAUT_REQUIRE_TRAILERS": value}
    assert cli(scene.root, "verify-commit-range", "--range", "HEAD", environ=environ).code == code


def test_an_empty_range_says_that_there_was_nothing(scene, cli):
    scene.world.create()
    shown = cli(scene.root, "verify-commit-range", "--range", "HEAD..HEAD").out
    assert shown == "No commits in HEAD..HEAD, so there is nothing to check.\n"
