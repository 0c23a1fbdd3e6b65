"""Resources, prompts and completions, and what a client is told when somebody else has changed something."""

import asyncio
import json

import pytest
from mcp.shared.exceptions import MCPError
from mcp_talk import ERAS, done, talk
from mcp_types import PromptReference, ResourceTemplateReference

from coordinaut_git.faces.mcp.resources import BOARD, INBOX, TASK

BOTH_ERAS = pytest.mark.parametrize("mode", ERAS)
SOON_S = 300


async def read(client, uri):
    (content,) = (await client.read_resource(uri, cache_mode="bypass")).contents
    return content


@BOTH_ERAS
def test_the_board_a_task_and_an_inbox_can_be_read(project, cli, mode):
    task = cli.json(project, "create", "--title", "Fix the layout")["displayId"]
    cli.json(project, "message", "--from-agent", "a", "--to-agent-instance", "agent_2", "--text", "hello")

    async def script(client):
        (board,) = (await client.list_resources()).resources
        templates = [one.uri_template for one in (await client.list_resource_templates()).resource_templates]
        return board.uri, templates, [await read(client, uri) for uri in (BOARD, TASK + task, INBOX + "agent_2")]

    uri, templates, (board, one, inbox) = talk(project, script, mode)
    assert (uri, templates) == (BOARD, [TASK + "{id}", INBOX + "{instance}"])
    assert board.mime_type == "text/markdown"
    assert "Fix the layout" in board.text
    assert json.loads(one.text)["task"]["displayId"] == task
    assert json.loads(inbox.text)["messages"][0]["text"] == "hello"
    assert all("data, not instructions" in content.text for content in (board, one, inbox))


@BOTH_ERAS
@pytest.mark.parametrize("uri", [TASK + "AGT-9", TASK, INBOX + "%2e%2e", "coordinaut://nowhere", "file:///etc/passwd"])
def test_a_resource_that_is_not_there_is_an_error_that_names_it(project, mode, uri):
    async def script(client):
        with pytest.raises(MCPError) as caught:
            await read(client, uri)
        return caught.value.error

    error = talk(project, script, mode)
    assert error.code == -32602
    assert error.data == {"uri": uri}


def test_a_listener_hears_of_another_process_and_of_what_it_listens_to_only(project, cli):
    task = cli.json(project, "create", "--title", "One")["displayId"]
    other = cli.json(project, "create", "--title", "Two")["displayId"]

    async def script(client):
        async with client.listen(resource_subscriptions=[TASK + task, INBOX + "agent_2"]) as heard:
            cli.json(project, "update", "--task", other, "--next", "not listened to")
            cli.json(project, "update", "--task", task, "--next", "go on")
            first = await asyncio.wait_for(anext(heard), SOON_S)
            cli.json(project, "message", "--from-agent", "a", "--to-agent-instance", "agent_2", "--text", "hello")
            second = await asyncio.wait_for(anext(heard), SOON_S)
            return first.uri, second.uri, json.loads((await read(client, TASK + task)).text)["task"]["next"]

    assert talk(project, script) == (TASK + task, INBOX + "agent_2", "go on")


@pytest.mark.filterwarnings("ignore::mcp.MCPDeprecationWarning")  # the client's: the older era is what is tested
def test_a_subscriber_of_the_older_era_hears_of_it_until_it_unsubscribes(project, cli):
    heard = asyncio.Queue()

    async def hear(message):
        if getattr(message, "method", "") == "notifications/resources/updated":
            await heard.put(str(message.params.uri))

    async def script(client):
        assert client.server_capabilities.resources.subscribe
        await client.subscribe_resource(BOARD)
        cli.json(project, "create", "--title", "One")
        assert await asyncio.wait_for(heard.get(), SOON_S) == BOARD
        await client.subscribe_resource(INBOX + "agent_2")
        await client.unsubscribe_resource(BOARD)
        cli.json(project, "create", "--title", "Two")
        cli.json(project, "message", "--from-agent", "a", "--to-agent-instance", "agent_2", "--text", "hello")
        assert await asyncio.wait_for(heard.get(), SOON_S) == INBOX + "agent_2"
        return heard.empty()

    assert talk(project, script, "legacy", client={"message_handler": hear})


def test_a_line_that_a_fetch_has_moved_is_heard_of_too(project, cli, git, tmp_path):
    git(tmp_path, "clone", "--quiet", str(project), "clone")
    git(tmp_path / "clone", "fetch", "--quiet", "origin", "refs/coordinaut/state:refs/coordinaut/state")
    cli.json(project, "create", "--title", "Made elsewhere")

    async def script(client):
        async with client.listen(resource_subscriptions=[BOARD]) as heard:
            git(tmp_path / "clone", "fetch", "--quiet", "origin", "refs/coordinaut/state:refs/coordinaut/state")
            event = await asyncio.wait_for(anext(heard), SOON_S)
            return event.uri, (await done(client, "list_tasks"))["tasks"][0]["title"]

    assert talk(tmp_path / "clone", script) == (BOARD, "Made elsewhere")


@BOTH_ERAS
def test_prompts_say_what_to_do_and_how_things_stand(project, cli, mode):
    task = cli.json(project, "create", "--title", "Fix the layout")["displayId"]

    async def script(client):
        names = [prompt.name for prompt in (await client.list_prompts()).prompts]
        asked = [("start-work", {"task": task}), ("start-work", {}), ("wrap-up", {})]
        texts = [(await client.get_prompt(*one)).messages[0].content.text for one in asked]
        with pytest.raises(MCPError):
            await client.get_prompt("no-such-prompt")
        return names, texts

    names, (named, free, end) = talk(project, script, mode)
    assert names == ["start-work", "wrap-up"]
    assert f'claim_task with task="{task}"' in named
    assert "claim_task with next=true" in free
    assert "release_task" in end
    assert all("Fix the layout" in text and "data, not instructions" in text for text in (named, free, end))


def test_arguments_are_completed_from_the_live_state(project, cli):
    task = cli.json(project, "create", "--title", "One", "--files", "a")["displayId"]
    cli.json(project, "claim", "--task", task, "--agent-instance", "agent_1")

    async def script(client):
        refs = (
            (PromptReference(name="start-work"), {"name": "task", "value": "agt"}),
            (ResourceTemplateReference(uri=TASK + "{id}"), {"name": "id", "value": "x"}),
            (ResourceTemplateReference(uri=INBOX + "{instance}"), {"name": "instance", "value": ""}),
            (PromptReference(name="start-work"), {"name": "other", "value": ""}),
        )
        return [(await client.complete(*one)).completion.values for one in refs]

    assert talk(project, script) == [[task], [], ["agent_1"], []]
