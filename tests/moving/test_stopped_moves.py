"""A move that is stopped anywhere leaves exactly one storage in force, and the next command finishes or drops it."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from world import World

from coordinaut_git.coordinator import state_at
from coordinaut_git.errors import CoordinautError
from coordinaut_git.moving import finishing
from coordinaut_git.moving.intent import Intent, alone, drop_intent, read_intent, write_intent
from coordinaut_git.plumbing.repository import find
from coordinaut_git.plumbing.settings import DEFAULT_REF, Settings
from coordinaut_git.protocol import requests as ask
from coordinaut_git.protocol.model import Actor
from coordinaut_git.storage import MOVING, Storage, open_store
from coordinaut_git.stores.json import open_json_store
from coordinaut_git.workspace import Workspace, open_workspace

JOURNEYS = [("git", "json"), ("json", "sqlite"), ("sqlite", "git")]


class Mover:
    """Moves states, and dies on the way."""

    def __init__(self) -> None:
        words = [sys.executable, str(Path(__file__).parent / "dying_mover.py")]
        self.process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __call__(self, root: Path, storage: str, dies_at: int = 0) -> tuple[int, list[str]]:
        """The exit code, and the steps that it went through."""
        asked = {"root": str(root), "words": ["migrate", "--to", storage], "dies_at": dies_at}
        self.process.stdin.write(json.dumps(asked) + "\n")
        self.process.stdin.flush()
        code, steps = json.loads(self.process.stdout.readline())
        return code, steps


@pytest.fixture(scope="module")
def mover() -> Iterator[Mover]:
    mover = Mover()
    yield mover
    mover.process.stdin.close()
    mover.process.wait(60)
    mover.process.stdout.close()


@pytest.mark.slow
@pytest.mark.parametrize(("source", "target"), JOURNEYS)
def test_killed_before_or_after_any_write_exactly_one_storage_is_in_force(mover, project, tmp_path, source, target):
    if source != "git":
        assert mover(project, source)[0] == 0
    before = line(project)
    whole = shutil.copytree(project, tmp_path / "whole")
    code, steps = mover(whole, target)
    assert code == 0
    assert len(steps) > 20
    handed_over = max(number for number, name in enumerate(steps) if name == "after commit") + 1
    for number, name in enumerate(steps, 1):
        root = shutil.copytree(project, tmp_path / f"killed-{number}")
        assert mover(root, target, number) == (-signal.SIGKILL, steps[:number]), name
        with closing(open_workspace(root, {})) as settled:
            in_force = settled.storage.kind
            assert (in_force == target) == (number >= handed_over), f"{name} (step {number})"
            check_whole(settled, before, moved=in_force == target)
        assert not (root / ".git" / "coordinaut" / MOVING).exists()
        assert_left_alone(root, target if in_force == source else source, left=in_force == target)
        assert mover(root, target)[0] == 0
        with closing(open_workspace(root, {})) as moved:
            assert moved.storage.kind == target
            assert [entry.id for entry in moved.store.log(moved.store.head())][-len(before) :] == before
        shutil.rmtree(root)


def check_whole(workspace: Workspace, before: list[str], *, moved: bool) -> None:
    """Nothing is lost, nothing is there twice, the documents are what the operations give, and writing works."""
    ids = [entry.id for entry in workspace.store.log(workspace.store.head())]
    assert ids[1 if moved else 0 :] == before
    replayed = workspace._replay(workspace.store.head())
    assert replayed.contents() == state_at(workspace.store, workspace.store.head()).contents()
    done = workspace.run(ask.CreateTask(title="after the stop"), Actor())
    assert done.state.seq == len(ids) + 1


def assert_left_alone(root: Path, storage: str, *, left: bool) -> None:
    """The other storage takes nothing, and knows why if the state has left it."""
    with closing(open_workspace(root, {}, storage=storage)) as other:
        if other.store.head() is None:
            return
        with pytest.raises(CoordinautError) as caught:
            other.run(ask.CreateTask(title="in the wrong place"), Actor())
        assert caught.value.code == "not_in_force"
        if left:
            with pytest.raises(CoordinautError) as caught:
                other.coordinator.run(ask.CreateTask(title="in the wrong place"), Actor())
            assert caught.value.code == "moved"


def line(root: Path) -> list[str]:
    """The ids of all operations, newest first."""
    with closing(open_workspace(root, {})) as workspace:
        return [entry.id for entry in workspace.store.log(workspace.store.head())]


@pytest.fixture
def handed_over(mover, project):
    """A move that died right after the source had handed over."""
    steps = mover(shutil.copytree(project, project.parent / "tried"), "json")[1]
    at = max(number for number, name in enumerate(steps) if name == "after commit") + 1
    assert mover(project, "json", at)[0] == -signal.SIGKILL
    return project


def test_a_target_that_somebody_else_began_to_use_gives_the_state_back(handed_over):
    before = len(line_of(handed_over, "git"))
    there = open_json_store(handed_over / ".coordinaut")
    World(store=there).create("mallory")
    there.close()
    with pytest.raises(CoordinautError) as caught:
        open_workspace(handed_over, {})
    assert (caught.value.code, caught.value.exit_code) == ("move_taken_back", 1)
    with closing(open_workspace(handed_over, {})) as back:
        assert back.storage.kind == "git"
        assert back.run(ask.CreateTask(title="we go on"), Actor()).state.seq == before + 2


def line_of(root: Path, storage: str) -> list[str]:
    with closing(open_store(Storage(kind=storage, ref=DEFAULT_REF), find(root), Settings(), {})) as store:
        return [entry.id for entry in store.log(store.head())]


def test_beside_a_move_that_is_under_way_work_goes_on_in_the_source(project):
    intent = Intent(source=Storage(kind="git", ref=DEFAULT_REF), target=Storage(kind="json", folder=project / "x"))
    write_intent(find(project), intent)
    with alone(find(project)) as mine, closing(open_workspace(project, {})) as workspace:
        assert mine
        assert workspace.storage.kind == "git"
        workspace.run(ask.CreateTask(title="meanwhile"), Actor())
        assert read_intent(find(project)) == intent
    with closing(open_workspace(project, {})):
        assert read_intent(find(project)) is None, "its mover is gone, and had handed nothing over"


def test_the_last_steps_of_a_move_are_waited_for(handed_over, monkeypatch):
    monkeypatch.setattr(finishing, "WAIT_S", 0.2)
    with alone(find(handed_over)), pytest.raises(CoordinautError) as caught:
        open_workspace(handed_over, {})
    assert (caught.value.code, caught.value.exit_code) == ("moving", 5)
    monkeypatch.setattr(finishing, "WAIT_S", 60)
    with closing(open_workspace(handed_over, {})) as workspace:
        assert workspace.storage.kind == "json"


def test_two_moves_at_once_are_one_after_the_other(project, cli):
    with alone(find(project)):
        assert cli(project, "migrate", "--to", "json", "--json").failure == (5, "moving")
    assert cli.json(project, "migrate", "--to", "json")["changed"] is True


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": 2}', '{"format": 1, "from": {"storage": "x"}, "to": {}}'])
def test_a_note_that_was_damaged_is_reported_and_left(project, cli, text):
    note = project / ".git" / "coordinaut" / MOVING
    note.write_text(text)
    assert cli(project, "status", "--json").failure == (6, "bad_move_note")
    assert note.read_text() == text


def test_a_note_names_places_with_any_bytes(project):
    folder = Path(os.fsdecode(b"/tmp/\xff\n\"'"))
    intent = Intent(
        source=Storage(kind="sqlite", folder=folder),
        target=Storage(kind="remote", folder=folder, url="https://h", team="t", project="p"),
    )
    write_intent(find(project), intent)
    assert read_intent(find(project)) == intent
    drop_intent(find(project))
