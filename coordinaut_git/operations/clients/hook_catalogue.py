"""The hooks of agents: where each agent has its own, and what stands there for us.

Rule 1: an agent is written here and nowhere else; what it says to a hook and hears from it is the business of
        faces/agents.
Rule 2: a hook whose program is not there does nothing: `|| true`, because some agents take any failure for a refusal.
Looked up in each agent's own documentation, and tried with those that can be run without an account
(Claude Code 2.1, Codex 0.169, Gemini CLI 0.61).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

COMMAND = "coordinaut agent-hook"
WAIT_S = 10
"""How long an agent waits for its hook."""

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class HookFile:
    """An agent's hooks: its file below the top of a work tree, and for each of its events the element that is ours.

    `beside` are members that the file must have beside its hooks.
    """

    agent: str
    title: str
    file: str
    elements: Mapping[str, Json]
    beside: Mapping[str, Any] = field(default_factory=dict)
    note: str = ""


def command_of(agent: str) -> str:
    """What an agent runs."""
    return f"{COMMAND} {agent} || true"


def is_ours(element: Any) -> bool:
    """Whether an element runs us and nobody else."""
    commands = list(_commands(element))
    return bool(commands) and all(command.startswith(COMMAND) for command in commands)


def _commands(element: Any) -> list[str]:
    if not isinstance(element, dict):
        return []
    inner = element.get("hooks")
    if isinstance(inner, list):
        return [command for one in inner for command in _commands(one)]
    return [str(element.get("command", ""))]


def _group(agent: str, matcher: str = "", *, wait: int = WAIT_S, **more: str) -> Json:
    """An element as Claude Code has it, and those that followed it."""
    hook = {**more, "type": "command", "command": command_of(agent), "timeout": wait}
    return {**({"matcher": matcher} if matcher else {}), "hooks": [hook]}


def _flat(agent: str, matcher: str = "") -> Json:
    """An element as Cursor has it."""
    return {"command": command_of(agent), **({"matcher": matcher} if matcher else {}), "timeout": WAIT_S}


def _gemini(matcher: str = "") -> Json:
    return _group("gemini", matcher, wait=WAIT_S * 1000, name="coordinaut")


HOOK_FILES = (
    HookFile(
        agent="claude",
        title="Claude Code",
        file=".claude/settings.json",
        elements={
            "SessionStart": _group("claude"),
            "PreToolUse": _group("claude", "Edit|MultiEdit|Write|NotebookEdit"),
            "Stop": _group("claude"),
        },
    ),
    HookFile(
        agent="codex",
        title="Codex",
        file=".codex/hooks.json",
        elements={
            "SessionStart": _group("codex"),
            "PreToolUse": _group("codex", "apply_patch"),
            "Stop": _group("codex"),
        },
        note="Codex runs the hooks of a project only where you trust both: see /hooks in Codex.",
    ),
    HookFile(
        agent="cursor",
        title="Cursor",
        file=".cursor/hooks.json",
        elements={"sessionStart": _flat("cursor"), "preToolUse": _flat("cursor", "Write"), "stop": _flat("cursor")},
        beside={"version": 1},
    ),
    HookFile(
        agent="gemini",
        title="Gemini CLI",
        file=".gemini/settings.json",
        elements={
            "SessionStart": _gemini(),
            "BeforeTool": _gemini("replace|write_file"),
            "AfterAgent": _gemini(),
        },
        note="Gemini CLI runs the hooks of a project only in a folder that you trust.",
    ),
)

BY_AGENT = {one.agent: one for one in HOOK_FILES}
