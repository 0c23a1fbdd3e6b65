"""Lines as agents leave them, what a history tells of one, and the same by a plain look without an index."""

from coordinaut_git.protocol.apply import apply
from coordinaut_git.protocol.ops import to_entry
from coordinaut_git.protocol.tenure import Spot


def work(world, tasks=5, first=0):
    """A line as agents leave it; gives the tasks' ids."""
    ids = []
    for number in range(first, first + tasks):
        task = world.create("ann", files=(f"src/m{number}/**", "docs/*.md"))["id"]
        world.claim("bob", task, files=(f"src/m{number}/**",), ttl="10m")
        world.update("bob", task, next=f"step {number}")
        world.wait("4m")
        world.say("ann", "how far are you?", task=task, to="bob")
        world.release("bob", task)
        ids.append(task)
    return ids


def told(history, world, tasks):
    """All that a history can be asked about these tasks."""
    return {
        "tasks": {task: [event.entry for event in history.of_task(task)] for task in tasks},
        "people": {who: [event.entry for event in history.of_instance(f"{who}-1")] for who in ("ann", "bob")},
        "paths": {
            path: [event.entry for event in history.naming(Spot(path=path))]
            for path in ("src/m1/x.py", "docs/a.md", "x")
        },
        "heads": [history.head_at(entry.at) for entry in world.entries()],
    }


def seen(world, tasks):
    """The same, by a plain look at the line."""
    entries = world.entries()

    def naming(word):
        return [entry for entry in entries if word.encode() in entry.body]

    heads = {}
    for name, body in world.store.walk(world.store.head()):
        heads.setdefault(next(entry.at for entry in entries if entry.body == body), name)
    return {
        "tasks": {task: naming(f'"{task}"') for task in tasks},
        "people": {who: naming(f'Instance":"{who}-1"') for who in ("ann", "bob")},
        "paths": {
            "src/m1/x.py": naming('"src/m1/**"'),
            "docs/a.md": naming('"docs/*.md"'),
            "x": [],
        },
        "heads": [heads[entry.at] for entry in entries],
    }


def put(world, operation):
    """An operation as it comes from elsewhere, lawful or not."""
    head, state = world.coordinator.read()
    after = apply(state, operation, state.seq + 1)
    world.store.commit(head, to_entry(operation, after.seq, "from elsewhere"), after.changes)
