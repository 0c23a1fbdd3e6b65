"""Every command as programs see it: the exact shape of each document, every option, the exit code."""

import re
import time
from datetime import datetime

import pytest
from commands import program

TASK = {
    "id", "displayId", "title", "scope", "files", "status", "next", "checks", "blockers", "priority", "dependsOn", "dependsOnDisplayIds",
    "lease", "createdAt", "createdBy", "updatedAt",
}  # fmt: skip
LEASE = {
    "taskId", "displayId", "agentInstance", "agent", "threadId", "tool", "files", "without", "also", "mode",
    "grantedAt", "expiresAt", "state", "fence", "confirmed",
}  # fmt: skip
CONFLICT = {
    "displayId", "taskId", "agentInstance", "agent", "files", "without", "also", "mode", "expiresAt", "state", "confirmed", "example",
}  # fmt: skip
EVENT = {"id", "seq", "at", "op", "agentInstance", "agent", "taskId", "summary", "data", "confirmed"}
CHECK = {"name", "status", "summary", "advice"}
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
ANN = ("--agent", "ann", "--agent-instance", "agent_ann", "--thread", "thread-1", "--tool", "claude")
BOB = ("--agent", "bob", "--agent-instance", "agent_bob")


def span_s(lease) -> float:
    granted, expires = (datetime.fromisoformat(lease[name]) for name in ("grantedAt", "expiresAt"))
    return (expires - granted).total_seconds()


def test_the_whole_program_sets_up_once_and_says_where_state_lives(repository, git):
    first, again = (program(["init", "--json"], cwd=repository) for _ in range(2))
    where = {
        "storage": "git",
        "location": str(repository / ".git"),
        "ref": "refs/coordinaut/state",
        "root": str(repository),
        "hooks": None,
        "sync": None,
        "agents": None,
    }
    assert first.result == {**where, "created": True}
    assert again.result == {**where, "created": False}
    assert (first.err, again.err) == ("", "")
    assert git(repository, "for-each-ref", "--format=%(refname)") == "refs/coordinaut/state\nrefs/heads/main"
    assert git(repository, "status", "--porcelain") == ""


def test_create_gives_a_task_with_every_choice_made(cli, project):
    first = cli.json(project, "create", "--title", "First", *ANN)
    full = cli.json(
        project, "create", "--title", "Zweite „Sache“ 🦀", "--scope", "the API", "--files", "src/**,docs/",
        "--files", "a file.txt", "--priority", "0", "--depends-on", first["displayId"], *BOB,
    )  # fmt: skip
    assert set(first) == set(full) == TASK
    assert re.fullmatch(r"AGT-\d{8}-001", first["displayId"])
    assert full["displayId"] == first["displayId"][:-1] + "2"
    assert re.fullmatch(r"task_\d{8}_001_[0-9a-f]{12}", first["id"])
    assert (first["status"], first["priority"], first["files"], first["lease"]) == ("open", 2, [], None)
    assert INSTANT.fullmatch(first["createdAt"])
    assert first["createdAt"] == first["updatedAt"]
    assert first["createdBy"] == "agent_ann"
    assert {name: full[name] for name in ("title", "scope", "files", "priority", "dependsOn")} == {
        "title": "Zweite „Sache“ 🦀",
        "scope": "the API",
        "files": ["src/**", "docs/", "a file.txt"],
        "priority": 0,
        "dependsOn": [first["id"]],
    }


def test_claim_gives_the_task_and_its_lease(cli, project, make_task):
    task = make_task(project, "src/**")
    claimed = cli.json(project, "claim", "--task", task, *ANN, "--ttl", "2h", "--mode", "shared-docs")
    assert set(claimed) == {"task", "lease", "agentInstance", "remote", "notices"}
    lease = claimed["lease"]
    assert set(claimed["task"]) == TASK
    assert set(lease) == LEASE
    assert claimed["task"]["lease"] == lease
    assert claimed["task"]["status"] == "claimed"
    assert {name: lease[name] for name in LEASE - {"taskId", "grantedAt", "expiresAt"}} == {
        "displayId": task,
        "agentInstance": "agent_ann",
        "agent": "ann",
        "threadId": "thread-1",
        "tool": "claude",
        "files": ["src/**"],
        "without": [],
        "also": [],
        "mode": "shared-docs",
        "state": "active",
        "fence": 2,
        "confirmed": None,
    }
    assert span_s(lease) == 7200
    wider = cli.json(project, "claim", "--task", task, *ANN, "--files", "docs/")["lease"]
    assert wider["files"] == ["src/**", "docs/"]
    assert (wider["mode"], wider["fence"]) == ("shared-docs", 3)


def test_a_lease_lasts_thirty_minutes_unless_said(cli, project, make_task):
    claimed = cli.json(project, "claim", "--task", make_task(project), "--files", "x", *ANN)
    assert span_s(claimed["lease"]) == 1800
    assert claimed["lease"]["mode"] == "exclusive"


@pytest.mark.parametrize(
    "reference", [lambda task: task["displayId"].lower(), lambda task: task["id"], lambda task: task["id"][:17]]
)
def test_a_task_is_named_by_either_id_or_an_unambiguous_prefix(cli, project, reference):
    task = cli.json(project, "create", "--title", "Named", "--files", "x")
    claimed = cli.json(project, "claim", "--task", reference(task), *ANN)
    assert claimed["task"]["id"] == task["id"]


def test_a_conflicting_claim_is_refused_with_the_conflict_and_nothing_is_written(cli, project, make_task, head):
    held, wanted = make_task(project, "src/*/a.py"), make_task(project, "src/b/*.py")
    cli.json(project, "claim", "--task", held, *ANN)
    before = head(project)
    refused = cli(project, "claim", "--task", wanted, *BOB, "--json")
    assert refused.failure == (1, "scope_conflict")
    assert refused.error["kind"] == "refused"
    (conflict,) = refused.error["details"]["conflicts"]
    assert set(conflict) == CONFLICT
    assert (conflict["agentInstance"], conflict["displayId"], conflict["example"]) == ("agent_ann", held, "src/b/a.py")
    assert "ann" in refused.error["message"]
    assert "takeover-reason" not in str(refused.error["hint"]), "a hint never hands out the override"
    assert head(project) == before
    in_words = cli(project, "claim", "--task", wanted, *BOB)
    assert (in_words.code, in_words.out) == (1, "")
    assert in_words.err.startswith("error: src/*/a.py is held by ann (agent_ann)")
    assert "\nhint: " in in_words.err
    assert "src/b/a.py" in in_words.err


def test_an_expired_lease_is_taken_over_only_with_a_reason(cli, project, make_task):
    held, wanted = make_task(project, "src/**"), make_task(project, "src/a.py")
    cli.json(project, "claim", "--task", held, *ANN, "--ttl", "1s")
    time.sleep(1.1)
    assert [lease["state"] for lease in cli.json(project, "status")["leases"]] == ["expired"]
    refused = cli(project, "claim", "--task", wanted, *BOB, "--json")
    assert refused.failure == (1, "takeover_needs_reason")
    assert refused.error["details"]["conflicts"][0]["state"] == "expired"
    late = cli(project, "update", "--task", held, "--next", "x", *ANN, "--json")
    assert late.failure == (1, "lease_expired")
    taken = cli.json(project, "claim", "--task", wanted, *BOB, "--takeover-reason", "ann is gone")
    assert taken["lease"]["fence"] > 3
    assert [lease["agentInstance"] for lease in cli.json(project, "status")["leases"]] == ["agent_bob"]
    assert cli.json(project, "watch", "--limit", "1")["events"][0]["data"]["reason"] == "ann is gone"


def test_update_says_where_a_task_stands(cli, project, make_task):
    first, task = make_task(project), make_task(project, "src/**")
    cli.json(project, "claim", "--task", task, *ANN)
    updated = cli.json(
        project, "update", "--task", task, "--status", "fixing", "--next", "run\nthe tests", "--check", "unit=passed",
        "--check", "a=b=failed", "--blocker", "no network", "--blocker", "no key", "--title", "New", "--scope", "API",
        "--files", "docs/", "--priority", "4", "--depends-on", first, *ANN,
    )  # fmt: skip
    assert set(updated) == {"task", "lease"}
    shown = updated["task"]
    assert set(shown) == TASK
    assert [(check["name"], check["status"]) for check in shown["checks"]] == [("unit", "passed"), ("a=b", "failed")]
    assert all(set(check) == {"name", "status", "at"} for check in shown["checks"])
    assert shown["blockers"] == ["no network", "no key"]
    assert (shown["status"], shown["next"], shown["title"]) == ("fixing", "run\nthe tests", "New")
    assert (shown["scope"], shown["files"], shown["priority"]) == ("API", ["docs/"], 4)
    assert len(shown["dependsOn"]) == 1
    assert updated["lease"]["files"] == ["src/**"], "the task's files do not change its lease"
    cleared = cli.json(project, "update", "--task", task, "--clear-blockers", "--check", "unit=pending", *ANN)["task"]
    assert cleared["blockers"] == []
    assert sorted((check["name"], check["status"]) for check in cleared["checks"]) == [
        ("a=b", "failed"),
        ("unit", "pending"),
    ]


def test_only_the_holder_updates_and_releases(cli, project, make_task, head):
    task = make_task(project, "src/**")
    cli.json(project, "claim", "--task", task, *ANN)
    before = head(project)
    for words in (("update", "--next", "x"), ("release",), ("heartbeat",)):
        refused = cli(project, words[0], "--task", task, *words[1:], *BOB, "--json")
        assert refused.failure == (1, "not_owner"), words
        assert set(refused.error["details"]["conflicts"][0]) == CONFLICT
    assert head(project) == before


def test_heartbeat_renews_one_lease_or_all(cli, project, make_task, head):
    tasks = [make_task(project, name) for name in ("a", "b")]
    for task in tasks:
        cli.json(project, "claim", "--task", task, *ANN)
    before = head(project)
    quiet = cli.json(project, "heartbeat", *ANN)
    assert set(quiet) == {"leases", "written"}
    assert quiet["written"] is False
    assert head(project) == before, "a fresh lease needs no renewal in history"
    assert [set(lease) for lease in quiet["leases"]] == [LEASE, LEASE]
    one = cli.json(project, "heartbeat", "--task", tasks[0], "--ttl", "3h", *ANN)
    assert set(one) == {"task", "lease", "written"}
    assert one["written"] is True
    assert span_s(one["lease"]) > 3 * 3600 - 1
    assert one["lease"]["fence"] == quiet["leases"][0]["fence"], "a renewal is no new grant"
    assert head(project) != before
    assert cli.json(project, "heartbeat", *BOB) == {"leases": [], "written": False}


def test_release_lets_the_files_go(cli, project, make_task):
    task, other = make_task(project, "src/**"), make_task(project, "src/**")
    cli.json(project, "claim", "--task", task, *ANN)
    released = cli.json(project, "release", "--task", task, "--reason", "done for today", *ANN)
    assert set(released) == {"task", "lease"}
    assert (released["lease"], released["task"]["lease"], released["task"]["status"]) == (None, None, "open")
    assert cli.json(project, "claim", "--task", other, *BOB)["lease"]["agentInstance"] == "agent_bob"
    finished = cli.json(project, "release", "--task", other, "--status", "done", *BOB)
    assert finished["task"]["status"] == "done"
    again = cli(project, "release", "--task", task, *ANN, "--json")
    assert again.failure == (1, "not_claimed")


def test_status_shows_open_work_and_all_of_it_on_request(cli, project, make_task):
    done, held, least = (make_task(project, name) for name in "abc")
    cli.json(project, "claim", "--task", done, *ANN)
    cli.json(project, "release", "--task", done, "--status", "done", *ANN)
    cli.json(project, "claim", "--task", held, *ANN)
    cli.json(project, "update", "--task", least, "--priority", "0")
    shown = cli.json(project, "status")
    assert set(shown) == {"tasks", "leases", "counts", "team"}
    assert [task["displayId"] for task in shown["tasks"]] == [least, held], "the most urgent first"
    assert [set(task) for task in shown["tasks"]] == [TASK, TASK]
    assert [set(lease) for lease in shown["leases"]] == [LEASE]
    assert shown["counts"] == {
        "tasks": 2, "open": 1, "claimed": 1, "leases": 1, "activeLeases": 1, "expiredLeases": 0,
    }  # fmt: skip
    everything = cli.json(project, "status", "--all")
    assert {task["displayId"] for task in everything["tasks"]} == {done, held, least}
    assert everything["counts"]["done"] == 1
    assert everything["counts"]["cancelled"] == 0


def test_mine_lists_what_is_held_by_instance_agent_or_thread(cli, project, make_task):
    tasks = [make_task(project, name) for name in "ab"]
    cli.json(project, "claim", "--task", tasks[0], *ANN)
    cli.json(project, "claim", "--task", tasks[1], *BOB)
    asked = {
        ("--agent-instance", "agent_ann"): [tasks[0]],
        ("--agent", "bob"): [tasks[1]],
        ("--thread", "thread-1"): [tasks[0]],
        ("--agent", "bob", "--thread", "thread-1"): [],
        ("--agent-instance", "agent_nobody"): [],
    }
    for words, expected in asked.items():
        shown = cli.json(project, "mine", *words)
        assert set(shown) == {"tasks"}
        assert [task["displayId"] for task in shown["tasks"]] == expected, words


def test_conflicts_tells_what_stands_in_the_way(cli, project, make_task):
    cli.json(project, "claim", "--task", make_task(project, "src/**"), "--mode", "shared-docs", *ANN)
    asked = {
        ("--files", "src/a.py"): ["src/a.py"],
        ("--files", "docs/,src/b"): ["src/b"],
        ("--files", "docs/"): [],
        ("--files", "src/a.py", "--mode", "shared-docs"): [],
        ("--files", "src/a.py", "--mode", "advisory"): [],
        ("--files", "src/a.py", "--mode", "shared-read"): ["src/a.py"],
        ("--files", "src/a.py", "--agent-instance", "agent_ann"): [],
        (): [],
    }
    for asking, examples in asked.items():
        words = asking if "--agent-instance" in asking else (*asking, "--agent-instance", "agent_bob")
        shown = cli.json(project, "conflicts", *words)
        assert set(shown) == {"conflicts"}
        assert all(set(conflict) == CONFLICT for conflict in shown["conflicts"])
        assert [conflict["example"] for conflict in shown["conflicts"]] == examples, words
        code = cli(project, "conflicts", *words, "--exit-code", "--json")
        assert code.code == (1 if examples else 0), words
        if examples:
            assert code.error["details"]["conflicts"] == shown["conflicts"]


def test_watch_shows_what_happened_newest_last(cli, project, make_task):
    tasks = [make_task(project, name) for name in "ab"]
    cli.json(project, "claim", "--task", tasks[0], *ANN)
    cli.json(project, "update", "--task", tasks[0], "--next", "go", *ANN)
    cli.json(project, "release", "--task", tasks[0], *ANN)
    events = cli.json(project, "watch")["events"]
    assert [event["op"] for event in events] == [
        "task_created", "task_created", "task_claimed", "task_updated", "task_released",
    ]  # fmt: skip
    assert [event["seq"] for event in events] == [1, 2, 3, 4, 5]
    for event in events:
        assert set(event) == EVENT
        assert INSTANT.fullmatch(event["at"])
    assert events[2]["agentInstance"] == "agent_ann"
    assert events[2]["data"]["files"] == ["a"]
    seqs = {
        ("--limit", "2"): [4, 5],
        ("--task", tasks[1]): [2],
        ("--task", tasks[0], "--limit", "3"): [3, 4, 5],
        ("--since", events[2]["id"]): [4, 5],
        ("--since", events[4]["id"]): [],
        ("--since", events[2]["at"]): [4, 5],
        ("--since", "1h"): [1, 2, 3, 4, 5],
        ("--since", "2999-01-01T00:00:00Z"): [],
        ("--since", events[0]["id"], "--task", tasks[0], "--limit", "1"): [5],
    }
    for words, expected in seqs.items():
        assert [event["seq"] for event in cli.json(project, "watch", *words)["events"]] == expected, words


def test_verify_worktree_names_what_is_not_covered(cli, project, make_task):
    shown = cli.json(project, "verify-worktree", "--agent-instance", "agent_ann")
    assert shown == {"violations": [], "checked": 0, "agentInstance": "agent_ann"}
    (project / "src").mkdir()
    (project / "src" / "a.py").write_text("")
    (project / "README.md").write_text("changed\n")
    cli.json(project, "claim", "--task", make_task(project, "src/"), *ANN)
    cli.json(project, "claim", "--task", make_task(project, "README.md"), *BOB)
    found = cli(project, "verify-worktree", "--agent-instance", "agent_ann", "--json")
    assert found.failure == (1, "unverified")
    assert found.error["details"]["checked"] == 2
    (violation,) = found.error["details"]["violations"]
    assert set(violation) == {"path", "reason", "holder", "commit", "hint"}
    assert (violation["path"], violation["reason"]) == ("README.md", "held_by_other")
    (project / "README.md").write_text("A repository of the tests.\n")
    assert cli.json(project, "verify-worktree", "--agent-instance", "agent_ann")["checked"] == 1


def test_snapshot_writes_the_board_where_git_does_not_see_it(cli, project, make_task, git, tmp_path):
    make_task(project, "src/**", title="Mind the | pipe")
    shown = cli.json(project, "snapshot")
    assert set(shown) == {"path", "markdown"}
    board = project / ".coordinaut" / "snapshots" / "TASKS.md"
    assert shown["path"] == str(board)
    assert board.read_text() == shown["markdown"]
    assert shown["markdown"].startswith("# Task board\n")
    assert "Mind the &#124; pipe" in shown["markdown"]
    assert git(project, "status", "--porcelain") == ""
    assert cli.json(project, "snapshot", "--output", "-")["path"] is None
    printed = cli(project, "snapshot", "--output", "-")
    assert printed.out.startswith("# Task board\n")
    cli.json(project, "snapshot", "--output", tmp_path / "new folder" / "board.md")
    assert (tmp_path / "new folder" / "board.md").read_text().startswith("# Task board\n")
    onto_folder = cli(project, "snapshot", "--output", tmp_path, "--json")
    assert onto_folder.failure == (6, "cannot_write")
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_doctor_looks_at_everything(cli, project, make_task):
    make_task(project)
    for words in ((), ("--deep",), ("--fix",)):
        shown = cli.json(project, "doctor", *words)
        assert set(shown) == {
            "storage", "location", "ref", "root", "store", "worktree", "instance", "checks", "mended",
        }  # fmt: skip
        assert all(set(check) == CHECK for check in shown["checks"])
        assert {check["status"] for check in shown["checks"]} == {"ok"}, words
        names = [check["name"] for check in shown["checks"]]
        assert len(names) == len(set(names)) > 20
        assert {"git", "repository", "schema", "line", "documents", "promises", "clock", "leases"} <= set(names)
        assert ({"all-documents", "commits", "replay"} <= set(names)) is ("--deep" in words)
