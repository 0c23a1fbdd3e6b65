"""Handoffs: who is asked, and what an answer does. Rules 79 to 84 of docs/protocol.md."""

import pytest

from coordinaut_git.errors import Kind
from coordinaut_git.protocol.invariants import broken_promises

# --- asking


def test_r79_a_handoff_is_asked_of_the_one_who_holds_the_files(world, asked):
    hers, his, handoff = asked
    assert (handoff["status"], handoff["owner"], handoff["requester"]) == ("requested", "alice-1", "bob-1")
    assert (handoff["taskId"], handoff["files"], handoff["mode"]) == (his["id"], ["src/a.py"], "exclusive")
    assert (handoff["reason"], handoff["response"]) == ("the parser has moved there", None)
    assert world.lease(hers)["files"] == ["src/**"]
    assert world.lease(his) is None, "to ask changes nothing"


def test_r79_what_nobody_or_more_than_one_holds_cannot_be_asked_for(world):
    world.claim("alice", files="src/**")
    world.claim("carol", files="docs/**")
    task = world.create("bob")
    with world.refuses("nothing_to_hand_over"):
        world.request("bob", task, files="lib/**")
    with world.refuses("several_owners") as caught:
        world.request("bob", task, files=("src/a.py", "docs/a.md"))
    assert [one["agentInstance"] for one in caught.value.details["conflicts"]] == ["alice-1", "carol-1"]
    world.request("bob", task, files="docs/a.md")


def test_r79_what_one_holds_oneself_is_asked_of_nobody(world):
    world.claim("alice", files="src/**")
    other = world.create()
    with world.refuses("nothing_to_hand_over"):
        world.request("alice", other, files="src/a.py")


def test_r79_the_files_of_the_task_are_meant_where_none_are_named(world):
    world.claim("alice", files="src/**")
    assert world.request("bob", world.create(files="src/b/**"))["files"] == ["src/b/**"]
    bare = world.create()
    with world.refuses("no_files", Kind.INVALID):
        world.request("bob", bare)


def test_r79_a_mode_that_stands_beside_the_owners_needs_no_handoff(world):
    world.claim("alice", files="docs/**", mode="shared-docs")
    mine = world.claim("bob", files="lib", mode="shared-docs")
    with world.refuses("nothing_to_hand_over"):
        world.request("bob", mine, files="docs/a.md")
    assert world.request("bob", files="docs/a.md")["mode"] == "exclusive"


def test_r80_what_is_pending_is_not_asked_again(world, asked):
    _, his, handoff = asked
    with world.refuses("handoff_pending") as caught:
        world.request("bob", his, files="./src/a.py", reason="please")
    assert handoff["id"] in caught.value.message
    world.answer("alice", handoff, "denied")
    assert world.request("bob", his, files="src/a.py")["id"] != handoff["id"]


def test_r81_files_go_to_a_task_that_is_open_and_not_somebody_elses(world):
    world.claim("alice", files="src/**")
    closed, hers = world.create(), world.claim("carol", files="lib")
    with world.refuses("not_owner"):
        world.request("bob", hers, files="src/a.py")
    world.update(None, closed, status="cancelled")
    with world.refuses("task_closed"):
        world.request("bob", closed, files="src/a.py")


def test_r81_a_handoff_ends_when_its_task_is_closed(world, pending):
    _, his, handoff = pending
    world.update("bob", his, status="done")
    assert world.handoff(handoff)["status"] == "cancelled"
    assert world.handoff(handoff)["endedAt"]


def test_r81_a_handoff_ends_when_somebody_else_claims_its_task(world, pending):
    _, his, handoff = pending
    world.claim("carol", his, files="lib")
    assert world.handoff(handoff)["status"] == "cancelled"
    assert "is held by carol" in world.inbox("bob")[0]["text"]


# --- answering


def test_r82_only_the_owner_answers_and_only_the_requester_takes_back(world, asked):
    _, _, handoff = asked
    for status in ("handoff_now", "grant_after_commit", "denied"):
        with world.refuses("not_your_handoff"):
            world.answer("bob", handoff, status)
        with world.refuses("not_your_handoff"):
            world.answer("carol", handoff, status)
    with world.refuses("no_instance", Kind.INVALID):
        world.answer(None, handoff, "cancelled")
    back = world.answer("bob", handoff, "cancelled", "found another way")
    assert (back["status"], back["response"]) == ("cancelled", "found another way")


@pytest.mark.parametrize("ended", ["handoff_now", "denied", "cancelled"])
def test_r82_what_has_ended_cannot_be_answered(world, asked, ended):
    _, _, handoff = asked
    world.answer("alice", handoff, ended)
    for status in ("handoff_now", "grant_after_commit", "denied", "cancelled"):
        with world.refuses("handoff_ended"):
            world.answer("alice", handoff, status)


def test_r82_the_owner_may_think_again_while_nothing_has_moved(world, promised):
    *_, handoff = promised
    assert handoff["status"] == "grant_after_commit"
    assert world.answer("alice", handoff, "denied", "I was too quick")["status"] == "denied"
    assert world.commit("alice", "src/a.py") == []
    assert world.holders("src/a.py") == ["alice"]


def test_r83_handoff_now_moves_the_files_in_that_very_operation(world, asked):
    hers, his, handoff = asked
    done = world.answer("alice", handoff, "handoff_now", "all yours")
    assert (done["status"], done["response"], done["respondedAt"]) == ("handoff_now", "all yours", done["endedAt"])
    asked_for, handed_over = [entry.summary for entry in world.entries()][-2:]
    assert asked_for == f"request src/a.py from alice-1 for {his['displayId']} by bob: the parser has moved there"
    assert handed_over == f"hand over src/a.py to bob-1 for {his['displayId']} by alice: all yours"
    mine, theirs = world.lease(hers), world.lease(his)
    assert (mine["files"], mine["without"]) == (["src/**"], ["src/a.py"])
    assert (theirs["agentInstance"], theirs["files"], theirs["mode"]) == ("bob-1", ["src/a.py"], "exclusive")
    assert (theirs["expiresAt"], world.task(his)["status"]) == ("2026-11-22T16:30:00.000Z", "claimed")
    assert (world.holders("src/a.py"), world.holders("src/b.py")) == (["bob"], ["alice"])


def test_r83_the_files_leave_every_lease_of_the_owner(world):
    one, other = (world.claim("alice", files=files)["task"] for files in ("src/**", "src/a.py"))
    world.answer("alice", world.request("bob", files="src/a.*"), "handoff_now")
    assert (world.lease(one)["without"], world.lease(other)) == (["src/a.*"], None)
    assert world.holders("src/a.py") == ["bob"]


def test_r83_the_requesters_lease_is_widened_and_starts_its_term_again(world):
    world.claim("alice", files="src/**", ttl="2h")
    his = world.claim("bob", files="lib", ttl="1h")
    handoff = world.request("bob", his, files="src/a.py")
    world.wait("20m")
    world.answer("alice", handoff, "handoff_now")
    lease = world.lease(his)
    assert (lease["files"], lease["expiresAt"]) == (["lib", "src/a.py"], "2026-11-22T17:20:00.000Z")
    assert lease["grantedAt"] == "2026-11-22T16:20:00.000Z"


def test_r84_what_is_left_is_exactly_what_was_not_handed_over(world):
    world.claim("alice", files=("src/**", "docs/"))
    world.answer("alice", world.request("bob", files=("src/*/a.py", "docs/**")), "handoff_now")
    for path, holder in (("src/x/a.py", "bob"), ("src/a.py", "alice"), ("src/x/b.py", "alice"), ("docs/a.md", "bob")):
        assert world.holders(path) == [holder], path
    task = world.create()
    with world.refuses("scope_conflict") as caught:
        world.claim("carol", task, files="src/*/*.py")
    assert {one["agentInstance"] for one in caught.value.details["conflicts"]} == {"alice-1", "bob-1"}
    world.claim("alice", files="src/y/b.py")


def test_r84_a_lease_of_which_nothing_is_left_ends_and_its_task_is_open_again(world):
    hers = world.claim("alice", files=("src/a.py", "src/[bc].py"))
    world.answer("alice", world.request("bob", files="src/*.py"), "handoff_now")
    assert (world.lease(hers), world.task(hers)["status"]) == (None, "open")


def test_r84_where_git_ignores_case_for_one_of_the_two_a_file_goes_over_in_every_spelling(world):
    """Alice's machine tells README from readme, bob's does not."""
    hers = world.claim("alice", files="src/**")
    his = world.beside(fold=True).request("bob", files="src/readme.md")
    world.answer("alice", his, "handoff_now")
    assert world.holders("src/README.md") == world.holders("SRC/readme.md") == ["bob"]
    assert world.holders("src/b.md") == ["alice"]
    assert (world.lease(hers)["without"], list(broken_promises(world.state))) == (["src/readme.md"], [])


def test_r84_a_lease_that_ignores_case_receives_files_in_every_spelling(world):
    world.claim("alice", files="src/**")
    task = world.beside(fold=True).claim("bob", files="lib")
    world.answer("alice", world.request("bob", task, files="src/readme.md"), "handoff_now")
    assert world.holders("src/README.md") == ["bob"]


def test_r87_no_lease_begins_to_ignore_case_beside_one_that_it_would_then_meet(world):
    world.claim("alice", files="src/**")
    world.claim("carol", files="SRC/x")
    handoff = world.beside(fold=True).request("bob", files="src/a.py")
    with world.refuses("scope_conflict") as caught:
        world.answer("alice", handoff, "handoff_now")
    assert [one["agentInstance"] for one in caught.value.details["conflicts"]] == ["carol-1"]
