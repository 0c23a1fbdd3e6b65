r"""A local memory of what was written lately: raw objects to put back, and when each operation was first seen here.

Rule 1: the journal is never the truth. It may be missing, torn or old, and nothing acknowledged depends on it.
Rule 2: one append is one write(2) on a file opened for appending, so records of several processes never mix.
Rule 3: a record that is not whole is skipped; the next one is found by its mark.

A record is a line `\0CJ1 <bytes> <crc32>\n`, then a JSON line (head, entry, seq, wall_ms, boot_ms, boot, objects as
[id, kind, bytes], and what else its writer wants to keep), then the objects' data. Two files are kept: `journal` and,
once that was full, `journal.old`.
"""

import fcntl
import json
import os
import time
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from coordinaut_git.plumbing.boot_clock import boot_id, boottime_ms_now

FILE_BYTES = 2 * 1024 * 1024
_TAIL_BYTES = 64 * 1024
_MARK = b"\0CJ1 "
_encoded = json.JSONEncoder(separators=(",", ":")).encode
_About = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """When this machine first saw an operation: by the wall clock and by the clock that starts with the machine.

    `boottime_ms` can be subtracted from `boottime_ms_now()` only if `same_boot`; that clock runs on during sleep.
    """

    wall_ms: int
    boottime_ms: int
    same_boot: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Record:
    about: dict[str, Any]
    data: bytes

    def objects(self) -> Iterator[tuple[str, str, bytes]]:
        start = 0
        for oid, kind, size in self.about["objects"]:
            yield oid, kind, self.data[start : start + size]
            start += size


class Journal:
    """The journal called `name` in `folder`, which is made when missing."""

    def __init__(self, folder: Path, name: str = "journal") -> None:
        self.folder = folder
        self._path = os.path.join(folder, name)  # noqa: PTH118 - a str is cheaper where every operation passes
        self._old = self._path + ".old"
        self._sightings: tuple[tuple[int, int], dict[str | int, _About]] | None = None

    def exists(self) -> bool:
        """Whether anything was ever appended."""
        return os.path.exists(self._path) or os.path.exists(self._old)  # noqa: PTH110 - a str, as above

    def append(
        self,
        objects: Sequence[tuple[str, str, bytes]],
        *,
        head: str,
        entry_id: str,
        seq: int,
        more: Mapping[str, Any] | None = None,
    ) -> bool:
        """Remember operation `entry_id`, which is number `seq` and makes `head`, and its `(id, kind, data)` objects.

        False if the file cannot be written, which is no reason to fail an operation. `more` is kept for `abouts`.
        """
        about = {
            "head": head,
            "entry": entry_id,
            "seq": seq,
            "wall_ms": time.time_ns() // 1_000_000,
            "boot_ms": boottime_ms_now(),
            "boot": boot_id(),
            "objects": [[oid, kind, len(data)] for oid, kind, data in objects],
            **(more or {}),
        }
        text = _encoded(about).encode() + b"\n"
        payload = b"".join((text, *(data for _, _, data in objects)))
        record = b"%s%d %d\n%s" % (_MARK, len(payload), zlib.crc32(payload), payload)
        try:
            self._write(record)
        except OSError:
            return False
        return True

    def find(self, oids: Iterable[str]) -> dict[str, tuple[str, bytes]]:
        """The `(kind, data)` of those of `oids` that are remembered; not verified yet."""
        wanted = set(oids)
        found: dict[str, tuple[str, bytes]] = {}
        for record in self._newest_first():
            for oid, kind, data in record.objects():
                if oid in wanted:
                    wanted.discard(oid)
                    found[oid] = (kind, data)
            if not wanted:
                break
        return found

    def oids(self) -> set[str]:
        """The ids of all objects that are remembered."""
        return {oid for record in self._newest_first() for oid, _, _ in record.about["objects"]}

    def newest_objects(self) -> Iterator[tuple[str, str, bytes]]:
        """Every object that is remembered as `(id, kind, data)`, those of the newest record first; not verified."""
        return (found for record in self._newest_first() for found in record.objects())

    def abouts(self) -> Iterator[dict[str, Any]]:
        """What each record says, the newest first, without its objects."""
        return (record.about for record in self._newest_first())

    def stamp(self) -> tuple[int, int]:
        """A value that is another one once something was appended."""
        return _stamp(self._path)

    def last_head(self) -> str | None:
        """The head that the newest whole record names; None if there is no record."""
        for record in _newest_first(_read(self._path, _TAIL_BYTES)):
            return str(record.about["head"])
        for record in self._newest_first():
            return str(record.about["head"])
        return None

    def sighting(self, entry: str | int) -> Sighting | None:
        """When this machine first saw the operation of that id or number; None if the journal does not remember it.

        A number means the operation that has it now: a sync may have given it to another one before.
        """
        first = self._first_sightings().get(entry)
        if first is None:
            return None
        here = first["boot"] == boot_id() != ""
        return Sighting(wall_ms=first["wall_ms"], boottime_ms=first["boot_ms"], same_boot=here)

    def seen_ms_ago(self, entry: str | int) -> int | None:
        """How long ago this machine first saw the operation, by the clock that starts with the machine.

        None if that is not remembered, or was before the machine was started last.
        """
        first = self.sighting(entry)
        return boottime_ms_now() - first.boottime_ms if first is not None and first.same_boot else None

    def _first_sightings(self) -> dict[str | int, _About]:
        """What was kept at first sight, by id and by number; read again only when the file has changed."""
        stamp = _stamp(self._path)
        if self._sightings is None or self._sightings[0] != stamp:
            self._sightings = (stamp, _sightings(record.about for record in self._newest_first()))
        return self._sightings[1]

    def _write(self, record: bytes) -> None:
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
        try:
            descriptor = os.open(self._path, flags, 0o666)
        except FileNotFoundError:
            self.folder.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self._path, flags, 0o666)
        try:
            os.write(descriptor, record)  # cut short by a full disk it is a torn tail like any other
            if os.fstat(descriptor).st_size > FILE_BYTES:
                self._rotate(descriptor)
        finally:
            os.close(descriptor)

    def _rotate(self, descriptor: int) -> None:
        """Make the full file the old one, unless another process is doing so or has done so."""
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.stat(self._path).st_ino == os.fstat(descriptor).st_ino:  # noqa: PTH116 - as above
                os.replace(self._path, self._old)  # noqa: PTH105 - as above

    def _newest_first(self) -> Iterator[_Record]:
        yield from _newest_first(_read(self._path))
        yield from _newest_first(_read(self._old))


def _sightings(newest_first: Iterable[_About]) -> dict[str | int, _About]:
    """Each operation's first sighting, by its id and by the number that it has now."""
    first: dict[str, _About] = {}
    numbered: dict[int, str] = {}
    for about in newest_first:
        first[about["entry"]] = about
        numbered.setdefault(about["seq"], about["entry"])
    found: dict[str | int, _About] = {seq: first[entry] for seq, entry in numbered.items()}
    found.update(first)
    return found


def _stamp(path: str) -> tuple[int, int]:
    try:
        found = os.stat(path)  # noqa: PTH116 - a str, as above
    except OSError:
        return 0, 0
    return found.st_ino, found.st_size


def _read(path: str, last_bytes: int | None = None) -> bytes:
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - a str, as above
            if last_bytes is not None:
                file.seek(max(os.fstat(file.fileno()).st_size - last_bytes, 0))
            return file.read()
    except OSError:
        return b""


def _newest_first(data: bytes) -> Iterator[_Record]:
    """The whole records of `data`, last one first. A mark inside an object's data does not pass the checksum."""
    end = len(data)
    while (start := data.rfind(_MARK, 0, end)) >= 0:
        record = _record_at(data, start, end)
        if record is not None:
            yield record
        end = start


def _record_at(data: bytes, start: int, end: int) -> _Record | None:
    try:
        length, checksum = map(int, data[start + len(_MARK) : data.index(b"\n", start, end)].split())
        begin = data.index(b"\n", start, end) + 1
        payload = data[begin : begin + length]
        if len(payload) != length or zlib.crc32(payload) != checksum:
            return None
        text, _, rest = payload.partition(b"\n")
        return _Record(about=json.loads(text), data=rest)
    except ValueError:
        return None
