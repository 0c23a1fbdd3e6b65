"""What programs that died left in the git directory, by the names that only we give.

Rule 1: nothing younger than an hour is touched, and nothing whose name is not one of ours.
"""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from coordinaut_git.plumbing.repository import Place

OLD_MS = 3_600_000
_OWN = ("clock-*-*", "set-aside-*-*", "lock-*")
_PACKS = ("tmp_pack-*.pack_*_*", "tmp_pack-*.idx_*_*")


def find(place: Place, now_ms: int) -> list[Path]:
    """Temporary files of ours that nobody will ever rename or remove any more."""
    return [path for path in _candidates(place) if _is_old(path, now_ms)]


def remove(place: Place, now_ms: int) -> int:
    """Take them away; gives how many there were."""
    found = find(place, now_ms)
    for path in found:
        path.unlink(missing_ok=True)
    return len(found)


def _candidates(place: Place) -> Iterator[Path]:
    for pattern in _OWN:
        yield from place.own_dir.glob(pattern)
    for pattern in _PACKS:
        yield from (place.common_dir / "objects" / "pack").glob(pattern)


def _is_old(path: Path, now_ms: int) -> bool:
    with suppress(OSError):  # it may be gone by now
        return path.is_file() and now_ms - path.stat().st_mtime_ns // 1_000_000 > OLD_MS
    return False
