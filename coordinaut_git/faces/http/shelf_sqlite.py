"""Lines in SQLite files: a folder for each team, one for each of its projects in it, a file for each line.

Rule 1: git does not see the folder, wherever it lies.
Rule 2: `Team` and `team` are two teams, also where the file system takes them for one.
"""

import os
from contextlib import suppress
from pathlib import Path

from coordinaut_git.documents import Store
from coordinaut_git.errors import CoordinautError, environment
from coordinaut_git.faces.http.shelf import Place
from coordinaut_git.faces.http.values import folder_name
from coordinaut_git.stores.sql import open_sqlite_store


class SqliteShelf:
    """A folder of files."""

    storage = "sqlite"

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lines = folder / "teams"
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lines.mkdir(exist_ok=True)
            (folder / ".gitignore").write_text("*\n")
        except OSError as error:
            raise _unwritable(folder, error) from error

    def holds(self, place: Place) -> bool:
        """Whether there is a file."""
        return self._file(place).exists()

    def open(self, place: Place) -> Store:
        """The store in the place's file, which need not exist."""
        return open_sqlite_store(self._file(place))

    def check(self) -> None:
        """Write a small file to the disk and take it away; raises environment `unwritable_data`."""
        probe = self._folder / f".writable-{os.getpid()}"
        try:
            with probe.open("wb") as file:
                file.write(b"coordinaut\n")
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise _unwritable(self._folder, error) from error
        finally:
            with suppress(OSError):
                probe.unlink()

    def close(self) -> None:
        """Do nothing: every file has its handle."""

    def _file(self, place: Place) -> Path:
        return self._lines / folder_name(place.team) / folder_name(place.project) / f"{place.part}.sqlite"


def _unwritable(folder: Path, error: OSError) -> CoordinautError:
    return environment(
        "unwritable_data",
        f"The data folder {folder} cannot be written to: {error.strerror}.",
        hint="Look at its owner, its rights and its disk, or name another with --data-dir.",
    )
