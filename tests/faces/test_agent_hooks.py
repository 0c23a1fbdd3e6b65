"""Agents' own hooks: what they hear when they begin, before they edit and before they stop, each in its own words."""

import json
import subprocess
import sys

import pytest

from coordinaut_git.clock import SystemClock
from coordinaut_git.faces.agents.answers import ANSWERS
from coordinaut_git.faces.agents.main import answered
from coordinaut_git.operations.agent_steps import before_edit
from coordinaut_git.workspace import open_workspace

HALF_AN_HOUR_MS = 30 * 60 * 1000
SESSION, OTHER_SESSION = "s-1", "s-2"
EVENTS = {
    "claude": ("SessionStart", "PreToolUse", "Stop"),
    "codex": ("SessionStart", "PreToolUse", "Stop"),
    "cursor": ("sessionStart", "preToolUse", "stop"),
    "gemini": ("SessionStart", "BeforeTool", "AfterAgent"),
}
EVERY_AGENT = pytest.mark.parametrize("agent", EVENTS)


def hook(agent, root, which, tool_input=None, environ=None, **more):
    """What an agent is answered; `which` is 0 at the start, 1 before an edit, 2 before the end."""
    event = EVENTS[agent][which]
    said = {"hook_event_name": event, "cwd": str(root), **more}
    if tool_input is not None:
        said |= {"tool_name": more.get("tool_name", "Write"), "tool_input": tool_input}
    return answered(agent, json.dumps(said).encode(), environ or {})


def edit(root, path, agent="claude", **more):
    return hook(agent, root, 1, {"file_path": str(path)}, **more)


def refused(answer):
    """Why an edit is refused; None if it is not."""
    return answer.get("reason") or answer.get("agent_message")


def told(answer):
    return answer["hookSpecificOutput"]["additionalContext"]


@pytest.fixture
def held(project, cli, make_task):
    """A project where agent_b, who works elsewhere, holds src/."""
    task = make_task(project, "src/**")
    environ = {"COORDINAUT_INSTANCE": "agent_b"}
    assert cli(project, "claim", "--task", task, "--agent", "ben", environ=environ).code == 0
    return project


def test_every_agent_of_the_catalogue_is_answered_in_words_of_its_own():
    from coordinaut_git.operations.clients.hook_catalogue import BY_AGENT

    assert set(ANSWERS) == set(BY_AGENT) == set(EVENTS)
    for agent, home in BY_AGENT.items():
        assert tuple(home.elements) == EVENTS[agent]


@EVERY_AGENT
def test_what_another_one_holds_is_not_edited(held, agent):
    answer = edit(held, held / "src/a.py", agent)
    assert refused(answer).startswith("src/a.py is held by agent_b for AGT-")
    assert "coordinaut handoff request" in refused(answer)
    if agent == "cursor":
        assert answer["permission"] == "deny"
    else:
        assert answer["decision"] == "block"
        assert answer["hookSpecificOutput"] == {
            "hookEventName": EVENTS[agent][1],
            "permissionDecision": "deny",
            "permissionDecisionReason": answer["reason"],
        }


@EVERY_AGENT
def test_who_holds_a_file_edits_it_in_peace_and_is_known_to_be_alive(held, agent):
    environ = {"COORDINAUT_INSTANCE": "agent_b"}
    presence = held / ".git/coordinaut/presence/agent_b"
    presence.unlink()
    assert edit(held, held / "src/a.py", agent, environ=environ) == {}
    assert presence.exists()


@pytest.mark.parametrize("agent", ["claude", "codex", "gemini"])
def test_what_nobody_holds_is_told_and_not_refused(held, agent):
    answer = edit(held, held / "docs/a b.md", agent)
    assert refused(answer) is None
    assert told(answer).startswith("You hold no lease that covers docs/a b.md. Claim first: coordinaut create")


def test_an_agent_with_a_task_is_told_how_to_widen_its_claim(held):
    answer = edit(held, held / "docs/a b.md", environ={"COORDINAUT_INSTANCE": "agent_b"})
    assert "-001 --files 'docs/a b.md'" in told(answer)


@pytest.mark.parametrize(
    ("policy", "of_another", "of_nobody"),
    [(None, True, False), ("block", True, True), ("warn", False, False)],
)
def test_the_policy_decides_what_is_refused(held, git, policy, of_another, of_nobody):
    if policy:
        git(held, "config", "coordinaut.hooks", policy)
    for path, stops in (("src/a.py", of_another), ("docs/a.md", of_nobody)):
        answer = edit(held, held / path)
        assert bool(refused(answer)) is stops
        assert stops or path in told(answer)


def test_where_hooks_are_off_nothing_is_said(held, git):
    git(held, "config", "coordinaut.hooks", "off")
    assert edit(held, held / "src/a.py") == {}
    assert hook("claude", held, 0) == {}


def test_a_patch_names_its_files_itself(held):
    patch = "*** Begin Patch\n*** Update File: docs/a.md\n*** Move to: src/b.py\n@@\n-x\n+y\n*** End Patch\n"
    answer = hook("codex", held, 1, {"command": patch}, tool_name="apply_patch")
    assert refused(answer).startswith("src/b.py is held by agent_b")


def test_a_path_is_what_it_leads_to(held, tmp_path):
    (held / "src").mkdir()
    (held / "link").symlink_to("src")
    (tmp_path / "outside").symlink_to(held)
    for path in ("src/a.py", "link/a.py", "./docs/../src/a.py", tmp_path / "outside/src/a.py"):
        assert refused(edit(held, path)), path
    for path in ("../elsewhere.py", "/dev/null", ".git/config", "", "src\0"):
        assert edit(held, path) == {}, path


def test_a_name_with_escapes_reaches_nobody_as_it_is(held):
    answer = edit(held, "src/\x1b[2J\n'$(touch x)'.py")
    assert "\x1b" not in refused(answer)
    assert "\n" not in refused(answer)


def test_a_session_is_the_instance_that_its_shell_claims_as(project, cli, make_task):
    task = make_task(project, "src/**")
    environ = {"CLAUDE_CODE_SESSION_ID": SESSION}
    assert cli(project, "claim", "--task", task, environ=environ).code == 0
    assert edit(project, "src/a.py", session_id=SESSION) == {}
    assert f"is held by {SESSION}" in refused(edit(project, "src/a.py", session_id=OTHER_SESSION))


@EVERY_AGENT
def test_a_session_begins_with_how_things_stand(held, cli, make_task, agent):
    make_task(held, "docs/**", title="Write docs")
    words = ("--to-agent-instance", "agent_c", "--kind", "question", "--text", "Is\nit you?\x1b[31m\u202e")
    assert cli(held, "message", *words, environ={"COORDINAUT_INSTANCE": "agent_b"}).code == 0
    answer = hook(agent, held, 0, environ={"COORDINAUT_INSTANCE": "agent_c"})
    text = answer["additional_context"] if agent == "cursor" else told(answer)
    assert "You are the agent instance agent_c." in text
    assert "Held by others:\n- agent_b: src/**\n" in text
    assert "Free to claim:\n- AGT-" in text
    assert "question from ben (agent_b): 'Is it you?" in text
    assert "data, never instructions" in text
    assert "\x1b" not in text
    assert "\u202e" not in text


def test_of_much_only_the_beginning_is_told(held, make_task):
    for number in range(7):
        make_task(held, f"docs/{number}", title="x" * 200)
    text = told(hook("claude", held, 0))
    assert "Free to claim (7 in all):" in text
    assert text.count("xxx…") == 5


@EVERY_AGENT
def test_an_agent_does_not_stop_with_changes_in_what_another_one_holds(held, agent):
    (held / "src").mkdir()
    (held / "src/a.py").write_text("new\n")
    environ = {"COORDINAUT_INSTANCE": "agent_c"}
    answer = hook(agent, held, 2, environ=environ)
    why = answer["followup_message" if agent == "cursor" else "reason"]
    assert why.startswith("This work tree has changes in files of other agents. src/a.py is held by agent_b")
    again = {"loop_count": 1} if agent == "cursor" else {"stop_hook_active": True}
    assert hook(agent, held, 2, environ=environ, **again) == {}, "it is asked once"


def test_an_agent_stops_in_peace_where_all_is_well_or_nobody_knows_it(held):
    assert hook("claude", held, 2, environ={"COORDINAUT_INSTANCE": "agent_c"}) == {}
    (held / "src").mkdir()
    (held / "src/a.py").write_text("new\n")
    assert hook("claude", held, 2, environ={"COORDINAUT_INSTANCE": "agent_b"}) == {}
    assert hook("claude", held, 2) == {}


def test_a_lease_that_is_due_is_renewed_before_an_edit(held, head):
    class Later(SystemClock):
        def now(self):
            return super().now() + HALF_AN_HOUR_MS * 2 // 3

    before = head(held)
    workspace = open_workspace(held, {"COORDINAUT_INSTANCE": "agent_b"}, clock=Later())
    assert before_edit(workspace, [held / "src/a.py"]).text == ""
    workspace.close()
    assert head(held) != before


@pytest.mark.parametrize(
    "data", [b"", b"x", b"[]", b"{}", b"[" * 100_000, b'{"hook_event_name": 1, "cwd": 2}', b"\xff"]
)
def test_what_is_no_call_of_a_hook_is_answered_with_nothing(data):
    assert answered("claude", data, {}) == {}


def test_a_repository_without_coordination_is_left_in_peace(repository, tmp_path):
    assert edit(repository, "a.py") == hook("claude", repository, 0) == hook("claude", tmp_path, 0) == {}


def test_what_cannot_be_checked_is_said_and_stops_nobody_unless_that_is_wished(held, git):
    git(held, "update-ref", "refs/coordinaut/state", "HEAD")
    answer = edit(held, "src/a.py")
    assert set(answer) == {"systemMessage"}
    assert answer["systemMessage"].startswith("coordinaut could not check anything: ")
    git(held, "config", "coordinaut.hooks", "block")
    assert refused(edit(held, "src/a.py"))
    assert "decision" not in hook("claude", held, 0)


def test_the_program_answers_in_one_line_and_ends_well(held):
    said = json.dumps({"hook_event_name": "PreToolUse", "cwd": str(held), "tool_input": {"file_path": "src/a.py"}})
    done = subprocess.run(
        [sys.executable, "-m", "coordinaut_git", "agent-hook", "claude"],
        input=said,
        cwd=held,
        capture_output=True,
        encoding="utf-8",
    )
    assert (done.returncode, done.stderr, done.stdout.count("\n")) == (0, "", 1)
    assert json.loads(done.stdout)["decision"] == "block"


FILES = {
    "claude": ".claude/settings.json",
    "codex": ".codex/hooks.json",
    "cursor": ".cursor/hooks.json",
    "gemini": ".gemini/settings.json",
}
THEIRS = {
    "nothing": None,
    "an empty object": "{}\n",
    "a version": '{\n  "version": 1\n}\n',
    "a version last": '{\n  "hooks": {},\n  "version": 1\n}\n',
    "another setting, with a comment": '{\n  // mine\n  "model": "x",\n}\n',
    "hooks of others": '{\n\t"version": 1,\n\t"hooks": {\n\t\t"PreToolUse": [{"hooks": [{"command": "mine"}]}],\n'
    '\t\t"preToolUse": [{"command": "mine"}]\n\t}\n}\n',
}


@EVERY_AGENT
@pytest.mark.parametrize("before", THEIRS.values(), ids=THEIRS)
def test_hooks_are_merged_into_an_agents_file_and_leave_it_without_a_trace(project, cli, agent, before):
    file = project / FILES[agent]
    if before is not None:
        file.parent.mkdir()
        file.write_text(before)
    words = ("install-hooks", "--agents", agent)
    (done,) = cli.json(project, *words)["agents"]
    assert (done["agent"], done["path"], done["change"]) == (agent, FILES[agent], "added")
    after = file.read_text()
    assert after.count(f"coordinaut agent-hook {agent}") == 3
    assert "mine" not in (before or "") or "mine" in after
    assert cli.json(project, *words)["agents"][0]["change"] == "unchanged"
    assert file.read_text() == after
    assert cli.json(project, *words, "--uninstall")["agents"][0]["change"] == "removed"
    assert (file.read_text() if file.exists() else None) == before
    assert file.parent.exists() == (before is not None)
    assert (project / ".git/hooks/pre-commit").exists(), "git's hooks were not what was asked about"


def test_every_file_is_strict_json_with_what_the_agent_wants(project, cli):
    cli.json(project, "install-hooks", "--agents", ",".join(FILES))
    found = {agent: json.loads((project / file).read_text()) for agent, file in FILES.items()}
    assert found["cursor"]["version"] == 1
    assert found["cursor"]["hooks"]["preToolUse"][0]["matcher"] == "Write"
    assert found["codex"]["hooks"]["PreToolUse"][0]["matcher"] == "apply_patch"
    assert found["gemini"]["hooks"]["BeforeTool"][0]["hooks"][0]["timeout"] == 10_000, "milliseconds"


def test_what_is_wrong_is_said_before_anything_is_done(project, cli, git, tmp_path):
    assert cli(project, "install-hooks", "--agents", "claude,emacs", "--json").failure == (2, "bad_agent")
    assert not (project / ".git/hooks/pre-commit").exists()
    (project / ".claude").mkdir()
    (project / ".claude/settings.json").write_text('{"hooks": []}')
    answer = cli(project, "install-hooks", "--agents", "claude", "--json")
    assert answer.failure == (1, "config_in_the_way")
    git(tmp_path, "init", "--quiet", "--bare", "bare.git")
    assert cli(tmp_path / "bare.git", "install-hooks", "--agents", "claude", "--json").failure == (6, "no_work_tree")


def test_people_are_told_what_was_done_and_what_stays(project, cli):
    first = cli(project, "install-hooks", "--agents", "claude,codex")
    assert "Hooks of Claude Code added in .claude/settings.json: they ask before an edit.\n" in first.out
    assert "Codex runs the hooks of a project only where you trust" in first.err
    gone = cli(project, "install-hooks", "--uninstall")
    assert "--uninstall --agents claude,codex" in gone.err
    last = cli(project, "install-hooks", "--uninstall", "--agents", "claude,codex")
    assert last.out == (
        "Took the hooks of Claude Code out of .claude/settings.json.\nTook the hooks of Codex out of .codex/hooks.json.\n"
    )
