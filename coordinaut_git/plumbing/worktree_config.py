"""Settings of one worktree alone, and the extension that makes git read them.

Rule 1: they stand in a file of their own beside the worktree's `config.worktree`, which only includes it. So what was
there before stays as it was; and where `git worktree add` copies `config.worktree` into a new worktree, as it does,
the copy includes a file that is not there, and git passes over it.
Rule 2: a file is changed as git changes it: under its `.lock`, whole or not at all.
Rule 3: when the extension is switched on, `core.bare = true` and `core.worktree` move to the main worktree's file, or
they would apply to every worktree; when it is switched off again, they move back.

See git-worktree(1), "CONFIGURATION FILE", and git-config(1), `extensions.worktreeConfig` and "Includes".
"""

import os
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from coordinaut_git.errors import CoordinautError, environment
from coordinaut_git.plumbing.repository import Place
from coordinaut_git.plumbing.run import git

Values = Mapping[str, tuple[str, ...]]
"""The values of some keys, in order; none where a key is not set."""

EXTENSION = "extensions.worktreeConfig"
OURS = "coordinaut.worktreeConfig"
"""Set in the shared file where it was we who switched the extension on."""

OWN_FILE = "config.coordinaut"
_WORKTREE_FILE = "config.worktree"
_INCLUDE = f"[include]\n\tpath = {OWN_FILE}\n".encode()

LOCK_WAIT_S = 2.0
_PAUSE_S = 0.02
_MOVING = ("core.bare", "core.worktree")
_NOT_SET = 5  # git-config(1): the exit code of unsetting what does not exist


def set_own(place: Place, values: Values) -> None:
    """Give this worktree exactly these settings; raises `cannot_configure`."""
    file = place.git_dir / OWN_FILE
    with _changing(file) as beside:
        beside.write_bytes(b"")
        for key, wanted in values.items():
            _set(beside, key, wanted)
    worktree = place.git_dir / _WORKTREE_FILE
    if _includes_own(worktree):
        return
    with _changing(worktree) as beside:
        said = beside.read_bytes()
        beside.write_bytes(said + (b"\n" if said and not said.endswith(b"\n") else b"") + _INCLUDE)


def drop_own(place: Place) -> None:
    """Take this worktree's own settings away; raises `cannot_configure`."""
    worktree = place.git_dir / _WORKTREE_FILE
    if _includes_own(worktree):
        with _changing(worktree) as beside:
            _leave_out_include(beside)
        if not worktree.read_bytes():
            worktree.unlink()
    (place.git_dir / OWN_FILE).unlink(missing_ok=True)


def _includes_own(worktree: Path) -> bool:
    return OWN_FILE in read_file(worktree).get("include.path", ())


def _leave_out_include(file: Path) -> None:
    said = file.read_bytes()
    if _INCLUDE in said:
        file.write_bytes(said.replace(_INCLUDE, b""))
    else:  # somebody has put it differently
        _unset(file, "include.path", re.escape(OWN_FILE).join("^$"))


def read_file(file: Path) -> dict[str, tuple[str, ...]]:
    """All that one file says, by key as git writes it (section and name in lower case); raises `cannot_configure`."""
    if not file.exists():
        return {}
    answer = git("config", "--file", str(file), "--list", "-z", at=file.parent)
    if not answer.ok:
        raise _cannot(file, answer.complaint)
    found: dict[str, tuple[str, ...]] = {}
    for entry in answer.out.decode("utf-8", "surrogateescape").split("\0")[:-1]:
        key, equals, value = entry.partition("\n")
        found[key] = (*found.get(key, ()), value if equals else "true")
    return found


def write_values(file: Path, values: Values) -> None:
    """Give these keys exactly these values in one file, in one step; raises `cannot_configure`."""
    with _changing(file) as beside:
        for key, wanted in values.items():
            _set(beside, key, wanted)


def switch_on(place: Place) -> bool:
    """Make git read the worktrees' own files; True if it did not until now."""
    shared = place.common_dir / "config"
    said = read_file(shared)
    if _true(said, EXTENSION):
        return False
    moved = {key: said[key][-1:] for key in _MOVING if key in said}
    if not _true(said, "core.bare"):
        moved.pop("core.bare", None)
    if moved:
        write_values(place.common_dir / _WORKTREE_FILE, moved)
    write_values(shared, {EXTENSION: ("true",), OURS: ("true",), **dict.fromkeys(moved, ())})
    return True


def switch_off(place: Place) -> bool:
    """Undo `switch_on` if it was ours and no worktree's file says anything any more; True if that was so."""
    shared = place.common_dir / "config"
    if not _true(read_file(shared), OURS):
        return False
    main = place.common_dir / _WORKTREE_FILE
    said = _needed(main)
    moved = {key: said.pop(key) for key in _MOVING if key in said}
    linked = sorted((place.common_dir / "worktrees").glob(f"*/{_WORKTREE_FILE}"))
    if said or any(_needed(file) for file in linked):
        return False
    write_values(shared, {EXTENSION: (), OURS: (), **moved})
    for file in (main, *linked):
        file.unlink(missing_ok=True)
    return True


def _needed(worktree: Path) -> dict[str, tuple[str, ...]]:
    """What a worktree's file says, without an include that came with a copy."""
    said = read_file(worktree)
    if said.get("include.path") == (OWN_FILE,) and not worktree.with_name(OWN_FILE).exists():
        del said["include.path"]
    return said


def _true(said: Values, key: str) -> bool:
    return said.get(key.lower(), ("false",))[-1].lower() in {"true", "yes", "on", "1"}


def _unset(file: Path, key: str, *pattern: str) -> None:
    answer = git("config", "--file", str(file), "--unset-all", key, *pattern, at=file.parent)
    if answer.code not in {0, _NOT_SET}:
        raise _cannot(file, answer.complaint)


def _set(file: Path, key: str, values: tuple[str, ...]) -> None:
    _unset(file, key)
    for value in values:
        answer = git("config", "--file", str(file), "--add", key, value, at=file.parent)
        if not answer.ok:
            raise _cannot(file, answer.complaint)


@contextmanager
def _changing(file: Path) -> Iterator[Path]:
    """A copy of the file to change, which takes its place at the end; nobody else changes it meanwhile."""
    file = file.resolve()
    lock = file.with_name(f"{file.name}.lock")
    _take(lock, mode=file.stat().st_mode & 0o777 if file.exists() else 0o666)
    try:
        if file.exists():
            lock.write_bytes(file.read_bytes())
        yield lock
        lock.replace(file)
    except OSError as error:
        raise _cannot(file, error.strerror or str(error)) from error
    finally:
        lock.unlink(missing_ok=True)


def _take(lock: Path, mode: int) -> None:
    deadline_s = time.monotonic() + LOCK_WAIT_S
    while True:
        try:
            return os.close(os.open(lock, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode))
        except FileExistsError as error:
            if time.monotonic() > deadline_s:
                raise _cannot(
                    lock.with_suffix(""), f"{lock.name} is there, so another program is changing it"
                ) from error
            time.sleep(_PAUSE_S)
        except OSError as error:
            raise _cannot(lock.with_suffix(""), error.strerror or str(error)) from error


def _cannot(file: Path, why: str) -> CoordinautError:
    return environment("cannot_configure", f"{file} cannot be changed: {why}.")
