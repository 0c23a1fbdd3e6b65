"""One pattern for paths: gitignore's words, anchored at the root, read once.

Rule 1: a pattern is a sequence of components with gaps (`**`), and matching and meeting are both computed from it.
Rule 2: what matches a path covers everything below it: a pattern ends in a gap.
Rule 3: a pattern that no git path can match is an error, told before anybody relies on it.

The words are those of gitignore(5); `docs/scopes.md` lists them, and where they are stricter.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from coordinaut_git.errors import CoordinautError, invalid
from coordinaut_git.protocol.common import share_a_name
from coordinaut_git.protocol.component import Component, Malformed, component
from coordinaut_git.protocol.values import clip

MAX_CHARS = 1024
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_WILD = re.compile(r"[*?\[\\]")
_EVERYTHING = "The whole repository is **."


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Pattern:
    """A whole pattern: `items` in order; bit i of `gaps` is set where any folders may stand before item i.

    The last gap stands after the last item: whatever is below. `folder` says that the text ends in a slash; the last
    item is then any name in that folder.
    """

    text: str
    items: tuple[Component, ...]
    gaps: int
    folder: bool

    @property
    def plain(self) -> str | None:
        """The one path that everything covered is at or below; None if there are wildcards or a slash at the end."""
        names = [item.literal for item in self.items if item.literal is not None]
        return "/".join(names) if self.gaps == 1 << len(names) else None

    def covers(self, names: Sequence[str], *, directory: bool = False) -> bool:
        """Whether the pattern matches the path of these `names`, or a folder that it is in."""
        at = 1
        for name in names:
            at = (self._fits(at, name) << 1) | (at & self.gaps)
            if not at:
                return False
        end = len(self.items)
        return bool(at >> end) or (directory and self.folder and bool(at >> (end - 1)))

    def _fits(self, at: int, name: str) -> int:
        """Those of the positions `at` whose item matches `name`, as bits."""
        fits = 0
        for position in range(min(at.bit_length(), len(self.items))):
            if at >> position & 1 and self.items[position].matches(name):
                fits |= 1 << position
        return fits


@lru_cache(maxsize=2048)
def compiled(text: str, *, fold: bool = False) -> Pattern:
    """Read a pattern; `fold` as in `core.ignoreCase`. Raises an invalid `CoordinautError` that says what is wrong."""
    names, folder = _split(text)
    items: list[Component] = []
    gaps = 0
    for name in names:
        if len(name) > 1 and not name.strip("*"):
            gaps |= 1 << len(items)
        else:
            items.append(_read(text, name, fold=fold))
    if gaps >> len(items):  # gitignore(5): "a/**" is everything inside a, so one name at least
        items.append(component("*"))
    if folder:
        items.append(component("*"))
    gaps |= 1 << len(items)
    return Pattern(text=text, items=tuple(items), gaps=gaps, folder=folder)


def tree(names: Sequence[str]) -> Pattern:
    """The pattern for what is in the folder of these `names`, each as it is."""
    path = "".join(name + "/" for name in names)
    items = (*(Component(literal=name) for name in names), component("*"))
    return Pattern(text=path, items=items, gaps=1 << len(items), folder=True)


def lead_of(text: str) -> str:
    """The leading names of a pattern that are plain, each with its slash: whatever it covers begins with it."""
    if (wild := _WILD.search(text)) is None:
        return text.rstrip("/") + "/"
    return text[: text.rfind("/", 0, wild.start()) + 1]


def escaped(path: str) -> str:
    """The pattern for a path as it is; a character that no pattern can hold may be any."""
    return _UNPRINTABLE.sub("?", _WILD.sub(r"\\\g<0>", path).replace("!", r"\!"))


def normal(text: str) -> str:
    """The one way to write a pattern: without `./` in front."""
    while text.startswith("./"):
        text = text[2:]
    return text


def _split(text: str) -> tuple[list[str], bool]:
    """The texts of the components, and whether a slash ends the pattern."""
    if len(text) > MAX_CHARS:
        raise _bad(text, f"has {len(text):,} characters; at most {MAX_CHARS:,} are read", "Name a folder instead.")
    if found := _UNPRINTABLE.search(text):
        raise _bad(text, f"holds the character U+{ord(found[0]):04X}", "Write ? for a character that cannot be typed.")
    if text.startswith("!"):
        raise _bad(
            text, "begins with !, but a scope cannot leave paths out", "Write \\! for a name that begins with !."
        )
    if text.startswith("/"):
        raise _bad(text, "is an absolute path", "Patterns begin at the repository's root: leave out the first slash.")
    names = text.split("/")
    folder = len(names) > 1 and names[-1] == ""
    names = names[:-1] if folder else names
    for name in names:
        _check_name(text, name)
    return names, folder


def _check_name(text: str, name: str) -> None:
    if name == "":
        raise _bad(text, "is empty" if text == "" else "has two slashes in a row", _EVERYTHING)
    if name in {".", ".."}:
        raise _bad(text, f"has the part {name!r}", f"Write the path from the repository's root. {_EVERYTHING}")


def _read(text: str, name: str, *, fold: bool) -> Component:
    try:
        read = component(name, fold=fold)
    except Malformed as problem:
        raise _bad(text, problem.why, problem.hint) from None
    if not share_a_name(read, component("*")):
        raise _bad(
            text, f"asks for a name that no file in git has: {clip(name)!r}", "No part of a path can be ., .. or .git."
        )
    return read


def _bad(text: str, why: str, hint: str) -> CoordinautError:
    return invalid("bad_pattern", f"The pattern {clip(text)!r} {why}.", hint=hint)
