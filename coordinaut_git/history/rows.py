"""What an index keeps of an operation: its place, its instant, and the keys under which it is found again.

Rule 1: read off the stored form alone, so that a long line is gone through quickly; nothing is judged here. Whoever
        finds an operation by a key reads it again and looks whether it is what was wanted.
Rule 2: any operation that names a task, an instance or patterns is found by them, also one of a kind that is not
        known yet: what counts is how the fields are called.
"""

import json
from functools import lru_cache
from operator import index
from typing import Any, NamedTuple

from coordinaut_git.documents import Head
from coordinaut_git.errors import CoordinautError, environment
from coordinaut_git.protocol.charset import folded
from coordinaut_git.protocol.pattern import lead_of
from coordinaut_git.protocol.values import Instant

_DECODE = json.JSONDecoder().raw_decode
_TASK, _INSTANCE, _LEAD, _PARTS = "t:", "i:", "p:", "parts"
_KINDS = {
    "about": _TASK,
    "also": _PARTS,
    "data": _PARTS,
    "files": _LEAD,
    "owner": _INSTANCE,
    "renewals": _PARTS,
    "takeovers": _PARTS,
}


class Row(NamedTuple):
    """One operation: `at` is its own instant, each of `keys` is there once."""

    seq: int
    head: Head
    at: int
    keys: tuple[bytes, ...]


def task_key(task_id: str) -> bytes:
    """The key of what names a task."""
    return _bytes(_TASK + task_id)


def instance_key(instance: str) -> bytes:
    """The key of what an agent instance did, or of what was done to it."""
    return _bytes(_INSTANCE + instance)


def keys_below(folder: str) -> tuple[bytes, bytes]:
    """From which key on, and before which, everything is found whose patterns begin in a folder."""
    start = _bytes(_LEAD + folded(folder) + "/")
    return start, start[:-1] + b"0"  # what follows on a slash


def path_keys(path: str) -> list[bytes]:
    """The keys under which everything is found whose patterns can cover a path; some of it does not."""
    whole = folded(path) + "/"
    ends = [0, *(at + 1 for at, char in enumerate(whole) if char == "/")]
    return [_bytes(_LEAD + whole[:end]) for end in ends]


def row_of(head: Head, body: bytes) -> Row:
    """The row of the operation whose entry has this body; raises an environment error (`unreadable_history`)."""
    try:
        value, _ = _DECODE(body.decode())
        return Row(index(value["seq"]), head, Instant.parse(value["at"]), tuple(map(_bytes, _gather(value, set()))))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, CoordinautError) as error:
        raise environment(
            "unreadable_history",
            f"The coordination history cannot be read at {head}: it holds no operation.",
            hint="Nothing was changed. Run `coordinaut doctor` to see what can be repaired.",
            object=head,
        ) from error


def _gather(value: dict[str, Any], keys: set[str]) -> set[str]:
    """Add the keys of an operation, or of a part of it: of its tasks, instances, patterns, and its parts."""
    for name, item in value.items():
        kind = _kind(name)
        if not kind or not item:
            continue
        if kind == _PARTS:
            for part in item if type(item) is list else (item,):
                _gather(part, keys)
        elif kind == _LEAD:
            for pattern in item:
                keys.add(_LEAD + folded(lead_of(pattern)))
        elif type(item) is list:
            keys.update(kind + one for one in item)
        else:
            keys.add(kind + item)
    return keys


@lru_cache(256)
def _kind(field: str) -> str:
    """What a field holds: a task, an agent instance, patterns, parts with fields of their own, or nothing to find."""
    if field.endswith("askId"):
        return _TASK
    if field.endswith("gentInstance"):
        return _INSTANCE
    return _KINDS.get(field, "")


def _bytes(key: str) -> bytes:
    """A key as it is kept: an operation from afar may hold half a surrogate pair."""
    return key.encode("utf-8", "surrogatepass")
