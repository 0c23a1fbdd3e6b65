"""The git program is run in one way: on the named repository, bounded, with every failure in words."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
from project_guard import PROJECT

from coordinaut_git.errors import CoordinautError, Kind
from coordinaut_git.plumbing.exchange import CHUNK_BYTES, Exchange
from coordinaut_git.plumbing.run import OLDEST_GIT, git, git_reading, git_version
from coordinaut_git.plumbing.surroundings import LOCAL_VARIABLES, NEUTRAL, clean_environment


@pytest.fixture
def scripted(tmp_path, monkeypatch):
    """Puts a program called git in front of the real one; gives a function that sets its shell script."""
    folder = tmp_path / "programs"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")

    def script(text):
        (folder / "git").write_text(f"#!/bin/sh\n{text}\n")
        (folder / "git").chmod(0o755)

    return script


def alive(pid):
    """Whether a process runs (one that has ended but was not collected does not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def wait_until(holds, seconds=120.0):
    end = time.monotonic() + seconds
    while not holds() and time.monotonic() < end:
        time.sleep(0.02)
    return holds()


def in_a_process_of_its_own(text):
    """Start the Python lines with our modules at hand; what they print can be read from the process."""
    head = "import os\nfrom pathlib import Path\nfrom coordinaut_git.errors import CoordinautError\n"
    head += "from coordinaut_git.plumbing.run import git\n"
    return subprocess.Popen(
        [sys.executable, "-c", head + textwrap.dedent(text)],
        env=os.environ | {"PYTHONPATH": str(PROJECT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def stopped(*words, at, until):
    """Have git stopped for taking too long, once it has come as far as `until` says; gives the error and the bound."""
    for wait_s in (0.3, 3, 30, 120):  # a busy machine may need longer to get there
        error = failure(git, *words, at=at, wait_s=wait_s)
        assert error.code == "git_timeout"
        if until():
            return error, wait_s
    raise AssertionError("git never came as far as that")


def said_in(file, words):
    """Whether a line of so many words has been written to the file."""
    return lambda: file.exists() and len(file.read_text().split()) == words and file.read_text().endswith("\n")


def failure(call, *arguments, **options):
    with pytest.raises(CoordinautError) as caught:
        call(*arguments, **options)
    assert caught.value.kind is Kind.ENVIRONMENT
    return caught.value


def test_git_acts_on_the_named_folder(repository):
    answer = git("rev-parse", "--show-toplevel", at=repository)
    assert (answer.code, answer.out, answer.err) == (0, os.fsencode(repository) + b"\n", b"")
    assert answer.ok


def test_a_folder_relative_to_the_current_one_is_understood(repository, monkeypatch):
    monkeypatch.chdir(repository.parent)
    assert git("rev-parse", "--show-toplevel", at=Path(repository.name)).out == os.fsencode(repository) + b"\n"


def test_every_variable_that_git_ties_to_a_repository_is_dropped(tmp_path, repository, monkeypatch):
    said = subprocess.run(["git", "rev-parse", "--local-env-vars"], capture_output=True, text=True, check=True).stdout
    assert set(said.split()) <= LOCAL_VARIABLES, "this git knows more"
    subprocess.run(["git", "init", "-q", tmp_path / "other"], check=True)
    for name in LOCAL_VARIABLES:
        monkeypatch.setenv(name, str(tmp_path / "other" / ".git"))
    assert not LOCAL_VARIABLES & clean_environment().keys()
    assert git("rev-parse", "--absolute-git-dir", at=repository).out == os.fsencode(repository / ".git") + b"\n"


def test_a_variable_that_changes_what_a_path_means_is_dropped(repository, monkeypatch):
    monkeypatch.setenv("GIT_LITERAL_PATHSPECS", "1")
    assert git("ls-files", "*.md", at=repository).out == b"README.md\n"


def test_git_asks_nothing_and_speaks_english(monkeypatch):
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    monkeypatch.setenv("GIT_TERMINAL_PROMPT", "1")
    monkeypatch.delenv("GIT_ALLOW_PROTOCOL")
    around = clean_environment()
    assert (around["LC_ALL"], around["GIT_TERMINAL_PROMPT"], around["GIT_OPTIONAL_LOCKS"]) == ("C", "0", "0")
    assert "ext" not in around["GIT_ALLOW_PROTOCOL"].split(":")


def test_a_narrower_choice_of_protocols_by_the_user_stays(monkeypatch):
    monkeypatch.setenv("GIT_ALLOW_PROTOCOL", "https")
    assert clean_environment()["GIT_ALLOW_PROTOCOL"] == "https"


def test_the_index_is_not_refreshed_on_the_way(repository):
    os.utime(repository / "README.md", (1, 1))
    before = (repository / ".git" / "index").read_bytes()
    assert git("status", "--porcelain", at=repository).out == b""
    assert (repository / ".git" / "index").read_bytes() == before


@pytest.mark.parametrize("size", [0, 1, CHUNK_BYTES, 3_000_000])
def test_any_amount_of_input_reaches_git(repository, size):
    text = b"x" * size
    expected = subprocess.run(
        ["git", "hash-object", "--stdin"], input=text, cwd=repository, capture_output=True, check=True
    ).stdout
    assert git("hash-object", "--stdin", at=repository, stdin=text).out == expected


def test_input_and_output_larger_than_a_pipe_do_not_block_each_other(repository, scripted):
    scripted("exec sed p")
    line = b"x" * 99 + b"\n"
    assert git(at=repository, stdin=line * 20_000).out == line * 40_000


def test_without_input_git_does_not_read_ours(repository, scripted):
    scripted("exec cat")
    run = in_a_process_of_its_own(f"print(git(at=Path({str(repository)!r}), wait_s=300).code)")
    try:
        assert run.stdout.readline() == "0\n"
    finally:
        run.communicate(timeout=300)


def test_a_git_that_does_not_read_its_input_still_answers(repository, scripted):
    scripted("echo 'fatal: no' >&2; exit 3")
    answer = git(at=repository, stdin=b"x" * 2_000_000)
    assert (answer.code, answer.complaint, answer.ok) == (3, "no", False)


def test_a_failure_of_git_is_an_answer_with_its_complaint(repository):
    answer = git("rev-parse", "--verify", "nothing", at=repository)
    assert (answer.code, answer.complaint) == (128, "Needed a single revision")


def test_a_complaint_holds_no_control_characters(repository, scripted):
    scripted(r"printf 'warning: first\nfatal: a\033[31mred\033[0m\342\200\256 b\r\n' >&2; exit 1")
    assert git(at=repository).complaint == "a [31mred [0m  b"


def test_a_silent_failure_is_told_by_its_code(repository, scripted):
    scripted("exit 9")
    assert git(at=repository).complaint == "it ended with code 9 without a word"


def test_a_signal_is_a_negative_code(repository, scripted):
    scripted("kill -KILL $$")
    assert git(at=repository).code == -signal.SIGKILL


def test_a_missing_folder_is_told_by_git(tmp_path):
    answer = git("status", at=tmp_path / "gone")
    assert answer.code == 128
    assert answer.complaint.startswith("cannot change to ")


def test_a_missing_git_is_an_environment_error_that_says_what_to_install(repository, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    error = failure(git, "status", at=repository)
    assert error.code == "git_missing"
    assert "2.39" in error.hint


def test_a_git_that_cannot_be_started_is_an_environment_error(repository, scripted):
    error = failure(git, "x" * 4_000_000, at=repository)
    assert (error.code, error.message) == (
        "git_not_started",
        "The git program could not be started: Argument list too long.",
    )


def test_git_works_though_the_current_folder_is_gone(repository, tmp_path):
    done = in_a_process_of_its_own(f"""
        folder = Path({str(tmp_path)!r}, "gone")
        folder.mkdir()
        os.chdir(folder)
        folder.rmdir()
        print(git("rev-parse", "--is-inside-work-tree", at=Path({str(repository)!r})).out)
        try:
            git("status", at=Path("here"))
        except CoordinautError as error:
            print(error.kind, error.code)
    """)
    assert done.communicate(timeout=300)[0].splitlines() == ["b'true\\n'", "environment no_directory"]


def test_a_git_that_takes_too_long_is_ended_with_its_whole_group(repository, scripted, tmp_path):
    pids = tmp_path / "pids"
    scripted(f"sleep 300 & echo $$ $! > {pids}; wait")
    error, wait_s = stopped("-c", "a.b=c", "fetch", at=repository, until=said_in(pids, 2))
    assert error.message == f"git fetch did not end within {wait_s:g} seconds and was stopped."
    for pid in pids.read_text().split():
        assert wait_until(lambda pid=pid: not alive(pid)), f"process {pid} is still running"


def test_a_git_that_ignores_the_polite_signal_is_ended_too(repository, scripted, tmp_path):
    pid = tmp_path / "pid"
    scripted(f"trap '' TERM; echo $$ > {pid}; while :; do sleep 1; done")
    stopped("gc", at=repository, until=said_in(pid, 1))
    assert wait_until(lambda: not alive(pid.read_text().strip()))


def test_a_git_that_is_ended_takes_its_lock_file_away(repository, tmp_path):
    reached = tmp_path / "reached"
    hook = repository / ".git" / "hooks" / "pre-commit"
    hook.parent.mkdir()
    hook.write_text(f"#!/bin/sh\nls .git/*.lock > {reached}; exec sleep 300\n")
    hook.chmod(0o755)
    (repository / "README.md").write_text("changed\n")
    stopped("commit", "-a", "-m", "x", at=repository, until=said_in(reached, 1))
    assert reached.read_text() == ".git/index.lock\n", "git held no lock when it was ended"
    assert wait_until(lambda: not list((repository / ".git").glob("*.lock")))


def test_a_closed_output_does_not_hide_a_git_that_never_ends(repository, scripted):
    scripted("exec >&- 2>&-; exec sleep 300")
    assert failure(git, "gc", at=repository, wait_s=0.3).code == "git_timeout"


def test_a_helper_that_git_leaves_behind_is_not_waited_for(repository, scripted, tmp_path):
    pid = tmp_path / "pid"
    scripted(f"sleep 300 & echo $! > {pid}; echo done")
    try:
        assert git(at=repository, wait_s=250).out == b"done\n"
        assert alive(pid.read_text().strip()), "it was the helper's end that was waited for"
    finally:
        os.kill(int(pid.read_text()), signal.SIGKILL)


@pytest.mark.parametrize("where", ["", " >&2"])
def test_a_git_that_says_too_much_is_stopped(repository, scripted, where):
    scripted(f"exec yes{where}")
    error = failure(git, "log", at=repository, most_bytes=100_000)
    assert (error.code, error.message) == ("git_output", "git log said more than 100,000 bytes and was stopped.")


def test_output_of_exactly_the_bound_is_taken(repository, scripted):
    scripted("printf 12345")
    assert git("log", at=repository, most_bytes=5).out == b"12345"
    assert failure(git, "log", at=repository, most_bytes=4).code == "git_output"


def test_an_interrupted_run_leaves_no_process(repository, scripted, tmp_path):
    pid = tmp_path / "pid"
    scripted(f"echo $$ > {pid}; exec sleep 300")
    run = in_a_process_of_its_own(f"git(at=Path({str(repository)!r}))")
    assert wait_until(lambda: pid.exists() and pid.read_text().strip())
    run.send_signal(signal.SIGINT)
    run.communicate(timeout=300)
    assert wait_until(lambda: not alive(pid.read_text().strip()))


def test_no_pipe_is_left_open(repository, scripted):
    open_before = len(list(Path("/proc/self/fd").iterdir()))
    git("rev-parse", "HEAD", at=repository)
    git("hash-object", "--stdin", at=repository, stdin=b"x")
    scripted("exec yes")
    failure(git, at=repository, most_bytes=1000)
    assert len(list(Path("/proc/self/fd").iterdir())) == open_before


def test_reading_does_not_start_what_the_repository_configures(repository, tmp_path, git):
    ran = tmp_path / "ran"
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\ntouch {ran}\n")
    program.chmod(0o755)
    git(repository, "config", "core.fsmonitor", str(program))
    subprocess.run(["git", "status"], cwd=repository, capture_output=True, check=True)
    assert ran.exists(), "the trap does not work"
    ran.unlink()
    assert git_reading("status", at=repository).ok
    assert not ran.exists()


def test_every_neutral_setting_is_one_that_git_takes(repository):
    for setting in NEUTRAL:
        name, _, value = setting.partition("=")
        assert git_reading("config", "--get", name, at=repository).out.decode().strip() == value


def test_the_installed_git_is_new_enough():
    assert git_version() >= OLDEST_GIT


@pytest.mark.parametrize(
    ("said", "version"),
    [
        ("git version 2.39.5", (2, 39, 5)),
        ("git version 2.39.5 (Apple Git-154)", (2, 39, 5)),
        ("git version 2.55.0.rc1.12.g1234", (2, 55, 0)),
        ("git version 3.0", (3, 0, 0)),
    ],
)
def test_every_form_of_the_version_is_read(scripted, said, version):
    scripted(f"echo '{said}'")
    assert git_version() == version


def test_a_version_that_is_none_is_an_environment_error(scripted):
    scripted("echo gitless")
    assert failure(git_version).code == "git_unknown"


def test_what_a_process_says_just_before_it_ends_is_heard():
    ear, mouth = os.pipe()
    words = [b"at last"]

    def ended():
        if words:
            os.write(mouth, words.pop())  # as late as can be: nothing was there when we looked
        return True

    with os.fdopen(ear, "rb", buffering=0) as heard, os.fdopen(mouth, "wb", buffering=0):
        talk = Exchange(None, b"", (heard,), 100)
        talk.run(time.monotonic() + 60, ended)
    assert bytes(talk.heard[0]) == b"at last"
