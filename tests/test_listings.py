"""What catalogues and clients read of the MCP server keeps the rules of its formats, and says what the project says."""

import json
import re
import shutil
import subprocess
import sys
import tomllib

import pytest
from project_guard import PROJECT

from coordinaut_git import __version__
from coordinaut_git.faces.mcp.program import HELP
from coordinaut_git.operations.table import BY_TOOL
from tools.reference import listings

SERVER = json.loads((PROJECT / "server.json").read_text())
MANIFEST = json.loads((PROJECT / "mcpb/manifest.json").read_text())
BUNDLE = tomllib.loads((PROJECT / "mcpb/pyproject.toml").read_text())
PACKAGE = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]


def test_the_versions_are_the_packages():
    (package,) = SERVER["packages"]
    assert {SERVER["version"], package["version"], MANIFEST["version"], BUNDLE["project"]["version"]} == {__version__}
    assert BUNDLE["project"]["dependencies"] == [f"{PACKAGE['name']}=={__version__}"]
    assert BUNDLE["project"]["requires-python"] == PACKAGE["requires-python"]


def test_they_say_of_the_project_what_it_says_of_itself():
    assert SERVER["description"] == MANIFEST["description"] == PACKAGE["description"]
    assert MANIFEST["author"] == PACKAGE["authors"][0]
    assert MANIFEST["license"] == PACKAGE["license"]
    assert SERVER["packages"][0]["identifier"] == MANIFEST["name"] == PACKAGE["name"]
    assert set(MANIFEST["keywords"]) <= set(PACKAGE["keywords"])


def test_the_entry_of_the_registry_keeps_its_rules():
    """Those of the schema of 2025-12-11, and what the official registry asks beyond it."""
    assert SERVER["$schema"] == "https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json"
    assert SERVER.keys() == {"$schema", "name", "title", "description", "version", "packages"}
    assert re.fullmatch(r"[a-zA-Z0-9.-]+/[a-zA-Z0-9._-]+", SERVER["name"])
    assert 3 <= len(SERVER["name"]) <= 200
    assert 1 <= len(SERVER["description"]) <= 100
    assert 1 <= len(SERVER["title"]) <= 100
    assert re.fullmatch(r"\d+\.\d+\.\d+", SERVER["version"]), "no range, no latest"
    (package,) = SERVER["packages"]
    assert package["registryType"] == "pypi"
    assert package["transport"] == {"type": "stdio"}
    for variable in package["environmentVariables"]:
        assert variable.keys() <= {"name", "description", "format", "choices", "default", "isSecret"}
        assert variable.get("format", "string") in {"string", "number", "boolean", "filepath"}
        assert variable["name"] in HELP or variable.get("isSecret")


def test_the_readme_tells_the_registry_whose_the_package_is():
    assert f"<!-- mcp-name: {listings.NAME} -->" in (PROJECT / "README.md").read_text()


def test_the_package_can_be_started_by_its_own_name():
    """As `uvx coordinaut-git`: what a client makes of the registry's entry."""
    assert PACKAGE["scripts"][PACKAGE["name"]] == PACKAGE["scripts"]["coordinaut-mcp"]


def test_the_manifest_of_the_bundle_keeps_its_rules():
    """Those of MANIFEST.md of MCP bundles, version 0.4, for a server of type uv."""
    known = {"manifest_version", "name", "display_name", "version", "description", "author", "license", "keywords"}
    assert MANIFEST.keys() == known | {"server", "tools", "user_config", "compatibility"}
    assert MANIFEST["manifest_version"] == "0.4"
    server = MANIFEST["server"]
    assert server.keys() == {"type", "entry_point", "mcp_config"}
    assert (PROJECT / "mcpb" / server["entry_point"]).is_file()
    assert server["mcp_config"].keys() <= {"command", "args", "env"}
    used = set(re.findall(r"\$\{user_config\.(\w+)\}", json.dumps(server)))
    assert used == MANIFEST["user_config"].keys()
    for setting in MANIFEST["user_config"].values():
        assert setting.keys() >= {"type", "title", "description"}
    assert set(MANIFEST["compatibility"]["platforms"]) <= {"darwin", "linux"}
    assert {tool["name"] for tool in MANIFEST["tools"]} == BY_TOOL.keys()


def test_the_program_of_the_bundle_is_the_server():
    done = subprocess.run(
        [sys.executable, PROJECT / "mcpb/server.py", "--version"], capture_output=True, text=True, timeout=600
    )
    assert (done.returncode, done.stdout) == (0, f"coordinaut-mcp {__version__}\n")


@pytest.mark.skipif(not shutil.which("mcpb"), reason="mcpb is not installed: the manifest is not tried with it")
def test_the_bundles_own_tool_finds_the_manifest_sound():
    done = subprocess.run(["mcpb", "validate", "mcpb/manifest.json"], cwd=PROJECT, capture_output=True, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
