"""What becomes of a push over HTTP and ssh, whatever the host or the network does; and that nobody is asked anything."""

import os

import pytest
from git_host import ASKED, CUT, LOSE, SENT, SILENCE, GitHost
from hub import REF, Hub, script

from coordinaut_git.errors import CoordinautError
from coordinaut_git.plumbing.fetch import fetch_ref
from coordinaut_git.plumbing.push import Outcome

DONE, REFUSED, UNREACHABLE, UNKNOWN = Outcome.DONE, Outcome.REFUSED, Outcome.UNREACHABLE, Outcome.UNKNOWN
INTO = "refs/coordinaut-remote/origin/state"


@pytest.fixture
def hub(tmp_path, git, monkeypatch):
    monkeypatch.setenv("GIT_ALLOW_PROTOCOL", "file:http:ssh")
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    return Hub(tmp_path, git)


@pytest.fixture
def host(hub, git):
    with GitHost(hub.root.parent) as host:
        git(hub.clone, "remote", "set-url", "origin", f"{host.url}/hub.git")
        yield host


def test_a_push_over_http_takes_two_requests_and_a_fetch_sees_it(hub, host):
    first, second, _ = hub.points
    assert hub.push(first) == (DONE, "")
    assert [method for method, _ in host.requests] == ["GET", "POST"]
    assert hub.outcome(second, first) is DONE
    assert hub.outcome(second) is DONE
    assert fetch_ref("origin", REF, INTO, at=hub.clone)
    assert hub.git(hub.clone, "rev-parse", INTO) == second
    assert hub.outcome(hub.points[2], first) is Outcome.RACED


@pytest.mark.parametrize(
    ("fault", "outcome", "landed"),
    [
        ({ASKED: 403}, REFUSED, False),
        ({ASKED: 404}, UNREACHABLE, False),
        ({ASKED: 500}, UNREACHABLE, False),
        ({ASKED: CUT}, UNREACHABLE, False),
        ({ASKED: SILENCE}, UNREACHABLE, False),
        ({SENT: 401}, UNREACHABLE, False),
        ({SENT: 403}, REFUSED, False),
        ({SENT: 413}, REFUSED, False),
        ({SENT: 502}, UNKNOWN, False),
        ({SENT: (502,)}, UNKNOWN, True),
        ({SENT: (504,)}, UNKNOWN, True),
        ({SENT: CUT}, UNKNOWN, False),
        ({SENT: LOSE}, UNKNOWN, True),
        ({SENT: SILENCE}, UNKNOWN, False),
    ],
)
def test_what_a_host_or_a_proxy_does_with_a_push_is_told_for_what_it_is(hub, host, fault, outcome, landed):
    first, second, _ = hub.points
    hub.push(first)
    host.faults = fault
    for wait_s in (1.0, 8.0, 64.0) if SILENCE in fault.values() else (60.0,):
        found = hub.push(second, first, wait_s=wait_s)
        if found.outcome is outcome:  # else a busy machine was not so far in time
            break
    assert found.outcome is outcome, found
    assert found.words
    assert found.words.isprintable()
    assert (hub.has() == second) == landed
    host.faults = {}
    assert hub.outcome(second, first) is DONE
    hub.check_whole()


@pytest.mark.parametrize(("fault", "outcome"), [(None, DONE), (403, REFUSED), (LOSE, UNKNOWN)])
def test_a_push_that_is_too_large_for_one_piece_is_no_other(hub, host, fault, outcome):
    hub.git(hub.clone, "config", "http.postBuffer", "1")  # git takes no less than 64 KiB
    message = hub.root.parent / "message"
    message.write_text(os.urandom(100_000).hex())
    large = hub.git(hub.clone, "commit-tree", "-p", hub.points[0], "-F", message, f"{hub.points[0]}^{{tree}}")
    host.faults = {SENT: fault}
    assert hub.outcome(large) is outcome
    assert (hub.has() == large) == (outcome is DONE)
    assert len(host.requests) == (3 if outcome is DONE else 2), "it is asked first whether it may"


def test_nobody_is_asked_for_a_password_in_a_terminal_or_a_window(hub, host, tmp_path, monkeypatch):
    host.password = "secret"
    window = script(tmp_path / "window", f"touch {tmp_path}/shown; exec sleep 600")
    monkeypatch.setenv("SSH_ASKPASS", str(window))
    monkeypatch.setenv("DISPLAY", ":0")
    found = hub.push(hub.points[0], wait_s=60)
    assert found.outcome is UNREACHABLE
    assert "could not read Username" in found.words
    assert not (tmp_path / "shown").exists()


def test_what_answers_for_the_user_is_asked_and_a_password_is_never_shown(hub, host, tmp_path, monkeypatch):
    first, second, third = hub.points
    host.password = "secret"
    monkeypatch.setenv(
        "GIT_ASKPASS", str(script(tmp_path / "ask", 'case "$1" in U*) echo agent;; *) echo secret;; esac'))
    )
    assert hub.outcome(first) is DONE
    monkeypatch.delenv("GIT_ASKPASS")
    hub.git(hub.clone, "config", "credential.helper", "!printf 'username=agent\\npassword=secret\\n'; :")
    assert hub.outcome(second, first) is DONE
    hub.git(hub.clone, "config", "--unset", "credential.helper")
    hub.git(hub.clone, "remote", "set-url", "origin", f"{host.url.replace('//', '//agent:secret@')}/hub.git")
    assert hub.outcome(third, second) is DONE
    host.faults = {ASKED: 500}
    found = hub.push(hub.line(1)[0])
    assert found.outcome is UNREACHABLE
    assert "secret" not in found.words


def test_addresses_are_rewritten_as_the_user_has_set_it_also_by_the_environment(hub, host, monkeypatch):
    first, second, third = hub.points
    hub.git(hub.clone, "remote", "set-url", "origin", "team:hub.git")
    hub.git(hub.clone, "config", f"url.{host.url}/.pushInsteadOf", "team:")
    assert hub.outcome(first) is DONE
    hub.git(hub.clone, "config", "--remove-section", f"url.{host.url}/")
    for name, text in (("COUNT", "1"), ("KEY_0", f"url.{host.url}/.insteadOf"), ("VALUE_0", "team:")):
        monkeypatch.setenv(f"GIT_CONFIG_{name}", text)
    assert hub.outcome(second, first) is DONE
    monkeypatch.setenv("GIT_DIR", str(hub.root))
    hub.git(hub.root, "config", "remote.origin.pushurl", "file:///nowhere")
    assert hub.outcome(third, second) is DONE, "a hook's GIT_DIR is another repository's"


@pytest.fixture
def ssh(hub, tmp_path, git, monkeypatch):
    """`ssh` runs the command here, after what `before` says; its words and environment are in `seen`."""
    before, seen = tmp_path / "before", tmp_path / "seen"
    before.write_text("")
    program = script(tmp_path / "ssh", f'echo "$@" "${{SSH_ASKPASS-none}} $SSH_ASKPASS_REQUIRE" >> {seen}\n. {before}\nfor word; do :; done\nexec sh -c "$word"')  # fmt: skip
    monkeypatch.setenv("GIT_SSH_COMMAND", f"{program} -o OfTheUser=yes")
    git(hub.clone, "remote", "set-url", "origin", f"ssh://host.example{hub.root}")
    ssh.before, ssh.seen = before, seen
    return ssh


def test_the_user_s_ssh_command_is_run_as_it_is_and_opens_no_window(hub, ssh, monkeypatch):
    first, second, _ = hub.points
    monkeypatch.setenv("SSH_ASKPASS", "window")
    assert hub.outcome(first) is DONE
    assert "-o OfTheUser=yes" in ssh.seen.read_text()
    assert ssh.seen.read_text().endswith("none never\n")
    assert "BatchMode" not in ssh.seen.read_text()
    monkeypatch.setenv("SSH_ASKPASS_REQUIRE", "force")
    assert hub.outcome(second, first) is DONE
    assert ssh.seen.read_text().endswith("window force\n"), "somebody has said that it is meant"


@pytest.mark.parametrize(
    ("words", "outcome"),
    [
        ("ssh: connect to host host.example port 22: Connection refused", UNREACHABLE),
        ("ssh: Could not resolve hostname host.example: Name or service not known", UNREACHABLE),
        ("Host key verification failed.", UNREACHABLE),
        ("git@host.example: Permission denied (publickey).", UNREACHABLE),
        ("ERROR: Repository not found.", UNREACHABLE),
        ("ERROR: Permission to team/hub.git denied to agent.", REFUSED),
        ("ERROR: The key you are authenticating with has been marked as read only.", REFUSED),
    ],
)
def test_what_ssh_or_the_host_says_before_anything_was_sent_is_told(hub, ssh, words, outcome):
    ssh.before.write_text(f"echo '{words}' >&2; exit 255\n")
    found = hub.push(hub.points[0])
    assert found.outcome is outcome
    assert words.removeprefix("ERROR: ").rstrip(".") in found.words


def test_a_connection_that_ssh_loses_in_the_middle_may_have_brought_it_there(hub, ssh):
    hub.hook("pre-receive", "kill -9 $PPID")
    assert hub.outcome(hub.points[0]) is UNKNOWN
    assert hub.has() is None


def test_an_ssh_that_waits_for_an_answer_is_not_waited_for(hub, ssh):
    ssh.before.write_text("exec sleep 600\n")
    assert hub.outcome(hub.points[0], wait_s=0.3) is UNREACHABLE
    with pytest.raises(CoordinautError) as caught:
        fetch_ref("origin", REF, INTO, at=hub.clone, wait_s=0.3)
    assert (caught.value.code, caught.value.exit_code) == ("remote_unreachable", 5)
