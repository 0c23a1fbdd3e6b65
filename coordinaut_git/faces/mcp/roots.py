"""Which repository a call is about.

Rule 1: a root is an existing folder in a repository; where COORDINAUT_ROOTS names folders, it lies below one of them,
        and so does the top of the repository's work tree. Symbolic links are resolved before anything is compared.
Rule 2: a file that a call names lies in that work tree, or below COORDINAUT_ROOTS; a folder for the state lies below
        them too, where there are any.
Rule 3: a call does not choose who is sent the token that this server was started with: a person did, by setting the
        repository up or by COORDINAUT_REMOTE_URL.
"""

import os
from collections.abc import Mapping
from pathlib import Path

from coordinaut_git.errors import CoordinautError, Kind, environment, invalid
from coordinaut_git.protocol.requests import InitProject, Migrate, Request, Snapshot, VerifyCommit
from coordinaut_git.protocol.values import clip
from coordinaut_git.storage import TOKEN
from coordinaut_git.workspace import Workspace

VARIABLE = "COORDINAUT_ROOTS"
SERVER = "COORDINAUT_REMOTE_URL"


class Roots:
    """The folders that calls may name."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        listed = environ.get(VARIABLE, "").split(os.pathsep)
        self._allowed = tuple(Path(one).resolve() for one in listed if one)
        self._usual = environ.get("COORDINAUT_ROOT") or None
        self._environ = environ

    def start(self, given: str | None) -> Path:
        """The folder of a call, resolved; raises `bad_root`, `root_not_allowed` or `no_directory`."""
        named = given or self._usual
        try:
            start = Path(named).resolve(strict=True) if named else Path.cwd()
        except FileNotFoundError:
            raise _missing(given) from None
        except (OSError, ValueError, RuntimeError) as error:  # RuntimeError: links in a circle
            raise invalid("bad_root", f"{clip(given or '.')!r} cannot be a root: {_why(error)}.", hint=_HINT) from error
        if named and not start.is_dir():
            raise invalid("bad_root", f"{start} is not a folder.", hint=_HINT)
        self._check(start)
        return start

    def check(self, workspace: Workspace) -> None:
        """Raise denied `root_not_allowed` for a repository that lies outside."""
        if self._allowed:
            self._check(workspace.root.resolve())

    def check_files(self, workspace: Workspace, request: Request) -> None:
        """Raise denied `root_not_allowed` for a file of a request that lies outside."""
        if isinstance(request, InitProject | Migrate) and request.state_dir:
            self._check((workspace.start / request.state_dir).resolve())
        for named in _files(request):
            target = (workspace.start / named).resolve()
            inside = (workspace.root.resolve(), *_readable(workspace, request), *self._allowed)
            if not any(target.is_relative_to(folder) for folder in inside):
                raise _not_allowed(target, f"outside the repository {workspace.root}")
            if not isinstance(request, VerifyCommit) and target.is_relative_to(workspace.place.common_dir.resolve()):
                raise _not_allowed(target, "inside git's own folder")

    def check_server(self, workspace: Workspace, request: Request) -> None:
        """Raise denied `server_not_allowed` for a server that nobody but the call has named, where there is a token."""
        if not isinstance(request, InitProject | Migrate) or not request.remote_url or not self._environ.get(TOKEN):
            return
        named = (workspace.settings.values.get("remoteurl"), self._environ.get(SERVER))
        if request.remote_url not in named:
            raise CoordinautError(
                Kind.DENIED,
                "server_not_allowed",
                f"{clip(request.remote_url, 200)} is not a server that a person has chosen for this repository, and it "
                f"would be sent {TOKEN}.",
                hint="Ask the person who started this MCP server to set the repository up.",
            )

    def _check(self, path: Path) -> None:
        if self._allowed and not any(path.is_relative_to(folder) for folder in self._allowed):
            raise _not_allowed(path, f"not below {VARIABLE}")


_HINT = "Give the absolute path of a folder in the repository, or leave root out for the server's working directory."


def _files(request: Request) -> list[str]:
    """The paths that a request reads or writes outside the store."""
    match request:
        case Snapshot(output=path) | VerifyCommit(message_file=path):
            return [path] if path and path != "-" else []
    return []


def _readable(workspace: Workspace, request: Request) -> tuple[Path, ...]:
    """Where messages of commits lie."""
    return (workspace.place.git_dir.resolve(),) if isinstance(request, VerifyCommit) else ()


def _missing(given: str | None) -> CoordinautError:
    if given:
        return invalid("bad_root", f"There is no folder {clip(given, 200)!r}.", hint=_HINT)
    return environment("no_directory", "The server's working directory does not exist any more.", hint="Give root.")


def _not_allowed(path: Path, why: str) -> CoordinautError:
    return CoordinautError(
        Kind.DENIED,
        "root_not_allowed",
        f"{path} is {why}.",
        hint="Work in the repository that the server was started for.",
    )


def _why(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
