"""Which storage keeps the state. Rules 109 to 111 of docs/protocol.md."""

import json

import pytest
from world import Replay, World, actor, everything, replayed

from coordinaut_git.errors import CoordinautError, Kind
from coordinaut_git.protocol import requests as ask
from coordinaut_git.protocol.model import Answer, Status
from coordinaut_git.protocol.ops import StateMoved

CHANGING = [
    ask.CreateTask(title="one more"),
    ask.ClaimTask(task="AGT-20261122-001", files=("src/**",)),
    ask.UpdateTask(task="AGT-20261122-001", status=Status.FIXING),
    ask.Heartbeat(),
    ask.ReleaseTask(task="AGT-20261122-001"),
    ask.PostMessage(text="hello", broadcast=True),
    ask.MarkRead(all=True),
    ask.RequestHandoff(task="AGT-20261122-001", files=("src/**",), reason="I need it"),
    ask.RespondHandoff(id="handoff_20261122_00", status=Answer.DENIED),
    ask.KeepPromises(paths=("src/a.py",)),
    ask.RewriteDocuments(from_format=1),
    ask.MoveState(to="sqlite"),
]


def move(world: World, to: str, who: str | None = "alice", **place: str) -> None:
    world.coordinator.run(ask.MoveState(to=to, **place), actor(who))


@pytest.fixture
def left() -> World:
    """Alice has moved the state from git to a server; she holds a lease."""
    world = World(storage="git")
    world.claim("alice", files="src/**")
    world.wait("5m")
    move(world, "remote", remote_url="https://coordination.example", team="platform", project="web app")
    return world


def test_r109_a_state_that_was_never_moved_is_where_it_is(world):
    world.create()
    assert world.state.home is None


def test_r109_the_newest_move_says_where_the_state_is(left):
    home = left.documents("home.json")["home.json"]
    assert home == {
        "storage": "remote",
        "at": "2026-11-22T16:05:00.000Z",
        "by": "alice-1",
        "agent": "alice",
        "remoteUrl": "https://coordination.example",
        "team": "platform",
        "project": "web app",
    }


def test_r109_the_state_goes_on_in_its_new_home(left):
    there = left.beside(storage="remote")
    there.create("bob")
    move(there, "json", "bob", state_dir="/srv/state")
    assert there.documents("home.json")["home.json"]["stateDir"] == "/srv/state"
    assert "remoteUrl" not in there.documents("home.json")["home.json"]
    move(left.beside(storage="json"), "git")
    assert left.create()["displayId"] == "AGT-20261122-003"


@pytest.mark.parametrize("request_", CHANGING, ids=lambda request: type(request).__name__)
def test_r110_nothing_is_changed_where_the_state_was_moved_away_from(left, request_):
    with left.refuses("moved") as caught:
        left.coordinator.run(request_, actor("alice"))
    error = caught.value
    assert error.message == (
        "The state is not in the git storage any more: alice (alice-1) moved it to remote at 2026-11-22T16:05:00.000Z."
    )
    assert error.hint == (
        "Go on there: coordinaut init --storage remote --remote-url https://coordination.example "
        "--team platform --project 'web app'"
    )


def test_r110_whoever_decided_before_the_move_is_refused_after_it():
    world = World(storage="git")
    other = world.beside(storage="git")
    other.coordinator.read()
    move(world, "json")
    with other.refuses("moved"):
        other.create("bob")


def test_r110_what_was_moved_away_can_still_be_read(left):
    assert [lease.agent_instance for lease in left.state.leases().values()] == ["alice-1"]
    assert left.entries()[-1].summary == "move the state from git to remote"


def test_r110_nobody_is_sent_to_start_anew_where_the_state_moved_to_a_repository():
    world = World(storage="json")
    move(world, "git", who=None, state_dir="/home/alice/web/.git")
    with world.refuses("moved") as caught:
        world.create()
    assert caught.value.hint == "Go on in the repository that it was moved to, /home/alice/web/.git."
    assert "human moved it to git" in caught.value.message


def test_r110_a_move_that_could_not_be_finished_is_taken_back(left):
    move(left, "git")
    left.create("bob")
    assert [operation.op for operation in left.operations()][-3:] == ["state_moved", "state_moved", "task_created"]


def test_r111_a_move_to_where_the_state_is_writes_nothing():
    world = World(storage="git")
    world.create()
    before = world.store.head()
    move(world, "git")
    assert world.store.head() == before


def test_r111_a_move_changes_nothing_but_the_home_and_who_was_seen_when(left):
    before = replayed(left.operations()[:-1])
    with_it, without = everything(left.state), everything(before)
    differing = {path for path in with_it.keys() | without.keys() if with_it.get(path) != without.get(path)}
    assert differing == {"home.json", "line.json", "instances/c1/alice-1.json"}
    assert json.loads(with_it["instances/c1/alice-1.json"])["lastSeenAt"] == "2026-11-22T16:05:00.000Z"


def test_r111_a_move_from_where_the_state_is_not_has_no_effect_at_replay():
    line = Replay()
    assert line.add(StateMoved(from_="git", to="json")) == ""
    assert line.add(StateMoved(from_="git", to="remote")) == "moved"
    assert line.state.home.storage == "json"
    assert line.add(StateMoved(from_="json", to="git")) == ""


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (StateMoved(from_="git", to="git"), "bad_storage"),
        (StateMoved(from_="", to="json"), "bad_storage"),
        (StateMoved(from_="git", to="Json\n"), "bad_storage"),
        (StateMoved(from_="git", to="json", state_dir="a\nb"), "control_character"),
        (StateMoved(from_="git", to="json", team="x" * 1_025), "text_too_long"),
        (StateMoved(from_="git", to="json", task_id="task_20261122_001_a"), "no_such_task"),
    ],
)
def test_r111_an_ill_formed_move_is_refused(change, code):
    line = Replay()
    assert line.add(change) == code
    assert line.state.home is None


def test_a_place_that_cannot_be_written_down_is_refused_before_anything_is_written(world):
    with pytest.raises(CoordinautError) as caught:
        move(world, "json", state_dir="a\x1bb")
    assert (caught.value.code, caught.value.kind) == ("control_character", Kind.INVALID)
