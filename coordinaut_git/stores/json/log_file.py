r"""The lines of `events.jsonl`: one operation each, with the documents it changed.

Rule 1: line n is operation n. A line is a JSON object that ends in a line feed and is never changed again.
Rule 2: `head` is the hash of the head before and of the line's text from `"format"` on: no line can be changed,
        taken out or put in between without breaking the chain.
Rule 3: what can be read of the past is what the lines say: each has the documents it changed (null: gone), or, where
        all were written anew, `documents`.

`boot` and `bootMs` say when the line was written, by a clock that never jumps; they are no part of history.
"""

import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from coordinaut_git.documents import FORMAT, Entry, Head, newer_format
from coordinaut_git.stores.json.state_file import HEAD
from coordinaut_git.wire import Unreadable, entry_form, entry_of

FIRST = Head("0." + sha256(b"coordinaut line, format 1\n").hexdigest())
"""The point before the first operation, the same in every store."""

_CHUNK_BYTES = 64 * 1024
_START = re.compile(
    rf'\{{"head":"(?P<head>{HEAD})",(?:"boot":"(?P<boot>[0-9a-f-]+)","bootMs":(?P<ms>\d{{1,18}}),)?(?="format":)'.encode(),
    re.ASCII,
)
_BESIDE = frozenset({"head", "boot", "bootMs", "format", "changes", "documents"})
_encoded = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode


class BadLine(ValueError):
    """A line that is not what `line_of` wrote: its number, and the column where that was seen, from 1."""

    def __init__(self, seq: int, column: int, what: str) -> None:
        super().__init__(what)
        self.seq, self.column, self.what = seq, column, what


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line that was read, and fits to the head before it."""

    head: Head
    format: int
    entry: Entry
    changes: Mapping[str, Any]
    whole: bool
    """Whether `changes` are all documents that there are after it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Boot:
    """When a line was written: a run of the machine, and milliseconds since it began."""

    id: str
    ms: int


def line_of(
    before: Head, entry: Entry, form: int, changes: Mapping[str, Any], *, whole: bool, boot: Boot | None
) -> tuple[Head, bytes]:
    """The line of `entry` after `before`, and the head that it makes."""
    about = {"format": form, **entry_form(entry), ("documents" if whole else "changes"): changes}
    rest = _encoded(about)[1:].encode()
    head = _head(before, entry.seq, rest)
    seen = f'"boot":"{boot.id}","bootMs":{boot.ms},' if boot and boot.id else ""
    return head, b'{"head":"%s",%s%s\n' % (head.encode(), seen.encode(), rest)


def raw_lines_back(descriptor: int, end: int) -> Iterator[bytes]:
    """The lines of a file before byte `end`, where a line ends, without their line feeds, last one first.

    Raises OSError. A file that is cut off meanwhile gives lines that cannot be parsed.
    """
    at, tail = end - 1, b""
    while at > 0:
        size = min(at, max(_CHUNK_BYTES, len(tail)))
        at -= size
        tail, *lines = (os.pread(descriptor, size, at) + tail).split(b"\n")
        yield from reversed(lines)
    if end > 0:
        yield tail


def head_at(line: bytes, seq: int) -> Head:
    """The head that a line has; raises `BadLine`."""
    return Head(_start(line, seq)["head"].decode())


def boot_at(line: bytes, seq: int) -> Boot | None:
    """When a line was written, if it says so; raises `BadLine`."""
    found = _start(line, seq)
    return Boot(id=found["boot"].decode(), ms=int(found["ms"])) if found["boot"] else None


def parsed(line: bytes, seq: int, before: Head) -> Line:
    """A line that comes after `before`; raises `BadLine`."""
    start = _start(line, seq)
    head = Head(start["head"].decode())
    if _head(before, seq, line[start.end() :]) != head:
        raise BadLine(seq, start.end() + 1, _why_not(line))
    try:
        form = json.loads(line)
        if form["format"] > FORMAT:
            raise newer_format(f"Operation {seq}", form["format"])
        entry = entry_of({key: value for key, value in form.items() if key not in _BESIDE})
    except (Unreadable, ValueError, RecursionError) as error:
        raise BadLine(seq, start.end() + 1, str(error)) from error
    whole = "documents" in form
    return Line(
        head=head, format=form["format"], entry=entry, changes=form["documents" if whole else "changes"], whole=whole
    )


def _start(line: bytes, seq: int) -> re.Match[bytes]:
    start = _START.match(line)
    if start is None or not start["head"].startswith(b"%d." % seq):
        raise BadLine(seq, *_first_fault(line, f"this is not the line of operation {seq}"))
    return start


def _why_not(line: bytes) -> str:
    return _first_fault(line, "this is not what was written here, or a line before it was changed")[1]


def _first_fault(line: bytes, otherwise: str) -> tuple[int, str]:
    """The column and the words for what is wrong with a line."""
    try:
        json.loads(line.decode())
    except UnicodeDecodeError as error:
        return error.start + 1, "this is not UTF-8"
    except json.JSONDecodeError as error:
        return error.colno, f"this is not JSON ({error.msg})"
    except RecursionError:
        return 1, "this is nested too deep"
    return 1, otherwise


def _head(before: Head, seq: int, rest: bytes) -> Head:
    return Head(f"{seq}.{sha256(b'%s %s' % (before.encode(), rest)).hexdigest()}")
