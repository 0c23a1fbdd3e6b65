"""A store of files: its folder, what marks it, and the files in it."""

import os
from pathlib import Path

from coordinaut_git.operations.checks.finding import Check, Exam, Finding, some
from coordinaut_git.operations.checks.machine import FEW_FILES, LITTLE_BYTES
from coordinaut_git.plumbing.disk import NETWORK, file_system, room
from coordinaut_git.plumbing.run import git_reading
from coordinaut_git.plumbing.state_folder import MARKER, read_marker
from coordinaut_git.storage import IN_FOLDER, STATE_FILES, marker_of

LARGE_WAL_BYTES = 256 * 1024 * 1024
_MIB = 1024 * 1024


def _folder(exam: Exam) -> Path:
    folder = exam.workspace.storage.folder
    assert folder is not None
    return folder


def _state_folder(exam: Exam) -> Finding:
    """Whether the folder is there, and is the one that git's configuration means."""
    folder, storage = _folder(exam), exam.workspace.storage
    if not folder.is_dir():
        if not exam.workspace.was_set_up:
            return Finding("skipped", f"{folder} is not there yet")
        advice = "Is a disk not mounted, or was it cleaned away (git clean -x)? Put it back before anything else."
        return Finding("failed", f"{folder}, which git's configuration names, is not there", advice)
    marker = read_marker(folder)
    if marker is None:
        advice = "Have it written again: coordinaut init"
        return Finding("warning", f"{folder} has no {MARKER}, which tells other checkouts what it is", advice)
    if marker["storage"] != storage.kind:
        advice = "Whichever has the newest operations is right: look at both with --storage, then take the other away."
        return Finding(
            "failed", f"{folder / MARKER} says {marker['storage']}, and git's configuration {storage.kind}", advice
        )
    return Finding("ok", f"{storage.kind} in {folder}, as git's configuration and {MARKER} both say")


def note_of_the_folder(exam: Exam) -> Finding:
    """Whether the note that other checkouts may follow names the same project as git's configuration."""
    folder, mine = _folder(exam), marker_of(exam.workspace.storage)
    marker = read_marker(folder)
    if marker is None:
        return Finding("ok", "only git's configuration says where the state is")
    if {key: marker.get(key) for key in mine} != mine:
        advice = f"git's configuration is in force. Put right, or take away, {folder / MARKER}."
        return Finding("warning", f"{folder / MARKER} says something else than git's configuration", advice)
    return Finding("ok", f"{folder / MARKER} and git's configuration agree")


def _writable(exam: Exam) -> Finding:
    """Whether this user may read and write all of it."""
    folder = _folder(exam)
    if not folder.is_dir():
        return Finding("skipped", "there is no folder")
    mine = [folder, *folder.iterdir()]
    for right, word in ((os.R_OK, "read"), (os.W_OK, "write to")):
        closed = [str(path) for path in mine if not os.access(path, right)]
        if closed:
            advice = f"Have the owner give this user the right to {word} it."
            return Finding("warning" if right == os.W_OK else "failed", f"this user may not {word} {closed[0]}", advice)
    if folder.stat().st_uid != os.getuid():
        return Finding("ok", f"{folder} belongs to another user, who lets this one write")
    return Finding("ok", "this user may read and write what is in it")


def _hidden(exam: Exam) -> Finding:
    """Whether git leaves it alone: what is tracked is overwritten by a checkout."""
    folder, tree = _folder(exam), exam.place.work_tree
    if tree is None or not folder.is_relative_to(tree):
        return Finding("ok", "the state lies outside this work tree, where git does not touch it")
    listed = git_reading("ls-files", "-z", "--", str(folder), at=tree).out
    tracked = [name for name in listed.decode("utf-8", "surrogateescape").split("\0") if name]
    if tracked:
        advice = f"A checkout would overwrite the state. Take it out: git rm -r --cached {folder.relative_to(tree)}"
        return Finding("warning", f"git tracks {some(tracked)}", advice)
    if not (folder / ".gitignore").exists():
        return Finding("warning", "git shows the state as untracked files", "Have it hidden: coordinaut init")
    return Finding("ok", "git leaves it alone; only `git clean -x` would take it away")


def _files(exam: Exam) -> Finding:
    """What lies there, and how large it is."""
    folder, kind = _folder(exam), exam.workspace.storage.kind
    if not folder.is_dir():
        return Finding("skipped", "there is no folder")
    sizes = {path.name: path.stat().st_size for path in sorted(folder.iterdir()) if path.is_file()}
    others = [STATE_FILES[other] for other in IN_FOLDER if other != kind and STATE_FILES[other] in sizes]
    if others:
        advice = "What is in force is as git's configuration says. Once you need the other no more, take it away."
        return Finding("warning", f"the state of another storage lies there too: {some(others)}", advice)
    if sizes.get(f"{STATE_FILES[kind]}-wal", 0) > LARGE_WAL_BYTES:
        advice = "A reader keeps SQLite from tidying up: look for a program that has the file open for long."
        return Finding("warning", f"the write-ahead log is of {sizes[STATE_FILES[kind] + '-wal'] // _MIB} MiB", advice)
    shown = [
        f"{name} {_size(size)}" for name, size in sizes.items() if name.startswith(("state", "events", "messages"))
    ]
    return Finding("ok", some(shown, 6) or "nothing yet")


def _size(size_bytes: int) -> str:
    return f"{size_bytes / _MIB:.1f} MiB" if size_bytes >= _MIB else f"{-(-size_bytes // 1024)} KiB"


def _disk(exam: Exam) -> Finding:
    """Whether the disk of the folder has room, and locks that hold."""
    folder = _folder(exam)
    if not folder.is_dir():
        return Finding("skipped", "there is no folder")
    kind = file_system(folder)
    if kind in NETWORK:
        advice = (
            "Locks of other machines may not be seen there. Keep it on a local disk, or use a server: docs/storage.md"
        )
        return Finding("warning", f"the state lies on {kind}, which other machines may write to", advice)
    found = room(folder)
    if found.free_bytes < LITTLE_BYTES or (found.files is not None and found.files < FEW_FILES):
        advice = "Free some space: what cannot be written is refused, and nothing is lost."
        return Finding("warning", f"{found.free_bytes // _MIB} MiB are free where the state lies", advice)
    return Finding("ok", f"{kind or 'a file system of unknown kind'}, {found.free_bytes // _MIB:,} MiB are free")


CHECKS: tuple[Check, ...] = (
    ("state-folder", _state_folder),
    ("state-rights", _writable),
    ("state-hidden", _hidden),
    ("state-files", _files),
    ("state-disk", _disk),
)
