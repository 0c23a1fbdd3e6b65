"""The statements of a TOML text, each with its place and its whole name.

Rule 1: the text is known to be sound (tomllib has read it); here it is only cut, nothing is judged.
See the grammar of TOML 1.0.0: a statement begins a line, and only a value may go over several.
"""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass

Name = tuple[str, ...]

_BETWEEN = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_KEY = re.compile(r"""[ \t]*(?:[A-Za-z0-9_-]+|"(?:[^"\\\n]|\\.)*"|'[^'\n]*')[ \t]*""")
_TEXT = re.compile(
    r'"""(?:[^"\\]|\\.|"(?!""))*"{3,5}' + r"|'''(?:[^']|'(?!''))*'{3,5}" + r"""|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'""",
    re.DOTALL,
)
_EQUALS = re.compile(r"=[ \t]*")
_PLAIN = re.compile(r"[^\[\]{},#\n\"']+")
_REST = re.compile(r"[ \t\r]*(?:#[^\n]*)?(?:\n|\Z)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A header or a pair: its whole lines, its whole name, and the span of a pair's value (empty for a header)."""

    begin: int
    end: int
    name: Name
    value: tuple[int, int] | None

    @property
    def is_header(self) -> bool:
        """Whether it opens a table."""
        return self.value is None


def statements(text: str) -> Iterator[Statement]:
    """Every statement of a sound text, in order."""
    table: Name = ()
    at = _past(_BETWEEN, text, 0)
    while at < len(text):
        begin = text.rfind("\n", 0, at) + 1
        if text[at] == "[":
            table, at = _header(text, at)
            name, value = table, None
        else:
            keys, at = _keys(text, at)
            name, at = table + keys, _past(_EQUALS, text, at)
            value = (at, _value_end(text, at))
            at = value[1]
        at = _past(_REST, text, at)
        yield Statement(begin=begin, end=at, name=name, value=value)
        at = _past(_BETWEEN, text, at)


def _header(text: str, at: int) -> tuple[Name, int]:
    width = 2 if text.startswith("[[", at) else 1
    keys, at = _keys(text, at + width)
    return keys, at + width


def _keys(text: str, at: int) -> tuple[Name, int]:
    """A dotted key, and where it ends."""
    begin, at = at, _past(_KEY, text, at)
    while text.startswith(".", at):
        at = _past(_KEY, text, at + 1)
    return _named(tomllib.loads(f"{text[begin:at]}=0")), at


def _named(nested: object) -> Name:
    names: list[str] = []
    while isinstance(nested, dict):
        ((name, nested),) = nested.items()
        names.append(name)
    return tuple(names)


def _value_end(text: str, at: int) -> int:
    """Where a value ends: with its line, or with the bracket that closes what it opened."""
    depth, end = 0, at
    while at < len(text) and (depth or text[at] not in "#\n"):
        character = text[at]
        if character in "\"'":
            at = end = _past(_TEXT, text, at)
        elif character in "[{":
            depth, at = depth + 1, at + 1
        elif character in "]}":
            depth, at = depth - 1, at + 1
            end = at
        elif character in "#\n,":
            at = max(at + 1, _past(_BETWEEN, text, at))
        else:
            begin, at = at, _past(_PLAIN, text, at)
            end = begin + len(text[begin:at].rstrip(" \t\r")) if text[begin:at].strip(" \t\r") else end
    return end


def _past(pattern: re.Pattern[str], text: str, at: int) -> int:
    found = pattern.match(text, at)
    assert found, "tomllib has read this text"
    return found.end()
