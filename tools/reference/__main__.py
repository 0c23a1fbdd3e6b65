"""Writes the pages of the reference, or says with `--check` which of them is not what the commands say now.

Rule 1: the same commands give the same bytes.
"""

import sys
from pathlib import Path

from tools.reference import clients, manual, markdown

DOCS = Path(__file__).resolve().parent.parent.parent / "docs"
PAGES = {"cli.md": markdown.page, "coordinaut.1": manual.page, "mcp-clients.md": clients.page}


def main(words: list[str]) -> int:
    """Write the pages, or with `--check` tell which differ; the exit code."""
    now = {DOCS / name: make() for name, make in PAGES.items()}
    stale = [path for path, text in now.items() if not path.exists() or path.read_text("utf-8") != text]
    if words == ["--check"]:
        for path in stale:
            sys.stderr.write(f"docs/{path.name} is not what the commands say now. Write it anew: make docs\n")
        return 1 if stale else 0
    for path in stale:
        path.write_text(now[path], "utf-8")
        sys.stdout.write(f"docs/{path.name}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
