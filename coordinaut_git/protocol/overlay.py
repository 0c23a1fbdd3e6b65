"""What operations changed above the documents of a store: values by path, shared between a state and the next one.

Rule 1: an overlay is a value. `changed(...)` gives a new one; what it costs grows with the changes and with the number
        of folders, not with the number of documents.
Rule 2: a document that was taken away is there as None: it hides the one in the store.
"""

from collections.abc import Iterator, Mapping
from typing import Generic, TypeVar

V = TypeVar("V")
D = TypeVar("D")
Names = dict[str, V | None]


class Overlay(Generic[V]):
    """Values by path, each folder apart; nobody changes a dictionary once it is in here."""

    __slots__ = ("_below", "_folders")

    def __init__(self) -> None:
        self._folders: dict[str, Names[V]] = {}
        self._below: dict[str, tuple[str, ...]] = {}

    def changed(self, changes: Mapping[str, V | None]) -> "Overlay[V]":
        """The same with these values besides, or in the place of others."""
        after: Overlay[V] = Overlay()
        after._folders, after._below = dict(self._folders), self._below
        mine: dict[str, Names[V]] = {}
        for path, value in changes.items():
            folder, _, name = path.rpartition("/")
            if folder not in mine:
                if folder not in after._folders:
                    after._below = _with_folder(after._below, folder)
                mine[folder] = after._folders[folder] = dict(after._folders.get(folder, ()))
            mine[folder][name] = value
        return after

    def get(self, path: str, unknown: D) -> V | D | None:
        """The value at `path`, None where it is gone, or `unknown`."""
        folder, _, name = path.rpartition("/")
        names = self._folders.get(folder)
        return unknown if names is None else names.get(name, unknown)

    def __contains__(self, path: str) -> bool:
        """Whether anything is known of `path`: a value, or that it is gone."""
        return self.get(path, self) is not self

    def __len__(self) -> int:
        """How many paths are known."""
        return sum(map(len, self._folders.values()))

    def items(self) -> Iterator[tuple[str, V | None]]:
        """Every path with its value."""
        for folder, names in self._folders.items():
            yield from _paths(folder, names)

    def since(self, before: "Overlay[V]") -> Iterator[tuple[str, V | None]]:
        """What is other than it was `before` in the overlay that this one came from."""
        absent = object()
        for folder, names in self._folders.items():
            old = before.here(folder)
            if names is not old:
                different = {name: value for name, value in names.items() if old.get(name, absent) is not value}
                yield from _paths(folder, different)

    def here(self, folder: str) -> Mapping[str, V | None]:
        """The names right in `folder`, with their values."""
        return self._folders.get(folder, {})

    def folders(self, folder: str) -> Iterator[str]:
        """The names of the folders right below `folder` in which something is."""
        return (name for name in self._below.get(folder, ()) if self._holds(_joined(folder, name)))

    def _holds(self, folder: str) -> bool:
        if any(value is not None for value in self.here(folder).values()):
            return True
        return any(True for _ in self.folders(folder))


def _with_folder(below: dict[str, tuple[str, ...]], folder: str) -> dict[str, tuple[str, ...]]:
    """What lies below which folder, with one folder more, and those on the way to it."""
    below = dict(below)
    while folder:
        parent, _, name = folder.rpartition("/")
        beside = below.get(parent, ())
        if name in beside:
            break
        below[parent] = (*beside, name)
        folder = parent
    return below


def _paths(folder: str, names: Names[V]) -> Iterator[tuple[str, V | None]]:
    return ((_joined(folder, name), value) for name, value in names.items())


def _joined(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name
