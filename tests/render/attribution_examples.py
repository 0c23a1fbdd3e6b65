"""The documents of identities and hooks, for `render_examples.py`."""

_NAMES = ["pre-commit", "prepare-commit-msg", "commit-msg", "post-commit", "pre-push"]
HOOKS = {
    "folder": "/home/jane/shop/.git/hooks",
    "installed": _NAMES,
    "written": _NAMES,
    "kept": [{"hook": "commit-msg", "path": "/home/jane/shop/.git/hooks/commit-msg.before-coordinaut"}],
    "removed": [],
    "restored": [],
    "left": [],
    "agents": [],
}
CLAUDE = {"agent": "claude", "title": "Claude Code", "path": "/home/jane/shop/.claude/settings.json", "change": "added"}
GONE = {"installed": [], "written": [], "kept": [], "removed": _NAMES}
AGENT = {
    "name": "backend-codex",
    "email": "codex-a1b2@coordinaut.invalid",
    "agentInstance": "codex-a1b2",
    "agent": "backend-codex",
    "thread": "019eff77",
    "task": "task_20261122_001_a1",
}
IDENTITY = {
    "previous": dict.fromkeys(AGENT) | {"name": "Jane", "email": "jane@example.org"},
    "identity": AGENT,
    "worktree": "/home/jane/shop",
}
CLIENT = {
    "client": "cursor",
    "title": "Cursor",
    "path": "/home/jane/shop/.cursor/mcp.json",
    "snippet": '{\n  "mcpServers": {}\n}\n',
    "change": None,
    "check": "Settings > MCP",
}
ATTRIBUTION = {
    "mcp-config": ("mcp-config", CLIENT),
    "mcp-config-added": ("mcp-config", CLIENT | {"change": "added"}),
    "mcp-config-updated": ("mcp-config", CLIENT | {"change": "updated"}),
    "mcp-config-removed": ("mcp-config", CLIENT | {"change": "removed"}),
    "mcp-config-unchanged": ("mcp-config", CLIENT | {"change": "unchanged"}),
    "git-identity": ("git-identity", IDENTITY),
    "git-identity-reset": ("git-identity-reset", IDENTITY | {"identity": IDENTITY["previous"], "previous": AGENT}),
    "hooks": ("install-hooks", HOOKS),
    "hooks-again": ("install-hooks", HOOKS | {"written": [], "kept": []}),
    "hooks-gone": ("install-hooks", HOOKS | GONE | {"restored": ["commit-msg"], "left": ["pre-push"]}),
    "hooks-agents": ("install-hooks", HOOKS | {"agents": [CLAUDE, CLAUDE | {"change": "unchanged"}]}),
    "hooks-agents-gone": ("install-hooks", HOOKS | {"agents": [CLAUDE | {"change": "removed"}]}),
    "hooks-nothing": ("install-hooks", HOOKS | GONE | {"removed": []}),
    "git-identity-nothing": ("git-identity-reset", IDENTITY | {"identity": AGENT, "previous": AGENT}),
}
