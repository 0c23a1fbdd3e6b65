"""What doctor says about the machine and the repository, each provoked for real."""

import os
import sys
from pathlib import Path

import pytest
from examining import age, create, examine

from coordinaut_git.operations.checks import machine
from coordinaut_git.operations.hooks import install_hooks
from coordinaut_git.plumbing.disk import file_system, locks_hold, room
from coordinaut_git.protocol import requests as ask
from coordinaut_git.workspace import open_workspace


def test_a_sound_project_has_nothing_amiss_and_nothing_to_mend(project):
    create(project, "src/**", by="agent-1")
    assert examine(project, deep=True).amiss() == {}
    mended = examine(project, fix=True).mended
    assert [sentence for sentence in mended if "packed" not in sentence] == []
    assert examine(project, fix=True).mended == []


def test_before_init_a_repository_is_examined_as_well(repository):
    found = examine(repository)
    assert found["line"]["advice"] == "Start with: coordinaut init"
    assert found["clock"]["status"] == "skipped"


# --- the machine


def program(folder, first_line):
    folder.mkdir()
    (folder / "coordinaut").write_text(f"{first_line}\n")
    (folder / "coordinaut").chmod(0o755)
    return {"PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}


def test_another_program_of_the_same_name_on_the_path_is_said(project, tmp_path):
    environ = program(tmp_path / "other", "#!/somewhere/else/bin/python3")
    found = examine(project, environ=environ)["program"]
    assert found["status"] == "warning"
    assert str(tmp_path / "other" / "coordinaut") in found["summary"]
    assert (
        examine(project, environ=program(tmp_path / "own", f"#!{sys.prefix}/bin/python3"))["program"]["status"] == "ok"
    )
    assert examine(project, environ=program(tmp_path / "shim", "#!/bin/sh"))["program"]["status"] == "ok"
    assert "libgit2 1." in examine(project)["program"]["summary"]


def test_little_room_is_said(project, monkeypatch):
    assert room(project).free_bytes > 0
    monkeypatch.setattr(machine, "LITTLE_BYTES", 2**62)
    assert examine(project)["disk"]["status"] == "warning"


MOUNTS = "sys / ext4 rw 0 0\nserver:/x /home\\040dir nfs4 rw 0 0\ntmpfs /home\\040dir/fast tmpfs rw 0 0\nodd\n"


@pytest.mark.parametrize(
    ("folder", "kind"),
    [("/home dir/a", "nfs4"), ("/home dir/fast/b", "tmpfs"), ("/home dirs", "ext4"), ("/", "ext4"), ("/home", "ext4")],
)
def test_a_file_system_is_known_by_the_mount_that_lies_nearest(folder, kind):
    assert file_system(Path(folder), MOUNTS) == kind


def test_a_network_file_system_is_said(project, monkeypatch):
    kind = file_system(project)
    if not kind:
        pytest.skip("this system has no /proc/self/mounts")
    monkeypatch.setattr(machine, "NETWORK", frozenset({kind}))
    assert examine(project)["file-system"]["status"] == "warning"


def test_locks_are_tried_for_real_and_nothing_is_left(tmp_path):
    assert locks_hold(tmp_path)
    assert list(tmp_path.iterdir()) == []


# --- the repository

RISKY = [
    ("remote.o.fetch", "+refs/*:refs/*"),
    ("remote.o.fetch", "+refs/coordinaut/*:refs/coordinaut/*"),
    ("remote.o.fetch", "refs/x/state:refs/coordinaut/state"),
    ("remote.o.push", "refs/coordinaut/*"),
    ("remote.o.push", "+refs/coordinaut/state"),
    ("remote.o.push", "refs/*:refs/*"),
    ("remote.o.mirror", "true"),
]
HARMLESS = [
    ("remote.o.fetch", "+refs/heads/*:refs/remotes/o/*"),
    ("remote.o.fetch", "refs/coordinaut/*:refs/kept/*"),
    ("remote.o.fetch", "^refs/coordinaut/state"),
    ("remote.o.push", "refs/heads/coordinaut"),
    ("remote.o.mirror", "false"),
    ("remote.o.prune", "true"),
    ("fetch.prune", "true"),
]


@pytest.mark.parametrize(("key", "value"), RISKY)
def test_a_remote_that_could_overwrite_or_publish_the_ref_is_said(project, git, key, value):
    git(project, "config", "--add", key, value)
    found = examine(project)["remotes"]
    assert found["status"] == "warning"
    assert key in found["summary"]


@pytest.mark.parametrize(("key", "value"), HARMLESS)
def test_a_usual_remote_is_not_complained_about(project, git, key, value):
    git(project, "config", "--add", key, value)
    assert examine(project)["remotes"]["status"] == "ok"


def test_a_setting_that_nobody_reads_is_said_with_the_one_that_may_be_meant(project, git):
    git(project, "config", "coordinaut.flsh", "false")
    found = examine(project)["settings"]
    assert "coordinaut.flsh" in found["summary"]
    assert "coordinaut.flush" in found["advice"]


def test_a_team_remote_that_is_not_there_is_said(project, git):
    git(project, "config", "coordinaut.remote", "upstream")
    assert "no remote here" in examine(project)["settings"]["summary"]
    git(project, "remote", "add", "upstream", "nowhere")
    assert examine(project)["settings"]["status"] == "ok"


def test_settings_of_a_worktree_that_git_does_not_read_are_said(project, git):
    (project / ".git" / "config.worktree").write_text("[user]\n\tname = x\n")
    assert "does not read" in examine(project)["worktree-settings"]["summary"]
    git(project, "config", "extensions.worktreeConfig", "true")
    assert examine(project)["worktree-settings"]["status"] == "ok"


def test_a_setting_that_must_stand_with_one_worktree_is_said(project, git):
    git(project, "config", "extensions.worktreeConfig", "true")
    git(project, "config", "core.worktree", str(project))
    assert "core.worktree" in examine(project)["worktree-settings"]["summary"]


def test_an_instance_that_all_worktrees_would_share_is_said(project, git):
    git(project, "config", "coordinaut.instance", "agent-1")
    assert examine(project)["identity"]["summary"] == "agents act here as agent-1", "there is only one worktree"
    git(project, "worktree", "add", "--quiet", "--detach", str(project.parent / "linked"))
    assert "agent-1" in examine(project)["identity"]["summary"]
    assert examine(project)["identity"]["status"] == "warning"


@pytest.mark.parametrize("scope", ["--local", "--global"])
def test_an_agents_address_that_everybody_would_commit_with_is_said(project, git, scope):
    git(project, "worktree", "add", "--quiet", "--detach", str(project.parent / "linked"))
    git(project, "config", scope, "user.email", "agent-1@coordinaut.invalid")
    found = examine(project)["identity"]
    assert found["status"] == "warning"
    assert "agent-1@coordinaut.invalid" in found["summary"]


def test_a_gc_that_removes_what_is_being_written_is_said(project, git):
    git(project, "config", "gc.pruneExpire", "now")
    assert "gc.pruneExpire is now" in examine(project)["maintenance"]["summary"]


@pytest.mark.parametrize("name", ["objects/maintenance.lock", "packed-refs.lock"])
def test_a_lock_that_keeps_git_from_tidying_up_is_said_once_it_is_old(project, name):
    lock = project / ".git" / name
    lock.write_text("")
    assert examine(project)["maintenance"]["status"] == "ok"
    age(lock, 24 * 3_600)
    assert str(lock) in examine(project)["maintenance"]["summary"]


def test_a_failed_gc_that_stops_all_later_ones_is_said(project):
    (project / ".git" / "gc.log").write_text("error: something\n")
    assert "went wrong" in examine(project)["maintenance"]["summary"]


def test_a_repository_of_several_users_is_said(project, git):
    git(project, "config", "core.sharedRepository", "group")
    assert examine(project)["sharing"]["status"] == "warning"


# --- the hooks


@pytest.fixture
def hooked(project):
    workspace = open_workspace(project, {})
    install_hooks(workspace, ask.InstallHooks())
    workspace.close()
    return project / ".git" / "hooks"


def _changed(hooks):
    (hooks / "pre-commit").write_bytes((hooks / "pre-commit").read_bytes() + b"true\n")


def _not_to_be_run(hooks):
    (hooks / "pre-push").chmod(0o644)


def _missing(hooks):
    (hooks / "post-commit").unlink()


def _moved_program(hooks):
    (hooks.parent / "coordinaut" / "hooks" / "python").write_text("/somewhere/else/python\n/somewhere/else\n")


@pytest.mark.parametrize("spoil", [_changed, _not_to_be_run, _missing, _moved_program], ids=lambda one: one.__name__)
def test_hooks_that_are_half_there_are_said_and_put_right(project, hooked, spoil):
    assert examine(project)["hooks"]["summary"].startswith("all 5 are in place")
    spoil(hooked)
    assert examine(project)["hooks"]["status"] == "warning"
    found = examine(project, fix=True)
    assert "our git hooks were put in place again" in found.mended
    assert found["hooks"]["status"] == "ok"
    assert not any("hooks" in sentence for sentence in examine(project, fix=True).mended)


def test_a_hook_of_somebody_else_in_the_place_of_ours_is_said_and_left(project, hooked):
    (hooked / "commit-msg").write_text("#!/bin/sh\n")
    assert "commit-msg" in examine(project, fix=True)["hooks"]["summary"]
    assert (hooked / "commit-msg").read_text() == "#!/bin/sh\n"


def test_where_no_hooks_are_wanted_none_are_made(project):
    assert "not installed" in examine(project, fix=True)["hooks"]["summary"]
    assert not (project / ".git" / "hooks" / "pre-commit").exists()


def test_hooks_that_are_switched_off_are_not_complained_about(project, hooked, git):
    git(project, "config", "coordinaut.hooks", "off")
    _missing(hooked)
    assert "switched off" in examine(project)["hooks"]["summary"]
