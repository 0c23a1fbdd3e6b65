"""Documents in rows: a version of a document counts from the operation that wrote it to the one that replaced it.

Rule 1: a checkpoint writes the versions that differ, and what was before stays readable as it was.
Rule 2: reading the newest documents costs the same however many versions there were.
"""

from collections.abc import Iterator, Mapping

from coordinaut_git.stores.sql.database import Database, Transaction
from coordinaut_git.stores.sql.schema import NOW

PATH_BYTES = 2_000
"""As long as a path may be: what PostgreSQL can keep in an index."""

_AT = "line = ? AND folder = ? AND from_seq <= ? AND to_seq > ?"
_NAMES = f"SELECT name FROM coordinaut_document WHERE {_AT}"  # noqa: S608 - a text of ours
_FOLDER = f"SELECT name, content FROM coordinaut_document WHERE {_AT}"  # noqa: S608
_CONTENT = f"SELECT content FROM coordinaut_document WHERE {_AT} AND name = ?"  # noqa: S608
_ADD = "INSERT INTO coordinaut_document (line, folder, name, from_seq, to_seq, content) VALUES (?, ?, ?, ?, ?, ?)"
_NOW = "FROM coordinaut_document WHERE line = ? AND folder = ? AND to_seq = ?"
_ONE_NOW = f"SELECT content {_NOW} AND name = ?"
_NEWEST = "SELECT max(to_seq) FROM coordinaut_document WHERE line = ? AND folder = ?"
_ALL_NOW = "SELECT folder, name FROM coordinaut_document WHERE line = ? AND to_seq = ? AND content IS NOT NULL"
_END = "UPDATE coordinaut_document SET to_seq = ? WHERE line = ? AND folder = ? AND to_seq = ? AND name = ?"


class SqlDocuments:
    """The documents of one line as of `seq` (see `Documents`); what was read is remembered."""

    def __init__(self, database: Database, line: str, seq: int) -> None:
        self._database, self._line, self._seq = database, line, seq
        self._folders: dict[str, tuple[str, ...]] = {}
        self._contents: dict[str, bytes | None] = {}
        self._whole: set[str] = set()

    def get(self, path: str) -> bytes | None:
        """The content at `path`, or None. Whoever lists a folder reads it, so then all of it is fetched at once."""
        if path not in self._contents:
            folder, name = split(path)
            if folder in self._whole or not name or name.endswith("/"):
                return None
            if folder in self._folders:
                self._fetch(folder)
            else:
                rows = self._database.read(_CONTENT, *self._at(folder), name)
                self._contents[path] = rows[0][0] if rows else None
        return self._contents.get(path)

    def names(self, folder: str) -> tuple[str, ...]:
        """The sorted names right below `folder`; folders end in `/`."""
        if folder not in self._folders:
            rows = self._database.read(_NAMES, *self._at(folder))
            self._folders[folder] = tuple(sorted(name for (name,) in rows))
        return self._folders[folder]

    def _fetch(self, folder: str) -> None:
        prefix = f"{folder}/" if folder else ""
        for name, content in self._database.read(_FOLDER, *self._at(folder)):
            if content is not None:
                self._contents[prefix + name] = content
        self._whole.add(folder)

    def _at(self, folder: str) -> tuple[str, str, int, int]:
        return self._line, folder, self._seq, self._seq


class Writing:
    """The documents of one line as operation `seq` writes them, within a transaction."""

    def __init__(self, transaction: Transaction, line: str, seq: int) -> None:
        self._transaction, self._line, self._seq = transaction, line, seq

    def change(self, changes: Mapping[str, bytes | None]) -> None:
        """Write these documents, None for those that go; raises ValueError for paths that cannot be."""
        for path in changes:
            check_path(path)
        gone = [path for path, content in changes.items() if content is None]
        for path in gone:
            self._end(path)
        for folder in sorted({split(path)[0] for path in gone}, key=len, reverse=True):
            self._end_if_empty(folder)
        for path, content in changes.items():
            if content is not None:
                self._put(path, content)

    def replace(self, documents: Mapping[str, bytes]) -> None:
        """Write these documents in the place of all that there are."""
        now = (
            "/".join(filter(None, (folder, name))) for folder, name in self._transaction.read(_ALL_NOW, self._line, NOW)
        )
        self.change({**dict.fromkeys(now), **documents})

    def _put(self, path: str, content: bytes) -> None:
        folder, name = split(path)
        before = self._read(folder, name)
        if before == content:
            return
        if before is not None:
            self._end(path)
        else:
            self._make_room(path)
        self._add(folder, name, content)

    def _make_room(self, path: str) -> None:
        """Make the folders on the way to a new document."""
        if self._has(*split(f"{path}/")):
            raise ValueError(f"{path!r} cannot be both a document and a folder")
        for folder in _folders_above(path):
            if self._has(*split(f"{folder}/")):
                break
            if self._has(*split(folder)):
                raise ValueError(f"{folder!r} cannot be both a document and a folder")
            self._add(*split(f"{folder}/"), None)

    def _end(self, path: str) -> None:
        folder, name = split(path)
        self._transaction.change(_END, self._seq, self._line, folder, NOW, name)

    def _end_if_empty(self, folder: str) -> None:
        while folder and self._transaction.read(_NEWEST, self._line, folder) != [(NOW,)]:
            self._end(f"{folder}/")
            folder = split(folder)[0]

    def _add(self, folder: str, name: str, content: bytes | None) -> None:
        self._transaction.change(_ADD, self._line, folder, name, self._seq, NOW, content)

    def _read(self, folder: str, name: str) -> bytes | None:
        rows = self._transaction.read(_ONE_NOW, self._line, folder, NOW, name)
        return rows[0][0] if rows else None

    def _has(self, folder: str, name: str) -> bool:
        return bool(self._transaction.read(_ONE_NOW, self._line, folder, NOW, name))


def split(path: str) -> tuple[str, str]:
    """The folder that a path lies in, and its name there; a path that ends in a slash is a folder's."""
    folder, _, name = path.removesuffix("/").rpartition("/")
    return folder, name + path[len(path.removesuffix("/")) :]


def check_path(path: str) -> None:
    """Raise ValueError for what cannot be a document's path."""
    if any(part in ("", ".", "..") for part in path.split("/")) or "\0" in path:
        raise ValueError(f"{path!r} cannot be a document's path")
    if len(path.encode()) > PATH_BYTES:
        raise ValueError(f"a document's path of {len(path.encode())} bytes is longer than {PATH_BYTES}")


def _folders_above(path: str) -> Iterator[str]:
    """The folders that a path lies in, the nearest first."""
    folder = split(path)[0]
    while folder:
        yield folder
        folder = split(folder)[0]
