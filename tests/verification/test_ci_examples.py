"""The files of `examples/ci` do what they promise: what they tell a shell is run in a fresh clone of a real remote.

The runner's own steps (checking out, setting up Python) are done as their settings say; pip finds the project
installed already.
"""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml
from commands import program
from project_guard import PROJECT

PROGRAMS = Path(sys.executable).parent
EXAMPLES = PROJECT / "examples" / "ci"

pytestmark = pytest.mark.skipif(
    not (PROGRAMS / "coordinaut").exists(), reason="the project is not installed beside this Python (make test does it)"
)


class Team:
    """A developer's clone and its remote, with coordination that is pushed by hand."""

    def __init__(self, folder: Path, git) -> None:
        self.folder, self._git = folder, git
        git(folder, "init", "-q", "--bare", "--initial-branch=main", "remote.git")
        git(folder, "clone", "-q", "remote.git", "work")
        self.root = folder / "work"
        (self.root / "README").write_text("x")
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "first")
        self.say("init")
        self.git("push", "-q", "origin", "HEAD:main")
        self.git("checkout", "-q", "-b", "topic")

    def git(self, *words: str) -> str:
        return self._git(self.root, *words)

    def say(self, *words: str):
        return program([*words, "--json"], cwd=self.root).result

    def claim(self, who: str, files: str, *more: str) -> str:
        task = self.say("create", "--title", "work", "--files", files)["displayId"]
        self.say("claim", "--task", task, "--agent-instance", who, *more)
        return task

    def commit(self, who: str, task: str, path: str) -> None:
        (self.root / path).parent.mkdir(exist_ok=True)
        (self.root / path).write_text(f"{who} {time.time_ns()}")
        self.git("add", "-A")
        self.git("commit", "-qm", "work", "--trailer", f"Agent-Instance: {who}", "--trailer", f"Agent-Task: {task}")

    def push(self) -> None:
        self.git("push", "-q", "-f", "origin", "topic", "refs/coordinaut/state")

    def clone(self) -> Path:
        """As a runner does it: all branches, no coordination, detached at the head of the branch."""
        clone = self.folder / f"clone-{time.monotonic_ns()}"
        self._git(self.folder, "clone", "-q", "--no-checkout", (self.folder / "remote.git").as_uri(), str(clone))
        self._git(clone, "checkout", "-q", "--detach", "origin/topic")
        return clone

    def ends(self) -> tuple[str, str]:
        """The base and the head of the pull request."""
        return self.git("rev-parse", "origin/main"), self.git("rev-parse", "topic")


def github(team: Team) -> tuple[list[str], dict[str, str]]:
    """The script lines of the workflow's job, and the variables they are given."""
    workflow = yaml.safe_load((EXAMPLES / "github-actions.yml").read_text())
    assert workflow[True] == "pull_request", "YAML 1.1 reads `on` as true, as GitHub's schema knows"
    steps = workflow["jobs"]["verify-commits"]["steps"]
    assert steps[0]["uses"].startswith("actions/checkout@")
    assert steps[0]["with"]["fetch-depth"] == 0
    known = dict(zip(("base", "head"), team.ends(), strict=True))
    known = {f"${{{{ github.event.pull_request.{end}.sha }}}}": name for end, name in known.items()}
    assert steps[0]["with"]["ref"] in known
    environment = {key: known[value] for step in steps for key, value in step.get("env", {}).items()}
    return [step["run"] for step in steps if "run" in step], environment


def gitlab(team: Team) -> tuple[list[str], dict[str, str]]:
    job = yaml.safe_load((EXAMPLES / "gitlab-ci.yml").read_text())["verify-commits"]
    assert job["variables"] == {"GIT_DEPTH": 0}
    assert job["rules"] == [{"if": '$CI_PIPELINE_SOURCE == "merge_request_event"'}]
    base, head = team.ends()
    return job["script"], {"CI_MERGE_REQUEST_DIFF_BASE_SHA": base, "CI_COMMIT_SHA": head}


def run(host, team: Team) -> subprocess.CompletedProcess:
    lines, given = host(team)
    path = f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}"
    offline = {"PIP_NO_INDEX": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    script = "set -eo pipefail\n" + "\n".join(lines)
    clone = team.clone()
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    environ |= given | offline | {"PATH": path, "PYTHONPATH": str(PROJECT)}
    return subprocess.run(["bash", "-c", script], cwd=clone, env=environ, capture_output=True, text=True, timeout=600)


@pytest.fixture
def team(tmp_path, git) -> Team:
    return Team(tmp_path, git)


@pytest.mark.parametrize("host", [github, gitlab])
def test_good_commits_pass_in_ci(team, host):
    api, web = team.claim("ann", "api/**"), team.claim("bob", "web/**")
    team.commit("ann", api, "api/a")
    team.commit("bob", web, "web/b")
    team.say("release", "--task", api, "--agent-instance", "ann")
    team.push()
    done = run(host, team)
    assert (done.returncode, done.stderr) == (0, "")
    assert "All 2 commits pass" in done.stdout


@pytest.mark.parametrize("host", [github, gitlab])
def test_forged_commits_fail_in_ci(team, host):
    task = team.claim("ann", "api/**")
    team.commit("ann", task, "api/a")
    team.commit("mallory", task, "api/a")
    team.push()
    done = run(host, team)
    assert done.returncode == 1
    assert "1 of 2 commits does not pass" in done.stderr
    assert "mallory never held" in done.stderr


@pytest.mark.parametrize("host", [github, gitlab])
def test_stale_commits_fail_in_ci(team, host):
    task = team.claim("ann", "api/**", "--ttl", "1s")
    time.sleep(1.2)
    team.claim("bob", "api/**", "--takeover-reason", "its session ended")
    team.commit("ann", task, "api/a")
    team.push()
    done = run(host, team)
    assert done.returncode == 1
    assert "somebody took it over  api/a (held by bob)" in done.stderr


@pytest.mark.parametrize("host", [github, gitlab])
def test_without_coordination_on_the_remote_ci_fails_and_says_so(team, host):
    task = team.claim("ann", "api/**")
    team.commit("ann", task, "api/a")
    team.git("push", "-q", "origin", "topic")
    done = run(host, team)
    assert done.returncode == 3
    assert "has no refs/coordinaut/state" in done.stderr
