"""`git-identity` and its reset: who commits in one worktree, never leaking into another, and back again exactly."""

import subprocess

import pytest

PRODUCT = ("--agent", "frontend-codex", "--agent-instance", "agent_123", "--thread", "019eff77")
KEYS = ["name", "email", "agentInstance", "agent", "thread", "task"]


@pytest.fixture
def linked(project, git):
    """A second worktree."""
    path = project.parent / "linked"
    git(project, "worktree", "add", "--quiet", "--detach", str(path))
    return path


def person(git, folder):
    return git(folder, "var", "GIT_AUTHOR_IDENT").rpartition(" ")[0].rpartition(" ")[0]


def config(folder):
    """Every setting of the shared file and of the worktree's own."""
    said = [
        subprocess.run(["git", "-C", folder, "config", scope, "--list"], capture_output=True, text=True).stdout
        for scope in ("--local", "--worktree")
    ]
    return sorted({*said[0].splitlines(), *said[1].splitlines()})


def test_commits_here_are_by_the_agent_and_the_task_is_remembered(cli, project, git, make_task):
    task = make_task(project, "a")
    result = cli.json(project, "git-identity", *PRODUCT, "--task", task)
    stable = cli.json(project, "status")["tasks"][0]["id"]
    wanted = ("frontend-codex", "agent_123@coordinaut.invalid", "agent_123", "frontend-codex", "019eff77", stable)
    assert result["identity"] == dict(zip(KEYS, wanted, strict=True))
    assert result["previous"] == dict.fromkeys(KEYS) | {"name": "Test Person", "email": "person@example.invalid"}
    assert result["worktree"] == f"{project}/"[:-1]
    assert person(git, project) == "frontend-codex <agent_123@coordinaut.invalid>"
    assert git(project, "config", "coordinaut.task") == stable


def test_other_worktrees_keep_theirs_also_those_that_come_later(cli, project, linked, git):
    cli.json(project, "git-identity", *PRODUCT)
    later = project.parent / "later"
    git(project, "worktree", "add", "--quiet", "--detach", str(later))
    for other in (linked, later):
        assert person(git, other) == "Test Person <person@example.invalid>"
        assert cli.json(other, "doctor")["instance"] is None
    cli.json(linked, "git-identity", "--agent-instance", "agent_2")
    assert person(git, linked) == "agent_2 <agent_2@coordinaut.invalid>"
    assert person(git, project) == "frontend-codex <agent_123@coordinaut.invalid>"


def test_the_reset_leaves_the_configuration_as_it_was(cli, project, linked, git):
    git(project, "config", "user.name", "Local Name")
    before = config(project)
    for folder in (project, linked):
        cli.json(folder, "git-identity", *PRODUCT)
    first = cli.json(project, "git-identity-reset")
    assert first["previous"]["agentInstance"] == "agent_123"
    assert first["identity"] == dict.fromkeys(KEYS) | {"name": "Local Name", "email": "person@example.invalid"}
    assert git(project, "config", "extensions.worktreeConfig") == "true", "the other worktree still needs it"
    assert person(git, linked) == "frontend-codex <agent_123@coordinaut.invalid>"
    cli.json(linked, "git-identity-reset")
    assert config(project) == before
    assert not list(project.glob(".git/**/config.worktree"))


def test_setting_twice_still_puts_back_what_was_there_first(cli, project, git):
    git(project, "config", "extensions.worktreeConfig", "true")
    for name in ("One", '-two=\n"quoted" \' ; # '):
        git(project, "config", "--worktree", "--add", "user.name", name)
    git(project, "config", "--worktree", "coordinaut.agent", "mine")
    before = config(project)
    for instance in ("agent_1", "agent_2", "agent_1"):
        cli.json(project, "git-identity", "--agent-instance", instance, "--agent", instance)
        assert person(git, project).startswith(instance)
    cli.json(project, "git-identity-reset")
    assert config(project) == before
    assert git(project, "config", "extensions.worktreeConfig") == "true", "it was not ours to switch off"


def test_a_reset_without_an_identity_changes_nothing(cli, project, git):
    git(project, "config", "extensions.worktreeConfig", "true")
    git(project, "config", "--worktree", "user.name", "Mine")
    before = config(project)
    result = cli.json(project, "git-identity-reset")
    assert result["identity"] == result["previous"]
    assert config(project) == before
    assert "No agent's identity is set" in cli(project, "git-identity-reset").out


def test_a_bare_repository_with_worktrees_stays_bare_and_whole(cli, project, tmp_path, git):
    bare, tree = tmp_path / "bare.git", tmp_path / "tree"
    git(tmp_path, "clone", "--quiet", "--bare", str(project), str(bare))
    git(bare, "worktree", "add", "--quiet", "--detach", str(tree))
    assert cli(bare, "git-identity", *PRODUCT, "--json").failure == (6, "no_work_tree")
    before = config(bare)
    cli.json(tree, "git-identity", *PRODUCT)
    assert git(bare, "rev-parse", "--is-bare-repository") == "true"
    assert git(tree, "rev-parse", "--is-bare-repository") == "false"
    assert git(tree, "status", "--porcelain") == ""
    cli.json(tree, "git-identity-reset")
    assert config(bare) == before


def test_a_submodule_keeps_its_work_tree(cli, project, tmp_path, git):
    git(project, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(project), "sub")
    sub = project / "sub"
    before = config(sub)
    assert any(line.startswith("core.worktree=") for line in before)
    cli.json(sub, "git-identity", *PRODUCT)
    side = tmp_path / "side"
    git(sub, "worktree", "add", "--quiet", "--detach", str(side))
    assert git(sub, "rev-parse", "--show-toplevel") == str(sub)
    assert git(side, "rev-parse", "--show-toplevel") == str(side)
    assert person(git, side) == "Test Person <person@example.invalid>"
    git(sub, "worktree", "remove", str(side))
    cli.json(sub, "git-identity-reset")
    assert config(sub) == before


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        ("<b>bold</b>", "bbold/b"),
        ("...", "agent_1"),
        ("<>", "agent_1"),
        ("--global", "--global"),
        ('a=b "c" \\d; #e', 'a=b "c" \\d; #e'),
        ("Zoë 東京", "Zoë 東京"),
    ],
)
def test_any_name_of_one_line_can_sign_a_commit(cli, project, git, agent, name):
    cli.json(project, "git-identity", "--agent-instance", "agent_1", "--agent", agent)
    git(project, "commit", "--quiet", "--allow-empty", "--message", "x")
    assert git(project, "log", "-1", "--format=%an <%ae>") == f"{name} <agent_1@coordinaut.invalid>"
    assert git(project, "config", "coordinaut.agent") == agent


@pytest.mark.parametrize(
    ("words", "failure"),
    [
        (("--agent", "a\nb"), (2, "control_character")),
        (("--agent", "\x1b[31m"), (2, "control_character")),
        (("--agent", "x" * 65), (2, "text_too_long")),
        (("--thread", "a\rb"), (2, "control_character")),
        (("--agent-instance", "a b"), (2, "bad_identifier")),
        (("--agent-instance", "-x"), (2, "bad_identifier")),
        (("--task", "AGT-9"), (3, "no_such_task")),
        (("--task", "../x"), (2, "bad_task_id")),
    ],
)
def test_what_cannot_be_an_identity_is_refused_and_nothing_is_set(cli, project, words, failure):
    before = config(project)
    assert cli(project, "git-identity", "--agent-instance", "agent_1", *words, "--json").failure == failure
    assert config(project) == before


def test_without_an_instance_nobody_is_known(cli, project):
    assert cli(project, "git-identity", "--agent", "ann", "--json").failure == (2, "no_instance")


def test_who_was_set_acts_and_another_instance_does_not_borrow_its_name_and_thread(cli, project, make_task):
    cli.json(project, "git-identity", *PRODUCT)
    tasks = [make_task(project, name) for name in "ab"]
    session = {"CODEX_THREAD_ID": "session-9"}
    mine = cli.json(project, "claim", "--task", tasks[0], environ=session)["lease"]
    assert (mine["agentInstance"], mine["agent"], mine["threadId"]) == ("agent_123", "frontend-codex", "019eff77")
    other = {**session, "COORDINAUT_INSTANCE": "agent_other"}
    theirs = cli.json(project, "claim", "--task", tasks[1], environ=other)["lease"]
    assert (theirs["agentInstance"], theirs["agent"], theirs["threadId"]) == ("agent_other", None, "session-9")


def test_a_worktree_made_from_the_agents_own_does_not_inherit_the_agent(cli, project, linked, git):
    """`git worktree add` copies the worktree's configuration into the new one."""
    before = config(project)
    cli.json(linked, "git-identity", *PRODUCT)
    child = linked.parent / "child"
    git(linked, "worktree", "add", "--quiet", "--detach", str(child))
    assert "include.path=config.coordinaut" in config(child), "the copy is there, or this test tests nothing"
    assert person(git, child) == "Test Person <person@example.invalid>"
    assert cli.json(child, "doctor")["instance"] is None
    cli.json(child, "git-identity", "--agent-instance", "agent_child")
    assert cli.json(child, "doctor")["instance"] == "agent_child"
    cli.json(child, "git-identity-reset")
    cli.json(linked, "git-identity-reset")
    assert config(project) == before


def test_an_include_that_somebody_has_put_differently_is_taken_away_all_the_same(cli, project, git):
    cli.json(project, "git-identity", *PRODUCT)
    file = project / ".git" / "config.worktree"
    file.write_text('[include]\n  path = other\n  path = "config.coordinaut"\n[user]\n\tname = Mine')
    cli.json(project, "git-identity-reset")
    assert file.read_text() == "[include]\n  path = other\n[user]\n\tname = Mine"
    cli.json(project, "git-identity", *PRODUCT)
    assert person(git, project) == "frontend-codex <agent_123@coordinaut.invalid>"
    cli.json(project, "git-identity-reset")
    assert person(git, project) == "Mine <person@example.invalid>"


def test_a_locked_configuration_is_said_and_left_alone(cli, project):
    lock = project / ".git" / "config.lock"
    lock.write_text("")
    before = (project / ".git" / "config").read_bytes()
    answer = cli(project, "git-identity", *PRODUCT, "--json")
    assert answer.failure == (6, "cannot_configure")
    assert "config.lock is there" in answer.error["message"]
    assert (lock.read_text(), (project / ".git" / "config").read_bytes()) == ("", before)


def test_variables_that_win_over_the_configuration_are_named(cli, project):
    result = cli.json(project, "git-identity", *PRODUCT, environ={"GIT_AUTHOR_NAME": "x"})
    assert result["notices"] == ["GIT_AUTHOR_NAME in the environment still decide how commits are signed."]


@pytest.mark.parametrize("words", [("--agent-instance", "agent_2"), ("--agent", "bob"), ("--thread", "t-2")])
def test_a_reset_of_anothers_identity_is_refused_and_nothing_is_changed(cli, project, git, words):
    cli.json(project, "git-identity", "--agent", "ann", "--agent-instance", "agent_1", "--thread", "t-1")
    assert cli(project, "git-identity-reset", *words, "--json").failure == (1, "other_identity")
    assert person(git, project).startswith("ann ")
    own = ("--agent", "ann", "--agent-instance", "agent_1", "--thread", "t-1")
    reset = cli.json(project, "git-identity-reset", *own)
    assert (reset["previous"]["agentInstance"], reset["identity"]["agentInstance"]) == ("agent_1", None)
