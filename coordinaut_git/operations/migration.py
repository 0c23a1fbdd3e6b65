"""Migration: documents of an older format, or that are not what the operations give, are written anew.

Rule 1: a backup is there before anything changes, and what changes is published by one compare-and-swap.
Rule 2: operations are never rewritten (protocol/upcast.py), and documents never converted: they are replayed.
"""

from typing import Any, NamedTuple

from coordinaut_git.coordinator import QUEUE_S, Known
from coordinaut_git.documents import FORMAT, Head, Store, check_format
from coordinaut_git.errors import CoordinautError
from coordinaut_git.protocol import requests as ask
from coordinaut_git.protocol.ops import SchemaMigrated, from_entry
from coordinaut_git.protocol.state import State
from coordinaut_git.replay.anew import differing, state_anew
from coordinaut_git.storage import GIT
from coordinaut_git.workspace import Workspace

Json = dict[str, Any]


def migrate(workspace: Workspace, request: ask.Migrate) -> Json:
    """`{"changed", "fromFormat", "toFormat", "operations", "documents", "corrected", "restored", "backup"}`.

    `documents` were written, `corrected` of them were there in other words (null if that cannot be told), `restored`
    objects of earlier ones were put back; `backup` names what to go back to (null where the line did not change).
    """
    if request.to is not None:
        from coordinaut_git.operations.moving import move

        return move(workspace, request)
    workspace.check_in_force()
    store, head = workspace.store, workspace.coordinator.head()
    form = store.format(head)
    check_format(max(form, FORMAT))  # nothing newer can be brought back
    found = _looked(workspace, head)
    if form == FORMAT and found.sound:
        return _answer(form, found.state, changed=False) | {"restored": found.restored}
    with store.queue(QUEUE_S):
        if _migrated_since(store, head):
            return migrate(workspace, request)
        backup = store.backup(head, _label(found.state, form, head))
        corrected = _corrected(workspace, head, found.state)
        rewriting = workspace.coordinator.anew(Known(head, found.state))
        rewriting.run(ask.RewriteDocuments(from_format=form), workspace.actor(request))
    answer = _answer(form, found.state, changed=True)
    return answer | {"corrected": corrected, "restored": found.restored, "backup": backup}


class _Look(NamedTuple):
    """What the operations give, whether the documents say the same, and how many lost ones were put back."""

    state: State
    sound: bool
    restored: int


def _looked(workspace: Workspace, head: Head) -> _Look:
    if workspace.storage.kind == GIT:
        from coordinaut_git.replay.checkpoints import replayed, restored

        put_back = restored(workspace.git_store, head)
        found = replayed(workspace.git_store, head)
        return _Look(found.state, not found.differing, put_back)
    state = state_anew(workspace.store, head)
    return _Look(state, _corrected(workspace, head, state) == 0, 0)


def _answer(form: int, state: State, *, changed: bool) -> Json:
    return {
        "changed": changed,
        "fromFormat": form,
        "toFormat": FORMAT,
        "operations": state.seq,
        "documents": len(state.contents()) if changed else 0,
        "corrected": None,
        "restored": 0,
        "backup": None,
    }


def _migrated_since(store: Store, head: Head) -> bool:
    """Whether somebody else was faster, and there may be nothing left to do."""
    entries = store.since(head, store.head() or head) or ()
    return any(isinstance(from_entry(entry).change, SchemaMigrated) for entry in entries)


def _corrected(workspace: Workspace, head: Head, state: State) -> int | None:
    """How many documents at `head` are not what they should be; None if they cannot be read."""
    try:
        return len(differing(workspace.coordinator.state_of_documents(head), state))
    except CoordinautError:
        return None


def _label(state: State, form: int, head: Head) -> str:
    """A name that is the same whenever this head is backed up: the instant of its newest operation, format and id."""
    return f"{state.at.compact}-format-{form}-{head[:12]}"
