"""Scopes: which paths a claim covers, and whether two claims can ever meet.

Rule 1: a scope is a tuple of patterns; it covers what any of them covers.
Rule 2: both answers, for a path and for another scope, come from the same `Pattern`, so they cannot disagree.
Rule 3: `meeting` and `within` are exact, for files that do not exist yet as well.
Rule 4: a scope may have given parts away: `without` names them, and a path that any of them covers is no longer in it.

Paths are as git has them: from the root, parts joined by single slashes, bytes decoded with `surrogateescape`.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import TYPE_CHECKING

from coordinaut_git.errors import invalid
from coordinaut_git.protocol.charset import folded
from coordinaut_git.protocol.common import Meet, agree_at_ends, common_name, share_a_name
from coordinaut_git.protocol.component import FORBIDDEN, component
from coordinaut_git.protocol.pattern import Pattern, compiled, lead_of, normal, tree

if TYPE_CHECKING:
    from coordinaut_git.protocol.remainder import Remainder

MAX_PATTERNS = 256
MAX_SCOPE_CHARS = 32 * 1024
"""Bounds what the comparison of two scopes can cost, whoever wrote them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Meeting:
    """Two patterns that meet, and a path that both cover."""

    mine: str
    theirs: str
    example: str


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class _Outline:
    """How the patterns of a scope begin; most scopes are told apart by this alone, without reading their patterns.

    `leads` are the patterns' plain beginnings, in order; `above` are all the beginnings of those, at their slashes.
    """

    leads: tuple[str, ...]
    above: frozenset[str]


def check_scope(files: Iterable[str]) -> tuple[str, ...]:
    """The patterns in their normal form, each once, in the order given.

    Raises an invalid `CoordinautError`: `bad_pattern`, `empty_scope`, `too_many_patterns` past `MAX_PATTERNS`,
    `scope_too_long` past `MAX_SCOPE_CHARS` in all.
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
    if (chars := sum(map(len, scope))) > MAX_SCOPE_CHARS:
        raise invalid(
            "scope_too_long",
            f"The scope has {chars:,} characters in {len(scope)} patterns; at most {MAX_SCOPE_CHARS:,} are kept.",
            hint="Name the folders that the files are in.",
        )
    for text in scope:
        compiled(text)
    return scope


def covers(
    files: tuple[str, ...], path: str, *, fold: bool = False, directory: bool = False, without: tuple[str, ...] = ()
) -> bool:
    """Whether some pattern covers `path`, the path of a file, or of a directory such as a submodule; none of `without`.

    A directory is one thing: a scope that has given away all that could be in it has given away the directory.
    """
    path = folded(path) if fold else path
    names = path.split("/")
    if not FORBIDDEN.isdisjoint(names) or not _covers(files, path, names, fold=fold, directory=directory):
        return False
    if not without:
        return True
    if _covers(without, path, names, fold=fold, directory=directory):
        return False
    return not directory or _remainder([[tree(names)]], without, fold=fold).path is not None


def meeting(
    mine: tuple[str, ...],
    theirs: tuple[str, ...],
    *,
    fold: bool = False,
    without_mine: tuple[str, ...] = (),
    without_theirs: tuple[str, ...] = (),
) -> Meeting | None:
    """The first two patterns of the scopes that meet; None exactly if no path can be covered by both scopes.

    Where the example of these two was given away, the answer is a shortest path that both scopes still cover, with the
    first patterns that cover it. If that is more work than `remainder` does, a meeting is assumed, and the example is
    the one that was given away.
    """
    ours, others = _outline(mine, fold=fold), _outline(theirs, fold=fold)
    if ours.above.isdisjoint(others.leads) and others.above.isdisjoint(ours.leads):
        return None
    near = _near(mine, ours, others), _near(theirs, others, ours)
    if without := without_mine + without_theirs:
        near = _other_than(without, near[0]), _other_than(without, near[1])
    for one, other in product(*near):
        if agree_at_ends(compiled(one, fold=fold), compiled(other, fold=fold), share_a_name):
            met = Meeting(mine=one, theirs=other, example=_example(one, other, fold=fold))
            return _still(met, near, without, fold=fold) if without else met
    return None


def within(
    inner: tuple[str, ...], outer: tuple[str, ...], *, fold: bool = False, without_outer: tuple[str, ...] = ()
) -> str | None:
    """A path of `inner` that is not in `outer` or was given away (`without_outer`); None exactly if there is none.

    The path is a short one. If finding out is more work than `remainder` does, the answer is no: instead of a path, a
    pattern of `inner` (with a wildcard) that was not seen to be within.
    """
    wild: list[str] = []
    for text in inner:
        if (path := compiled(text, fold=fold).plain) is None:
            wild.append(text)
        elif not covers(outer, path, fold=fold):
            return path
    if wild := _other_than(outer, wild):
        found = _left((tuple(wild),), outer, fold=fold)
        if found.path or not found.settled:
            return found.path or wild[0]
    given_away = meeting(inner, without_outer, fold=fold)
    return given_away.example if given_away else None


def _other_than(known: tuple[str, ...], files: list[str]) -> list[str]:
    """The patterns that are not also in `known`, word for word."""
    left = dict.fromkeys(files)
    for text in known:
        left.pop(text, None)
    return list(left)


def _covers(files: tuple[str, ...], path: str, names: list[str], *, fold: bool, directory: bool) -> bool:
    start = path + "/"
    return any(
        start.startswith(lead) and compiled(text, fold=fold).covers(names, directory=directory)
        for text, lead in zip(files, _outline(files, fold=fold).leads, strict=True)
    )


def _still(met: Meeting, near: tuple[list[str], list[str]], without: tuple[str, ...], *, fold: bool) -> Meeting | None:
    """The meeting that is left when the paths of `without` are no meeting points."""
    if not covers(without, met.example, fold=fold):
        return met
    mine, theirs = near
    found = _left((tuple(mine), tuple(theirs)), without, fold=fold)
    if (path := found.path) is None:
        return None if found.settled else met
    one, other = (next(text for text in texts if covers((text,), path, fold=fold)) for texts in near)
    return Meeting(mine=one, theirs=other, example=path)


@lru_cache(maxsize=2048)
def _left(wanted: tuple[tuple[str, ...], ...], without: tuple[str, ...], *, fold: bool) -> "Remainder":
    """A path that each of the `wanted` scopes covers, and `without` does not."""
    for texts in wanted:
        without = tuple(_near(without, _outline(without, fold=fold), _outline(texts, fold=fold)))
    return _remainder([[compiled(text, fold=fold) for text in texts] for texts in wanted], without, fold=fold)


def _remainder(wanted: Sequence[Sequence[Pattern]], without: tuple[str, ...], *, fold: bool) -> "Remainder":
    from coordinaut_git.protocol.remainder import remainder  # few commands come here

    return remainder(wanted, [compiled(text, fold=fold) for text in without], fold=fold)


def _near(files: tuple[str, ...], own: _Outline, others: _Outline) -> list[str]:
    """The patterns whose lead continues one of the others, or is continued by one of them."""
    return [
        text
        for text, lead in zip(files, own.leads, strict=True)
        if lead in others.above or lead.startswith(others.leads)
    ]


@lru_cache(maxsize=2048)
def _example(one: str, other: str, *, fold: bool) -> str:
    steps = Meet(compiled(one, fold=fold), compiled(other, fold=fold), share_a_name).shortest()
    anything = component("*")
    return "/".join(common_name(mine or anything, theirs or anything) or "" for mine, theirs in steps)


@lru_cache(maxsize=8192)
def _outline(files: tuple[str, ...], *, fold: bool) -> _Outline:
    leads = tuple(folded(lead_of(text)) if fold else lead_of(text) for text in files)
    return _Outline(leads=leads, above=frozenset(beginning for lead in leads for beginning in _beginnings(lead)))


def _beginnings(lead: str) -> Iterator[str]:
    yield ""
    at = 0
    while at := lead.find("/", at) + 1:
        yield lead[:at]
