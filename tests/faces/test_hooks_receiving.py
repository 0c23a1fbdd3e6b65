"""A bare repository with our `update` hook: what is pushed to it for real, and what comes in."""

import os
import re
import shutil
import subprocess

import pytest
from forged_line import OPERATIONS, REF, Line
from hooking import FOREIGN, commit, run, write
from warm import warm_hooks

from coordinaut_git.stores.git.incoming import LARGEST_BYTES

PUBLISHED = OPERATIONS - 5
UNSEEN = {"COORDINAUT_HOOKS": "0"}
"""The hooks of who pushes are skipped with it; that of the repository that is pushed to is not."""


@pytest.fixture(scope="session")
def published(tmp_path_factory, long_line, git):
    """A bare repository, to be copied, that has most of the long line."""
    root = tmp_path_factory.mktemp("published") / "hosted.git"
    git(root.parent, "init", "--quiet", "--bare", str(root))
    git(long_line, "push", "--quiet", str(root), f"{REF}~{OPERATIONS - PUBLISHED}:{REF}")
    return root


@pytest.fixture
def hosted(tmp_path, published, cli):
    """The bare repository with the hook in it."""
    root = shutil.copytree(published, tmp_path / "hosted.git", symlinks=True)
    assert cli.json(root, "install-hooks")["written"] == ["update"]
    warm_hooks(root)
    return root


@pytest.fixture
def writer(line, hosted, git):
    """The long line in a clone of the bare repository."""
    git(line.root, "remote", "add", "away", str(hosted))
    return line


def push(line: Line, *what, **environ):
    return run(line.root, "push", "--quiet", "--force", "away", *what, environ=UNSEEN | environ)


def tip(root, git, ref=REF):
    return git(root, "for-each-ref", "--format=%(objectname)", ref)


def test_what_continues_the_line_comes_in_and_then_what_continues_that(writer, hosted, git):
    for number in (OPERATIONS - 1, OPERATIONS):
        done = push(writer, f"{writer.commits[number]}:{REF}")
        assert (done.code, done.err) == (0, "")
        assert tip(hosted, git) == writer.commits[number]


def test_a_first_line_comes_in_whole_or_not_at_all(line, git, cli, tmp_path):
    git(tmp_path, "init", "--quiet", "--bare", "new.git")
    git(line.root, "remote", "add", "away", str(tmp_path / "new.git"))
    assert cli(tmp_path / "new.git", "install-hooks").code == 0
    line.forge(126, lambda data: data.replace(b'"title":"task 125"', b'"title":"task x"'))
    assert "carries documents" in push(line, REF).err
    assert tip(tmp_path / "new.git", git) == ""
    assert push(line, f"{line.commits[-1]}:{REF}").code == 0


def rewritten(line):
    line.forge(PUBLISHED, lambda data: data.replace(b'"title":"task ', b'"title":"no task '))


def forged_author(line):
    line.forge(OPERATIONS - 1, lambda data: data.replace(b"\nauthor human <human@", b"\nauthor eve <human@"))


def stolen_lease(line):
    lease = b'{"agentInstance":"eve-1","taskId":"task_20261122_001_a"}\n'
    line.retree(OPERATIONS - 1, line.tree_with(OPERATIONS - 1, "leases/task_20261122_001_a.json", lease))


def oversize(line):
    line.forge(OPERATIONS, lambda data: data + b"x" * LARGEST_BYTES)


def left_out(line):
    line.forge(OPERATIONS - 2, bytes, drop=True)


def garbage(line):
    line.git(line.root, "update-ref", REF, line.write("blob", b"garbage"))


def message_of_garbage(line):
    line.forge(OPERATIONS, lambda data: data.partition(b"\n\n")[0] + b"\n\ngarbage\n")


def set_back(line):
    line.git(line.root, "update-ref", REF, line.commits[PUBLISHED - 10])


def a_line_of_its_own(line):
    other = line.write("commit", re.sub(rb"\nparent \w+", b"", line.read(line.commits[-1])))
    line.git(line.root, "update-ref", REF, other)


HOSTILE = {
    rewritten: "does not continue",
    forged_author: "is not written the way its operation is written",
    stolen_lease: "carries documents",
    oversize: "no operation needs more than",
    left_out: "where",
    garbage: "is a blob and no commit",
    message_of_garbage: "holds no operation",
    set_back: "does not continue",
    a_line_of_its_own: "has 0 parents",
}


@pytest.mark.parametrize("forge", HOSTILE, ids=lambda forge: forge.__name__)
def test_a_push_that_is_no_lawful_continuation_is_refused(writer, hosted, git, forge):
    before = tip(hosted, git)
    forge(writer)
    done = push(writer, REF)
    assert done.code == 1
    assert HOSTILE[forge] in done.err
    assert "coordinaut: the push was stopped." in done.err
    assert tip(hosted, git) == before


def test_the_line_is_not_deleted_and_the_notes_of_clones_are_not_pushed(writer, hosted, git):
    before = git(hosted, "for-each-ref")
    assert "is not deleted" in push(writer, f":{REF}").err
    for ref in ("refs/coordinaut-remote/origin/state", "refs/coordinaut-backup/before"):
        assert "is not pushed" in push(writer, f"{REF}:{ref}").err
    assert git(hosted, "for-each-ref") == before


def test_a_policy_does_not_open_the_line_but_off_does(writer, hosted, git):
    rewritten(writer)
    git(hosted, "config", "coordinaut.hooks", "warn")
    assert push(writer, REF).code == 1
    git(hosted, "config", "coordinaut.hooks", "off")
    assert push(writer, REF).code == 0


def test_where_the_program_is_gone_nothing_comes_onto_the_line_unseen(writer, hosted, git):
    (hosted / "coordinaut/hooks/python").write_text("/no/such/python\n/no/such/package\n")
    git(hosted, "config", "coordinaut.ref", "refs/heads/coordination")
    for ref in (REF, "refs/heads/coordination"):
        done = push(writer, f"{REF}:{ref}", PATH=os.defpath)
        assert done.code == 1
        assert "the program that they call was not found" in done.err
    assert push(writer, "HEAD:refs/heads/main", PATH=os.defpath).code == 0


# --- branches


@pytest.fixture
def team(hooked, agent, tmp_path, git, cli):
    """A clone whose agent holds src/, and the bare repository that has its line and its branch."""
    away = tmp_path / "away.git"
    git(tmp_path, "init", "--quiet", "--bare", str(away))
    git(hooked, "remote", "add", "away", str(away))
    git(hooked, "push", "--quiet", "--no-verify", "away", "main", REF)
    assert cli.json(away, "install-hooks")["installed"] == ["update"]
    return away


def stray(project, task, name="docs/b.md"):
    write(project, name)
    assert commit(project, "-m", f"stray\n\nAgent-Instance: agent_1\nAgent-Task: {task}", environ=UNSEEN).code == 0


def to_branch(project, ref="main"):
    return run(project, "push", "--quiet", "away", f"HEAD:refs/heads/{ref}", environ=UNSEEN)


def test_commits_that_break_their_claims_are_refused_and_others_come_in(hooked, agent, team, git):
    write(hooked, "src/a.py")
    assert commit(hooked, "-m", "work").code == 0
    assert (to_branch(hooked).code, to_branch(hooked, "other").code) == (0, 0)
    write(hooked, "docs/of-a-person.md")
    assert commit(hooked, "-m", "an agent of mine said hello", environ=UNSEEN).code == 0
    assert to_branch(hooked).code == 0
    before = tip(team, git, "refs/heads/main")
    stray(hooked, agent)
    done = to_branch(hooked)
    assert done.code == 1
    assert "docs/b.md" in done.err
    assert tip(team, git, "refs/heads/main") == before


@pytest.mark.parametrize(("policy", "code"), [("warn", 0), ("off", 0), ("block", 1)])
def test_the_policy_of_the_bare_repository_decides(hooked, agent, team, git, policy, code):
    git(team, "config", "coordinaut.hooks", policy)
    stray(hooked, agent)
    done = to_branch(hooked, "new")
    assert done.code == code
    assert ("docs/b.md" in done.err) == (policy != "off")


# --- other people's hooks


def test_a_hook_that_was_there_runs_first_and_comes_back(published, tmp_path, cli, long_line, git):
    root = shutil.copytree(published, tmp_path / "hosted.git", symlinks=True)
    hook = root / "hooks/update"
    hook.parent.mkdir(exist_ok=True)
    hook.write_bytes(FOREIGN.replace(b"# \xff", b"exit 7 # \xff"))
    hook.chmod(0o755)
    before = hook.read_bytes()
    installed = cli.json(root, "install-hooks")
    assert [one["hook"] for one in installed["kept"]] == ["update"]
    done = subprocess.run(
        ["git", "-C", long_line, "push", "--quiet", str(root), f"{REF}:{REF}"], capture_output=True, text=True
    )
    assert done.returncode == 1
    assert f"foreign update.before-coordinaut {REF}" in done.stderr
    assert cli.json(root, "install-hooks", "--uninstall")["removed"] == ["update"]
    assert hook.read_bytes() == before
    assert not (root / "coordinaut/hooks/home.sh").exists()
