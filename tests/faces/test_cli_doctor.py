"""Doctor finds what was tampered with; garbage on the ref is said by every command, and everything is left as it was."""

import json
import re
import shutil

import pytest
from forged_line import OPERATIONS, REF


def unhealthy(cli, root, *words):
    """The failed checks by name."""
    answer = cli(root, "doctor", *words, "--json")
    assert answer.failure == (6, "unhealthy"), answer
    failed = {c["name"]: c for c in answer.error["details"]["checks"] if c["status"] == "failed"}
    assert all(check["advice"] for check in failed.values())
    assert cli(root, "doctor", *words).code == 6
    return {name: check["summary"] for name, check in failed.items()}


def test_a_long_line_with_checkpoints_is_clean(cli, line, head):
    before, files = head(line.root), listing(line.root)
    shown = cli.json(line.root, "doctor", "--deep")
    said = {check["name"]: check for check in shown["checks"]}
    assert {check["status"] for check in said.values()} == {"ok"}
    assert f"{OPERATIONS} operations replayed" in said["replay"]["summary"]
    assert "2 checkpoints" in said["replay"]["summary"]
    assert head(line.root) == before
    assert listing(line.root) == files


def test_a_checkpoint_with_a_changed_document_is_named(cli, line):
    path = next(
        name
        for name in line.git(line.root, "ls-tree", "-r", "--name-only", line.commits[64]).splitlines()
        if name.startswith("tasks/") or "task_" in name
    )
    document = line.git(line.root, "show", f"{line.commits[64]}:{path}")
    tree = line.tree_with(64, path, document.replace("task ", "TASK ", 1).encode() + b"\n")
    assert b"TASK" in document.replace("task ", "TASK ", 1).encode()
    forged = line.forge(64, lambda data: re.sub(rb"\Atree .*", tree, data, count=1))
    failed = unhealthy(cli, line.root, "--deep")
    assert forged in failed["replay"]
    assert "operation 64" in failed["replay"]


def test_a_changed_body_shows_at_the_next_checkpoint(cli, line):
    line.forge(70, lambda data: data.replace(b'"title":"task 69"', b'"title":"task 00"', 1))
    failed = unhealthy(cli, line.root, "--deep")
    assert set(failed) == {"replay"}
    named = line.git(line.root, "rev-list", "--reverse", REF).splitlines()[128]
    assert named in failed["replay"]
    assert "operation 128" in failed["replay"]


def test_a_tree_that_is_no_checkpoint_is_named(cli, line):
    tree = line.tree_with(70, "tasks/forged.json", b"{}\n")
    forged = line.forge(70, lambda data: re.sub(rb"\Atree .*", tree, data, count=1))
    failed = unhealthy(cli, line.root, "--deep")
    assert forged in failed["commits"]
    assert forged in failed["replay"]


def test_a_missing_operation_is_named(cli, line):
    line.forge(100, None, drop=True)
    failed = unhealthy(cli, line.root, "--deep")
    assert "seq 101 after 99" in failed["commits"]


def test_a_repeated_operation_is_named(cli, line):
    again = json.loads(line.read(line.commits[99]).partition(b"\n\n")[2].partition(b"\n\n")[2])["id"]
    own = json.loads(line.read(line.commits[100]).partition(b"\n\n")[2].partition(b"\n\n")[2])["id"]
    line.forge(100, lambda data: data.replace(own.encode(), again.encode()))
    assert f"repeats the operation id {again}" in unhealthy(cli, line.root, "--deep")["commits"]


def test_a_body_that_is_no_operation_is_named_and_nothing_is_written(cli, line, head):
    forged = line.forge(130, lambda data: data.partition(b"\n\n")[0] + b"\n\nhello\n")
    before = head(line.root)
    assert any(forged in summary for summary in unhealthy(cli, line.root, "--deep").values())
    answer = cli(line.root, "create", "--title", "t", "--json")
    assert answer.failure == (6, "unreadable_history")
    assert forged in answer.error["message"]
    assert head(line.root) == before


def test_a_newer_format_is_refused_in_words(cli, line):
    tree = line.tree_with(128, "checkpoint.json", b'{"format":2,"seq":128}\n')
    forged = line.forge(128, lambda data: re.sub(rb"\Atree .*", tree, data, count=1))
    line.git(line.root, "update-ref", REF, forged)
    answer = cli(line.root, "status", "--json")
    assert answer.failure == (6, "newer_format")
    assert "Update" in answer.error["hint"]


def listing(root):
    """Everything in the git directory but our own notes beside it."""
    git_dir = root / ".git"
    ours = git_dir / "coordinaut"
    return {
        str(path.relative_to(git_dir)): path.read_bytes() if path.is_file() else None
        for path in sorted(git_dir.rglob("*"))
        if ours not in (path, *path.parents)
    }


def _by_file(content):
    def put(root, git):
        path = root / ".git" / REF
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

    return put


def _by_object(*words):
    def put(root, git):
        (root / ".git" / REF).write_text(git(root, "rev-parse", *words) + "\n")

    return put


def _folder(root, git):
    (root / ".git" / REF).unlink()
    (root / ".git" / REF).mkdir()
    (root / ".git" / REF / "deeper").write_text(git(root, "rev-parse", "HEAD") + "\n")


GARBAGE = {
    "junk": _by_file(b"\x00\xffjunk\n"),
    "nothing": _by_file(b""),
    "zeros": _by_file(b"0" * 40 + b"\n"),
    "half an id": _by_file(b"0123456789abcdef\n"),
    "a missing object": _by_file(b"0123456789abcdef0123456789abcdef01234567\n"),
    "a blob": _by_object("HEAD:README.md"),
    "a tree": _by_object("HEAD^{tree}"),
    "a commit of the project": _by_object("HEAD"),
    "the user's branch": _by_file(b"ref: refs/heads/main\n"),
    "a branch that is not there": _by_file(b"ref: refs/heads/none\n"),
}
CODES = {"broken_ref", "unreadable_history"}


@pytest.mark.parametrize("garbage", GARBAGE)
def test_garbage_on_the_ref_is_said_and_left_as_it_is(cli, project, make_task, git, garbage):
    task = make_task(project, "x")
    (project / "README.md").write_text("edited and staged\n")
    git(project, "add", "README.md")
    shutil.rmtree(project / ".git" / "coordinaut")  # nothing remembers what was there
    GARBAGE[garbage](project, git)
    before = listing(project)
    for words in (
        ("status",), ("watch",), ("create", "--title", "t"), ("claim", "--task", task, "--agent-instance", "a"),
        ("heartbeat", "--agent-instance", "a"), ("snapshot",), ("init",),
    ):  # fmt: skip
        answer = cli(project, *words, "--json")
        assert answer.code == 6, (words, answer)
        assert answer.error["code"] in CODES, (words, answer)
        assert answer.error["hint"], words
    unhealthy(cli, project)
    unhealthy(cli, project, "--deep")
    assert listing(project) == before
    assert git(project, "status", "--porcelain") == "M  README.md"


def test_a_folder_in_the_place_of_the_ref_is_said(cli, project, git):
    _folder(project, git)
    before = listing(project)
    for words in (("init",), ("create", "--title", "t")):
        answer = cli(project, *words, "--json")
        assert answer.code in {3, 6}, answer
    assert listing(project) == before


def test_an_object_that_was_pruned_is_put_back(cli, project, make_task, git):
    tasks = [make_task(project, name) for name in "abc"]
    for name in git(project, "rev-list", "--max-count=3", REF).splitlines():
        loose = project / ".git" / "objects" / name[:2] / name[2:]
        loose.unlink()
    shown = cli.json(project, "status")["tasks"]
    assert {task["displayId"] for task in shown} == set(tasks)
    assert cli(project, "create", "--title", "d").code == 0
    git(project, "fsck", "--strict", "--no-dangling")


@pytest.mark.parametrize("garbage", GARBAGE)
def test_doctor_puts_a_broken_ref_back_and_keeps_what_was_there(cli, project, make_task, git, head, garbage):
    task = make_task(project, "x")
    before, branch = head(project), git(project, "rev-parse", "main")
    GARBAGE[garbage](project, git)
    content = (project / ".git" / REF).read_bytes()
    mended = cli.json(project, "doctor", "--fix")["mended"]
    assert any(f"put back to {before}" in sentence for sentence in mended), mended
    assert content in [path.read_bytes() for path in (project / ".git" / "coordinaut" / "set-aside").iterdir()]
    assert head(project) == before
    assert git(project, "rev-parse", "main") == branch
    assert [shown["displayId"] for shown in cli.json(project, "status")["tasks"]] == [task]
    assert cli.json(project, "doctor", "--fix", "--deep")["mended"] == [], "and there it stays"


def test_doctor_never_sets_aside_what_only_a_newer_version_can_read(cli, line, head):
    tree = line.tree_with(128, "checkpoint.json", b'{"format":2,"seq":128}\n')
    forged = line.forge(128, lambda data: re.sub(rb"\Atree .*", tree, data, count=1))
    line.git(line.root, "update-ref", REF, forged)
    assert "line" in unhealthy(cli, line.root, "--fix")
    assert head(line.root) == forged
