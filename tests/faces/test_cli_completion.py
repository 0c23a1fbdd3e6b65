"""What a shell is offered, as the completion scripts ask for it."""

import os

import pytest
from commands import Answer, program

ANN = ("--agent", "ann", "--agent-instance", "agent_ann")
BOB = ("--agent", "bob b.", "--agent-instance", "ci:bob@1")


@pytest.fixture
def offered(cli, project):
    """Asks as a script does; gives the offers as (value, help)."""

    def ask(line, *, shell="fish", cwd=project, **environ):
        asked = {"_COORDINAUT_COMPLETE": shell, "COMP_WORDS": f"coordinaut {line}", "COMP_CWORD": "", **environ}
        answer = cli(cwd, environ=asked)
        assert (answer.code, answer.err) == (0, "")
        rows = [line.split("\t") for line in answer.out.splitlines()]
        return [(row[1], row[2] if len(row) > 2 else "") for row in rows]

    return ask


def values(offers):
    return [value for value, _ in offers]


def test_commands_are_offered_with_what_they_do_and_their_options_too(offered):
    assert ("claim", "Take a task and hold its files for a while; claiming again widens or renews.") in offered("")
    assert values(offered("inb")) == ["inbox", "inbox-read"]
    assert values(offered("claim --ta")) == ["--task", "--takeover-reason"]
    assert "--root" in values(offered("--"))
    assert values(offered("--version inb")) == ["inbox", "inbox-read"]


def test_open_tasks_are_offered_by_urgency_and_closed_ones_once_their_day_is_typed(cli, project, offered, make_task):
    later, done, soon = (make_task(project, title=title) for title in ("Later", "Done", "Soon"))
    cli.json(project, "update", "--task", soon, "--priority", "0")
    cli.json(project, "update", "--task", done, "--status", "done")
    assert offered("claim --task ") == [(soon, "Soon"), (later, "Later")]
    assert values(offered("claim --task AGT-2")) == [soon, later]
    assert values(offered(f"claim --task {done[:12]}")) == [soon, later, done]
    assert values(offered(f"claim --task {done.lower()}")) == [done]
    stable = cli.json(project, "status", "--all")["tasks"][0]["id"]
    assert stable in values(offered("claim --task task_"))
    assert values(offered(f"create --title x --depends-on {soon},{later[:-1]}")) == [
        f"{soon},{one}" for one in (soon, later, done)
    ]


def test_instances_agents_and_threads_are_those_who_are_there(cli, project, offered, make_task):
    cli.json(project, "claim", "--task", make_task(project, "a"), *ANN, "--thread", "t-1", "--tool", "claude")
    cli.json(project, "claim", "--task", make_task(project, "b"), *BOB)
    assert offered("mine --agent-instance ") == [("agent_ann", "ann, claude"), ("ci:bob@1", "bob b., unknown")]
    assert values(offered("message --to-agent ")) == ["ann", "bob b."]
    assert values(offered("message --to-agent ", shell="bash")) == ["ann"], "bash takes a word as it is"
    assert offered("mine --thread ") == [("t-1", "ann")]


def test_bash_is_told_only_the_rest_of_what_it_takes_for_a_word(cli, project, offered, make_task):
    cli.json(project, "claim", "--task", make_task(project, "b"), *BOB)
    whole, split, after = (
        offered(f"mine --agent-instance {typed}", shell="bash", COMP_CWORD=word)
        for typed, word in (("ci", "ci"), ("ci:bob@", ""), ("ci:bob", "bob"))
    )
    assert (values(whole), values(split), values(after)) == (["ci:bob@1"], ["1"], ["bob@1"])


def test_unread_messages_are_offered_to_whoever_they_are_for(cli, project, offered):
    sent = [
        cli.json(project, "message", "--text", f"{n}\nmore", "--to-agent-instance", "agent_ann")["id"] for n in "12"
    ]
    named = "inbox-read --agent-instance agent_ann --messages "
    assert offered(named) == [(sent[1], "2 more"), (sent[0], "1 more")]
    cli.json(project, "inbox-read", "--agent-instance", "agent_ann", "--messages", sent[1])
    assert values(offered(f"{named}{sent[1]},")) == [f"{sent[1]},{sent[0]}"]
    assert offered("inbox-read --messages ") == []
    assert values(offered("inbox-read --messages ", COORDINAUT_INSTANCE="agent_ann")) == [sent[0]]


def test_handoffs_are_offered_until_nothing_more_can_come_of_them(cli, project, offered, make_task):
    cli.json(project, "claim", "--task", make_task(project, "src/**"), *ANN)
    asked = ("handoff", "request", "--task", make_task(project), "--files", "src/a.py,src/b.py", "--reason", "x", *BOB)
    handoff = cli.json(project, *asked)["id"]
    assert offered("handoff respond --id ") == [(handoff, "bob b.: src/a.py, src/b.py")]
    assert values(offered("handoff re")) == ["request", "respond"]
    assert values(offered("handoff respond --status ha")) == ["handoff_now"]
    cli.json(project, "handoff", "respond", "--id", handoff, "--status", "denied", *ANN)
    assert offered("handoff respond --id ") == []


def test_files_are_offered_from_the_root_as_patterns_are_anchored_there(project, offered):
    for path in ("src/deep/x", "src/a.py", "a[1].py", "b,c", "n\nl", "z ", "src/é"):
        (project / path).parent.mkdir(exist_ok=True, parents=True)
        (project / path).write_text("")
    (project / os.fsdecode(b"bad\xff")).write_text("")
    assert values(offered("claim --files ", cwd=project / "src")) == ["README.md", "src/"]
    assert values(offered("claim --files src/")) == ["src/a.py", "src/deep/", "src/é"]
    assert values(offered("claim --files README.md,src/d")) == ["README.md,src/deep/"]
    assert [offered(f"claim --files {typed}") for typed in ("/", "../", "src/../../", "none/", "/etc/")] == [[]] * 5


def test_branches_and_tags_are_offered_and_both_ends_of_a_range(project, offered, git):
    git(project, "branch", "topic")
    git(project, "tag", "v1")
    assert sorted(values(offered("explain --commit "))) == ["HEAD", "main", "topic", "v1"]
    assert values(offered("verify-commit-range --range main..to")) == ["main..topic"]


def test_words_that_never_change_and_remotes_are_offered(project, offered, git):
    git(project, "remote", "add", "team", "nowhere")
    assert values(offered("init --remote ")) == ["team"]
    assert values(offered("init --policy ")) == ["provisional", "confirmed"]
    assert values(offered("init --agents claude,ge")) == ["claude,gemini"]
    assert values(offered("mcp-config c")) == ["claude-code", "claude-desktop", "codex", "copilot", "cursor"]
    assert values(offered("update --status ver")) == ["verifying"]
    assert values(offered("completion ")) == ["bash", "zsh", "fish"]
    assert values(offered("update --check unit=p")) == ["unit=passed", "unit=pending"]
    assert offered("update --check unit") == []


def test_the_shell_is_asked_to_complete_what_is_relative_to_its_folder(cli, project):
    for line, kind in (("snapshot --output x", "file\tx"), ("-C sr", "dir\tsr")):
        asked = {"_COORDINAUT_COMPLETE": "zsh", "COMP_WORDS": f"coordinaut {line}"}
        assert cli(project, environ=asked).out == f"{kind}\n"


def test_the_root_that_is_said_on_the_line_is_the_one_that_is_asked(project, offered, make_task, tmp_path):
    task = make_task(project)
    for line in (f"-C {project} claim --task ", f"claim --root={project} --task ", "claim -C project --task "):
        assert values(offered(line, cwd=tmp_path)) == [task], line
    assert values(offered("claim --task ", cwd=tmp_path, COORDINAUT_ROOT=str(project))) == [task]
    assert values(offered("claim -C ~/project --task ", cwd=tmp_path, HOME=str(tmp_path))) == [task]


@pytest.mark.parametrize("line", ["claim --task ", "mine --agent ", "inbox-read --messages "])
def test_where_nothing_can_be_read_nothing_is_said(offered, tmp_path, repository, git, project, line):
    git(tmp_path, "init", "--quiet", "--bare", "bare.git")
    for folder in (tmp_path, repository, tmp_path / "bare.git"):
        assert offered(line, cwd=folder) == []
    assert offered("claim --files ", cwd=tmp_path / "bare.git") == []
    git(project, "update-ref", "refs/coordinaut/state", git(project, "rev-parse", "HEAD"))
    assert offered(line) == []


@pytest.mark.parametrize(
    "environ",
    [
        {"_COORDINAUT_COMPLETE": "bash_source"},
        {"_COORDINAUT_COMPLETE": "bash"},
        {"_COORDINAUT_COMPLETE": "zsh", "COMP_WORDS": "coordinaut 'open"},
        {"_COORDINAUT_COMPLETE": "fish", "COMP_WORDS": "coordinaut claim --priority\\"},
    ],
)
def test_a_question_that_makes_no_sense_is_answered_with_nothing(cli, project, environ):
    assert cli(project, environ=environ) == Answer(0, "", "")


def test_an_answer_writes_nothing(cli, project, offered, make_task):
    cli.json(project, "claim", "--task", make_task(project, "a"), *ANN)
    cli(project, "status")
    before = everything(project)
    for line in ("", "claim --task ", "mine --agent-instance ", "inbox-read --messages ", "claim --files "):
        offered(line)
    assert everything(project) == before


def everything(folder):
    return {path: (path.stat().st_mtime_ns, path.stat().st_size) for path in sorted(folder.rglob("*"))}


def test_titles_reach_the_shell_as_harmless_text_of_one_line(cli, project, offered, make_task):
    task = make_task(project, title="right\u202eleft " + "x" * 100)
    ((value, shown),) = offered("claim --task ")
    assert value == task
    assert shown.startswith("right\\u202eleft xxx")
    assert shown.endswith("x…")
    assert len(shown) == 80


def test_the_script_is_printed_outside_of_every_repository(tmp_path):
    for shell in ("bash", "zsh", "fish"):
        printed = program(["completion", shell], cwd=tmp_path)
        assert (printed.code, printed.err) == (0, "")
        assert f"_COORDINAUT_COMPLETE={shell}" in printed.out
        assert program(["completion", shell, "--json"], cwd=tmp_path).result == {"shell": shell, "script": printed.out}


@pytest.mark.parametrize("words", [(), ("powershell",), ("bash", "zsh")])
def test_another_shell_is_refused_with_those_that_there_are(cli, project, words):
    refused = cli(project, "completion", *words, "--json")
    assert refused.failure == (2, "usage")
    assert words == ("bash", "zsh") or "zsh" in refused.error["message"]
