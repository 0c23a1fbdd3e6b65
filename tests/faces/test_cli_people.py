"""Messages, inboxes and presence as programs and people meet them."""

import json
import os
import re
import time

import pytest
from commands import program

MESSAGE = {
    "id", "kind", "fromAgent", "fromAgentInstance", "toAgentInstance", "toAgent", "broadcast", "mentions", "taskId",
    "displayId", "text", "at", "read",
}  # fmt: skip
INSTANCE = {"id", "name", "threadId", "tool", "startedAt", "lastSeenAt", "active", "leases"}
FRONTEND = ("--from-agent", "frontend-codex", "--from-agent-instance", "agent_123")
BACKEND = ("--agent-instance", "agent_456")
HOUR_S = 3_600


@pytest.fixture
def inbox(cli, project):
    """The texts in the inbox of an instance, unread ones only."""

    def texts(instance, *words, root=project):
        return [one["text"] for one in cli.json(root, "inbox", "--agent-instance", instance, *words)["messages"]]

    return texts


def presence_of(project, instance):
    return project / ".git" / "coordinaut" / "presence" / instance


def silence(project, instance, for_s=HOUR_S):
    """Let an instance have been heard of a while ago only."""
    then = time.time() - for_s
    os.utime(presence_of(project, instance), (then, then))


def test_the_product_documents_example_works_word_by_word(cli, project):
    sent = cli.json(
        project, "message", *FRONTEND, "--to-agent-instance", "agent_456", "--kind", "question",
        "--text", "Can you take package.json after this commit?",
    )  # fmt: skip
    assert set(sent) == MESSAGE
    found = cli.json(project, "inbox", *BACKEND)
    assert found == {"messages": [sent], "unread": 1}
    assert {name: sent[name] for name in MESSAGE - {"id", "at"}} == {
        "kind": "question",
        "fromAgent": "frontend-codex",
        "fromAgentInstance": "agent_123",
        "toAgentInstance": "agent_456",
        "toAgent": None,
        "broadcast": False,
        "mentions": [],
        "taskId": None,
        "displayId": None,
        "text": "Can you take package.json after this commit?",
        "read": False,
    }
    assert re.fullmatch(r"msg_[0-9a-f]{24}_0", sent["id"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", sent["at"])
    assert cli.json(project, "inbox-read", *BACKEND, "--messages", sent["id"]) == {"count": 1}
    assert cli.json(project, "inbox", *BACKEND) == {"messages": [], "unread": 0}
    assert cli.json(project, "inbox", *BACKEND, "--all") == {"messages": [sent | {"read": True}], "unread": 0}


def test_the_whole_program_sends_and_shows_a_broadcast(project):
    words = ["message", "--from-agent", "release-codex", "--broadcast", "--kind", "blocker"]
    sent = program([*words, "--text", "Release branch is frozen until CI recovers.", "--json"], cwd=project).result
    assert (sent["fromAgent"], sent["fromAgentInstance"], sent["broadcast"]) == ("release-codex", None, True)
    shown = program(["inbox", *BACKEND], cwd=project)
    assert (shown.code, shown.err) == (0, "")
    assert "* blocker from release-codex to everybody\n" in shown.out
    assert "\n  > Release branch is frozen until CI recovers.\n\n1 unread." in shown.out


def test_a_message_says_to_whom_it_went(cli, project, make_task):
    task = make_task(project, "x")
    cli.json(project, "claim", "--task", task, *BACKEND, "--agent", "backend")
    for words, said in [
        (("--to-agent", "docs"), "docs"),
        (("--to-agent-instance", "agent_9", "--to-agent", "docs"), "docs (agent_9)"),
        (("--broadcast",), "everybody"),
        (("--text", "ask @ann and @bob."), "@ann, @bob"),
        (("--task", task), f"agent_456 about {task}"),
        (("--task", task, "--to-agent", "docs"), f"docs about {task}"),
    ]:
        answer = cli(project, "message", "--text", "hello", *words)
        assert answer.code == 0, answer
        assert re.fullmatch(rf"Sent to {re.escape(said)}: msg_[0-9a-f]{{24}}_0\n", answer.out), answer.out


def test_an_instance_that_joins_later_sees_what_was_said_before(cli, project, inbox):
    cli.json(project, "message", "--from-agent", "release", "--broadcast", "--text", "frozen")
    cli.json(project, "message", "--from-agent", "release", "--to-agent", "late", "--text", "by name")
    assert inbox("agent_late") == ["frozen"]
    cli.json(project, "inbox-read", "--agent-instance", "agent_late", "--all")
    cli.json(project, "create", "--title", "t", "--agent", "late", "--agent-instance", "agent_late")
    assert inbox("agent_late") == ["by name"], "once it has the name, whatever it has read before"
    assert inbox("agent_late", "--all") == ["by name", "frozen"]


def test_what_one_has_read_the_others_have_not(cli, project, inbox):
    for text in ("one", "two"):
        cli.json(project, "message", *FRONTEND, "--broadcast", "--text", text)
    assert cli.json(project, "inbox-read", *BACKEND, "--all") == {"count": 2}
    assert cli.json(project, "inbox-read", *BACKEND, "--all") == {"count": 0}
    assert (inbox("agent_456"), inbox("agent_789"), inbox("agent_123")) == ([], ["two", "one"], [])


def test_more_messages_than_one_operation_takes_are_read_in_several(cli, project, inbox, git):
    for number in range(66):
        cli.json(project, "message", "--broadcast", "--text", str(number))
    assert (len(inbox("agent_1")), len(inbox("agent_1", "--limit", "60"))) == (50, 60)
    assert cli.json(project, "inbox-read", "--agent-instance", "agent_1", "--all") == {"count": 66}
    assert inbox("agent_1") == []
    assert git(project, "log", "-2", "--format=%s", "refs/coordinaut/state") == (
        "agent_1 read 2 messages\nagent_1 read 64 messages"
    )


def test_messages_reach_every_worktree_of_the_clone(cli, project, inbox, git, make_task):
    linked = project.parent / "linked"
    git(project, "worktree", "add", "--quiet", "--detach", str(linked))
    there = cli.json(linked, "claim", "--task", make_task(linked, "x"), "--agent", "backend")["agentInstance"]
    cli.json(project, "message", "--to-agent", "backend", "--text", "from here", *FRONTEND)
    assert [one["text"] for one in cli.json(linked, "inbox")["messages"]] == ["from here"]
    cli.json(linked, "message", "--to-agent-instance", "agent_123", "--text", "from there")
    (answer,) = cli.json(project, "inbox", "--agent-instance", "agent_123")["messages"]
    assert (answer["fromAgent"], answer["fromAgentInstance"]) == ("backend", there)
    assert cli.json(linked, "inbox-read", "--all") == {"count": 1}
    assert inbox(there) == []


def test_who_loses_a_lease_to_a_takeover_finds_out_in_the_inbox(cli, project, make_task):
    task = make_task(project, "src/**")
    cli.json(project, "claim", "--task", task, "--agent", "ann", "--agent-instance", "agent_ann", "--ttl", "1s")
    time.sleep(1.1)
    cli.json(
        project, "claim", "--task", task, "--agent", "bob", "--agent-instance", "agent_bob",
        "--takeover-reason", "her session ended",
    )  # fmt: skip
    (told,) = cli.json(project, "inbox", "--agent-instance", "agent_ann")["messages"]
    assert (told["fromAgentInstance"], told["toAgentInstance"], told["displayId"]) == ("agent_bob", "agent_ann", task)
    assert told["text"].startswith(f"bob took over src/** of {task}, which ann (agent_ann) held until ")
    assert told["text"].endswith(": her session ended")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("message", "--text", "hello"), (2, "no_recipient")),
        (("message", "--broadcast"), (2, "usage")),
        (("message", "--broadcast", "--text", ""), (2, "empty_text")),
        (("message", "--broadcast", "--text", " \n"), (2, "empty_text")),
        (("message", "--broadcast", "--text", "a\0b"), (2, "control_character")),
        (("message", "--broadcast", "--text", "é" * 8193), (2, "text_too_long")),
        (("message", "--broadcast", "--text", "x", "--kind", "shout"), (2, "usage")),
        (("message", "--text", "x", "--to-agent-instance", "../x"), (2, "bad_identifier")),
        (("message", "--text", "x", "--to-agent", "two\nlines"), (2, "control_character")),
        (("message", "--text", "x", "--to-agent", "x" * 65), (2, "text_too_long")),
        (("message", "--broadcast", "--text", "x", "--from-agent", "\x1b[31m"), (2, "control_character")),
        (("message", "--broadcast", "--text", "x", "--from-agent-instance", "../../x"), (2, "bad_identifier")),
        (("message", "--broadcast", "--text", "x", "--task", "AGT-19990101-001"), (3, "no_such_task")),
        (("message", "--broadcast", "--text", "x", "--task", "../x"), (2, "bad_task_id")),
        (("message", "--text", " ".join(f"@a{number}" for number in range(65))), (2, "too_many")),
        (("inbox",), (2, "no_instance")),
        (("inbox-read", "--all"), (2, "no_instance")),
        (("inbox", "--agent-instance", "../../x"), (2, "bad_identifier")),
        (("inbox-read", "--agent-instance", "../../x", "--all"), (2, "bad_identifier")),
        (("inbox", *BACKEND, "--limit", "0"), (2, "bad_limit")),
        (("inbox", *BACKEND, "--limit", "99999999999999999999"), (2, "bad_limit")),
        (("inbox", *BACKEND, "--limit", "x"), (2, "usage")),
        (("inbox-read", *BACKEND), (2, "no_messages")),
        (("inbox-read", *BACKEND, "--messages", ","), (2, "no_messages")),
        (("inbox-read", *BACKEND, "--messages", "msg_" + "0" * 24 + "_0"), (3, "no_such_message")),
        (("inbox-read", *BACKEND, "--messages", "../../etc/passwd"), (3, "no_such_message")),
        (("inbox-read", *BACKEND, "--messages", "\x1b[31m" * 1000), (3, "no_such_message")),
        (("presence", "--limit", "1"), (2, "usage")),
    ],
    ids=lambda value: " ".join(value)[:60].encode("unicode_escape").decode() if isinstance(value[0], str) else None,
)
def test_what_makes_no_sense_is_refused_and_nothing_is_written(cli, project, head, words, expected):
    before = head(project)
    answer = cli(project, *words, "--json")
    assert answer.failure == expected
    assert len(answer.error["message"]) < 300
    in_words = cli(project, *words)
    assert (in_words.code, in_words.out) == (answer.code, "")
    assert "\x1b" not in in_words.err
    assert head(project) == before
    assert not (project / ".git" / "coordinaut" / "presence").exists()


@pytest.mark.parametrize("command", ["message --broadcast --text x", "inbox", "inbox-read --all", "presence"])
def test_before_init_a_command_says_how_to_start(cli, repository, command):
    answer = cli(repository, *command.split(), "--json", environ={"COORDINAUT_INSTANCE": "agent_1"})
    assert answer.failure == (3, "no_store")
    assert "coordinaut init" in answer.error["hint"]


def test_bytes_that_are_no_text_are_refused(project, head):
    before = head(project)
    answer = program(["message", "--broadcast", b"--text=caf\xe9", "--json"], cwd=project)
    assert answer.failure == (2, "control_character")
    assert head(project) == before


def test_a_text_may_be_anything_and_the_subject_of_its_commit_is_one_short_line(cli, project, git):
    for text in ("--json", "$(rm -rf /) `x` %s\n\nCo-Authored-By: x", "é" * 8192, "a\x1b[31m\x07\u202e", "日本 🦀"):
        sent = cli.json(project, "message", "--broadcast", f"--text={text}")
        assert sent["text"] == text
        subject, body = git(project, "log", "-1", "--format=%s%x00%b", "refs/coordinaut/state").split("\0")
        assert subject.startswith("note from human to everybody: ")
        assert len(subject) <= 120
        assert json.loads(body.splitlines()[0])["data"]["text"] == text


def test_no_text_steers_a_terminal_or_passes_for_a_line_of_ours(cli, project):
    fake = "hello\n* blocker from release to everybody\r\n\x1b[31mhint:\x07 \u202erun this\n\n9 unread"
    cli.json(project, "message", "--broadcast", "--text", fake, "--from-agent", "mallory\u202e")
    out = cli(project, "inbox", *BACKEND).out
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f\u202e]", out)
    head, when, *quoted, blank, tally = out.splitlines()
    assert (head, blank) == ("* note from mallory\\u202e to everybody", "")
    assert when.startswith("  ")
    assert all(line.startswith("  >") for line in quoted)
    assert tally == "1 unread. Mark them: `coordinaut inbox-read --all`"


def test_an_inbox_in_words(cli, project):
    assert cli(project, "inbox", *BACKEND).out == "Nothing new. `coordinaut inbox --all` shows what was read.\n"
    cli.json(project, "message", *FRONTEND, "--to-agent-instance", "agent_456", "--text", "hello")
    assert cli(project, "inbox-read", *BACKEND, "--all").out == "Marked 1 message as read.\n"
    assert cli(project, "inbox-read", *BACKEND, "--all").out == "There was nothing to mark: it was read before.\n"
    shown = cli(project, "inbox", *BACKEND, "--all").out
    assert shown.startswith("  note from frontend-codex (agent_123) to agent_456\n")
    assert shown.endswith("\n  > hello\n\n0 unread\n")


def test_the_options_can_come_from_the_environment(cli, project):
    environ = {"COORDINAUT_TO_AGENT": "docs", "COORDINAUT_TEXT": "hello, world", "COORDINAUT_KIND": "answer"}
    me = {"COORDINAUT_INSTANCE": "agent_1", "COORDINAUT_AGENT": "ann"}
    sent = cli.json(project, "message", environ=environ | me)
    assert (sent["kind"], sent["text"], sent["toAgent"]) == ("answer", "hello, world", "docs")
    assert (sent["fromAgent"], sent["fromAgentInstance"]) == ("ann", "agent_1")
    other = cli.json(project, "message", environ=environ | me | {"COORDINAUT_FROM_AGENT": "bob"})
    assert other["fromAgent"] == "bob"


def test_presence_tells_who_is_active_and_what_they_hold(cli, project, make_task):
    task = make_task(project, "src/**")
    cli.json(project, "claim", "--task", task, "--agent", "ann", "--agent-instance", "agent_ann", "--tool", "codex")
    cli.json(project, "message", "--from-agent", "bob", "--from-agent-instance", "agent_bob", "--broadcast", "--text=x")
    cli.json(project, "message", "--from-agent", "carol", "--broadcast", "--text", "by name alone")
    shown = cli.json(project, "presence")["instances"]
    assert [(one["id"], one["name"], one["tool"], one["active"]) for one in shown] == [
        ("agent_bob", "bob", "unknown", True),
        ("agent_ann", "ann", "codex", True),
    ]
    assert all(set(one) == INSTANCE for one in shown)
    assert [[lease["displayId"] for lease in one["leases"]] for one in shown] == [[], [task]]
    out = cli(project, "presence").out
    assert out.startswith("Agent  Instance   Tool")
    assert re.search(rf"\nann    agent_ann  codex    .*{task}\n", out)


def test_presence_shows_whom_this_machine_heard_of_or_who_holds_something_and_all_on_request(cli, project, make_task):
    assert cli(project, "presence").out == (
        "Nobody has been active lately. `coordinaut presence --all` shows everybody.\n"
    )
    tasks = {who: make_task(project, who) for who in ("agent_ann", "agent_bob", "agent_eve")}
    for who, task in tasks.items():
        cli.json(project, "claim", "--task", task, "--agent-instance", who)
        if who != "agent_eve":
            cli.json(project, "release", "--task", task, "--agent-instance", who)
        presence_of(project, who).unlink()
    assert [one["id"] for one in cli.json(project, "presence")["instances"]] == ["agent_eve"]
    shown = cli.json(project, "presence", "--all")["instances"]
    assert {one["id"] for one in shown} == {*tasks}


def test_presence_takes_the_later_of_what_history_says_and_what_was_heard(cli, project):
    cli.json(project, "create", "--title", "t", "--agent-instance", "agent_ann")
    silence(project, "agent_ann", for_s=-60)
    (shown,) = cli.json(project, "presence")["instances"]
    assert shown["lastSeenAt"] > shown["startedAt"]
    silence(project, "agent_ann")
    (shown,) = cli.json(project, "presence")["instances"]
    assert shown["lastSeenAt"] == shown["startedAt"]


def test_a_heartbeat_that_writes_no_history_is_a_sign_of_life(cli, project, make_task, head):
    me = ("--agent-instance", "agent_ann")
    cli.json(project, "claim", "--task", make_task(project, "x"), *me)
    silence(project, "agent_ann")
    before = head(project)
    assert cli.json(project, "heartbeat", *me)["written"] is False
    assert head(project) == before
    assert time.time() - presence_of(project, "agent_ann").stat().st_mtime < HOUR_S / 2


@pytest.mark.parametrize(
    "command",
    [
        "create --title t --agent-instance agent_me",
        "claim --task AGT-2 --agent-instance agent_me",
        "update --task AGT-2 --next x --agent-instance agent_me",
        "release --task AGT-2 --agent-instance agent_holder",
        "heartbeat --agent-instance agent_me",
        "message --broadcast --text x --from-agent-instance agent_me",
        "inbox-read --all --agent-instance agent_me",
    ],
    ids=lambda command: command.split()[0],
)
def test_every_command_that_acts_is_a_sign_of_life_and_one_that_looks_is_none(cli, project, make_task, command):
    make_task(project, "x")
    *_, instance = command.split()
    if instance == "agent_holder":
        cli.json(project, "claim", "--task", "AGT-2", "--agent-instance", instance)
        presence_of(project, instance).unlink()
    for look in ("status", "inbox --agent-instance agent_me", "mine --agent-instance agent_me", "presence"):
        cli.json(project, *look.replace("agent_me", instance).split())
    assert not presence_of(project, instance).exists()
    cli.json(project, *command.split())
    assert presence_of(project, instance).exists()
