"""What the tests of the git store share: entries, a line that grows, and other hands that write to it."""

import json
from pathlib import Path

import pytest

import coordinaut_git
from coordinaut_git.documents import Entry
from coordinaut_git.errors import CoordinautError, Kind
from coordinaut_git.plumbing.objects import Commit, commit_bytes
from coordinaut_git.stores.git.genesis import GENESIS
from coordinaut_git.stores.git.store import open_git_store

REF = "refs/coordinaut/state"
PROJECT = str(Path(coordinaut_git.__file__).parent.parent)


def entry(seq, **other):
    facts = {"at": "2026-11-22T16:00:00.123Z", "id": other.get("id", f"op_{seq:06d}"), "op": "noted", "seq": seq}
    body = json.dumps(facts, separators=(",", ":")).encode()
    values = {
        "id": facts["id"],
        "seq": seq,
        "at": 1_795_363_200_123,
        "summary": f"note {seq} für alle",
        "author": "backend-codex",
        "author_id": "inst_1",
        "body": body,
    }
    return Entry(**values | other)


def extend(store, head, first, last, documents=None):
    """Commit entries `first` to `last`; entry N sets `notes/N%7.json` to N. `documents` is what has changed so far."""
    changed = {} if documents is None else documents
    for seq in range(first, last + 1):
        changed[f"notes/{seq % 7}.json"] = b"%d\n" % seq
        head = store.commit(head, entry(seq), lambda: changed)
    return head


def another(store):
    """What another process would open."""
    return open_git_store(store.place, store.settings)


def error_of(call):
    with pytest.raises(CoordinautError) as caught:
        call()
    assert caught.value.kind is Kind.ENVIRONMENT
    return caught.value


def write_commit(store, parents, message, tree=None):
    written = Commit(
        tree=tree or store.line.point(GENESIS).tree, parents=parents, author="a", email="b", at_s=1, message=message
    )
    return store.engine.write("commit", commit_bytes(written))


def body_of(seq, **other):
    return b"x\n\n" + json.dumps({"id": "op", "seq": seq, "at": "2026-11-22T16:00:00Z"} | other).encode() + b"\n"
