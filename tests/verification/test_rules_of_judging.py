"""Commits are judged against what their agents held when they were made. Rules 100 to 108 of docs/protocol.md."""

import pytest
from scene import at, trailers

from coordinaut_git.protocol.values import Instant


def test_r100_a_commit_under_a_lease_of_the_task_it_names_passes(scene):
    task = scene.world.claim("ann", files="src/**")
    scene.world.wait("5m")
    scene.work("ann", task, "src/a.py", "src/deep/b.py")
    assert scene.verify() == {
        "violations": [],
        "commits": 1,
        "checked": 1,
        "range": f"{scene.base}..HEAD",
        "ref": "refs/coordinaut/state",
    }


def test_r100_a_task_is_named_by_either_id_and_capitals_of_keys_do_not_matter(scene):
    task = scene.world.claim("ann", files="src/**")["task"]
    scene.world.wait("1m")
    scene.commit("src/a", message=f"agent-INSTANCE: ann-1\nAGENT-task: {task['id']}\n")
    scene.commit("src/a", message=f"Agent-Instance: ann-1\nAgent-Task: {task['displayId'].lower()}\n")
    assert scene.reasons() == []


def test_r100_several_tasks_may_be_named_each_once(scene):
    one, two = (scene.world.claim("ann", files=files) for files in ("src/**", "docs/**"))
    scene.world.wait("1m")
    scene.commit("src/a", "docs/a", message=trailers("ann", one, two))
    assert scene.reasons() == []
    scene.commit("src/a", "docs/a", message=trailers("ann", one, two, one))
    assert scene.reasons() == [(None, "missing_trailer")]


@pytest.mark.parametrize(
    "message",
    [
        "Agent-Instance: ann-1\n",
        "Agent-Task: {task}\n",
        "Agent: ann\n",
        "Agent-Instance:\nAgent-Task: {task}\n",
        "Agent-Instance: ann-1\nAgent-Task:\n",
        "Agent-Instance: ann-1\nAgent-Instance: bob-1\nAgent-Task: {task}\n",
        "Agent-Instance: ann-1\nAgent-Instance: ann-1\nAgent-Task: {task}\n",
        "Agent-Instance: ann-1\nAgent-Task: {task}\nAgent-Task: {task}\n",
        "Agent-Instance: ann-1\nAgent-Task: {task}\nAgent-Thread: a\nAgent-Thread: b\n",
        "Agent-Instance: ../ann\nAgent-Task: {task}\n",
        "Agent-Instance: ann-1\n folded\nAgent-Task: {task}\n",
        "Agent-Instance: \x1b[31mann-1\nAgent-Task: {task}\n",
    ],
)
def test_r100_what_is_missing_doubled_or_malformed_names_nobody(scene, message):
    task = scene.world.claim("ann", files="src/**")["task"]["displayId"]
    scene.world.wait("1m")
    scene.commit("src/a", message=message.format(task=task))
    reasons = scene.reasons()
    assert reasons
    assert set(reasons) == {(None, "missing_trailer")}
    assert scene.reasons(require_trailers=False) == reasons, "whoever names somebody names them well"


@pytest.mark.parametrize(
    "message",
    [
        "Agent-Instance: ann-1\nAgent-Task: {task}\n\nand a last paragraph\n",
        "Agent-Instance\u200b: ann-1\nAgent\u2011Task: {task}\n",
        "\u0410gent-Instance: ann-1\n\u0410gent-Task: {task}\n",
        "text before Agent-Task: {task}\n",
        "",
    ],
)
def test_r101_a_commit_without_trailers_fails_unless_it_is_allowed(scene, message):
    task = scene.world.claim("ann", files="src/**")["task"]["displayId"]
    scene.world.wait("1m")
    scene.commit("src/a", message=message.format(task=task))
    assert scene.reasons() == [(None, "missing_trailer")] * 2
    allowed = scene.verify(require_trailers=False)
    assert (allowed["commits"], allowed["checked"]) == (1, 0)


def test_r101_a_commit_that_changed_nothing_itself_needs_no_agent(scene):
    task = scene.world.claim("ann", files="src/**")
    scene.world.wait("1m")
    scene.commit()
    scene.git("checkout", "-q", "-b", "side")
    scene.work("ann", task, "src/side")
    scene.git("checkout", "-q", "main")
    scene.work("ann", task, "src/main")
    scene.git("merge", "-q", "--no-edit", "side")
    assert (scene.verify()["commits"], scene.verify()["checked"]) == (4, 2)


@pytest.mark.parametrize("task", ["AGT-20261122-099", "nonsense", "AGT-20261122-00", "\x1b[2Jx", "../../x"])
def test_r102_a_task_that_there_is_not_is_unknown(scene, task):
    scene.world.claim("ann", files="src/**")
    scene.world.claim("ann", files="lib/**")
    scene.world.wait("1m")
    scene.work("ann", task, "src/a")
    assert scene.reasons() == [(None, "unknown_task")]


def test_r103_an_instance_that_never_held_the_task_is_forged(scene):
    held, free = scene.world.claim("ann", files="src/**"), scene.world.create(files="lib/**")
    scene.world.wait("1m")
    scene.work("bob", held, "src/a")
    scene.work("ann", free, "lib/a")
    scene.work("nobody", held, "src/b")
    assert scene.reasons() == [(None, "never_held")] * 3
    first, second, _ = scene.verify().details["violations"]
    assert (first["holder"]["agentInstance"], second["holder"]) == ("ann-1", None)
    assert first["hint"].startswith("Agent-Instance bob-1 never held AGT-20261122-001; it is held by ann (ann-1).")


def test_r103_a_forged_commit_without_files_is_found_too(scene):
    task = scene.world.claim("ann", files="src/**")
    scene.world.wait("1m")
    scene.work("bob", task)
    assert scene.reasons() == [(None, "never_held")]


def test_r103_who_held_the_task_only_later_had_not_held_it(scene):
    task = scene.world.create(files="src/**")
    scene.world.wait("1m")
    scene.work("ann", task, "src/a")
    scene.world.wait("2m")
    scene.world.claim("ann", task)
    assert scene.reasons() == [(None, "never_held")]


def test_r103_who_has_released_the_task_has_held_it(scene):
    task = scene.world.claim("ann", files="src/**")
    scene.world.wait("1m")
    scene.world.update("ann", task, status="done")
    scene.world.wait("1m")
    scene.work("ann", task)
    assert scene.reasons() == []
    scene.work("ann", task, "src/a")
    assert scene.reasons() == [("src/a", "unclaimed")]


def test_r104_a_commit_is_judged_by_the_leases_of_its_time_not_of_today(scene):
    task = scene.world.claim("ann", files="src/**")
    scene.world.wait("5m")
    scene.work("ann", task, "src/a")
    scene.world.wait("1m")
    scene.world.release("ann", task)
    scene.world.wait("1m")
    scene.world.claim("bob", files="src/**")
    scene.world.wait("5m")
    assert scene.reasons() == []
    scene.work("ann", task, "src/a")
    assert scene.reasons() == [("src/a", "held_by_other")]


@pytest.mark.parametrize(
    ("mode", "files", "expected"),
    [("exclusive", "lib/**", "unclaimed"), ("shared-read", "src/**", "read_only_mode"), ("advisory", "src/**", "read_only_mode")],
)  # fmt: skip
def test_r104_the_reasons_are_those_of_the_work_tree(scene, mode, files, expected):
    task = scene.world.claim("ann", files=files, mode=mode)
    scene.world.wait("1m")
    scene.work("ann", task, "src/a")
    assert scene.reasons() == [("src/a", expected)]


def test_r104_after_its_term_a_lease_covers_nothing_though_nobody_took_over(scene):
    task = scene.world.claim("ann", files="src/**")
    scene.world.wait("29m")
    scene.work("ann", task, "src/a")
    assert scene.reasons() == []
    scene.world.wait("2m")
    scene.work("ann", task, "src/b")
    assert scene.reasons() == [("src/b", "expired")]
    scene.world.wait("5s")
    scene.world.claim("ann", task)
    assert scene.reasons() == [("src/b", "expired")], "renewed later does not count"


def test_r104_who_was_taken_over_is_stale(scene):
    task = scene.world.claim("ann", files="src/**")
    scene.world.wait("31m")
    scene.world.claim("bob", files="src/**", takeover_reason="gone")
    scene.world.wait("5s")
    scene.work("ann", task, "src/a")
    assert scene.reasons() == [("src/a", "taken_over")]
    (violation,) = scene.verify().details["violations"]
    assert (violation["holder"]["agentInstance"], violation["holder"]["fence"]) == ("bob-1", 4)


def test_r104_a_file_of_another_task_of_the_same_instance_is_outside(scene):
    one, two = (scene.world.claim("ann", files=files) for files in ("src/**", "docs/**"))
    scene.world.wait("1m")
    scene.work("ann", one, "src/a", "docs/a")
    assert scene.reasons() == [("docs/a", "outside_task_scope")]
    scene.git("reset", "-q", "--soft", "HEAD^")
    scene.commit(message=trailers("ann", one, two))
    assert scene.reasons() == []


def test_r104_what_was_handed_over_is_covered_for_its_new_holder_only(scene):
    owner = scene.world.claim("ann", files="src/**")
    mine = scene.world.claim("bob", files="lib/**")
    scene.world.wait("1m")
    scene.work("ann", owner, "src/a")
    scene.hand_over("ann", "bob", mine, "src/a")
    scene.world.wait("1m")
    assert scene.reasons() == []
    scene.work("bob", mine, "src/a")
    assert scene.reasons() == []
    scene.work("ann", owner, "src/a", "src/b")
    assert scene.reasons() == [("src/a", "held_by_other")]


def test_r105_a_rebased_commit_is_judged_by_its_author_s_instant_too(scene):
    task = scene.world.claim("ann", files="src/**")
    scene.world.wait("1m")
    then = scene.world.clock.at
    scene.world.wait("1m")
    scene.world.release("ann", task)
    scene.world.wait("5m")
    scene.work("ann", task, "src/a", authored=then)
    assert scene.reasons() == []


def test_r105_but_not_if_somebody_with_a_larger_fence_holds_the_file_by_now(scene):
    task = scene.world.claim("ann", files="src/**")
    scene.world.wait("1m")
    then = scene.world.clock.at
    scene.world.wait("31m")
    other = scene.world.claim("bob", files="src/a", takeover_reason="gone")
    scene.world.wait("1m")
    scene.work("ann", task, "src/a", "src/b", authored=then)
    assert scene.reasons() == [("src/a", "taken_over")]
    scene.world.wait("45m")
    scene.git("commit", "-q", "--amend", "--no-edit", GIT_COMMITTER_DATE=at(scene.world.clock.at))
    assert scene.reasons() == [("src/a", "taken_over")], "an expired lease still stands in the way"
    scene.world.release("bob", other)
    scene.world.wait("1m")
    scene.git("commit", "-q", "--amend", "--no-edit", GIT_COMMITTER_DATE=at(scene.world.clock.at))
    assert scene.reasons() == []


def test_r105_what_was_not_covered_when_it_was_authored_is_not_covered_later(scene):
    task = scene.world.claim("ann", files="src/**")
    scene.world.wait("31m")
    then = scene.world.clock.at
    scene.world.wait("5m")
    scene.work("ann", task, "src/a", authored=then)
    assert scene.reasons() == [("src/a", "expired")]


def test_r106_within_the_second_of_the_commit_it_does_not_matter_what_came_first(scene):
    for turn in range(3):
        scene.world.clock.at = Instant(scene.world.clock.at // 1000 * 1000 + 2_100)
        task = scene.world.claim("ann", files="src/**")
        scene.world.wait("300ms")
        scene.work("ann", task, f"src/{turn}")
        scene.world.wait("300ms")
        scene.world.release("ann", task)
        scene.world.wait("200ms")
        other = scene.world.claim("bob", files="src/**")
        scene.work("bob", other, f"src/{turn}")
        scene.world.release("bob", other)
    assert scene.reasons() == []


def test_r106_the_very_first_second_of_a_line_is_no_other(scene):
    scene.world.wait("100ms")
    task = scene.world.claim("ann", files="src/**")
    scene.work("ann", task, "src/a")
    scene.world.release("ann", task)
    assert scene.reasons() == []


def test_r106_but_who_was_taken_over_within_that_second_is_stale(scene):
    task = scene.world.claim("ann", files="src/**", ttl="2100ms")
    scene.world.wait("2500ms")
    scene.world.claim("bob", files="src/**", takeover_reason="gone")
    scene.world.wait("200ms")
    scene.work("ann", task, "src/a")
    assert scene.reasons() == [("src/a", "taken_over")]


@pytest.mark.parametrize(("team", "late_s", "expected"), [(True, 50, []), (True, 70, ["never_held"]), (False, 5, ["never_held"])])  # fmt: skip
def test_r107_in_a_team_a_claim_may_come_a_minute_late(scene, team, late_s, expected):
    if team:
        scene.git("config", "coordinaut.remote", "origin")
    task = scene.world.create(files="src/**")
    scene.world.wait("1m")
    scene.world.clock.at = Instant(scene.world.clock.at // 1000 * 1000)
    scene.work("ann", task, "src/a")
    scene.world.wait(f"{late_s}s")
    scene.world.claim("ann", task)
    assert [reason for _, reason in scene.reasons()] == expected


def test_r107_but_not_for_what_somebody_else_held_meanwhile(scene):
    scene.git("config", "coordinaut.remote", "origin")
    mine = scene.world.claim("ann", files="lib/**")
    other = scene.world.claim("bob", files="src/**")
    scene.world.wait("1m")
    scene.work("ann", mine, "src/a")
    scene.world.wait("5s")
    scene.world.release("bob", other)
    scene.world.claim("ann", mine, files=("lib/**", "src/**"))
    assert scene.reasons() == [("src/a", "held_by_other")]


def test_r108_a_merge_answers_for_what_none_of_its_parents_has(scene):
    task = scene.world.claim("ann", files="src/**")
    scene.world.wait("1m")
    scene.git("checkout", "-q", "-b", "side")
    scene.work("ann", task, "src/side")
    scene.git("checkout", "-q", "main")
    scene.work("ann", task, "src/main")
    scene.git("merge", "-q", "--no-commit", "side")
    scene.work("ann", task, "src/evil", "docs/evil")
    assert scene.reasons() == [("docs/evil", "unclaimed")]


def test_r108_renames_reverts_and_first_commits_are_ordinary(scene):
    task = scene.world.claim("ann", files="src/**")
    scene.world.wait("1m")
    good = scene.work("ann", task, "src/a")
    scene.git("mv", "README.md", "src/README.md")
    scene.work("ann", task)
    assert scene.reasons() == [("README.md", "unclaimed")], "both sides of a rename"
    when = {"GIT_COMMITTER_DATE": at(scene.world.clock.at), "GIT_AUTHOR_DATE": at(scene.world.clock.at)}
    scene.git("revert", "--no-edit", good, **when)
    assert scene.reasons("HEAD") == [(None, "missing_trailer")] * 2
    scene.git("checkout", "-q", "--orphan", "new")
    scene.work("ann", task, "src/new", "b")
    assert set(scene.reasons("HEAD")) == {("b", "unclaimed")}
