"""The tests' own world: what it hides, and what the guard stops."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pygit2
import pytest
from project_guard import PROJECT, ATestTouchedTheProjectsOwnRepository, common_folder, git_folder

HAS_GIT = pytest.mark.skipif(not git_folder(PROJECT).is_dir(), reason="the project is not in a git checkout here")


def test_git_and_libgit2_see_the_same_person_and_nothing_of_the_machine(git, repository, tmp_path):
    shown = git(repository, "config", "--list", "--show-scope")
    assert {line.split("\t")[0] for line in shown.splitlines()} == {"global", "local"}
    assert git(repository, "var", "GIT_AUTHOR_IDENT").startswith("Test Person <person@example.invalid>")
    seen = pygit2.Repository(str(repository)).default_signature
    assert (seen.name, seen.email) == ("Test Person", "person@example.invalid")


def test_no_repository_is_found_from_where_a_test_starts():
    assert subprocess.run(["git", "rev-parse"], capture_output=True).returncode == 128
    assert pygit2.discover_repository(str(Path.cwd()), False, os.environ["GIT_CEILING_DIRECTORIES"]) is None


@pytest.mark.parametrize("name", ["COORDINAUT_INSTANCE", "CLAUDE_CODE_SESSION_ID", "GIT_DIR", "GIT_INDEX_FILE"])
def test_the_environment_names_no_agent_and_no_repository(name):
    assert name not in os.environ


def test_what_the_environment_says_is_forgotten_before_the_first_test(tmp_path):
    planted = {"COORDINAUT_INSTANCE": "agent_1", "GIT_DIR": str(tmp_path), "CLAUDE_CODE_SESSION_ID": "s"}
    tests = f"{PROJECT}/tests/test_sealed_world.py::test_the_environment_names_no_agent_and_no_repository"
    program = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", tests]
    done = subprocess.run(program, cwd=tmp_path, env=os.environ | planted, capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stdout


@HAS_GIT
@pytest.mark.parametrize("folder", [git_folder(PROJECT), common_folder(git_folder(PROJECT)), PROJECT / ".coordinaut"])
@pytest.mark.parametrize(
    "write",
    [
        lambda path: path.write_text("x"),
        lambda path: path.open("ab"),
        lambda path: os.open(path, os.O_CREAT | os.O_WRONLY),
        lambda path: path.mkdir(parents=True),
        lambda path: path.unlink(missing_ok=True),
        lambda path: path.symlink_to("elsewhere"),
    ],
)
def test_a_write_into_the_projects_repository_is_stopped_at_the_call(folder, write):
    with pytest.raises(ATestTouchedTheProjectsOwnRepository):
        write(folder / "coordinaut" / "planted")
    assert not (folder / "coordinaut" / "planted").exists()


@HAS_GIT
def test_a_rename_into_the_projects_repository_is_stopped(tmp_path):
    (tmp_path / "a").touch()
    with pytest.raises(ATestTouchedTheProjectsOwnRepository):
        (tmp_path / "a").rename(git_folder(PROJECT) / "planted")


def test_a_folder_named_git_elsewhere_can_be_removed(tmp_path, monkeypatch):
    (tmp_path / "a" / ".git").mkdir(parents=True)
    monkeypatch.chdir(PROJECT)  # rmtree removes by names relative to open folders, not to this one
    shutil.rmtree(tmp_path / "a")
    assert not (tmp_path / "a").exists()


def test_a_process_started_inside_the_project_is_stopped():
    with pytest.raises(ATestTouchedTheProjectsOwnRepository):
        subprocess.run([sys.executable, "-c", ""], cwd=PROJECT / "tests")


@pytest.mark.parametrize(
    "arguments", [["-C", str(PROJECT), "status"], [f"--git-dir={PROJECT / '.git'}", "status"], ["clone", str(PROJECT)]]
)
def test_git_is_not_started_on_the_project_by_name(arguments):
    with pytest.raises(ATestTouchedTheProjectsOwnRepository):
        subprocess.run(["git", *arguments])


def test_reading_the_project_is_allowed():
    assert (PROJECT / "pyproject.toml").read_text()
    assert subprocess.run(["git", "--version"], capture_output=True).returncode == 0
