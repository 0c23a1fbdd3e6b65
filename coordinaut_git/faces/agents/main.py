"""From a call of an agent to an answer in its words: go on, or not, and what there is to know.

Rule 1: whatever happens, the agent gets an answer that it can read, and exit code 0. What cannot be checked is said to
        the person, and stops nobody but where `coordinaut.hooks` is `block`.
Rule 2: it starts as little as can be: no command line, and nothing that git's hooks do without.
"""

import json
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, NoReturn

from coordinaut_git.errors import CoordinautError
from coordinaut_git.faces.agents.answers import ANSWERS, failed
from coordinaut_git.faces.agents.payloads import MOST_BYTES, Payload, Step, read_payload
from coordinaut_git.operations import agent_steps
from coordinaut_git.operations.agent_steps import Said
from coordinaut_git.operations.hooking import bug, impatient
from coordinaut_git.plumbing.alarm import within
from coordinaut_git.protocol.values import one_line
from coordinaut_git.who import SESSIONS
from coordinaut_git.workspace import Workspace, open_workspace

Json = dict[str, Any]

WAIT_S = 8
"""Less than the time after which the agents give up, so that they get an answer."""

TEXT_CHARS = 2_000
_SESSION_OF = {"claude": "CLAUDE_CODE_SESSION_ID", "codex": "CODEX_THREAD_ID"}
"""The variable that holds, in the shell of an agent, what its hooks are told as the session."""

_NOT_HERE = frozenset({"not_a_repository"})


def main(words: list[str]) -> NoReturn:
    """Answer one call; ends the process."""
    name = words[0] if words else ""
    answer = answered(name, sys.stdin.buffer.read(MOST_BYTES), os.environ) if name in ANSWERS else {}
    if not answer and name not in ANSWERS:
        sys.stderr.write(f"usage: coordinaut agent-hook {'|'.join(ANSWERS)} <payload.json\n")
    with suppress(OSError):
        sys.stdout.buffer.write(json.dumps(answer).encode() + b"\n")
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(0)


def answered(name: str, data: bytes, environ: Mapping[str, str]) -> Json:
    """What to answer the agent of this name."""
    payload = read_payload(data, environ)
    workspace: Workspace | None = None
    try:
        with within(WAIT_S):
            workspace = _workspace(name, payload, environ)
            if workspace.settings.hooks == "off" or not workspace.coordinated():
                return {}
            said = _said(workspace, payload)
    except CoordinautError as error:
        return _unchecked(name, payload, workspace, error)
    except Exception as error:  # noqa: BLE001 - a bug of ours must not keep people from working
        return _unchecked(name, payload, workspace, bug(error))
    finally:
        if workspace is not None:
            workspace.close()
    return ANSWERS[name](payload, said)


def _said(workspace: Workspace, payload: Payload) -> Said:
    match payload.step:
        case Step.SESSION_START:
            return agent_steps.session_start(workspace)
        case Step.BEFORE_EDIT if payload.paths:
            return agent_steps.before_edit(workspace, payload.paths)
        case Step.BEFORE_STOP if not payload.again:
            return agent_steps.before_stop(workspace)
    return Said()


def _workspace(name: str, payload: Payload, environ: Mapping[str, str]) -> Workspace:
    """That of the folder where the agent works; it acts as the instance that its shell would act as."""
    known = any(environ.get(variable) for variable, _ in SESSIONS)
    variable = _SESSION_OF.get(name)
    session = {variable: payload.session} if variable and payload.session and not known else {}
    told = impatient(environ) | session
    workspace = open_workspace(payload.folder, told, storage=environ.get("COORDINAUT_STORAGE"))
    workspace.publishing = None  # an edit waits for no network
    return workspace


def _unchecked(name: str, payload: Payload, workspace: Workspace | None, error: CoordinautError) -> Json:
    if error.code in _NOT_HERE:
        return {}
    text = one_line(f"coordinaut could not check anything: {error.message}", TEXT_CHARS)
    if payload.step is Step.BEFORE_EDIT and workspace and workspace.settings.hooks == "block":
        return ANSWERS[name](payload, Said(text, stops=True))
    return failed(name, text)
