"""Git's object formats: how ids, commits and trees stand in bytes.

Rule 1: pure; what is written here is the same bytes whichever engine stores it.
Rule 2: parsing is total: bytes that are not the format raise `BadObject`, which names what is wrong.
The formats are those of the git book, chapter "Git Objects", and of `git fsck`.
"""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass

COMMIT, TREE, BLOB = "commit", "tree", "blob"
FILE_MODE, FOLDER_MODE = b"100644", b"40000"

_HEADER = re.compile(
    rb"tree ([0-9a-f]{40})\n((?:parent [0-9a-f]{40}\n)*)author ([^\n]*) <([^\n<>]*)> (\d{1,12}) [+-]\d{4}\n"
)


class BadObject(Exception):
    """The bytes are not an object of the kind they should be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """A commit as far as it is used here: `author` and `email` as they stand, `message` with its final newline."""

    tree: str
    parents: tuple[str, ...]
    author: str
    email: str
    at_s: int
    message: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeItem:
    """One name in a tree: a file (blob) or a folder (tree)."""

    name: str
    id: str
    folder: bool


def object_id(kind: str, data: bytes) -> str:
    """The SHA-1 name of an object, 40 hex digits."""
    digest = hashlib.sha1(b"%s %d\0" % (kind.encode(), len(data)), usedforsecurity=False)
    digest.update(data)
    return digest.hexdigest()


def commit_bytes(commit: Commit) -> bytes:
    """A commit in git's form, author and committer the same, in UTC."""
    who = f"{commit.author} <{commit.email}> {commit.at_s} +0000".encode("utf-8", "replace")
    parents = b"".join(b"parent %s\n" % parent.encode() for parent in commit.parents)
    header = b"tree %s\n%sauthor %s\ncommitter %s\n\n" % (commit.tree.encode(), parents, who, who)
    return header + commit.message


def parse_commit(data: bytes) -> Commit:
    """Read a commit; headers after the author are passed over. Raises `BadObject`."""
    header = _HEADER.match(data)
    end = data.find(b"\n\n")
    if header is None or end < 0:
        raise BadObject("it is not a commit that can be read")
    tree, parents, author, email, at_s = header.groups()
    return Commit(
        tree=tree.decode(),
        parents=tuple(parents.decode().replace("parent ", "").split()),
        author=author.decode("utf-8", "replace"),
        email=email.decode("utf-8", "replace"),
        at_s=int(at_s),
        message=data[end + 2 :],
    )


def tree_bytes(items: Iterable[TreeItem]) -> bytes:
    """A tree in git's form and order (a folder sorts as if its name ended in a slash)."""
    rows = sorted((_sort_key(item), item) for item in items)
    return b"".join(
        b"%s %s\0%s" % (FOLDER_MODE if item.folder else FILE_MODE, item.name.encode(), bytes.fromhex(item.id))
        for _, item in rows
    )


def _sort_key(item: TreeItem) -> bytes:
    return item.name.encode() + (b"/" if item.folder else b"")


def parse_tree(data: bytes) -> dict[str, TreeItem]:
    """Read a tree of files and folders, by name; raises `BadObject`, also for links and submodules."""
    items = {}
    start = 0
    while start < len(data):
        end = data.find(b"\0", start)
        mode, _, raw = data[start:end].partition(b" ")
        if end < 0 or len(data) < end + 21 or mode not in (FILE_MODE, FOLDER_MODE):
            raise BadObject("it is not a tree of plain files and folders")
        try:
            name = raw.decode()
        except UnicodeDecodeError:
            raise BadObject(f"it holds the name {raw!r}, which is not UTF-8") from None
        items[name] = TreeItem(name=name, id=data[end + 1 : end + 21].hex(), folder=mode == FOLDER_MODE)
        start = end + 21
    return items
