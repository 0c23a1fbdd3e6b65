"""A project on a server: set up as the product document says, with tokens of every kind, and with the server away."""

import os
import subprocess
import time

import pytest
from serving import ADMIN, Server
from storages import Place, environ_of, options

READER = {"reader-token": {"team": "platform", "role": "read"}}


@pytest.fixture(scope="module")
def local(tmp_path_factory):
    with Server(tmp_path_factory.mktemp("local"), READER) as running:
        yield running


@pytest.fixture
def far(repository, cli, local):
    """A repository whose state is on a server."""
    place = Place(repository, cli, "remote", environ_of("remote"))
    place.json("init", *options("remote", local))
    return place


def test_the_remote_set_up_of_the_product_document_word_by_word(cli, repository, tmp_path, git):
    environ = {"COORDINAUT_SERVER_TOKEN": "a-local-token"}
    with Server(tmp_path, {}, **environ) as server:
        here = Place(repository, cli, "remote", {"COORDINAUT_TOKEN": "a-local-token"})
        url = server.url.replace("127.0.0.1", "localhost")
        words = ("--storage", "remote", "--remote-url", url, "--team", "platform", "--project", "web-app")
        assert here("init", *words).code == 0
        assert here.json("init", *words)["created"] is False
        here.json("create", "--title", "Fix settings layout", "--files", "src/**")
        here.json("claim", "--next", "--agent", "frontend-codex", "--agent-instance", "agent_123")
        here.json("message", "--broadcast", "--text", "hello @backend", "--from-agent", "frontend-codex")
        assert here("doctor", "--deep").code == 0
        there = here.at(tmp_path / "second")
        git(tmp_path, "clone", "--quiet", str(repository), str(there.root))
        assert there.json("init", *words)["created"] is False
        assert [lease["agentInstance"] for lease in there.json("status")["leases"]] == ["agent_123"]
        assert there("claim", "--next", "--agent-instance", "agent_456", "--json").failure == (1, "nothing_ready")


def test_the_token_is_written_nowhere(far, repository):
    far.task("src/**")
    far.json("install-hooks")
    far("claim", "--next")
    held = subprocess.run(["grep", "-r", "-l", "-a", ADMIN, str(repository)], capture_output=True, text=True)
    assert held.stdout == ""


def test_another_checkout_may_follow_the_note_in_a_folder_that_it_names(far, git, tmp_path):
    second = far.at(tmp_path / "second")
    git(tmp_path, "clone", "--quiet", str(far.root), str(second.root))
    far.task("src/**", title="on the server")
    words = ("--state-dir", str(far.root / ".coordinaut"))
    assert second.json("init", *words)["storage"] == "remote"
    assert [task["title"] for task in second.json("status")["tasks"]] == ["on the server"]


@pytest.mark.parametrize(
    ("words", "failure"),
    [
        (("--remote-url", "http://localhost:1"), (2, "no_server")),
        (("--remote-url", "http://a:b@localhost:1", "--team", "x", "--project", "y"), (2, "bad_remote_url")),
        (("--remote-url", "ftp://localhost", "--team", "x", "--project", "y"), (2, "bad_remote_url")),
        (("--remote-url", "localhost:3737", "--team", "x", "--project", "y"), (2, "bad_remote_url")),
        (("--remote-url", "http://localhost:1", "--team", "..", "--project", "y"), (2, "bad_remote_name")),
        (("--remote-url", "http://localhost:1", "--team", "x", "--project", "a/b"), (2, "bad_remote_name")),
        (("--remote-url", "http://localhost:1", "--team", "x", "--project", "y"), (5, "remote_unreachable")),
    ],
)
def test_what_cannot_be_set_up_is_said_and_leaves_nothing(cli, repository, git, words, failure):
    environ = {"COORDINAUT_TOKEN": "t", "COORDINAUT_REMOTE_TIMEOUT": "2"}
    assert cli(repository, "init", "--storage", "remote", *words, "--json", environ=environ).failure == failure
    assert "coordinaut" not in git(repository, "config", "--local", "--list")
    assert not (repository / ".coordinaut").exists()


def test_what_is_missing_is_named(cli, repository):
    said = cli(repository, "init", "--storage", "remote", "--remote-url", "http://localhost:1", "--json").error
    assert "--team and --project" in said["message"]


@pytest.mark.parametrize("token", [None, "", "wrong-token"])
def test_a_token_that_is_missing_or_wrong_is_denied(far, token):
    far.task("src/**")
    for words in (["status"], ["create", "--title", "x"], ["init"]):
        denied = far(*words, "--json", environ={"COORDINAUT_TOKEN": token})
        assert denied.failure == (4, "bad_token"), words
        assert "wrong-token" not in denied.out


def test_a_token_that_only_reads_can_look_and_is_told_so(far):
    far.task("src/**")
    reader = {"COORDINAUT_TOKEN": "reader-token"}
    set_up = far("init", environ=reader)
    assert (set_up.code, "may only read" in set_up.err) == (0, True)
    assert len(far.json("status", environ=reader)["tasks"]) == 1
    assert far("create", "--title", "x", "--json", environ=reader).failure == (4, "forbidden")
    checks = {check["name"]: check for check in far.json("doctor", environ=reader)["checks"]}
    assert checks["token"]["status"] == "warning"
    assert "coordinaut 0" in checks["server"]["summary"]


def test_a_commit_does_not_wait_long_for_a_server_that_is_away(cli, repository, tmp_path, git):
    with Server(tmp_path) as server:
        here = Place(repository, cli, "remote", environ_of("remote"))
        here.json("init", *options("remote", server), "--hooks")
        here.json("claim", "--task", here.task("src/**"), "--agent-instance", "agent_1")
    (repository / "src").mkdir()
    (repository / "src" / "a").write_text("a")
    git(repository, "add", "src/a")
    environ = {**os.environ, **here.environ, "COORDINAUT_REMOTE_TIMEOUT": "600"}

    def commit():
        words = ["git", "-C", repository, "commit", "--quiet", "--allow-empty", "--message", "while it is away"]
        began_s = time.monotonic()
        done = subprocess.run(words, capture_output=True, text=True, env=environ)
        return done.returncode, done.stderr, time.monotonic() - began_s

    code, said, took_s = commit()
    assert code == 0
    assert said.count("cannot be reached") == 1, "it is said once a commit"
    assert "the commit goes on: nothing could be checked" in said
    assert took_s < 300
    git(repository, "config", "coordinaut.hooks", "block")
    code, said, took_s = commit()
    assert (code, "the commit was stopped" in said) == (1, True)
    assert took_s < 300
    git(repository, "config", "coordinaut.hooks", "off")
    code, said, _ = commit()
    assert (code, said) == (0, "")


def test_who_waits_for_files_gets_them_when_they_are_free(far):
    mine, theirs = far.task("src/**"), far.task("src/**")
    far.json("claim", "--task", mine, "--agent-instance", "agent_1")
    far.cli.start(
        far.root, "claim", "--task", theirs, "--agent-instance", "agent_2", "--wait", "300s", environ=far.environ
    )
    time.sleep(2)
    words = [*_program(), "release", "--task", mine, "--agent-instance", "agent_1"]
    subprocess.run(words, cwd=far.root, env={**os.environ, **far.environ}, check=True, stdout=subprocess.DEVNULL)
    began_s = time.monotonic()
    assert far.cli.answer().code == 0
    assert time.monotonic() - began_s < 150


def _program():
    from commands import PROGRAM

    return PROGRAM
