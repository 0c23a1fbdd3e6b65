"""Clients that are not ours: the TypeScript SDK, old and new, and the Inspector, which judges what it sees."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CLIENTS = Path(os.environ.get("COORDINAUT_CLIENTS", Path(__file__).parent.parent / "clients"))
MODULES = CLIENTS / "node_modules"
PATH = os.pathsep.join([str(Path(sys.prefix) / "node"), os.environ["PATH"]])
"""`make clients` puts a Node beside the interpreter."""

NODE = shutil.which("node", path=PATH)
SERVER = (sys.executable, "-m", "coordinaut_git.faces.mcp.program")
LIMIT_S = 600


@pytest.fixture(autouse=True)
def _clients():
    """Skip, or fail in CI, where the clients are not installed or the Node is too old for them."""
    told = subprocess.run([NODE, "--version"], capture_output=True, text=True).stdout if NODE else "v0"
    if not MODULES.is_dir() or int(told.lstrip("v").split(".")[0]) < 22:
        reason = "there are no MCP clients here, or no Node 22 or newer: make clients"
        pytest.fail(reason) if os.environ.get("COORDINAUT_CI") else pytest.skip(reason)


def node(project, *words):
    environ = os.environ | {"PATH": PATH}
    return subprocess.run(
        [NODE, *words], cwd=project, env=environ, capture_output=True, encoding="utf-8", timeout=LIMIT_S
    )


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_the_typescript_sdk_gets_results_and_failures_as_they_are(project, version):
    answer = node(project, CLIENTS / "conversation.mjs", version, project, *SERVER)
    assert answer.returncode == 0, answer.stderr
    seen = json.loads(answer.stdout)
    assert len(seen["tools"]) == 29
    assert seen["claimed"]["structuredContent"]["lease"]["tool"] == "codex", "as the client calls itself"
    assert seen["refused"]["isError"] is True
    assert seen["refused"]["content"][0]["text"].startswith("scope_conflict: src/** is held by agent_1")
    assert seen["refused"]["_meta"]["coordinaut/error"]["details"]["conflicts"][0]["agentInstance"] == "agent_1"
    assert seen["wrong"]["content"][0]["text"].startswith("bad_parameter: claim_task has no parameter 'colour'.")
    assert "One" in seen["board"]
    assert "claim_task" in seen["prompt"]


@pytest.mark.parametrize("era", ["legacy", "auto", "modern"])
def test_the_inspector_finds_no_fault_with_the_tools_and_sees_a_failure_as_one(project, era):
    inspector = (MODULES / ".bin" / "mcp-inspector", "--cli", "-q", "--protocol-era", era, "--format", "json", *SERVER)
    listed = node(project, *inspector, "--method", "tools/list", "--strict")
    assert listed.returncode == 0, listed.stdout + listed.stderr
    failed = node(
        project,
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
