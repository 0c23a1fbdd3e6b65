"""The tools over HTTP: for loopback names only, and elsewhere with a token."""

import asyncio
import http.client
import json
import subprocess
import sys

import pytest
from mcp import Client
from mcp_talk import ERAS, PROGRAM, code, done, serving

HELLO = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}},
}


def post(url, **headers):
    """The status that a first message is answered with."""
    host, _, path = url.removeprefix("http://").partition("/")
    connection = http.client.HTTPConnection(host, timeout=300)
    try:
        given = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream", **headers}
        connection.request("POST", f"/{path}", json.dumps(HELLO), given)
        return connection.getresponse().status
    finally:
        connection.close()


@pytest.mark.parametrize("mode", ERAS)
def test_two_clients_share_a_server(project, mode):
    async def script(url):
        async with Client(url, mode=mode) as one, Client(url, mode=mode) as other:
            task = (await done(one, "create_task", title="One", files=["src/**"]))["displayId"]
            await done(one, "claim_task", task=task, agentInstance="agent_1")
            return await other.call_tool("claim_task", {"task": task, "agentInstance": "agent_2"})

    with serving(project, CLAUDE_CODE_SESSION_ID="the-servers-own") as url:
        assert code(asyncio.run(script(url))) == "scope_conflict"


def test_the_servers_own_session_is_nobodys_identity(project):
    async def script(url):
        async with Client(url) as client:
            return await client.call_tool("heartbeat", {})

    with serving(project, CLAUDE_CODE_SESSION_ID="the-servers-own") as url:
        assert code(asyncio.run(script(url))) == "no_instance"


def test_a_web_page_cannot_reach_it_by_a_name_of_its_own(project):
    with serving(project) as url:
        assert post(url) == 200
        assert post(url, Host="evil.example:80") == 421
        assert post(url, Origin="http://evil.example") == 403


def test_where_a_token_is_set_nobody_is_served_without_it(project):
    with serving(project, COORDINAUT_MCP_TOKEN="the-token") as url:
        assert post(url) == 401
        assert post(url, Authorization="Bearer other") == 401
        assert post(url, Authorization="Bearer the-token") == 200


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--http", "0.0.0.0:0"], "no token is set"),
        (["--http", "nowhere"], "is no address"),
        (["--http", "127.0.0.1:99999"], "is no address"),
        (["--what"], "does not take --what"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(project, words, said):
    answer = subprocess.run([*PROGRAM, *words], cwd=project, capture_output=True, text=True, timeout=300)
    assert answer.returncode == 2
    assert said in answer.stderr
    assert answer.stdout == ""


def test_help_and_version_are_told_without_the_sdk(project):
    for word, said in (("--help", "COORDINAUT_ROOTS"), ("--version", "coordinaut-mcp ")):
        answer = subprocess.run(
            [sys.executable, "-X", "importtime", *PROGRAM[1:], word], cwd=project, capture_output=True, text=True
        )
        assert said in answer.stdout
        assert " mcp" not in answer.stderr.replace(" coordinaut_git.faces.mcp", "")
