"""Eight servers and eight command lines at once on one repository: every file has one owner, and nothing is lost."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent / "faces"))

from mcp import Client
from mcp.client.stdio import stdio_client
from mcp_talk import code, done, server

AGENTS, ROUNDS = 8, 4
CLI = (sys.executable, "-m", "coordinaut_git")


async def by_tools(root, number, tasks):
    """One agent with a server of its own tries to claim every task; the ids it was given."""
    async with Client(stdio_client(server(root))) as client:
        won = []
        for task in tasks[number % len(tasks) :] + tasks[: number % len(tasks)]:
            answer = await client.call_tool("claim_task", {"task": task, "agentInstance": f"mcp_{number}"})
            if answer.is_error:
                assert code(answer) == "scope_conflict"
            else:
                won.append(task)
        await done(client, "post_message", text=f"from {number}", broadcast=True, fromAgentInstance=f"mcp_{number}")
        return won


async def by_commands(root, number, tasks):
    won = []
    for task in tasks[number % len(tasks) :] + tasks[: number % len(tasks)]:
        words = (*CLI, "claim", "--task", task, "--agent-instance", f"cli_{number}", "--quiet")
        process = await asyncio.create_subprocess_exec(*words, cwd=root, stderr=subprocess.DEVNULL)
        if await process.wait() == 0:
            won.append(task)
    return won


@pytest.mark.slow
def test_eight_servers_and_eight_command_lines_never_own_the_same_file(repository):
    def run(*words):
        return subprocess.run([*CLI, *words], cwd=repository, check=True, capture_output=True, text=True).stdout

    run("init")
    tasks = []
    for number in range(ROUNDS):
        made = run("create", "--title", f"Task {number}", "--files", f"src/{number}/**", "--json")
        tasks.append(made.partition('"displayId": "')[2].partition('"')[0])

    async def storm():
        talking = [by_tools(repository, number, tasks) for number in range(AGENTS)]
        typing = [by_commands(repository, number, tasks) for number in range(AGENTS)]
        return await asyncio.gather(*talking, *typing)

    won = [task for given in asyncio.run(storm()) for task in given]
    assert sorted(won) == sorted(tasks), "each task went to exactly one of the sixteen"
    assert run("doctor", "--deep", "--json").startswith('{"ok": true')
    assert run("watch", "--limit", "100", "--json").count('"message_posted"') == AGENTS
