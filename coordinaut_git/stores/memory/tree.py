"""Documents in memory: in a plain mapping, or in a tree of folders whose successors share what stayed the same.

Rule 1: the same documents have the same digest, however they came to be there.
Rule 2: what a change costs grows with the folders on its way, not with the number of documents.
"""

from collections.abc import Mapping
from hashlib import sha256

Items = dict[str, "bytes | _Folder"]


class _Folder:
    """The names in one folder; nobody changes `items` once it is made."""

    __slots__ = ("_digest", "items")

    def __init__(self, items: Items) -> None:
        self.items = items
        self._digest: bytes | None = None

    def digest(self) -> bytes:
        """A checksum over all that lies below."""
        if self._digest is None:
            whole = sha256()
            for name, item in sorted(self.items.items()):
                kind, below = (b"t", item.digest()) if isinstance(item, _Folder) else (b"b", sha256(item).digest())
                whole.update(b"%s%s\0%s" % (kind, name.encode(), below))
            self._digest = whole.digest()
        return self._digest


class DocumentMap:
    """Documents held in a mapping that nobody changes any more."""

    def __init__(self, documents: Mapping[str, bytes]) -> None:
        self._documents = documents

    def get(self, path: str) -> bytes | None:
        """The content at `path`, or None."""
        return self._documents.get(path)

    def names(self, folder: str) -> tuple[str, ...]:
        """The sorted names right below `folder`; folders end in `/`."""
        prefix = f"{folder}/" if folder else ""
        below = (path[len(prefix) :] for path in self._documents if path.startswith(prefix))
        return tuple(sorted({name + slash for name, slash, _ in (path.partition("/") for path in below)}))


class DocumentTree:
    """The documents at one point (see `documents.Documents`)."""

    __slots__ = ("_root",)

    def __init__(self, documents: Mapping[str, bytes] | None = None) -> None:
        self._root = _changed(_Folder({}), documents or {})

    def get(self, path: str) -> bytes | None:
        """The content at `path`, or None."""
        found = self._at(path)
        return found if isinstance(found, bytes) else None

    def names(self, folder: str) -> tuple[str, ...]:
        """The sorted names right below `folder`; folders end in `/`."""
        below = self._at(folder) if folder else self._root
        items = below.items.items() if isinstance(below, _Folder) else ()
        return tuple(sorted(name + "/" if isinstance(item, _Folder) else name for name, item in items))

    def changed(self, changes: Mapping[str, bytes | None]) -> "DocumentTree":
        """The documents with these changes; None takes away. Raises ValueError for a document below a document."""
        after = DocumentTree()
        after._root = _changed(self._root, changes)
        return after

    def digest(self) -> str:
        """A checksum over all paths and contents, in hex digits."""
        return self._root.digest().hex()

    def _at(self, path: str) -> "bytes | _Folder | None":
        found: bytes | _Folder | None = self._root
        for name in path.split("/"):
            if not isinstance(found, _Folder):
                return None
            found = found.items.get(name)
        return found


def _changed(folder: _Folder, changes: Mapping[str, bytes | None]) -> _Folder:
    """The folder with changes at paths below it; folders in which nothing is left go."""
    here: dict[str, bytes | None] = {}
    below: dict[str, dict[str, bytes | None]] = {}
    for path, content in changes.items():
        name, slash, rest = path.partition("/")
        if slash:
            below.setdefault(name, {})[rest] = content
        else:
            here[name] = content
    items = dict(folder.items)
    for name, content in here.items():
        if content is None and isinstance(items.get(name), bytes):
            del items[name]
    for name, rest_of in below.items():
        _change_below(items, name, rest_of)
    for name, content in here.items():
        if content is not None:
            _put(items, name, content)
    return _Folder(items)


def _change_below(items: Items, name: str, changes: Mapping[str, bytes | None]) -> None:
    old = items.get(name)
    folder = old if isinstance(old, _Folder) else _Folder({})
    new = _changed(folder, changes)
    if new.items:
        _put(items, name, new)
    elif old is folder:
        del items[name]


def _put(items: Items, name: str, new: bytes | _Folder) -> None:
    old = items.get(name)
    if old is not None and isinstance(old, bytes) != isinstance(new, bytes):
        raise ValueError(f"{name!r} cannot be both a document and a folder")
    items[name] = new
