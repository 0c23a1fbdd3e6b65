"""What would be committed: the index beside HEAD.

Rule 1: git itself compares (`git diff --cached --raw -z`, git-diff(1)), also before the first commit; work tree and
untracked files are not looked at. What is only intended to be added (`git add --intent-to-add`) is not staged.
Rule 2: while a merge is concluded, what counts is what is staged otherwise than in every one of the parents-to-be:
what was only taken from one of them was changed by other commits, as `plumbing.commits` has it.
Rule 3: a running `git commit` hands its hooks an index of its own (`commit -a`, `commit FILE`: githooks(5)); it is
used if it belongs to this repository, and not else.
"""

from collections.abc import Mapping
from pathlib import Path

from coordinaut_git.errors import environment
from coordinaut_git.plumbing.raw_diff import RawPath, raw_paths
from coordinaut_git.plumbing.repository import Place
from coordinaut_git.plumbing.run import git_reading


def staged_in(place: Place, *, index: Path | None = None) -> list[RawPath]:
    """The paths whose staged content differs from HEAD's, sorted.

    `index` is the file to look at, the work tree's own if None. Raises a `CoordinautError` of kind environment:
    no_work_tree, git_failed, or what `git_reading` raises.
    """
    if place.work_tree is None:
        raise environment(
            "no_work_tree",
            f"{place.git_dir} has no work tree, so nothing is staged there.",
            hint="Run this in a work tree, not in a bare repository.",
        )
    found = _against((), place.work_tree, index)
    for parent in _merged(place):
        if found:
            found &= _against((parent,), place.work_tree, index)
    return sorted(found)


def index_of_hook(place: Place, environ: Mapping[str, str]) -> Path | None:
    """The index that a running `git commit` of this repository names in GIT_INDEX_FILE, else None.

    It lies in the git directory of the work tree; or elsewhere, if somebody chose it (`GIT_INDEX_FILE=… git commit`),
    but then neither in the git directory of another repository, nor beside a GIT_DIR that names one.
    """
    told = environ.get("GIT_INDEX_FILE")
    if not told or place.work_tree is None:
        return None
    file = place.work_tree / told
    folder = file.parent.resolve()
    if folder == place.git_dir.resolve():
        return file
    named = environ.get("GIT_DIR")
    ours = not named or (place.work_tree / named).resolve() == place.git_dir.resolve()
    return file if ours and not (folder / "HEAD").exists() else None


def _against(parent: tuple[str, ...], at: Path, index: Path | None) -> set[RawPath]:
    answer = git_reading(
        "-c", "core.useReplaceRefs=false",
        "diff", "--cached", "--raw", "-z", "--no-abbrev", "--no-renames", "--no-relative", "--no-ext-diff",
        "--no-textconv", "--no-color", "--ignore-submodules=none", *parent, "--",
        at=at,
        index=index,
    )  # fmt: skip
    if not answer.ok:
        raise environment("git_failed", f"git diff failed in {at}: {answer.complaint}.")
    return set(raw_paths(iter(answer.out.removesuffix(b"\0").split(b"\0")))) if answer.out else set()


def _merged(place: Place) -> list[str]:
    """The other parents of a merge that is being concluded: gitrevisions(7), MERGE_HEAD."""
    try:
        text = (place.git_dir / "MERGE_HEAD").read_text("ascii", "replace")
    except OSError:
        return []
    return [name for name in text.split() if name.isalnum()]
