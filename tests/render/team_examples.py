"""What a team sees of its remote is shown with."""

ORIGIN = {"remote": "origin", "policy": "provisional", "unpublished": 0, "seenAt": "2026-11-22T16:00:18.000Z"}
SYNCED = {
    "remote": "origin",
    "fetched": 0,
    "replayed": 0,
    "refused": [],
    "renumbered": [],
    "pushed": 0,
    "confirmed": True,
}
SYNCED |= {"head": "0" * 40, "ref": "refs/coordinaut/state"}
PLACE = {"storage": "git", "location": "/home/anna/project/.git", "ref": "refs/coordinaut/state"}
MET = SYNCED | {"policy": "provisional"}
LOST = {
    "operation": "op_1",
    "op": "task_claimed",
    "taskId": "task_20261122_001_a1",
    "displayId": "AGT-20261122-001",
    "agentInstance": "codex-a1b2",
    "agent": "backend-codex",
    "code": "scope_conflict",
    "message": "refused (scope_conflict): claim AGT-20261122-001 src/api/** for backend-codex",
}
POSTED = LOST | {
    "op": "message_posted",
    "taskId": None,
    "displayId": None,
    "agent": None,
    "message": "refused (no_such_task): note from codex-a1b2 to everybody: ready",
}
RENUMBERED = {"taskId": "task_20261122_001_b2", "from": "AGT-20261122-001", "to": "AGT-20261122-002"}
AWAY = {
    "remote": "origin",
    "reachable": False,
    "code": "remote_unreachable",
    "message": "The remote origin cannot be read: Connection refused.",
}


def team_cases(task, lease, status, conflict):
    """The cases, made of these documents."""
    mine = lease(confirmed=False)
    return {
        "claim-confirmed": ("claim", {"task": task(), "lease": lease(confirmed=True), "remote": "origin"}),
        "claim-provisional": (
            "claim",
            {"task": task(), "lease": lease(confirmed=False, mode="shared-docs"), "remote": "origin"},
        ),
        "claim-server": ("claim", {"task": task(), "lease": lease(confirmed=True), "remote": None}),
        "status-team": ("status", status | {"team": ORIGIN}),
        "status-unseen": ("status", {"tasks": [], "leases": [], "team": ORIGIN | {"unpublished": 1, "seenAt": None}}),
        "status-provisional": (
            "status",
            {"tasks": [task(lease=mine)], "leases": [mine], "team": ORIGIN | {"unpublished": 3}, "counts": {"open": 1}},
        ),
        "mine-provisional": ("mine", {"tasks": [task(lease=mine)]}),
        "update-provisional": ("update", task(lease=mine)),
        "conflicts-provisional": ("conflicts", {"conflicts": [conflict | {"confirmed": False}]}),
        "init-first": ("init", PLACE | {"created": True, "sync": MET}),
        "init-joined": ("init", PLACE | {"created": True, "sync": MET | {"fetched": 12}}),
        "init-away": ("init", PLACE | {"created": False, "sync": {"remote": "origin", "policy": "confirmed"}}),
        "sync": ("sync", SYNCED),
        "sync-fetched": ("sync", SYNCED | {"fetched": 1}),
        "sync-pushed": ("sync", SYNCED | {"pushed": 1_234}),
        "sync-replayed": (
            "sync",
            SYNCED | {"fetched": 2, "replayed": 4, "pushed": 4, "refused": [LOST, POSTED], "renumbered": [RENUMBERED]},
        ),
        "sync-left": ("sync", SYNCED | {"fetched": 1, "confirmed": False}),
    }
