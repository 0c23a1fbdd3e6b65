"""What a hook answers, in the words of each agent.

Rule 1: an answer is one JSON object, and the exit code is 0: every agent takes code 2 for a refusal, and most let an
        edit pass for any other. What was measured with the real programs stands in docs/agent-hooks.md.
Rule 2: no key is said to an agent that it does not know: Codex drops the whole answer then.
"""

from collections.abc import Callable, Mapping
from typing import Any

from coordinaut_git.faces.agents.payloads import Payload, Step
from coordinaut_git.operations.agent_steps import Said

Json = dict[str, Any]
Answer = Callable[[Payload, Said], Json]


def as_claude(payload: Payload, said: Said) -> Json:
    """Claude Code's words, which Codex, Copilot and Qwen Code know too; Gemini CLI knows half of a refusal."""
    if not said.text:
        return {}
    if payload.step is Step.BEFORE_STOP:
        return {"decision": "block", "reason": said.text} if said.stops else {}
    told: Json = {"hookEventName": payload.event}
    if not said.stops:
        return {"hookSpecificOutput": told | {"additionalContext": said.text}}
    refusal = {"permissionDecision": "deny", "permissionDecisionReason": said.text}
    return {"decision": "block", "reason": said.text, "hookSpecificOutput": told | refusal}


def as_cursor(payload: Payload, said: Said) -> Json:
    """Cursor's words."""
    match payload.step:
        case Step.SESSION_START:
            return {"additional_context": said.text} if said.text else {}
        case Step.BEFORE_STOP:
            return {"followup_message": said.text} if said.stops else {}
        case _:
            return {"permission": "deny", "user_message": said.text, "agent_message": said.text} if said.stops else {}


def failed(name: str, text: str) -> Json:
    """The answer where nothing could be checked, and nobody is stopped for it: a word to the person."""
    return {} if name == "cursor" else {"systemMessage": text}


ANSWERS: Mapping[str, Answer] = {
    "claude": as_claude,
    "codex": as_claude,
    "cursor": as_cursor,
    "gemini": as_claude,
}
