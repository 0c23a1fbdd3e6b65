"""The note of a move that is under way, and the lock of whoever is at it.

Rule 1: the note is there before anything is written elsewhere, and goes last: whoever finds it, and nobody at it,
        finishes the move or drops it.
Rule 2: it names both storages with their places, since git's configuration is changed one key after the other.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from coordinaut_git.errors import CoordinautError, environment
from coordinaut_git.plumbing.durable import make_durable, write_whole
from coordinaut_git.plumbing.fair_lock import FairLock, wait_for
from coordinaut_git.plumbing.repository import Place
from coordinaut_git.storage import MOVING, STORAGES, Storage

FORMAT = 1
_TEXTS = ("ref", "url", "team", "project")


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """The state is to go from one storage to another."""

    source: Storage
    target: Storage


def read_intent(place: Place) -> Intent | None:
    """The move that was noted; None where there is no note. Raises environment `bad_move_note`."""
    file = place.own_dir / MOVING
    try:
        said = json.loads(file.read_bytes())
        if said["format"] != FORMAT:
            raise _unreadable(file, f"it is of format {said['format']!r}")
        return Intent(source=_storage(said["from"]), target=_storage(said["to"]))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise _unreadable(file, str(error) or type(error).__name__) from error


def write_intent(place: Place, intent: Intent) -> None:
    """Note the move, for good; raises environment `cannot_write`."""
    said = {"format": FORMAT, "from": _form(intent.source), "to": _form(intent.target)}
    file = place.own_dir / MOVING
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_whole(file, json.dumps(said, indent=2, sort_keys=True))
        make_durable(file.parent)
    except OSError as error:
        raise _failed(file, "written", error) from error


def drop_intent(place: Place) -> None:
    """Forget the move; raises environment `cannot_write`."""
    file = place.own_dir / MOVING
    try:
        file.unlink(missing_ok=True)
    except OSError as error:
        raise _failed(file, "removed", error) from error


@contextmanager
def alone(place: Place, wait_s: float = 0.0) -> Iterator[bool]:
    """Whether nobody else on this machine moves the state of this repository; the kernel forgets a dead one."""
    path = str(place.own_dir / "moving.lock")
    lock: FairLock | None = FairLock.open(path)
    assert lock is not None
    if not lock.lock_now():
        lock.close()
        lock = wait_for(path, wait_s) if wait_s else None
    try:
        yield lock is not None
    finally:
        if lock is not None:
            lock.unlock()
            lock.close()


def _form(storage: Storage) -> dict[str, Any]:
    texts = {key: value for key in _TEXTS if (value := getattr(storage, key))}
    folder = {} if storage.folder is None else {"folder": str(storage.folder)}
    return {"storage": storage.kind, **texts, **folder}


def _storage(form: Any) -> Storage:
    if form["storage"] not in STORAGES or not all(isinstance(value, str) for value in form.values()):
        raise ValueError("it names no storage that there is")
    texts = {key: form[key] for key in _TEXTS if key in form}
    return Storage(kind=form["storage"], folder=Path(form["folder"]) if "folder" in form else None, **texts)


def _failed(file: Path, done: str, error: OSError) -> CoordinautError:
    return environment(
        "cannot_write",
        f"{file} cannot be {done}: {error.strerror}.",
        hint="Give this user the right to write there, or free some space, and run the command again.",
    )


def _unreadable(file: Path, why: str) -> CoordinautError:
    return environment(
        "bad_move_note",
        f"The note of a move that was not finished, {file}, cannot be read: {why}.",
        hint="Put it right; or remove it, and set coordinaut.storage in git's configuration to the storage that keeps "
        "the state: the one that was left says so when it is asked (coordinaut --storage KIND status).",
        path=str(file),
    )
