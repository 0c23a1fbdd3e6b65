"""Where commands are started: worktrees, subfolders, bare repositories, submodules, hooks, and no repository at all."""

import os
import shlex
import subprocess

import pytest
from commands import PROGRAM, program

ANN = {"COORDINAUT_INSTANCE": "agent_ann"}


def claims(cli, folder):
    return [lease["displayId"] for lease in cli.json(folder, "status")["leases"]]


def test_linked_worktrees_share_one_state(cli, project, make_task, git):
    linked = project.parent / "a worktree"
    git(project, "worktree", "add", "--quiet", "-b", "topic", str(linked))
    (linked / "deep" / "folder").mkdir(parents=True)
    task = make_task(linked / "deep" / "folder", "src/**")
    cli.json(linked, "claim", "--task", task, environ=ANN)
    assert claims(cli, project) == claims(cli, linked) == [task]
    refused = cli(project, "claim", "--task", make_task(project, "src/x"), "--json")
    assert refused.failure == (1, "scope_conflict")
    told = cli.json(linked / "deep", "doctor")
    assert (told["root"], told["worktree"]) == (str(linked), "a-worktree")
    assert cli.json(project, "doctor")["worktree"] is None


def test_a_worktree_with_relative_links_works_as_well(cli, project, make_task, git):
    linked = project.parent / "relative"
    git(project, "worktree", "add", "--quiet", "--detach", str(linked))
    (linked / ".git").write_text("gitdir: ../project/.git/worktrees/relative\n")
    make_task(linked)
    assert cli.json(project, "status")["counts"]["tasks"] == 1


def test_a_folder_reached_by_a_link_is_the_folder(cli, project, make_task):
    (project.parent / "link").symlink_to(project)
    make_task(project.parent / "link")
    assert cli.json(project, "status")["counts"]["tasks"] == 1


def test_verify_worktree_looks_at_its_own_worktree(cli, project, make_task, git):
    linked = project.parent / "linked"
    git(project, "worktree", "add", "--quiet", "--detach", str(linked))
    (linked / "stray.txt").write_text("")
    (linked / "sub").mkdir()
    assert cli.json(project, "verify-worktree", environ=ANN)["checked"] == 0
    found = cli(linked / "sub", "verify-worktree", "--json", environ=ANN)
    assert [violation["path"] for violation in found.error["details"]["violations"]] == ["stray.txt"]


def test_a_bare_repository_coordinates_as_well(cli, tmp_path, git, make_task):
    bare = tmp_path / "bare.git"
    git(tmp_path, "init", "--quiet", "--bare", str(bare))
    assert cli.json(bare, "init")["root"] == str(bare)
    task = make_task(bare, "x")
    cli.json(bare, "claim", "--task", task, environ=ANN)
    assert claims(cli, bare) == [task]
    said = {check["name"]: check["summary"] for check in cli.json(bare, "doctor")["checks"]}
    assert "bare repository" in said["repository"]
    nothing = cli(bare, "verify-worktree", "--json", environ=ANN)
    assert nothing.code == 6
    assert nothing.error["kind"] == "environment"


def test_a_submodule_has_a_state_of_its_own(cli, project, repository, git, make_task):
    git(project, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(repository), "sub")
    make_task(project)
    assert cli(project / "sub", "status", "--json").failure == (3, "no_store")
    cli.json(project / "sub", "init")
    make_task(project / "sub")
    make_task(project / "sub")
    assert cli.json(project / "sub", "status")["counts"]["tasks"] == 2
    assert cli.json(project, "status")["counts"]["tasks"] == 1


def test_the_variables_of_a_running_hook_name_no_other_repository(cli, project, repository, make_task):
    make_task(project)
    inherited = {
        "GIT_DIR": str(repository / ".git"),
        "GIT_WORK_TREE": str(repository),
        "GIT_INDEX_FILE": str(repository / ".git" / "index"),
        "GIT_PREFIX": "sub/",
    }
    assert cli.json(project, "status", environ=inherited)["counts"]["tasks"] == 1
    (project / "new.txt").write_text("")
    found = program(["verify-worktree", "--json"], cwd=project, environ={**inherited, **ANN})
    assert [violation["path"] for violation in found.error["details"]["violations"]] == ["new.txt"]


@pytest.mark.parametrize("place", ["main work tree", "linked worktree"])
def test_real_hooks_can_call_the_command_line(cli, project, make_task, git, place):
    """Git gives hooks GIT_DIR and GIT_INDEX_FILE; the index in use during a commit must not be disturbed."""
    root = project
    if place == "linked worktree":
        root = project.parent / "linked"
        git(project, "worktree", "add", "--quiet", "-b", "topic", str(root))
    (project / ".git" / "hooks").mkdir(exist_ok=True)
    called = shlex.join(PROGRAM)
    for name, line in {
        "pre-commit": f"env | grep -q ^GIT_INDEX_FILE= && {called} verify-worktree",
        "post-commit": f"{called} update --task $TASK --next committed",
    }.items():
        hook = project / ".git" / "hooks" / name
        hook.write_text(f"#!/bin/sh\n{line}\n")
        hook.chmod(0o755)
    task = make_task(root, "src/")
    cli.json(root, "claim", "--task", task, environ=ANN)

    def commit(path):
        (root / path).parent.mkdir(exist_ok=True)
        (root / path).write_text("x\n")
        environment = {**os.environ, **ANN, "TASK": task}
        git(root, "add", path)
        return subprocess.run(
            ["git", "commit", "-m", path], cwd=root, env=environment, capture_output=True, encoding="utf-8", timeout=600
        )

    before = git(root, "rev-parse", "HEAD")
    refused = commit("docs/a.md")
    assert refused.returncode != 0
    assert "docs/a.md" in refused.stderr
    assert git(root, "rev-parse", "HEAD") == before
    git(root, "rm", "--quiet", "--cached", "docs/a.md")
    (root / "docs" / "a.md").unlink()
    done = commit("src/a.py")
    assert done.returncode == 0, done.stderr
    assert git(root, "show", "--format=", "--name-only", "HEAD") == "src/a.py"
    assert git(root, "status", "--porcelain") == ""
    assert cli.json(root, "watch", "--limit", "1")["events"][0]["data"]["next"] == "committed"


def test_a_repository_that_cannot_be_opened_yet_is_said_and_left_alone(cli, tmp_path, git):
    """SHA-256 objects need the engine that goes through the git program."""
    root = tmp_path / "sha256"
    git(tmp_path, "init", "--quiet", "--object-format=sha256", str(root))
    before = listing(root)
    for command in ("init", "status", "doctor"):
        answer = cli(root, command, "--json")
        assert answer.failure == (6, "unsupported_repository")
        assert "SHA-256" in answer.error["hint"]
    assert listing(root) == before


def listing(root):
    return {
        str(path.relative_to(root)): path.read_bytes() if path.is_file() else None for path in sorted(root.rglob("*"))
    }


@pytest.mark.parametrize("command", ["init", "status", "doctor", "claim --task AGT-1"])
def test_outside_every_repository_a_command_says_so(cli, tmp_path, command):
    answer = cli(tmp_path, *command.split(), "--json")
    assert answer.failure == (6, "not_a_repository")
    assert str(tmp_path) in answer.error["message"]
    assert "git init" in answer.error["hint"]
    assert list(tmp_path.iterdir()) == []


def test_init_on_another_ref_is_remembered_and_moves_nothing(cli, repository, git, make_task):
    made = cli.json(repository, "init", "--ref", "refs/heads/coordinaut/state")
    assert (made["ref"], made["created"]) == ("refs/heads/coordinaut/state", True)
    assert "refs/coordinaut" not in git(repository, "for-each-ref")
    make_task(repository)
    assert cli.json(repository, "status")["counts"]["tasks"] == 1
    assert cli.json(repository, "init")["created"] is False
    elsewhere = cli(repository, "init", "--ref", "refs/coordinaut/state", "--json")
    assert elsewhere.failure == (1, "state_elsewhere")
    assert cli.json(repository, "status")["counts"]["tasks"] == 1
    assert "refs/coordinaut" not in git(repository, "for-each-ref")


@pytest.mark.parametrize("ref", ["state", "refs/state", "refs/x/ y", "refs/worktree/x", "HEAD", "refs/x/..", "-x"])
def test_a_ref_that_cannot_be_is_refused_and_not_remembered(cli, repository, git, ref):
    assert cli(repository, "init", f"--ref={ref}", "--json").failure == (2, "bad_ref_name")
    assert "coordinaut" not in git(repository, "config", "--local", "--list")
    assert "coordinaut" not in git(repository, "for-each-ref")


def test_init_keeps_the_policy_and_the_remote(cli, repository, git):
    assert cli(repository, "init", "--policy", "loose", "--json").failure == (2, "bad_policy")
    assert cli(repository, "init", "--remote", "origin", "--json").failure == (2, "no_such_remote")
    git(repository, "remote", "add", "origin", "../nowhere")
    cli.json(repository, "init", "--remote", "origin", "--policy", "confirmed", "--storage", "git")
    assert git(repository, "config", "coordinaut.remote") == "origin"
    assert git(repository, "config", "coordinaut.policy") == "confirmed"
    assert git(repository, "config", "--get-regexp", "^remote") == (
        "remote.origin.url ../nowhere\nremote.origin.fetch +refs/heads/*:refs/remotes/origin/*"
    )
