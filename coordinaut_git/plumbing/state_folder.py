"""The folder of a store of files: where it may be, how it is named in git's configuration, what marks it.

Rule 1: `config.json` in the folder says whose it is. It is written once, whole, and never holds a secret.
Rule 2: a folder within the repository is named relative to the common git directory, so that it moves with the clone.
Rule 3: the folder is hidden from git, and no link stands in its place: such a link may come with a commit.
"""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pygit2

from coordinaut_git.errors import CoordinautError, environment
from coordinaut_git.plumbing.durable import write_whole
from coordinaut_git.plumbing.libgit2_errors import FAILURES
from coordinaut_git.plumbing.repository import Place

USUAL = ".coordinaut"
MARKER = "config.json"
FORMAT = 1
_MOST_BYTES = 64 * 1024
_YES = ("true", "yes", "on", "1")

Json = dict[str, Any]


def usual_folder(place: Place) -> Path:
    """`.coordinaut` in the main work tree, for all worktrees; beside our own files where there is no such tree."""
    main = main_work_tree(place)
    return main / USUAL if main else place.own_dir / "state"


def main_work_tree(place: Place) -> Path | None:
    """The work tree that is no linked one; None where the repository is bare, or does not tell all worktrees of it.

    `core.bare` and `core.worktree` are those of gitrepository-layout(5) and git-config(1).
    """
    said = _said(place.common_dir / "config") | _said(place.common_dir / "config.worktree")
    if told_tree := said.get("core.worktree"):
        return (place.common_dir / told_tree).resolve()
    if said.get("core.bare", "").lower() in _YES or place.common_dir.name != ".git":
        return None
    return place.common_dir.parent


def _said(file: Path) -> dict[str, str]:
    if not file.is_file():
        return {}
    try:
        return {entry.name: entry.value or "true" for entry in pygit2.Config(str(file))}
    except FAILURES:
        return {}  # whoever reads the settings has said what is wrong


def told(place: Place, name: str) -> Path:
    """The folder that the configuration calls `name`."""
    return Path(os.path.normpath(place.common_dir / name))


def written(place: Place, folder: Path) -> str:
    """What the configuration calls `folder`: relative where it moves with the repository."""
    main = main_work_tree(place)
    homes = [home for home in (main, place.common_dir) if home]
    if any(folder.is_relative_to(home) for home in homes):
        return os.path.relpath(folder, place.common_dir)
    return str(folder)


def named(place: Place, start: Path, name: str) -> Path:
    """The folder that somebody who stands in `start` calls `name`, without links; raises `bad_state_dir`."""
    if not name or "\0" in name or "\n" in name:
        raise _bad(Path(), "has no name")
    try:
        folder = (start / name).resolve()
    except (OSError, RuntimeError) as error:
        raise _bad(Path(name), f"cannot be looked up: {error}") from error
    if ".git" in folder.relative_to(folder.anchor).parts and not folder.is_relative_to(place.own_dir):
        raise _bad(folder, "lies inside a git directory, which is git's own")
    if folder in {place.common_dir, place.work_tree, main_work_tree(place)}:
        raise _bad(folder, "is the repository itself")
    check_folder(folder)
    return folder


def check_folder(folder: Path) -> None:
    """Raise `bad_state_dir` where something else than a folder has the name."""
    if folder.is_symlink():
        raise _bad(folder, "is a link to somewhere else")
    if folder.exists() and not folder.is_dir():
        raise _bad(folder, "is a file")


def _bad(folder: Path, why: str) -> CoordinautError:
    return environment(
        "bad_state_dir",
        f"{folder} cannot hold the state: it {why}.",
        hint="Name another folder: coordinaut init --state-dir PATH",
        path=str(folder),
    )


def read_marker(folder: Path) -> Json | None:
    """What `config.json` says: `{"format", "storage"}`, and `remote` with url, team and project for that storage.

    None where there is none. Raises environment `bad_state_dir` for one that is not ours or cannot be read.
    """
    file = folder / MARKER
    try:
        with file.open("rb") as stream:
            text = stream.read(_MOST_BYTES)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise _unreadable(file, str(error.strerror)) from error
    try:
        said = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _unreadable(file, f"it is no JSON ({error})") from error
    if not isinstance(said, dict) or not isinstance(said.get("storage"), str):
        raise _unreadable(file, "it does not say which storage this is")
    if said.get("format") != FORMAT:
        raise _unreadable(file, f"it is of format {said.get('format')!r}, and this version knows {FORMAT}")
    return said


def adoptable_marker(folder: Path) -> Json | None:
    """What `read_marker` gives, for whoever is to go by it; raises `bad_state_dir` where that could be a trap.

    Another user who wrote it could have a token sent to any server.
    """
    said = read_marker(folder)
    file = folder / MARKER
    if said and "remote" in said and file.stat().st_uid not in {os.getuid(), 0}:
        raise _unreadable(file, "it belongs to another user, and names a server that your token would be sent to")
    return said


def _unreadable(file: Path, why: str) -> CoordinautError:
    return environment(
        "bad_state_dir",
        f"{file} cannot be read: {why}.",
        hint="Put right what it says, or name another folder with --state-dir.",
        path=str(file),
    )


def prepare(folder: Path, marker: Mapping[str, Any]) -> Json:
    """Make the folder with its marker, hidden from git; gives what the marker says, which may be another's.

    Raises environment `cannot_write`.
    """
    hide(folder)
    with _kept(folder):
        _once(folder / MARKER, _marker_text(marker))
    said = read_marker(folder)
    assert said is not None
    return said


def hide(folder: Path) -> None:
    """Make the folder, hidden from git, without a marker; raises environment `cannot_write`."""
    with _kept(folder):
        folder.mkdir(parents=True, exist_ok=True)
        _once(folder / ".gitignore", "*\n")


def mark_anew(folder: Path, marker: Mapping[str, Any]) -> None:
    """Have `config.json` say this, whatever it said; raises environment `cannot_write`."""
    hide(folder)
    with _kept(folder):
        write_whole(folder / MARKER, _marker_text(marker))


def unmark(folder: Path) -> None:
    """Take `config.json` away: the folder keeps no state that counts; raises environment `cannot_write`."""
    with _kept(folder):
        (folder / MARKER).unlink(missing_ok=True)


@contextmanager
def _kept(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise environment(
            "cannot_write",
            f"The state cannot be kept in {folder}: {error.strerror}.",
            hint="Give this user the right to write there, or name another folder with --state-dir.",
            path=str(folder),
        ) from error


def _marker_text(marker: Mapping[str, Any]) -> str:
    return json.dumps({"format": FORMAT, **marker}, indent=2, sort_keys=True) + "\n"


def _once(file: Path, text: str) -> None:
    """Write a file whole, unless there is one."""
    if not file.exists():
        write_whole(file, text, _named_once)


def _named_once(beside: Path, file: Path) -> None:
    """Give it its name if nobody else was faster; where there are no hard links, whoever comes last has it."""
    try:
        os.link(beside, file)
    except FileExistsError:
        return
    except OSError:
        beside.replace(file)
