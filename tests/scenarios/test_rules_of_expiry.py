"""Expired is not free, and how a takeover goes. Rules 33 to 39 of docs/protocol.md."""

from dataclasses import replace
from itertools import count

import pytest
from world import START, Replay, World, actor, moved, replayed

from coordinaut_git.errors import CoordinautError
from coordinaut_git.protocol.decide import Moment
from coordinaut_git.protocol.model import Lease, Mode
from coordinaut_git.protocol.ops import LeasesRenewed, Renewal, TaskClaimed
from coordinaut_git.protocol.values import Instant
from coordinaut_git.stores.memory import MemoryStore


@pytest.fixture
def late(world) -> World:
    """Alice was fixing the first task when her lease ran out, a minute ago."""
    world.claim("alice", files="src/**")
    world.update("alice", "AGT-20261122-001", status="fixing")
    world.wait("31m")
    world.create(files="src/a.py")
    return world


FIRST, SECOND = "AGT-20261122-001", "AGT-20261122-002"


def test_r33_a_lease_shows_as_expired_from_the_end_of_its_term_on(world):
    task = world.claim("alice", files="src/**", ttl="1m")
    world.clock.at = Instant(START + 59_999)
    assert world.lease(task)["state"] == "active"
    world.clock.at = Instant(START + 60_000)
    assert world.lease(task)["state"] == "expired"


def test_r33_an_expired_lease_still_stands_in_the_way(late):
    for task in (FIRST, SECOND):
        with late.refuses("takeover_needs_reason") as caught:
            late.claim("bob", task, files="src/a.py")
        assert [conflict["state"] for conflict in caught.value.details["conflicts"]] == ["expired"]
        assert "expired at 2026-11-22T16:30:00.000Z" in caught.value.message
        assert "--takeover-reason" not in caught.value.hint


def test_r34_a_reason_does_not_end_a_lease_that_has_not_expired(world):
    task = world.claim("alice", files="src/**")
    other = world.create()
    for wanted in (task, other):
        with world.refuses("scope_conflict"):
            world.claim("bob", wanted, files="src/a.py", takeover_reason="I want it")


def test_r34_a_reason_ends_only_those_in_the_way_that_have_expired(late):
    late.claim("carol", files="docs/**")
    with late.refuses("scope_conflict") as caught:
        late.claim("bob", SECOND, files="docs/a.md", takeover_reason="gone")
    assert [conflict["agent"] for conflict in caught.value.details["conflicts"]] == ["carol"]
    assert late.lease(FIRST)["agent"] == "alice"


def test_r34_a_reason_is_asked_for_only_where_it_would_be_enough(late):
    late.claim("carol", files="docs/**")
    with late.refuses("scope_conflict") as caught:
        late.claim("bob", SECOND, files=("src/a.py", "docs/a.md"))
    states = [(conflict["agent"], conflict["state"]) for conflict in caught.value.details["conflicts"]]
    assert states == [("alice", "expired"), ("carol", "active")]


def test_r34_a_reason_that_is_not_needed_is_dropped(world):
    task = world.claim("bob", files="src/**", takeover_reason="just in case")
    operation = world.operations()[-1]
    assert (operation.change.takeovers, operation.change.reason) == ((), None)
    assert (task["task"]["status"], world.messages()) == ("claimed", [])


def test_r35_taking_over_a_task_ends_its_old_lease(late):
    done = late.claim("bob", FIRST, takeover_reason="her session ended", files="src/api/**")
    assert done["task"]["status"] == "fixing"
    assert (done["lease"]["agentInstance"], done["lease"]["files"]) == ("bob-1", ["src/api/**"])
    assert done["lease"]["grantedAt"] == "2026-11-22T16:31:00.000Z"
    assert len(late.state.leases()) == 1


def test_r35_taking_over_files_ends_the_lease_of_the_other_task(late):
    done = late.claim("bob", SECOND, takeover_reason="her session ended")
    assert (done["lease"]["agent"], done["task"]["status"]) == ("bob", "claimed")
    assert late.lease(FIRST) is None
    assert late.task(FIRST)["status"] == "open"
    assert late.operations()[-1].change.reason == "her session ended"


@pytest.mark.parametrize("status", ["verifying", "blocked"])
def test_r35_a_task_that_is_verifying_or_blocked_stays_so_when_its_files_are_taken(world, status):
    task = world.claim("alice", files="src/**")
    world.update("alice", task, status=status)
    world.wait("31m")
    world.claim("bob", files="src/a.py", takeover_reason="gone")
    assert (world.task(task)["status"], world.lease(task)) == (status, None)


def test_r35_one_claim_may_take_over_from_several(world):
    for who in ("alice", "carol"):
        world.claim(who, files=f"src/{who}.py")
    mine = world.claim("dave", files="docs/**")
    world.wait("31m")
    world.claim("bob", mine, files="src/**", takeover_reason="all gone")
    assert [lease.agent for lease in world.state.leases().values()] == ["bob"]
    assert {message["toAgentInstance"] for message in world.messages()} == {"alice-1", "carol-1", "dave-1"}
    assert [takeover.agent_instance for takeover in world.state.lease(mine["task"]["id"]).took_over] == [
        "dave-1",
        "alice-1",
        "carol-1",
    ]


def test_r36_the_old_holder_is_told_who_took_what_and_why(late):
    late.claim("bob", SECOND, takeover_reason="her session ended")
    assert late.messages() == [
        {
            "id": f"msg_{late.entries()[-1].id[3:]}_0",
            "seq": 5,
            "kind": "note",
            "text": "bob took over src/** of AGT-20261122-001, which alice (alice-1) held until "
            "2026-11-22T16:30:00.000Z: her session ended",
            "at": "2026-11-22T16:31:00.000Z",
            "fromAgent": "bob",
            "fromAgentInstance": "bob-1",
            "toAgent": "alice",
            "toAgentInstance": "alice-1",
            "taskId": late.task(FIRST)["id"],
        }
    ]


def test_r37_a_takeover_of_a_lease_that_was_renewed_in_between_is_refused_at_replay(late):
    before = late.state
    late.claim("bob", SECOND, takeover_reason="gone")
    takeover = late.operations()[-1]
    here = Replay(before)
    task_id = late.task(FIRST)["id"]
    renewal = Renewal(task_id=task_id, term_ms=30 * 60_000)
    assert here.add(LeasesRenewed(task_id=task_id), "alice", at=Instant(START + 31 * 60_000), renew=(renewal,)) == ""
    assert here.put(takeover) == "scope_conflict"
    (lease,) = here.state.leases().values()
    assert lease.agent == "alice"
    assert here.state.task(late.task(SECOND)["id"]).status == "open"


@pytest.mark.parametrize("change", [{"fence": 9}, {"expires_at": Instant(5)}, {"agent_instance": "carol-1"}])
def test_r37_a_takeover_that_names_another_lease_than_is_there_is_refused(late, change):
    before = late.state
    late.claim("bob", SECOND, takeover_reason="gone")
    right = late.operations()[-1]
    wrong = replace(right.change, takeovers=(replace(right.change.takeovers[0], **change),))
    here = Replay(before)
    assert here.put(replace(right, change=wrong)) == "scope_conflict"
    assert replayed([right], before).lease(late.task(SECOND)["id"]).agent == "bob"


def test_r37_a_takeover_without_a_reason_is_refused_at_replay(late):
    before = late.state
    late.claim("bob", SECOND, takeover_reason="gone")
    operation = late.operations()[-1]
    here = Replay(before)
    assert here.put(replace(operation, change=replace(operation.change, reason=None))) == "takeover_needs_reason"


def test_r38_the_holder_of_an_expired_lease_may_not_update_nor_send_a_heartbeat(late):
    for attempt in (
        lambda: late.update("alice", FIRST, next="x"),
        lambda: late.update("alice", FIRST, status="done"),
        lambda: late.heartbeat("alice", FIRST),
        lambda: late.heartbeat("alice"),
    ):
        with late.refuses("lease_expired") as caught:
            attempt()
        assert caught.value.details["conflicts"][0]["state"] == "expired"
        assert "coordinaut claim --task AGT-20261122-001" in caught.value.hint


def test_r38_it_may_claim_again_if_nobody_took_over(late):
    lease = late.claim("alice", FIRST)["lease"]
    assert (lease["state"], lease["expiresAt"]) == ("active", "2026-11-22T17:01:00.000Z")
    late.update("alice", FIRST, next="go on")


def test_r38_it_may_not_claim_again_after_somebody_took_over(late):
    late.claim("bob", SECOND, takeover_reason="gone")
    with late.refuses("scope_conflict"):
        late.claim("alice", FIRST, files="src/**")


def test_r38_it_may_release(late):
    assert late.release("alice", FIRST)["lease"] is None


LEASE = Lease(
    task_id="task_20261122_001_0",
    display_id="AGT-20261122-001",
    agent_instance="alice-1",
    files=("src/**",),
    mode=Mode.EXCLUSIVE,
    granted_at=START,
    expires_at=Instant(START + 60_000),
    term_ms=60_000,
    fence=3,
    seq=7,
)


def moment(local_ms: int, elapsed_ms: int | None = None, tolerance_ms: int = 0) -> Moment:
    def elapsed(seq: int) -> int | None:
        assert seq == LEASE.seq, "a term begins with the newest operation on the lease"
        return elapsed_ms

    local = Instant(START + local_ms)
    return Moment(at=local, local=local, elapsed=elapsed, tolerance_ms=tolerance_ms)


@pytest.mark.parametrize(
    ("now", "expired"),
    [
        (moment(59_999), False),
        (moment(60_000), True),
        (moment(60_000, tolerance_ms=60_000), False),
        (moment(119_999, tolerance_ms=60_000), False),
        (moment(120_000, tolerance_ms=60_000), True),
        (moment(10**9, elapsed_ms=59_999), False),
        (moment(10**9, elapsed_ms=60_000), True),
        (moment(60_001, elapsed_ms=60_000, tolerance_ms=60_000), True),
        (moment(30_000, elapsed_ms=90_000), False),
        (moment(-(10**9), elapsed_ms=59_999), False),
        (moment(-(10**9), elapsed_ms=60_000), True),
        (moment(-(10**9)), False),
    ],
)
def test_r39_expiry_is_judged_by_our_own_elapsed_time_where_there_is_one(now, expired):
    assert now.expired(LEASE) is expired


def test_r39_alone_there_is_no_tolerance_and_in_a_team_one_minute(world):
    team = world.beside(team=True)
    task = world.claim("alice", files="src/**", ttl="1m")
    world.wait("61s")
    assert (world.lease(task)["state"], team.lease(task)["state"]) == ("expired", "active")
    world.wait("59s")
    assert team.lease(task)["state"] == "expired"


def test_r39_a_clock_that_is_far_ahead_steals_nothing_from_whom_it_saw_claim(world):
    task = world.claim("alice", files="src/**")
    world.store.seen_ms_ago = lambda seq: 1_000
    world.wait("9h")
    with world.refuses("scope_conflict"):
        world.claim("bob", task, files="src/a.py", takeover_reason="it looks expired")
    world.store.seen_ms_ago = lambda seq: 30 * 60_000
    world.claim("bob", task, files="src/a.py", takeover_reason="it is")
    assert [lease.agent for lease in world.state.leases().values()] == ["bob"]


def test_r39_a_term_begins_with_the_newest_operation_that_granted_or_renewed_the_lease(world):
    task = world.claim("alice", files="src/**")
    for renew in (lambda: world.claim("alice", task), lambda: world.heartbeat("alice", ttl="1h")):
        renew()
        (lease,) = world.state.leases().values()
        assert (lease.fence, lease.seq) == (task["lease"]["fence"], world.entries()[-1].seq)


def test_r39_a_moment_is_judged_anew_each_time(world):
    world.claim("alice", files="src/**")
    (lease,) = world.state.leases().values()
    assert not world.moment.expired(lease)
    assert moved(world.moment, 30 * 60_000).expired(lease)


def test_a_takeover_comes_back_from_the_line_as_it_was_judged(late):
    late.claim("bob", SECOND, takeover_reason="gone")
    change = late.operations()[-1].change
    assert isinstance(change, TaskClaimed)
    (takeover,) = change.takeovers
    assert (takeover.task_id, takeover.fence) == (late.task(FIRST)["id"], 2)
    assert (takeover.agent_instance, takeover.expires_at) == (actor("alice").instance, START + 30 * 60_000)


def test_r39_a_lease_that_runs_out_in_the_middle_of_a_decision_runs_out_for_the_next_one():
    passed_ms = count(0, 7_000)
    world = World(store=MemoryStore(elapsed_ms=lambda: next(passed_ms)))
    world.claim("alice", files="src/**", ttl="1m")
    world.wait("1h")
    mine = world.create()

    def claimed():
        try:
            world.claim("bob", mine, files="src/a.py", takeover_reason="no sign of life")
        except CoordinautError as error:
            return error.code
        return "claimed"

    told = [*iter(claimed, "claimed")]
    assert set(told) == {"scope_conflict"}
    assert world.lease(mine)["agent"] == "bob"
