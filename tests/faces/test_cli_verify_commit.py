"""verify-commit: what is staged and what the message says, before there is a commit."""

import os

import pytest

ANN = {"COORDINAUT_INSTANCE": "ann"}


@pytest.fixture
def task(cli, project, make_task):
    """A task over src/** that ann holds; gives its display id."""
    name = make_task(project, "src/**")
    cli.json(project, "claim", "--task", name, environ=ANN)
    return name


@pytest.fixture
def stage(project, git):
    """Writes files and stages them."""

    def make(*paths):
        for path in paths:
            (project / path).parent.mkdir(exist_ok=True)
            (project / path).write_text("new\n")
        git(project, "add", "--all")

    return make


@pytest.fixture
def check(cli, project, tmp_path):
    """Checks, with a message if one is given; gives the paths and reasons that are wrong."""

    def run(message=None, environ=ANN, cwd=project):
        words = []
        if message is not None:
            (tmp_path / "message").write_text(message)
            words = ["--message-file", str(tmp_path / "message")]
        answer = cli(cwd, "verify-commit", *words, "--json", environ=environ)
        if answer.code == 0:
            assert answer.result["violations"] == []
            return []
        assert answer.failure == (1, "unverified")
        return [(one["path"], one["reason"]) for one in answer.error["details"]["violations"]]

    return run


def message(task, who="ann"):
    return f"work\n\nAgent-Instance: {who}\nAgent-Task: {task}\n"


def test_only_what_is_staged_must_be_covered(task, stage, check, project):
    stage("src/a")
    (project / "stray.txt").write_text("not staged")
    assert check() == []
    stage("other.txt")
    assert check() == [("other.txt", "unclaimed"), ("stray.txt", "unclaimed")]


def test_nothing_staged_is_nothing_wrong(cli, task, project):
    assert cli(project, "verify-commit", environ=ANN).out.startswith("Nothing has changed")


def test_a_message_that_names_who_commits_for_which_task_passes(task, stage, check):
    stage("src/a")
    assert check(message(task)) == []


@pytest.mark.parametrize(
    ("text", "reasons"),
    [
        ("work\n", ["missing_trailer", "missing_trailer"]),
        ("", ["missing_trailer", "missing_trailer"]),
        ("work\n\nAgent-Instance: ann\n", ["missing_trailer"]),
        ("work\n\nAgent-Instance: ann\nAgent-Instance: ann\nAgent-Task: {task}\n", ["missing_trailer"]),
        ("work\n\nAgent-Instance: bob\nAgent-Task: {task}\n", ["never_held"]),
        ("work\n\nAgent-Instance: ann\nAgent-Task: AGT-20200101-001\n", ["unknown_task"]),
        ("work\n\nAgent-Instance: ann\nAgent-Task: {task}\n\nmore\n", ["missing_trailer", "missing_trailer"]),
        ("work\n# ------------------------ >8 ------------------------\n\nAgent-Instance: ann\nAgent-Task: {task}\n",
         ["missing_trailer", "missing_trailer"]),
    ],
)  # fmt: skip
def test_a_message_that_is_not_clear_or_true_is_refused(task, stage, check, text, reasons):
    stage("src/a")
    assert check(text.format(task=task)) == [(None, reason) for reason in reasons]


def test_a_task_that_somebody_else_holds_is_not_ours_to_name(cli, task, stage, check, project, make_task):
    theirs = make_task(project, "docs/**")
    cli.json(project, "claim", "--task", theirs, "--agent-instance", "bob")
    stage("src/a")
    assert check(message(theirs)) == [(None, "never_held")]


def test_a_file_of_another_task_of_ours_is_outside_the_one_that_is_named(cli, task, stage, check, project, make_task):
    other = make_task(project, "docs/**")
    cli.json(project, "claim", "--task", other, environ=ANN)
    stage("src/a", "docs/a")
    assert check() == []
    assert check(message(task)) == [("docs/a", "outside_task_scope")]
    assert check(f"{message(task)}Agent-Task: {other}\n") == []


def test_hostile_names_come_out_whole_and_harmless(cli, task, stage, project, git):
    names = [b"-rf", b"a\nb", b"\xff\x1b[31m", b'"']
    stage(*map(os.fsdecode, names))
    answer = cli(project, "verify-commit", "--json", environ=ANN)
    found = {os.fsencode(one["path"]) for one in answer.error["details"]["violations"]}
    assert found == set(names)
    assert "\x1b" not in cli(project, "verify-commit", environ=ANN).err


def test_a_message_file_is_looked_for_where_one_stands(cli, task, stage, project):
    stage("src/a")
    (project / "src" / "note").write_text(message(task))
    assert cli(project / "src", "verify-commit", "--message-file", "note", environ=ANN).code == 0
    assert cli(project, "-C", "src", "verify-commit", "--message-file", "note", environ=ANN).code == 0
    for missing in ("note", "src", "no\nsuch", "\x1b[31m"):
        answer = cli(project, "verify-commit", "--message-file", missing, "--json", environ=ANN)
        assert answer.failure == (3, "no_message_file")


def test_nobody_in_particular_commits_for_nobody(cli, project):
    assert cli(project, "verify-commit", "--json").failure == (2, "no_instance")


def test_what_is_wrong_is_shown_with_the_message_apart(cli, task, stage, project, tmp_path):
    stage("src/a", "other")
    (tmp_path / "m").write_text(message(task, "bob"))
    shown = cli(project, "verify-commit", "--message-file", str(tmp_path / "m"), environ=ANN).err
    assert "1 of 2 staged paths are not covered by a lease of ann; 1 thing is wrong with the trailers" in shown
    assert "(the message)  the task was never held" in shown
    assert "names bob, but it is ann that commits" in shown
