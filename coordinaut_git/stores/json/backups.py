"""Copies of both files as they were at one point of the line, each in a folder of its own below `backups`.

Rule 1: a backup is a store folder: put its two files in the place of those above, and the store is as it was.
Rule 2: it is made under another name and renamed, so that it is there as a whole or not at all.
"""

import os
import re
import shutil
from contextlib import suppress
from pathlib import Path

from coordinaut_git.errors import environment
from coordinaut_git.stores.json.files import EVENTS, STATE, Folder
from coordinaut_git.stores.json.reader import header_in
from coordinaut_git.stores.json.state_file import State, state_text

BACKUPS = "backups"
_CHUNK_BYTES = 1024 * 1024
_LABEL = re.compile(r"[A-Za-z0-9-][A-Za-z0-9.-]*")


def keep(folder: Folder, state: State, label: str) -> str:
    """Make the backup, unless it is there; gives its name.

    Raises `backup_failed`, as `Folder.writing` does, and ValueError for what is no label.
    """
    if not _LABEL.fullmatch(label):
        raise ValueError(f"{label!r} is no label for a backup")
    name = f"{BACKUPS}/{label}"
    target = folder.path / name
    temporary = target.with_name(f".{label}.{os.getpid()}")
    if not target.exists():
        with folder.writing(target):
            try:
                _fill(folder, temporary, state)
                with suppress(OSError):  # somebody made it meanwhile: then it is looked at like any other
                    temporary.rename(target)
                folder.flush_folder(target.parent)
            finally:
                shutil.rmtree(temporary, ignore_errors=True)
    kept = header_in(target / STATE)
    if kept is None or kept.head != state.header.head:
        raise environment(
            "backup_failed",
            f"The folder {target} is there already and is no backup of operation {state.header.seq}.",
            hint="Nothing was changed. Look at what it is, and move it to another name.",
            path=str(target),
        )
    return name


def _fill(folder: Folder, temporary: Path, state: State) -> None:
    temporary.mkdir(parents=True, exist_ok=True)
    log = temporary / EVENTS
    log.unlink(missing_ok=True)
    left = state.header.log_bytes
    with folder.events.open("rb") as file:
        while left and (data := file.read(min(left, _CHUNK_BYTES))):
            folder.append(log, data)
            left -= len(data)
    folder.append(log, b"")
    folder.write(temporary / STATE, *state_text(state.header, state.texts))
    folder.flush_folder(temporary)
