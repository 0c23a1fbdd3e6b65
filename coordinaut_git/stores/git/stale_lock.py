"""Set a lock file aside whose maker is dead, and no other.

Rule 1: only while holding the writers' queue: then no writer of ours can be in the middle of a write.
Rule 2: age is measured with the file system's own clock, never with ours.
Rule 3: a lock is young for ten seconds. Only the note of a dead holder (see plumbing/queue.py) shortens that, and only
for a lock that can be its own: made after the note, and empty or holding an id that the note names.
Rule 4: what is moved is checked again after the move, and put back if it was another one.

Deleting a lock of a living program lets two writers rename over one ref, which leaves an empty ref file; the tests
show that this happens without these rules.
"""

import os
import time
from contextlib import suppress
from pathlib import Path

from coordinaut_git.plumbing.queue import Intent

STALE_AFTER_S = 10.0
STALE_AFTER_DEATH_S = 0.3
SECOND_LOOK_S = 0.05
_CLOCK_GRAIN_NS = 50_000_000
_LEFTOVER_S = 3_600.0


def set_aside_if_stale(lock: Path, *, folder: Path, unfinished: Intent | None) -> bool:
    """Whether `lock` (`<ref>.lock`) is out of the way: it was stale and has been removed, or it is not there any more.

    The caller holds the writers' queue. `folder` is on the same file system as the lock, and ours; `unfinished` is the
    note that the queue's turn found. Waits `SECOND_LOOK_S` at most. False if the lock is young or cannot be moved.
    """
    try:
        first = os.lstat(lock)
        if not _is_old(lock, first, _file_system_now_ns(folder), unfinished):
            return False
        time.sleep(SECOND_LOOK_S)
        if not _same(first, os.lstat(lock)):
            return False
        return _move_aside(lock, first, folder)
    except FileNotFoundError:
        return not os.path.lexists(lock)
    except OSError:
        return False


def _is_old(lock: Path, seen: os.stat_result, now_ns: int, unfinished: Intent | None) -> bool:
    """Judge by age; a lock from far in the future was made before the clock was set back, so it is not fresh either."""
    age_s = abs(now_ns - seen.st_mtime_ns) / 1e9
    if age_s >= STALE_AFTER_S:
        return True
    return unfinished is not None and age_s >= STALE_AFTER_DEATH_S and _can_be_of(lock, seen, unfinished)


def _can_be_of(lock: Path, seen: os.stat_result, unfinished: Intent) -> bool:
    if seen.st_mtime_ns < unfinished.at_ns - _CLOCK_GRAIN_NS:
        return False
    return lock.read_bytes().rstrip(b"\n").decode("ascii", "replace") in {"", unfinished.new_id, *unfinished.earlier}


def _file_system_now_ns(folder: Path) -> int:
    probe = _unique(folder, "clock")
    try:
        probe.touch(exist_ok=False)
        return probe.stat().st_mtime_ns
    finally:
        probe.unlink(missing_ok=True)


def _move_aside(lock: Path, seen: os.stat_result, folder: Path) -> bool:
    _sweep(folder)
    aside = _unique(folder, "set-aside")
    lock.rename(aside)
    if _same(seen, os.lstat(aside)):
        aside.unlink()
        return True
    with suppress(FileExistsError):  # somebody has locked since; the one that we moved loses, as if it were late
        os.link(aside, lock, follow_symlinks=False)
    aside.unlink()
    return False


def _same(one: os.stat_result, other: os.stat_result) -> bool:
    return (one.st_ino, one.st_dev, one.st_mtime_ns, one.st_size) == (
        other.st_ino,
        other.st_dev,
        other.st_mtime_ns,
        other.st_size,
    )


def _unique(folder: Path, what: str) -> Path:
    return folder / f"{what}-{os.getpid()}-{os.urandom(6).hex()}"


def _sweep(folder: Path) -> None:
    """Remove what a process killed between two steps left here long ago."""
    for pattern in ("clock-*", "set-aside-*"):
        for left in folder.glob(pattern):
            with suppress(OSError):
                if time.time() - left.stat().st_mtime > _LEFTOVER_S:
                    left.unlink()
