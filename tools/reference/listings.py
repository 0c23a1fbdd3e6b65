"""What catalogues and clients read of the MCP server: server.json, and the manifest of the bundle in mcpb/.

Rule 1: every fact is taken from where it stands: the version from the package, the tools from the table.
See the format of the MCP registry (server.json, 2025-12-11) and of MCP bundles (manifest 0.4, a server of type uv).
"""

import json
from typing import Any

from coordinaut_git import __doc__ as description
from coordinaut_git import __version__
from coordinaut_git.faces.mcp.words import DESCRIPTIONS
from coordinaut_git.operations.mcp_config import DISTRIBUTION

NAME = "io.github.coordinaut-git/coordinaut-git"
"""The name in the registry: whoever publishes must own the part before the slash. README.md says it for the index."""

AUTHOR = "The coordinaut-git authors"
SCHEMA = "https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json"
VARIABLES = (
    {
        "name": "COORDINAUT_ROOT",
        "description": "The repository, in place of the working directory.",
        "format": "filepath",
    },
    {"name": "COORDINAUT_INSTANCE", "description": "The agent instance that acts where a call names none."},
    {"name": "COORDINAUT_ROOTS", "description": "Folders, separated by colons, below which repositories must lie."},
    {
        "name": "COORDINAUT_MCP_PROFILE",
        "description": "core: a dozen tools; all: every one.",
        "choices": ["all", "core"],
        "default": "all",
    },
    {"name": "COORDINAUT_TOKEN", "description": "The token of a coordinaut-server.", "isSecret": True},
)


def files(version: str = __version__) -> dict[str, str]:
    """The texts by their names in the project, for a version."""
    return {
        "server.json": _json(_server(version)),
        "mcpb/manifest.json": _json(_manifest(version)),
        "mcpb/pyproject.toml": _requirements(version),
    }


def _server(version: str) -> dict[str, Any]:
    return {
        "$schema": SCHEMA,
        "name": NAME,
        "title": "Coordinaut",
        "description": description,
        "version": version,
        "packages": [
            {
                "registryType": "pypi",
                "identifier": DISTRIBUTION,
                "version": version,
                "runtimeHint": "uvx",
                "transport": {"type": "stdio"},
                "environmentVariables": list(VARIABLES),
            }
        ],
    }


def _manifest(version: str) -> dict[str, Any]:
    return {
        "manifest_version": "0.4",
        "name": DISTRIBUTION,
        "display_name": "Coordinaut",
        "version": version,
        "description": description,
        "author": {"name": AUTHOR},
        "license": "MIT",
        "keywords": ["git", "agents", "coordination", "locks"],
        "server": {
            "type": "uv",
            "entry_point": "server.py",
            "mcp_config": {
                "command": "uv",
                "args": ["run", "--directory", "${__dirname}", "server.py"],
                "env": {"COORDINAUT_ROOT": "${user_config.repository}"},
            },
        },
        "tools": [{"name": name, "description": text} for name, text in DESCRIPTIONS.items()],
        "user_config": {
            "repository": {
                "type": "directory",
                "title": "Repository",
                "description": "The git repository in which agents are to be coordinated.",
                "required": True,
            }
        },
        "compatibility": {"platforms": ["darwin", "linux"], "runtimes": {"python": ">=3.11"}},
    }


def _requirements(version: str) -> str:
    return f"""\
# Written by `make docs`: what `uv run` installs for the bundle.
[project]
name = "{DISTRIBUTION}-bundle"
version = "{version}"
requires-python = ">=3.11"
dependencies = ["{DISTRIBUTION}=={version}"]

[tool.uv]
package = false
"""


def _json(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
