"""What a work tree and its index hold that HEAD does not.

Rule 1: git itself is asked (`git status --porcelain=v2 -z`, git-status(1)), once, with every setting that could hide
or fold an entry overridden on the command line. Nothing is written, not even a refreshed index.
Rule 2: no guesses: rename detection is off, so a renamed file is one path deleted and one path added, and a copy is
a path added.
Rule 3: an entry that is not understood is an error, never skipped.

What git does not see is not seen here: ignored files, and files the user has told git to pass over with
`update-index --assume-unchanged` or `--skip-worktree` (a sparse checkout does so for what it leaves out). The same
files are passed over by `git add` and `git commit -a`. A mode change is not seen where `core.fileMode` is false.

A submodule is one path of the repository around it. It is listed when its commit differs, and also when files inside
it are changed or untracked: whoever edits below a claimed path should hold it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from coordinaut_git.errors import CoordinautError, environment
from coordinaut_git.plumbing.run import Answer, git_reading

_GITLINK = b"160000"
_ABSENT = b"000000"
_FIELDS = {b"1": 9, b"u": 11, b"?": 2}  # how many fields an entry of each sort has; the last one is the path


class ChangeKind(StrEnum):
    """In what way a path differs; where several are true, the one that stands further up."""

    UNMERGED = "unmerged"
    SUBMODULE = "submodule"
    TYPE_CHANGED = "type_changed"
    DELETED = "deleted"
    ADDED = "added"
    UNTRACKED = "untracked"
    MODE_CHANGED = "mode_changed"
    MODIFIED = "modified"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One path, relative to the root of the work tree, without a final slash.

    A byte that is not UTF-8 is a lone surrogate (`surrogateescape`). `directory` is True for what git tracks or shows
    as one folder: a submodule, or an untracked repository inside this one. `mode_changed` tells that the executable
    bit differs; the content may differ as well.
    """

    path: str
    kind: ChangeKind
    directory: bool


def changes_in(at: Path) -> list[Change]:
    """Every path under the work tree that `at` is in that differs from HEAD, sorted, each once.

    Raises a `CoordinautError` of kind environment: no_work_tree (a bare repository, or inside `.git`),
    not_a_repository, not_owned, git_failed, or what `git_reading` raises.
    """
    answer = git_reading(
        "status",
        "--porcelain=v2",
        "-z",
        "--untracked-files=all",
        "--ignored=no",
        "--ignore-submodules=none",
        "--no-renames",
        at=at,
    )
    if not answer.ok:
        raise _failure(answer, at)
    found: dict[str, Change] = {}
    for change in _entries(answer.out):
        # One path twice: deleted in the index, yet on disk. The index's word stands, for the stricter kind of path.
        first = found.setdefault(change.path, change)
        found[change.path] = replace(first, directory=first.directory and change.directory)
    return [found[path] for path in sorted(found)]


def _entries(text: bytes) -> Iterator[Change]:
    for record in text.split(b"\0"):
        sort = record[:1]
        if not record or sort == b"#":
            continue
        fields = record.split(b" ", _FIELDS.get(sort, 0) - 1)
        if sort not in _FIELDS or len(fields) != _FIELDS[sort]:
            raise environment("git_failed", f"git status gave an entry that is not understood: {record[:80]!r}.")
        yield _change(fields)


def _change(fields: list[bytes]) -> Change:
    path = fields[-1].decode("utf-8", "surrogateescape")
    if fields[0] == b"?":
        return Change(path=path.rstrip("/"), kind=ChangeKind.UNTRACKED, directory=path.endswith("/"))
    modes = fields[3:7] if fields[0] == b"u" else fields[3:6]
    present = [mode for mode in modes if mode != _ABSENT]
    return Change(path=path, kind=_kind(fields, modes), directory=all(mode == _GITLINK for mode in present))


def _kind(fields: list[bytes], modes: list[bytes]) -> ChangeKind:
    """The kind from the letters (HEAD to index, index to work tree) and modes of a tracked entry."""
    letters = fields[1]
    present = {mode for mode in modes if mode != _ABSENT}
    kinds = {mode[:3] for mode in present}  # 100 file, 120 symbolic link, 160 submodule
    rules = (
        (fields[0] == b"u", ChangeKind.UNMERGED),
        (present == {_GITLINK}, ChangeKind.SUBMODULE),
        (len(kinds) > 1, ChangeKind.TYPE_CHANGED),
        (b"D" in letters, ChangeKind.DELETED),
        (b"A" in letters, ChangeKind.ADDED),
        (len(present) > 1, ChangeKind.MODE_CHANGED),
    )
    return next((kind for holds, kind in rules if holds), ChangeKind.MODIFIED)


def _failure(answer: Answer, at: Path) -> CoordinautError:
    """What git's refusal means; its wording is that of LC_ALL=C, and the tests pin it."""
    said = answer.err
    if b"must be run in a work tree" in said:
        return environment(
            "no_work_tree",
            f"{at} has no work tree to look at.",
            hint="Run this in a work tree, not in a bare repository.",
        )
    if b"not a git repository" in said:
        return environment("not_a_repository", f"{at} is not in a git repository.")
    if b"dubious ownership" in said:
        return environment(
            "not_owned",
            f"The repository at {at} belongs to another user, and git does not read it.",
            hint="See safe.directory in `git help config`.",
        )
    return environment("git_failed", f"git status failed in {at}: {answer.complaint}.")
