"""A bare repository as a team's remote, a clone that pushes to it, and what can go wrong between the two.

with a `hub` the scene is: `hub.root` is the bare repository, `hub.clone` a clone with it as `origin`, and `hub.points`
are commits that follow on each other, which the clone has on no ref.
"""

import os
import subprocess
from pathlib import Path

import pytest

from coordinaut_git.plumbing.push import Outcome, Pushed, push_ref

REF = "refs/coordinaut/state"
TRACKING = "refs/coordinaut-remote/origin/state"


class Hub:
    """See above. `ref` is the ref that is pushed."""

    def __init__(self, folder: Path, git) -> None:
        self.git, self.root, self.clone = git, folder / "hub.git", folder / "clone"
        self.ref = REF
        git(folder, "init", "-q", "--bare", self.root)
        git(folder, "init", "-q", self.clone)
        git(self.clone, "remote", "add", "origin", self.root.as_uri())
        self.points = self.line(3)

    def line(self, length, word="point"):
        """So many commits, each after the one before."""
        tree, names = self.git(self.clone, "hash-object", "-t", "tree", "-w", "/dev/null"), []
        for number in range(length):
            parent = ("-p", names[-1]) if names else ()
            names.append(self.git(self.clone, "commit-tree", tree, *parent, "-m", f"{word} {number}"))
        return names

    def push(self, new, expected=None, **how) -> Pushed:
        return push_ref("origin", new, self.ref, expected, at=self.clone, **how)

    def outcome(self, new, expected=None, **how) -> Outcome:
        return self.push(new, expected, **how).outcome

    def has(self, ref=None):
        """What the ref names in the bare repository; None where it is not there."""
        return refs(self.root).get(ref or self.ref)

    def hook(self, name, text):
        """A hook of the bare repository, which may update refs."""
        folder = self.root / "hooks"
        folder.mkdir(exist_ok=True)
        script(folder / name, f"unset GIT_QUARANTINE_PATH\n{text}")

    def receive_with(self, folder, text):
        """What the clone runs in the place of `git-receive-pack`."""
        program = script(folder / "receive", text)
        self.git(self.clone, "config", "remote.origin.receivepack", str(program))

    def check_whole(self):
        """The bare repository is sound, and nothing in it is locked."""
        self.git(self.root, "fsck", "--full", "--strict")
        assert not [*(self.root / "refs").rglob("*.lock")]


def script(path: Path, text: str) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def refs(root: Path) -> dict[str, str]:
    """Every ref of a repository, and what it names."""
    told = subprocess.run(
        ["git", "-C", root, "for-each-ref", "--format=%(refname) %(objectname)"], capture_output=True, text=True
    )
    return dict(line.split() for line in told.stdout.splitlines())


def without_override() -> tuple[str, ...]:
    """A command prefix that makes permissions count for root as well."""
    if os.geteuid() != 0:
        return ()
    prefix = ("setpriv", "--bounding-set", "-dac_override,-dac_read_search", "--inh-caps", "-all")
    try:
        works = subprocess.run([*prefix, "true"], capture_output=True).returncode == 0
    except FileNotFoundError:
        works = False
    if not works:
        pytest.skip("root ignores permissions here, and setpriv cannot change that")
    return prefix
