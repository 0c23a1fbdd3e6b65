"""What people see of a state, so that it can be compared before and after a move; and a line of some length."""

from world import World


def busy_world(operations: int) -> World:
    """A line on the git storage with everything in it that moves leases and messages about."""
    world = World(storage="git")
    while world.state.seq < operations:
        number = world.state.seq
        first, second = world.create("alice", files=f"src/{number}/**"), world.create("bob", files=f"docs/{number}/**")
        world.claim("alice", first)
        world.claim("bob", second, ttl="10m")
        world.answer("alice", world.request("bob", second, files=f"src/{number}/a.py"), "handoff_now")
        world.wait("12m")
        world.claim("carol", second, takeover_reason="gone")
        world.say("bob", "who is there?", to="alice")
        world.read("alice")
        world.release("alice", first, status="done")
        world.release("carol", second)
    return world


def seen(cli, root) -> dict:
    """All that people see of a state, but for the moves themselves and what time it is."""
    events = [event for event in cli.json(root, "watch", "--limit", "1000")["events"] if event["op"] != "state_moved"]
    tasks = cli.json(root, "status", "--all")
    return _alike(
        {
            "status": tasks,
            "events": [{**event, "seq": None} for event in events],
            "stories": [cli.json(root, "explain", "--task", task["id"])["task"] for task in tasks["tasks"]],
            "inboxes": [cli.json(root, "inbox", "--all", "--agent-instance", who) for who in ("ann-1", "ben-1")],
            "handoffs": cli.json(root, "handoff", "list"),
        }
    )


def _alike(value):
    """Without what a storage says of itself: whether others have seen it."""
    if isinstance(value, dict):
        return {key: _alike(item) for key, item in value.items() if key != "confirmed"}
    return [_alike(item) for item in value] if isinstance(value, list) else value
