"""What tells a client of the MCP server: shown, merged into the client's file, taken out again.

Rule 1: what is written into a project is good for everybody who clones it; what is for the user, on this machine.
Rule 2: a file that is not what the client would read is reported with the place, and left as it is.
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from coordinaut_git.errors import environment, invalid
from coordinaut_git.operations.clients import json_entry, textfile, toml_entry
from coordinaut_git.operations.clients.catalogue import BY_CLIENT, Entry, Home
from coordinaut_git.operations.clients.edited import edited
from coordinaut_git.operations.clients.json_entry import InTheWay
from coordinaut_git.protocol.client_requests import Launcher, McpConfig
from coordinaut_git.workspace import Workspace

Json = dict[str, Any]

PROGRAM, DISTRIBUTION, MODULE = "coordinaut-mcp", "coordinaut-git", "coordinaut_git.faces.mcp.program"
FETCHED = {
    Launcher.UVX: ("uvx", "--from", DISTRIBUTION, PROGRAM),
    Launcher.PIPX: ("pipx", "run", "--spec", DISTRIBUTION, PROGRAM),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The file that is meant, and the folder it must not lead out of (none for the user's own)."""

    path: Path
    inside: Path | None


def mcp_config(workspace: Workspace, request: McpConfig) -> Json:
    """`{"client", "title", "scope", "path", "format", "command", "snippet", "change", "check"}`: what stands where.

    `scope` is project or user; `snippet` is a whole file with nothing else in it. `change` is null where neither
    --write nor --remove was given, else `added`, `updated`, `removed` or `unchanged`.
    """
    result = mcp_config_anywhere(workspace.environ, request, workspace.place.work_tree)
    workspace.notices += result.pop("notices")
    return result


def mcp_config_anywhere(environ: Mapping[str, str], request: McpConfig, work_tree: Path | None = None) -> Json:
    """The same, with `notices`; where there is no work tree it can be shown, and written for the user."""
    home = BY_CLIENT[request.client]
    user = request.user or not home.project
    _check(home, request)
    command = _command(request.launcher or Launcher.INSTALLED, environ, user=user)
    entry = home.entry(command)
    target = _target(home, work_tree, environ, user=user)
    change = None
    if request.write or request.remove:
        change = _changed(home, _needed(target), None if request.remove else entry)
    return {
        "client": str(home.client),
        "title": home.title,
        "scope": "user" if user else "project",
        "path": str(target.path if target else home.project[0]),
        "format": "toml" if home.is_toml else "json",
        "command": command,
        "snippet": snippet(home, entry),
        "change": change,
        "check": home.check,
        "notices": [] if request.remove else _notices(home, request, environ, user=user),
    }


def snippet(home: Home, entry: Entry) -> str:
    """A client's file with nothing in it but the entry."""
    return _editor(home).snippet(home.keys, entry)


def _check(home: Home, request: McpConfig) -> None:
    if request.write and request.remove:
        raise invalid("write_or_remove", "--write and --remove were both given.", hint="Give one of them.")
    if (request.write or request.remove) and not home.project and not request.user:
        raise invalid(
            "no_project_file", f"{home.title} has no file for a project.", hint="Give --user: it is for all of them."
        )


def _command(launcher: Launcher, environ: Mapping[str, str], *, user: bool) -> list[str]:
    """The words that start the server: by name for a project, by the place where it is for the user."""
    if launcher in FETCHED:
        return list(FETCHED[launcher])
    if not user:
        return [PROGRAM]
    beside = Path(sys.executable).with_name(PROGRAM)
    found = _on_path(environ) or (str(beside) if beside.is_file() else None)
    words = [found] if found else [sys.executable, "-P", "-m", MODULE]
    return words if all(_is_text(word) for word in words) else [PROGRAM]


def _on_path(environ: Mapping[str, str]) -> str | None:
    import shutil

    found = shutil.which(PROGRAM, path=environ.get("PATH", ""))
    return str(Path(found).absolute()) if found else None


def _is_text(word: str) -> bool:
    """Whether a name can be written into a file of text."""
    return word.isprintable()


def _target(home: Home, work_tree: Path | None, environ: Mapping[str, str], *, user: bool) -> Target | None:
    if user:
        told = environ.get("HOME", "")
        if not Path(told).is_absolute():
            raise environment("no_home", "HOME does not name a folder, so yours is not known.", hint="Set it.")
        paths = home.user.paths(environ, Path(told), mac=sys.platform == "darwin")
        return Target(path=_first_there(paths), inside=None)
    if work_tree is None:
        return None
    return Target(path=_first_there([work_tree / name for name in home.project]), inside=work_tree)


def _first_there(paths: Sequence[Path]) -> Path:
    return next(filter(textfile.is_there, paths), paths[0])


def _needed(target: Target | None) -> Target:
    if target is None:
        raise environment(
            "no_work_tree", "There is no work tree here to write into.", hint="Go into one, or give --user."
        )
    return target


def _changed(home: Home, target: Target, entry: Entry | None) -> str:
    """Put the entry into the file, or take it out (None); what became of it."""
    editor = _editor(home)
    was_there = False

    def change(text: str | None) -> str | None:
        nonlocal was_there
        there = None if text is None else editor.found_at(text, home.keys)
        was_there = there is not None
        if entry:
            _check_kind(there)
            return editor.put(text, home.keys, entry)
        return None if text is None else editor.take(text, home.keys)

    by_hand = "Change it by hand to what `coordinaut mcp-config` prints." if entry else "Take it out by hand."
    kind = "TOML" if home.is_toml else "JSON"
    if not edited(target.path, target.inside, change, kind=kind, by_hand=by_hand):
        return "unchanged"
    return "removed" if entry is None else "updated" if was_there else "added"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Editor:
    put: Callable[[str | None, Sequence[str], Mapping[str, Any]], str]
    take: Callable[[str, Sequence[str]], str | None]
    found_at: Callable[[str, Sequence[str]], Any]
    snippet: Callable[[Sequence[str], Mapping[str, Any]], str]


def _editor(home: Home) -> _Editor:
    room = toml_entry if home.is_toml else json_entry
    return _Editor(put=room.put, take=room.take, found_at=room.found_at, snippet=room.snippet)


def _check_kind(there: Any) -> None:
    """A server of another kind (one that is reached by its address) is somebody's choice and not changed into ours."""
    if isinstance(there, dict) and "command" not in there:
        raise InTheWay("a server of that name stands there, and it is none that the client starts")


def _notices(home: Home, request: McpConfig, environ: Mapping[str, str], *, user: bool) -> list[str]:
    notices = [home.note] if home.note and request.write else []
    if not request.write:
        file = home.user.names[0] if user else home.project[0]
        notices.append(f"It belongs into {file}, where --write puts it beside what is there already.")
    by_name = not user and request.launcher in {None, Launcher.INSTALLED}
    if by_name and not _on_path(environ):
        notices.append(
            f"{PROGRAM} is not on your PATH: install it for good (uv tool install, pipx install), "
            "or give --launcher uvx."
        )
    return notices
