"""Documents as a git tree: reading them, and computing the tree of a checkpoint.

Rule 1: the same documents give the same tree id everywhere; `checkpoint_tree` is the only place that says how.
Rule 2: reading is lazy: a claim opens the few trees and blobs on its way.
Rule 3: `checkpoint.json` is the store's own; through the documents interface it does not exist.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from coordinaut_git.documents import FORMAT
from coordinaut_git.plumbing.objects import BLOB, TREE, TreeItem, object_id, parse_tree, tree_bytes
from coordinaut_git.stores.git.genesis import CHECKPOINT, checkpoint_document

Read = Callable[[str, str], bytes]
"""Gives the content of an object of a kind by its id."""

Objects = list[tuple[str, bytes]]
"""Objects to keep, as (kind, content)."""


class TreeDocuments:
    """The documents of one tree (see `Documents`); what was read is remembered."""

    def __init__(self, read: Read, tree: str) -> None:
        self._read = read
        self._folders: dict[str, dict[str, TreeItem]] = {"": _items(read, tree)}
        self._contents: dict[str, bytes] = {}

    def get(self, path: str) -> bytes | None:
        """The content at `path`, or None."""
        if path == CHECKPOINT:
            return None
        if path not in self._contents:
            folder, _, name = path.rpartition("/")
            item = self._folder(folder).get(name)
            if item is None or item.folder:
                return None
            self._contents[path] = self._read(BLOB, item.id)
        return self._contents[path]

    def names(self, folder: str) -> tuple[str, ...]:
        """The sorted names right below `folder`; folders end in `/`."""
        items = self._folder(folder).values()
        named = (item.name + "/" if item.folder else item.name for item in items)
        return tuple(sorted(name for name in named if folder or name != CHECKPOINT))

    def _folder(self, path: str) -> dict[str, TreeItem]:
        if path not in self._folders:
            parent, _, name = path.rpartition("/")
            item = self._folder(parent).get(name)
            self._folders[path] = _items(self._read, item.id) if item is not None and item.folder else {}
        return self._folders[path]


def checkpoint_tree(read: Read, base: str, changes: Mapping[str, bytes | None], seq: int) -> tuple[str, Objects]:
    """The id of the tree `base` with `changes` as of `seq`, and the objects that are new in it.

    Raises ValueError for a path that cannot stand in a tree.
    """
    if CHECKPOINT in changes:
        raise ValueError(f"{CHECKPOINT} belongs to the store")
    objects: Objects = []
    edit = _Edit({})
    for path, content in (*changes.items(), (CHECKPOINT, checkpoint_document(seq, FORMAT))):
        edit.put(path, path.split("/"), content)
    tree = _apply(read, base, edit, objects)
    assert tree is not None  # checkpoint.json is always in it
    return tree, objects


@dataclass(slots=True)
class _Edit:
    """What changes in one folder: by name a content, None for gone, or the edit of the folder of that name."""

    names: "dict[str, bytes | _Edit | None]"

    def put(self, path: str, parts: list[str], content: bytes | None) -> None:
        name, *below = parts
        if name in ("", ".", "..") or name.lower() == ".git" or "\0" in name:
            raise ValueError(f"{path!r} cannot be a document's path")
        if not below:
            there = self.names.setdefault(name, content)
            if there is not content:
                raise ValueError(f"{path!r} is given both as a document and as a folder")
            return
        folder = self.names.setdefault(name, _Edit({}))
        if not isinstance(folder, _Edit):
            raise ValueError(f"{path!r} lies below a document")  # noqa: TRY004 - the path is wrong, not its type
        folder.put(path, below, content)


def _apply(read: Read, base: str | None, edit: _Edit, objects: Objects) -> str | None:
    """The tree after the edit, or None when nothing is left in it."""
    items = _items(read, base) if base is not None else {}
    for name, change in edit.names.items():
        after = _changed(read, items.get(name), change, objects)
        if after is None:
            items.pop(name, None)
        else:
            items[name] = TreeItem(name=name, id=after, folder=isinstance(change, _Edit))
    return _keep(TREE, tree_bytes(items.values()), base, objects) if items else None


def _changed(read: Read, item: TreeItem | None, change: bytes | _Edit | None, objects: Objects) -> str | None:
    if item is not None and item.folder != isinstance(change, _Edit):
        raise ValueError(f"{item.name!r} cannot be both a document and a folder")
    before = None if item is None else item.id
    if isinstance(change, _Edit):
        return _apply(read, before, change, objects)
    return None if change is None else _keep(BLOB, change, before, objects)


def _keep(kind: str, data: bytes, before: str | None, objects: Objects) -> str:
    name = object_id(kind, data)
    if name != before:
        objects.append((kind, data))
    return name


def _items(read: Read, tree: str) -> dict[str, TreeItem]:
    return parse_tree(read(TREE, tree))
