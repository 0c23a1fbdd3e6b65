"""What the stories of `explain` are shown with."""

NOW = "2026-11-22T16:00:30.000Z"
COMMIT = {
    "id": "0c464bc1de0000000000000000000000000000ff",
    "author": "Anna",
    "subject": "login: say why",
    "authoredAt": "2026-11-22T15:58:00.000Z",
    "committedAt": "2026-11-22T15:58:00.000Z",
    "trailers": [{"key": "Agent-Task", "value": "AGT-20261122-001"}],
    "paths": ["src/api/users.py", "notes \udcff\n.txt"],
}
STORY = [
    {
        "at": "2026-11-21T09:05:07.000Z",
        "kind": "task_created",
        "id": "op_1",
        "text": "human-1 created it: Fix the login page",
    },
    {
        "at": "2026-11-22T15:57:00.000Z",
        "kind": "expired",
        "id": None,
        "text": "the lease of docs-claude (claude-c3d4) expired",
    },
    {
        "at": "2026-11-22T15:58:00.000Z",
        "kind": "commit",
        "id": COMMIT["id"],
        "text": "commit 0c464bc1de by Anna: login: say why",
    },
    {
        "at": NOW,
        "kind": "taken_over",
        "id": "op_2",
        "text": "backend-codex (codex-a1b2) took src/api/** tests/api/** over from claude-c3d4: its machine is switched off"
        " and nobody knows when it will be back\x1b[31m",
    },
]
TOLD = {"task": None, "leases": [], "events": [], "messages": [], "handoffs": [], "commits": [], "story": []}
TOLD |= {"truncated": False}


def explained(task, lease, late):
    """The cases, made of these documents."""
    ended = late | {
        "state": "ended",
        "since": late["grantedAt"],
        "ended": "taken_over",
        "endedAt": NOW,
        "endedBy": "agent_9",
    }
    return {
        "explain": ("explain", TOLD | {"task": task(status="fixing"), "leases": [ended, lease()], "story": STORY}),
        "explain-free": ("explain", TOLD | {"task": task(), "leases": [ended], "story": STORY[:1], "truncated": True}),
        "explain-path": ("explain", TOLD | {"path": "src/\n[api]", "leases": [ended, late], "story": STORY[1:]}),
        "explain-path-unknown": ("explain", TOLD | {"path": "nix"}),
        "explain-commit": (
            "explain",
            TOLD
            | {"task": task(), "commit": COMMIT, "story": STORY}
            | {
                "paths": [
                    {"path": "src/api/users.py", "leases": [lease(), late]},
                    {"path": COMMIT["paths"][1], "leases": []},
                ]
            },
        ),
        "explain-commit-empty": (
            "explain",
            TOLD | {"commit": COMMIT | {"trailers": []}, "paths": [], "story": STORY[2:3]},
        ),
    }
