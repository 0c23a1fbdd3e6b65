"""A path that a person typed, as git has it.

Rule 1: links above what is named are followed, what is named itself need not exist; bytes that are no text survive.
"""

import os
from pathlib import Path


def from_root(path: str, start: Path, root: Path) -> str | None:
    """A path as git has it, from the root of the work tree, for one that was typed in the folder `start`.

    Absolute, or relative to `start`. None where it lies outside, or in `.git`; empty for the root itself.
    """
    folder, name = os.path.split(os.path.normpath(start / path))
    whole = os.path.join(os.path.realpath(folder), name)  # noqa: PTH118 - a path may be any bytes
    found = os.path.relpath(whole, os.path.realpath(root))
    if found == os.curdir:
        return ""
    first = found.split(os.sep, 1)[0]
    return None if first in {os.pardir, ".git"} else found
