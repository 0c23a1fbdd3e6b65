"""Objects and refs through pygit2 (libgit2).

Rule 1: only calls that are true compare-and-swaps: `Reference.set_target`, and `Repository.transaction` with a
second look under its lock. `create_reference` and `create_commit` with a ref name let two creators win.
Rule 2: every failure of pygit2 is turned into one of the interface's words here.
"""

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

import pygit2
from pygit2.enums import ObjectType, ReferenceType

from coordinaut_git.plumbing.durable import make_durable
from coordinaut_git.plumbing.engine import (
    ObjectDamaged,
    ObjectMissing,
    Ref,
    RefAt,
    RefBroken,
    RefLocked,
    RefMissing,
    RefOutcomeUnknown,
    RefStale,
)
from coordinaut_git.plumbing.libgit2_errors import FAILURES, Cause, cause_of, text_of, write_failure
from coordinaut_git.plumbing.loose import loose_header, loose_path, read_loose
from coordinaut_git.plumbing.objects import BLOB, COMMIT, TREE, object_id

T = TypeVar("T")

_TYPES = {COMMIT: ObjectType.COMMIT, TREE: ObjectType.TREE, BLOB: ObjectType.BLOB}
_WRITES = 5
_KINDS = {int(number): kind for kind, number in _TYPES.items()}


class Pygit2Engine:
    """The engine for repositories that libgit2 can open. Works from several threads; each call is one step."""

    _switched_on: bool | None = None

    def __init__(self, repository: pygit2.Repository, common_dir: Path) -> None:
        self._repository = repository
        self._common_dir = common_dir
        self._objects = str(common_dir / "objects")
        self._flush = True
        self.flush_writes(on=True)

    def read_ref(self, name: str) -> Ref:
        """See `Engine.read_ref`."""
        try:
            ref = self._repository.lookup_reference(name)
        except KeyError:
            return RefMissing()
        except FAILURES as error:
            return RefBroken(f"cannot be read: {text_of(error)}")
        if ref.type != ReferenceType.DIRECT:
            return RefBroken(f"is a symbolic ref to {ref.target}")
        return RefAt(str(ref.target))

    def create_ref(self, name: str, new: str) -> bool:
        """See `Engine.create_ref`."""
        try:
            with self._repository.transaction() as locked:
                locked.lock_ref(name)
                if not isinstance(self.read_ref(name), RefMissing):
                    return False
                locked.set_target(name, new)
        except FAILURES as error:
            raise self._ref_failure(name, error) from error
        return True

    def swap_ref(self, name: str, old: str, new: str) -> None:
        """See `Engine.swap_ref`."""
        try:
            ref = self._repository.lookup_reference(name)
            if str(ref.target) != old:  # of a symbolic ref that is a name, never an id
                raise RefStale(name)
            ref.set_target(new)
        except FAILURES as error:
            if isinstance(error, KeyError) and cause_of(error) is Cause.OTHER:
                raise RefStale(name) from None  # the ref is gone
            raise self._ref_failure(name, error) from error

    def read(self, name: str) -> tuple[str, bytes]:
        """See `Engine.read`."""
        found = read_loose(self._objects, name)
        if found is not None:
            return found
        try:
            number, data = self._repository.read(name)
        except FAILURES:
            number, data = self._afresh(name, pygit2.Odb.read)
        return _KINDS.get(number, "tag"), data

    def size(self, name: str) -> tuple[str, int]:
        """See `Engine.size`."""
        found = loose_header(self._objects, name)
        if found is not None:
            return found
        try:
            number, size = self._repository.odb.read_header(name)
        except FAILURES:
            number, size = self._afresh(name, pygit2.Odb.read_header)
        return _KINDS.get(int(number), "tag"), size

    def packed(self) -> Callable[[str], bytes | None]:
        """See `Engine.packed`. Loose objects are left out: libgit2 spins for ever on one that is cut off."""
        packs = pygit2.Odb()
        packs.add_backend(pygit2.OdbBackendPack(self._objects), 1)

        def read(name: str) -> bytes | None:
            try:
                return packs.read(name)[1]
            except FAILURES:
                return None

        return read

    def write(self, kind: str, data: bytes) -> str:
        """See `Engine.write`."""
        name = object_id(kind, data)
        self._switch(on=self._flush)
        new_folder = self._flush and not os.path.isdir(f"{self._objects}/{name[:2]}")  # noqa: PTH112 - on every write
        for left in reversed(range(_WRITES)):
            try:
                self._remove_damaged(name)
                self._repository.write(_TYPES[kind], data)
                break
            except FAILURES as error:
                if not left or cause_of(error) is not Cause.FOLDER_GONE:
                    raise write_failure(error, f"A {kind} object") from error
        if new_folder:
            make_durable(self._objects)  # libgit2 flushes the object and its folder, not the name of a new folder
        return name

    def missing(self, names: Iterable[str]) -> tuple[str, ...]:
        """See `Engine.missing`."""
        not_loose = [name for name in names if not _has_content(loose_path(self._objects, name))]
        if not not_loose:
            return ()
        # A new object database has no caches, and the packs as they are now.
        packs = pygit2.Odb(self._objects)
        return tuple(name for name in not_loose if name not in packs)

    def flush_writes(self, *, on: bool) -> None:
        """See `Engine.flush_writes`."""
        self._flush = on
        # libgit2 asks its switch for refs only when it opens their database, which a look at any ref does.
        self._switch(on=on)
        self._repository.set_refdb(pygit2.Refdb.open(self._repository))

    def _switch(self, *, on: bool) -> None:
        """Set the one switch of the whole process, where another engine has set it otherwise."""
        if Pygit2Engine._switched_on is not on:
            pygit2.settings.enable_fsync_gitdir(on)
            Pygit2Engine._switched_on = on

    def close(self) -> None:
        """See `Engine.close`."""
        self._repository.free()

    def _afresh(self, name: str, read: Callable[[pygit2.Odb, str], T]) -> T:
        """Read without caches: packs may have been replaced since this process opened them."""
        try:
            return read(pygit2.Odb(self._objects), name)
        except KeyError:
            raise ObjectMissing(name) from None
        except FAILURES as error:
            raise ObjectDamaged(name, f"cannot be read ({text_of(error)})") from error

    def _remove_damaged(self, name: str) -> None:
        # libgit2 only touches an object that is there already, also one that is empty or cut off.
        try:
            read_loose(self._objects, name)
        except ObjectDamaged:
            Path(loose_path(self._objects, name)).unlink()

    def _ref_failure(self, name: str, error: BaseException) -> Exception:
        match cause_of(error):
            case Cause.LOCKED:
                return RefLocked(self._common_dir / f"{name}.lock")
            case Cause.STALE:
                return RefStale(name)
            case _:
                return RefOutcomeUnknown(write_failure(error, f"The ref {name}"))


def _has_content(path: str) -> bool:
    try:
        return os.stat(path).st_size > 0  # noqa: PTH116 - hundreds of them in a moment, and each is told by its text
    except OSError:
        return False
