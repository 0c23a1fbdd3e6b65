"""Our git hooks in a repository: put in place, looked at, taken away.

Rule 1: a hook of somebody else is never changed and never lost: it is moved aside as it is, under `KEPT`, our hook
runs it, and it moves back when ours goes. What stands in the way of that is an error, not overwritten.
Rule 2: hooks go where git looks for them, `core.hooksPath` included, but not where other repositories would run them.
Rule 3: a hook is the same text everywhere. What belongs to this machine stands in `own_dir/hooks`.

See githooks(5). The texts lie in the folder `hooks` of the source tree, and inside the package when it is installed.
"""

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from coordinaut_git.errors import CoordinautError, environment, refused
from coordinaut_git.plumbing.repository import Place
from coordinaut_git.plumbing.run import git

NAMES = ("pre-commit", "prepare-commit-msg", "commit-msg", "post-commit", "pre-push")
RECEIVING = ("update",)
"""The hooks of a repository that others push to."""

KEPT = ".before-coordinaut"
LEGACY = ".legacy"
"""Where the pre-commit framework moves the hook that it finds: ours, if it is installed after us."""

MARK = b"# A hook of coordinaut-git"
_EXECUTABLE = 0o755
_OWN_SCOPES = frozenset({"local", "worktree"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """Where git looks for the hooks of a work tree.

    `setting` is `core.hooksPath` as it was written, None where it is not set; `scope` is whose it is, as
    `git config --show-scope` says. `tracked` tells that the folder lies in the work tree, not in the git directory.
    """

    path: Path
    setting: str | None
    scope: str
    tracked: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class HooksStatus:
    """How our hooks stand in one work tree, by name.

    `installed` and in order, `outdated` (another version's), `missing`, or `foreign`: somebody else's stands there.
    `kept` are those of somebody else that ours run. `home` tells whether what ours call is in place.
    """

    folder: Folder
    installed: tuple[str, ...]
    outdated: tuple[str, ...]
    missing: tuple[str, ...]
    foreign: tuple[str, ...]
    kept: tuple[str, ...]
    home: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What was done: the hooks that were written, moved aside, taken away, and moved back."""

    written: tuple[str, ...] = ()
    moved: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    restored: tuple[str, ...] = ()


def names_for(place: Place) -> tuple[str, ...]:
    """Our hooks for this place: a bare repository is pushed to, and commits are made in work trees."""
    if place.work_tree is not None:
        return NAMES
    worktrees = place.common_dir / "worktrees"
    return (*NAMES, *RECEIVING) if worktrees.is_dir() and any(worktrees.iterdir()) else RECEIVING


def hooks_status(place: Place) -> HooksStatus:
    """How our hooks stand in this work tree; raises what `hooks_folder` raises."""
    folder = hooks_folder(place)
    found: dict[str, list[str]] = {"installed": [], "outdated": [], "missing": [], "foreign": []}
    names = names_for(place)
    for name in names:
        found[_state(folder.path, name)].append(name)
    kept = (name for name in names if _there(folder.path / (name + KEPT)))
    home = all(file.exists() and file.read_bytes() == text for file, text in _home(place))
    return HooksStatus(
        folder=folder, kept=tuple(kept), home=home, **{key: tuple(names) for key, names in found.items()}
    )


def hooks_folder(place: Place) -> Folder:
    """Where git looks for hooks here; raises `git_failed`, or what `git` raises."""
    at = place.work_tree or place.git_dir
    answer = git("rev-parse", "--git-path", "hooks", at=at)
    if not answer.ok:
        raise environment("git_failed", f"git rev-parse failed: {answer.complaint}.")
    path = at / os.fsdecode(answer.out.removesuffix(b"\n"))
    said = git("config", "--show-scope", "-z", "--get", "core.hooksPath", at=at).out
    scope, _, setting = os.fsdecode(said.removesuffix(b"\0")).partition("\0")
    real, work_tree = path.resolve(), place.work_tree
    in_git = real.is_relative_to(place.common_dir.resolve()) or real.is_relative_to(place.git_dir.resolve())
    return Folder(
        path=path,
        setting=setting if said else None,
        scope=scope,
        tracked=work_tree is not None and real.is_relative_to(work_tree.resolve()) and not in_git,
    )


def install(place: Place, folder: Folder) -> Changes:
    """Put our hooks in place. What is there in order is left; what is half done is finished.

    Raises refused `hooks_elsewhere` or `hook_in_the_way`, environment `cannot_install_hooks`.
    """
    _check_folder(folder)
    names = names_for(place)
    _check_free(folder.path, names)
    written, moved = [], []
    try:
        for file, text in _home(place):
            file.parent.mkdir(parents=True, exist_ok=True)
            _write(file, text, 0o644)
        folder.path.mkdir(parents=True, exist_ok=True)
        for name in names:
            state, hook = _state(folder.path, name), folder.path / name
            if _is_ours(folder.path / (name + LEGACY)):
                (folder.path / (name + LEGACY)).unlink()
            if state == "foreign":
                hook.rename(folder.path / (name + KEPT))
                moved.append(name)
            if state != "installed":
                _write(hook, shim(name), _EXECUTABLE)
                written.append(name)
    except OSError as error:
        raise _cannot(folder, error) from error
    return Changes(written=tuple(written), moved=tuple(moved))


def uninstall(place: Place, folder: Folder) -> Changes:
    """Take our hooks away and put back what was there before; what is not ours is left.

    Raises environment `cannot_install_hooks`.
    """
    removed, restored = [], []
    try:
        for name in (*NAMES, *RECEIVING):
            hook, legacy, kept = (folder.path / (name + end) for end in ("", LEGACY, KEPT))
            ours = [file for file in (hook, legacy) if _is_ours(file)]
            for file in ours:
                file.unlink()
            removed += [name] * bool(ours)
            back = hook if _may_go(kept, hook) else legacy if legacy in ours else None
            if _there(kept) and back:
                restored += [name] * (not _there(back))
                kept.rename(back)
        for file, _ in _home(place):
            file.unlink(missing_ok=True)
    except OSError as error:
        raise _cannot(folder, error) from error
    return Changes(removed=tuple(removed), restored=tuple(restored))


def shim(name: str) -> bytes:
    """The text of one of our files."""
    package = Path(__file__).resolve().parent.parent
    installed, source = package / "hooks", package.parent / "hooks"
    return ((installed if installed.is_dir() else source) / name).read_bytes()


def _home(place: Place) -> tuple[tuple[Path, bytes], ...]:
    """The files that our hooks call: what they share, and which interpreter has the program."""
    folder = place.own_dir / "hooks"
    package = Path(__file__).resolve().parent.parent
    program = os.fsencode(f"{sys.executable}\n{package}\n")
    return (folder / "home.sh", shim("home.sh")), (folder / "python", program)


def _state(folder: Path, name: str) -> str:
    hook = folder / name
    if not _is_ours(hook):
        return "foreign" if _there(hook) else "missing"
    return "installed" if hook.read_bytes() == shim(name) and os.access(hook, os.X_OK) else "outdated"


def _is_ours(hook: Path) -> bool:
    try:
        return not hook.is_symlink() and MARK in hook.read_bytes()
    except OSError:
        return False


def _may_go(hook: Path, to: Path) -> bool:
    """Whether nothing is lost when a hook is moved there: there is none, or the very same."""
    if not _there(to):
        return True
    try:
        return not hook.is_symlink() and not to.is_symlink() and hook.read_bytes() == to.read_bytes()
    except OSError:
        return False


def _there(file: Path) -> bool:
    return file.exists() or file.is_symlink()


def _write(file: Path, text: bytes, mode: int) -> None:
    """Write a file whole or not at all; nothing is done where it is so already."""
    if file.exists() and file.read_bytes() == text and file.stat().st_mode & 0o777 & mode == mode & ~_umask():
        return
    beside = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        beside.write_bytes(text)
        beside.chmod(mode & ~_umask())
        beside.replace(file)
    finally:
        beside.unlink(missing_ok=True)


def _umask() -> int:
    mask = os.umask(0o022)
    os.umask(mask)
    return mask


def _check_folder(folder: Folder) -> None:
    where = folder.path
    if folder.path.parts[-2:] == (".husky", "_"):
        raise refused(
            "hooks_elsewhere",
            f"husky writes {where} anew with every installation, so hooks cannot stay there.",
            hint='Call them from its own files: coordinaut git-hook pre-commit "$@" in .husky/pre-commit, and so on.',
            path=str(where),
        )
    if folder.setting is not None and folder.scope not in _OWN_SCOPES:
        raise refused(
            "hooks_elsewhere",
            f"core.hooksPath ({folder.scope}) sends git to {where}, where hooks would run in other repositories too.",
            hint='Give this repository its own: git config core.hooksPath "$(git rev-parse --path-format=absolute '
            '--git-common-dir)/hooks", and copy there what it needs of the others.',
            path=str(where),
        )


def _check_free(folder: Path, names: tuple[str, ...]) -> None:
    for name in names:
        if _state(folder, name) != "foreign":
            continue
        if (folder / name).is_dir() or not _may_go(folder / name, folder / (name + KEPT)):
            raise refused(
                "hook_in_the_way",
                f"{folder / name} is not ours, and it cannot be moved aside: {_why(folder, name)}.",
                hint=f"Look at both, and leave the one that shall run as {name}.",
                path=str(folder / name),
            )


def _why(folder: Path, name: str) -> str:
    return "it is a folder" if (folder / name).is_dir() else f"{name}{KEPT} is there already"


def _cannot(folder: Folder, error: OSError) -> CoordinautError:
    return environment(
        "cannot_install_hooks",
        f"The hooks in {folder.path} cannot be changed: {error.filename or 'a file'}: {error.strerror}.",
        hint="Make the folder writable for you, and run it again: what is half done is finished then.",
        path=str(folder.path),
    )
