"""What is wrong with files that are not as they were left, in words with file, line and column.

Rule 1: this only looks. What was found damaged is never written over; doctor says how it is put right.
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path

from coordinaut_git.errors import CoordinautError, environment
from coordinaut_git.stores.json.files import EVENTS, STATE
from coordinaut_git.stores.json.state_file import NotOurs, header_of

_CONFLICT = re.compile(rb"^(<{7}|={7}|>{7})(?= |\r?$)", re.MULTILINE)
_HINT = (
    f"Nothing was changed. `coordinaut doctor --fix` builds {STATE} from {EVENTS}, if that one is whole; "
    "else put back both files of a backup."
)

Fault = tuple[int, int, str]
"""Line, column, and what is wrong there."""


def damaged(path: Path, line: int, column: int, what: str) -> CoordinautError:
    """The error for a file whose text is not what was written; `what` completes "…: "."""
    message = f"{path}, line {line}, column {column}: {what}."
    return environment("damaged_state", message, hint=_HINT, path=str(path), line=line, column=column)


def do_not_fit(folder: Path, what: str) -> CoordinautError:
    """The error for two files of which one is of another time than the other."""
    return environment(
        "damaged_state",
        f"In {folder}, {what}.",
        hint=_HINT,
        path=str(folder),
    )


def state_fault(path: Path, text: bytes, wanted: Mapping[str, str] | None) -> CoordinautError:
    """Why `text` is no state file; `wanted` are the documents that the log tells of, where it does."""
    if not text.strip():
        return damaged(path, 1, 1, "the file is empty")
    if mark := _CONFLICT.search(text):
        return damaged(path, *_place(text, mark.start()), "these are the marks of a merge conflict")
    try:
        form = json.loads(text.decode())
    except UnicodeDecodeError as error:
        return damaged(path, *_place(text, error.start), "this is not UTF-8")
    except json.JSONDecodeError as error:
        return damaged(path, error.lineno, error.colno, f"this is not JSON ({error.msg})")
    except RecursionError:
        return damaged(path, 1, 1, "this is nested too deep")
    return damaged(path, *_wrong_value(text, form, wanted))


def _wrong_value(text: bytes, form: object, wanted: Mapping[str, str] | None) -> Fault:
    """Where JSON is not the JSON that was written."""
    if not isinstance(form, dict):
        return 1, 1, "this is not an object with format, head, seq, previous, logBytes, documents and checksum"
    kinds = {
        "format": int,
        "head": str,
        "seq": int,
        "previous": str,
        "logBytes": int,
        "documents": dict,
        "checksum": str,
    }
    for key, kind in kinds.items():
        if key not in form:
            return 1, 1, f"the object has no {key}"
        if type(form[key]) is not kind:
            return *_place_of_key(text, key), f"{key} is not {_NAMES[kind]}"
    if wanted is not None and (found := _wrong_document(text, form["documents"], wanted)):
        return found
    try:
        header_of(text)
    except NotOurs as error:
        return 1, 1, str(error)
    return *_place_of_key(text, "checksum"), "the file was edited: the checksum is not that of the lines above it"


def _wrong_document(text: bytes, documents: Mapping[str, object], wanted: Mapping[str, str]) -> Fault | None:
    for path, document in documents.items():
        if path not in wanted or json.loads(wanted[path]) != document:
            return *_place_of_key(text, path), "this document is not what the operations made it"
    for path in wanted:
        if path not in documents:
            return *_place_of_key(text, "documents"), f"the document {path} is missing"
    return None


_NAMES: Mapping[type, str] = {int: "a whole number", str: "text", dict: "an object"}


def _place_of_key(text: bytes, key: str) -> tuple[int, int]:
    found = re.search(re.escape(json.dumps(key, ensure_ascii=False).encode()) + rb"\s*:", text)
    return _place(text, found.start() if found else 0)


def _place(text: bytes, at: int) -> tuple[int, int]:
    """Line and column of a byte, from 1; columns count characters."""
    begin = text.rfind(b"\n", 0, at) + 1
    return text.count(b"\n", 0, at) + 1, len(text[begin:at].decode("utf-8", "replace")) + 1
