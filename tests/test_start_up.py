"""Plain commands start fast, because they import nothing heavy."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from house_rules import HEAVY
from project_guard import PROJECT

pytestmark = pytest.mark.skipif(
    not (PROJECT / "coordinaut_git" / "__main__.py").exists(), reason="the command line is not there yet"
)
TASK = ("--agent", "a", "--agent-instance", "agent_1")
PLAIN = {
    "version": ("--version",),
    "claim": ("claim", "--task", "AGT-2", *TASK),
    "heartbeat": ("heartbeat", "--agent-instance", "agent_1"),
    "status": ("status", "--json"),
    "verify-worktree": ("verify-worktree", "--agent-instance", "agent_1", "--json"),
    "release": ("release", "--task", "AGT-2", "--agent-instance", "agent_1"),
}
NEEDS_PROCESSES = {"subprocess"}
"""`verify-worktree` asks the git program what has changed."""


def python(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *arguments], cwd=folder, capture_output=True, encoding="utf-8", timeout=600)


def imported(done: subprocess.CompletedProcess[str]) -> set[str]:
    """What `-X importtime` has seen."""
    lines = [line for line in done.stderr.splitlines() if line.startswith("import time:")]
    return {line.rpartition("|")[2].strip() for line in lines}


def heavy(names: set[str]) -> set[str]:
    return {name for name in names if any(name == each or name.startswith(f"{each}.") for each in HEAVY)}


@pytest.fixture(scope="module")
def unavoidable(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """What the libraries bring along by themselves (libgit2's binding reads certificates, and so on)."""
    return heavy(imported(python(tmp_path_factory.mktemp("x"), "-X", "importtime", "-c", "import click, pygit2")))


def test_plain_commands_import_nothing_heavy_of_ours(repository, unavoidable):
    program = ("-m", "coordinaut_git")
    for setting in (("init",), ("create", "--title", "t", "--files", "**")):
        done = python(repository, *program, *setting)
        assert done.returncode == 0, done.stderr
    found = {}
    for name, arguments in PLAIN.items():
        done = python(repository, "-X", "importtime", *program, *arguments)
        assert done.returncode == 0, done.stderr
        brought = unavoidable | (NEEDS_PROCESSES if name == "verify-worktree" else set())
        found[name] = sorted(heavy(imported(done)) - brought)
    assert found == {name: [] for name in PLAIN}


def test_the_version_is_told_without_git(tmp_path):
    done = python(tmp_path, "-X", "importtime", "-m", "coordinaut_git", "--version")
    assert done.returncode == 0
    assert "coordinaut_git" in imported(done)
    assert "pygit2" not in imported(done)


def test_a_hook_starts_without_the_command_line(repository, unavoidable):
    program = ("-m", "coordinaut_git")
    for setting in (("init", "--hooks"), ("create", "--title", "t", "--files", "**"), PLAIN["claim"]):
        done = python(repository, *program, *setting)
        assert done.returncode == 0, done.stderr
    done = python(repository, "-X", "importtime", *program, "git-hook", "pre-commit")
    assert done.returncode == 0, done.stderr
    assert sorted(heavy(imported(done)) - unavoidable - NEEDS_PROCESSES) == []
    assert "click" not in imported(done)


def test_an_agents_hook_starts_no_more_than_gits(repository, unavoidable):
    program = ("-m", "coordinaut_git")
    for setting in (("init",), ("create", "--title", "t", "--files", "**"), PLAIN["claim"]):
        done = python(repository, *program, *setting)
        assert done.returncode == 0, done.stderr
    said = json.dumps({"hook_event_name": "PreToolUse", "cwd": str(repository), "tool_input": {"file_path": "a"}})
    command = (sys.executable, "-X", "importtime", *program, "agent-hook", "claude")
    done = subprocess.run(command, input=said, cwd=repository, capture_output=True, encoding="utf-8", timeout=120)
    assert (done.returncode, done.stdout) == (0, "{}\n")
    assert sorted(heavy(imported(done)) - unavoidable - NEEDS_PROCESSES) == []
    assert "click" not in imported(done)
