"""What `git diff --raw -z` and its kin print, read: git-diff(1), "Raw output format".

Rule 1: an entry that is not understood is an error, never skipped.
Rule 2: a path is bytes to git; a byte that is not UTF-8 is a lone surrogate here (`surrogateescape`).
"""

from collections.abc import Iterator
from typing import NamedTuple

from coordinaut_git.errors import environment

GITLINK = b"160000"
ABSENT = b"000000"
_FIELDS_A_SIDE = 2  # a mode and an object id


class RawPath(NamedTuple):
    """A path that differs, from the repository's root; `directory` for a submodule, whatever side it is on."""

    path: str
    directory: bool


def raw_paths(tokens: Iterator[bytes]) -> Iterator[RawPath]:
    """The paths of entries in a stream that was cut at its NULs: an entry begins with `:`, its path is what follows."""
    for entry in tokens:
        yield raw_path(entry, next(tokens, b""))


def raw_path(entry: bytes, path: bytes) -> RawPath:
    """One path; raises `git_failed` for what is no entry. A combined entry (of a merge) has a colon for each parent."""
    parents = len(entry) - len(entry.lstrip(b":"))
    fields = entry[parents:].split(b" ")
    if not parents or not path or len(fields) != _FIELDS_A_SIDE * (parents + 1) + 1:
        raise environment("git_failed", f"git gave a difference that is not understood: {entry[:80]!r}.")
    present = [mode for mode in fields[: parents + 1] if mode != ABSENT]
    # No mode on either side: a path that a merge has left undecided.
    directory = bool(present) and all(mode == GITLINK for mode in present)
    return RawPath(path.decode("utf-8", "surrogateescape"), directory)
