"""How each client is told of the MCP server, as one page of Markdown, docs/mcp-clients.md.

Rule 1: every fact of a client is the catalogue's, every snippet what `coordinaut mcp-config` prints.
"""

from collections.abc import Iterator

from coordinaut_git.operations.clients.catalogue import CATALOGUE, FORWARDED, Home
from coordinaut_git.operations.mcp_config import FETCHED, PROGRAM, snippet
from coordinaut_git.protocol.client_requests import Launcher

UVX = " ".join(FETCHED[Launcher.UVX])
HEAD = f"""\
# The MCP server in each client

<!-- Written by `make docs` from the catalogue of clients (tools/reference). -->

Install coordinaut once, so that `{PROGRAM}` is on the `PATH`. Then, in the repository:

```console
$ coordinaut mcp-config claude-code --write
Claude Code knows coordinaut now: added to ...
...
```

`--write` merges the entry into the client's file and changes no other byte of it: comments, order, indentation and line
ends stay, and to do it again changes nothing. `--remove` puts back what was there before. Without either, the entry is
printed as below, to be put there by hand. A file that is not what the client would read is told with line and column,
and left alone.

The file of a project can be committed: it starts the server by its name, for everybody who clones the project.
`--user` means your own file, for all your projects, and starts the server from where it is installed, since programs
with windows often do not have the `PATH` of a terminal. `--launcher uvx` starts it with `{UVX}`,
which needs no installation; hooks and the command line are quicker with one.

The server works in the repository that the client started it in. Its tools and settings are in [mcp.md](mcp.md).
"""
TABLE = """\
| client | name | the project's file | your file | see what the client makes of it |
| --- | --- | --- | --- | --- |
"""
TAIL = f"""\
## Variables

Most clients hand their environment on to the server, so `COORDINAUT_INSTANCE` can name the agent instance. Codex hands
on what `env_vars` names: {", ".join(f"`{name}`" for name in FORWARDED)}.
Copilot hands on the `PATH` and its own, Gemini CLI all but what looks like a secret; there, name a variable in an `env`
of the entry: `"env": {{"COORDINAUT_TOKEN": "${{COORDINAUT_TOKEN}}"}}`. An `env` of yours stays when `--write` brings
the entry up to date. Never write a token itself into a file of a project.
"""


def page() -> str:
    """The text of the page."""
    rows = "".join(_row(home) for home in CATALOGUE)
    return "\n".join([HEAD, TABLE + rows, *(part for home in CATALOGUE for part in _section(home)), TAIL])


def _row(home: Home) -> str:
    project = " or ".join(f"`{name}`" for name in home.project) or "none"
    anchor = home.title.lower().replace(" ", "-")
    return f"| [{home.title}](#{anchor}) | `{home.client}` | {project} | {_users(home)} | `{home.check}` |\n"


def _users(home: Home) -> str:
    file = home.user.names[0]
    below = "/".join(part for part in ("~", home.user.folder, file) if part)
    moved = f" (`${home.user.variable}/{file}`)" if home.user.variable else ""
    on_mac = f"; on macOS `~/{home.user.mac_folder}/{file}`" if home.user.mac_folder else ""
    return f"`{below}`{moved}{on_mac}"


def _section(home: Home) -> Iterator[str]:
    kind = "toml" if home.is_toml else "json"
    yield f"## {home.title}\n"
    where = f"`{home.project[0]}`" if home.project else _users(home)
    yield f"In {where}.{' ' + home.note if home.note else ''}\n"
    yield f"```{kind}\n{snippet(home, home.entry([PROGRAM]))}```\n"
