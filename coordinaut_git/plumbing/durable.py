"""What is written for good: on the disk before anything builds on it.

Rule 1: whoever gives a file its name flushes the file before, and the folder that has the name afterwards (fsync(2)).
"""

import os
from collections.abc import Callable
from pathlib import Path


def make_durable(path: str | Path) -> None:
    """Make the content of a file, or the names in a folder, durable; raises OSError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_whole(file: Path, text: str, name: Callable[[Path, Path], object] = Path.replace) -> None:
    """Write a file beside, flush it, and have `name` give it its name; raises OSError. The folder is not flushed."""
    beside = file.with_name(f"{file.name}.{os.getpid()}")
    try:
        beside.write_text(text, "utf-8")
        make_durable(beside)
        name(beside, file)
    finally:
        beside.unlink(missing_ok=True)
