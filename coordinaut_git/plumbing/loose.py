"""Loose objects, read without libgit2, which spins for ever on one that is cut off (libgit2#7342, in 1.9).

Rule 1: an object is given only if it is whole and its content has its name.
"""

import os
import zlib
from hashlib import sha1

from coordinaut_git.plumbing.engine import ObjectDamaged

_HEADER_BYTES = 64
_PACKED_BYTES = 4_096  # surely enough for a packed header: the tables of its packing come before it


def loose_path(objects: str, name: str) -> str:
    """Where the loose object stands below the folder `objects`."""
    return f"{objects}/{name[:2]}/{name[2:]}"


def read_loose(objects: str, name: str) -> tuple[str, bytes] | None:
    """The kind and content, or None if it is not loose; raises `ObjectDamaged`."""
    try:
        raw = _content(loose_path(objects, name))
    except OSError as error:
        raise ObjectDamaged(name, f"cannot be read ({error.strerror})") from error
    if raw is None:
        return None
    stream = zlib.decompressobj()
    try:
        whole = stream.decompress(raw)
    except zlib.error as error:
        raise ObjectDamaged(name, f"cannot be unpacked ({error})") from None
    if not stream.eof:
        raise ObjectDamaged(name, "is cut off" if raw else "is an empty file")
    if sha1(whole, usedforsecurity=False).hexdigest() != name:
        raise ObjectDamaged(name, "has other content than its name says")
    header, _, data = whole.partition(b"\0")
    return header.partition(b" ")[0].decode("ascii", "replace"), data


def loose_header(objects: str, name: str) -> tuple[str, int] | None:
    """The kind and the size that its header names, or None if it is not loose; raises `ObjectDamaged`."""
    try:
        raw = _content(loose_path(objects, name), _PACKED_BYTES)
    except OSError as error:
        raise ObjectDamaged(name, f"cannot be read ({error.strerror})") from error
    if raw is None:
        return None
    try:
        header, end, _ = zlib.decompressobj().decompress(raw, _HEADER_BYTES).partition(b"\0")
    except zlib.error as error:
        raise ObjectDamaged(name, f"cannot be unpacked ({error})") from None
    kind, _, size = header.partition(b" ")
    if not end or not size.isdigit():
        raise ObjectDamaged(name, "has no header")
    return kind.decode("ascii", "replace"), int(size)


def _content(path: str, most_bytes: int | None = None) -> bytes | None:
    if not os.access(path, os.F_OK):  # in a long walk most objects are packed, and an exception is dear
        return None
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        return os.read(descriptor, os.fstat(descriptor).st_size if most_bytes is None else most_bytes)
    finally:
        os.close(descriptor)
