"""Documents of another format, or that are not what the operations give: said by everything, and mended by `migrate`.

The other format is that of next_version.py, a program that differs from the real one in nothing else; both run here as
processes of their own, side by side on one line.
"""

import os
import shutil
import signal
import subprocess
import sys

import pytest
import warm
from commands import Answer
from forged_line import OPERATIONS, REF

from coordinaut_git.errors import CoordinautError
from coordinaut_git.protocol import requests as ask
from coordinaut_git.protocol.model import Actor
from coordinaut_git.workspace import open_workspace

NEXT = ("next_version",)
BACKUPS = "refs/coordinaut-backup"
STEPS = [
    "before:create_ref", "after:create_ref", "before:pack", "after:pack", "before:write", "after:write",
    "before:swap_ref", "after:swap_ref",
]  # fmt: skip


def run(program, root, *words, **environ) -> Answer:
    done = subprocess.run(
        [*program, *words], cwd=root, env={**os.environ, **environ}, capture_output=True, text=True, timeout=600
    )
    return Answer(done.returncode, done.stdout, done.stderr)


def following(root, *words, **environ) -> Answer:
    """A command of the next version."""
    return run(warm.command(NEXT), root, *words, "--json", **environ)


@pytest.fixture
def held(cli, line):
    """A line with leases, releases and messages on both sides of its last checkpoint; gives a task's display id."""
    for name in ("one", "two"):
        task = cli.json(line.root, "create", "--title", name, "--files", name)["displayId"]
        cli.json(line.root, "claim", "--task", task, "--agent-instance", "agent_1", "--ttl", "2h")
    cli.json(line.root, "release", "--task", task, "--agent-instance", "agent_1", "--reason", "enough")
    return task


def backups(git, root) -> dict[str, str]:
    lines = git(root, "for-each-ref", "--format=%(refname) %(objectname)", BACKUPS).splitlines()
    return dict(line.split() for line in lines)


def tamper(line):
    """Have the newest checkpoint, and all after it, keep another title for a task than the operations give."""
    path = next(
        p for p in line.git(line.root, "ls-tree", "-r", "--name-only", line.commits[128]).splitlines() if "_007_" in p
    )
    document = line.git(line.root, "show", f"{line.commits[128]}:{path}")
    line.retree(128, line.tree_with(128, path, document.replace("task 6", "TASK 6", 1).encode() + b"\n"))


def titles(cli, root):
    return {task["title"] for task in cli.json(root, "status")["tasks"]}


def test_r99_a_line_of_an_older_format_is_refused_by_everything_until_it_is_migrated(line, held, head):
    before = head(line.root)
    for words in (
        ("status",),
        ("create", "--title", "t"),
        ("claim", "--task", held, "--agent-instance", "a"),
        ("init",),
    ):
        answer = following(line.root, *words)
        assert answer.failure == (6, "older_format"), words
        assert "coordinaut migrate" in answer.error["hint"]
    doctor = following(line.root, "doctor")
    checks = {check["name"]: check for check in doctor.error["details"]["checks"]}
    assert doctor.code == 6
    assert checks["schema"]["status"] == "failed"
    assert "coordinaut migrate" in checks["schema"]["advice"]
    assert following(line.root, "doctor", "--fix").code == 6
    assert head(line.root) == before


def test_r98_a_migration_writes_the_documents_anew_and_changes_nothing_else(cli, line, held, head, git):
    before, old = cli.json(line.root, "status", "--all"), head(line.root)
    done = following(line.root, "migrate").result
    assert (done["changed"], done["fromFormat"], done["toFormat"]) == (True, 1, 2)
    assert done["operations"] == OPERATIONS + 5
    assert backups(git, line.root) == {done["backup"]: old}
    assert following(line.root, "status", "--all").result == before
    assert git(line.root, "rev-parse", f"{REF}^") == old
    assert git(line.root, "ls-tree", "--name-only", REF, "counters/")
    assert not git(line.root, "ls-tree", "--name-only", REF, "numbers/")
    number = following(line.root, "create", "--title", "the next").result["displayId"]
    assert int(number[-3:]) == OPERATIONS + 3
    deep = following(line.root, "doctor", "--deep").result
    assert {
        c["status"] for c in deep["checks"] if c["name"] in {"schema", "line", "documents", "replay", "commits"}
    } == {"ok"}
    git(line.root, "fsck", "--strict", "--no-dangling")


def test_to_migrate_again_changes_nothing(cli, line, held, head, git):
    following(line.root, "migrate")
    after, kept = head(line.root), backups(git, line.root)
    again = following(line.root, "migrate").result
    assert (again["changed"], again["backup"]) == (False, None)
    assert (head(line.root), backups(git, line.root)) == (after, kept)


def test_r99_an_older_version_stops_at_what_a_newer_one_wrote(cli, line, held, head):
    following(line.root, "migrate")
    before = head(line.root)
    for words in (
        ("status",),
        ("create", "--title", "t"),
        ("heartbeat", "--agent-instance", "agent_1"),
        ("migrate",),
        ("init",),
    ):
        assert cli(line.root, *words, "--json").failure == (6, "newer_format"), words
    assert "Update" in cli(line.root, "doctor", "--fix").err
    assert head(line.root) == before


def test_r99_an_older_process_that_is_running_stops_too(line, held, head):
    workspace = open_workspace(line.root, {})
    workspace.coordinator.read()
    following(line.root, "migrate")
    before = head(line.root)
    for _ in range(2):
        with pytest.raises(CoordinautError) as caught:
            workspace.run(ask.CreateTask(title="late"), Actor())
        assert caught.value.code == "newer_format"
    workspace.close()
    assert head(line.root) == before


def test_the_way_back_is_the_backup(cli, line, held, git):
    before = cli.json(line.root, "status", "--all")
    backup = following(line.root, "migrate").result["backup"]
    git(line.root, "update-ref", REF, backup)
    assert cli.json(line.root, "status", "--all") == before
    assert cli(line.root, "create", "--title", "as before").code == 0


def test_a_backup_is_kept_by_gc_and_not_pushed(line, held, git, tmp_path):
    backup = following(line.root, "migrate").result["backup"]
    git(line.root, "update-ref", "-d", REF)
    git(line.root, "gc", "--prune=now", "--quiet")
    git(tmp_path, "init", "--quiet", "--bare", "there.git")
    git(line.root, "push", "--quiet", "--all", str(tmp_path / "there.git"))
    git(
        line.root,
        "push",
        "--quiet",
        str(tmp_path / "there.git"),
        "refs/heads/*:refs/heads/*",
        "refs/tags/*:refs/tags/*",
    )
    assert git(tmp_path / "there.git", "for-each-ref", "--format=%(refname)") == "refs/heads/main"
    git(line.root, "update-ref", REF, backup)
    git(line.root, "fsck", "--strict", "--no-dangling")


@pytest.mark.parametrize("step", STEPS)
def test_a_migration_that_is_killed_leaves_the_old_or_the_new_in_force_and_can_be_run_again(
    line, held, cli, head, git, step
):
    before, old = cli.json(line.root, "status", "--all"), head(line.root)
    killed = following(line.root, "migrate", DIES_AT=step)
    assert killed.code == -signal.SIGKILL, killed
    if head(line.root) == old:
        assert cli.json(line.root, "status", "--all") == before
    assert set(backups(git, line.root).values()) == (set() if step == "before:create_ref" else {old})
    assert following(line.root, "migrate").result["changed"] is (step != "after:swap_ref")
    assert following(line.root, "status", "--all").result == before
    assert list(backups(git, line.root).values()) == [old]
    git(line.root, "fsck", "--strict", "--no-dangling")


def test_documents_that_are_not_what_the_operations_give_are_put_right(cli, line, head, git):
    right = titles(cli, line.root)
    tamper(line)
    forged = head(line.root)
    assert "TASK 6" in titles(cli, line.root)
    doctor = cli(line.root, "doctor", "--deep", "--json")
    (check,) = [check for check in doctor.error["details"]["checks"] if check["status"] == "failed"]
    assert check["name"] == "replay"
    assert "coordinaut migrate" in check["advice"]
    done = cli.json(line.root, "migrate")
    assert (done["changed"], done["fromFormat"], done["corrected"]) == (True, 1, 1)
    assert backups(git, line.root) == {done["backup"]: forged}
    assert titles(cli, line.root) == right
    replay = {c["name"]: c["summary"] for c in cli.json(line.root, "doctor", "--deep")["checks"]}["replay"]
    assert "1 that differed were written anew" in replay
    assert cli.json(line.root, "migrate")["changed"] is False


def test_a_running_process_forgets_what_it_has_from_documents_that_were_wrong(cli, line):
    tamper(line)
    workspace = open_workspace(line.root, {})
    assert "TASK 6" in {task.title for task in workspace.coordinator.read().state.open_tasks()}
    cli.json(line.root, "migrate")
    assert "task 6" in {task.title for task in workspace.coordinator.read().state.open_tasks()}
    workspace.close()


@pytest.mark.parametrize("words", [("migrate",), ("doctor", "--fix")], ids="-".join)
def test_documents_that_are_lost_are_put_back_from_the_operations(cli, line, git, head, words):
    right, before = titles(cli, line.root), head(line.root)
    git(line.root, "repack", "-q", "-a", "-d", "--unpack-unreachable=now")
    objects = line.root / ".git" / "objects"
    (objects / "pack").rename(objects / "parked")
    (objects / "pack").mkdir()
    for pack in (objects / "parked").glob("*.pack"):
        subprocess.run(["git", "-C", line.root, "unpack-objects", "-q"], input=pack.read_bytes(), check=True)
    shutil.rmtree(objects / "parked")
    lost, damaged = (git(line.root, "rev-parse", f"{REF}:{path}") for path in ("tasks", "line.json"))
    (objects / lost[:2] / lost[2:]).unlink()
    (objects / damaged[:2] / damaged[2:]).chmod(0o644)
    (objects / damaged[:2] / damaged[2:]).write_bytes(b"")
    for journal in (line.root / ".git" / "coordinaut").glob("journal*"):
        journal.unlink()
    assert cli(line.root, "status", "--json").failure == (6, "unreadable_history")
    done = cli.json(line.root, *words)
    assert done.get("restored") == 2 or "put back from the operations: 2" in done["mended"][0]
    assert head(line.root) == before
    assert titles(cli, line.root) == right
    git(line.root, "fsck", "--strict", "--no-dangling")


def test_a_migration_beside_running_writers_loses_nothing(cli, line, git):
    tamper(line)
    loop = "import subprocess, sys; [subprocess.run([*sys.argv[1:], 'create', '-q', '--title', f'n{n}'], check=True) for n in range(6)]"
    program = warm.command(warm.COMMANDS)
    writers = [subprocess.Popen([sys.executable, "-c", loop, *program], cwd=line.root) for _ in range(2)]
    migrations = [subprocess.Popen([*program, "migrate"], cwd=line.root, stdout=subprocess.DEVNULL) for _ in range(2)]
    assert [process.wait(600) for process in (*writers, *migrations)] == [0] * 4
    events = cli.json(line.root, "watch", "--limit", "1000")["events"]
    assert [event["op"] for event in events].count("schema_migrated") == 1
    assert len(events) == OPERATIONS + 12 + 1
    assert len(titles(cli, line.root)) == OPERATIONS + 6
    cli.json(line.root, "doctor", "--deep")


def test_before_anything_is_coordinated_there_is_nothing_to_migrate(cli, repository, project):
    assert cli(repository, "migrate", "--json").failure == (3, "no_store")
    assert cli.json(project, "migrate")["changed"] is False


def test_what_people_read(cli, line):
    assert cli(line.root, "migrate").out.startswith("Nothing to migrate: the state is of format 1")
    tamper(line)
    said = cli(line.root, "migrate")
    assert f"anew from {OPERATIONS} operations; 1 differed from what these give.\nBackup: {BACKUPS}/2" in said.out
