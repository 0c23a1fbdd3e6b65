"""A repository whose state is kept by any of the four storages, and commands in it."""

from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from commands import Answer, Cli
from serving import ADMIN, Server

STORAGES = ("git", "json", "sqlite", "remote")
_numbers = count(1)


@dataclass(frozen=True)
class Place:
    """One checkout; `environ` is what commands there need beside the sealed world."""

    root: Path
    cli: Cli
    storage: str
    environ: dict[str, str] = field(default_factory=dict)

    def __call__(self, *words, environ=None) -> Answer:
        return self.cli(self.root, *words, environ={**self.environ, **(environ or {})})

    def json(self, *words, environ=None) -> Any:
        return self(*words, "--json", environ=environ).result

    def at(self, root: Path) -> "Place":
        """Another checkout that has the same storage."""
        return Place(root, self.cli, self.storage, self.environ)

    def task(self, *files, title="A task") -> str:
        words = [word for pattern in files for word in ("--files", pattern)]
        return self.json("create", "--title", title, *words)["displayId"]


def options(storage: str, server: Server | None) -> tuple[str, ...]:
    """What `init` is told to set up a storage that nobody has used; a server is needed for `remote` only."""
    if storage == "git":
        return ()
    if storage != "remote":
        return ("--storage", storage)
    assert server is not None
    project = f"project-{next(_numbers)}"
    return ("--storage", "remote", "--remote-url", server.url, "--team", "platform", "--project", project)


def environ_of(storage: str) -> dict[str, str]:
    return {"COORDINAUT_TOKEN": ADMIN} if storage == "remote" else {}
