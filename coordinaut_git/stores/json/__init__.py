"""The line of history in two files that a person can read: `state.json` and `events.jsonl`."""

from pathlib import Path

from coordinaut_git.stores.json.files import Folder
from coordinaut_git.stores.json.store import JsonStore


def open_json_store(folder: Path, *, flush: bool = True) -> JsonStore:
    """The JSON store in `folder`, which need not be there yet; nothing is read or written.

    `flush` waits for the disk with every operation.
    """
    return JsonStore(Folder(folder, flush=flush))
