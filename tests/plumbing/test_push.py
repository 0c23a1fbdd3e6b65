"""One ref is pushed by compare-and-swap, and each end of a push is told by its name: over a file, with real faults."""

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest
from hub import REF, Hub, refs, script, without_override
from project_guard import PROJECT

from coordinaut_git.errors import CoordinautError, Kind
from coordinaut_git.plumbing import run
from coordinaut_git.plumbing.push import Outcome, push_ref

DONE, RACED, LOCKED, REFUSED = Outcome.DONE, Outcome.RACED, Outcome.LOCKED, Outcome.REFUSED
UNWRITABLE, UNREACHABLE, UNKNOWN = Outcome.UNWRITABLE, Outcome.UNREACHABLE, Outcome.UNKNOWN


EMPTY = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
"""The tree without a file, which every git knows."""


@pytest.fixture
def hub(tmp_path, git):
    return Hub(tmp_path, git)


def test_the_ref_is_made_and_moved_on_and_what_is_there_already_is_done(hub):
    first, second, third = hub.points
    assert hub.outcome(first) is DONE
    assert hub.has() == first
    assert hub.outcome(third, first) is DONE
    assert hub.has() == third
    assert hub.push(third, second) == (DONE, "")
    assert hub.has() == third


def test_nothing_else_moves_whatever_is_configured(hub, tmp_path):
    first, second, third = hub.points
    ran = tmp_path / "ran"
    hooks = hub.clone / ".git" / "hooks"
    hooks.mkdir(exist_ok=True)
    for name in ("pre-push", "reference-transaction", "post-update"):
        script(hooks / name, f"touch {ran}; exit 1")
    for key, value in (
        ("push.followTags", "true"),
        ("push.gpgSign", "true"),
        ("push.pushOption", "of-the-user"),
        ("push.negotiate", "true"),
        ("push.recurseSubmodules", "on-demand"),
        ("push.useForceIfIncludes", "true"),
        ("remote.pushDefault", "nowhere"),
        ("remote.origin.push", "refs/heads/*:refs/heads/*"),
    ):
        hub.git(hub.clone, "config", key, value)
    hub.git(hub.clone, "-c", "core.hooksPath=/dev/null", "tag", "-a", "-m", "a tag", "v1", first)
    before = refs(hub.clone)
    assert hub.outcome(second) is DONE
    assert hub.outcome(third, second) is DONE
    assert refs(hub.clone) == before
    assert refs(hub.root) == {REF: third}
    assert not ran.exists()


@pytest.mark.parametrize("refspec", ["+refs/*:refs/*", f"+{REF}:{REF}", "+refs/coordinaut/*:refs/coordinaut/*"])
def test_a_refspec_that_names_our_own_line_does_not_set_it_back(hub, refspec):
    first, second, third = hub.points
    hub.git(hub.clone, "config", "remote.origin.mirror", "true")
    hub.git(hub.clone, "config", "remote.origin.fetch", refspec)
    hub.git(hub.clone, "update-ref", REF, third)
    assert hub.outcome(first) is DONE
    assert hub.outcome(second, first) is DONE
    assert refs(hub.clone) == {REF: third}, "somebody here went on while we pushed"


def test_what_does_not_continue_the_expected_point_is_not_pushed(hub):
    first, second, _ = hub.points
    hub.push(second)
    for other in (first, *hub.line(1, "other")):
        with pytest.raises(ValueError, match="does not continue"):
            hub.push(other, second)
    hub.git(hub.clone, "replace", "--graft", other, second)
    with pytest.raises(ValueError, match="does not continue"):
        hub.push(other, second)
    assert hub.has() == second


def test_whoever_saw_another_point_than_the_remote_has_was_raced(hub):
    first, second, third = hub.points
    assert hub.outcome(second, first) is RACED, "it has none yet, or none any more"
    hub.push(second)
    assert hub.push(third, first) == (RACED, "stale info")
    assert hub.outcome(third) is RACED, "it has one already"
    assert hub.has() == second


def test_whoever_is_overtaken_in_the_middle_of_the_push_was_raced(hub):
    first, second, third = hub.points
    hub.push(second)
    hub.hook("update", f"git update-ref {REF} {first} {second}")
    assert hub.outcome(third, second) is RACED
    hub.hook("update", f"git update-ref -d {REF}")
    assert hub.outcome(third, first) is RACED
    hub.hook("update", f"git update-ref {REF} {second}")
    assert hub.outcome(third) is RACED
    assert hub.has() == second


def test_a_lock_on_the_remote_s_ref_is_told_from_a_lost_race(hub):
    first, second, _ = hub.points
    hub.push(first)
    lock = hub.root / f"{REF}.lock"
    lock.touch()
    found = hub.push(second, first)
    assert found.outcome is LOCKED
    assert "state.lock': File exists" in found.words
    lock.unlink()
    assert hub.outcome(second, first) is DONE


HOSTILE = r"printf '\033]0;owned\007\r\n! \tx:%s\t[ok]\nfatal: gone\n' refs/coordinaut/state >&2; seq 9999 >&2; exit 1"


@pytest.mark.parametrize("name", ["pre-receive", "update"])
def test_a_hook_that_declines_refuses_in_its_own_words_made_safe(hub, name):
    hub.hook(name, HOSTILE)
    found = hub.push(hub.points[0])
    assert found.outcome is REFUSED
    assert found.words.startswith(("pre-receive hook declined", "hook declined"))
    assert "gone" in found.words
    assert found.words.isprintable()
    assert len(found.words) <= 400
    assert hub.has() is None


def test_a_hook_that_aborts_the_update_of_the_ref_refuses(hub):
    hub.hook("reference-transaction", "exit 1")
    found = hub.push(hub.points[0])
    assert found.outcome is REFUSED
    assert "hook" in found.words
    assert hub.has() is None


@pytest.mark.parametrize("key", ["transfer.hideRefs", "receive.hideRefs"])
def test_a_namespace_that_the_host_keeps_for_itself_refuses(hub, key):
    hub.git(hub.root, "config", key, "refs/coordinaut")
    found = hub.push(hub.points[0])
    assert found.outcome is REFUSED
    assert "deny updating a hidden ref" in found.words


def test_the_branch_that_a_host_has_checked_out_refuses(hub):
    hub.git(hub.root, "config", "core.bare", "false")
    hub.ref = "refs/heads/main"
    hub.git(hub.root, "symbolic-ref", "HEAD", hub.ref)
    hub.git(hub.root, "update-ref", hub.ref, hub.git(hub.root, "commit-tree", "-m", "x", EMPTY))
    hub.git(hub.clone, "fetch", "-q", "origin", hub.ref)
    theirs = hub.git(hub.clone, "rev-parse", "FETCH_HEAD")
    found = hub.push(hub.git(hub.clone, "commit-tree", "-p", theirs, "-m", "y", EMPTY), theirs)
    assert found.outcome is REFUSED
    assert "checked out" in found.words


def test_a_ref_in_the_way_refuses(hub):
    hub.push(hub.points[0])
    hub.git(hub.root, "update-ref", "-d", REF)
    hub.git(hub.root, "update-ref", "refs/coordinaut", hub.points[0])
    found = hub.push(hub.points[1])
    assert found.outcome is REFUSED
    assert "refs/coordinaut" in found.words


def test_a_host_that_may_not_write_or_has_no_room_cannot(hub, tmp_path):
    first, second, _ = hub.points
    hub.push(first)
    hub.receive_with(tmp_path, 'trap "" XFSZ; ulimit -f 0; exec git-receive-pack "$@"')
    found = hub.push(second, first)
    assert found.outcome is UNWRITABLE
    assert "File too large" in found.words
    hub.receive_with(tmp_path, 'ulimit -f 0; exec git-receive-pack "$@"')
    assert hub.outcome(second, first) in {UNWRITABLE, UNKNOWN}, "the kernel ends it, at one point or another"
    assert hub.has() == first
    hub.check_whole()


def test_a_host_whose_folders_are_read_only_cannot(hub, tmp_path):
    first, second, _ = hub.points
    hub.push(first)
    hub.receive_with(tmp_path, f'exec {" ".join(without_override())} git-receive-pack "$@"')
    folders = [hub.root, *(path for path in hub.root.rglob("*") if path.is_dir())]
    for folder in folders:
        folder.chmod(0o555)
    try:
        found = hub.push(second, first)
    finally:
        for folder in folders:
            folder.chmod(0o755)
    assert found.outcome is UNWRITABLE
    assert "unable to create" in found.words
    assert hub.has() == first


@pytest.mark.parametrize("url", ["file:///nowhere/at/all", "http://127.0.0.1:9/x", "https://127.0.0.1:9/x", "ext::sh -c 'exit 1'", "ssh://-oProxyCommand=x/y"])  # fmt: skip
def test_a_remote_that_cannot_be_reached_has_surely_not_changed(hub, url, monkeypatch):
    monkeypatch.setenv("GIT_ALLOW_PROTOCOL", "file:http:https:ssh")
    hub.git(hub.clone, "remote", "set-url", "origin", url)
    found = hub.push(hub.points[0])
    assert found.outcome is UNREACHABLE
    assert found.words.isprintable()


def test_a_remote_that_says_nothing_is_waited_for_so_long_and_has_surely_not_changed(hub, tmp_path):
    hub.receive_with(tmp_path, "exec sleep 600")
    assert hub.push(hub.points[0], wait_s=0.3) == (UNREACHABLE, "it did not answer within 0.3 seconds")


def test_a_remote_that_falls_silent_in_the_middle_may_have_changed(hub, tmp_path):
    begun = tmp_path / "begun"
    hub.hook("pre-receive", f"touch {begun}; exec sleep 600")
    for wait_s in (1.0, 8.0, 64.0):  # on a busy machine it is not even begun so soon
        found = hub.push(hub.points[0], wait_s=wait_s)
        if begun.exists():
            break
    assert found.outcome is UNKNOWN
    (hub.root / "hooks" / "pre-receive").unlink()
    assert hub.outcome(hub.points[0]) is DONE
    hub.check_whole()


KILLED = {"receive-pack": "kill -9 $PPID", "push": "kill -9 $(cut -d' ' -f5 /proc/$$/stat)", "all": "kill -9 0"}
"""How a hook of the bare repository ends whom; the push leads the group of processes."""

HOOKS = {
    "pre-receive": ("pre-receive", ""),
    "prepared": ("reference-transaction", 'test "$1" = prepared && cat | grep -q coordinaut || exit 0'),
    "committed": ("reference-transaction", 'test "$1" = committed && cat | grep -q coordinaut || exit 0'),
}


@pytest.mark.parametrize(
    ("who", "point", "landed"),
    [
        ("receive-pack", "pre-receive", False),
        ("receive-pack", "prepared", False),
        ("receive-pack", "committed", True),
        ("push", "pre-receive", None),  # the other side may get as far as it likes
        ("push", "committed", True),
        ("all", "prepared", False),
        ("all", "committed", True),
    ],
)
def test_a_push_killed_in_the_middle_may_have_landed_and_the_next_one_tells(hub, who, point, landed):
    first, second, _ = hub.points
    hub.push(first)
    name, until = HOOKS[point]
    receiver = hub.root / "receiver"
    hub.hook(name, f"{until}\necho $PPID > {receiver}\n{KILLED[who]}\nsleep 0.2")
    found = hub.push(second, first)
    assert found.outcome is UNKNOWN, found
    assert found.words
    while alive(receiver.read_text().strip()):  # where only the push was killed
        time.sleep(0.01)
    (hub.root / "hooks" / name).unlink()
    assert landed in {None, hub.has() == second}
    for lock in hub.root.rglob("*.lock"):  # a receive-pack that is killed while it has locked the ref leaves one
        lock.unlink()
    assert hub.outcome(second, first) is DONE
    assert hub.has() == second
    hub.check_whole()


def alive(pid):
    """Whether a process runs (one that has ended but was not collected does not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_what_a_hook_says_is_not_taken_for_what_git_says(hub):
    first, second, _ = hub.points
    hub.push(first)
    said = "fatal: The requested URL returned error: 403\\nref updates aborted by hook\\nfatal: bad object x\\n"
    hub.hook("reference-transaction", f'test "$1" = committed || exit 0; printf "{said}" >&2; sleep 0.1; kill -9 $PPID')
    assert hub.outcome(second, first) is UNKNOWN
    assert hub.has() == second


def test_a_host_that_will_not_stop_talking_is_stopped_and_may_have_done_it(hub, monkeypatch):
    monkeypatch.setattr(run, "OUTPUT_BYTES", 100_000)
    hub.hook("post-receive", "exec yes")
    assert hub.outcome(hub.points[0]) in {UNKNOWN, DONE}
    hub.hook("pre-receive", "exec yes")
    assert hub.outcome(hub.points[1], hub.has()) is UNKNOWN


CHILD = """
import sys
from pathlib import Path
from coordinaut_git.plumbing.push import push_ref
print(push_ref("origin", sys.argv[2], sys.argv[3], None, at=Path(sys.argv[1]), wait_s=600))
"""


def test_ctrl_c_ends_both_sides_and_leaves_nothing_locked(hub, tmp_path):
    begun = tmp_path / "begun"
    # at this point receive-pack has locked the ref
    hub.hook("reference-transaction", f'test "$1" = prepared || exit 0; mkfifo {begun}; exec sleep 600 > {begun}')
    push = subprocess.Popen(
        [sys.executable, "-c", CHILD, hub.clone, hub.points[0], REF],
        env=os.environ | {"PYTHONPATH": str(PROJECT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        while not begun.exists():
            assert push.poll() is None
            time.sleep(0.01)
        with begun.open() as held:  # until the hook has ended
            push.send_signal(signal.SIGINT)
            assert held.read() == ""
        _, complaint = push.communicate(timeout=60)
        assert complaint.endswith(b"KeyboardInterrupt\n")
    finally:
        push.kill()
        push.communicate()
    assert hub.has() is None
    (hub.root / "hooks" / "reference-transaction").unlink()
    hub.check_whole()
    assert hub.outcome(hub.points[0]) is DONE


def test_of_eight_that_push_at_once_exactly_one_wins_each_round(hub):
    won = None
    for number in range(4):
        starting, found = threading.Barrier(8), {}
        rivals = [hub.git(hub.clone, "commit-tree", *(("-p", won) if won else ()), "-m", f"{number} {who}", EMPTY) for who in range(8)]  # fmt: skip

        def race(rival, won=won, starting=starting, found=found):
            starting.wait()
            found[rival] = hub.outcome(rival, won)

        threads = [threading.Thread(target=race, args=(rival,)) for rival in rivals]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(found.values()).count(DONE) == 1
        assert set(found.values()) <= {DONE, RACED, LOCKED}, found
        won = hub.has()
        assert found[won] is DONE
    hub.check_whole()


@pytest.mark.parametrize("remote", ["--receive-pack=touch harm", "-o", "--all", "file:///nowhere", "../hub.git", ""])
def test_no_name_is_an_option_to_git(hub, remote):
    with suppress(CoordinautError):
        assert push_ref(remote, hub.points[0], REF, None, at=hub.clone).outcome in {UNREACHABLE, DONE}
    assert not (hub.clone / "harm").exists()


def test_a_repository_of_our_own_that_lacks_the_commit_is_said_so(hub):
    with pytest.raises(CoordinautError) as caught:
        hub.push("1" * 40)
    assert (caught.value.kind, caught.value.code) == (Kind.ENVIRONMENT, "git_failed")


@pytest.mark.parametrize("how", [("--depth=1",), ("--filter=blob:none",)])
def test_a_shallow_or_partial_clone_pushes_as_any_other(hub, tmp_path, how):
    first, second, _ = hub.points
    hub.push(second)
    hub.git(hub.root, "config", "uploadpack.allowFilter", "true")
    hub.git(hub.root, "update-ref", "refs/heads/main", hub.git(hub.root, "commit-tree", "-p", first, "-m", "x", EMPTY))
    hub.git(hub.root, "symbolic-ref", "HEAD", "refs/heads/main")
    hub.clone = tmp_path / "less"
    hub.git(tmp_path, "clone", "-q", *how, hub.root.as_uri(), hub.clone)
    hub.git(hub.clone, "fetch", "-q", "origin", REF)
    new = hub.git(hub.clone, "commit-tree", "-p", second, "-m", "more", EMPTY)
    assert hub.outcome(new, second) is DONE
    assert hub.has() == new
    hub.check_whole()
