"""A file of somebody else's: read whole, and replaced whole or not at all.

Rule 1: links stay links, rights stay rights; nothing is written where the file has changed since it was read.
Rule 2: a file that comes with a clone may be a link to anywhere: a file of a project is not written outside of it.
"""

import os
import stat
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from coordinaut_git.errors import CoordinautError, contended, environment, refused

MOST_BYTES = 64 * 1024 * 1024
_ANY_WRITE = 0o222


@dataclass(frozen=True, slots=True, kw_only=True)
class TextFile:
    """A file as it was read: its name, where it really is, its bytes (None: it is not there) and its rights."""

    path: Path
    real: Path
    data: bytes | None
    mode: int | None


def is_there(path: Path) -> bool:
    """Whether there is anything of that name that we can see."""
    try:
        return path.exists()
    except OSError:
        return False


def read(path: Path, inside: Path | None = None) -> TextFile:
    """Read a file that may not be there; with `inside` it must really lie in that folder.

    Raises refused `outside_work_tree`, environment `cannot_read_file`.
    """
    try:
        real = path.resolve()
        if inside is not None and not real.is_relative_to(inside.resolve()):
            raise _outside(path, real, inside)
        return _read(path, real)
    except OSError as error:
        raise _cannot_read(path, error.strerror or str(error)) from error
    except RuntimeError as error:  # what pathlib makes of links in a circle
        raise _cannot_read(path, "its links go in a circle") from error


def replace(file: TextFile, data: bytes) -> None:
    """Write new bytes in its place; raises environment `cannot_write`, contended `file_changed`."""
    if file.mode is not None and not file.mode & _ANY_WRITE:
        raise environment("cannot_write", f"{file.path} is read-only.", hint="Make it writable, or edit it by hand.")
    beside = file.real.with_name(f".{file.real.name}.{os.getpid()}.coordinaut")
    try:
        file.real.parent.mkdir(parents=True, exist_ok=True)
        try:
            _write(beside, data, file.mode)
            _check_unchanged(file)
            beside.replace(file.real)
        finally:
            beside.unlink(missing_ok=True)
    except OSError as error:
        raise _cannot_write(file, error) from error


def remove(file: TextFile, *, folders_up_to: Path | None = None) -> None:
    """Take the file away, and the folders that are empty then, up to a folder that stays; raises as `replace` does."""
    try:
        _check_unchanged(file)
        file.real.unlink()
    except OSError as error:
        raise _cannot_write(file, error) from error
    with suppress(OSError):  # a folder that is not empty stays
        for folder in file.real.parents if folders_up_to else ():
            if folder == folders_up_to:
                break
            folder.rmdir()


def _read(path: Path, real: Path) -> TextFile:
    try:
        with open(real, "rb", opener=_without_waiting) as stream:
            status = os.fstat(stream.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise _cannot_read(path, "it is not a file")
            if status.st_size > MOST_BYTES:
                raise _cannot_read(path, f"it is larger than {MOST_BYTES} bytes")
            return TextFile(path=path, real=real, data=stream.read(), mode=stat.S_IMODE(status.st_mode))
    except FileNotFoundError:
        return TextFile(path=path, real=real, data=None, mode=None)


def _without_waiting(name: str, flags: int) -> int:
    """Open without waiting for the other end of a pipe."""
    return os.open(name, flags | os.O_NONBLOCK | os.O_CLOEXEC)


def _write(beside: Path, data: bytes, mode: int | None) -> None:
    beside.unlink(missing_ok=True)  # left by a process of our number that was killed
    with beside.open("xb") as stream:
        if mode is not None:
            os.fchmod(stream.fileno(), mode)
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())


def _check_unchanged(file: TextFile) -> None:
    if _read(file.path, file.real).data != file.data:
        raise contended(
            "file_changed", f"{file.path} was changed by another program just now.", hint="Run the same command again."
        )


def _cannot_read(path: Path, why: str) -> CoordinautError:
    return environment("cannot_read_file", f"{path} cannot be read: {why}.", hint="Look at it; nothing was changed.")


def _cannot_write(file: TextFile, error: OSError) -> CoordinautError:
    return environment("cannot_write", f"{file.path} cannot be written: {error.strerror}.")


def _outside(path: Path, real: Path, inside: Path) -> CoordinautError:
    return refused(
        "outside_work_tree",
        f"{path} leads to {real}, which is outside of {inside}.",
        hint="A link in a clone can lead anywhere, so it is not followed out of it. Edit the file by hand.",
    )
