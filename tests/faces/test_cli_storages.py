"""The same work over every storage: what is said, what is kept, who is stopped."""

import json
import os
import signal
import subprocess
import time

import pytest
from commands import PROGRAM
from storages import STORAGES
from warm import warm_hooks

ANN = ("--agent", "ann", "--agent-instance", "agent_ann", "--thread", "t-1")
BOB = ("--agent", "bob", "--agent-instance", "agent_bob")


def test_sixty_seconds_of_work_are_the_same_over_every_storage(place):
    task = place.task("src/pages/settings/**", title="Fix settings layout")
    claimed = place.json("claim", "--task", task, *ANN)
    assert claimed["lease"]["confirmed"] is (True if place.storage == "remote" else None)
    (place.root / "src" / "pages" / "settings").mkdir(parents=True)
    (place.root / "src" / "pages" / "settings" / "layout.css").write_text("a {}\n")
    assert place.json("verify-worktree", "--agent-instance", "agent_ann")["violations"] == []
    assert place("conflicts", "--files", "src/**", *BOB[2:], "--exit-code").code == 1
    place.json("update", "--task", task, "--status", "verifying", "--next", "run regression", *ANN[2:4])
    place.json("release", "--task", task, "--agent-instance", "agent_ann", "--reason", "iteration finished")
    assert "Fix settings layout" in place.json("snapshot", "--output", "-")["markdown"]
    told = [event["op"] for event in place.json("watch")["events"]]
    assert told == ["task_created", "task_claimed", "task_updated", "task_released"]


def test_a_claim_of_held_files_is_refused_and_the_handoff_goes_through(place):
    mine, theirs = place.task("package.json"), place.task("package.json")
    place.json("claim", "--task", mine, *ANN)
    refused = place("claim", "--task", theirs, *BOB, "--json")
    assert refused.failure == (1, "scope_conflict")
    other = place.task("docs/**")
    place.json("claim", "--task", other, *BOB)
    asked = place.json(
        "handoff", "request", "--task", other, "--files", "package.json", "--reason", "a dependency", *BOB
    )
    place.json("handoff", "respond", "--id", asked["id"], "--status", "handoff_now", "--agent-instance", "agent_ann")
    held = {lease["agentInstance"]: lease["files"] for lease in place.json("status")["leases"]}
    assert "package.json" in held["agent_bob"]
    assert any(
        letter["kind"] == "handoff" for letter in place.json("inbox", "--agent-instance", "agent_ann")["messages"]
    )
    story = place.json("explain", "--task", other)
    assert [event["op"] for event in story["events"]][-1] == "handoff_answered"
    assert {event["confirmed"] for event in story["events"]} == {True if place.storage == "remote" else None}


def test_hooks_hold_commits_to_the_claims_over_every_storage(place, git, monkeypatch):
    monkeypatch.setenv("COORDINAUT_TOKEN", place.environ.get("COORDINAUT_TOKEN", ""))
    task = place.task("src/**")
    place.json("claim", "--task", task, *ANN)
    place.json("install-hooks")
    warm_hooks(place.root)
    (place.root / "src").mkdir()
    (place.root / "src" / "a").write_text("a")
    git(place.root, "add", "src/a")
    git(place.root, "-c", "coordinaut.instance=agent_ann", "commit", "--quiet", "--message", "covered")
    trailers = git(place.root, "log", "-1", "--format=%(trailers:only)")
    assert f"Agent-Task: {task}" in trailers
    assert place.json("verify-commit-range", "--range", "HEAD~1..HEAD")["checked"] == 1
    (place.root / "package.json").write_text("{}")
    git(place.root, "add", "package.json")
    stopped = subprocess.run(
        ["git", "-C", place.root, "commit", "--quiet", "--message", "not covered"], capture_output=True, text=True
    )
    assert stopped.returncode == 1
    assert "nobody has claimed it" in stopped.stderr
    assert git(place.root, "log", "-1", "--format=%s") == "covered"


def test_a_promise_is_kept_by_the_commit_over_every_storage(place, git, monkeypatch):
    monkeypatch.setenv("COORDINAUT_TOKEN", place.environ.get("COORDINAUT_TOKEN", ""))
    mine, theirs = place.task("src/**"), place.task("docs/**")
    place.json("claim", "--task", mine, *ANN)
    place.json("claim", "--task", theirs, *BOB)
    place.json("install-hooks")
    warm_hooks(place.root)
    asked = place.json("handoff", "request", "--task", theirs, "--files", "src/a", "--reason", "need it", *BOB)
    words = ("--id", asked["id"], "--status", "grant_after_commit", "--agent-instance", "agent_ann")
    place.json("handoff", "respond", *words)
    (place.root / "src").mkdir()
    (place.root / "src" / "a").write_text("a")
    git(place.root, "add", "src/a")
    git(place.root, "commit", "--quiet", "--message", "the promised file")
    (kept,) = place.json("handoff", "list")["handoffs"]
    assert kept["status"] == "completed"


def test_linked_worktrees_share_the_state_without_being_set_up(place, git):
    place.task("src/**")
    linked = place.root.parent / "linked"
    git(place.root, "worktree", "add", "--quiet", str(linked))
    there = place.at(linked)
    there.json("claim", "--next", *BOB)
    assert [lease["agentInstance"] for lease in place.json("status")["leases"]] == ["agent_bob"]
    assert git(linked, "status", "--porcelain") == ""
    assert git(place.root, "status", "--porcelain") == ""


def test_init_again_changes_nothing_and_another_storage_is_refused(place, git):
    place.task("src/**")
    before = git(place.root, "config", "--local", "--list")
    again = place.json("init")
    assert (again["storage"], again["created"]) == (place.storage, False)
    other = "sqlite" if place.storage != "sqlite" else "json"
    refused = place("init", "--storage", other, "--json")
    assert refused.failure == (1, "state_elsewhere")
    assert f"coordinaut migrate --to {other}" in refused.error["hint"]
    assert git(place.root, "config", "--local", "--list") == before
    assert len(place.json("status")["tasks"]) == 1


def test_another_storage_is_for_looking_only(place):
    place.task("src/**")
    other = "sqlite" if place.storage != "sqlite" else "json"
    assert place("--storage", other, "status", "--json").failure == (3, "no_store")
    assert place("create", "--title", "x", "--storage", other, "--json").failure == (3, "no_store")
    assert place("status", "--json", environ={"COORDINAUT_STORAGE": place.storage}).code == 0


def test_doctor_finds_every_storage_well_and_says_where_it_is(place):
    for number in range(3):
        place.task(f"f{number}")
    shown = place.json("doctor", "--deep")
    said = {check["name"]: check for check in shown["checks"]}
    assert {name: check for name, check in said.items() if check["status"] not in {"ok", "skipped"}} == {}
    assert shown["store"] == place.storage
    assert shown["location"]
    assert "3 operations replayed" in said["replay"]["summary"]
    assert shown["location"] in place("doctor", environ={"COLUMNS": "400"}).out


def test_there_is_nothing_to_migrate_in_a_new_state(place):
    place.task("src/**")
    answer = place.json("migrate")
    assert (answer["changed"], answer["operations"], answer["backup"]) == (False, 1, None)


def test_who_follows_is_told_within_a_second_and_burns_no_processor(place):
    environ = {**os.environ, **place.environ}
    words = [*PROGRAM, "watch", "--follow", "--json"]
    with subprocess.Popen(words, cwd=place.root, env=environ, stdout=subprocess.PIPE, text=True) as follower:
        time.sleep(2)
        assert follower.stdout
        for number in range(3):
            before_s = time.monotonic()
            place.task(f"f{number}", title=f"task {number}")
            told = json.loads(follower.stdout.readline())
            assert told["summary"].endswith(f"task {number}")
            assert time.monotonic() - before_s < 300
        follower.send_signal(signal.SIGINT)
        _, _, used = os.wait4(follower.pid, 0)
        follower.returncode = 0
    assert used.ru_utime + used.ru_stime < 5


@pytest.mark.parametrize("storage", STORAGES)
def test_what_is_not_there_is_said_for_every_storage(cli, repository, storage):
    if storage == "remote":
        assert cli(repository, "--storage", storage, "status", "--json").failure == (2, "no_server")
        return
    answer = cli(repository, "--storage", storage, "status", "--json")
    assert answer.failure == (3, "no_store")
