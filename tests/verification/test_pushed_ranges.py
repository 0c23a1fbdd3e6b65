"""What a pre-push hook is told, as ranges of commits."""

import pytest
from scene import trailers

from coordinaut_git.errors import CoordinautError
from coordinaut_git.operations.committing import check_push
from coordinaut_git.workspace import open_workspace

NOTHING = "0" * 40


@pytest.fixture
def stale(scene):
    """A commit under no lease, which a remote has all the same."""
    task = scene.world.claim("ann", files="src/**")
    scene.world.wait("1m")
    name = scene.commit("stray", message=trailers("ann", task))
    scene.git("update-ref", "refs/remotes/origin/main", name)
    return name


def told(scene, local, remote=NOTHING) -> str:
    """The code of the refusal; empty if the push may go on."""
    workspace = open_workspace(scene.root, {})
    try:
        check_push(workspace, [f"refs/heads/x {local} refs/heads/y {remote}"])
    except CoordinautError as error:
        return error.code
    finally:
        workspace.close()
    return ""


def test_a_new_name_for_what_the_remote_has_brings_nothing_to_judge(scene, stale):
    assert told(scene, stale) == ""
    assert told(scene, scene.base) == ""


def test_a_new_branch_answers_for_what_the_remote_lacks(scene, stale):
    by_hand = scene.commit("by-hand")
    assert told(scene, by_hand) == ""
    task = scene.world.claim("bob", files="lib/**")
    scene.world.wait("1m")
    assert told(scene, scene.commit("lib/a", message=trailers("bob", task))) == ""
    assert told(scene, scene.commit("a", message=trailers("bob", task))) == "unverified"


def test_an_update_answers_for_what_is_new_and_a_deletion_for_nothing(scene, stale):
    assert told(scene, stale, scene.base) == "unverified"
    assert told(scene, scene.commit("by-hand"), stale) == ""
    assert told(scene, NOTHING, stale) == ""
