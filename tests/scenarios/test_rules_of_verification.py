"""What is known of instances, and which changed paths are covered. Rules 61 to 63 of docs/protocol.md."""

import pytest
from world import World

from coordinaut_git.protocol.model import Actor, Tool
from coordinaut_git.protocol.requests import CreateTask
from coordinaut_git.protocol.verify import ChangedPath, violations


def reasons(world: World, who: str, *paths: str) -> dict[str, str]:
    changed = [ChangedPath(path) for path in paths]
    found = violations(world.state, f"{who}-1", changed, world.moment, fold=False)
    return {violation["path"]: violation["reason"] for violation in found}


def test_r61_the_newest_name_thread_and_tool_of_an_instance_are_kept(world):
    said = [
        Actor(instance="i", agent="backend", thread_id="t-1", tool=Tool.CODEX),
        Actor(instance="i"),
        Actor(instance="i", agent="api", thread_id="t-2", tool=Tool.CLAUDE),
    ]
    seen = []
    for who in said:
        world.coordinator.run(CreateTask(title="x"), who)
        seen.append(world.documents("instances/"))
        world.wait("1m")
    (path,) = seen[0]
    assert path.endswith("/i.json")
    first = {"id": "i", "name": "backend", "threadId": "t-1", "tool": "codex"}
    first |= {"startedAt": "2026-11-22T16:00:00.000Z", "lastSeenAt": "2026-11-22T16:00:00.000Z"}
    assert seen[0][path] == first
    assert seen[1][path] == first | {"lastSeenAt": "2026-11-22T16:01:00.000Z"}
    newest = {"name": "api", "threadId": "t-2", "tool": "claude", "lastSeenAt": "2026-11-22T16:02:00.000Z"}
    assert seen[2][path] == first | newest


def test_r61_an_instance_that_gave_no_name_is_called_by_its_id(world):
    world.coordinator.run(CreateTask(title="x"), Actor(instance="i"))
    assert world.state.instance("i").name == "i"


def test_r61_who_acts_without_an_instance_is_not_kept(world):
    world.create(None)
    assert world.documents("instances/") == {}


@pytest.mark.parametrize(
    ("mode", "reason"),
    [("exclusive", None), ("shared-docs", None), ("shared-read", "read_only_mode"), ("advisory", "read_only_mode")],
)
def test_r62_only_exclusive_and_shared_docs_cover_a_write(world, mode, reason):
    world.claim("alice", files="src/**", mode=mode)
    assert reasons(world, "alice", "src/a.py").get("src/a.py") == reason


def test_r62_a_lease_covers_until_its_term_is_over_and_not_beyond_its_scope(world):
    world.claim("alice", files="src/**")
    assert reasons(world, "alice", "src/a", "lib/a") == {"lib/a": "unclaimed"}
    world.wait("30m")
    assert reasons(world, "alice", "src/a", "lib/a") == {"src/a": "expired", "lib/a": "unclaimed"}


def test_r62_any_own_lease_may_cover_a_path(world):
    world.claim("alice", files="src/**", mode="advisory")
    world.claim("alice", files="src/a.py", ttl="1h")
    world.wait("31m")
    assert reasons(world, "alice", "src/a.py", "src/b.py") == {"src/b.py": "expired"}


def test_r62_two_who_share_docs_both_cover_them(world):
    for who in ("alice", "bob"):
        world.claim(who, files="docs/**", mode="shared-docs")
        assert reasons(world, who, "docs/a.md") == {}


def test_r62_a_submodule_is_covered_by_a_pattern_for_folders(world):
    world.claim("alice", files="vendor/lib/")
    for directory, expected in ((True, []), (False, ["unclaimed"])):
        changed = [ChangedPath("vendor/lib", directory=directory)]
        found = violations(world.state, "alice-1", changed, world.moment, fold=False)
        assert [violation["reason"] for violation in found] == expected


def test_r63_a_path_that_was_taken_over_says_so_first(world):
    world.claim("alice", files=("src/**", "lib/**"))
    world.wait("31m")
    task = world.claim("bob", files="src/**", takeover_reason="gone")
    assert reasons(world, "alice", "src/a", "lib/a") == {"src/a": "taken_over", "lib/a": "unclaimed"}
    assert reasons(world, "carol", "src/a") == {"src/a": "held_by_other"}
    world.wait("31m")
    assert reasons(world, "alice", "src/a") == {"src/a": "taken_over"}
    world.release("bob", task)
    assert reasons(world, "alice", "src/a") == {"src/a": "unclaimed"}


def test_r63_a_takeover_is_not_forgotten_when_the_new_holder_claims_again(world):
    world.claim("alice", files="src/**")
    world.wait("31m")
    task = world.claim("bob", files="src/**", takeover_reason="gone")
    world.claim("bob", task, files="lib/**")
    assert reasons(world, "alice", "src/a") == {"src/a": "taken_over"}


def test_r63_a_holder_now_comes_before_what_the_instance_lacks(world):
    world.claim("bob", files="src/**")
    world.claim("alice", files="src/a.py", mode="advisory")
    found = violations(world.state, "alice-1", [ChangedPath("src/a.py")], world.moment, fold=False)
    assert found == [
        {
            "path": "src/a.py",
            "reason": "held_by_other",
            "holder": {
                "agentInstance": "bob-1",
                "agent": "bob",
                "displayId": "AGT-20261122-001",
                "taskId": world.task("AGT-20261122-001")["id"],
                "expiresAt": "2026-11-22T16:30:00.000Z",
                "fence": 2,
            },
            "commit": None,
            "hint": "Undo the change, or ask bob (bob-1) for a handoff.",
        }
    ]


def test_r63_of_several_holders_the_newest_is_named(world):
    for who in ("bob", "carol"):
        world.claim(who, files="docs/**", mode="shared-docs")
    (found,) = violations(world.state, "alice-1", [ChangedPath("docs/a")], world.moment, fold=False)
    assert (found["reason"], found["holder"]["agent"]) == ("held_by_other", "carol")


def test_r63_an_own_lease_that_expired_comes_before_a_mode_that_covers_nothing(world):
    world.claim("alice", files="src/**", ttl="1m")
    world.claim("alice", files="src/**", mode="shared-read")
    assert reasons(world, "alice", "src/a") == {}
    world.wait("2m")
    assert reasons(world, "alice", "src/a") == {"src/a": "expired"}


def test_r63_a_holder_whose_own_lease_expired_comes_before_unclaimed(world):
    world.claim("bob", files="src/**", ttl="1m")
    world.claim("alice", files="src/a", mode="advisory")
    world.wait("2m")
    assert reasons(world, "carol", "src/a", "src/b") == {"src/a": "held_by_other", "src/b": "held_by_other"}
    assert reasons(world, "alice", "src/a") == {"src/a": "read_only_mode"}


def test_r63_those_who_may_not_write_themselves_are_no_holders(world):
    world.claim("bob", files="src/**", mode="shared-read")
    world.claim("dave", files="src/**", mode="advisory")
    assert reasons(world, "alice", "src/a") == {"src/a": "unclaimed"}
