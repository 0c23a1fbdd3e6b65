"""Tasks: how they are born, change and end. Rules 13 to 22 of docs/protocol.md."""

import pytest
from world import SetClock, World

from coordinaut_git.errors import Kind
from coordinaut_git.protocol.values import Instant

CLOSED = ["done", "cancelled"]


def test_r13_tasks_are_numbered_by_the_utc_day(world):
    assert [world.create()["displayId"] for _ in range(2)] == ["AGT-20261122-001", "AGT-20261122-002"]
    world.wait("8h")
    task = world.create()
    assert task["displayId"] == "AGT-20261123-001"
    assert task["id"].startswith("task_20261123_001_")


def test_r13_the_stable_id_never_changes(world):
    task = world.create("alice")
    for status in ("verifying", "done", "open", "cancelled"):
        assert world.update("alice", task, status=status)["task"]["id"] == task["id"]


def test_r13_numbers_go_on_past_999():
    world = World(clock=SetClock(Instant.parse("2026-11-22T23:00:00+02:00")))
    shown = [world.create()["displayId"] for _ in range(1001)]
    assert shown[998:] == ["AGT-20261122-999", "AGT-20261122-1000", "AGT-20261122-1001"]
    assert len(set(shown)) == 1001


def test_r14_a_new_task_is_open_and_nobody_holds_it(world):
    assert world.create("alice", title="Rate limits", scope="the API", files="src/**") == {
        "id": "task_20261122_001_000000000002",
        "displayId": "AGT-20261122-001",
        "title": "Rate limits",
        "scope": "the API",
        "files": ["src/**"],
        "status": "open",
        "next": "",
        "checks": [],
        "blockers": [],
        "priority": 2,
        "dependsOn": [],
        "dependsOnDisplayIds": [],
        "lease": None,
        "createdAt": "2026-11-22T16:00:00.000Z",
        "createdBy": "alice-1",
        "updatedAt": "2026-11-22T16:00:00.000Z",
    }
    assert world.create(None)["createdBy"] == "human"


def test_r15_anybody_updates_a_task_that_nobody_holds(world):
    task = world.create("alice")
    world.wait("1m")
    task = world.update("bob", task, next="measure", title="Limits", scope="API", files="src/a.py", priority=1)["task"]
    assert (task["next"], task["title"], task["scope"]) == ("measure", "Limits", "API")
    assert (task["files"], task["priority"], task["updatedAt"]) == (["src/a.py"], 1, "2026-11-22T16:01:00.000Z")
    assert world.update(None, task, status="blocked")["task"]["status"] == "blocked"


@pytest.mark.parametrize("who", ["bob", None])
def test_r15_a_held_task_is_updated_only_by_its_holder_even_when_expired(world, who):
    task = world.claim("alice", files="src/**")
    for _ in range(2):
        with world.refuses("not_owner") as caught:
            world.update(who, task, next="x")
        assert "alice (alice-1)" in caught.value.message
        assert [conflict["agentInstance"] for conflict in caught.value.details["conflicts"]] == ["alice-1"]
        world.wait("31m")


def test_r15_new_files_of_a_task_do_not_change_its_lease(world):
    task = world.claim("alice", files="src/**")
    done = world.update("alice", task, files="docs/**")
    assert (done["task"]["files"], done["lease"]["files"]) == (["docs/**"], ["src/**"])


@pytest.mark.parametrize("status", CLOSED)
def test_r16_a_task_that_is_done_or_cancelled_is_archived_and_its_lease_ends(world, status):
    task = world.claim("alice", files="src/**")
    done = world.update("alice", task, status=status)
    assert (done["task"]["status"], done["lease"]) == (status, None)
    assert [task.id for task in world.state.open_tasks()] == []
    assert [task.id for task in world.state.closed_tasks()] == [done["task"]["id"]]
    assert list(world.documents("leases/")) == []
    assert list(world.documents("tasks/")) == [f"tasks/closed/20261122/00/{done['task']['id']}.json"]
    world.claim("bob", files="src/**")


@pytest.mark.parametrize("status", CLOSED)
def test_r17_a_closed_task_can_only_become_open_again(world, status):
    task = world.create()
    world.update(None, task, status=status)
    with world.refuses("task_closed"):
        world.claim("alice", task, files="src/**")
    for other in {"investigating", "fixing", "verifying", "blocked", *CLOSED} - {status}:
        with world.refuses("task_closed"):
            world.update(None, task, status=other)
    assert world.update(None, task, status=status, next="nothing")["task"]["next"] == "nothing"
    assert world.update(None, task, status="open")["task"]["status"] == "open"
    assert list(world.documents("tasks/")) == [f"tasks/open/20261122/00/{task['id']}.json"]
    assert world.claim("alice", task, files="src/**")["task"]["status"] == "claimed"


def test_r18_a_task_becomes_claimed_only_if_somebody_holds_it(world):
    task = world.create()
    with world.refuses("not_claimed"):
        world.update("alice", task, status="claimed")
    world.claim("alice", task, files="src/**")
    world.update("alice", task, status="fixing")
    assert world.update("alice", task, status="claimed")["task"]["status"] == "claimed"


def test_r19_a_task_keeps_the_newest_outcome_of_each_check(world):
    task = world.create()
    world.update("alice", task, check=("unit=failed", "a=b=pending"))
    world.wait("1m")
    checks = world.update("alice", task, check="unit=passed")["task"]["checks"]
    assert checks == [
        {"name": "unit", "status": "passed", "at": "2026-11-22T16:01:00.000Z"},
        {"name": "a=b", "status": "pending", "at": "2026-11-22T16:00:00.000Z"},
    ]


@pytest.mark.parametrize("text", ["unit", "unit=", "unit=ok", "unit=PASSED"])
def test_r19_a_check_has_a_name_and_one_of_three_outcomes(world, text):
    task = world.create()
    with world.refuses("bad_check", Kind.INVALID):
        world.update("alice", task, check=text)


def test_r20_blockers_add_up_until_they_are_cleared(world):
    task = world.create()
    world.update("alice", task, blocker="one")
    assert world.update("alice", task, blocker=("two", "three"))["task"]["blockers"] == ["one", "two", "three"]
    assert world.update("alice", task, clear_blockers=True, blocker="four")["task"]["blockers"] == ["four"]
    assert world.update("alice", task, clear_blockers=True)["task"]["blockers"] == []


def test_r21_an_update_that_says_nothing_is_refused(world):
    task = world.create()
    with world.refuses("nothing_to_update", Kind.INVALID):
        world.update("alice", task)


def test_r22_a_task_depends_on_tasks_that_exist_each_once(world):
    first, second = world.create(), world.create()
    task = world.create(depends_on=(first["displayId"], first["id"], second["id"]))
    assert task["dependsOn"] == [first["id"], second["id"]]
    assert task["dependsOnDisplayIds"] == [first["displayId"], second["displayId"]]
    with world.refuses("no_such_task", Kind.NOT_FOUND):
        world.create(depends_on="AGT-20261122-099")


def test_r22_no_task_depends_on_itself_not_even_around_corners(world):
    first = world.create()
    second = world.create(depends_on=first["id"])
    third = world.create(depends_on=second["id"])
    for other in (first, second, third):
        with world.refuses("circular_dependency", Kind.INVALID):
            world.update(None, first, depends_on=other["id"])
    assert world.update(None, third, depends_on=first["id"])["task"]["dependsOn"] == [first["id"]]
