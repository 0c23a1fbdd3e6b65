"""When this clone last heard from a remote, kept as the age of an empty file.

Rule 1: a convenience for people and for who waits; nothing is decided by it.
"""

from pathlib import Path

from coordinaut_git.who import touch

FOLDER = "heard"


def note_heard(own_dir: Path, remote: str) -> None:
    """Note that the remote has just answered."""
    touch(file_for(own_dir / FOLDER, remote))


def heard_at_ms(own_dir: Path, remote: str) -> int | None:
    """When it answered last, in milliseconds since the epoch; None if nobody knows."""
    try:
        return file_for(own_dir / FOLDER, remote).stat().st_mtime_ns // 1_000_000
    except OSError:
        return None


def file_for(folder: Path, remote: str) -> Path:
    """The file in a folder that is a remote's: their names may have slashes."""
    return folder / remote.replace("%", "%25").replace("/", "%2F")
