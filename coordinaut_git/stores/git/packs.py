"""Our own packs: written, remembered by name, and merged before there are many.

Rule 1: only packs that we wrote are ever touched, and an old one goes only after its successor is on disk for good.
Rule 2: nothing here may fail an operation that is done: upkeep that cannot be done now is done some other time.
Rule 3: a kill at any instant leaves objects twice at worst, never less than once.

A pack is ours if `<own folder>/packs/<its name>` exists: an empty file made before the pack, so that no pack of ours
is ever forgotten. Names whose pack is gone (the user's `git gc` took it over) are dropped.
"""

import fcntl
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from coordinaut_git.errors import CoordinautError
from coordinaut_git.plumbing.durable import make_durable
from coordinaut_git.plumbing.engine import ObjectMissing
from coordinaut_git.plumbing.objects import BadObject
from coordinaut_git.stores.git.loose_line import Read, loose_of_line, remove_loose
from coordinaut_git.stores.git.multi_pack_index import indexed_packs
from coordinaut_git.stores.git.pack_writer import write_pack

PACK_EVERY = 64
"""Loose objects are looked for after every so many operations."""

MOST_PACKS = 12
_GROWTH = 2
_MERGE_S = 60.0
_COMING_S = 600.0
_SUFFIXES = (".idx", ".pack", ".rev")
"""The index goes first: without it nobody looks for the pack."""


class Packs:
    """Our packs in the object database of one repository."""

    def __init__(self, common_dir: Path, own_dir: Path, *, flush: bool) -> None:
        self._objects = common_dir / "objects"
        self._folder = self._objects / "pack"
        self._names = own_dir / "packs"
        self._flush = flush

    def write(self, objects: Sequence[tuple[str, bytes]]) -> list[str]:
        """Store `(kind, data)` objects as one pack of ours; gives their ids. Raises as `write_pack` does."""
        return write_pack(self._objects, objects, flush=self._flush, before_named=self._remember)

    def maintain(self, head: str, seq: int, read: Read, *, before: int | None = None) -> None:
        """After operation number `seq` has become `head`: pack what is loose and merge packs, if that is due.

        `read` reads objects as `Engine.read` does; `before` is the number of the head that was before, if several came
        at once. Costs nothing but every `PACK_EVERY` operations. Never raises for what the disk or the repository does.
        """
        if seq // PACK_EVERY == (seq - 1 if before is None else before) // PACK_EVERY:
            return
        with suppress(CoordinautError, ObjectMissing, BadObject, OSError):
            self.pack_loose(head, read)
            self.merge()

    def pack_loose(self, head: str, read: Read) -> int:
        """Move the loose objects of the line that ends in `head` to a pack of ours; gives their number."""
        loose = loose_of_line(self._objects, head, read)
        names = self.write(list(loose.values()))
        remove_loose(self._objects, names)
        return len(names)

    def count(self, head: str, read: Read) -> tuple[int, int]:
        """The loose objects of the line that ends in `head`, and our packs; raises as `loose_of_line` does."""
        there = [name for name in self._remembered() if (self._folder / f"{name}.pack").exists()]
        return len(loose_of_line(self._objects, head, read)), len(there)

    def merge(self) -> str | None:
        """Merge the smallest of our packs if there are more than `MOST_PACKS`; gives the name of the new one.

        None if nothing was merged: not due, another process is at it, or git could not do it.
        """
        with self._alone() as alone:
            if not alone:
                return None
            sizes = self._sizes()
            if len(sizes) <= MOST_PACKS:
                return None
            return self._merge(_smallest(sizes))

    def _merge(self, old: list[str]) -> str | None:
        from coordinaut_git.plumbing.run import git

        synced = "core.fsync=pack,pack-metadata" if self._flush else "core.fsync=none"
        answer = git(
            *("--git-dir=.", "-c", synced, "-c", "core.fsyncMethod=fsync", "-c", "pack.packSizeLimit=0"),
            *("pack-objects", "--stdin-packs", "--delta-base-offset", "--threads=1", "--quiet"),
            str(self._folder / "pack"),
            at=self._objects.parent,
            stdin="".join(f"{name}.pack\n" for name in old).encode(),
            wait_s=_MERGE_S,
        )
        new = f"pack-{answer.out.decode('ascii', 'replace').strip()}"
        if not answer.ok or not (self._folder / f"{new}.idx").exists():
            return None
        self._remember(new)
        if self._flush:
            make_durable(self._folder)
        self._forget([name for name in old if name != new])
        return new

    def _sizes(self) -> dict[str, int]:
        """Our packs that may be merged with their sizes in bytes, smallest first."""
        taken = indexed_packs(self._folder)
        if taken is None:
            return {}
        sizes = {}
        for name in self._remembered():
            try:
                sizes[name] = (self._folder / f"{name}.pack").stat().st_size
            except FileNotFoundError:
                self._drop_if_old(name)
                continue
            if name in taken or (self._folder / f"{name}.keep").exists():  # the user's git has it in its care
                del sizes[name]
                self._drop_if_old(name)
        return dict(sorted(sizes.items(), key=lambda item: item[1]))

    def _drop_if_old(self, name: str) -> None:
        """Forget a name, but not one whose pack may be about to come."""
        marker = self._names / name
        if time.time() - marker.stat().st_mtime > _COMING_S:
            marker.unlink(missing_ok=True)

    def _remembered(self) -> list[str]:
        try:
            return [name for name in os.listdir(self._names) if name.startswith("pack-")]  # noqa: PTH208 - names only
        except FileNotFoundError:
            return []

    def _remember(self, name: str) -> None:
        self._names.mkdir(parents=True, exist_ok=True)
        (self._names / name).touch()

    def _forget(self, names: list[str]) -> None:
        for name in names:
            for suffix in _SUFFIXES:
                (self._folder / f"{name}{suffix}").unlink(missing_ok=True)
            (self._names / name).unlink(missing_ok=True)

    @contextmanager
    def _alone(self) -> Iterator[bool]:
        """Whether no other process merges now; the kernel forgets a dead one."""
        self._names.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self._names / "merging", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
        finally:
            os.close(descriptor)


def _smallest(sizes: dict[str, int]) -> list[str]:
    """The packs to merge, given with sizes in ascending order: all that are not much larger than what precedes them.

    What is left is then a geometric row, so an object is copied a logarithmic number of times in its life.
    """
    chosen: list[str] = []
    total = 0
    for name, size in sizes.items():
        if len(chosen) > 1 and size > _GROWTH * total:
            break
        chosen.append(name)
        total += size
    return chosen
