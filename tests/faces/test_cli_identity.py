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


def test_an_instance_that_is_given_is_remembered_once_and_said(cli, project, make_task):
    task = make_task(project, "a")
    first = cli.json(project, "claim", "--task", task, "--agent-instance", "agent_mine")
    assert first["notices"] == ["You are the agent instance agent_mine in this worktree from now on."]
    assert cli.json(project, "doctor")["instance"] == "agent_mine"
    assert "notices" not in cli.json(project, "claim", "--task", task, "--agent-instance", "agent_mine")
    other = cli.json(project, "claim", "--task", make_task(project, "b"), "--agent-instance", "agent_other")
    assert "notices" not in other, "who is named and is not remembered needs no word"
    assert cli.json(project, "doctor")["instance"] == "agent_mine"


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


@pytest.fixture
def frontend(cli, project, make_task) -> str:
    """The instance that this worktree remembers; it goes by the name frontend."""
    task = make_task(project, "src/**")
    return cli.json(project, "claim", "--task", task, "--agent", "frontend")["agentInstance"]


def names(cli, project):
    return {one["id"]: one["name"] for one in cli.json(project, "presence", "--all")["instances"]}


def test_a_message_under_another_name_is_not_the_worktrees_instances(cli, project, frontend):
    sent = cli.json(project, "message", "--from-agent", "release-codex", "--broadcast", "--text", "frozen")
    assert (sent["fromAgent"], sent["fromAgentInstance"]) == ("release-codex", None)
    assert names(cli, project) == {frontend: "frontend"}
    (unread,) = cli.json(project, "inbox")["messages"]
    assert unread["id"] == sent["id"], "it is not the instance's own"


@pytest.mark.parametrize("words", [(), ("--from-agent", "frontend")])
def test_a_message_under_its_name_or_none_is_the_worktrees_instances(cli, project, frontend, words):
    sent = cli.json(project, "message", "--broadcast", "--text", "hello", *words)
    assert (sent["fromAgent"], sent["fromAgentInstance"]) == ("frontend", frontend)


@pytest.mark.parametrize("how", ["option", "COORDINAUT_INSTANCE", "config"])
def test_an_instance_that_was_set_on_purpose_may_take_another_name(cli, project, git, frontend, how):
    words = ["--from-agent-instance", frontend] if how == "option" else []
    environ = {how: frontend} if how.isupper() else None
    if how == "config":
        git(project, "config", "coordinaut.instance", frontend)
    sent = cli.json(project, "message", "--broadcast", "--text", "x", "--from-agent", "new", *words, environ=environ)
    assert sent["fromAgentInstance"] == frontend
    assert names(cli, project) == {frontend: "new"}


def test_a_claim_under_another_name_is_a_new_instances_and_the_worktree_remembers_the_first(
    cli, project, make_task, frontend
):
    wanted = make_task(project, "docs/**")
    claimed = cli.json(project, "claim", "--task", wanted, "--agent", "docs")
    minted = claimed["agentInstance"]
    assert minted != frontend
    (notice,) = claimed["notices"]
    assert notice.startswith(f"You are the agent instance {minted}, and {frontend} is somebody else's")
    assert notice.endswith(f"give --agent-instance {minted} from now on.")
    assert names(cli, project) == {frontend: "frontend", minted: "docs"}
    assert cli.json(project, "doctor")["instance"] == frontend
    assert [lease["agentInstance"] for lease in cli.json(project, "heartbeat")["leases"]] == [frontend]
    refused = cli(project, "release", "--task", wanted, "--json")
    assert refused.failure == (1, "not_owner")
    assert cli(project, "release", "--task", wanted, "--agent-instance", minted).code == 0


@pytest.mark.parametrize("command", ["heartbeat", "release --task AGT-2"])
def test_what_needs_an_instance_is_not_done_by_one_of_another_name(cli, project, frontend, head, command):
    before = head(project)
    refused = cli(project, *command.split(), "--agent", "docs", "--json")
    assert refused.failure == (2, "no_instance")
    assert f"{frontend}, does not go by the name of docs" in refused.error["message"]
    assert head(project) == before
    assert cli(project, *command.split(), "--agent", "frontend").code == 0


def test_an_instance_without_a_name_takes_the_first_it_is_given(cli, project, make_task):
    tasks = [make_task(project, name) for name in "ab"]
    minted = cli.json(project, "claim", "--task", tasks[0])["agentInstance"]
    assert cli.json(project, "claim", "--task", tasks[1], "--agent", "ann")["agentInstance"] == minted
    assert names(cli, project) == {minted: "ann"}


def test_a_session_that_goes_by_another_name_is_not_taken_either(cli, project, make_task):
    session = {"CLAUDE_CODE_SESSION_ID": "session-9"}
    tasks = [make_task(project, name) for name in "abc"]
    first = cli.json(project, "claim", "--task", tasks[0], "--agent", "ann", environ=session)
    assert first["agentInstance"] == "session-9"
    other = cli.json(project, "claim", "--task", tasks[1], "--agent", "bob", environ=session)["agentInstance"]
    assert other.startswith("agent_")
    again = cli.json(project, "claim", "--task", tasks[2], environ=session)
    assert again["agentInstance"] == "session-9", "the worktree does not remember the other one"


def test_a_session_of_its_own_is_used_where_the_worktree_belongs_to_another_name(cli, project, make_task, frontend):
    environ = {"CODEX_THREAD_ID": "thread-7"}
    claimed = cli.json(project, "claim", "--task", make_task(project, "x"), "--agent", "docs", environ=environ)
    assert claimed["agentInstance"] == "thread-7"
    assert names(cli, project) == {frontend: "frontend", "thread-7": "docs"}
