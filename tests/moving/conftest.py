"""Projects with a history worth moving."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from commands import Cli
from serving import ADMIN


@pytest.fixture(scope="session")
def cli() -> Iterator[Cli]:
    """Commands of somebody who has the token of every server."""
    with Cli(COORDINAUT_TOKEN=ADMIN) as running:
        yield running


@pytest.fixture(scope="session")
def lived_in(tmp_path_factory, git, cli) -> Path:
    """A repository on the git storage with leases, messages that were read and not, a handoff and an archive."""
    root = tmp_path_factory.mktemp("lived-in") / "project"
    git(root.parent, "init", "--quiet", "--initial-branch=main", str(root))
    identity = ("-c", "user.name=Test Person", "-c", "user.email=person@example.invalid")
    git(root, *identity, "commit", "--quiet", "--allow-empty", "--message", "the first commit")
    cli.json(root, "init")
    first, second, third = (
        cli.json(root, "create", "--title", f"{name} ✓", "--files", f"{name}/**")["displayId"]
        for name in ("src", "docs", "old")
    )
    for task, who in ((first, "ann"), (second, "ben"), (third, "ann")):
        cli.json(root, "claim", "--task", task, "--agent", who, "--agent-instance", f"{who}-1", "--ttl", "2h")
    cli.json(root, "release", "--task", third, "--agent-instance", "ann-1", "--status", "done")
    for text in ("read this", "and this"):
        cli.json(root, "message", "--from-agent-instance", "ann-1", "--to-agent-instance", "ben-1", "--text", text)
    read = cli.json(root, "inbox", "--agent-instance", "ben-1")["messages"][-1]["id"]
    cli.json(root, "inbox-read", "--agent-instance", "ben-1", "--messages", read)
    asked = ("--task", second, "--files", "src/a.py", "--reason", "it moved", "--agent-instance", "ben-1")
    cli.json(root, "handoff", "request", *asked)
    return root


@pytest.fixture
def project(tmp_path, lived_in) -> Path:
    return shutil.copytree(lived_in, tmp_path / "project", symlinks=True)


@pytest.fixture(scope="session")
def head(git):
    """The commit of the newest operation of the git storage."""
    return lambda root: git(root, "rev-parse", "--verify", "--quiet", "refs/coordinaut/state")
