"""What libgit2's errors mean: it has no classes or numbers for them, only wordings.

Rule 1: this is the only module that reads the text of an error; its tests cause every one of them for real.
Rule 2: what is not recognised is `Cause.OTHER`, and then nobody may assume that nothing was written.
"""

from enum import Enum, auto

import pygit2

from coordinaut_git.errors import CoordinautError, environment

FAILURES = (pygit2.GitError, OSError, KeyError, ValueError)
"""Everything pygit2 raises for a condition outside the program."""


class Cause(Enum):
    """Why libgit2 failed."""

    DISK_FULL = auto()
    READ_ONLY = auto()
    LOCKED = auto()
    STALE = auto()
    NAME_TAKEN = auto()
    FOLDER_GONE = auto()
    UNSUPPORTED = auto()
    NOT_OWNED = auto()
    OTHER = auto()


_WORDINGS = (
    # The reasons of the operating system come first: they stand at the end of wordings that would match below.
    ("No space left on device", Cause.DISK_FULL),
    ("Disk quota exceeded", Cause.DISK_FULL),
    ("File too large", Cause.DISK_FULL),
    ("Read-only file system", Cause.READ_ONLY),
    ("Permission denied", Cause.READ_ONLY),
    ("Operation not permitted", Cause.READ_ONLY),
    # `git pack-refs` may remove the empty folder of our ref between libgit2's mkdir and its open: try again.
    ("failed to create locked file", Cause.LOCKED),
    ("failed to lock file", Cause.LOCKED),
    # `git prune-packed` (in gc and repack) may remove the empty folder of an object before libgit2 renames into it, or
    # pack the object that was just renamed, and remove the folder before libgit2 flushes it.
    ("failed to rename lockfile", Cause.FOLDER_GONE),
    ("for fsync: No such file or directory", Cause.FOLDER_GONE),
    ("old reference value does not match", Cause.STALE),
    ("there are refs beneath that folder", Cause.NAME_TAKEN),
    ("parent is not directory", Cause.NAME_TAKEN),
    ("unknown object format", Cause.UNSUPPORTED),
    ("unsupported extension", Cause.UNSUPPORTED),
    ("unsupported repository version", Cause.UNSUPPORTED),
    ("is not owned by current user", Cause.NOT_OWNED),
)


def text_of(error: BaseException) -> str:
    """The wording of libgit2 in one line; `str` of a KeyError would quote it."""
    return " ".join(str(error.args[0] if error.args else type(error).__name__).split())


def cause_of(error: BaseException) -> Cause:
    """Classify one of `FAILURES`."""
    text = text_of(error)
    return next((cause for wording, cause in _WORDINGS if wording in text), Cause.OTHER)


def write_failure(error: BaseException, what: str) -> CoordinautError:
    """What to tell the user when `what` (an object, a ref) could not be written."""
    text = text_of(error)
    match cause_of(error):
        case Cause.DISK_FULL:
            return environment(
                "disk_full",
                f"{what} could not be written: {text}.",
                hint="Free some space (or raise the quota or file-size limit) and run the command again.",
            )
        case Cause.READ_ONLY:
            return environment(
                "read_only",
                f"{what} could not be written: {text}.",
                hint="Make the repository's git directory writable for this user and run the command again.",
            )
        case Cause.NAME_TAKEN:
            return environment(
                "ref_name_taken",
                f"{what} could not be written: {text}.",
                hint="Another ref or file stands in its way; move it, or choose another name in coordinaut.ref.",
            )
        case _:
            return environment(
                "write_failed", f"{what} could not be written: {text}.", hint="Run `coordinaut doctor` to look closer."
            )
