"""Entries and documents as JSON values, for the stores that keep them so, and for HTTP.

Rule 1: what comes back are the very bytes. Canonical JSON is shown as what it says, other text as a string, and any
        other bytes in base64.
Rule 2: reading is strict: what was not written by `entry_form` or `document_form` is `Unreadable`.
"""

import json
from base64 import b64decode, b64encode
from dataclasses import fields
from typing import Any, NoReturn

from coordinaut_git.documents import Entry

NAME = "[A-Za-z0-9][A-Za-z0-9._-]{0,63}"
"""What teams, projects and backups on a server are called; a letter or digit comes first, so none is `.` or `..`."""

_NUMBERS = ("seq", "at")
_TEXTS = ("id", "summary", "author", "authorId")
_ENTRY_KEYS = frozenset({*_NUMBERS, *_TEXTS, "operation"})
_BASE64 = "base64"

_encoded = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode
assert len(fields(Entry)) == len(_ENTRY_KEYS)


class Unreadable(ValueError):
    """JSON that is not what this version writes."""


def canonical(value: Any) -> bytes:
    """The one byte form of a JSON value: sorted keys, no blanks, UTF-8."""
    return _encoded(value).encode()


def entry_form(entry: Entry) -> dict[str, Any]:
    """`{"id", "seq", "at", "summary", "author", "authorId", "operation"}`; `at` is milliseconds since the epoch."""
    return {
        "id": entry.id,
        "seq": entry.seq,
        "at": entry.at,
        "summary": entry.summary,
        "author": entry.author,
        "authorId": entry.author_id,
        "operation": _shown(entry.body, end=b""),
    }


def entry_of(form: Any) -> Entry:
    """The entry of an `entry_form`; raises `Unreadable`."""
    if not isinstance(form, dict) or form.keys() != _ENTRY_KEYS:
        raise Unreadable(f"an entry has {', '.join(sorted(_ENTRY_KEYS))}")
    for key in _TEXTS:
        if not isinstance(form[key], str):
            raise Unreadable(f"the {key} of an entry is text")
    for key in _NUMBERS:
        if type(form[key]) is not int or form[key] < 0:
            raise Unreadable(f"the {key} of an entry is a number from 0")
    return Entry(
        id=form["id"],
        seq=form["seq"],
        at=form["at"],
        summary=form["summary"],
        author=form["author"],
        author_id=form["authorId"],
        body=_bytes_of(form["operation"], end=b""),
    )


def document_form(content: bytes) -> Any:
    """A document as a JSON value."""
    return _shown(content, end=b"\n")


def document_of(form: Any) -> bytes:
    """The content of a `document_form`; raises `Unreadable`."""
    return _bytes_of(form, end=b"\n")


def _shown(content: bytes, *, end: bytes) -> Any:
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return {_BASE64: b64encode(content).decode()}
    try:
        value = json.loads(text, parse_constant=_refuse)
        if isinstance(value, dict) and value.keys() != {_BASE64} and canonical(value) + end == content:
            return value
    except (ValueError, RecursionError):
        pass
    return text


def _bytes_of(form: Any, *, end: bytes) -> bytes:
    try:
        match form:
            case str():
                return form.encode()
            case {"base64": str(coded), **others} if not others:
                return b64decode(coded, validate=True)
            case dict():
                return canonical(form) + end
    except (ValueError, RecursionError) as error:
        raise Unreadable(str(error)) from error
    raise Unreadable("content is an object or text")


def _refuse(word: str) -> NoReturn:
    raise ValueError(f"{word} is not JSON")
