"""A team in one folder: a bare repository as its hub, and clones that have it as `origin`."""

import subprocess
from contextlib import closing
from itertools import count

from coordinaut_git.protocol import requests as ask
from coordinaut_git.protocol.model import Actor
from coordinaut_git.workspace import open_workspace

STATE = "refs/coordinaut/state"


class Hub:
    """The bare repository, and the clones of it; everything is closed at the end."""

    def __init__(self, folder, opened):
        self.folder, self.path, self._opened = folder, folder / "hub.git", opened
        self.git("init", "--quiet", "--bare", str(self.path), at=folder)

    def git(self, *words, at=None):
        """What git says."""
        done = subprocess.run(["git", *words], cwd=at or self.path, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def clone(self, name, **settings):
        """A clone with a line of its own that nothing was put on yet; `settings` are of `coordinaut`."""
        at = self.folder / name
        self.git("clone", "--quiet", str(self.path), str(at), at=self.folder)
        for key, value in {"remote": "origin", "flush": "false", **settings}.items():
            self.git("config", f"coordinaut.{key}", value, at=at)
        clone = Clone(self._opened.enter_context(closing(open_workspace(at, {}))), name)
        clone.workspace.store.create()
        return clone

    @property
    def line(self):
        """The operations that the hub has, oldest first, by their subjects."""
        return self.git("log", "--reverse", "--format=%s", STATE).splitlines()[1:]

    def away(self):
        """The hub as if the network were down, as long as the `with` lasts."""
        return _Moved(self.path, self.path.with_name("away.git"))


class Clone:
    """One clone, and an agent in it that is called like it."""

    def __init__(self, workspace, name):
        self.workspace, self.team = workspace, workspace.team
        self.me, self._numbers = Actor(instance=f"{name}-1", agent=name), count(1)

    def ask(self, request, actor=None):
        """Ask for something; gives what was done."""
        return self.workspace.run(request, actor or self.me)

    def create(self, *files):
        """A new task; gives its stable id."""
        return self.ask(ask.CreateTask(title=f"Task {next(self._numbers)}", files=files)).operation.change.task_id

    def claim(self, *files, task=None, actor=None):
        """A claim of files; gives what was done."""
        return self.ask(ask.ClaimTask(task=task or self.create(*files), files=files or None), actor)

    @property
    def state(self):
        """What the line says now."""
        return self.workspace.coordinator.read().state

    @property
    def provisional(self):
        """The words of the operations that the hub had not when it was last seen."""
        return [entry.summary for entry in self.team.unpublished()]

    def inbox(self, instance):
        """The texts of the messages to an instance, newest first."""
        return [one.text for one in self.state.messages() if one.to_agent_instance == instance]


class _Moved:
    def __init__(self, path, aside):
        self._path, self._aside = path, aside

    def __enter__(self):
        self._path.rename(self._aside)

    def __exit__(self, *_):
        self._aside.rename(self._path)
