"""The tools over each storage, and what a server that stays open must not miss."""

import pytest
from mcp_talk import code, done, talk
from storages import Place, environ_of, options

HELLO = ("--from-agent-instance", "agent_2", "--to-agent-instance", "agent_1", "--text", "hello")


@pytest.mark.parametrize("storage", ["json", "sqlite"])
def test_the_tools_work_on_files_too(repository, cli, storage):
    async def script(client):
        assert (await done(client, "init_project", storage=storage))["storage"] == storage
        task = (await done(client, "create_task", title="One", files=["src/**"]))["displayId"]
        await done(client, "claim_task", task=task, agentInstance="agent_1")
        refused = await client.call_tool("claim_task", {"task": task, "agentInstance": "agent_2"})
        cli.json(repository, "message", *HELLO)
        inbox = await done(client, "list_inbox", agentInstance="agent_1")
        return code(refused), inbox["unread"]

    assert talk(repository, script) == ("scope_conflict", 1)


def test_the_tools_work_on_a_server_that_a_person_has_chosen(repository, cli, server):
    place = Place(repository, cli, "remote", environ_of("remote"))
    place.json("init", *options("remote", server))

    async def script(client):
        task = (await done(client, "create_task", title="One", files=["src/**"]))["displayId"]
        await done(client, "claim_task", task=task, agentInstance="agent_1")
        refused = await client.call_tool("claim_task", {"task": task, "agentInstance": "agent_2"})
        place.json("message", *HELLO)
        inbox = await done(client, "list_inbox", agentInstance="agent_1")
        return code(refused), inbox["unread"]

    assert talk(repository, script, **place.environ) == ("scope_conflict", 1)
    assert place.json("status")["counts"]["activeLeases"] == 1


def test_a_state_that_was_moved_to_another_storage_is_found_there_by_the_next_call(project, cli):
    async def script(client):
        await done(client, "create_task", title="Before")
        cli.json(project, "migrate", "--to", "sqlite")
        await done(client, "create_task", title="After")
        return await done(client, "list_tasks")

    assert [task["title"] for task in talk(project, script)["tasks"]] == ["Before", "After"]
    assert cli.json(project, "status")["counts"]["tasks"] == 2


def test_an_identity_that_somebody_sets_is_used_by_the_next_call(project, cli):
    cli.json(project, "create", "--title", "One", "--files", "src/**")

    async def script(client):
        await done(client, "status")
        cli.json(project, "git-identity", "--agent", "front", "--agent-instance", "agent_7")
        return await done(client, "claim_task", next=True)

    assert talk(project, script)["lease"]["agentInstance"] == "agent_7"


@pytest.mark.parametrize(
    ("environ", "instance"),
    [
        ({"COORDINAUT_INSTANCE": "agent_9", "CODEX_THREAD_ID": "thread-1"}, "agent_9"),
        ({"CODEX_THREAD_ID": "thread-1"}, "thread-1"),
        ({"CLAUDE_CODE_SESSION_ID": "session-1"}, "session-1"),
    ],
)
def test_an_agent_is_the_same_instance_by_tools_and_by_commands(project, cli, environ, instance):
    cli.json(project, "create", "--title", "One", "--files", "src/**")

    async def script(client):
        return (await done(client, "claim_task", next=True))["lease"]["agentInstance"]

    assert talk(project, script, **environ) == instance
    (project / "src").mkdir()
    (project / "src/a.py").write_text("x")
    assert cli(project, "verify-worktree", "--json", environ=environ).result["agentInstance"] == instance
