"""Requests about the programs that agents run in: what tells them of us.

Rule 1: these change files of a client, and never the line.
"""

from dataclasses import dataclass
from enum import StrEnum

from coordinaut_git.protocol.requests import Request, param


class Client(StrEnum):
    """A program that agents run in and that knows MCP servers."""

    CLAUDE_CODE = "claude-code"
    CLAUDE_DESKTOP = "claude-desktop"
    CODEX = "codex"
    COPILOT = "copilot"
    CURSOR = "cursor"
    GEMINI = "gemini"
    OPENCODE = "opencode"
    QWEN = "qwen"
    VSCODE = "vscode"


class Launcher(StrEnum):
    """What starts the MCP server: the program as it is installed, or one that fetches it first."""

    INSTALLED = "installed"
    UVX = "uvx"
    PIPX = "pipx"


@dataclass(frozen=True, slots=True, kw_only=True)
class McpConfig(Request):
    """Print what tells a client of the MCP server, or write it into the client's file, or take it out again."""

    client: Client = param("The client.", positional=True)
    user: bool = param("For all your projects, in place of this one.", default=False)
    launcher: Launcher | None = param("What starts the server (installed).", None)
    write: bool = param("Merge it into the client's file.", default=False)
    remove: bool = param("Take it out of the client's file.", default=False)
