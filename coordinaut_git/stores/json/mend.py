"""Building `state.json` anew from `events.jsonl`, for `doctor --fix`.

Rule 1: only where the log is whole from its first line to its last, and reaches as far as the state file says.
Rule 2: the file that was there is kept beside, under another name.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from coordinaut_git.documents import FORMAT
from coordinaut_git.errors import CoordinautError
from coordinaut_git.stores.json.files import EVENTS, STATE, Folder
from coordinaut_git.stores.json.log import Log
from coordinaut_git.stores.json.log_file import FIRST, BadLine, parsed
from coordinaut_git.stores.json.reader import header_in
from coordinaut_git.stores.json.state_file import Header, state_text
from coordinaut_git.stores.json.store import JsonStore

_SEQ = re.compile(rb'"seq"\s*:\s*(\d{1,18})')


def mend(store: JsonStore) -> Iterator[str]:
    """Build the state anew where it was damaged and the log was not; a sentence if that was done.

    Raises as `Folder.locked` and `Folder.writing` do.
    """
    folder = store.folder
    if not _is_damaged(store):
        return
    with folder.locked():
        newest = _newest_of_log(folder)
        if newest is None or not _is_damaged(store):
            return
        state = Log(folder).state_at(newest, newest.head)
        kept = _free_name(folder)
        with folder.writing(folder.state):
            built = folder.path / f"{STATE}-built"
            folder.write(built, *state_text(newest, state.texts))
            if folder.state.exists():
                folder.state.rename(kept)
            os.replace(built, folder.state)  # noqa: PTH105 - as everywhere here
            folder.flush_folder()
    beside = f"; what was there is kept as {kept.name}" if kept.exists() else ""
    yield f"{STATE} was built anew from {EVENTS}, up to operation {newest.seq}{beside}"


def _is_damaged(store: JsonStore) -> bool:
    try:
        store.head()
    except CoordinautError as error:
        return error.code == "damaged_state"
    return False


def _newest_of_log(folder: Folder) -> Header | None:
    """The last operation that was published, as the log has it; None where that cannot be told from the log."""
    new = header_in(folder.new_state)
    head, seq, end, form = FIRST, 0, 0, FORMAT
    try:
        with folder.events.open("rb") as file:
            for raw in file:
                if new is not None and new.previous == head:
                    break  # what follows is of a writer that died
                line = parsed(raw.removesuffix(b"\n"), seq + 1, head)
                head, seq, end, form = line.head, seq + 1, end + len(raw), line.format
                if not raw.endswith(b"\n"):
                    return None
    except (OSError, BadLine):
        return None
    return None if _reached(folder) > seq else Header(format=form, head=head, seq=seq, previous="", log_bytes=end)


def _reached(folder: Folder) -> int:
    """The operation that the damaged file says it has reached; 0 where it does not say."""
    try:
        found = _SEQ.search(folder.state.read_bytes())
    except OSError:
        return 0
    return int(found[1]) if found else 0


def _free_name(folder: Folder) -> Path:
    number = 1
    while (path := folder.path / f"{STATE}-damaged-{number}").exists():
        number += 1
    return path
