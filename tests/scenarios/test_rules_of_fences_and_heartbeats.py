"""Fences tell who came later; heartbeats keep a lease; releases end it. Rules 40 to 50 of docs/protocol.md."""

import pytest
from world import START

from coordinaut_git.errors import Kind
from coordinaut_git.protocol.ops import LeasesRenewed, Renewal
from coordinaut_git.protocol.values import Instant


def test_r40_the_fence_is_the_place_of_the_granting_operation_on_the_line(world):
    world.create()
    assert world.claim("alice", files="src/**")["lease"]["fence"] == world.entries()[-1].seq == 3


def test_r41_who_holds_a_path_after_somebody_else_has_the_larger_fence(world):
    first = world.claim("alice", files="src/**")
    world.release("alice", first)
    second = world.claim("bob", files="src/a.py")
    world.wait("31m")
    third = world.claim("carol", files="src/*.py", takeover_reason="gone")
    fences = [task["lease"]["fence"] for task in (first, second, third)]
    assert fences == sorted(set(fences))


def test_r42_renewing_keeps_the_fence(world):
    task = world.claim("alice", files="src/**")
    world.wait("20m")
    (lease,) = world.heartbeat("alice")
    assert (lease["fence"], lease["expiresAt"]) == (task["lease"]["fence"], "2026-11-22T16:50:00.000Z")


def test_r42_claiming_again_unchanged_keeps_the_fence_until_the_term_is_over(world):
    task = world.claim("alice", files="src/**")
    for fence in (task["lease"]["fence"], len(world.entries()) + 2):
        world.wait("29m" if fence == task["lease"]["fence"] else "30m")
        assert world.claim("alice", task)["lease"]["fence"] == fence


@pytest.mark.parametrize("change", [{"files": "docs/**"}, {"mode": "shared-docs"}])
def test_r42_widening_or_another_mode_gives_a_new_fence(world, change):
    task = world.claim("alice", files="src/**")
    assert world.claim("alice", task, **change)["lease"]["fence"] == world.entries()[-1].seq


def test_r42_another_reading_of_case_gives_a_new_fence(world):
    task = world.claim("alice", files="src/**")
    lease = world.beside(fold=True).claim("alice", task)["lease"]
    assert lease["fence"] == world.entries()[-1].seq


@pytest.mark.parametrize("waited_ms", [0, 1, 15 * 60_000])
def test_r43_a_heartbeat_writes_nothing_while_half_of_the_term_is_left(world, waited_ms):
    task = world.claim("alice", files="src/**")
    before = world.store.head()
    world.clock.at = Instant(START + waited_ms)
    assert world.heartbeat("alice", task) == world.heartbeat("alice")
    assert world.store.head() == before


def test_r43_it_writes_as_soon_as_less_than_half_is_left(world):
    task = world.claim("alice", files="src/**")
    world.clock.at = Instant(START + 15 * 60_000 + 1)
    (lease,) = world.heartbeat("alice", task)
    assert lease["expiresAt"] == "2026-11-22T16:45:00.001Z"
    operation = world.operations()[-1]
    assert operation.change == LeasesRenewed(task_id=task["task"]["id"])
    assert operation.renewals == (Renewal(task_id=task["task"]["id"], term_ms=30 * 60_000),)


def test_r44_a_heartbeat_without_a_task_renews_what_is_due_and_not_expired(world):
    short = world.claim("alice", files="a", ttl="5m")
    due = world.claim("alice", files="b", ttl="15m")
    fresh = world.claim("alice", files="c", ttl="1h")
    other = world.claim("bob", files="d", ttl="15m")
    world.wait("10m")
    world.heartbeat("alice")
    assert [renewal.task_id for renewal in world.operations()[-1].renewals] == [due["task"]["id"]]
    assert world.lease(due)["expiresAt"] == "2026-11-22T16:25:00.000Z"
    assert [world.lease(task)["expiresAt"] for task in (short, fresh, other)] == [
        task["lease"]["expiresAt"] for task in (short, fresh, other)
    ]


def test_r44_if_all_have_expired_it_is_refused(world):
    world.claim("alice", files="a")
    world.wait("30m")
    with world.refuses("lease_expired"):
        world.heartbeat("alice")


@pytest.mark.parametrize("who", ["bob", None])
def test_r44_who_holds_nothing_has_nothing_to_renew(world, who):
    world.claim("alice", files="a")
    before = world.store.head()
    assert world.heartbeat(who) == []
    assert world.store.head() == before


@pytest.mark.parametrize("act", ["create", "update", "claim", "release"])
def test_r45_every_operation_of_a_holder_renews_what_is_due_on_the_way(world, act):
    held = world.claim("alice", files="src/**")
    expired = world.claim("alice", files="old/**", ttl="1m")
    theirs = world.claim("bob", files="lib/**")
    task = world.claim("alice", files="docs/**", ttl="1h")
    world.wait("16m")
    {
        "create": lambda: world.create("alice"),
        "update": lambda: world.update("alice", task, next="x"),
        "claim": lambda: world.claim("alice", task),
        "release": lambda: world.release("alice", task),
    }[act]()
    assert world.lease(held)["expiresAt"] == "2026-11-22T16:46:00.000Z"
    assert world.lease(expired)["expiresAt"] == "2026-11-22T16:01:00.000Z"
    assert world.lease(theirs)["expiresAt"] == "2026-11-22T16:30:00.000Z"


def test_r45_what_is_not_due_is_not_renewed_on_the_way(world):
    task = world.claim("alice", files="src/**")
    world.wait("15m")
    world.update("alice", task, next="x")
    assert world.operations()[-1].renewals == ()
    assert world.lease(task)["expiresAt"] == "2026-11-22T16:30:00.000Z"


@pytest.mark.parametrize("act", ["claim", "release"])
def test_r45_a_claim_or_a_release_does_not_renew_its_own_lease_besides(world, act):
    task = world.claim("alice", files="src/**")
    world.wait("16m")
    getattr(world, act)("alice", task)
    assert world.operations()[-1].renewals == ()


def test_r45_an_update_that_closes_a_task_renews_it_in_vain(world):
    task = world.claim("alice", files="src/**")
    world.wait("16m")
    assert world.update("alice", task, status="done")["lease"] is None


def test_r46_a_heartbeat_with_another_term_writes_at_once_and_the_term_stays(world):
    task = world.claim("alice", files="src/**")
    (lease,) = world.heartbeat("alice", task, ttl="2h")
    assert lease["expiresAt"] == "2026-11-22T18:00:00.000Z"
    before = world.store.head()
    world.heartbeat("alice", ttl="2h")
    assert world.store.head() == before
    world.wait("61m")
    assert world.heartbeat("alice")[0]["expiresAt"] == "2026-11-22T19:01:00.000Z"


def test_r47_a_heartbeat_for_a_task_of_somebody_else_or_of_nobody_is_refused(world):
    task = world.claim("alice", files="src/**")
    free = world.create()
    with world.refuses("not_owner"):
        world.heartbeat("bob", task)
    with world.refuses("not_claimed"):
        world.heartbeat("alice", free)
    with world.refuses("no_such_task", Kind.NOT_FOUND):
        world.heartbeat("alice", "AGT-20261122-009")


def test_r48_only_the_holder_releases_a_lease(world):
    task = world.claim("alice", files="src/**")
    for _ in range(2):
        for who in ("bob", None):
            with world.refuses("not_owner"):
                world.release(who, task)
        world.wait("31m")
    assert world.release("alice", task, reason="done for today")["lease"] is None
    assert world.operations()[-1].change.reason == "done for today"
    with world.refuses("not_claimed"):
        world.release("alice", task)


@pytest.mark.parametrize("status", ["open", "investigating", "fixing", "verifying", "blocked", "done", "cancelled"])
def test_r49_a_release_makes_the_status_what_was_said(world, status):
    task = world.claim("alice", files="src/**")
    done = world.release("alice", task, status=status)
    assert (done["task"]["status"], done["lease"]) == (status, None)
    closed = status in {"done", "cancelled"}
    assert [task.id for task in world.state.closed_tasks()] == ([done["task"]["id"]] if closed else [])


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("claimed", "open"),
        ("investigating", "open"),
        ("fixing", "open"),
        ("verifying", "verifying"),
        ("blocked", "blocked"),
    ],
)
def test_r49_if_nothing_is_said_nobody_works_on_what_nobody_holds(world, before, after):
    task = world.claim("alice", files="src/**")
    world.update("alice", task, status=before)
    assert world.release("alice", task)["task"]["status"] == after


def test_r50_a_released_task_cannot_be_claimed(world):
    task = world.claim("alice", files="src/**")
    with world.refuses("bad_status", Kind.INVALID):
        world.release("alice", task, status="claimed")
