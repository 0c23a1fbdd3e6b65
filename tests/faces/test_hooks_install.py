"""`install-hooks`: put in place where git looks, beside other people's hooks, and taken away without a trace."""

import json
import os
import stat
import subprocess
import sys

import pytest
from hooking import FOREIGN, calls, commit, foreign, message, run, signed, trailers, write
from project_guard import PROJECT

from coordinaut_git.plumbing.hooks import KEPT, NAMES, hooks_status
from coordinaut_git.plumbing.repository import find


@pytest.fixture
def whole(hooked):
    """Hooks that call the whole program, as they are installed."""
    python = hooked / ".git/coordinaut/hooks/python"
    python.write_text(f"{sys.executable}\n{PROJECT / 'coordinaut_git'}\n")
    return hooked


def picture(folder):
    """Every file of a folder with its mode and content; links as links."""
    return {
        path.name: (path.readlink() if path.is_symlink() else path.read_bytes(), stat.S_IMODE(path.lstat().st_mode))
        for path in folder.iterdir()
    }


def test_hooks_are_installed_and_to_do_it_again_changes_nothing(cli, project):
    first = cli.json(project, "install-hooks")
    assert first["installed"] == first["written"] == list(NAMES)
    assert first["folder"] == str(project / ".git/hooks")
    before = {file: file.stat().st_mtime_ns for file in (project / ".git").rglob("*") if "hooks" in file.parts}
    second = cli.json(project, "install-hooks")
    assert (second["installed"], second["written"], second["kept"]) == (list(NAMES), [], [])
    after = {file: file.stat().st_mtime_ns for file in (project / ".git").rglob("*") if "hooks" in file.parts}
    assert after == before


def test_the_files_of_the_folder_hooks_are_what_is_installed(cli, project):
    cli.json(project, "install-hooks")
    for name in NAMES:
        installed = project / ".git/hooks" / name
        assert installed.read_bytes() == (PROJECT / "hooks" / name).read_bytes()
        assert os.access(installed, os.X_OK)
    common = {(PROJECT / "hooks" / name).read_text().replace(f"hook={name}", "") for name in NAMES[:3]}
    assert len(common) == 1, "the shims of a commit differ in their name only"


def test_other_peoples_hooks_still_run_first_and_come_back_byte_for_byte(cli, project, make_task):
    foreign(project, "pre-commit", mode=0o751)
    foreign(project, "commit-msg", mode=0o644)
    target = project / "script.sh"
    target.write_bytes(FOREIGN)
    target.chmod(0o755)
    (project / ".git/hooks/post-commit").symlink_to("../../script.sh")
    foreign(project, "post-merge")
    before = picture(project / ".git/hooks")
    result = cli.json(project, "install-hooks")
    assert [one["hook"] for one in result["kept"]] == ["pre-commit", "commit-msg", "post-commit"]
    task = make_task(project, "src/**")
    cli.json(project, "claim", "--task", task, "--agent-instance", "agent_1")
    write(project, "src/a")
    done = commit(project, "-m", "x")
    assert done.code == 0
    assert done.err.splitlines() == [f"foreign pre-commit{KEPT} ", f"foreign post-commit{KEPT} "]
    assert trailers(project) == ["Agent: agent_1", "Agent-Instance: agent_1", f"Agent-Task: {task}"]
    removed = cli.json(project, "install-hooks", "--uninstall")
    assert removed["removed"] == list(NAMES)
    assert removed["restored"] == ["pre-commit", "commit-msg", "post-commit"]
    assert picture(project / ".git/hooks") == before
    amended = commit(project, "--amend", "--no-edit").err.splitlines()
    assert [line for line in amended if "hint" not in line] == ["foreign pre-commit ", "foreign post-commit "]


def test_a_foreign_hook_that_says_no_stops_and_gets_its_arguments_and_input(cli, hooked, git, tmp_path):
    git(tmp_path, "init", "--quiet", "--bare", "remote.git")
    git(hooked, "remote", "add", "away", str(tmp_path / "remote.git"))
    (hooked / ".git/hooks" / f"pre-push{KEPT}").write_text('#!/bin/sh\ncat >"$1.seen"\nexit 7\n')
    (hooked / ".git/hooks" / f"pre-push{KEPT}").chmod(0o755)
    (hooked / ".git/hooks" / f"commit-msg{KEPT}").write_text('#!/bin/sh\necho changed >"$1"; exit 0\n')
    (hooked / ".git/hooks" / f"commit-msg{KEPT}").chmod(0o755)
    write(hooked, "a")
    assert commit(hooked, "-m", "x").code == 0
    assert message(hooked) == "changed"
    assert run(hooked, "push", "--quiet", "away", "main").code == 1
    head = git(hooked, "rev-parse", "HEAD")
    assert (hooked / "away.seen").read_text() == f"refs/heads/main {head} refs/heads/main {'0' * 40}\n"
    (hooked / ".git/hooks" / f"pre-commit{KEPT}").symlink_to("/bin/false")
    assert commit(hooked, "--allow-empty", "-m", "x").code == 1


def test_a_foreign_formatter_is_judged_by_what_it_has_staged(cli, hooked, agent):
    formatter = hooked / ".git/hooks" / f"pre-commit{KEPT}"
    formatter.write_text("#!/bin/sh\necho formatted >>docs.md; git add docs.md\n")
    formatter.chmod(0o755)
    write(hooked, "src/a.py")
    stopped = commit(hooked, "-m", "x")
    assert stopped.code == 1
    assert "docs.md" in stopped.err


def test_what_is_half_installed_or_of_another_version_is_put_right(cli, hooked):
    hooks = hooked / ".git/hooks"
    (hooks / "pre-commit").unlink()
    (hooks / "commit-msg").chmod(0o644)
    (hooks / "pre-push").write_text("#!/bin/sh\n# A hook of coordinaut-git, of long ago\n")
    (hooked / ".git/coordinaut/hooks/home.sh").unlink()
    foreign(hooked, f"post-commit{KEPT}")
    (hooks / "post-commit").unlink()
    assert hooks_status(find(hooked)).missing == ("pre-commit", "post-commit")
    assert hooks_status(find(hooked)).outdated == ("commit-msg", "pre-push")
    assert not hooks_status(find(hooked)).home
    result = cli.json(hooked, "install-hooks")
    assert result["written"] == ["pre-commit", "commit-msg", "post-commit", "pre-push"]
    assert [one["hook"] for one in result["kept"]] == ["post-commit"]
    status = hooks_status(find(hooked))
    assert (status.installed, status.home) == (NAMES, True)


def test_what_cannot_be_moved_aside_is_refused_and_nothing_is_changed(cli, project):
    foreign(project, "pre-commit", b"one")
    foreign(project, f"pre-commit{KEPT}", b"two")
    before = picture(project / ".git/hooks")
    refused = cli(project, "install-hooks", "--json")
    assert refused.failure == (1, "hook_in_the_way")
    assert picture(project / ".git/hooks") == before
    (project / ".git/hooks/pre-commit").unlink()
    (project / ".git/hooks/pre-commit").mkdir()
    assert "it is a folder" in cli(project, "install-hooks", "--json").error["message"]


def test_a_hook_that_somebody_put_over_ours_is_left_when_ours_go(cli, hooked):
    mine = foreign(hooked, "pre-commit")
    result = cli.json(hooked, "install-hooks", "--uninstall")
    assert result["left"] == ["pre-commit"]
    assert mine.read_bytes() == FOREIGN
    assert picture(hooked / ".git/hooks").keys() == {"pre-commit"}
    again = cli(hooked, "install-hooks", "--uninstall")
    assert "Nothing was changed" in again.out


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_an_error_in_words(cli, project):
    (project / ".git/hooks").mkdir(exist_ok=True)
    (project / ".git/hooks").chmod(0o555)
    refused = cli(project, "install-hooks", "--json")
    (project / ".git/hooks").chmod(0o755)
    assert refused.failure == (6, "cannot_install_hooks")


def test_a_file_where_the_folder_should_be_is_an_error_in_words(cli, project, git):
    (project / "file").write_text("")
    git(project, "config", "core.hooksPath", "file")
    refused = cli(project, "install-hooks", "--json")
    assert refused.failure == (6, "cannot_install_hooks")


BARE = {"PATH": "/usr/bin:/bin"}


class TestTheProgramIsGone:
    @pytest.fixture
    def gone(self, hooked, agent):
        """The virtual environment was deleted."""
        (hooked / ".git/coordinaut/hooks/python").write_text("/nowhere/bin/python\n/nowhere/coordinaut_git\n")
        write(hooked, "docs/b.md")
        return hooked

    def test_it_is_said_and_the_commit_goes_on(self, gone):
        done = commit(gone, "-m", "x", environ=BARE)
        assert done.code == 0
        assert "the program that they call was not found" in done.err
        assert done.err.count("coordinaut: nothing was checked.") == 1

    def test_the_policy_may_block(self, gone, git):
        git(gone, "config", "coordinaut.hooks", "block")
        stopped = commit(gone, "-m", "x", environ=BARE)
        assert stopped.code == 1
        assert "install coordinaut-git" in stopped.err

    def test_the_one_on_the_path_is_asked_instead(self, gone, agent_of):
        stopped = commit(gone, "-m", "x")
        assert stopped.code == 1
        assert "docs/b.md" in stopped.err

    def test_one_that_cannot_start_stops_nothing(self, gone):
        python = gone / ".git/coordinaut/hooks/python"
        python.write_text(f"/bin/false\n{PROJECT / 'coordinaut_git'}\n")
        assert commit(gone, "-m", "x", environ=BARE).code == 0


def test_a_poor_path_is_no_obstacle(whole, agent):
    write(whole, "src/a.py")
    assert commit(whole, "-m", "x", environ={"PATH": "/usr/bin:/bin"}).code == 0
    assert trailers(whole) == signed(agent)


def test_a_module_in_the_work_tree_is_not_taken_for_ours(hooked, whole, agent):
    for name in ("coordinaut_git/__init__.py", "pygit2.py", "src/json.py", "json.py", "os.py"):
        (hooked / name).parent.mkdir(exist_ok=True)
        (hooked / name).write_text("raise SystemExit('taken')\n")
    write(hooked, "src/a.py")
    done = commit(hooked, "-m", "x", environ={"PYTHONPATH": str(PROJECT)})
    assert (done.code, done.err) == (0, "")
    assert trailers(hooked) == signed(agent)


def test_init_installs_them_too_and_says_so(cli, repository):
    said = cli(repository, "init", "--hooks")
    assert said.code == 0
    assert "Hooks in " in said.out
    again = cli.json(repository, "init", "--hooks")
    assert again["hooks"]["installed"] == list(NAMES)
    assert cli.json(repository, "init")["hooks"] is None


def test_every_linked_worktree_has_them(cli, hooked, git, make_task, tmp_path):
    linked = tmp_path / "linked tree"
    git(hooked, "worktree", "add", "--quiet", "-b", "linked", str(linked))
    assert hooks_status(find(linked)).installed == NAMES
    task = make_task(linked, "src/**")
    cli.json(linked, "claim", "--task", task, "--agent-instance", "agent_l")
    write(linked, "src/a")
    assert calls(hooked, "-C", str(linked), "commit", "-qm", "x") == ["pre-commit"]
    assert f"Agent-Task: {task}" in trailers(linked)
    assert "installed" in cli.json(linked, "install-hooks")


def test_a_usual_commit_calls_home_once_and_a_rebase_never(cli, hooked, agent, git):
    write(hooked, "src/a.py")
    assert calls(hooked, "commit", "-qm", "x") == ["pre-commit"]
    write(hooked, "src/a.py")
    assert calls(hooked, "commit", "-q", "--amend", "--no-edit") == ["pre-commit"]
    write(hooked, "src/a.py")
    assert calls(hooked, "commit", "-qnm", "x") == ["prepare-commit-msg"]
    assert trailers(hooked) == signed(agent)
    git(hooked, "branch", "work")
    git(hooked, "reset", "--quiet", "--hard", "HEAD~2")
    write(hooked, "src/b.py")
    assert calls(hooked, "commit", "-qam", "y") == ["pre-commit"]
    assert calls(hooked, "rebase", "--quiet", "HEAD", "work") == []


def test_a_change_of_the_state_in_between_is_not_missed(cli, hooked, agent, make_task):
    """Somebody asks for a file while the message is being written, and is promised it."""
    write(hooked, "src/a.py")
    wanted = make_task(hooked, "src/a.py")
    asked = ("handoff", "request", "--task", wanted, "--reason", "r", "--agent-instance", "agent_2")
    handoff = cli.json(hooked, *asked)["id"]
    between = hooked / ".git/hooks" / f"prepare-commit-msg{KEPT}"
    program = f"{sys.executable} -P -m coordinaut_git"
    between.write_text(f"#!/bin/sh\nexec {program} handoff respond --id {handoff} --status grant_after_commit -q\n")
    between.chmod(0o755)
    found = calls(hooked, "commit", "-qm", "x")
    assert found == ["pre-commit", "prepare-commit-msg", "post-commit"]
    assert cli.json(hooked, "handoff", "list")["handoffs"][0]["status"] == "completed"


@pytest.mark.parametrize("shell", ["bash", "dash", "busybox sh", "zsh --emulate sh", "ksh"])
def test_the_shims_run_in_every_posix_shell(cli, hooked, whole, agent, shell):
    program = shell.split()[0]
    if subprocess.run(["sh", "-c", f"command -v {program}"], capture_output=True).returncode:
        pytest.skip(f"{program} is not here")
    for name in NAMES:
        hook = hooked / ".git/hooks" / name
        hook.write_text(hook.read_text().replace("#!/bin/sh", f"#!/usr/bin/env -S {shell}"))
    write(hooked, "src/a.py")
    assert calls(hooked, "commit", "-qm", "work\n\nAgent-x: no\n\nlast") == [*NAMES[:3]]
    write(hooked, "src/a.py")
    assert calls(hooked, "commit", "-qsm", "work\n\nAgents: no\n\nlast") == ["pre-commit"]
    assert trailers(hooked) == signed(agent)
    write(hooked, "docs/a.md")
    assert commit(hooked, "-m", "no").code == 1


def test_the_result_is_json_that_programs_can_read(cli, project):
    assert json.loads(cli(project, "install-hooks", "--json").out)["result"].keys() == {
        "folder", "installed", "written", "kept", "removed", "restored", "left", "agents",
    }  # fmt: skip


def test_a_note_that_was_left_for_another_commit_of_the_same_number_is_not_taken(hooked, agent, head):
    """Processes of small containers often have the same number; `exec` gives git that of the shell here."""
    note = hooked / ".git/coordinaut/notes"
    note.mkdir(parents=True, exist_ok=True)
    leave = f'printf "%s\\n" "refs/coordinaut/state {head(hooked)}" "Agent-Instance: other" >{note}/.git-$$'
    stage = "sleep 0.05; echo x >src/a.py; git add src/a.py"
    (hooked / "src").mkdir()
    words = ["sh", "-c", f"{leave}; {stage}; exec git commit --no-verify -qm x"]
    assert subprocess.run(words, cwd=hooked, env=os.environ).returncode == 0
    assert trailers(hooked) == signed(agent)


def test_a_message_whose_last_line_does_not_end_gets_its_trailers_below_a_blank_line(hooked, agent):
    before = hooked / ".git/hooks" / f"prepare-commit-msg{KEPT}"
    before.write_text('#!/bin/sh\nprintf "subject" >"$1"\n')
    before.chmod(0o755)
    write(hooked, "src/a.py")
    assert commit(hooked, "-m", "x").code == 0
    assert message(hooked).startswith("subject\n\nAgent: ann\n")
    assert trailers(hooked) == signed(agent)
