r"""The text of `state.json`: every document, for people to read and for programs to believe.

Rule 1: the text has one form, so an unchanged document's lines go over from one file to the next as they are.
Rule 2: its last line has the SHA-256 of all lines before it. What does not fit was not written by us, and is not used.

    {
      "format": 1,
      "head": "12.9f86…",         the newest point: its number, and a hash of all that led there
      "previous": "11.4b22…",     the point on which this file was written, empty for the first one
      "seq": 12,
      "logBytes": 20480,          so much of events.jsonl is published; see store.py
      "documents": {
        "tasks/open/task_….json": {
          …
        }
      },
      "checksum": "…"
    }
"""

import json
import re
from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import Any

from coordinaut_git.documents import Head
from coordinaut_git.wire import document_form, document_of

HEAD = r"\d+\.[0-9a-f]{64}"
HEADER_BYTES = 512
_HEADER = re.compile(
    (
        rf'\{{\n  "format": (\d{{1,9}}),\n  "head": "({HEAD})",\n  "seq": (\d{{1,18}}),\n'
        rf'  "previous": "({HEAD}|)",\n  "logBytes": (\d{{1,18}}),\n'
    ).encode(),
    re.ASCII,
)
_BEGIN, _END, _BETWEEN = '  "documents": {\n    "', "\n  },\n", ',\n    "'
_EMPTY = '  "documents": {},\n'
_CHECKSUM = '  "checksum": "'
_CLOSE = '"\n}\n'
_LAST_BYTES = len(_CHECKSUM) + 64 + len(_CLOSE)
_indented = json.JSONEncoder(indent=2, ensure_ascii=False, allow_nan=False).encode
_compact = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What the first lines say."""

    format: int
    head: Head
    seq: int
    previous: str
    log_bytes: int

    def to_bytes(self) -> bytes:
        """The first lines."""
        return (
            f'{{\n  "format": {self.format},\n  "head": "{self.head}",\n  "seq": {self.seq},\n'
            f'  "previous": "{self.previous}",\n  "logBytes": {self.log_bytes},\n'
        ).encode()


@dataclass(frozen=True, slots=True)
class State:
    """One point of the line with all its documents, each as it stands in the file."""

    header: Header
    texts: Mapping[str, str]


class NotOurs(ValueError):
    """A text that `state_text` did not make."""


class JsonDocuments:
    """Documents as JSON texts by path; a value that never changes (see `Documents`)."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self.texts = texts

    @cached_property
    def _paths(self) -> list[str]:
        return sorted(self.texts)

    def get(self, path: str) -> bytes | None:
        """The content at `path`, or None; raises `Unreadable`."""
        text = self.texts.get(path)
        return None if text is None else document_of(json.loads(text))

    def names(self, folder: str) -> tuple[str, ...]:
        """The sorted names right below `folder`; folders end in `/`."""
        prefix = f"{folder}/" if folder else ""
        found: set[str] = set()
        for place in range(bisect_left(self._paths, prefix), len(self._paths)):
            path = self._paths[place]
            if not path.startswith(prefix):
                break
            name, slash, _ = path[len(prefix) :].partition("/")
            found.add(name + slash)
        return tuple(sorted(found))


def header_of(text: bytes) -> Header:
    """What the first lines of a file say; raises `NotOurs`."""
    match = _HEADER.match(text)
    if match is None:
        raise NotOurs("the first lines are not those of a state file")
    form, head, seq, previous, log_bytes = (group.decode() for group in match.groups())
    header = Header(format=int(form), head=Head(head), seq=int(seq), previous=previous, log_bytes=int(log_bytes))
    if seq_of(header.head) != header.seq:
        raise NotOurs(f"the head is of another operation than {header.seq}")
    return header


def seq_of(head: str) -> int:
    """The number of the operation that a head is named after; -1 for what is no head of ours."""
    return int(head.partition(".")[0]) if re.fullmatch(HEAD, head, re.ASCII) else -1


def state_text(header: Header, texts: Mapping[str, str]) -> tuple[bytes, ...]:
    """The whole file, in pieces."""
    if texts:
        blocks = _BETWEEN.join(f"{_compact(path)[1:]}: {texts[path]}" for path in sorted(texts))
        body = f"{_BEGIN}{blocks}{_END}".encode()
    else:
        body = _EMPTY.encode()
    first = header.to_bytes()
    return first, body, f"{_CHECKSUM}{_checksum((first, body))}{_CLOSE}".encode()


def texts_of(text: bytes) -> dict[str, str]:
    """The documents in a file that `state_text` made: path to JSON text, sorted by path; raises `NotOurs`."""
    header = _HEADER.match(text)
    last = text[-_LAST_BYTES:]
    if header is None or last != f"{_CHECKSUM}{_checksum((text[:-_LAST_BYTES],))}{_CLOSE}".encode():
        raise NotOurs("the checksum is not that of the lines above it")
    body = text[header.end() : -_LAST_BYTES].decode()
    if body == _EMPTY:
        return {}
    if not (body.startswith(_BEGIN) and body.endswith(_END)):
        raise NotOurs("the documents do not stand where they should")
    return dict(_document(block) for block in body[len(_BEGIN) : -len(_END)].split(_BETWEEN))


def document_text(content: bytes) -> str:
    """A document as it stands in the file."""
    return form_text(document_form(content))


def form_text(form: Any) -> str:
    """A document's form as it stands in the file, in several lines; in one if it is nested too deep for that."""
    try:
        return _indented(form).replace("\n", "\n    ")
    except RecursionError:
        return _compact(form)


def _document(block: str) -> tuple[str, str]:
    end = block.index('"')
    if "\\" in block[:end]:
        path, end = json.JSONDecoder().raw_decode(f'"{block}')
        return path, block[end + 1 :]
    return block[:end], block[end + 3 :]


def _checksum(parts: Iterable[bytes]) -> str:
    digest = sha256()
    for part in parts:
        digest.update(part)
    return digest.hexdigest()
