"""Reads the project's Markdown: its fenced blocks, and the commands in them.

A block marked `console` holds commands after `$ ` (more lines of one command after `> `, or after a backslash) and
what they print; `...` stands for any lines, or for anything within a line. A command that prints nothing on the page
may print what it likes. One that shows an `error:` line must fail, and any other must succeed.
A block marked `bash` is run as a whole and must succeed.
A block is excused by an HTML comment right before it: `<!-- not run: the reason -->`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from project_guard import PROJECT

DATA = frozenset({"json", "toml", "yaml", "text", "markdown", "mermaid", "diff", "python", "ini", "gitignore", "make"})
"""Languages of blocks that nobody pastes into a terminal."""

_FENCE = re.compile(r"^(?P<indent> *)(?P<ticks>```+|~~~+)(?P<info>[^`\n]*)$")
_EXCUSE = re.compile(r"<!-- not run: (?P<reason>\S.*?) -->\s*\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One fenced block: where it begins, its language, its text and, if it has one, its excuse."""

    line: int
    language: str
    text: str
    excuse: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command line of a console block and the lines printed below it."""

    text: str
    printed: tuple[str, ...]

    @property
    def fails(self) -> bool:
        """Whether the page shows a refusal."""
        return any(line.startswith("error:") for line in self.printed)


def pages(project: Path = PROJECT) -> list[Path]:
    """Every page that people read."""
    top = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"]
    deeper = [*project.glob("docs/**/*.md"), *project.glob("hooks/*.md"), *project.glob("examples/**/*.md")]
    return [project / name for name in top if (project / name).exists()] + sorted(deeper)


def blocks(page: str) -> Iterator[Block]:
    """The fenced blocks of a page, in order; raises ValueError for one that is not closed."""
    lines = page.splitlines()
    at = 0
    while at < len(lines):
        fence = _FENCE.match(lines[at])
        if fence is None:
            at += 1
            continue
        end = _closing(lines, at, fence["ticks"])
        indent = len(fence["indent"])
        excuse = _EXCUSE.search("\n".join(lines[max(0, at - 4) : at]))
        yield Block(
            line=at + 1,
            language=fence["info"].strip().split(" ")[0],
            text="".join(line[indent:] + "\n" for line in lines[at + 1 : end]),
            excuse=excuse["reason"] if excuse else None,
        )
        at = end + 1


def commands(text: str) -> list[Command]:
    """The commands of a console block, each with what is printed below it."""
    found: list[tuple[list[str], list[str]]] = []
    for line in text.splitlines():
        typed = found[-1][0] if found else []
        if line.startswith("$ "):
            found.append(([line[2:]], []))
        elif not found:
            raise ValueError(f"a console block begins with a command after '$ ', not with {line!r}")
        elif not found[-1][1] and (line.startswith("> ") or typed[-1].endswith("\\")):
            typed.append(line.removeprefix("> "))
        else:
            found[-1][1].append(line)
    return [Command(text="\n".join(typed), printed=tuple(printed)) for typed, printed in found]


def _closing(lines: list[str], start: int, ticks: str) -> int:
    for at in range(start + 1, len(lines)):
        if lines[at].strip() == ticks:
            return at
    raise ValueError(f"the block that begins in line {start + 1} is not closed")
