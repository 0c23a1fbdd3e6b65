"""Who acts: the option, the environment, the worktree's configuration, its memory, the session; else a new instance."""

import pytest

CHAIN = {
    "option": "agent_option",
    "COORDINAUT_AGENT_INSTANCE": "agent_variable",
    "COORDINAUT_INSTANCE": "agent_instance",
    "config": "agent_config",
    "remembered": "agent_memory",
    "CLAUDE_CODE_SESSION_ID": "claude-session",
    "CODEX_THREAD_ID": "codex-thread",
    "COPILOT_AGENT_SESSION_ID": "copilot-session",
}
"""From the first that is asked to the last."""


@pytest.mark.parametrize("first", range(len(CHAIN)), ids=list(CHAIN))
def test_the_instance_comes_from_the_first_that_names_one(cli, project, git, first):
    names = dict(list(CHAIN.items())[first:])
    words = ["--agent-instance", names["option"]] if "option" in names else []
    if "config" in names:
        git(project, "config", "coordinaut.instance", names["config"])
    if "remembered" in names:
        memory = project / ".git" / "coordinaut" / "instances" / "main"
        memory.parent.mkdir(parents=True, exist_ok=True)
        memory.write_text(names["remembered"] + "\n")
    environ = {name: value for name, value in names.items() if name.isupper()}
    cli.json(project, "create", "--title", "t", *words, environ=environ)
    assert cli.json(project, "watch")["events"][0]["agentInstance"] == next(iter(names.values()))


@pytest.mark.parametrize(
    ("variable", "tool"),
    [("CLAUDE_CODE_SESSION_ID", "claude"), ("CODEX_THREAD_ID", "codex"), ("COPILOT_AGENT_SESSION_ID", "copilot")],
)
def test_a_session_says_its_thread_and_tool(cli, project, make_task, variable, tool):
    task = make_task(project, "x")
    environ = {variable: "session-9", "COORDINAUT_INSTANCE": "agent_1", "COORDINAUT_AGENT": "ann"}
    lease = cli.json(project, "claim", "--task", task, environ=environ)["lease"]
    assert (lease["threadId"], lease["tool"], lease["agent"]) == ("session-9", tool, "ann")
    told = cli.json(project, "claim", "--task", task, "--tool", "ci", "--thread", "other", environ=environ)["lease"]
    assert (told["threadId"], told["tool"]) == ("other", "ci")


def test_a_claim_without_an_instance_mints_one_says_so_and_remembers_it(cli, project, make_task):
    tasks = [make_task(project, name) for name in "ab"]
    first = cli.json(project, "claim", "--task", tasks[0])
    minted = first["agentInstance"]
    assert minted.startswith("agent_")
    assert len(minted) > len("agent_")
    assert first["notices"] == [f"You are the agent instance {minted} in this worktree from now on."]
    second = cli.json(project, "claim", "--task", tasks[1])
    assert second["agentInstance"] == minted
    assert "notices" not in second
    assert len(cli.json(project, "heartbeat")["leases"]) == 2
    assert len(cli.json(project, "mine")["tasks"]) == 2
    assert cli(project, "release", "--task", tasks[0]).code == 0


def test_the_notice_goes_to_standard_error(cli, project, make_task):
    answer = cli(project, "claim", "--task", make_task(project, "a"))
    assert answer.err.startswith("note: You are the agent instance agent_")
    assert "note:" not in answer.out


def test_a_refused_claim_tells_of_the_instance_it_minted(cli, project, make_task):
    held, wanted = make_task(project, "a"), make_task(project, "a")
    cli.json(project, "claim", "--task", held, environ={"COORDINAUT_INSTANCE": "agent_other"})
    refused = cli(project, "claim", "--task", wanted, "--json")
    assert refused.failure == (1, "scope_conflict")
    (notice,) = refused.error["details"]["notices"]
    assert cli.json(project, "doctor")["instance"] in notice


def test_each_linked_worktree_has_its_own_instance(cli, project, make_task, git):
    linked = [project.parent / name for name in ("one", "two")]
    for path in linked:
        git(project, "worktree", "add", "--quiet", "--detach", str(path))
    minted = [
        cli.json(path, "claim", "--task", make_task(path, name))["agentInstance"]
        for path, name in zip((project, *linked), "abc", strict=True)
    ]
    assert len(set(minted)) == 3
    assert [cli.json(path, "doctor")["instance"] for path in (project, *linked)] == minted
    git(project, "config", "extensions.worktreeConfig", "true")
    git(linked[0], "config", "--worktree", "coordinaut.instance", "agent_mine_alone")
    assert [cli.json(path, "doctor")["instance"] for path in (project, *linked)] == [
        minted[0], "agent_mine_alone", minted[2],
    ]  # fmt: skip


@pytest.mark.parametrize("command", ["mine", "heartbeat", "release --task AGT-1", "verify-worktree"])
def test_what_makes_sense_only_for_an_instance_asks_for_one(cli, project, command):
    answer = cli(project, *command.split(), "--json")
    assert answer.failure == (2, "no_instance")
    assert "COORDINAUT_INSTANCE" in answer.error["hint"]


@pytest.mark.parametrize("content", [b"\xff\xfe\n", b"", b"../../x\n", b"two\nlines\n"])
def test_a_damaged_memory_of_the_instance_counts_as_none(cli, project, make_task, content):
    memory = project / ".git" / "coordinaut" / "instances" / "main"
    memory.parent.mkdir(parents=True, exist_ok=True)
    memory.write_bytes(content)
    assert cli(project, "mine", "--json").failure == (2, "no_instance")
    minted = cli.json(project, "claim", "--task", make_task(project, "a"))["agentInstance"]
    assert memory.read_text() == minted + "\n"


def test_what_is_known_of_an_instance_is_filled_in(cli, project, make_task):
    tasks = [make_task(project, name) for name in "ab"]
    me = {"COORDINAUT_INSTANCE": "agent_1"}
    words = ("--agent", "ann", "--tool", "gemini", "--thread", "t1")
    cli.json(project, "claim", "--task", tasks[0], *words, environ=me)
    lease = cli.json(project, "claim", "--task", tasks[1], environ=me)["lease"]
    assert (lease["agent"], lease["tool"], lease["threadId"]) == ("ann", "gemini", "t1")
