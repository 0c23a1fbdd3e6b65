"""A pattern for one name: what stands between two slashes.

Rule 1: a component is a sequence of character sets with gaps (`*`) between them, read once from its text.
Rule 2: a name that no git path can hold (empty, `.`, `..`, `.git` in any case) is matched by no component.
Rule 3: matching never looks back: the set of positions that are reached is one integer, a bit a position.

The words are those of gitignore(5) and, where that page is silent, of git's `wildmatch.c`.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import product

from coordinaut_git.protocol.charset import ANY, CharSet, Ranges, charset, folded

FORBIDDEN = frozenset({"", ".", ".."} | {"." + "".join(word) for word in product("gG", "iI", "tT")})
"""The names that no component of a git path can have."""

_WILD = re.compile(r"[*?\[\\]")

# As in git's sane_ctype, which knows ASCII only, and for which neither a form feed nor a vertical tab is a space.
_POSIX: dict[str, Ranges] = {
    "alnum": ((0x30, 0x39), (0x41, 0x5A), (0x61, 0x7A)),
    "alpha": ((0x41, 0x5A), (0x61, 0x7A)),
    "blank": ((0x09, 0x09), (0x20, 0x20)),
    "cntrl": ((0x00, 0x1F), (0x7F, 0x7F)),
    "digit": ((0x30, 0x39),),
    "graph": ((0x21, 0x7E),),
    "lower": ((0x61, 0x7A),),
    "print": ((0x20, 0x7E),),
    "punct": ((0x21, 0x2F), (0x3A, 0x40), (0x5B, 0x60), (0x7B, 0x7E)),
    "space": ((0x09, 0x0A), (0x0D, 0x0D), (0x20, 0x20)),
    "upper": ((0x41, 0x5A),),
    "xdigit": ((0x30, 0x39), (0x41, 0x46), (0x61, 0x66)),
}


class Malformed(Exception):
    """A component cannot be read: `why` continues the sentence "The pattern … "."""

    def __init__(self, why: str, hint: str) -> None:
        super().__init__(why)
        self.why = why
        self.hint = hint


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Component:
    """A pattern for one name: `items` in order; bit i of `gaps` is set where anything may stand before item i.

    A component without wildcards has only `literal`, the one name it matches. For the others `singles` and `classes`
    tell, as bits, at which items a character fits.
    """

    literal: str | None = None
    items: tuple[CharSet, ...] = ()
    gaps: int = 0
    singles: Mapping[str, int] = field(default_factory=dict)
    classes: tuple[tuple[CharSet, int], ...] = ()

    @property
    def sets(self) -> tuple[CharSet, ...]:
        """The character sets in order, those of a literal too."""
        return self.items if self.literal is None else tuple(map(_single, self.literal))

    def fits(self, char: str) -> int:
        """The items that `char` fits, as bits."""
        bits = self.singles.get(char, 0)
        for chars, mask in self.classes:
            if char in chars:
                bits |= mask
        return bits

    def matches(self, name: str) -> bool:
        """Whether the component matches the whole of `name`."""
        if self.literal is not None:
            return name == self.literal
        if name in FORBIDDEN:
            return False
        fitting = {char: self.fits(char) for char in set(name)}
        at = 1
        for char in name:
            at = ((at & fitting[char]) << 1) | (at & self.gaps)
            if not at:
                return False
        return bool(at >> len(self.items))


@lru_cache(maxsize=2048)
def component(text: str, *, fold: bool = False) -> Component:
    """Read a component; raises `Malformed`."""
    if not _WILD.search(text):
        return Component(literal=folded(text) if fold else text)
    items: list[CharSet] = []
    gaps = 0
    for token in _tokens(text, fold=fold):
        if token is None:
            gaps |= 1 << len(items)
        else:
            items.append(token)
    return _indexed(items, gaps)


def _indexed(items: list[CharSet], gaps: int) -> Component:
    singles: dict[str, int] = {}
    classes: dict[CharSet, int] = {}
    for at, chars in enumerate(items):
        if (char := chars.single) is not None:
            singles[char] = singles.get(char, 0) | 1 << at
        else:
            classes[chars] = classes.get(chars, 0) | 1 << at
    if not gaps and not classes:
        return Component(literal="".join(item.single or "" for item in items))
    return Component(items=tuple(items), gaps=gaps, singles=singles, classes=tuple(classes.items()))


def _tokens(text: str, *, fold: bool) -> Iterator[CharSet | None]:
    """The character sets of a component in order, and None for each star."""
    at = 0
    while at < len(text):
        char = text[at]
        if char == "*":
            yield None
        elif char == "?":
            yield ANY
        elif char == "[":
            chars, at = _read_class(text, at + 1, fold=fold)
            yield chars
        else:
            char, at = _read_char(text, at)
            yield _single(folded(char) if fold else char)
        at += 1


def _single(char: str) -> CharSet:
    chars = charset(((ord(char), ord(char)),), negated=False, fold=False)
    assert chars is not None
    return chars


def _read_char(text: str, at: int) -> tuple[str, int]:
    """The plain or escaped character at `at`, and where it ends."""
    if text[at] != "\\":
        return text[at], at
    if at + 1 == len(text):
        raise Malformed(
            "has a backslash with nothing to escape", "Separate folders with /; write \\\\ for a backslash."
        )
    if text[at + 1].isalnum():
        raise Malformed(
            f"escapes {text[at + 1]!r}, which needs no escape", "Separate folders with /; a backslash only escapes."
        )
    return text[at + 1], at + 1


def _read_class(text: str, at: int, *, fold: bool) -> tuple[CharSet, int]:
    """The set of the class that opened before `at`, and where its bracket closes."""
    negated = text[at : at + 1] in {"!", "^"} and bool(text[at:])
    ranges: list[tuple[int, int]] = []
    start = at = at + negated
    while text[at : at + 1] != "]" or at == start:
        if at >= len(text):
            raise Malformed("opens a class that is not closed", "Write \\[ for a bracket that stands for itself.")
        found, at = _read_member(text, at)
        ranges.extend(found)
        at += 1
    chars = charset(tuple(ranges), negated=negated, fold=fold)
    if chars is None:
        raise Malformed("has a class that no character is in", "Write a range from low to high, as in [a-z].")
    return chars, at


def _read_member(text: str, at: int) -> tuple[Ranges, int]:
    """One member of a class, a named class, a range or a character, and where it ends."""
    if text.startswith("[:", at) and (end := text.find("]", at + 2)) > at + 2 and text[end - 1] == ":":
        name = text[at + 2 : end - 1]
        if name not in _POSIX:
            raise Malformed(f"names the unknown class {name!r}", "Known are " + ", ".join(_POSIX) + ".")
        return _POSIX[name], end
    first, at = _read_char(text, at)
    last = first
    if text[at + 1 : at + 2] == "-" and text[at + 2 : at + 3] not in {"", "]"}:
        last, at = _read_char(text, at + 2)
    return ((ord(first), ord(last)),), at
