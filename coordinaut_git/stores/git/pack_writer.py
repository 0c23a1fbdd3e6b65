"""Write many objects as one pack: two flushes instead of two for each object.

Rule 1: the pack is complete and on disk before its index has its name, for without the index git does not see it.
Rule 2: the same objects give the same files: sorted by id, one compression level, named by the checksum as git does.

Formats: gitformat-pack(5), pack version 2 without deltas and index version 2.
"""

import errno
import os
import struct
import zlib
from binascii import crc32
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha1
from pathlib import Path

from coordinaut_git.errors import CoordinautError, environment
from coordinaut_git.plumbing.durable import make_durable
from coordinaut_git.plumbing.objects import object_id

KINDS = {"commit": 1, "tree": 2, "blob": 3, "tag": 4}
_LEVEL = 6
_OFFSET_31 = 0x8000_0000
_ATTEMPTS = 2


@dataclass(frozen=True, slots=True)
class _Packed:
    oid: bytes
    crc: int
    offset: int


def write_pack(
    objects_dir: Path,
    objects: Sequence[tuple[str, bytes]],
    *,
    flush: bool,
    before_named: Callable[[str], object] = lambda _: None,
) -> list[str]:
    """Store `(kind, data)` objects as one pack in `objects_dir`; gives their ids in the order given.

    With `flush` they are on disk for good when this returns. Nothing is written for no objects.
    `before_named` is told the name (`pack-<checksum>`) before there are files of that name.
    Raises an environment `CoordinautError` (`disk_full`, `read_only`, `write_failed`).
    """
    oids = [object_id(kind, data) for kind, data in objects]
    unique = dict(zip(oids, objects, strict=True))
    if unique:
        pack, packed = _pack_bytes(unique)
        name = f"pack-{pack[-20:].hex()}"
        folder = objects_dir / "pack"
        try:
            before_named(name)
            _try_install(folder, {f"{name}.pack": pack, f"{name}.idx": _index_bytes(packed, pack[-20:])}, flush=flush)
        except OSError as error:
            raise _failure(folder, error) from error
    return oids


def _try_install(folder: Path, files: dict[str, bytes], *, flush: bool) -> None:
    for _ in range(_ATTEMPTS):
        with suppress(FileNotFoundError):  # no folder yet, or `git prune --expire=now` took the temporary file away
            _install(folder, files, flush=flush)
            return
        folder.mkdir(exist_ok=True)
    _install(folder, files, flush=flush)


def _failure(folder: Path, error: OSError) -> CoordinautError:
    message = f"A pack could not be written to {folder}: {error.strerror or error}."
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return environment("disk_full", message, hint="Free some space and run the command again.")
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return environment("read_only", message, hint="Make the repository's git directory writable for this user.")
    return environment("write_failed", message, hint="Run `coordinaut doctor` to look closer.")


def _install(folder: Path, files: dict[str, bytes], *, flush: bool) -> None:
    temporary = {name: folder / f"tmp_{name}_{os.getpid()}_{os.urandom(4).hex()}" for name in files}
    try:
        for name, data in files.items():
            _write_file(temporary[name], data, flush=flush)
        for name, path in temporary.items():
            path.rename(folder / name)
    except BaseException:
        for path in temporary.values():
            with suppress(OSError):
                path.unlink()
        raise
    if flush:
        make_durable(folder)


def _write_file(path: Path, data: bytes, *, flush: bool) -> None:
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o444), "wb") as file:  # noqa: PTH123 - Path.open takes no descriptor
        file.write(data)
        if flush:
            file.flush()
            os.fsync(file.fileno())


def _pack_bytes(unique: dict[str, tuple[str, bytes]]) -> tuple[bytes, list[_Packed]]:
    parts = [struct.pack(">4sII", b"PACK", 2, len(unique))]
    packed: list[_Packed] = []
    offset = len(parts[0])
    for oid, (kind, data) in sorted(unique.items()):
        part = _entry_header(KINDS[kind], len(data)) + zlib.compress(data, _LEVEL)
        packed.append(_Packed(bytes.fromhex(oid), crc32(part), offset))
        parts.append(part)
        offset += len(part)
    body = b"".join(parts)
    return body + sha1(body, usedforsecurity=False).digest(), packed


def _entry_header(kind: int, size: int) -> bytes:
    """The kind in three bits and the size in little groups: four bits, then seven a byte, the top bit for "more"."""
    header = bytearray()
    byte, size = kind << 4 | size & 0x0F, size >> 4
    while size:
        header.append(byte | 0x80)
        byte, size = size & 0x7F, size >> 7
    header.append(byte)
    return bytes(header)


def _index_bytes(packed: Iterable[_Packed], checksum: bytes) -> bytes:
    entries = sorted(packed, key=lambda entry: entry.oid)
    counts = [0] * 256
    for entry in entries:
        counts[entry.oid[0]] += 1
    fanout = [sum(counts[: first + 1]) for first in range(256)]
    far = [entry.offset for entry in entries if entry.offset >= _OFFSET_31]
    place = {offset: _OFFSET_31 | position for position, offset in enumerate(far)}
    body = b"".join(
        (
            b"\377tOc" + struct.pack(">I", 2) + struct.pack(">256I", *fanout),
            b"".join(entry.oid for entry in entries),
            struct.pack(f">{len(entries)}I", *(entry.crc for entry in entries)),
            struct.pack(f">{len(entries)}I", *(place.get(entry.offset, entry.offset) for entry in entries)),
            struct.pack(f">{len(far)}Q", *far),
            checksum,
        )
    )
    return body + sha1(body, usedforsecurity=False).digest()
