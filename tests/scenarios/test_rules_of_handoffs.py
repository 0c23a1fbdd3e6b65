"""Handoffs: who is asked, what an answer does, and what becomes of a promise. Rules 79 to 91 of docs/protocol.md."""

import pytest

from coordinaut_git.errors import Kind
from coordinaut_git.protocol.invariants import broken_promises


@pytest.fixture
def asked(world):
    """Alice holds src/**, and bob has asked her for src/a.py; gives the two tasks and the handoff."""
    hers = world.claim("alice", files="src/**")["task"]
    his = world.create("bob")
    return hers, his, world.request("bob", his, files="src/a.py", reason="the parser has moved there")


def promise(world, asked):
    hers, his, handoff = asked
    return hers, his, world.answer("alice", handoff, "grant_after_commit", "after the tests")


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


@pytest.mark.parametrize("promised", [False, True], ids=["requested", "promised"])
def test_r81_a_handoff_ends_when_its_task_is_closed(world, asked, promised):
    _, his, handoff = promise(world, asked) if promised else asked
    world.update("bob", his, status="done")
    assert world.handoff(handoff)["status"] == "cancelled"
    assert world.handoff(handoff)["endedAt"]


@pytest.mark.parametrize("promised", [False, True], ids=["requested", "promised"])
def test_r81_a_handoff_ends_when_somebody_else_claims_its_task(world, asked, promised):
    _, his, handoff = promise(world, asked) if promised else asked
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


def test_r82_the_owner_may_think_again_while_nothing_has_moved(world, asked):
    *_, handoff = promise(world, asked)
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


# --- promises


def test_r85_a_promise_is_kept_by_the_next_commit_that_touches_the_files(world, asked):
    hers, his, _ = promise(world, asked)
    assert world.commit("alice", "src/b.py") == []
    assert world.commit("bob", "src/a.py") == []
    assert world.holders("src/a.py") == ["alice"]
    assert [one["status"] for one in world.commit("alice", "README", "src/a.py")] == ["completed"]
    assert (world.lease(hers)["without"], world.lease(his)["files"]) == (["src/a.py"], ["src/a.py"])
    assert world.commit("alice", "src/a.py") == [], "once"


@pytest.mark.parametrize("end", ["release", "done"])
def test_r85_a_promise_is_kept_by_the_end_of_the_owners_lease_in_the_same_operation(world, asked, end):
    hers, his, handoff = promise(world, asked)
    before = len(world.entries())
    if end == "release":
        world.release("alice", hers)
    else:
        world.update("alice", hers, status="done")
    assert len(world.entries()) == before + 1
    assert (world.handoff(handoff)["status"], world.lease(hers)) == ("completed", None)
    assert (world.holders("src/a.py"), world.holders("src/b.py")) == (["bob"], [])
    assert world.task(his)["status"] == "claimed"


def test_r85_the_end_of_a_lease_that_does_not_hold_the_files_keeps_no_promise(world, asked):
    *_, handoff = promise(world, asked)
    world.release("alice", world.claim("alice", files="docs/**"))
    assert world.handoff(handoff)["status"] == "grant_after_commit"


def test_r85_of_two_leases_on_the_files_the_first_to_end_keeps_the_promise(world, asked):
    other = world.claim("alice", files="src/a.py")
    hers, *_ = promise(world, asked)
    world.release("alice", other)
    assert (world.holders("src/a.py"), world.lease(hers)["without"]) == (["bob"], ["src/a.py"])


def test_r86_what_is_promised_to_one_is_neither_promised_nor_handed_to_another(world, asked):
    *_, handoff = promise(world, asked)
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


@pytest.mark.parametrize("promised", [False, True], ids=["requested", "promised"])
def test_r88_a_handoff_is_cancelled_when_the_owner_loses_all_of_it_to_a_takeover(world, asked, promised):
    _, _, handoff = promise(world, asked) if promised else asked
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


def test_r91_both_are_told_of_a_promise_that_was_kept_and_of_one_that_was_called_off(world, asked):
    hers, _, _ = promise(world, asked)
    world.release("alice", hers)
    for who in ("alice", "bob"):
        assert "as promised" in world.inbox(who)[0]["text"]


def test_r91_whoever_comes_away_empty_is_told_in_the_very_operation_that_keeps_a_promise(world, asked):
    """One commit keeps bob's promise and leaves nothing for carol: four letters, none in another's place."""
    promise(world, asked)
    other = world.request("carol", files="src/a.py")
    world.commit("alice", "src/a.py")
    assert world.handoff(other)["status"] == "cancelled"
    assert "as promised" in world.inbox("bob")[0]["text"]
    assert any("came to nothing" in message["text"] for message in world.inbox("carol"))
    newest = world.state.seq
    assert len([message for message in world.messages() if message["seq"] == newest]) == 4
