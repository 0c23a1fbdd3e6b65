"""Calls that wait for files, and questions to the person behind a client."""

import asyncio
import time

import pytest
from mcp_talk import ERAS, code, done, talk, text
from mcp_types import ElicitResult

BOTH_ERAS = pytest.mark.parametrize("mode", ERAS)
HOLDER = ("--agent", "front", "--agent-instance", "agent_1")
LONG_S = 300


@pytest.fixture
def held(project, cli, make_task):
    """A task of somebody else who holds `src/**`, and one for us, which wants a file of it."""
    theirs, ours = make_task(project, "src/**"), make_task(project, "src/a.py")
    cli.json(project, "claim", "--task", theirs, *HOLDER)
    return theirs, ours


@BOTH_ERAS
def test_a_claim_that_waits_is_granted_when_the_files_are_free_and_holds_up_nobody(project, cli, held, mode):
    theirs, ours = held
    progress = []

    async def script(client):
        told = asyncio.Event()

        async def note(*said):
            progress.append(said)
            told.set()

        arguments = {"task": ours, "agentInstance": "agent_2", "wait": f"{LONG_S}s"}
        waiting = asyncio.create_task(client.call_tool("claim_task", arguments, progress_callback=note))
        await told.wait()
        assert (await done(client, "list_tasks"))["total"] == 2, "others are answered meanwhile"
        assert not waiting.done()
        cli.json(project, "release", "--task", theirs, *HOLDER)
        return (await waiting).structured_content

    start_s = time.monotonic()
    granted = talk(project, script, mode)
    assert granted["lease"]["agentInstance"] == "agent_2"
    assert time.monotonic() - start_s < LONG_S
    assert progress[0][1] == LONG_S
    assert "src/** is held by front" in progress[0][2]


def test_a_claim_that_waited_in_vain_is_refused(project, held):
    async def script(client):
        return await client.call_tool("claim_task", {"task": held[1], "agentInstance": "agent_2", "wait": "500ms"})

    assert code(talk(project, script)) == "scope_conflict"


def test_a_claim_that_is_called_off_while_it_waits_is_never_granted(project, cli, held):
    theirs, ours = held

    async def script(client):
        arguments = {"task": ours, "agentInstance": "agent_2", "wait": f"{LONG_S}s"}
        started = asyncio.Event()

        async def note(*_):
            started.set()

        waiting = asyncio.create_task(client.call_tool("claim_task", arguments, progress_callback=note))
        await started.wait()
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        await done(client, "status")  # the server has read the cancellation, which came before this
        cli.json(project, "release", "--task", theirs, *HOLDER)
        await asyncio.sleep(1)
        return (await done(client, "status"))["leases"]

    assert talk(project, script) == []


@BOTH_ERAS
def test_waiting_for_files_ends_when_they_are_free(project, cli, held, mode):
    async def script(client):
        mine = {"agentInstance": "agent_2", "files": ["src/a.py"]}
        first = await done(client, "wait_for_change", timeout="100ms", **mine)
        waiting = asyncio.create_task(done(client, "wait_for_change", timeout=f"{LONG_S}s", **mine))
        await asyncio.sleep(0.3)
        cli.json(project, "release", "--task", held[0], *HOLDER)
        return first, await waiting

    before, after = talk(project, script, mode)
    assert (before["changed"], [one["agentInstance"] for one in before["conflicts"]]) == (False, ["agent_1"])
    assert (after["changed"], after["conflicts"]) == (True, [])


def test_waiting_for_whatever_happens_tells_what_has_happened(project, cli, held):
    async def script(client):
        nothing = await done(client, "wait_for_change", timeout="100ms")
        begun = asyncio.Event()

        async def note(*_):
            begun.set()

        arguments = {"timeout": f"{LONG_S}s", "task": held[1]}
        waiting = asyncio.create_task(client.call_tool("wait_for_change", arguments, progress_callback=note))
        await begun.wait()
        cli.json(project, "update", "--task", held[0], "--next", "another task", *HOLDER)
        cli.json(project, "update", "--task", held[1], "--next", "go on")
        seen = (await waiting).structured_content
        missed = await done(client, "wait_for_change", timeout=f"{LONG_S}s", since=nothing["last"])
        return nothing, seen, missed

    nothing, seen, missed = talk(project, script)
    assert (nothing["changed"], nothing["events"]) == (False, [])
    assert [event["data"]["next"] for event in seen["events"]] == ["go on"]
    assert [event["data"]["next"] for event in missed["events"]] == ["another task", "go on"]
    assert missed["last"] == missed["events"][-1]["id"]


@pytest.fixture
def expired(project, cli, held):
    """As `held`, and the other one's lease has run out."""
    cli.json(project, "heartbeat", "--task", held[0], "--ttl", "1s", *HOLDER)
    time.sleep(1.2)
    return held


@BOTH_ERAS
@pytest.mark.parametrize("action", ["accept", "decline", "cancel"])
def test_a_person_is_asked_why_an_expired_claim_may_be_taken_over(project, expired, mode, action):
    questions = []

    async def answer(context, params):
        questions.append(params)
        return ElicitResult(action=action, content={"takeoverReason": "they went home"} if action == "accept" else None)

    async def script(client):
        answer = await client.call_tool("claim_task", {"task": expired[1], "agentInstance": "agent_2"})
        events = (await done(client, "list_events", limit=1))["events"]
        return answer, events[0]

    taken, event = talk(project, script, mode, client={"elicitation_callback": answer})
    assert len(questions) == 1
    assert "front" in questions[0].message
    if action == "accept":
        assert taken.structured_content["lease"]["agentInstance"] == "agent_2"
        assert "they went home" in str(event)
    else:
        assert code(taken) == "takeover_needs_reason"


@BOTH_ERAS
def test_a_client_that_cannot_ask_is_told_what_is_missing(project, expired, mode):
    async def script(client):
        return await client.call_tool("claim_task", {"task": expired[1], "agentInstance": "agent_2"})

    refused = talk(project, script, mode)
    assert code(refused) == "takeover_needs_reason"
    assert " hint: " in text(refused)
