"""The machine: the git program, this program, the disk."""

from coordinaut_git.errors import CoordinautError
from coordinaut_git.operations.checks.finding import Check, Exam, Finding
from coordinaut_git.plumbing.disk import NETWORK, file_system, locks_hold, room
from coordinaut_git.plumbing.program import is_ours, on_path, versions
from coordinaut_git.plumbing.run import OLDEST_GIT, git_version

LITTLE_BYTES = 256 * 1024 * 1024
FEW_FILES = 5_000
_MIB = 1024 * 1024


def _git(exam: Exam) -> Finding:
    del exam
    try:
        version = git_version()
    except CoordinautError as error:
        return Finding("failed", error.message.removesuffix("."), error.hint or "Install git 2.39 or newer.")
    shown = ".".join(map(str, version))
    if version < OLDEST_GIT:
        return Finding("failed", f"git {shown} is too old", "Install git 2.39 or newer.")
    return Finding("ok", f"git {shown}")


def _program(exam: Exam) -> Finding:
    """Whether hooks and agents, which start `coordinaut` by its name, get this one."""
    found = on_path(exam.workspace.environ.get("PATH"))
    if found is None:
        return Finding("ok", f"{versions()}; there is no coordinaut on the PATH")
    if is_ours(found) is False:
        advice = f"Keep one: take {found} away, or put the folder of this one before it on the PATH."
        return Finding("warning", f"this is {versions()}, but the PATH leads to another one, {found}", advice)
    return Finding("ok", versions())


def _disk(exam: Exam) -> Finding:
    try:
        found = room(exam.place.common_dir)
    except OSError as error:
        return Finding("warning", f"how much room there is cannot be told: {error.strerror}", "Look with `df`.")
    if found.free_bytes < LITTLE_BYTES:
        left = f"{found.free_bytes // _MIB} MiB are free where the repository lies"
        return Finding("warning", left, "Free some space: what cannot be written is refused, and nothing is lost.")
    if found.files is not None and found.files < FEW_FILES:
        left = f"{found.files:,} files can still be made where the repository lies"
        return Finding("warning", left, "Remove files that are not needed; `df -i` shows how many there can be.")
    return Finding("ok", f"{found.free_bytes // _MIB:,} MiB are free")


def _file_system(exam: Exam) -> Finding:
    kind = file_system(exam.place.common_dir)
    shown = kind or "a file system of unknown kind"
    if kind in NETWORK:
        advice = "Work on clones on local disks, each its own: a ref and its lock are not safe on every network disk."
        return Finding("warning", f"the repository lies on {kind}, which other machines may write to", advice)
    try:
        if exam.place.own_dir.is_dir() and not locks_hold(exam.place.own_dir):
            advice = "Nothing is lost by that, but writers get in each other's way. Use a local disk."
            return Finding("warning", f"{shown} has no locks that hold, so writers cannot queue", advice)
    except OSError as error:
        return Finding("ok", f"{shown}; its locks were not tried ({error.strerror})")
    return Finding("ok", shown)


CHECKS: tuple[Check, ...] = (("git", _git), ("program", _program), ("disk", _disk), ("file-system", _file_system))
