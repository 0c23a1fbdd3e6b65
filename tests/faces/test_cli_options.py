"""The options every command has, and where an option can come from."""

from datetime import datetime

import pytest


def span_s(lease) -> float:
    granted, expires = (datetime.fromisoformat(lease[name]) for name in ("grantedAt", "expiresAt"))
    return (expires - granted).total_seconds()


COMMANDS = {
    "status": (), "create": ("--title", "x"), "claim": ("--task", "AGT-1"), "update": ("--task", "AGT-1"),
    "heartbeat": ("--agent-instance", "a"), "release": ("--task", "AGT-1", "--agent-instance", "a"),
    "mine": ("--agent", "a"), "conflicts": (), "snapshot": (), "watch": (),
    "verify-worktree": ("--agent-instance", "a"),
}  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS)
def test_before_init_a_command_says_how_to_start(cli, repository, git, command):
    answer = cli(repository, command, *COMMANDS[command], "--json")
    assert answer.failure == (3, "no_store")
    assert "coordinaut init" in answer.error["hint"]
    assert "coordinaut" not in git(repository, "for-each-ref")


def test_doctor_works_before_init(cli, repository):
    shown = cli.json(repository, "doctor", "--deep")
    assert {check["name"]: check["status"] for check in shown["checks"]}["line"] == "warning"


def test_json_stands_before_or_after_the_name_and_in_the_environment(cli, project):
    after = cli(project, "status", "--json")
    assert after.result == cli(project, "--json", "status").result
    assert after.result == cli(project, "status", environ={"COORDINAUT_JSON": "1"}).result
    assert cli(project, "--json", "nonsense").failure == (2, "usage")
    assert cli(project, "status", environ={"COORDINAUT_JSON": "0"}).out.startswith("No open tasks")


def test_every_option_can_come_from_the_environment(cli, project, head):
    made = cli.json(
        project, "create",
        environ={"COORDINAUT_TITLE": "From outside", "COORDINAUT_FILES": "a b.txt,c", "COORDINAUT_PRIORITY": "1",
                 "COORDINAUT_SCOPE": "s", "COORDINAUT_AGENT": "ann", "COORDINAUT_INSTANCE": "agent_env"},
    )  # fmt: skip
    assert (made["title"], made["files"], made["priority"]) == ("From outside", ["a b.txt", "c"], 1)
    assert made["createdBy"] == "agent_env"
    asked = {"COORDINAUT_TASK": made["id"], "COORDINAUT_TTL": "1h", "COORDINAUT_MODE": "advisory"}
    lease = cli.json(project, "claim", environ={**asked, "COORDINAUT_AGENT_INSTANCE": "agent_env2"})["lease"]
    assert (lease["agentInstance"], lease["mode"], span_s(lease)) == ("agent_env2", "advisory", 3600)
    before = head(project)
    wrong = cli(project, "create", "--title", "x", "--json", environ={"COORDINAUT_PRIORITY": "high"})
    assert wrong.failure == (2, "usage")
    assert head(project) == before
    told = cli.json(project, "create", "--title", "told", environ={"COORDINAUT_TITLE": "not this"})
    assert told["title"] == "told", "what is typed goes first"


def test_the_root_is_named_before_or_after_the_name_and_in_the_environment(cli, project, tmp_path):
    for words in (("-C", project, "status"), ("--root", project, "status"), ("status", "-C", project)):
        assert cli(tmp_path, *words, "--json").result["counts"]["tasks"] == 0
    assert cli(tmp_path, "status", "--json", environ={"COORDINAUT_ROOT": str(project)}).code == 0
    assert cli(tmp_path, "-C", "project", "status").code == 0
    assert cli(project, "-C", tmp_path / "none", "status", "--json").failure == (6, "not_a_repository")
    assert cli(project, "status", "--storage", "json", "--json").failure == (3, "no_store")
    assert cli(project, "--storage", "paper", "status", "--json").failure == (2, "bad_storage")
