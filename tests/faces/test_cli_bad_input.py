"""What makes no sense is refused with the right code, in words, and nothing is written."""

import os

import pytest
from commands import program

ME = ("--agent-instance", "agent_me")
BAD_PATTERNS = [
    "/etc/passwd", "..", "../x", "a/../b", "a/..", ".", "a//b", ".git", ".git/config", "sub/.GIT/x", "!a", "a\nb",
    "a\x1b[31m", "[", "a[b", "[z-a]", "x" * 1025, "a\\",
]  # fmt: skip
BAD_DURATIONS = [
    "0s",
    "-1s",
    "1y",
    "99999999999h",
    "31d",
    "999ms",
    "",
    "30",
    "1.5h",
    "\uff11s",
    "1h30m",
    "99999d",
    " 1s",
]


@pytest.fixture(scope="module")
def busy(tmp_path_factory, cli, fresh_project, git):
    """A project with a held task 001 and two open ones; nothing in this module may change it."""
    import shutil

    root = tmp_path_factory.mktemp("busy") / "project"
    shutil.copytree(fresh_project, root)
    for name in ("a", "b", "c"):
        cli.json(root, "create", "--title", name, "--files", name)
    cli.json(root, "claim", "--task", day(root, cli) + "-001", *ME)
    return root


@pytest.fixture
def refused(busy, cli, head):
    """Runs a command that must fail and write nothing; gives its error with the exit code."""

    def run(*words, environ=None, cwd=busy):
        before = head(busy)
        answer = cli(cwd, "--json", *words, environ=environ)
        assert answer.err == ""
        assert head(busy) == before
        error = answer.error
        assert isinstance(error["message"], str)
        assert error["message"].endswith((".", "?")), error
        assert error["hint"] is None or error["hint"]
        assert len(error["message"]) < 600, "a message quotes the beginning of what was given, not all of it"
        in_words = cli(cwd, *words, environ=environ)
        assert (in_words.code, in_words.out) == (answer.code, "")
        assert in_words.err.startswith("error: ")
        assert "\x1b" not in in_words.err
        return answer.code, error["kind"], error["code"]

    return run


def day(root, cli):
    return cli.json(root, "status")["tasks"][0]["displayId"][:12]


@pytest.mark.parametrize("pattern", BAD_PATTERNS, ids=lambda pattern: repr(pattern[:12]))
def test_a_bad_pattern_is_refused(refused, busy, cli, pattern):
    held = ("--task", day(busy, cli) + "-001", *ME)
    for words in (("create", "--title", "t"), ("conflicts",), ("claim", *held), ("update", *held)):
        assert refused(*words, "--files", f"ok,{pattern}") == (2, "invalid", "bad_pattern"), words


def test_no_pattern_at_all_claims_nothing(refused, busy, cli):
    assert refused("claim", "--task", day(busy, cli) + "-001", "--files=", "--agent-instance", "b")[0] == 1


def test_too_many_patterns_are_refused(refused, cli, project):
    many = [f"f{number}" for number in range(257)]
    assert refused("create", "--title", "t", "--files", ",".join(many))[:2] == (2, "invalid")
    assert refused("create", "--title", "t", environ={"COORDINAUT_FILES": ",".join(many)})[:2] == (2, "invalid")
    assert len(cli.json(project, "create", "--title", "t", "--files", ",".join(many[1:]))["files"]) == 256


@pytest.mark.parametrize(
    ("task", "expected"),
    [
        ("AGT-2", (3, "not_found", "ambiguous_id")),
        ("task_", (3, "not_found", "ambiguous_id")),
        ("AGT-19990101-001", (3, "not_found", "no_such_task")),
        ("task_19990101_001_0123456789ab", (3, "not_found", "no_such_task")),
        ("AGT-99999999999", (2, "invalid", "bad_task_id")),
        ("AGT-20261122-9999999999", (2, "invalid", "bad_task_id")),
        ("001", (2, "invalid", "bad_task_id")),
        ("task_../../x", (2, "invalid", "bad_task_id")),
        ("\x1b[31m", (2, "invalid", "bad_task_id")),
        ("x" * 100_000, (2, "invalid", "bad_task_id")),
        ("task_" + "0" * 100_000, (2, "invalid", "bad_task_id")),
        ("AGT-\u0661", (2, "invalid", "bad_task_id")),
    ],
    ids=lambda value: repr(value)[:24],
)
def test_an_id_that_names_no_one_task_is_refused(refused, task, expected):
    for command in ("claim", "update --next x", "release", "heartbeat", "watch"):
        name, *more = command.split()
        acting = () if name == "watch" else ME
        assert refused(name, "--task", task, *more, *acting) == expected, command
    assert refused("create", "--title", "t", "--depends-on", task) == expected


@pytest.mark.parametrize("command", ["claim", "update --next x", "release", "heartbeat", "watch"])
def test_an_empty_id_names_no_task(refused, command):
    name, *more = command.split()
    if name not in {"heartbeat", "watch"}:  # where an empty id would mean all of them, it is not asked for here
        assert refused(name, "--task", "", *more, *ME)[0] == 2


@pytest.mark.parametrize(
    ("title", "code"),
    [
        ("two\nlines", "control_character"),
        ("red \x1b[31m", "control_character"),
        ("bell\x07", "control_character"),
        ("line\u2028separator", "control_character"),
        ("", "empty_text"),
        (" \t ", "empty_text"),
        ("x" * 201, "text_too_long"),
        ("x" * 100_000, "text_too_long"),
    ],
    ids=lambda value: repr(value)[:24],
)
def test_a_bad_title_is_refused(refused, busy, cli, title, code):
    assert refused("create", "--title", title) == (2, "invalid", code)
    first = day(busy, cli) + "-001"
    assert refused("update", "--task", first, "--title", title, *ME) == (2, "invalid", code)
    if title.strip():
        assert refused("create", environ={"COORDINAUT_TITLE": title}) == (2, "invalid", code)


def test_bytes_that_are_no_text_are_refused(busy, head):
    before = head(busy)
    for words in (["create", b"--title=caf\xe9"], ["claim", b"--task=\xff"], ["create", "--title=t", b"--files=\xff"]):
        answer = program([*words, "--json"], cwd=busy)
        assert answer.code == 2, answer
        assert answer.error["kind"] == "invalid"
    named = program(["create", "--title", "t", "--json"], cwd=busy, environ={b"COORDINAUT_AGENT": b"\xff"})
    assert named.code == 2
    missing = program(["-C", os.fsdecode(b"/nowhere\xff"), "status"], cwd=busy)
    assert (missing.code, missing.out) == (6, "")
    assert "\\xff" in missing.err
    assert head(busy) == before


def test_a_long_text_is_bounded(refused, busy, cli):
    first, text = day(busy, cli) + "-001", "é" * 8193
    for option in ("--next", "--blocker"):
        assert refused("update", "--task", first, option, text, *ME) == (2, "invalid", "text_too_long")
    assert refused("release", "--task", first, "--reason", text, *ME) == (2, "invalid", "text_too_long")
    assert refused("update", "--task", first, *ME, *["--blocker", "b"] * 65) == (2, "invalid", "too_many")


@pytest.mark.parametrize("duration", BAD_DURATIONS)
def test_a_bad_duration_is_refused(refused, busy, cli, duration):
    first = day(busy, cli) + "-001"
    assert refused("claim", "--task", first, "--ttl", duration, *ME) == (2, "invalid", "bad_duration")
    assert refused("heartbeat", "--task", first, "--ttl", duration, *ME) == (2, "invalid", "bad_duration")
    assert refused("heartbeat", "--ttl", duration, *ME) == (2, "invalid", "bad_duration")


@pytest.mark.parametrize(
    "words",
    [
        ("update", "--status", "finished"),
        ("update", "--priority", "high"),
        ("update", "--priority", "1.5"),
        ("release", "--status", ""),
        ("claim", "--mode", "Exclusive!"),
        ("claim", "--tool", "emacs"),
    ],
    ids=" ".join,
)
def test_a_word_outside_its_vocabulary_is_refused(refused, busy, cli, words):
    name, *more = words
    assert refused(name, "--task", day(busy, cli) + "-001", *more, *ME) == (2, "invalid", "usage")


@pytest.mark.parametrize("priority", ["-1", "5", "99999999999999999999999"])
def test_a_priority_outside_its_range_is_refused(refused, priority):
    assert refused("create", "--title", "t", "--priority", priority) == (2, "invalid", "bad_priority")


@pytest.mark.parametrize("check", ["unit", "unit=maybe", "=passed", "unit=", "a\nb=passed"])
def test_a_bad_check_is_refused(refused, busy, cli, check):
    first = day(busy, cli) + "-001"
    assert refused("update", "--task", first, "--check", check, *ME)[:2] == (2, "invalid")


@pytest.mark.parametrize(
    "instance", ["../../etc/passwd", "a b", "a/b", "-x", ".", "é", "x" * 129, "a\nb", "a\x1b"], ids=repr
)
def test_a_bad_instance_is_refused_and_never_a_path(refused, busy, cli, instance):
    first = day(busy, cli) + "-001"
    for words in (
        ("claim", "--task", first), ("update", "--task", first, "--next", "x"), ("release", "--task", first),
        ("heartbeat",), ("verify-worktree",),
    ):  # fmt: skip
        assert refused(*words, f"--agent-instance={instance}") == (2, "invalid", "bad_identifier"), words
    assert refused("create", "--title", "t", environ={"COORDINAUT_INSTANCE": instance})[0] == 2
    assert {path.name for path in (busy / ".git" / "coordinaut" / "instances").iterdir()} <= {"main"}


@pytest.mark.parametrize("name", ["two\nlines", "x" * 65, "\x1b[31m"], ids=repr)
def test_a_bad_name_of_an_agent_is_refused(refused, name):
    assert refused("create", "--title", "t", "--agent", name)[:2] == (2, "invalid")


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("create",), "usage"),
        (("update",), "usage"),
        (("release",), "usage"),
        (("claim", *ME), "no_task"),
        (("claim", "--task"), "usage"),
        (("status", "--al"), "usage"),
        (("status", "extra"), "usage"),
        (("status", "--all=yes"), "usage"),
        (("frobnicate",), "usage"),
        (("--nonsense", "status"), "usage"),
        (("watch", "--limit", "0"), "bad_limit"),
        (("watch", "--limit", "-1"), "bad_limit"),
        (("watch", "--limit", "99999999999999999999"), "bad_limit"),
        (("watch", "--limit", "x"), "usage"),
        (("watch", "--since", "yesterday"), "bad_instant"),
        (("watch", "--since", "2026-11-22"), "bad_instant"),
        (("watch", "--since", "1y"), "bad_duration"),
        (("watch", "--since", "x" * 100_000), "bad_instant"),
        (("conflicts", "--mode", "loud"), "usage"),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, tuple) else value,
)
def test_a_request_that_makes_no_sense_is_refused(refused, words, code):
    assert refused(*words) == (2, "invalid", code)


@pytest.mark.parametrize("since", ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"])
def test_what_lies_beyond_the_ends_of_time_is_no_instant(refused, since):
    assert refused("watch", "--since", since) == (2, "invalid", "bad_instant")


def test_the_longest_while_ago_is_before_everything(busy, cli):
    assert len(cli.json(busy, "watch", "--since", "999999999d")["events"]) == 4


def test_an_event_that_is_not_there_is_not_found(refused, cli, project):
    unknown = "op_" + "0" * 24
    assert refused("watch", "--since", unknown) == (3, "not_found", "no_such_event")
    assert cli(project, "watch", "--since", unknown, "--json").failure == (3, "no_such_event"), "on an empty line too"


def test_an_update_must_say_something(refused, busy, cli):
    first = day(busy, cli) + "-001"
    assert refused("update", "--task", first, *ME) == (2, "invalid", "nothing_to_update")


def test_the_rules_say_no_in_words(refused, busy, cli):
    first, second = (f"{day(busy, cli)}-00{number}" for number in (1, 2))
    assert refused("update", "--task", second, "--status", "claimed", *ME) == (1, "refused", "not_claimed")
    assert refused("release", "--task", second, *ME) == (1, "refused", "not_claimed")
    assert refused("heartbeat", "--task", second, *ME) == (1, "refused", "not_claimed")
    assert refused("release", "--task", first, "--status", "claimed", *ME) == (2, "invalid", "bad_status")
    assert refused("update", "--task", first, "--depends-on", first, *ME) == (2, "invalid", "circular_dependency")
    assert refused("claim", "--task", second, "--files", "a", "--agent-instance", "b") == (
        1,
        "refused",
        "scope_conflict",
    )


def test_a_title_may_be_any_plain_text(cli, project, git):
    for title in ("x" * 200, "--json", "-C /", "a,b=c; $(rm -rf /) `x` %s {0} \\n", "日本語 🦀 é", "[markup] #1 @all"):
        made = cli.json(project, "create", f"--title={title}")
        assert made["title"] == title
    assert git(project, "log", "-1", "--format=%s", "refs/coordinaut/state").endswith(" [markup] #1 @all")
