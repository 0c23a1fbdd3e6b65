"""Migration: documents of an older format, or that are not what the operations give, are written anew.

Rule 1: a backup is there before anything changes, and what changes is published by one compare-and-swap.
Rule 2: operations are never rewritten (protocol/upcast.py), and documents never converted: they are replayed.
"""

from typing import Any

from coordinaut_git.coordinator import QUEUE_S, Known
from coordinaut_git.documents import FORMAT, Head, check_format
from coordinaut_git.errors import CoordinautError
from coordinaut_git.protocol import requests as ask
from coordinaut_git.protocol.ops import SchemaMigrated, from_entry
from coordinaut_git.protocol.state import State
from coordinaut_git.replay import replayed, restored
from coordinaut_git.stores.git.store import GitStore
from coordinaut_git.workspace import Workspace

Json = dict[str, Any]


def migrate(workspace: Workspace, request: ask.Migrate) -> Json:
    """`{"changed", "fromFormat", "toFormat", "operations", "documents", "corrected", "restored", "backup"}`.

    `documents` were written, `corrected` of them were there in other words (null if that cannot be told), `restored`
    objects of earlier ones were put back; `backup` names what to go back to (null where the line did not change).
    """
    store, head = workspace.git_store, workspace.coordinator.head()
    form = store.format(head)
    check_format(max(form, FORMAT))  # nothing newer can be brought back
    put_back = restored(store, head)
    found = replayed(store, head)
    if form == FORMAT and not found.differing:
        return _answer(form, found.state, changed=False) | {"restored": put_back}
    with store.queue(QUEUE_S):
        if _migrated_since(store, head):
            return migrate(workspace, request)
        backup = store.backup(head, _label(found.state, form, head))
        corrected = _corrected(workspace, head, found.state)
        rewriting = workspace.coordinator.anew(Known(head, found.state))
        rewriting.run(ask.RewriteDocuments(from_format=form), workspace.actor(request))
    answer = _answer(form, found.state, changed=True)
    return answer | {"corrected": corrected, "restored": put_back, "backup": backup}


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


def _migrated_since(store: GitStore, head: Head) -> bool:
    """Whether somebody else was faster, and there may be nothing left to do."""
    entries = store.since(head, store.head() or head) or ()
    return any(isinstance(from_entry(entry).change, SchemaMigrated) for entry in entries)


def _corrected(workspace: Workspace, head: Head, state: State) -> int | None:
    """How many documents at `head` are not what they should be."""
    try:
        kept = workspace.coordinator.state_of_documents(head).contents()
    except CoordinautError:
        return None
    right = state.contents()
    return sum(kept.get(path) != right.get(path) for path in kept.keys() | right.keys())


def _label(state: State, form: int, head: Head) -> str:
    """A name that is the same whenever this head is backed up: the instant of its newest operation, format and id."""
    instant = str(state.at).partition(".")[0].replace("-", "").replace(":", "")
    return f"{instant}Z-format-{form}-{head[:12]}"
