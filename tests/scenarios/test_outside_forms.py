"""The JSON that people and programs see: every name of CONTRACT's Task, Lease and Event, and the lists of them."""

from coordinaut_git.protocol import views
from coordinaut_git.protocol.model import Actor, Mode, Tool
from coordinaut_git.protocol.requests import ClaimTask


def test_a_lease_has_every_name(world):
    task = world.create(files=("src/**", "docs/**"))
    who = Actor(instance="i-1", agent="backend", thread_id="t-9", tool=Tool.CLAUDE)
    world.coordinator.run(ClaimTask(task=task["id"]), who)
    assert world.lease(task) == {
        "taskId": task["id"],
        "displayId": "AGT-20261122-001",
        "agentInstance": "i-1",
        "agent": "backend",
        "threadId": "t-9",
        "tool": "claude",
        "files": ["src/**", "docs/**"],
        "without": [],
        "also": [],
        "mode": "exclusive",
        "grantedAt": "2026-11-22T16:00:00.000Z",
        "expiresAt": "2026-11-22T16:30:00.000Z",
        "state": "active",
        "fence": 2,
        "confirmed": None,
    }


def test_a_lease_keeps_the_name_and_thread_that_a_later_claim_leaves_out(world):
    task = world.create(files="src/**")
    for who in (Actor(instance="i-1", agent="backend", thread_id="t-9"), Actor(instance="i-1")):
        world.coordinator.run(ClaimTask(task=task["id"]), who)
    assert (world.lease(task)["agent"], world.lease(task)["threadId"]) == ("backend", "t-9")


def test_an_event_has_every_name(world):
    task = world.create("alice", title="Rate limits", files="src/**")
    world.claim("alice", task)
    world.wait("16m")
    world.update("alice", task, status="fixing", check="unit=passed", next="measure")
    events = [views.event_form(entry, operation) for entry, operation in world.coordinator.events()]
    assert events == [
        {
            "id": world.entries()[2].id,
            "seq": 3,
            "at": "2026-11-22T16:16:00.000Z",
            "op": "task_updated",
            "agentInstance": "alice-1",
            "agent": "alice",
            "taskId": task["id"],
            "summary": "update AGT-20261122-001 to fixing; unit passed; next: measure",
            "data": {
                "status": "fixing",
                "next": "measure",
                "checks": [{"name": "unit", "status": "passed", "at": "2026-11-22T16:16:00.000Z"}],
                "renewals": [{"taskId": task["id"], "termMs": 1_800_000}],
            },
            "confirmed": None,
        },
        {
            "id": world.entries()[1].id,
            "seq": 2,
            "at": "2026-11-22T16:00:00.000Z",
            "op": "task_claimed",
            "agentInstance": "alice-1",
            "agent": "alice",
            "taskId": task["id"],
            "summary": "claim AGT-20261122-001 src/** for alice",
            "data": {"files": ["src/**"], "mode": "exclusive", "termMs": 1_800_000},
            "confirmed": None,
        },
        {
            "id": world.entries()[0].id,
            "seq": 1,
            "at": "2026-11-22T16:00:00.000Z",
            "op": "task_created",
            "agentInstance": "alice-1",
            "agent": "alice",
            "taskId": task["id"],
            "summary": "create AGT-20261122-001 Rate limits",
            "data": {"displayId": "AGT-20261122-001", "title": "Rate limits", "priority": 2, "files": ["src/**"]},
            "confirmed": None,
        },
    ]


def test_every_kind_of_operation_has_a_sentence_for_people(world):
    task = world.claim("alice", files=("a", "b", "c", "d"))
    world.wait("20m")
    world.heartbeat("alice")
    world.release("alice", task, reason="lunch\nis ready")
    world.claim("bob", task, files="x")
    world.wait("31m")
    world.claim("carol", task, files="y", takeover_reason="gone")
    world.update("carol", task, blocker="no wifi")
    world.update("carol", task, priority=1, title="t")
    said = [world.say("carol", "one\ntwo", to="bob", kind="question"), world.say(None, "x" * 300, broadcast=True)]
    world.say("carol", "@a @b @c @d")
    world.read("bob", said[0])
    world.read("bob")
    assert [entry.summary for entry in world.entries()[1:]] == [
        "claim AGT-20261122-001 a b c and 1 more for alice",
        "renew AGT-20261122-001 for alice",
        "release AGT-20261122-001 by alice: lunch is ready",
        "claim AGT-20261122-001 x for bob",
        "take over AGT-20261122-001 y for carol",
        "update AGT-20261122-001 blocked by no wifi",
        "update AGT-20261122-001 priority, title",
        "question from carol to bob-1: one two",
        f"note from human to everybody: {'x' * 79}…",
        "note from carol to @a @b @c and 1 more: @a @b @c @d",
        "bob read 1 message",
        "bob read 2 messages",
    ]


def test_status_shows_open_work_by_urgency_and_counts_it(world):
    late, urgent, done = world.create(), world.create(priority=0), world.create()
    world.update(None, done, status="done")
    world.claim("alice", late, files="a", ttl="1m")
    world.claim("bob", urgent, files="b")
    world.wait("2m")
    shown = views.status_view(world.state, world.moment, everything=False)
    assert [task["id"] for task in shown["tasks"]] == [urgent["id"], late["id"]]
    assert [lease["agent"] for lease in shown["leases"]] == ["alice", "bob"]
    assert shown["counts"] == {"tasks": 2, "claimed": 2, "leases": 2, "activeLeases": 1, "expiredLeases": 1}
    shown = views.status_view(world.state, world.moment, everything=True)
    assert [task["status"] for task in shown["tasks"]] == ["claimed", "claimed", "done"]
    assert (shown["counts"]["done"], shown["counts"]["open"]) == (1, 0)


def test_mine_are_the_tasks_that_fit_all_that_is_said_of_the_holder(world):
    first, second = world.claim("alice", files="a"), world.claim("bob", files="b")
    tasks = views.held_by(world.state, world.moment, Actor(instance="alice-1"))["tasks"]
    assert [task["id"] for task in tasks] == [first["task"]["id"]]
    assert views.held_by(world.state, world.moment, Actor(agent="bob"))["tasks"] == [second["task"]]
    assert views.held_by(world.state, world.moment, Actor(instance="alice-1", agent="bob")) == {"tasks": []}


def test_conflicts_with_a_scope_leave_out_the_askers_own(world):
    world.claim("alice", files="src/**")
    for who, expected in (("alice-1", []), ("bob-1", ["src/a"]), (None, ["src/a"])):
        found = views.conflicts_with(world.state, who, ("src/a",), Mode.EXCLUSIVE, world.moment, fold=False)
        assert [conflict["example"] for conflict in found["conflicts"]] == expected


def test_no_two_leases_that_were_granted_are_in_conflict(world):
    for who, mode in (("alice", "shared-read"), ("bob", "shared-read"), ("carol", "advisory")):
        world.claim(who, files="src/**", mode=mode)
    assert views.conflicts_among(world.state, world.moment) == {"conflicts": []}
