"""The command line in real repositories.

`cli` runs a command and gives its `Answer`; `project` is a repository with coordination set up; `head` names the newest
operation's commit, so that a test can tell that nothing was written.
"""

import os
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import warm
from clones import STATE, Clone, Remote
from commands import Cli
from forged_line import OPERATIONS, Line
from serving import Server
from storages import STORAGES, Place, environ_of, options
from warm import warm_hooks


@pytest.fixture(scope="session")
def cli() -> Iterator[Cli]:
    with Cli() as running:
        yield running


@pytest.fixture(scope="session")
def fresh_project(tmp_path_factory, git, cli) -> Path:
    """One repository with coordination set up, to be copied."""
    root = tmp_path_factory.mktemp("fresh") / "project"
    git(root.parent, "init", "--quiet", "--initial-branch=main", str(root))
    identity = ("-c", "user.name=Test Person", "-c", "user.email=person@example.invalid")
    (root / "README.md").write_text("A repository of the tests.\n")
    git(root, "add", "--all")
    git(root, *identity, "commit", "--quiet", "--message", "the first commit")
    assert cli(root, "init").code == 0
    return root


@pytest.fixture
def project(tmp_path, fresh_project) -> Path:
    """A repository with one commit and coordination set up."""
    root = tmp_path / "project"
    shutil.copytree(fresh_project, root, symlinks=True)
    return root


@pytest.fixture
def make_task(cli):
    """Creates a task and gives its display id."""

    def make(root, *files, title="A task") -> str:
        words = [word for pattern in files for word in ("--files", pattern)]
        return cli.json(root, "create", "--title", title, *words)["displayId"]

    return make


@pytest.fixture(scope="session")
def head(git):
    """The commit of the newest operation."""

    def name(root: Path) -> str:
        return git(root, "rev-parse", "--verify", "--quiet", "refs/coordinaut/state")

    return name


@pytest.fixture(scope="session")
def long_line(tmp_path_factory, fresh_project):
    """A project with a long line, to be copied."""
    from coordinaut_git.protocol import requests as ask
    from coordinaut_git.protocol.model import Actor
    from coordinaut_git.workspace import open_workspace

    root = tmp_path_factory.mktemp("long") / "project"
    shutil.copytree(fresh_project, root)
    workspace = open_workspace(root, {})
    for number in range(OPERATIONS):
        workspace.run(ask.CreateTask(title=f"task {number}", files=(f"f{number}",)), Actor())
    workspace.close()
    return root


@pytest.fixture
def line(tmp_path, long_line, git):
    return Line(shutil.copytree(long_line, tmp_path / "project", symlinks=True), git)


@pytest.fixture
def hooked(cli, project) -> Path:
    """A project with the hooks installed; test_hooks_install.py has the whole program called by them."""
    assert cli(project, "install-hooks").code == 0
    warm_hooks(project)
    return project


@pytest.fixture
def agent(cli, hooked, make_task) -> str:
    """The task that agent_1, which is this worktree's instance, holds over src/."""
    task = make_task(hooked, "src/**")
    words = ("--agent", "ann", "--agent-instance", "agent_1", "--thread", "t-9")
    assert cli(hooked, "claim", "--task", task, *words).code == 0
    return task


@pytest.fixture
def agent_of(cli, make_task, monkeypatch, tmp_path):
    """Makes agent_1 hold src/ in a project, with `coordinaut` on the path."""
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "coordinaut").write_text(f'#!/bin/sh\nexec {shlex.join(warm.command(warm.COMMANDS))} "$@"\n')
    (programs / "coordinaut").chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")

    def make(project):
        task = make_task(project, "src/**")
        words = ("--agent", "ann", "--agent-instance", "agent_1", "--thread", "t-9")
        cli.json(project, "claim", "--task", task, *words)
        return task

    return make


@pytest.fixture(scope="session")
def server(tmp_path_factory) -> Iterator[Server]:
    """A coordinaut-server for everybody, each with a project of its own."""
    with Server(tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest.fixture(params=STORAGES)
def place(request, repository, cli) -> Place:
    """A repository with one commit and coordination set up, over each storage."""
    storage = request.param
    server = request.getfixturevalue("server") if storage == "remote" else None
    here = Place(repository, cli, storage, environ_of(storage))
    here.json("init", *options(storage, server))
    return here


@pytest.fixture(scope="session")
def before_teams(tmp_path_factory, git, fresh_project, cli) -> Path:
    """What tests of teams begin with, to be copied: `shared.git`, a `plain` clone of it, and one that has `joined`."""
    root = tmp_path_factory.mktemp("before-teams")
    git(root, "clone", "--quiet", "--bare", str(fresh_project), str(root / "shared.git"))
    git(root, "clone", "--quiet", str(root / "shared.git"), str(root / "plain"))
    git(root / "plain", "config", "remote.origin.url", "../shared.git")
    shutil.copytree(root / "plain", root / "joined", symlinks=True)
    assert cli(root / "joined", "init", "--remote", "origin").code == 0
    git(root / "shared.git", "update-ref", "-d", STATE)
    return root


@pytest.fixture
def shared(tmp_path, before_teams, git) -> Remote:
    """The bare repository of a team; it keeps no coordination yet."""
    return Remote(shutil.copytree(before_teams / "shared.git", tmp_path / "shared.git", symlinks=True), git)


@pytest.fixture
def clone(tmp_path, before_teams, shared, git, cli):
    """Makes a clone, which joins the team unless told not to."""
    first = git(before_teams / "joined", "rev-parse", STATE)

    def make(name, *words, join=True) -> Clone:
        alone = join and not words and shared.line() in {None, first}  # nothing to fetch, so a copy is as good
        root = shutil.copytree(before_teams / ("joined" if alone else "plain"), tmp_path / name, symlinks=True)
        made = Clone(root, cli, git, f"agent_{name}")
        if alone:
            shared.git("update-ref", STATE, first)
        elif join:
            made.json("init", "--remote", "origin", *words)
        return made

    return make


@pytest.fixture
def ann(clone) -> Clone:
    return clone("ann")


@pytest.fixture
def bob(ann, clone) -> Clone:
    return clone("bob")
