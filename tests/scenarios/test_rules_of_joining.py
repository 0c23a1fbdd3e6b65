"""Two lines that grew apart, one put after the other. Rules 112 to 119 of docs/protocol.md."""

from dataclasses import replace

import pytest
from test_rules_of_replay_and_ids import claimed, created, task_id
from world import START, Replay, World, actor, everything, joined, replayed

from coordinaut_git.protocol import views
from coordinaut_git.protocol.invariants import broken_promises
from coordinaut_git.protocol.ops import Operation, StateMoved
from coordinaut_git.protocol.people_views import inbox_view
from coordinaut_git.protocol.references import find_task
from coordinaut_git.protocol.replay import Fate
from coordinaut_git.protocol.replay import replayed as after_others


@pytest.fixture
def clones(people):
    """Three tasks, of nobody, in two clones: theirs, which published first, and ours."""
    return people, people.apart()


COMMON = 3
FIRST, SECOND, THIRD = (f"AGT-20261122-{number:03d}" for number in (1, 2, 3))


def told(state, who: str) -> list[str]:
    return [message["text"] for message in inbox_view(state, f"{who}-1", everything=True, limit=99)["messages"]]


def once_more(theirs: World, operations: list[Operation], before: list[Operation]) -> list[Fate]:
    """What becomes of operations that stood after `before` at the end of their line as it is now."""
    return list(after_others(replayed(before), theirs.state, operations))


def test_r112_a_refusal_stays_where_the_operation_would_be_lawful():
    line = Replay()
    line.add(created(1))
    late = Operation(id="op_00000009", at=START, actor=actor("bob"), change=claimed(1), refused="scope_conflict")
    assert line.put(late) == "scope_conflict"
    assert line.state.lease(task_id(1)) is None
    assert line.put(replace(late, id="op_00000010", refused=None)) == ""


def test_r112_a_refusal_in_no_word_of_a_rule_makes_no_sense():
    line = Replay()
    for number, word in enumerate(("", "no such\ncode", "x" * 65, "\x1b[31m")):
        operation = Operation(id=f"op_0000000{number}", at=START, actor=actor("bob"), change=created(1), refused=word)
        assert line.put(operation) == "bad_refusal"


def test_r112_what_lost_at_one_join_stays_lost_at_the_next(clones):
    theirs, ours = clones
    before = theirs.operations()
    theirs.claim("alice", FIRST, files="src/**")
    ours.claim("bob", SECOND, files="src/a.py")
    (lost,) = joined(theirs, ours, COMMON)
    assert (lost.refused.code, lost.again, lost.operation.refused) == ("scope_conflict", False, "scope_conflict")
    theirs.release("alice", FIRST)
    (again,) = once_more(theirs, [lost.operation], before)
    assert (again.refused.code, again.again) == ("scope_conflict", True)
    assert not again.state.leases()


def test_r112_the_reason_stays_the_first_one(clones):
    theirs, ours = clones
    before = theirs.operations()
    theirs.claim("alice", FIRST, files="src/**")
    ours.claim("bob", SECOND, files="src/a.py")
    (lost,) = joined(theirs, ours, COMMON)
    theirs.update("alice", SECOND, status="done")
    assert once_more(theirs, [lost.operation], before)[0].refused.code == "scope_conflict"


def test_r112_so_does_what_stood_refused_without_saying_so(clones):
    theirs, ours = clones
    before = theirs.operations()
    ours.claim("bob", SECOND, files="src/a.py")
    silent = ours.operations()[-1]
    theirs.claim("alice", FIRST, files="src/**")
    winner = theirs.operations()[-1]
    theirs.release("alice", FIRST)
    fates = list(after_others(replayed(before), theirs.state, [winner, silent], {winner.id}))
    assert [(fate.refused.code, fate.again) for fate in fates] == [("scope_conflict", True)]


def test_r113_who_created_a_task_is_told_of_its_new_number_and_the_line_says_both(clones):
    theirs, ours = clones
    theirs.create("alice", "theirs")
    mine = ours.create("bob", "mine")
    (fate,) = joined(theirs, ours, COMMON)
    assert mine["displayId"] == "AGT-20261122-004"
    assert fate.renumbered == ("AGT-20261122-004", "AGT-20261122-005")
    assert find_task(fate.state, "AGT-20261122-005").id == mine["id"]
    assert find_task(fate.state, "AGT-20261122-004").title == "theirs"
    (text,) = told(fate.state, "bob")
    assert text.startswith("Your task AGT-20261122-004 is AGT-20261122-005 now")
    assert told(fate.state, "alice") == []
    assert views.summary(theirs.state, fate.operation) == "create AGT-20261122-005 mine"


def test_r113_who_loses_the_number_again_is_told_of_the_newest_in_another_message(clones):
    theirs, ours = clones
    before = theirs.operations()
    theirs.create("alice")
    ours.create("bob")
    (first,) = joined(theirs, ours, COMMON)
    theirs.create("alice")
    (second,) = once_more(theirs, [first.operation], before)
    assert "AGT-20261122-004 is AGT-20261122-006 now" in told(second.state, "bob")[0]
    ids = [{message.id for message in each.state.messages()} for each in (first, second)]
    assert not ids[0] & ids[1], "what was read under the first number would count as read under the second"


def test_r113_nobody_is_told_of_a_number_that_stays(clones):
    theirs, ours = clones
    theirs.claim("alice", FIRST, files="src/**")
    ours.create("bob")
    (fate,) = joined(theirs, ours, COMMON)
    assert (fate.renumbered, fate.operation.change.known_as, told(fate.state, "bob")) == (None, None, [])


def test_r114_what_is_published_stays_and_of_ours_all_but_the_place(clones):
    theirs, ours = clones
    theirs.claim("alice", FIRST, files="src/**")
    ours.wait("3h")
    ours.claim("bob", SECOND, files="docs/**")
    ours.say("bob", "hello", broadcast=True)
    before = theirs.operations()
    fates = joined(theirs, ours, COMMON)
    assert theirs.operations() == before
    assert [fate.operation for fate in fates] == ours.operations()[COMMON:]
    assert [fate.state.seq for fate in fates] == [5, 6]


def test_r115_of_two_claims_of_one_file_the_published_one_counts_and_both_are_told(clones):
    theirs, ours = clones
    theirs.claim("alice", FIRST, files="src/**")
    ours.claim("bob", SECOND, files="src/a.py")
    (fate,) = joined(theirs, ours, COMMON)
    assert fate.refused.code == "scope_conflict"
    assert list(broken_promises(fate.state)) == []
    assert [lease.agent_instance for lease in fate.state.leases().values()] == ["alice-1"]
    assert "was refused where it came to stand" in told(fate.state, "bob")[0]
    assert "you hold src/**" in told(fate.state, "alice")[0]


def test_r115_what_built_on_an_operation_that_lost_is_refused_as_well(clones):
    theirs, ours = clones
    theirs.claim("alice", FIRST, files="src/**")
    ours.claim("bob", SECOND, files="src/a.py")
    ours.request("carol", THIRD, files="src/a.py")
    ours.update("bob", SECOND, status="fixing")
    fates = joined(theirs, ours, COMMON)
    assert [fate.refused.code if fate.refused else "" for fate in fates] == [
        "scope_conflict",
        "nothing_to_hand_over",
        "",
    ]


def test_r116_fences_are_re_issued_and_grow_along_the_joined_line(clones):
    theirs, ours = clones
    for _ in range(5):
        theirs.say("alice", broadcast=True)
    theirs.claim("alice", FIRST, files="src/**")
    theirs.release("alice", FIRST)
    mine = ours.claim("bob", SECOND, files="src/a.py")
    (fate,) = joined(theirs, ours, COMMON)
    assert mine["lease"]["fence"] == 4
    assert fate.state.lease(mine["task"]["id"]).fence == 11


def test_r117_a_takeover_within_our_line_names_the_same_lease_in_its_new_place(clones):
    theirs, ours = clones
    theirs.say("alice", broadcast=True)
    theirs.wait("5h")
    theirs.say("alice", broadcast=True)
    ours.claim("bob", SECOND, files="src/**")
    ours.heartbeat("bob", SECOND, ttl="1m")
    ours.wait("2h")
    taken = ours.claim("carol", THIRD, files="src/a.py", takeover_reason="gone")
    fates = joined(theirs, ours, COMMON)
    assert [fate.refused for fate in fates] == [None, None, None]
    before, now = (each.change.takeovers[0] for each in (ours.operations()[-1], fates[-1].operation))
    assert (before.fence, now.fence) == (4, 6)
    assert now.expires_at > before.expires_at, "the line's instants never run backwards"
    assert fates[-1].state.lease(taken["task"]["id"]).took_over == (now,)


def test_r117_a_lease_that_was_renewed_on_their_side_is_not_the_one_that_was_taken_over(clones):
    base, _ = clones
    base.claim("alice", FIRST, files="src/**")
    theirs, ours = base, base.apart()
    theirs.heartbeat("alice", FIRST, ttl="2h")
    ours.wait("31m")
    ours.claim("bob", SECOND, files="src/a.py", takeover_reason="gone")
    (fate,) = joined(theirs, ours, COMMON + 1)
    assert fate.refused.code == "scope_conflict"
    assert fate.operation.change == ours.operations()[-1].change


@pytest.mark.parametrize("files", ["src/b.py", "docs/**"])
def test_r117_nor_is_one_that_was_granted_otherwise_there(clones, files):
    base, _ = clones
    base.claim("alice", FIRST, files="src/**")
    theirs, ours = base, base.apart()
    theirs.claim("alice", FIRST, files=files)
    ours.claim("alice", FIRST, ttl="1m")
    ours.wait("2m")
    ours.claim("bob", SECOND, files="src/a.py", takeover_reason="gone")
    fates = joined(theirs, ours, COMMON + 1)
    assert [fate.refused.code if fate.refused else "" for fate in fates] == ["", "scope_conflict"]


def test_r118_what_stands_there_already_is_not_put_there_again(clones):
    theirs, ours = clones
    theirs.say("alice", broadcast=True)
    ours.say("bob", "once", broadcast=True)
    ours.say("bob", "twice", broadcast=True)
    once = ours.operations()[COMMON]
    (fate,) = joined(theirs, ours, COMMON, {once.id})
    assert fate.operation.change.text == "twice"


def test_r118_an_operation_that_is_withdrawn_has_no_effect_on_the_new_side(clones):
    theirs, ours = clones
    mine = ours.claim("bob", SECOND, files="src/**")
    ours.claim("carol", THIRD, files="docs/**")
    withdrawn = ours.operations()[COMMON]
    (fate,) = joined(theirs, ours, COMMON, {withdrawn.id})
    assert not fate.refused
    assert fate.state.lease(mine["task"]["id"]) is None


def test_r118_to_join_once_more_changes_nothing(clones):
    theirs, ours = clones
    theirs.claim("alice", FIRST, files="src/**")
    theirs.create("alice")
    ours.claim("bob", SECOND, files="src/a.py")
    ours.create("bob")
    fates = joined(theirs, ours, COMMON)
    again = once_more(theirs, [fate.operation for fate in fates], theirs.operations())
    assert [fate.operation for fate in again] == [fate.operation for fate in fates]
    assert everything(again[-1].state) == everything(fates[-1].state)


def test_r119_nothing_is_carried_out_on_a_line_that_the_state_has_left(clones):
    theirs, ours = clones
    ours.claim("bob", SECOND, files="src/**")
    before, mine = ours.operations()[:COMMON], ours.operations()[COMMON:]
    line = Replay(theirs.state)
    assert line.add(StateMoved(from_="git", to="remote"), "alice") == ""
    (fate,) = after_others(replayed(before), line.state, mine)
    assert fate.refused.code == "moved"
    assert line.add(StateMoved(from_="remote", to="git"), "alice") == ""
    (fate,) = after_others(replayed(before), line.state, mine)
    assert fate.refused is None


def test_r79_a_handoff_is_judged_in_the_mode_that_the_requesters_lease_has_on_the_new_line(clones):
    theirs, ours = clones
    theirs.claim("alice", FIRST, files="src/**")
    ours.claim("carol", THIRD, files="docs/")
    ours.claim("bob", SECOND, files="src/a.py", mode="advisory")
    ours.claim("bob", SECOND, files="src/a.py", mode="shared-docs")
    ours.request("bob", SECOND, files="docs/")
    *_, widened, asked = joined(theirs, ours, COMMON)
    assert widened.refused.code == "scope_conflict"
    assert asked.refused.code == "nothing_to_hand_over", "in its mode, advisory, nobody is in the way of it"
    assert not asked.state.pending_handoffs()
