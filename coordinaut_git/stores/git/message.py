"""How an entry of the line stands in a commit.

Rule 1: subject, blank line, the body as it came, final newline: `git log` is the log.
Rule 2: a commit that does not read back as an entry is a finding (`BadObject`), never half an entry.
"""

import json
import re
from datetime import UTC, datetime
from typing import Any

from coordinaut_git.documents import Entry
from coordinaut_git.plumbing.objects import BadObject, Commit, parse_commit

EMAIL_HOST = "@coordinaut"

_NOT_IN_A_NAME = re.compile(r"[<>\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_NOT_IN_A_LINE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_NOT_IN_AN_ID = re.compile(r"[^A-Za-z0-9._:@+-]")
_CRUD = " .,:;<>\"\\'"
"""What git takes from both ends of a name: ident.c, `crud`. A signature is made by git, on the bytes that it writes."""

_ONE_PARENT = re.compile(rb"tree [0-9a-f]{40}\nparent ([0-9a-f]{40})\nauthor ")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def commit_of(entry: Entry, *, tree: str, parent: str) -> Commit:
    """The commit that keeps `entry` after `parent`. Raises ValueError for a body that could not be read back."""
    if not entry.body or b"\0" in entry.body:
        raise ValueError("an entry's body is JSON: not empty, and without NUL")
    return Commit(
        tree=tree,
        parents=(parent,),
        author=_clean(_NOT_IN_A_NAME, entry.author).strip(_CRUD) or "unknown",
        email=(_NOT_IN_AN_ID.sub("-", entry.author_id).lstrip(_CRUD) or "unknown") + EMAIL_HOST,
        at_s=max(entry.at // 1000, 0),
        message=b"%s\n\n%s\n" % ((_clean(_NOT_IN_A_LINE, entry.summary) or "(no summary)").encode(), entry.body),
    )


def _clean(bad: re.Pattern[str], text: str) -> str:
    return bad.sub(" ", text).strip()


def entry_of(commit: Commit) -> Entry:
    """Read it back; raises `BadObject` when the commit holds no operation."""
    subject, found, rest = commit.message.partition(b"\n\n")
    body = rest.removesuffix(b"\n")
    try:
        facts: Any = json.loads(body.decode()) if found else None
        name, seq, at = facts["id"], facts["seq"], facts["at"]
        at_ms = instant_ms(at)
        summary = subject.decode()
    except (ValueError, TypeError, KeyError, RecursionError):
        raise BadObject("its message holds no operation") from None
    if not isinstance(name, str) or type(seq) is not int:
        raise BadObject("its operation has no proper id and seq")
    return Entry(
        id=name,
        seq=seq,
        at=at_ms,
        summary=summary,
        author=commit.author,
        author_id=commit.email.removesuffix(EMAIL_HOST),
        body=body,
    )


def instant_ms(text: str) -> int:
    """RFC 3339 as milliseconds since the epoch; ValueError or TypeError for anything else."""
    since = datetime.fromisoformat(text) - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1000 + since.microseconds // 1000


def read_entry(data: bytes) -> tuple[Commit, Entry]:
    """The commit and its entry; raises `BadObject`, also for a merge or a first commit."""
    commit = parse_commit(data)
    if len(commit.parents) != 1:
        raise BadObject(f"it has {len(commit.parents)} parents")
    return commit, entry_of(commit)


def parent_and_body(data: bytes) -> tuple[str, bytes]:
    """The one parent of a commit and the body of its entry, both unread; raises `BadObject`."""
    parent = _ONE_PARENT.match(data)
    body = data.find(b"\n\n", data.find(b"\n\n") + 2) + 2
    if parent is None or body < 2:  # noqa: PLR2004 - nothing was found
        raise BadObject("it is no commit of a line")
    return parent[1].decode(), data[body:].removesuffix(b"\n")
