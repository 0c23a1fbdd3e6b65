"""Documents held in memory: sorted, and layers of changes above them.

Rule 1: what was given never changes; changes give new documents that share what stays as it was.
"""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain

MOST_ABOVE = 256
"""So many changed documents make a layer; more, and the layers become one."""


class Sheet:
    """All documents, found by halving: `paths` are sorted, `contents` in their order."""

    def __init__(self, paths: Sequence[str], contents: Sequence[bytes]) -> None:
        self.paths, self.contents = paths, contents

    def get(self, path: str) -> bytes | None:
        """The content at `path`, or None."""
        place = bisect_left(self.paths, path)
        return self.contents[place] if place < len(self.paths) and self.paths[place] == path else None

    def below(self, prefix: str) -> Iterator[str]:
        """The names right below a prefix that ends in a slash, or is empty; folders end in `/`."""
        place = bisect_left(self.paths, prefix)
        while place < len(self.paths) and self.paths[place].startswith(prefix):
            name, slash, _ = self.paths[place][len(prefix) :].partition("/")
            yield name + slash
            past = f"{prefix}{name}{chr(ord('/') + 1)}"  # the first text after all that begins with the folder's
            place = bisect_left(self.paths, past, place) if slash else place + 1


class Layers:
    """Documents (see `documents.Documents`): a sheet, and what was changed since, None for what is gone."""

    def __init__(self, sheet: Sheet, above: Mapping[str, bytes | None] | None = None) -> None:
        self._sheet, self._above = sheet, above or {}

    @classmethod
    def of(cls, documents: Mapping[str, bytes]) -> "Layers":
        """These documents."""
        paths = sorted(documents)
        return cls(Sheet(paths, [documents[path] for path in paths]))

    def get(self, path: str) -> bytes | None:
        """The content at `path`, or None."""
        return self._above[path] if path in self._above else self._sheet.get(path)

    def names(self, folder: str) -> tuple[str, ...]:
        """The sorted names right below `folder`; folders end in `/`."""
        prefix = f"{folder}/" if folder else ""
        if not self._above:
            return tuple(sorted(set(self._sheet.below(prefix))))
        touched = [path for path in self._above if path.startswith(prefix)]
        found = set(self._sheet.below(prefix))
        for path in touched:
            name, slash, _ = path[len(prefix) :].partition("/")
            if self._above[path] is not None:
                found.add(name + slash)
            elif not slash or not self._is_left(prefix + name + slash):
                found.discard(name + slash)
        return tuple(sorted(found))

    def changed(self, changes: Mapping[str, bytes | None]) -> "Layers":
        """These documents with the changes made."""
        above = {**self._above, **changes}
        if len(above) <= MOST_ABOVE:
            return Layers(self._sheet, above)
        return Layers.of(dict(Layers(self._sheet, above).items()))

    def items(self) -> Iterator[tuple[str, bytes]]:
        """Every path with its content, sorted by path."""
        if not self._above:
            return zip(self._sheet.paths, self._sheet.contents, strict=True)
        merged: dict[str, bytes | None] = dict(zip(self._sheet.paths, self._sheet.contents, strict=True))
        merged.update(self._above)
        return ((path, content) for path, content in sorted(merged.items()) if content is not None)

    @property
    def size_bytes(self) -> int:
        """About how much they are."""
        return sum(map(len, chain(self._sheet.contents, filter(None, self._above.values()))))

    def _is_left(self, folder: str) -> bool:
        """Whether a folder, named with its final slash, still holds a document."""
        if any(path.startswith(folder) and content is not None for path, content in self._above.items()):
            return True
        place = bisect_left(self._sheet.paths, folder)
        while place < len(self._sheet.paths) and (path := self._sheet.paths[place]).startswith(folder):
            if self._above.get(path, b"") is not None:
                return True
            place += 1
        return False
