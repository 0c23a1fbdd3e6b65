"""What the machine does to commands: no rights, no room, nobody who listens, no folder. Real faults, whole processes."""

import json
import os
import resource
import signal
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest
from commands import PROGRAM, program

ANN = {"COORDINAUT_INSTANCE": "agent_ann"}
NOBODY = 65534


def running(words, *, cwd, **options):
    return subprocess.Popen(
        [*PROGRAM, *words], cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env={**os.environ, **ANN}, **options,
    )  # fmt: skip


UNPRIVILEGED = ("setpriv", "--inh-caps=-dac_override", "--bounding-set=-dac_override")
"""Root overrides the modes of files by a capability; without it root is bound by them like anybody."""


@pytest.fixture
def bound():
    """Runs the program as somebody whom the modes of files bind."""
    prefix = UNPRIVILEGED if os.geteuid() == 0 else ()
    if prefix and subprocess.run([*prefix, "true"], capture_output=True).returncode:
        pytest.skip("root cannot give up its right to override modes here")

    def run(cwd, *words):
        return program([*words, "--json"], cwd=cwd, prefix=prefix)

    return run


def set_modes(root, change):
    for path in (*root.rglob("*"), root):
        path.chmod(change(path.stat().st_mode))


def test_in_a_read_only_repository_reading_works_and_writing_says_why(cli, project, make_task, bound):
    task = make_task(project, "x")
    set_modes(project, lambda mode: mode & ~0o222)
    try:
        assert bound(project, "status").result["counts"]["tasks"] == 1
        assert bound(project, "watch").result["events"][0]["op"] == "task_created"
        amiss = [check for check in bound(project, "doctor", "--deep").result["checks"] if check["status"] != "ok"]
        assert [(check["name"], check["status"]) for check in amiss] == [("permissions", "warning")]
        for words in (
            ("claim", "--task", task, "--agent-instance", "a"), ("create", "--title", "t"),
            ("update", "--task", task, "--next", "x"),
        ):  # fmt: skip
            refused = bound(project, *words)
            assert refused.failure == (6, "read_only"), refused
            assert refused.error["hint"]
        assert bound(project, "snapshot").failure == (6, "cannot_write")
        assert bound(project, "init").result["created"] is False
    finally:
        set_modes(project, lambda mode: mode | 0o200)
    assert bound(project, "claim", "--task", task, "--agent-instance", "a").code == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a repository of somebody else")
def test_a_repository_of_another_user_is_not_trusted(project):
    for path in (project, *project.rglob("*")):
        os.chown(path, NOBODY, NOBODY)
    refused = program(["status", "--json"], cwd=project)
    assert refused.failure == (6, "not_owned")
    assert "safe.directory" in refused.error["hint"]


@pytest.mark.parametrize("limit_bytes", [0, 10, 60, 150, 300])
def test_without_room_nothing_is_half_written(cli, project, make_task, git, head, limit_bytes):
    """A file-size limit fails in the same calls as a full disk, and at a chosen byte."""
    task = make_task(project, "x")
    before = head(project)

    def little_room():
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, limit_bytes))

    answer = program(["claim", "--task", task, "--json"], cwd=project, environ=ANN, preexec_fn=little_room)
    if answer.code:
        assert answer.failure == (6, "disk_full")
        assert head(project) == before
    else:
        assert head(project) != before
    if limit_bytes == 0:
        assert answer.code, "a limit of nothing must be felt"
    assert program(["status", "--json"], cwd=project, preexec_fn=little_room).code == 0
    assert cli.json(project, "claim", "--task", task, environ=ANN)["lease"]["agentInstance"] == "agent_ann"
    git(project, "fsck", "--strict", "--no-dangling")


@pytest.fixture
def small_disk(tmp_path):
    """A file system of one megabyte, seen by nobody else."""
    mounted = tmp_path / "small"
    mounted.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", mounted], capture_output=True)
    if done.returncode:
        pytest.skip("no file system can be mounted here")
    yield mounted
    subprocess.run(["umount", mounted], check=True)


def test_a_full_disk_is_said_and_emptying_it_is_enough(cli, small_disk, git, head, make_task):
    git(small_disk, "init", "--quiet")
    cli.json(small_disk, "init")
    task = make_task(small_disk, "x")
    ballast = small_disk / "ballast"
    with suppress(OSError), ballast.open("wb", buffering=0) as file:
        while file.write(b"x" * 512):
            pass
    before = head(small_disk)
    refused = cli(small_disk, "claim", "--task", task, "--json", environ=ANN)
    assert refused.failure == (6, "disk_full")
    assert head(small_disk) == before
    assert cli.json(small_disk, "status")["counts"]["tasks"] == 1
    ballast.unlink()
    assert cli(small_disk, "claim", "--task", task, environ=ANN).code == 0
    git(small_disk, "fsck", "--strict", "--no-dangling")


def test_a_deleted_folder_is_said(project, tmp_path):
    def from_deleted(*words):
        (tmp_path / "gone").mkdir()
        return subprocess.run(
            ["sh", "-c", 'rmdir ../gone && exec "$@"', "sh", *PROGRAM, *words],
            cwd=tmp_path / "gone", capture_output=True, encoding="utf-8",
        )  # fmt: skip

    done = from_deleted("status", "--json")
    assert done.returncode == 6
    assert json.loads(done.stdout)["error"]["code"] == "no_directory"
    assert from_deleted("-C", str(project), "status", "--json").returncode == 0


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams_do_no_harm(cli, project, make_task, git, closed):
    task = make_task(project, "x")
    done = subprocess.run(
        ["sh", "-c", f'"$@" {closed}', "sh", *PROGRAM, "claim", "--task", task],
        cwd=project, env={**os.environ, **ANN}, capture_output=True, encoding="utf-8",
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert cli.json(project, "status")["counts"]["activeLeases"] == 1
    git(project, "fsck", "--strict", "--no-dangling")


@pytest.mark.parametrize("words", [("status",), ("status", "--json"), ("claim", "--task", "AGT-1", "--json")])
def test_an_answer_that_cannot_be_written_is_said_on_the_other_stream(project, words):
    with Path("/dev/full").open("w") as full:
        done = subprocess.run([*PROGRAM, *words], cwd=project, stdout=full, stderr=subprocess.PIPE, encoding="utf-8")
    refused = words[0] == "claim"
    assert done.returncode == (3 if refused else 6)
    assert done.stderr.startswith("error: There is no task" if refused else "error: The answer cannot be written")
    assert "Traceback" not in done.stderr


def test_when_nobody_can_be_told_the_exit_code_still_tells(project):
    with Path("/dev/full").open("w") as full:
        done = subprocess.run([*PROGRAM, "claim", "--task", "AGT-1"], cwd=project, stdout=full, stderr=full)
    assert done.returncode == 3


def test_a_reader_that_has_seen_enough_ends_the_program_quietly(cli, project, make_task):
    for _ in range(2):
        make_task(project)
    process = running(["watch", "--follow"], cwd=project)
    assert process.stdout.readline()
    process.stdout.close()
    make_task(project)
    assert process.wait(300) == -signal.SIGPIPE
    assert process.stderr.read() == b""
    process.stderr.close()


def test_an_interrupt_ends_a_follower_without_a_traceback(cli, project, make_task):
    make_task(project)
    process = running(["watch", "--follow", "--json"], cwd=project)
    assert process.stdout.readline()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=300)
    assert (process.returncode, out, err.strip()) == (130, b"", b"")


def test_without_the_git_program_coordination_goes_on(project, make_task, tmp_path):
    """Only what needs git itself says that it is missing."""
    (project / "new.txt").write_text("")
    environ = {**ANN, "PATH": str(tmp_path)}
    assert program(["create", "--title", "t", "--json"], cwd=project, environ=environ).code == 0
    assert program(["verify-worktree", "--json"], cwd=project, environ=environ).failure == (6, "git_missing")
    unhealthy = program(["doctor", "--json"], cwd=project, environ=environ)
    assert unhealthy.failure == (6, "unhealthy")
    assert unhealthy.error["details"]["checks"][0]["status"] == "failed"


def test_a_damaged_configuration_is_said(cli, project, head):
    before = head(project)
    with (project / ".git" / "config").open("a") as config:
        config.write("[coordinaut]\n\tflush = perhaps\n")
    assert cli(project, "create", "--title", "t", "--json").failure == (2, "bad_setting")
    with (project / ".git" / "config").open("a") as config:
        config.write("[broken\n")
    answer = cli(project, "create", "--title", "t", "--json")
    assert answer.code in {2, 6}
    assert answer.error["kind"] in {"invalid", "environment"}
    (project / ".git" / "config").write_text("[core]\n\trepositoryformatversion = 0\n")
    assert head(project) == before
