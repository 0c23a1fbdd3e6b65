"""Where the lines of projects are kept.

Rule 1: a project that nobody wrote to leaves no trace, however often somebody asks for it.
Rule 2: each project has a line of its own for its state, and one for its settings.
"""

from enum import StrEnum
from typing import NamedTuple, Protocol

from coordinaut_git.documents import Store
from coordinaut_git.stores.memory import MemoryStore


class Part(StrEnum):
    """The two lines of a project."""

    STATE = "state"
    CONFIG = "config"


class Place(NamedTuple):
    """Which line is meant."""

    team: str
    project: str
    part: Part = Part.STATE


class Shelf(Protocol):
    """A keeper of many lines; its methods may be called from several threads."""

    storage: str

    def holds(self, place: Place) -> bool:
        """Whether there may be such a line; False spares opening it."""
        ...

    def open(self, place: Place) -> Store:
        """A handle to a line, which `Store.create` begins."""
        ...

    def check(self) -> None:
        """Raise `CoordinautError` unless lines can be read and written now."""
        ...

    def close(self) -> None:
        """Let go of what is open beside the handles."""
        ...


class MemoryShelf:
    """Lines that end with the process."""

    storage = "memory"

    def __init__(self) -> None:
        self._lines: dict[Place, MemoryStore] = {}

    def holds(self, place: Place) -> bool:
        """Whether it was opened before."""
        return place in self._lines

    def open(self, place: Place) -> Store:
        """The one store of this place."""
        return self._lines.setdefault(place, MemoryStore())

    def check(self) -> None:
        """Memory is always there."""

    def close(self) -> None:
        """Do nothing."""
