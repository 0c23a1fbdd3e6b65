"""Hooks beside those who manage hooks, too: `core.hooksPath`, husky, and frameworks that move ours aside."""

import pytest
from hooking import commit, foreign, message, run, signed, trailers, write

from coordinaut_git.plumbing.hooks import KEPT, NAMES


class TestHooksPath:
    @pytest.mark.parametrize("absolute", [True, False])
    def test_hooks_go_where_git_looks(self, cli, project, git, absolute, tmp_path, make_task):
        folder = tmp_path / "my hooks" if absolute else project / ".githooks"
        git(project, "config", "core.hooksPath", str(folder) if absolute else ".githooks")
        result = cli.json(project, "install-hooks")
        assert result["folder"] == str(folder)
        assert not (project / ".git/hooks/pre-commit").exists()
        assert ("is part of the work tree" in "".join(result.get("notices", []))) is not absolute
        task = make_task(project, "src/**")
        cli.json(project, "claim", "--task", task, "--agent-instance", "agent_1")
        write(project, "src/a")
        assert commit(project, "-m", "x").code == 0
        assert f"Agent-Task: {task}" in trailers(project)
        assert cli.json(project, "install-hooks", "--uninstall")["removed"] == list(NAMES)
        assert list(folder.iterdir()) == []

    def test_hooks_in_the_work_tree_do_nothing_where_they_were_not_installed(self, cli, project, git, tmp_path):
        git(project, "config", "core.hooksPath", ".githooks")
        cli.json(project, "install-hooks")
        git(project, "add", ".githooks")
        assert commit(project, "-m", "hooks").code == 0
        clone = tmp_path / "clone"
        git(tmp_path, "clone", "--quiet", str(project), str(clone))
        git(clone, "config", "core.hooksPath", ".githooks")
        write(clone, "a")
        done = commit(clone, "-m", "x", environ={"COORDINAUT_INSTANCE": "agent_1"})
        assert (done.code, done.err, message(clone)) == (0, "", "x")

    def test_a_folder_for_all_of_a_users_repositories_is_left_alone(self, cli, project, git, tmp_path):
        git(project, "config", "--global", "core.hooksPath", str(tmp_path / "all"))
        refused = cli(project, "install-hooks", "--json")
        assert refused.failure == (1, "hooks_elsewhere")
        assert "(global)" in refused.error["message"]
        assert not (tmp_path / "all").exists()

    def test_huskys_own_folder_is_left_alone_and_its_files_can_call_us(self, cli, project, git, make_task, agent_of):
        git(project, "config", "core.hooksPath", ".husky/_")
        refused = cli(project, "install-hooks", "--json")
        assert refused.failure == (1, "hooks_elsewhere")
        assert "git-hook pre-commit" in refused.error["hint"]
        generated = project / ".husky/_"
        generated.mkdir(parents=True)
        for name in NAMES:
            script = f'sh -e "$(dirname "$(dirname "$0")")/{name}" "$@"\n'
            (generated / name).write_text(f"#!/bin/sh\n{script}")
            (generated / name).chmod(0o755)
            (project / ".husky" / name).write_text(f'coordinaut git-hook {name} "$@"\n')
        task = agent_of(project)
        write(project, "src/a")
        assert commit(project, "-m", "x").code == 0
        assert trailers(project) == signed(task)
        write(project, "docs/a")
        assert commit(project, "-m", "x").code == 1


class TestAFrameworkThatMovesUsAside:
    """The pre-commit framework moves the hook that it finds to `.legacy` and runs it from there, as its own does here."""

    FRAMEWORK = b'#!/bin/sh\necho framework >&2\n[ ! -x "$0.legacy" ] || exec "$0.legacy" "$@"\n'

    def install(self, project):
        hook = project / ".git/hooks/pre-commit"
        if hook.exists() and hook.read_bytes() != self.FRAMEWORK:
            hook.rename(f"{hook}.legacy")
        foreign(project, "pre-commit", self.FRAMEWORK)

    def left(self, project):
        names = (path.name for path in (project / ".git/hooks").iterdir())
        return sorted(name for name in names if name.startswith("pre-commit"))

    def committed(self, project):
        write(project, "a")
        done = commit(project, "-m", "x")
        assert done.code == 0
        return done.err.splitlines()

    @pytest.mark.parametrize("again", [True, False])
    def test_installed_before_and_after_us_it_runs_once(self, cli, project, again):
        self.install(project)
        cli.json(project, "install-hooks")
        self.install(project)
        assert self.left(project) == ["pre-commit", f"pre-commit{KEPT}", "pre-commit.legacy"]
        assert self.committed(project) == ["framework"]
        if again:
            cli.json(project, "install-hooks")
            assert self.left(project) == ["pre-commit", f"pre-commit{KEPT}"]
            assert self.committed(project) == ["framework"]
        cli.json(project, "install-hooks", "--uninstall")
        assert self.left(project) == ["pre-commit"]
        assert (project / ".git/hooks/pre-commit").read_bytes() == self.FRAMEWORK

    def test_a_third_hook_still_runs_with_us_and_without(self, cli, project, agent_of):
        foreign(project, "pre-commit", b"#!/bin/sh\necho third >&2\n")
        cli.json(project, "install-hooks")
        self.install(project)
        assert self.committed(project) == ["framework", "third"]
        agent_of(project)
        write(project, "docs/a")
        assert "docs/a" in commit(project, "-m", "x").err, "we run too"
        run(project, "reset", "--quiet", "--hard")
        removed = cli.json(project, "install-hooks", "--uninstall")
        assert "pre-commit" in removed["restored"]
        assert self.left(project) == ["pre-commit", "pre-commit.legacy"]
        assert self.committed(project) == ["framework", "third"]
