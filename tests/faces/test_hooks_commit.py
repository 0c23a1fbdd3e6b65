"""What the hooks do about a commit: checks, trailers, promises; real commits in real worktrees."""

import os

import pytest
from hooking import calls, commit, message, run, signed, trailers, write


def test_an_agent_commits_what_it_holds_and_the_commit_says_who(hooked, agent):
    write(hooked, "src/a.py")
    assert commit(hooked, "-m", "work").code == 0
    assert message(hooked).startswith("work\n\nAgent: ann\n")
    assert trailers(hooked) == signed(agent)


def test_an_agent_is_stopped_at_what_it_does_not_hold(hooked, agent):
    write(hooked, "src/a.py", "docs/b.md")
    stopped = commit(hooked, "-m", "work")
    assert stopped.code == 1
    assert "1 of 2 staged paths are not covered by a lease of agent_1" in stopped.err
    assert "docs/b.md" in stopped.err
    assert stopped.err.endswith("coordinaut: the commit was stopped.\n")
    assert message(hooked) == "the first commit"


def test_a_person_commits_freely_and_without_trailers(cli, hooked):
    write(hooked, "src/a.py")
    done = commit(hooked, "-m", "by hand")
    assert (done.code, done.err) == (0, "")
    assert message(hooked) == "by hand"


def test_a_person_is_warned_where_an_agent_holds_the_file(hooked, agent, git):
    other = hooked.parent / "other"
    git(hooked, "worktree", "add", "--quiet", "-b", "other", str(other))
    write(other, "src/a.py")
    done = commit(other, "-m", "by hand")
    assert done.code == 0
    assert "1 of 1 staged path is held by an agent" in done.err
    assert done.err.endswith("goes on: no agent instance is named here.\n")
    assert trailers(other) == []


@pytest.mark.parametrize(("policy", "agents_code", "persons_code"), [("block", 1, 1), ("warn", 0, 0), ("off", 0, 0)])
def test_the_policy_decides_for_both(hooked, agent, git, policy, agents_code, persons_code):
    git(hooked, "config", "coordinaut.hooks", policy)
    write(hooked, "docs/b.md")
    assert commit(hooked, "-m", "an agent's").code == agents_code
    other = hooked.parent / "other"
    git(hooked, "worktree", "add", "--quiet", "-b", "other", str(other))
    write(other, "src/a.py")
    assert commit(other, "-m", "a person's").code == persons_code
    assert commit(hooked, "-m", "quiet", environ={"COORDINAUT_HOOKS": "0"}).err == ""


def test_an_unknown_policy_is_said_and_a_bad_instance_stops(hooked, agent, git):
    write(hooked, "docs/b.md")
    stopped = commit(hooked, "-m", "x", environ={"COORDINAUT_INSTANCE": "a b"})
    assert stopped.code == 1
    assert "'a b' cannot be an agent instance" in stopped.err
    git(hooked, "config", "coordinaut.hooks", "blok")
    assert "coordinaut.hooks is 'blok'" in commit(hooked, "-m", "x").err


def test_before_init_and_when_switched_off_nothing_is_said(repository, cli):
    assert cli(repository, "install-hooks").code == 0
    write(repository, "a")
    done = commit(repository, "-m", "x", environ={"COORDINAUT_INSTANCE": "agent_1"})
    assert (done.code, done.err, message(repository)) == (0, "", "x")


HOSTILE = [b"src/a\nb", b'src/"q"', b"src/-x", b"src/\xff\xfe", b"src/$(id)`id`;x", b"src/ a ", b"src/\x1b[31m"]


def test_hostile_file_names_pass_where_held_and_are_shown_harmless_where_not(hooked, agent):
    write(hooked, *HOSTILE)
    assert commit(hooked, "-m", "held").code == 0
    assert trailers(hooked) == signed(agent)
    write(hooked, *(name.replace(b"src", b"docs") for name in HOSTILE))
    stopped = commit(hooked, "-m", "not held")
    assert stopped.code == 1
    assert "7 of 7 staged paths are not covered" in stopped.err
    assert "\x1b" not in stopped.err
    assert "\udcff" not in stopped.err


class TestWhatIsCommittedIsWhatIsChecked:
    def test_commit_all_and_commit_of_one_path(self, hooked, agent):
        write(hooked, "src/a.py", "docs/b.md")
        assert commit(hooked, "-m", "only mine", "src/a.py").code == 0
        assert commit(hooked, "-m", "theirs", "docs/b.md").code == 1
        assert commit(hooked, "-am", "all").code == 1
        (hooked / "src/a.py").write_text("again\n")
        assert commit(hooked, "-m", "only mine", "src/a.py").code == 0
        assert run(hooked, "diff", "--cached", "--quiet", "docs/b.md").code == 1, "it is still staged"

    def test_from_a_folder_below(self, hooked, agent):
        write(hooked, "src/deep/a.py")
        assert commit(hooked / "src/deep", "-m", "below").code == 0
        assert trailers(hooked) == signed(agent)

    def test_an_index_of_ones_own(self, hooked, agent, git):
        git(hooked, "rm", "--quiet", "--cached", "README.md")
        index = hooked.parent / "my-index"
        mine = {"GIT_INDEX_FILE": str(index)}
        assert run(hooked, "read-tree", "HEAD", environ=mine).code == 0
        (hooked / "src").mkdir()
        (hooked / "src/a.py").write_text("x\n")
        assert run(hooked, "add", "src/a.py", environ=mine).code == 0
        assert commit(hooked, "-m", "mine", environ=mine).code == 0
        assert trailers(hooked) == signed(agent)

    def test_with_the_git_directory_named(self, hooked, agent):
        write(hooked, "src/a.py")
        named = {"GIT_DIR": str(hooked / ".git"), "GIT_WORK_TREE": str(hooked)}
        assert commit(hooked.parent, "-m", "from outside", environ=named).code == 0
        assert trailers(hooked) == signed(agent)
        write(hooked, "docs/b.md")
        assert commit(hooked.parent, "-m", "x", environ=named).code == 1


class TestTasks:
    def test_the_task_whose_lease_covers_all_is_named_and_else_those_that_cover_some(
        self, cli, hooked, agent, make_task
    ):
        docs = make_task(hooked, "docs/**", "src/shared.py")
        cli.json(hooked, "claim", "--task", docs)
        write(hooked, "docs/a.md")
        assert commit(hooked, "-m", "one").code == 0
        assert trailers(hooked) == signed(docs)
        write(hooked, "docs/a.md", "src/a.py")
        assert commit(hooked, "-m", "two").code == 0
        assert trailers(hooked) == signed(agent, docs)

    def test_the_worktrees_task_comes_first(self, cli, hooked, agent, make_task):
        docs = make_task(hooked, "src/b/**", "docs/**")
        cli.json(hooked, "claim", "--task", docs, "--files", "docs/**")
        cli.json(hooked, "git-identity", "--agent", "ann", "--task", docs)
        write(hooked, "docs/a.md")
        assert commit(hooked, "-m", "one").code == 0
        assert trailers(hooked) == signed(docs)

    def test_two_worktrees_sign_with_their_own_identity(self, cli, hooked, make_task, git):
        for number, name in enumerate("ab"):
            tree = hooked.parent / name
            git(hooked, "worktree", "add", "--quiet", "-b", name, str(tree))
            task = make_task(hooked, f"{name}/**")
            cli.json(tree, "claim", "--task", task, "--agent", name, "--agent-instance", f"agent_{name}")
            cli.json(tree, "git-identity", "--agent-instance", f"agent_{name}")
            write(tree, f"{name}/x")
            assert commit(tree, "-m", name).code == 0
            assert trailers(tree) == [f"Agent: {name}", f"Agent-Instance: agent_{name}", f"Agent-Task: {task}"]
            assert git(tree, "log", "-1", "--format=%ae") == f"agent_{name}@coordinaut.invalid"
            assert number < 2


class TestMessages:
    def test_amending_does_not_double_and_follows_the_task(self, cli, hooked, agent, make_task):
        write(hooked, "src/a.py")
        assert commit(hooked, "-m", "work\n\nSome: trailer").code == 0
        for _ in range(2):
            write(hooked, "src/a.py")
            assert commit(hooked, "--amend", "--no-edit").code == 0
        assert message(hooked).count("Agent: ann") == 1
        assert trailers(hooked) == signed(agent)
        docs = make_task(hooked, "docs/**")
        cli.json(hooked, "claim", "--task", docs)
        write(hooked, "docs/a.md")
        assert commit(hooked, "--amend", "--no-edit").code == 0
        assert trailers(hooked) == signed(agent, docs)

    @pytest.mark.parametrize(
        "text",
        [
            "a\n\n---\nb",
            "Fix: a thing",
            "a\n\nAgent-smith: no\n\nb",
            "a\n\nSigned-off-by: x <x@y>",
            "# 1\n\nb",
            "ä\n\n東",
        ],
    )
    def test_any_message_gets_its_trailers_where_git_finds_them(self, hooked, agent, text):
        write(hooked, "src/a.py")
        assert commit(hooked, "-m", text).code == 0
        assert message(hooked).startswith(text)
        assert trailers(hooked)[-4:] == signed(agent)

    def test_signing_off_and_a_users_own_trailer_settings_go_together(self, hooked, agent, git):
        git(hooked, "config", "trailer.separators", "#")
        git(hooked, "config", "trailer.ifexists", "doNothing")
        git(hooked, "config", "trailer.where", "start")
        write(hooked, "src/a.py")
        assert calls(hooked, "commit", "-q", "--signoff", "-m", "work") == ["pre-commit"]
        assert message(hooked).splitlines()[2:] == [
            "Signed-off-by: Test Person <person@example.invalid>",
            *signed(agent),
        ]

    def test_an_editor_sees_them_and_may_change_them_only_for_the_true(self, hooked, agent, tmp_path):
        write(hooked, "src/a.py")
        seen = tmp_path / "seen"
        honest = {"GIT_EDITOR": f'sh -c \'cp "$1" {seen}; {{ echo subject; cat {seen}; }} >"$1"\' -'}
        assert commit(hooked, "--verbose", environ=honest).code == 0
        assert "Agent-Instance: agent_1" in seen.read_text()
        assert (message(hooked).splitlines()[0], trailers(hooked)) == ("subject", signed(agent))
        write(hooked, "src/a.py")
        forging = {"GIT_EDITOR": 'sh -c \'sed -i "s/agent_1/agent_2/; 1s/.*/subject/" "$1"\' -'}
        stopped = commit(hooked, environ=forging)
        assert stopped.code == 1
        assert "agent_2" in stopped.err

    @pytest.mark.parametrize("comment", ["#", ";"])
    def test_a_message_that_nobody_wrote_still_stops_the_commit(self, hooked, agent, git, comment):
        git(hooked, "config", "core.commentChar", comment)
        write(hooked, "src/a.py")
        for editor in ("true", "sh -c 'sed -i /^#/d \"$1\"' -"):
            stopped = commit(hooked, environ={"GIT_EDITOR": editor})
            assert stopped.code == 1, editor
            assert "empty commit message" in stopped.err
        assert "empty commit message" in commit(hooked, "-m", "").err
        template = hooked.parent / "template"
        template.write_text("Ticket:\n\n")
        stopped = commit(hooked, "--template", template, environ={"GIT_EDITOR": "true"})
        assert stopped.code == 1
        assert "you did not edit the message" in stopped.err

    def test_a_filled_in_template_and_another_cleanup(self, hooked, agent):
        template = hooked.parent / "template"
        template.write_text("Ticket:\n\n# say which\n")
        write(hooked, "src/a.py")
        editor = {"GIT_EDITOR": 'sh -c \'sed -i "s/Ticket:/Ticket: 7/" "$1"\' -'}
        assert commit(hooked, "--template", template, "--cleanup=scissors", environ=editor).code == 0
        assert message(hooked).startswith("Ticket: 7\n")
        assert trailers(hooked) == signed(agent)

    @pytest.mark.parametrize(
        ("wrong", "why"),
        [
            ("Agent-Task: AGT-20200101-001", "unknown task"),
            ("Agent-Instance: agent_2", "agent_2"),
            ("agent-instance: agent_2", "agent_2"),
        ],
    )
    def test_forged_and_unknown_trailers_are_refused(self, hooked, agent, wrong, why):
        write(hooked, "src/a.py")
        editor = {"GIT_EDITOR": f'sh -c \'{{ echo s; echo; printf "%s\\n" "{wrong}"; }} >"$1"\' -'}
        stopped = commit(hooked, environ=editor)
        assert stopped.code == 1
        assert why in stopped.err

    def test_trailers_that_were_taken_out_are_missed(self, hooked, agent):
        write(hooked, "src/a.py")
        stopped = commit(hooked, environ={"GIT_EDITOR": "sh -c 'echo subject >\"$1\"' -"})
        assert stopped.code == 1
        assert "Agent-Instance" in stopped.err

    def test_an_agent_with_a_name_of_odd_characters(self, cli, hooked, make_task):
        name = 'a: =b <c> "d" $(e) \\f'
        task = make_task(hooked, "src/**")
        cli.json(hooked, "claim", "--task", task, "--agent", name, "--agent-instance", "agent_1")
        write(hooked, "src/a.py")
        assert commit(hooked, "-m", "x").code == 0
        assert trailers(hooked) == [f"Agent: {name}", "Agent-Instance: agent_1", f"Agent-Task: {task}"]


class TestOtherWaysToACommit:
    def test_a_merge_is_signed_and_judged_by_what_it_changes_itself(self, hooked, agent, git):
        git(hooked, "checkout", "--quiet", "-b", "theirs")
        write(hooked, "docs/b.md", "src/a.py")
        assert commit(hooked, "-nm", "theirs", environ={"COORDINAUT_HOOKS": "0"}).code == 0
        git(hooked, "checkout", "--quiet", "main")
        write(hooked, "src/a.py", text="mine\n")
        assert commit(hooked, "-m", "mine").code == 0
        assert run(hooked, "merge", "--quiet", "theirs").code == 1
        (hooked / "src/a.py").write_text("both\n")
        git(hooked, "add", "src/a.py")
        assert commit(hooked, "--no-edit").code == 0
        assert trailers(hooked) == signed(agent)

    def test_a_merge_without_a_conflict(self, hooked, agent, git):
        git(hooked, "checkout", "--quiet", "-b", "theirs")
        write(hooked, "docs/b.md")
        assert commit(hooked, "-m", "theirs", environ={"COORDINAUT_HOOKS": "0"}).code == 0
        git(hooked, "checkout", "--quiet", "main")
        assert run(hooked, "merge", "--quiet", "--no-ff", "-m", "join", "theirs").code == 0
        assert trailers(hooked)[:2] == ["Agent: ann", "Agent-Instance: agent_1"]

    def test_a_rebase_and_a_cherry_pick_leave_the_trailers_and_are_not_stopped(self, hooked, agent, git):
        write(hooked, "src/a.py")
        git(hooked, "checkout", "--quiet", "-b", "work")
        assert commit(hooked, "-m", "mine").code == 0
        write(hooked, "docs/b.md")
        assert commit(hooked, "-m", "by hand", environ={"COORDINAUT_HOOKS": "0"}).code == 0
        git(hooked, "checkout", "--quiet", "main")
        write(hooked, "other", "docs/b.md", text="other\n")
        assert commit(hooked, "-m", "main moved", environ={"COORDINAUT_HOOKS": "0"}).code == 0
        assert run(hooked, "rebase", "--quiet", "main", "work").code == 1, "docs/b.md conflicts"
        (hooked / "docs/b.md").write_text("both\n")
        git(hooked, "add", "docs/b.md")
        by_hand = commit(hooked, "--no-edit")
        assert by_hand.code == 0
        assert "goes on: a rebase or a cherry-pick is not stopped" in by_hand.err
        assert run(hooked, "rebase", "--continue").code == 0
        assert (trailers(hooked, "HEAD~1"), trailers(hooked)) == (signed(agent), [])
        git(hooked, "checkout", "--quiet", "-b", "picked", "main")
        assert run(hooked, "cherry-pick", "work~1", environ={"COORDINAUT_INSTANCE": "agent_2"}).code == 0
        assert trailers(hooked) == signed(agent)

    def test_a_revert_is_a_commit_like_any_other(self, hooked, agent):
        write(hooked, "src/a.py")
        assert commit(hooked, "-m", "mine").code == 0
        assert run(hooked, "revert", "--no-edit", "HEAD").code == 0
        assert trailers(hooked) == signed(agent)

    def test_a_submodule_has_hooks_and_claims_of_its_own(self, cli, hooked, agent, git, make_task):
        git(hooked, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(hooked), "src/sub")
        sub = hooked / "src/sub"
        assert cli(sub, "init", "--hooks").code == 0
        task = make_task(sub, "x/**")
        cli.json(sub, "claim", "--task", task, "--agent-instance", "agent_sub")
        write(sub, "x/a")
        assert commit(sub, "-m", "in the submodule").code == 0
        assert trailers(sub) == ["Agent: agent_sub", "Agent-Instance: agent_sub", f"Agent-Task: {task}"]
        git(hooked, "add", "src/sub")
        assert commit(hooked, "-m", "above", "src/sub").code == 0
        write(sub, "y")
        assert commit(sub, "-m", "no").code == 1

    def test_nothing_staged_needs_no_task(self, hooked):
        done = commit(hooked, "--allow-empty", "-m", "empty", environ={"COORDINAUT_INSTANCE": "agent_9"})
        assert (done.code, done.err) == (0, "")
        assert trailers(hooked) == ["Agent: agent_9", "Agent-Instance: agent_9"]


class TestWhatFollows:
    def test_a_promise_is_kept_by_the_commit_that_touches_the_files(self, cli, hooked, agent, make_task):
        wanted = make_task(hooked, "src/b.py")
        handoff = cli.json(
            hooked, "handoff", "request", "--task", wanted, "--reason", "r", "--agent-instance", "agent_2"
        )
        cli.json(hooked, "handoff", "respond", "--id", handoff["id"], "--status", "grant_after_commit")
        write(hooked, "src/a.py")
        assert commit(hooked, "-m", "another file").code == 0
        assert cli.json(hooked, "handoff", "list")["handoffs"][0]["status"] == "grant_after_commit"
        write(hooked, "src/b.py")
        done = commit(hooked, "-m", "the file")
        assert (done.code, done.err) == (0, "")
        assert cli.json(hooked, "handoff", "list")["handoffs"][0]["status"] == "completed"
        write(hooked, "src/b.py")
        assert commit(hooked, "-m", "not mine any more").code == 1

    def test_a_lease_that_is_due_is_renewed_and_the_agent_is_present(self, cli, hooked, agent, monkeypatch):
        short = cli.json(hooked, "claim", "--task", agent, "--ttl", "30d")["lease"]
        presence = hooked / ".git/coordinaut/presence/agent_1"
        os.utime(presence, (0, 0))
        write(hooked, "src/a.py")
        assert calls(hooked, "commit", "-qm", "nothing is due") == ["pre-commit"]
        assert presence.stat().st_mtime > 0
        assert cli.json(hooked, "status")["leases"][0]["expiresAt"] == short["expiresAt"]

    def test_nothing_that_follows_can_fail_the_commit(self, hooked, agent, git):
        """The state is unreadable from pre-commit on."""
        git(hooked, "update-ref", "refs/coordinaut/state", "HEAD")
        write(hooked, "src/a.py")
        done = commit(hooked, "-m", "all the same")
        assert done.code == 0
        assert "goes on: nothing could be checked" in done.err
        git(hooked, "config", "coordinaut.hooks", "block")
        write(hooked, "src/a.py")
        assert commit(hooked, "-m", "no").code == 1
