"""Writes what is made from the commands, or says with `--check` which of it is not what they say now.

Rule 1: the same commands give the same bytes.
"""

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from tools.reference import clients, listings, manual, markdown

ROOT = Path(__file__).resolve().parent.parent.parent
FILES: dict[str, Callable[[], str]] = {
    "docs/cli.md": markdown.page,
    "docs/coordinaut.1": manual.page,
    "docs/mcp-clients.md": clients.page,
    **{name: partial(str, text) for name, text in listings.files().items()},
}


def main(words: list[str]) -> int:
    """Write the files, or with `--check` tell which differ; the exit code."""
    now = {name: make() for name, make in FILES.items()}
    stale = [name for name, text in now.items() if _read(ROOT / name) != text]
    if words == ["--check"]:
        for name in stale:
            sys.stderr.write(f"{name} is not what the commands say now. Write it anew: make docs\n")
        return 1 if stale else 0
    for name in stale:
        (ROOT / name).parent.mkdir(exist_ok=True)
        (ROOT / name).write_text(now[name], "utf-8")
        sys.stdout.write(f"{name}\n")
    return 0


def _read(path: Path) -> str | None:
    return path.read_text("utf-8") if path.exists() else None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
