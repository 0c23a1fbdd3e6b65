"""Claims, and the modes in which two may stand beside each other. Rules 23 to 32 of docs/protocol.md."""

from itertools import product

import pytest

from coordinaut_git.errors import Kind
from coordinaut_git.protocol.model import Actor
from coordinaut_git.protocol.requests import ClaimTask

MODES = ["exclusive", "shared-docs", "shared-read", "advisory"]
TOGETHER = {("shared-docs", "shared-docs"), ("shared-read", "shared-read")}


def go_together(one: str, other: str) -> bool:
    return "advisory" in (one, other) or (one, other) in TOGETHER


def test_r23_only_an_instance_can_hold_a_lease(world):
    task = world.create(files="src/**")
    with world.refuses("no_instance", Kind.INVALID):
        world.claim(None, task)


@pytest.mark.parametrize("expired", [False, True], ids=["active", "expired"])
@pytest.mark.parametrize(("held", "asked"), list(product(MODES, MODES)))
def test_r24_two_instances_hold_one_path_only_in_modes_that_go_together(world, held, asked, expired):
    world.claim("alice", files="src/**", mode=held)
    world.wait("31m" if expired else "1m")
    task = world.create()
    if go_together(held, asked):
        assert world.claim("bob", task, files="src/a.py", mode=asked)["lease"]["mode"] == asked
    else:
        with world.refuses("takeover_needs_reason" if expired else "scope_conflict"):
            world.claim("bob", task, files="src/a.py", mode=asked)


@pytest.mark.parametrize(("held", "asked"), list(product(MODES, MODES)))
def test_r24_scopes_that_never_meet_do_not_conflict(world, held, asked):
    world.claim("alice", files="src/*.py", mode=held)
    world.claim("bob", files="src/*.md", mode=asked)


def test_r24_two_patterns_that_meet_at_a_file_that_does_not_exist_conflict(world):
    world.claim("alice", files="src/*/a.py")
    task = world.create()
    with world.refuses("scope_conflict") as caught:
        world.claim("bob", task, files="src/b/*.py")
    assert [conflict["example"] for conflict in caught.value.details["conflicts"]] == ["src/b/a.py"]


@pytest.mark.parametrize("mode", MODES)
def test_r25_a_task_has_one_holder_even_where_modes_go_together(world, mode):
    task = world.claim("alice", files="src/**", mode=mode)
    with world.refuses("scope_conflict") as caught:
        world.claim("bob", task, files="docs/**", mode=mode)
    (conflict,) = caught.value.details["conflicts"]
    assert (conflict["taskId"], conflict["example"]) == (task["task"]["id"], None)


def test_r25_an_instance_may_hold_many_tasks(world):
    for name in "abc":
        world.claim("alice", files=name)
    assert len(world.state.leases_of("alice-1")) == 3


@pytest.mark.parametrize(("held", "asked"), list(product(MODES, MODES)))
def test_r26_two_tasks_of_one_instance_never_conflict(world, held, asked):
    world.claim("alice", files="src/**", mode=held)
    world.claim("alice", files="src/**", mode=asked)
    assert len(world.state.leases()) == 2


def test_r27_a_claim_that_names_no_files_takes_the_tasks(world):
    task = world.create(files=("src/**", "./docs/"))
    assert world.claim("alice", task)["lease"]["files"] == ["src/**", "docs/"]
    bare = world.create()
    with world.refuses("no_files", Kind.INVALID):
        world.claim("alice", bare)


def test_r27_a_claim_that_names_files_leaves_the_tasks_own_aside(world):
    task = world.create(files="src/**")
    done = world.claim("alice", task, files="docs/a.md")
    assert (done["task"]["files"], done["lease"]["files"]) == (["src/**"], ["docs/a.md"])


def test_r27_taking_over_a_task_without_files_of_its_own_takes_the_ended_leases(world):
    task = world.create()
    world.claim("alice", task, files="src/**", ttl="1m")
    with world.refuses("scope_conflict"):
        world.claim("bob", task)
    world.wait("2m")
    done = world.claim("bob", task, takeover_reason="its session ended")
    assert done["lease"]["files"] == ["src/**"]


def test_r27_a_claim_names_a_task(world):
    with world.refuses("no_task", Kind.INVALID):
        world.claim("alice", "", files="x")


def test_r28_claiming_again_widens_and_starts_the_term_again(world):
    task = world.claim("alice", files="src/**", mode="shared-docs", ttl="1h")
    world.wait("10m")
    lease = world.claim("alice", task, files=("docs/**", "src/**"))["lease"]
    assert (lease["files"], lease["mode"]) == (["src/**", "docs/**"], "shared-docs")
    assert lease["expiresAt"] == "2026-11-22T17:10:00.000Z"
    assert lease["grantedAt"] == "2026-11-22T16:10:00.000Z"


def test_r28_another_mode_and_term_hold_from_the_next_claim_on(world):
    task = world.claim("alice", files="src/**", mode="shared-docs", ttl="1h")
    lease = world.claim("alice", task, mode="exclusive", ttl="5m")["lease"]
    assert (lease["files"], lease["mode"], lease["expiresAt"]) == (["src/**"], "exclusive", "2026-11-22T16:05:00.000Z")
    world.wait("1m")
    assert world.claim("alice", task)["lease"]["expiresAt"] == "2026-11-22T16:06:00.000Z"


def test_r28_claiming_again_unchanged_keeps_when_it_was_granted(world):
    task = world.claim("alice", files="src/**")
    world.wait("10m")
    lease = world.claim("alice", task, files="src/**")["lease"]
    assert (lease["grantedAt"], lease["expiresAt"]) == ("2026-11-22T16:00:00.000Z", "2026-11-22T16:40:00.000Z")


def test_r29_a_widened_scope_is_judged_like_any_claim(world):
    world.claim("bob", files="docs/**")
    task = world.claim("alice", files="src/**")
    with world.refuses("scope_conflict"):
        world.claim("alice", task, files="docs/a.md")
    assert world.lease(task) == task["lease"]


def test_r29_another_mode_is_judged_like_any_claim(world):
    world.claim("bob", files="src/**", mode="shared-read")
    task = world.claim("alice", files="src/**", mode="shared-read")
    with world.refuses("scope_conflict"):
        world.claim("alice", task, mode="exclusive")
    assert world.lease(task)["mode"] == "shared-read"


def test_r30_a_refused_claim_names_every_lease_in_the_way(world):
    first = world.claim("alice", files="src/a.py")
    second = world.claim("carol", files="src/b/**", mode="shared-read")
    world.claim("dave", files="src/**", mode="advisory")
    task = world.create()
    with world.refuses("scope_conflict") as caught:
        world.claim("bob", task, files=("docs/", "src/"))
    assert caught.value.details["conflicts"] == [
        {
            "displayId": "AGT-20261122-001",
            "taskId": first["task"]["id"],
            "agentInstance": "alice-1",
            "agent": "alice",
            "files": ["src/a.py"],
            "without": [],
            "also": [],
            "mode": "exclusive",
            "expiresAt": "2026-11-22T16:30:00.000Z",
            "state": "active",
            "confirmed": None,
            "example": "src/a.py",
        },
        {
            "displayId": "AGT-20261122-002",
            "taskId": second["task"]["id"],
            "agentInstance": "carol-1",
            "agent": "carol",
            "files": ["src/b/**"],
            "without": [],
            "also": [],
            "mode": "shared-read",
            "expiresAt": "2026-11-22T16:30:00.000Z",
            "state": "active",
            "confirmed": None,
            "example": caught.value.details["conflicts"][1]["example"],
        },
    ]
    assert caught.value.details["conflicts"][1]["example"].startswith("src/b/")
    assert "alice (alice-1)" in caught.value.message
    assert "carol (carol-1)" in caught.value.message
    assert "takeover" not in (caught.value.hint or "")


def test_r30_the_hint_of_a_refused_claim_can_be_typed_as_it_stands(world):
    world.claim("alice", files="my files/**")
    task = world.create()
    with world.refuses("scope_conflict") as caught:
        world.claim("bob", task, files=("docs", "my files/$(a).md"))
    typed = f"coordinaut handoff request --task {task['displayId']} --files 'my files/$(a).md' --reason"
    assert typed in caught.value.hint


def test_r30_who_wants_a_task_that_is_held_is_not_told_to_ask_for_files(world):
    task = world.claim("alice", files="src/**")
    with world.refuses("scope_conflict") as caught:
        world.claim("bob", task, files="docs/**")
    assert "coordinaut message --task" in caught.value.hint
    assert "handoff" not in caught.value.hint


@pytest.mark.parametrize("late", ["upper", "lower"])
def test_r31_a_lease_from_a_place_that_ignores_case_meets_either_case(world, late):
    folding = world.beside(fold=True)
    first, second = (folding, world) if late == "upper" else (world, folding)
    first.claim("alice", files="src/readme.md")
    task = world.create()
    with second.refuses("scope_conflict"):
        second.claim("bob", task, files="SRC/README.md")


def test_r31_where_case_counts_names_that_differ_in_case_do_not_meet(world):
    world.claim("alice", files="src/readme.md")
    world.claim("bob", files="SRC/README.md")


@pytest.mark.parametrize("status", ["investigating", "fixing", "verifying", "blocked"])
def test_r32_a_claim_makes_an_open_task_claimed_and_leaves_the_others(world, status):
    task = world.create(files="src/**")
    world.update(None, task, status=status)
    assert world.claim("alice", task)["task"]["status"] == status
    assert world.claim("alice", files="docs/**")["task"]["status"] == "claimed"


def test_r92_the_next_task_is_the_most_urgent_whose_files_are_free_and_of_equals_the_oldest(world):
    world.claim("bob", files="src/api/**")
    world.create(title="held", files="src/api/limits.py", priority=0)
    world.create(title="no files", priority=0)
    first = world.create(title="first", files="docs/**", priority=1)
    second = world.create(title="second", files="lib/**", priority=1)
    world.create(title="later", files="tools/**")
    taken = [world.claim_next("alice")["task"]["title"] for _ in range(3)]
    assert taken == ["first", "second", "later"]
    assert [world.lease(task)["agentInstance"] for task in (first, second)] == ["alice-1", "alice-1"]
    with world.refuses("nothing_ready") as caught:
        world.claim_next("alice")
    assert "1 cannot begin yet, and the files of 1 are held" in caught.value.message
    world.release("bob", "AGT-20261122-001", status="done")
    assert world.claim_next("alice")["task"]["title"] == "held"


def test_r92_what_is_blocked_or_waits_for_another_task_is_not_next(world):
    before = world.create(title="before", files="a")
    world.create(title="after", files="b", priority=0, depends_on=before["id"])
    world.update(None, world.create(title="stuck", files="c", priority=0), blocker=("no key",))
    world.update(None, world.create(title="set aside", files="d", priority=0), status="blocked")
    assert world.claim_next("alice")["task"]["title"] == "before"
    with world.refuses("nothing_ready"):
        world.claim_next("bob")
    world.update("alice", before, status="done")
    assert world.claim_next("bob")["task"]["title"] == "after"


def test_r92_next_with_files_takes_those_of_the_claim(world):
    world.claim("bob", files="src/**")
    world.create(title="anything")
    assert world.claim_next("alice", files="docs/**")["lease"]["files"] == ["docs/**"]
    with world.refuses("nothing_ready"):
        world.claim_next("alice", files="src/a.py")


def test_next_and_a_task_are_not_asked_together(world):
    task = world.create(files="a")
    with world.refuses("next_of_what", Kind.INVALID):
        world.coordinator.run(ClaimTask(task=task["id"], next=True), Actor(instance="i-1"))
