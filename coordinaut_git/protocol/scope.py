"""Scopes: which paths a claim covers, and whether two claims can ever meet.

Rule 1: a scope is a tuple of patterns; it covers what any of them covers.
Rule 2: both answers, for a path and for another scope, come from the same `Pattern`, so they cannot disagree.
Rule 3: `meeting` is exact, for files that do not exist yet as well.

Paths are as git has them: from the root, parts joined by single slashes, bytes decoded with `surrogateescape`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from coordinaut_git.errors import invalid
from coordinaut_git.protocol.charset import folded
from coordinaut_git.protocol.common import agree_at_ends, common_name, share_a_name, shortest, steps_left
from coordinaut_git.protocol.component import FORBIDDEN, component
from coordinaut_git.protocol.pattern import Pattern, compiled, normal

MAX_PATTERNS = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Meeting:
    """Two patterns that meet, and a path that both cover."""

    mine: str
    theirs: str
    example: str


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class _Scope:
    patterns: tuple[Pattern, ...]
    prefixes: tuple[str, ...]


def check_scope(files: Iterable[str]) -> tuple[str, ...]:
    """The patterns in their normal form, each once, in the order given.

    Raises an invalid `CoordinautError`: `bad_pattern`, `empty_scope`, or `too_many_patterns` past `MAX_PATTERNS`.
    """
    scope = tuple(dict.fromkeys(normal(text) for text in files))
    if not scope:
        raise invalid("empty_scope", "The scope names no files.", hint="Name a file, a folder or a pattern.")
    if len(scope) > MAX_PATTERNS:
        raise invalid(
            "too_many_patterns",
            f"The scope has {len(scope):,} patterns; at most {MAX_PATTERNS} are kept.",
            hint="Name the folders that the files are in.",
        )
    for text in scope:
        compiled(text)
    return scope


def covers(files: tuple[str, ...], path: str, *, fold: bool = False, directory: bool = False) -> bool:
    """Whether some pattern covers `path`, the path of a file, or of a directory such as a submodule."""
    path = folded(path) if fold else path
    names = path.split("/")
    if not FORBIDDEN.isdisjoint(names):
        return False
    start = path + "/"
    return any(
        start.startswith(pattern.prefix) and pattern.covers(names, directory=directory)
        for pattern in _scope(files, fold=fold).patterns
    )


def meeting(mine: tuple[str, ...], theirs: tuple[str, ...], *, fold: bool = False) -> Meeting | None:
    """The first two patterns of the scopes that meet; None exactly if no path can be covered by both scopes."""
    ours, others = _scope(mine, fold=fold), _scope(theirs, fold=fold)
    if not _may_meet(ours.prefixes, others.prefixes):
        return None
    for one in ours.patterns:
        for other in others.patterns:
            if agree_at_ends(one, other, share_a_name):
                return Meeting(mine=one.text, theirs=other.text, example=_example(one, other))
    return None


def _may_meet(ours: tuple[str, ...], others: tuple[str, ...]) -> bool:
    """Whether some fixed beginning continues another one; one call for many keeps a thousand leases cheap."""
    return any(prefix.startswith(others) for prefix in ours) or any(prefix.startswith(ours) for prefix in others)


def _example(one: Pattern, other: Pattern) -> str:
    steps = shortest(one, other, share_a_name, steps_left(one, other, share_a_name))
    anything = component("*")
    return "/".join(common_name(a or anything, b or anything) or "" for a, b in steps)


@lru_cache(maxsize=8192)
def _scope(files: tuple[str, ...], *, fold: bool) -> _Scope:
    patterns = tuple(compiled(text, fold=fold) for text in files)
    return _Scope(patterns=patterns, prefixes=tuple(pattern.prefix for pattern in patterns))
