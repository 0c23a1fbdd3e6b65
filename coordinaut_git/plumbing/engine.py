"""The narrow interface to objects and refs; the engines stand behind it.

Rule 1: ids are hex digits, kinds are `commit`, `tree` and `blob`; no type of a library shows.
Rule 2: a ref moves only by compare-and-swap, and every way that can fail has its own exception.
Rule 3: an engine decides nothing: it retries nothing, heals nothing and removes no lock.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from coordinaut_git.errors import CoordinautError


@dataclass(frozen=True, slots=True)
class RefMissing:
    """There is no ref of that name."""


@dataclass(frozen=True, slots=True)
class RefAt:
    """The ref names an object, which may be missing."""

    id: str


@dataclass(frozen=True, slots=True)
class RefBroken:
    """The ref cannot be used; `reason` completes "the ref …"."""

    reason: str


Ref = RefMissing | RefAt | RefBroken


class RefStale(Exception):
    """The ref is not at the old value; nothing was written."""


class RefLocked(Exception):
    """Somebody holds the ref's lock file `lock`; nothing was written."""

    def __init__(self, lock: Path) -> None:
        super().__init__(str(lock))
        self.lock = lock


class RefOutcomeUnknown(Exception):
    """The swap failed in a way that does not tell whether the ref moved; `error` is what to say if it did not."""

    def __init__(self, error: CoordinautError) -> None:
        super().__init__(error.message)
        self.error = error


class ObjectMissing(Exception):
    """No such object is on disk."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.id = name
        self.reason = "is missing"


class ObjectDamaged(ObjectMissing):
    """The object is there but is cut off, empty or not what its name says."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(name)
        self.reason = reason


class Engine(Protocol):
    """Objects and refs of one repository.

    Writing raises `CoordinautError` of kind environment where the disk does not let us.
    """

    def read_ref(self, name: str) -> Ref:
        """What the ref is now; a symbolic ref is broken here, it could move somebody's branch."""
        ...

    def create_ref(self, name: str, new: str) -> bool:
        """Make the ref if it does not exist, decided under its lock: True for exactly one of all callers.

        Raises `RefLocked`, or `RefOutcomeUnknown`.
        """
        ...

    def swap_ref(self, name: str, old: str, new: str) -> None:
        """Move the ref from `old` to `new`; raises `RefStale`, `RefLocked` or `RefOutcomeUnknown`."""
        ...

    def read(self, name: str) -> tuple[str, bytes]:
        """The kind and content of an object, checked against its name; raises `ObjectMissing`, `ObjectDamaged`."""
        ...

    def size(self, name: str) -> tuple[str, int]:
        """The kind of an object and the bytes of its content, as its header has it; raises as `read` does.

        For whoever must not read what is too large: of the content nothing is read, nor checked.
        """
        ...

    def packed(self) -> Callable[[str], bytes | None]:
        """What gives the content of an object that lies in a pack of this repository, else None: for long walks."""
        ...

    def write(self, kind: str, data: bytes) -> str:
        """Keep one object and give its id; a damaged copy of it is replaced."""
        ...

    def missing(self, names: Iterable[str]) -> tuple[str, ...]:
        """Those that are not on disk now, whatever this process has in its caches."""
        ...

    def flush_writes(self, *, on: bool) -> None:
        """Say whether objects and refs are flushed to disk as they are written, from now on; at first they are."""
        ...

    def close(self) -> None:
        """Let go of open files."""
        ...
