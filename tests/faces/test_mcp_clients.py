"""Clients that are not ours: the SDKs of TypeScript and Python, old and new, fastmcp, and two that judge what they see."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from mcp_talk import serving

from coordinaut_git.operations.table import BY_TOOL

CLIENTS = Path(os.environ.get("COORDINAUT_CLIENTS", Path(__file__).parent.parent / "clients"))
MODULES = CLIENTS / "node_modules"
PATH = os.pathsep.join([str(Path(sys.prefix) / "node"), os.environ["PATH"]])
"""`make clients` puts a Node beside the interpreter."""

NODE = shutil.which("node", path=PATH)
CONVERSATION = Path(__file__).parent.parent / "clients" / "conversation.py"
IN_NODE = ("v1", "v2")
SERVER = (sys.executable, "-m", "coordinaut_git.faces.mcp.program")
LIMIT_S = 600


PYTHONS = Path(sys.prefix) / "clients"
"""And there, environments for clients that do not go with the SDK of the server."""


def missing(reason):
    """Skip, or fail in CI, where the clients are not installed."""
    reason = f"{reason}: make clients"
    pytest.fail(reason) if os.environ.get("COORDINAUT_CI") else pytest.skip(reason)


@pytest.fixture
def node(project):
    """Runs a program of the clients' by a Node that is new enough for them."""
    told = subprocess.run([NODE, "--version"], capture_output=True, text=True).stdout if NODE else "v0"
    if not MODULES.is_dir() or int(told.lstrip("v").split(".")[0]) < 22:
        missing("there are no MCP clients here, or no Node 22 or newer")

    def run(*words):
        environ = os.environ | {"PATH": PATH}
        return subprocess.run(
            [NODE, *words], cwd=project, env=environ, capture_output=True, encoding="utf-8", timeout=LIMIT_S
        )

    return run


@pytest.fixture
def converse(project, request):
    """Has a conversation through a client of that name; what came of it."""

    def run(client):
        if client in IN_NODE:
            answer = request.getfixturevalue("node")(CLIENTS / "conversation.mjs", client, project, *SERVER)
        else:
            answer = in_python(client, project)
        assert answer.returncode == 0, answer.stderr
        return json.loads(answer.stdout)

    return run


def in_python(client, project):
    python = PYTHONS / client / "bin" / "python"
    if not python.exists():
        missing(f"there is no environment with {client}")
    command = [python, CONVERSATION, client, project, *SERVER]
    return subprocess.run(command, cwd=project, capture_output=True, encoding="utf-8", timeout=LIMIT_S)


@pytest.mark.parametrize("client", ["v1", "v2", "mcp1", "fastmcp"])
def test_other_peoples_clients_get_results_and_failures_as_they_are(converse, client):
    seen = converse(client)
    assert len(seen["tools"]) == len(BY_TOOL)
    assert seen["claimed"]["structuredContent"]["lease"]["tool"] == "codex", "as the client calls itself"
    assert seen["refused"]["isError"] is True
    assert seen["refused"]["content"][0]["text"].startswith("scope_conflict: src/** is held by agent_1")
    assert seen["refused"]["_meta"]["coordinaut/error"]["details"]["conflicts"][0]["agentInstance"] == "agent_1"
    assert seen["wrong"]["content"][0]["text"].startswith("bad_parameter: claim_task has no parameter 'colour'.")
    assert "One" in seen["board"]
    assert "claim_task" in seen["prompt"]


@pytest.mark.parametrize("era", ["legacy", "auto", "modern"])
def test_the_inspector_finds_no_fault_with_the_tools_and_sees_a_failure_as_one(node, era):
    inspector = (MODULES / ".bin" / "mcp-inspector", "--cli", "-q", "--protocol-era", era, "--format", "json", *SERVER)
    listed = node(*inspector, "--method", "tools/list", "--strict")
    assert listed.returncode == 0, listed.stdout + listed.stderr
    failed = node(
        *inspector,
        "--method",
        "tools/call",
        "--tool-name",
        "claim_task",
        "--tool-args-json",
        '{"task": "AGT-9"}',
    )
    assert failed.returncode == 5, "its exit code for a tool that answers with an error"
    assert "no_such_task: There is no task AGT-9. hint: " in failed.stdout


NEED_NO_FIXTURES = {
    "2025-11-25": {
        "server-initialize",
        "ping",
        "completion-complete",
        "tools-list",
        "resources-list",
        "resources-subscribe",
        "resources-unsubscribe",
        "prompts-list",
        "server-sse-multiple-streams",
        "server-session-lifecycle",
        "dns-rebinding-protection",
    },
    "2026-07-28": {
        "completion-complete",
        "tools-list",
        "resources-list",
        "prompts-list",
        "sep-2164-resource-not-found",
        "caching",
        "dns-rebinding-protection",
        "http-header-validation",
        "input-required-result-unsupported-methods",
        "server-sse-multiple-streams",
    },
}
"""The scenarios of the conformance suite that a server passes as it is; the others call tools by names of their own."""


@pytest.mark.parametrize("version", NEED_NO_FIXTURES)
def test_the_conformance_suite_finds_no_fault_where_it_needs_no_tools_of_its_own(project, node, version):
    program = MODULES / ".bin" / "conformance"
    if not program.exists():
        missing("the conformance suite is not here")
    suite = (program, "server", "--timeout", "300000", "--requirements", version)
    with serving(project) as url:
        seen = node(*suite, "--url", url)
    passed = {
        name
        for name, count in re.findall(r"^✓ ([\w-]+): (\d+) passed, 0 failed$", seen.stdout, re.MULTILINE)
        if int(count)
    }
    assert NEED_NO_FIXTURES[version] - passed == set(), seen.stdout[-4_000:]
