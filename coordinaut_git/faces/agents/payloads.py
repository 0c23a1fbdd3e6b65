"""What an agent's hook is given, in the words of any agent.

Rule 1: what is not understood is nothing that we have to do with; nothing here raises for it.
The words are those of each agent's own documentation, and of runs of the real programs (Claude Code 2.1, Codex 0.169,
Gemini CLI 0.61).
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

MOST_BYTES = 64 * 1024 * 1024
_PATH_KEYS = ("file_path", "path", "filePath", "notebook_path", "absolute_path")
_INPUT_KEYS = ("tool_input", "toolArgs")
_PATCHED = re.compile(r"^\*\*\* (?:(?:Add|Update|Delete) File|Move to): (.+?)\s*$", re.MULTILINE)
"""The files of a patch as Codex writes it."""


class Step(Enum):
    """Where an agent is."""

    SESSION_START = "session_start"
    BEFORE_EDIT = "before_edit"
    BEFORE_STOP = "before_stop"


STEPS = {
    "sessionstart": Step.SESSION_START,
    "pretooluse": Step.BEFORE_EDIT,
    "beforetool": Step.BEFORE_EDIT,
    "stop": Step.BEFORE_STOP,
    "afteragent": Step.BEFORE_STOP,
}
"""The events of all agents, in lower case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """One call of a hook: the event by its name, the folder, and the files that are about to be edited.

    `again` tells that the agent goes on because a hook did not let it stop.
    """

    step: Step | None
    event: str
    session: str | None
    folder: Path
    paths: tuple[Path, ...]
    again: bool


def read_payload(data: bytes, environ: Mapping[str, str]) -> Payload:
    """The payload that an agent has written to standard input."""
    try:
        said = json.loads(data)
    except (ValueError, RecursionError):
        said = {}
    said = said if isinstance(said, dict) else {}
    event = _text(said.get("hook_event_name")) or ""
    folder = _folder(said, environ)
    return Payload(
        step=STEPS.get(event.lower()),
        event=event,
        session=_text(said.get("session_id")),
        folder=folder,
        paths=tuple(folder / name for name in dict.fromkeys(_names(said))),
        again=bool(said.get("stop_hook_active") or said.get("loop_count")),
    )


def _folder(said: Mapping[str, Any], environ: Mapping[str, str]) -> Path:
    """Where the agent works: the relative paths that it names begin there."""
    roots = said.get("workspace_roots")
    candidates = (said.get("cwd"), *(roots if isinstance(roots, list) else ()), environ.get("CLAUDE_PROJECT_DIR"))
    told = next((one for one in candidates if isinstance(one, str) and Path(one).is_absolute()), None)
    return Path(told) if told and "\0" not in told else Path.cwd()


def _names(said: Mapping[str, Any]) -> Iterator[str]:
    for key in _INPUT_KEYS:
        given = said.get(key)
        yield from _named_in(_object(given))
        if said.get("tool_name") == "apply_patch":
            patch = _object(given).get("command") or _object(given).get("input") or given
            yield from _PATCHED.findall(patch) if isinstance(patch, str) else ()


def _object(given: Any) -> Mapping[str, Any]:
    """The arguments of a tool; some agents give them as a text of JSON."""
    if isinstance(given, str):
        try:
            given = json.loads(given)
        except (ValueError, RecursionError):
            return {}
    return given if isinstance(given, dict) else {}


def _named_in(given: Mapping[str, Any]) -> Iterator[str]:
    names = (_text(given.get(key)) for key in _PATH_KEYS)
    yield from (name for name in names if name and "\0" not in name)


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
