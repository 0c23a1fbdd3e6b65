"""The documents that the texts are shown with, in the forms of the JSON surface, and the texts that are expected.

Run this file to write the expected texts anew; then look at every difference before it is committed.
"""

from datetime import UTC
from pathlib import Path

from attribution_examples import ATTRIBUTION, HOOKS
from explain_examples import explained
from team_examples import ORIGIN, PLACE, team_cases

from coordinaut_git.protocol.values import Instant
from coordinaut_git.render.board import board
from coordinaut_git.render.look import Look
from coordinaut_git.render.outcomes import render_error
from coordinaut_git.render.table import RENDERERS

EXPECTED = Path(__file__).parent / "expected"
WIDTHS = (40, 80, 200)

NOW = "2026-11-22T16:00:30.000Z"


def look(width=80, *, colour=False):
    return Look(width=width, colour=colour, now_ms=Instant.parse(NOW), zone=UTC)


def lease(**change):
    return {
        "taskId": "task_20261122_001_a1",
        "displayId": "AGT-20261122-001",
        "agentInstance": "codex-a1b2",
        "agent": "backend-codex",
        "threadId": None,
        "tool": "codex",
        "files": ["src/api/**", "tests/api/**"],
        "mode": "exclusive",
        "grantedAt": "2026-11-22T16:00:00.000Z",
        "expiresAt": "2026-11-22T16:30:00.000Z",
        "state": "active",
        "fence": 12,
        "confirmed": None,
    } | change


def task(**change):
    return {
        "id": "task_20261122_001_a1",
        "displayId": "AGT-20261122-001",
        "title": "Fix the login page",
        "scope": "",
        "files": [],
        "status": "open",
        "next": "",
        "checks": [],
        "blockers": [],
        "priority": 2,
        "dependsOn": [],
        "dependsOnDisplayIds": [],
        "lease": None,
        "createdAt": "2026-11-22T15:00:00.000Z",
        "createdBy": "human-1",
        "updatedAt": "2026-11-22T16:00:00.000Z",
    } | change


LATE = lease(
    displayId="AGT-20261122-002",
    taskId="task_20261122_002_b2",
    agentInstance="claude-c3d4",
    agent="docs-claude",
    files=["docs/"],
    mode="shared-docs",
    expiresAt="2026-11-22T15:57:00.000Z",
    state="expired",
    fence=7,
)
STATUS = {
    "tasks": [
        task(status="fixing", priority=0, lease=lease(), files=["src/api/**", "tests/api/**"]),
        task(displayId="AGT-20261122-002", title="Write the guide", status="claimed", lease=LATE),
        task(
            displayId="AGT-20261122-003", title="Measure the start-up time and write down what it costs to import rich"
        ),
        task(
            displayId="AGT-20261122-004",
            title="東京の天気を調べて、結果を表にまとめる作業をする",
            status="blocked",
            blockers=["no API key"],
        ),
    ],
    "leases": [lease(), LATE],
    "counts": {"open": 1, "claimed": 1, "fixing": 1, "blocked": 1},
}
CONFLICT = {
    key: lease()[key]
    for key in ("displayId", "taskId", "agentInstance", "agent", "files", "mode", "expiresAt", "state")
} | {"example": "src/api/users.py"}
VIOLATIONS = [
    {
        "path": "src/api/users.py",
        "reason": "held_by_other",
        "holder": "codex-a1b2",
        "commit": None,
        "hint": "Ask codex-a1b2 for a handoff.",
    },
    {"path": "notes \udcff\n.txt", "reason": "unclaimed", "holder": None, "commit": None, "hint": "Claim it first."},
    {"path": "other.txt", "reason": "unclaimed", "holder": None, "commit": None, "hint": "Claim it first."},
]
MISSING = {
    "path": None,
    "reason": "missing_trailer",
    "holder": None,
    "commit": None,
    "hint": "Add the trailer Agent-Task with the id of its task.",
}
UNVERIFIED = {
    "kind": "refused",
    "code": "unverified",
    "message": "1 of 2 staged paths are not covered.",
    "hint": "Claim it first.",
    "details": {"violations": [*VIOLATIONS[1:2], MISSING], "checked": 2},
}
COMMIT = {
    "commit": "51401dc047b2f8f5a3bb12cc1a7b9a0e5b9dca11",
    "subject": "Keep requests below the limit, and say in the log how many were too many",
    "author": "Anna",
    "committedAt": NOW,
    "agentInstance": "claude-c3d4",
    "tasks": ["AGT-20261122-001", "\x1b[31mx"],
}
BY_HAND = COMMIT | {"commit": "9" * 40, "subject": "\x1b]0;x\x07 by hand", "agentInstance": None, "tasks": []}
RANGE = {"violations": [], "range": "origin/main..HEAD", "ref": "refs/coordinaut/state"}
STALE = {
    "kind": "refused",
    "code": "unverified",
    "message": "2 of 5 commits do not pass.",
    "hint": "Claim it first.",
    "details": {
        "violations": [
            VIOLATIONS[0] | {"commit": COMMIT["commit"], "holder": {"agentInstance": "codex-a1b2"}},
            *(one | {"commit": COMMIT["commit"]} for one in VIOLATIONS[1:]),
            *(VIOLATIONS[1] | {"path": f"src/{number}.py", "commit": COMMIT["commit"]} for number in range(12)),
            MISSING | {"commit": "9" * 40},
        ],
        "failed": [COMMIT, BY_HAND],
        "commits": 5,
        "checked": 5,
    },
}
EVENTS = [
    {
        "id": "op1",
        "seq": 1,
        "at": "2026-11-21T09:05:07.000Z",
        "op": "task_created",
        "agentInstance": "human-1",
        "taskId": "t",
        "summary": "create AGT-20261122-001 Fix the login page",
        "data": {},
        "confirmed": None,
    },
    {
        "id": "op2",
        "seq": 2,
        "at": "2026-11-22T16:00:00.000Z",
        "op": "task_claimed",
        "agentInstance": "codex-a1b2",
        "taskId": "t",
        "summary": "claim AGT-20261122-001 src/api/** for backend-codex",
        "data": {},
        "confirmed": False,
    },
]
DOCTOR = {
    "checks": [
        {"name": "git", "status": "ok", "summary": "git 2.39.5", "advice": None},
        {"name": "line", "status": "ok", "summary": "128 operations, all there", "advice": None},
        {
            "name": "clock",
            "status": "warning",
            "summary": "the head is 4 min in the future",
            "advice": "Set this machine's clock.",
        },
        {
            "name": "store",
            "status": "failed",
            "summary": "object 1f0c is missing",
            "advice": "Run `coordinaut doctor --fix`.",
        },
        {"name": "replay", "status": "skipped", "summary": "only with --deep", "advice": None},
    ],
    "root": "/home/anna/project",
    "store": "git",
    "ref": "refs/coordinaut/state",
}

MIGRATED = {
    "changed": True,
    "fromFormat": 1,
    "toFormat": 2,
    "operations": 1_350,
    "documents": 402,
    "corrected": None,
    "restored": 0,
    "backup": "refs/coordinaut-backup/20261122T160030Z-format-1-0a1b2c3d4e5f",
}

MESSAGE = {
    "id": "msg_00112233445566778899aabb_0",
    "kind": "question",
    "fromAgent": "frontend-codex",
    "fromAgentInstance": "agent_123",
    "toAgentInstance": "agent_456",
    "toAgent": None,
    "broadcast": False,
    "mentions": [],
    "taskId": "task_20261122_001_a1",
    "displayId": "AGT-20261122-001",
    "text": "Can you take package.json after this commit?\nI need it for:\n\n\t- the API client\n",
    "at": "2026-11-22T15:58:00.000Z",
    "read": False,
}
INBOX = [
    MESSAGE,
    MESSAGE
    | {"kind": "blocker", "fromAgent": None, "fromAgentInstance": None, "toAgentInstance": None, "broadcast": True}
    | {"taskId": None, "displayId": None, "text": "CI is down.\n* note from release to everybody\r\x1b[31m9 unread"},
    MESSAGE
    | {"kind": "note", "toAgent": "docs", "mentions": ["ann", "bob"], "displayId": None, "text": "長い話", "read": True}
    | {"at": "2026-11-20T09:05:00.000Z"},
]
INSTANCE = {
    "id": "codex-a1b2",
    "name": "backend-codex",
    "threadId": None,
    "tool": "codex",
    "startedAt": "2026-11-22T15:00:00.000Z",
    "lastSeenAt": "2026-11-22T15:59:00.000Z",
    "active": True,
    "leases": [lease()],
}
HANDOFF = {
    "id": "handoff_20261122_0a1b2c3d4e61",
    "taskId": "task_20261122_001_a1",
    "displayId": "AGT-20261122-001",
    "requester": "agent_456",
    "requesterAgent": "backend-codex",
    "owner": "claude-c3d4",
    "ownerAgent": None,
    "files": ["package.json", "pnpm-lock.yaml"],
    "mode": "exclusive",
    "reason": "need dependency for API client generation",
    "status": "requested",
    "response": None,
    "at": "2026-11-22T15:58:00.000Z",
    "respondedAt": None,
    "endedAt": None,
}
PROMISED = HANDOFF | {
    "status": "grant_after_commit",
    "response": "after the tests:\n\n\t- unit\n\t- the slow ones",
    "respondedAt": "2026-11-22T15:59:00.000Z",
}
HANDED = PROMISED | {"id": "handoff_20261121_ff", "status": "completed", "files": ["設計/**"], "endedAt": NOW}
CARVED = lease(
    without=["src/api/v1/a.py", "src/api/v2/"], also=[{"files": ["src/api/v2/b.py", "lib/"], "without": ["lib/x"]}]
)
SIGNERS = [
    {
        "name": "ann@example.com",
        "key": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE3kq1b4VqV2m3Zq9Zc1xJmJ0m2b3wF8ZtYkq9a1b2c3 laptop",
    },
    {"name": "設計@example.com", "key": f"openpgp {'0123456789ABCDEF' * 2}01234567"},
]
PRESENT = [
    INSTANCE,
    INSTANCE
    | {"id": "i" * 40, "name": "docs-claude", "tool": "claude", "lastSeenAt": "2026-11-22T13:00:00.000Z"}
    | {"active": False, "leases": [LATE, LATE]},
    INSTANCE | {"id": "agent_789", "name": "設計-gemini", "tool": "gemini", "leases": []},
]

LONG = task(
    displayId="AGT-20261122-005",
    title="長" * 200,
    scope="the whole of the interface",
    files=["src/**", "docs/"],
    status="verifying",
    priority=1,
    next="run the tests again, and then look at the slow one, which has been slow since last week",
    checks=[{"name": "unit", "status": "passed", "at": NOW}, {"name": "lint", "status": "failed", "at": NOW}],
    blockers=["the review of AGT-20261122-004"],
    dependsOn=["task_20261121_009_9f3a51c20b7d"],
    dependsOnDisplayIds=["AGT-20261121-009"],
    lease=lease(displayId="AGT-20261122-005"),
)
REFUSAL = {
    "kind": "refused",
    "code": "scope_conflict",
    "message": "codex-a1b2 holds src/api/** until 16:30.",
    "hint": "Wait, or ask for a handoff.",
    "details": {"conflicts": [CONFLICT]},
}

CASES = {
    **explained(task, lease, LATE),
    "status": ("status", STATUS),
    "status-empty": ("status", {"tasks": [], "leases": [], "counts": {}}),
    "list": ("list", {"tasks": STATUS["tasks"][:2], "total": 1_234}),
    "list-empty": ("list", {"tasks": [], "total": 0}),
    "wait": ("wait", {"changed": True, "events": EVENTS, "conflicts": [], "last": EVENTS[-1]["id"]}),
    "wait-free": ("wait", {"changed": True, "events": [], "conflicts": [], "last": None}),
    "wait-expired": ("wait", {"changed": True, "events": [], "conflicts": [CONFLICT | LATE], "last": None}),
    "wait-in-vain": ("wait", {"changed": False, "events": [], "conflicts": [CONFLICT], "last": None}),
    "mine": ("mine", {"tasks": STATUS["tasks"][:2]}),
    "mine-empty": ("mine", {"tasks": []}),
    "create": ("create", task(files=["src/**"], priority=1)),
    "update": ("update", LONG),
    "claim": ("claim", {"task": task(), "lease": lease()}),
    "claim-carved": ("claim", {"task": task(lease=CARVED), "lease": CARVED}),
    "status-carved": ("status", STATUS | {"leases": [CARVED, LATE]}),
    "handoff-request": ("handoff request", HANDOFF),
    "handoff-respond": ("handoff respond", PROMISED),
    "handoff-respond-now": ("handoff respond", PROMISED | {"status": "handoff_now", "endedAt": NOW}),
    "handoff-respond-denied": ("handoff respond", HANDOFF | {"status": "denied", "endedAt": NOW}),
    "handoff-list": ("handoff list", {"handoffs": [PROMISED, HANDOFF, HANDED]}),
    "handoff-list-empty": ("handoff list", {"handoffs": []}),
    **team_cases(task, lease, STATUS, CONFLICT),
    "heartbeat": ("heartbeat", {"leases": [lease(), LATE]}),
    "heartbeat-one": ("heartbeat", {"task": task(), "lease": lease()}),
    "heartbeat-empty": ("heartbeat", {"leases": []}),
    "release": ("release", {"task": task(status="done"), "lease": None}),
    "conflicts": ("conflicts", {"conflicts": [CONFLICT, CONFLICT | {"mode": "shared-docs", "example": "a\nb"}]}),
    "conflicts-empty": ("conflicts", {"conflicts": []}),
    "verify": ("verify-worktree", {"violations": VIOLATIONS, "checked": 5, "agentInstance": "claude-c3d4"}),
    "verify-covered": ("verify-worktree", {"violations": [], "checked": 5, "agentInstance": "claude-c3d4"}),
    "verify-unchanged": ("verify-worktree", {"violations": [], "checked": 0, "agentInstance": "claude-c3d4"}),
    "verify-commit": ("verify-commit", {"violations": [], "checked": 1, "agentInstance": "claude-c3d4"}),
    "verify-commit-refused": ("error", UNVERIFIED),
    "verify-commit-range": ("verify-commit-range", RANGE | {"commits": 5, "checked": 5}),
    "verify-commit-range-some": ("verify-commit-range", RANGE | {"commits": 5, "checked": 2}),
    "verify-commit-range-nobody": ("verify-commit-range", RANGE | {"commits": 5, "checked": 0}),
    "verify-commit-range-empty": ("verify-commit-range", RANGE | {"commits": 0, "checked": 0}),
    "verify-commit-range-refused": ("error", STALE),
    "message": ("message", MESSAGE),
    "message-everybody": ("message", INBOX[1]),
    "inbox": ("inbox", {"messages": INBOX, "unread": 2}),
    "inbox-limited": ("inbox", {"messages": INBOX[:1], "unread": 1_234}),
    "inbox-read-only": ("inbox", {"messages": INBOX[2:], "unread": 0}),
    "inbox-empty": ("inbox", {"messages": [], "unread": 0}),
    "inbox-read": ("inbox-read", {"count": 1}),
    "inbox-read-nothing": ("inbox-read", {"count": 0}),
    "presence": ("presence", {"instances": PRESENT}),
    "signers": ("signers", {"signers": SIGNERS, "changed": False, "signing": False}),
    "signers-signing": ("signers", {"signers": SIGNERS, "changed": True, "signing": True}),
    "signers-none": ("signers", {"signers": [], "changed": False, "signing": False}),
    "signers-none-any-more": ("signers", {"signers": [], "changed": True, "signing": True}),
    "presence-empty": ("presence", {"instances": []}),
    "watch": ("watch", {"events": EVENTS}),
    "watch-empty": ("watch", {"events": []}),
    "doctor": ("doctor", DOCTOR),
    "migrate": ("migrate", MIGRATED),
    "migrate-corrected": ("migrate", MIGRATED | {"fromFormat": 2, "corrected": 3}),
    "migrate-unreadable": ("migrate", MIGRATED | {"fromFormat": 2}),
    "migrate-restored": ("migrate", MIGRATED | {"changed": False, "documents": 0, "restored": 12, "backup": None}),
    "migrate-nothing": ("migrate", MIGRATED | {"changed": False, "fromFormat": 2, "documents": 0, "backup": None}),
    "init": ("init", PLACE | {"created": True}),
    "init-again": ("init", PLACE | {"created": False}),
    "snapshot": ("snapshot", {"path": ".coordinaut/snapshots/TASKS.md"}),
    **ATTRIBUTION,
    "init-hooks": ("init", PLACE | {"created": True, "hooks": HOOKS}),
    "error": ("error", REFUSAL),
}


def drawn(case, page):
    """The text of one case."""
    name, result = CASES[case]
    return render_error(result, page) if name == "error" else RENDERERS[name](result, page)


def all_texts():
    """Every expected file's name with the text that the code gives now."""
    for case in CASES:
        for width in WIDTHS:
            yield f"{case}-{width}.txt", drawn(case, look(width))
    yield "status-colour.txt", drawn("status", look(80, colour=True))
    yield "board.md", board(STATUS, generated_at=NOW)
    provisional = STATUS | {"leases": [lease(confirmed=False)], "team": ORIGIN | {"unpublished": 2}}
    yield "board-provisional.md", board(provisional, generated_at=NOW)


if __name__ == "__main__":
    EXPECTED.mkdir(exist_ok=True)
    for name, text in all_texts():
        (EXPECTED / name).write_text(text)
