"""The clients: what each is called, where it keeps its MCP servers, and how an entry looks there.

Rule 1: a client is written here and nowhere else; the page docs/mcp-clients.md is made of this table.
Looked up in each client's own documentation, and tried with those that can be run without an account
(Claude Code 2.1, Codex 0.169, Gemini CLI 0.61, OpenCode 1.18, Copilot CLI 1.0, Qwen Code 0.24).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from coordinaut_git.protocol.client_requests import Client

NAME = "coordinaut"
"""What the server is called in every client; a client puts it before the names of the tools."""

FORWARDED = (
    "COORDINAUT_INSTANCE",
    "COORDINAUT_ROOT",
    "COORDINAUT_ROOTS",
    "COORDINAUT_MCP_PROFILE",
    "COORDINAUT_TOKEN",
)
"""What the server wants to know of the client's environment, where a client asks which variables to hand on."""

Entry = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class UserFile:
    """A file of the user's: names below a folder that `variable` can name; else `folder` below the home folder."""

    names: tuple[str, ...]
    folder: str = ""
    mac_folder: str | None = None
    variable: str | None = None

    def paths(self, environ: Mapping[str, str], home: Path, *, mac: bool) -> list[Path]:
        """Where it can be, the usual place first."""
        told = environ.get(self.variable, "") if self.variable else ""
        usual = self.mac_folder if mac and self.mac_folder is not None else self.folder
        below = Path(told) if Path(told).is_absolute() else home / usual
        return [below / name for name in self.names]


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """A client.

    `project` are the names of its file below the top of a work tree, the usual one first; `keys` the path to its
    servers in there; `entry` makes of a command what stands there; `check` shows what the client makes of it.
    """

    client: Client
    title: str
    keys: tuple[str, ...]
    user: UserFile
    project: tuple[str, ...] = ()
    entry: Callable[[Sequence[str]], Entry]
    check: str
    note: str = ""

    @property
    def is_toml(self) -> bool:
        """Whether its files are TOML; else they are JSON, maybe with comments."""
        return self.user.names[0].endswith(".toml")


def _plain(command: Sequence[str]) -> Entry:
    return {"command": command[0], "args": list(command[1:])}


def _stdio(command: Sequence[str]) -> Entry:
    return {"type": "stdio", **_plain(command)}


def _codex(command: Sequence[str]) -> Entry:
    return {**_plain(command), "env_vars": list(FORWARDED)}


def _copilot(command: Sequence[str]) -> Entry:
    return {"type": "local", **_plain(command), "tools": ["*"]}


def _opencode(command: Sequence[str]) -> Entry:
    return {"type": "local", "command": list(command), "enabled": True}


def _of_windows(name: str) -> UserFile:
    """The file of a program with windows, where each system keeps such."""
    return UserFile(
        variable="XDG_CONFIG_HOME", folder=".config", mac_folder="Library/Application Support", names=(name,)
    )


CATALOGUE = (
    Home(
        client=Client.CLAUDE_CODE,
        title="Claude Code",
        keys=("mcpServers", NAME),
        project=(".mcp.json",),
        user=UserFile(variable="CLAUDE_CONFIG_DIR", names=(".claude.json",)),
        entry=_stdio,
        check="claude mcp list",
        note="Claude Code asks once whether the servers of a project may run.",
    ),
    Home(
        client=Client.CLAUDE_DESKTOP,
        title="Claude Desktop",
        keys=("mcpServers", NAME),
        user=_of_windows("Claude/claude_desktop_config.json"),
        entry=_plain,
        check="Settings > Developer",
        note="It has no projects: the agent names the repository in each call (root), or COORDINAUT_ROOT does.",
    ),
    Home(
        client=Client.CODEX,
        title="Codex",
        keys=("mcp_servers", NAME),
        project=(".codex/config.toml",),
        user=UserFile(variable="CODEX_HOME", folder=".codex", names=("config.toml",)),
        entry=_codex,
        check="codex mcp list",
        note="Codex reads the file of a project only where you trust the project.",
    ),
    Home(
        client=Client.COPILOT,
        title="GitHub Copilot CLI",
        keys=("mcpServers", NAME),
        project=(".github/mcp.json",),
        user=UserFile(variable="COPILOT_HOME", folder=".copilot", names=("mcp-config.json",)),
        entry=_copilot,
        check="/mcp show",
        note="Copilot asks once whether it may trust the folder.",
    ),
    Home(
        client=Client.CURSOR,
        title="Cursor",
        keys=("mcpServers", NAME),
        project=(".cursor/mcp.json",),
        user=UserFile(folder=".cursor", names=("mcp.json",)),
        entry=_stdio,
        check="Settings > MCP",
    ),
    Home(
        client=Client.GEMINI,
        title="Gemini CLI",
        keys=("mcpServers", NAME),
        project=(".gemini/settings.json",),
        user=UserFile(folder=".gemini", names=("settings.json",)),
        entry=_plain,
        check="gemini mcp list",
        note="Gemini CLI starts the servers of a project only in a folder that you trust.",
    ),
    Home(
        client=Client.OPENCODE,
        title="OpenCode",
        keys=("mcp", NAME),
        project=("opencode.json", "opencode.jsonc"),
        user=UserFile(
            variable="XDG_CONFIG_HOME", folder=".config", names=("opencode/opencode.json", "opencode/opencode.jsonc")
        ),
        entry=_opencode,
        check="opencode mcp list",
    ),
    Home(
        client=Client.QWEN,
        title="Qwen Code",
        keys=("mcpServers", NAME),
        project=(".qwen/settings.json",),
        user=UserFile(folder=".qwen", names=("settings.json",)),
        entry=_plain,
        check="qwen mcp list",
        note="Qwen Code asks once whether the server may run.",
    ),
    Home(
        client=Client.VSCODE,
        title="VS Code",
        keys=("servers", NAME),
        project=(".vscode/mcp.json",),
        user=_of_windows("Code/User/mcp.json"),
        entry=_stdio,
        check="MCP: List Servers",
        note="VS Code asks once whether you trust the server.",
    ),
)

BY_CLIENT = {home.client: home for home in CATALOGUE}
