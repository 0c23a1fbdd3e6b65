"""Whose signatures a team asks for.

Rule 1: the list stands on the line, so that every clone and every server has the same; it is changed by an operation.
"""

from pathlib import Path
from typing import Any

from coordinaut_git.errors import environment, invalid, refused
from coordinaut_git.protocol.signing_requests import ManageSigners, SetSigners
from coordinaut_git.protocol.values import clip
from coordinaut_git.storage import GIT
from coordinaut_git.workspace import Workspace

Json = dict[str, Any]

MOST_BYTES = 1024 * 1024


def signers(workspace: Workspace, request: ManageSigners) -> Json:
    """`{"signers": [{"name", "key"}], "changed", "signing"}`; `signing` tells whether this clone signs."""
    if workspace.storage.kind != GIT:
        raise refused(
            "no_signatures",
            f"The state is kept by the {workspace.storage.kind} storage, which has no commits that could be signed.",
            hint="Signatures are for the git storage; see docs/team.md.",
        )
    if request.file is not None and request.none:
        raise invalid("bad_option", "--file and --none say opposite things.", hint="Give one of them.")
    changed = False
    if request.file is not None or request.none:
        lines = _lines(workspace.start / request.file) if request.file is not None else ()
        asked = SetSigners(signers=lines, agent_instance=request.agent_instance, agent=request.agent)
        changed = workspace.run(asked, workspace.actor(request)).operation is not None
    named = workspace.coordinator.read().state.signers
    return {
        "signers": [_form(line) for line in named],
        "changed": changed,
        "signing": workspace.team is not None and workspace.git_store.sign is not None,
    }


def _lines(path: Path) -> tuple[str, ...]:
    """The lines of an allowed signers file that say something; raises environment `cannot_read_file`."""
    try:
        with path.open(encoding="utf-8") as file:
            text = file.read(MOST_BYTES)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no text in UTF-8"
        raise environment("cannot_read_file", f"{clip(str(path))} cannot be read: {why}.") from error
    lines = (" ".join(line.split()) for line in text.splitlines())
    found = tuple(dict.fromkeys(line for line in lines if line and not line.startswith("#")))
    if not found:
        raise invalid(
            "no_signers",
            f"{clip(str(path))} names no signer.",
            hint="To ask for no signatures: coordinaut signers --none",
        )
    return found


def _form(line: str) -> Json:
    name, _, key = line.partition(" ")
    return {"name": name, "key": key}
