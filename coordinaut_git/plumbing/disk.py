"""What a disk can do: kind of file system, room, locks.

Rule 1: this only looks; the one thing it makes is a file of its own for trying a lock, which it takes away again.
"""

import fcntl
import os
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

NETWORK = frozenset(
    {"9p", "afs", "ceph", "cifs", "davfs", "fuse.glusterfs", "fuse.rclone", "fuse.s3fs", "fuse.sshfs", "gfs2", "lustre"}
    | {"ncpfs", "nfs", "nfs4", "ocfs2", "prl_fs", "smb3", "smbfs", "vboxsf", "virtiofs", "drvfs"}
)
"""File systems that other machines may write to at the same time, where locks may not be seen by all."""

_MOUNTS = Path("/proc/self/mounts")


class Room(NamedTuple):
    """What is free for this user; `files` is None where the file system does not count them."""

    free_bytes: int
    files: int | None


def room(folder: Path) -> Room:
    """How much can still be written below `folder`; raises OSError."""
    found = os.statvfs(folder)
    return Room(found.f_bavail * found.f_frsize, found.f_favail if found.f_files else None)


def file_system(folder: Path, mounts: str | None = None) -> str:
    """The kind of file system that holds `folder`, by proc_mounts(5); empty where the system does not tell."""
    text = _read(_MOUNTS) if mounts is None else mounts
    resolved, best, kind = folder.resolve(), -1, ""
    for words in (line.split(" ") for line in text.splitlines()):
        point = Path(_unescaped(words[1])) if len(words) > 2 else Path()  # noqa: PLR2004 - device, folder, kind
        if point.is_absolute() and resolved.is_relative_to(point) and len(point.parts) >= best:
            best, kind = len(point.parts), words[2]
    return kind


def locks_hold(folder: Path) -> bool:
    """Whether a second opener of a file sees the lock of a first; raises OSError where no file can be made."""
    probe = folder / f"lock-{os.getpid()}"
    descriptors = []
    try:
        descriptors += [os.open(probe, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600) for _ in range(2)]
        fcntl.flock(descriptors[0], fcntl.LOCK_EX | fcntl.LOCK_NB)
        try:
            fcntl.flock(descriptors[1], fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False
    finally:
        for descriptor in descriptors:
            os.close(descriptor)
        with suppress(FileNotFoundError):
            probe.unlink()


def _read(file: Path) -> str:
    try:
        return file.read_text("utf-8", "surrogateescape")
    except OSError:
        return ""


def _unescaped(word: str) -> str:
    for code in ("\\040", "\\011", "\\012", "\\134"):
        word = word.replace(code, chr(int(code[1:], 8)))
    return word
