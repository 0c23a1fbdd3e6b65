"""Handoffs: what becomes of a promise, and of what was given away. Rules 85 to 91 of docs/protocol.md."""

import pytest
from world import Replay

from coordinaut_git.errors import Kind
from coordinaut_git.protocol.model import Answer
from coordinaut_git.protocol.ops import HandoffAnswered, TaskClaimed

# --- promises


def test_r85_a_promise_is_kept_by_the_next_commit_that_touches_the_files(world, promised):
    hers, his, _ = promised
    assert world.commit("alice", "src/b.py") == []
    assert world.commit("bob", "src/a.py") == []
    assert world.holders("src/a.py") == ["alice"]
    assert [one["status"] for one in world.commit("alice", "README", "src/a.py")] == ["completed"]
    assert (world.lease(hers)["without"], world.lease(his)["files"]) == (["src/a.py"], ["src/a.py"])
    assert world.commit("alice", "src/a.py") == [], "once"


@pytest.mark.parametrize("end", ["release", "done"])
def test_r85_a_promise_is_kept_by_the_end_of_the_owners_lease_in_the_same_operation(world, promised, end):
    hers, his, handoff = promised
    before = len(world.entries())
    if end == "release":
        world.release("alice", hers)
    else:
        world.update("alice", hers, status="done")
    assert len(world.entries()) == before + 1
    assert (world.handoff(handoff)["status"], world.lease(hers)) == ("completed", None)
    assert (world.holders("src/a.py"), world.holders("src/b.py")) == (["bob"], [])
    assert world.task(his)["status"] == "claimed"


def test_r85_the_end_of_a_lease_that_does_not_hold_the_files_keeps_no_promise(world, promised):
    *_, handoff = promised
    world.release("alice", world.claim("alice", files="docs/**"))
    assert world.handoff(handoff)["status"] == "grant_after_commit"


def test_r85_of_two_leases_on_the_files_the_first_to_end_keeps_the_promise(world, promised):
    other = world.claim("alice", files="src/a.py")
    hers, *_ = promised
    world.release("alice", other)
    assert (world.holders("src/a.py"), world.lease(hers)["without"]) == (["bob"], ["src/a.py"])


def test_r85_a_release_after_the_lease_has_expired_keeps_the_promise_too(world, promised):
    hers, *_ = promised
    world.wait("2h")
    world.release("alice", hers)
    assert world.holders("src/a.py") == ["bob"]


def test_r86_what_is_promised_to_one_is_neither_promised_nor_handed_to_another(world, promised):
    *_, handoff = promised
    other = world.request("carol", files="src/*.py")
    for status in ("grant_after_commit", "handoff_now"):
        with world.refuses("promised_already") as caught:
            world.answer("alice", other, status)
        assert handoff["id"] in caught.value.message
    elsewhere = world.request("carol", files="src/c.py")
    world.answer("alice", elsewhere, "grant_after_commit")
    world.answer("bob", handoff, "cancelled")
    world.answer("alice", world.request("carol", files="src/a.py"), "handoff_now")
    assert world.holders("src/a.py") == ["carol"]


def test_r87_files_that_a_third_holds_as_well_cannot_be_handed_over(world):
    world.claim("alice", files="docs/**", mode="shared-docs")
    handoff = world.request("bob", files="docs/**")
    world.claim("carol", files="docs/a.md", mode="shared-docs")
    for status in ("handoff_now", "grant_after_commit"):
        with world.refuses("scope_conflict") as caught:
            world.answer("alice", handoff, status)
        assert [one["agentInstance"] for one in caught.value.details["conflicts"]] == ["carol-1"]
        assert "carol (carol-1) holds docs/a.md" in caught.value.message
        assert "claim" not in caught.value.hint, "it is the owner who reads this"


def test_r87_a_promise_that_has_come_to_that_is_called_off(world):
    hers = world.claim("alice", files="docs/**", mode="shared-docs")
    handoff = world.answer("alice", world.request("bob", files="docs/**"), "grant_after_commit")
    theirs = world.claim("carol", files="docs/a.md", mode="shared-docs")
    assert [one["status"] for one in world.commit("alice", "docs/b.md")] == ["cancelled"]
    assert (world.lease(hers)["without"], world.lease(theirs)["files"]) == ([], ["docs/a.md"])
    assert world.holders("docs/a.md") == ["alice", "carol"]
    assert world.handoff(handoff)["endedAt"]


def test_r88_a_request_is_cancelled_when_the_owner_lets_go_of_all_of_it(world, asked):
    hers, his, handoff = asked
    world.release("alice", hers)
    assert (world.handoff(handoff)["status"], world.lease(his)) == ("cancelled", None)
    world.claim("bob", his, files="src/a.py")


def test_r88_a_handoff_is_cancelled_when_the_owner_loses_all_of_it_to_a_takeover(world, pending):
    _, _, handoff = pending
    world.wait("31m")
    world.claim("carol", files="src/", takeover_reason="gone")
    assert world.handoff(handoff)["status"] == "cancelled"
    assert world.holders("src/a.py") == ["carol"]
    assert handoff["taskId"] in world.operations()[-1].about, "whoever looks for the task finds this"


def test_r88_a_request_goes_on_while_the_owner_has_some_of_it(world):
    world.claim("alice", files="src/**")
    wide, narrow = (world.request(who, files=files) for who, files in (("bob", "src/*.py"), ("carol", "src/a.py")))
    last = world.request("dave", files="src/a.py")
    world.answer("alice", narrow, "handoff_now")
    assert [world.handoff(one)["status"] for one in (wide, last)] == ["requested", "cancelled"]


def test_r88_a_request_is_cancelled_when_the_owner_is_not_in_the_way_any_more(world, asked):
    hers, his, handoff = asked
    world.claim("alice", hers, mode="advisory")
    assert world.handoff(handoff)["status"] == "cancelled"
    world.claim("bob", his, files="src/a.py")


def test_r88_what_a_promise_takes_from_another_lease_of_the_owner_ends_older_requests_too(world):
    """Carol asked first; the release of one lease keeps bob's promise out of both."""
    first, second = (world.claim("alice", files=files) for files in ("src/**", "src/a.py"))
    older = world.request("carol", files="src/a.py")
    world.answer("alice", world.request("bob", files="src/a.py"), "grant_after_commit")
    world.release("alice", second)
    assert world.lease(first)["without"] == ["src/a.py"]
    assert world.handoff(older)["status"] == "cancelled"


# --- afterwards


def test_r89_what_was_given_away_comes_back_by_another_handoff_without_a_trace(world, asked):
    hers, his, handoff = asked
    world.answer("alice", handoff, "handoff_now")
    world.answer("bob", world.request("alice", hers, files="src/a.py"), "handoff_now")
    lease = world.lease(hers)
    assert (lease["files"], lease["without"], lease["also"], world.lease(his)) == (["src/**"], [], [], None)


def test_r89_what_was_given_away_can_come_back_in_part(world):
    hers = world.claim("alice", files="src/**")
    his = world.request("bob", files="src/api/")
    world.answer("alice", his, "handoff_now")
    world.answer("bob", world.request("alice", hers, files="src/api/v1/"), "handoff_now")
    holders = {path: world.holders(path) for path in ("src/a.py", "src/api/a.py", "src/api/v1/a.py")}
    assert holders == {"src/a.py": ["alice"], "src/api/a.py": ["bob"], "src/api/v1/a.py": ["alice"]}


def test_r89_a_claim_brings_back_what_it_names_and_nothing_else(world, asked):
    hers, his, handoff = asked
    world.answer("alice", handoff, "handoff_now")
    with world.refuses("scope_conflict"):
        world.claim("alice", hers, files="src/a.py")
    world.release("bob", his)
    world.claim("alice", hers)
    world.claim("alice", hers, files="lib")
    assert world.holders("src/a.py") == []
    world.claim("alice", hers, files="src/a.py")
    assert world.holders("src/a.py") == ["alice"]
    assert (world.lease(hers)["files"], world.lease(hers)["without"]) == (["src/**", "lib"], [])


def test_r90_who_receives_gets_a_new_fence_and_who_gives_keeps_theirs(world):
    hers, his = (world.claim(who, files=files) for who, files in (("alice", "src/**"), ("bob", "lib")))
    fence = world.lease(hers)["fence"]
    world.answer("alice", world.request("bob", his, files="src/a.py"), "handoff_now")
    newest = world.state.seq
    assert (world.lease(hers)["fence"], world.lease(his)["fence"]) == (fence, newest)


def test_r91_a_request_and_its_answer_are_in_both_inboxes(world, asked):
    _, _, handoff = asked
    world.answer("alice", handoff, "denied", "I am in the middle of {it}")
    for who, other in (("alice", "bob"), ("bob", "alice")):
        letters = [one for one in world.inbox(who) if one["kind"] == "handoff"]
        assert len(letters) == 2
        assert all(handoff["id"] in one["text"] and handoff["displayId"] in one["text"] for one in letters)
        assert {one["fromAgent"] for one in letters} == {other, "coordinaut"}
        assert "the parser has moved there" in letters[1]["text"]
        assert "I am in the middle of {it}" in letters[0]["text"]


def test_r91_both_are_told_of_a_promise_that_was_kept_and_of_one_that_was_called_off(world, promised):
    hers, _, _ = promised
    world.release("alice", hers)
    for who in ("alice", "bob"):
        assert "as promised" in world.inbox(who)[0]["text"]


def test_r91_whoever_comes_away_empty_is_told_in_the_very_operation_that_keeps_a_promise(world, promised):
    """One commit keeps bob's promise and leaves nothing for carol: four letters, none in another's place."""
    other = world.request("carol", files="src/a.py")
    world.commit("alice", "src/a.py")
    assert world.handoff(other)["status"] == "cancelled"
    assert "as promised" in world.inbox("bob")[0]["text"]
    assert any("came to nothing" in message["text"] for message in world.inbox("carol"))
    newest = world.state.seq
    assert len([message for message in world.messages() if message["seq"] == newest]) == 4


# --- at the bounds


def test_r9_what_would_leave_a_scope_in_too_many_patterns_is_refused_and_nothing_moves(world):
    hers = world.claim("alice", files="src/**")
    many, more = (
        world.request("bob", files=tuple(f"src/{n}.py" for n in range(*ends))) for ends in ((200,), (200, 257))
    )
    world.answer("alice", many, "handoff_now")
    with world.refuses("too_many_patterns", Kind.INVALID) as caught:
        world.answer("alice", more, "handoff_now")
    assert "release the lease" in caught.value.hint
    assert (world.holders("src/1.py"), world.holders("src/200.py")) == (["bob"], ["alice"])
    world.release("alice", hers)


def test_r9_a_promise_to_a_task_that_has_come_to_hold_too_much_is_called_off(world):
    hers = world.claim("alice", files="src/**")
    his = world.claim("bob", files="lib")
    handoff = world.request("bob", his, files=tuple(f"src/{n}.py" for n in range(100)))
    world.answer("alice", handoff, "grant_after_commit")
    world.claim("bob", his, files=tuple(f"docs/{n}.md" for n in range(200)))
    world.release("alice", hers)
    assert world.handoff(handoff)["status"] == "cancelled"
    assert len(world.lease(his)["files"]) == 201


def test_r51_of_two_answers_that_were_given_apart_the_first_on_the_line_counts(world, asked):
    """Alice answered in two clones; the second answer is refused where the lines are joined."""
    _, _, handoff = asked
    line = Replay(world.state)
    answers = [
        HandoffAnswered(handoff_id=handoff["id"], task_id=handoff["taskId"], status=status)
        for status in (Answer.HANDOFF_NOW, Answer.DENIED)
    ]
    assert [line.add(answer, "alice") for answer in answers] == ["", "handoff_ended"]
    assert line.state.handoff(handoff["id"]).status == "handoff_now"


def test_r51_an_answer_that_names_another_task_is_refused(world, asked):
    hers, _, handoff = asked
    answer = HandoffAnswered(handoff_id=handoff["id"], task_id=hers["id"], status=Answer.HANDOFF_NOW)
    assert Replay(world.state).add(answer, "alice") == "no_such_handoff"


def test_r51_a_claim_that_was_made_apart_does_not_take_back_what_was_handed_over(world, asked):
    """Alice widened her lease in one clone, as it was before she handed the file over in another."""
    hers, _, handoff = asked
    before = world.state.lease(hers["id"])
    world.answer("alice", handoff, "handoff_now")
    claim = TaskClaimed(
        task_id=hers["id"], files=(*before.files, "docs/"), mode=before.mode, term_ms=before.term_ms, fold=before.fold
    )
    assert Replay(world.state).add(claim, "alice") == "scope_conflict"
