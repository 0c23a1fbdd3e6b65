"""What doctor says about the store and about who works here, each provoked for real, and what --fix does about it."""

import shutil
import subprocess
import time

import pytest
from examining import age, create, examine
from world import SetClock

from coordinaut_git.clock import SystemClock
from coordinaut_git.operations.checks import git_store, people
from coordinaut_git.operations.handoffs import request as ask_for
from coordinaut_git.protocol import requests as ask
from coordinaut_git.protocol.model import Actor
from coordinaut_git.workspace import open_workspace

REF = "refs/coordinaut/state"
TWO_DAYS = "48h"


# --- the store


def test_a_lock_of_a_dead_program_is_said_and_set_aside(project):
    lock = project / ".git" / f"{REF}.lock"
    lock.write_text("")
    assert examine(project)["ref"]["status"] == "ok", "it is young"
    age(lock)
    assert str(lock) in examine(project)["ref"]["summary"]
    found = examine(project, fix=True)
    assert "state.lock, which a dead program had left, was set aside" in found.mended
    assert found["ref"]["status"] == "ok"
    assert not lock.exists()


def test_a_young_lock_is_not_touched(project):
    lock = project / ".git" / f"{REF}.lock"
    lock.write_text("")
    examine(project, fix=True)
    assert lock.exists()


def test_a_coordination_branch_that_is_checked_out_is_said(repository, git):
    git(repository, "config", "coordinaut.ref", "refs/heads/coordinaut/state")
    workspace = open_workspace(repository, {})
    workspace.store.create()
    workspace.close()
    assert examine(repository)["ref"]["status"] == "ok"
    git(repository, "worktree", "add", "--quiet", str(repository.parent / "linked"), "coordinaut/state")
    assert "checked out" in examine(repository)["ref"]["summary"]


def test_a_line_that_was_set_back_is_said_with_the_way_forward(project, git):
    for _ in range(3):
        create(project)
    newest = git(project, "rev-parse", REF)
    git(project, "update-ref", REF, f"{REF}~2")
    found = examine(project)["journal"]
    assert "set back by 2 operations" in found["summary"]
    command = found["advice"].partition(": ")[2].split()
    subprocess.run(command, cwd=project, check=True)
    assert git(project, "rev-parse", REF) == newest
    assert examine(project)["journal"]["status"] == "ok"


def test_a_line_that_was_replaced_is_said(project, git, tmp_path):
    first = git(project, "rev-parse", REF)
    create(project)
    git(project, "update-ref", REF, first)
    other = tmp_path / "other"
    shutil.copytree(project, other)
    create(other, "x")
    git(project, "fetch", "--quiet", str(other), f"+{REF}:{REF}")
    assert "was replaced" in examine(project)["journal"]["summary"]


def test_objects_that_were_pruned_are_said_and_put_back(project, git):
    create(project)
    create(project)
    older = git(project, "rev-parse", f"{REF}~1")
    loose = project / ".git" / "objects" / older[:2] / older[2:]
    loose.unlink()
    assert "1 object " in examine(project)["objects"]["summary"]
    assert loose.exists(), "reading the line puts back what it meets"
    loose.unlink()
    found = examine(project, fix=True)
    assert "missing objects were put back from the journal: 1" in found.mended
    assert found["objects"]["status"] == "ok"


def test_objects_that_nobody_packs_are_said_and_packed(project, monkeypatch):
    monkeypatch.setattr(git_store, "MANY_LOOSE", 2)
    for _ in range(3):
        create(project)
    assert "not being packed" in examine(project)["packs"]["summary"]
    found = examine(project, fix=True)
    assert found["packs"]["status"] == "ok"
    assert "0 loose objects" in found["packs"]["summary"]


LEFT = [
    "coordinaut/clock-77-0123",
    "coordinaut/set-aside-77-0123",
    "coordinaut/lock-77",
    "objects/pack/tmp_pack-ab.pack_7_9",
]
FOREIGN = [
    "coordinaut/queue",
    "coordinaut/set-aside/ref-1",
    "objects/pack/tmp_pack_XYZ",
    "objects/tmp_obj_XYZ",
    "coordinaut/notes",
]


def test_what_dead_programs_left_is_said_and_taken_away_once_it_is_old(project):
    create(project)
    left, foreign = ([project / ".git" / name for name in names] for names in (LEFT, FOREIGN))
    for path in (*left, *foreign):
        path.parent.mkdir(exist_ok=True)
        path.touch()
    assert examine(project)["leftovers"]["status"] == "ok", "they are young"
    for path in (*left, *foreign):
        age(path)
    assert f"{len(left)} files" in examine(project)["leftovers"]["summary"]
    found = examine(project, fix=True)
    assert f"taken away: {len(left)} files that dead programs had left" in found.mended
    assert not any(path.exists() for path in left)
    assert all(path.exists() for path in foreign)


def lost(root, git, path):
    """Lose a document of the newest checkpoint for good."""
    for pack in (root / ".git" / "objects" / "pack").glob("*.pack"):
        parked = root / pack.name
        pack.rename(parked)
        pack.with_suffix(".idx").unlink()
        subprocess.run(["git", "-C", root, "unpack-objects", "-q"], input=parked.read_bytes(), check=True)
        parked.unlink()
    name = git(root, "rev-parse", f"{REF}:{path}")
    (root / ".git" / "objects" / name[:2] / name[2:]).unlink()
    for journal in (root / ".git" / "coordinaut").glob("journal*"):
        journal.unlink()


def test_a_document_of_open_work_that_is_lost_is_said_at_once_and_one_of_the_archive_with_deep(project, git):
    workspace = open_workspace(project, {})
    for number in range(64):
        done = workspace.run(ask.CreateTask(title=f"{number}", files=(f"f{number}",)), Actor())
        task = done.operation.change.task_id
        if number < 31:
            workspace.run(ask.UpdateTask(task=task, status="done"), Actor())
    workspace.close()
    closed, opened = (
        git(project, "ls-tree", "-r", "--name-only", REF, f"tasks/{kind}/").splitlines()[0]
        for kind in ("closed", "open")
    )
    lost(project, git, closed)
    assert examine(project)["documents"]["status"] == "ok"
    assert closed in examine(project, deep=True)["all-documents"]["summary"]
    lost(project, git, opened)
    assert opened in examine(project)["documents"]["summary"]
    assert examine(project)["documents"]["status"] == "failed"
    assert (
        "lost or damaged objects of documents were put back from the operations: 2" in examine(project, fix=True).mended
    )
    assert examine(project, deep=True).amiss() == {}


def test_a_clock_that_ran_ahead_is_said(project):
    clock = SetClock(SystemClock().now())
    clock.wait("2h")
    workspace = open_workspace(project, {}, clock=clock)
    workspace.run(ask.CreateTask(title="from the future"), Actor())
    workspace.close()
    assert "the newest operation is from" in examine(project)["clock"]["summary"]


# --- who works here


def test_leases_that_expired_and_stand_around_are_said(project):
    create(project, "src/**", by="agent-1", ttl="1s")
    time.sleep(1.1)
    found = examine(project)["leases"]
    assert (found["status"], "agent-1" in found["summary"]) == ("warning", True)
    assert "--takeover-reason" in found["advice"]


def test_a_holder_whom_nobody_heard_of_for_a_day_is_said(project):
    create(project, "src/**", by="agent-1", ttl="20d")
    assert examine(project, after="23h")["leases"]["status"] == "ok"
    assert "nobody has heard for a day" in examine(project, after=TWO_DAYS)["leases"]["summary"]


def test_a_handoff_that_waits_for_days_is_said(project):
    create(project, "src/**", by="agent-1", ttl="20d")
    wanted = create(project, "src/a.py")
    workspace = open_workspace(project, {})
    ask_for(workspace, ask.RequestHandoff(task=wanted, files=("src/a.py",), reason="r", agent_instance="agent-2"))
    workspace.close()
    assert examine(project)["handoffs"]["summary"] == "1 open"
    assert "agent-1's answer" in examine(project, after=TWO_DAYS)["handoffs"]["summary"]


@pytest.fixture
def linked(project, git):
    path = project.parent / "linked"
    git(project, "worktree", "add", "--quiet", "--detach", str(path))
    workspace = open_workspace(path, {})
    workspace.mint(Actor(instance="agent-9"))
    workspace.close()
    return path


def test_a_lease_whose_worktree_is_gone_is_said_and_left_alone(project, linked, git):
    create(project, "src/**", by="agent-9")
    assert examine(project)["worktrees"]["status"] == "ok"
    git(project, "worktree", "remove", "--force", str(linked))
    found = examine(project, fix=True)
    assert "agent-9" in found["worktrees"]["summary"]
    assert not any("forgotten" in sentence for sentence in found.mended)


def test_a_worktree_that_is_gone_is_forgotten_so_that_its_name_can_be_used_again(project, linked, git):
    git(project, "worktree", "remove", "--force", str(linked))
    assert "linked" in examine(project)["worktrees"]["summary"]
    assert "the worktree linked, which is gone, was forgotten" in examine(project, fix=True).mended
    assert examine(project)["worktrees"]["status"] == "ok"
    git(project, "worktree", "add", "--quiet", "--detach", str(linked))
    assert examine(linked)["identity"]["summary"] == "no agent instance has worked here yet"


def test_notes_of_agents_that_are_long_gone_are_forgotten_but_not_of_holders(project, monkeypatch):
    monkeypatch.setattr(people, "MANY_NOTES", 1)
    create(project, "src/**", by="holder-1", ttl="30d")
    notes = project / ".git" / "coordinaut" / "presence"
    for name in ("old-1", "old-2", "new-1", "holder-1"):
        (notes / name).touch()
        if name != "new-1":
            age(notes / name, 31 * 24 * 3_600)
    assert "2 notes" in examine(project)["presence"]["summary"]
    found = examine(project, fix=True)
    assert "forgotten: 2 agents not heard of for 30 days" in found.mended
    assert sorted(note.name for note in notes.iterdir()) == ["holder-1", "new-1"]
    assert examine(project, fix=True).mended == []
