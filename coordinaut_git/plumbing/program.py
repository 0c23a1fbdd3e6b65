"""Which program this is, and which one others start by its name."""

import shutil
import sys
from pathlib import Path

import pygit2

NAME = "coordinaut"


def versions() -> str:
    """Ours, and those of what we stand on."""
    from coordinaut_git import __version__

    python = ".".join(map(str, sys.version_info[:3]))
    binding = pygit2.__version__  # type: ignore[attr-defined]  # its documentation names it
    return f"coordinaut {__version__}, Python {python}, pygit2 {binding}, libgit2 {pygit2.LIBGIT2_VERSION}"


def on_path(path: str | None) -> Path | None:
    """The program that a shell with this `PATH` starts for `coordinaut`."""
    found = shutil.which(NAME, path=path)
    return Path(found) if found else None


def is_ours(program: Path) -> bool | None:
    """Whether a program runs in this very Python environment; None where its first line does not tell."""
    try:
        with program.open("rb") as file:
            first = file.readline(512).decode("utf-8", "replace").strip()
    except OSError:
        return None
    interpreter = Path(first.removeprefix("#!").strip())
    if not first.startswith("#!/") or not interpreter.name.startswith("python"):
        return None
    return interpreter.parent.parent.resolve() == Path(sys.prefix).resolve()
