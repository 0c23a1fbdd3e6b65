"""What is held: a scope in layers, of which parts can be given away and come back.

Rule 1: a lease holds a path exactly if some layer's files cover it and that layer's `without` does not.
Rule 2: to give away and to receive are exact: `src/a.py` can leave `src/**`, and half of what was given can come back.
Rule 3: what is given away word for word leaves no trace; a layer that holds nothing any more is dropped.
"""

from collections.abc import Iterator
from typing import Protocol

from coordinaut_git.errors import invalid
from coordinaut_git.protocol.model import Part
from coordinaut_git.protocol.scope import Meeting, check_scope, covers, meeting, within

MAX_PARTS = 16

Parts = tuple[Part, ...]


class Layered(Protocol):
    """A lease, or the operation that grants one."""

    @property
    def files(self) -> tuple[str, ...]:
        """What the first layer covers."""
        ...

    @property
    def without(self) -> tuple[str, ...]:
        """What was given away of it."""
        ...

    @property
    def also(self) -> Parts:
        """The other layers."""
        ...


def parts_of(held: Layered) -> Parts:
    """All layers."""
    return (Part(files=held.files, without=held.without), *held.also)


def is_whole(held: Layered) -> bool:
    """Whether nothing of it was given away."""
    return not held.without and not held.also


def holds(held: Layered, path: str, *, fold: bool = False, directory: bool = False) -> bool:
    """Whether the path of a file (or of a directory such as a submodule) is held."""
    return any(
        covers(part.files, path, fold=fold, directory=directory, without=part.without) for part in parts_of(held)
    )


def meet(mine: Parts, theirs: Parts, *, fold: bool) -> Meeting | None:
    """Two patterns that meet and a path that both hold; None exactly if there is no such path."""
    for one in mine:
        for other in theirs:
            met = meeting(one.files, other.files, fold=fold, without_mine=one.without, without_theirs=other.without)
            if met:
                return met
    return None


def meet_held(mine: Parts, held: Layered, *, fold: bool) -> Meeting | None:
    """`meet` with a lease, of which there may be a thousand; few have ever given anything away."""
    if len(mine) == 1 and not (mine[0].without or held.without or held.also):
        return meeting(mine[0].files, held.files, fold=fold)
    return meet(mine, parts_of(held), fold=fold)


def given(parts: Parts, files: tuple[str, ...], *, fold: bool) -> Parts:
    """What is left when `files` are given away; nothing if that was all."""
    return tuple(left for part in parts for left in _given(part, files, fold=fold))


def received(parts: Parts, files: tuple[str, ...], *, fold: bool) -> Parts:
    """What is held when `files` come in addition, whether they were given away before or not."""
    kept = tuple(Part(files=part.files, without=_not_within(part.without, files, fold=fold)) for part in parts)
    new = tuple(one for one in files if not any(_has(part, one, fold=fold) for part in kept))
    if not new:
        return kept
    left = [other for part in kept for other in _beside(part, new, fold=fold)]
    for number, part in enumerate(left):
        if not meeting(new, part.without, fold=fold):
            left[number] = Part(files=part.files + new, without=part.without)
            return tuple(left)
    return (*left, Part(files=new))


def check_parts(parts: Parts) -> None:
    """Raise an invalid `CoordinautError` for layers that are out of bounds or not in their normal form."""
    if len(parts) > MAX_PARTS:
        raise invalid(
            "too_many_parts",
            f"The scope would be in {len(parts)} parts; at most {MAX_PARTS} are kept.",
            hint="Release the lease and claim what you need now.",
        )
    for scope in (scope for part in parts for scope in (part.files, part.without)):
        if scope and check_scope(scope) != scope:
            raise invalid("bad_pattern", "The scope is not in its normal form: it has a pattern twice, or one with ./")


def _given(part: Part, files: tuple[str, ...], *, fold: bool) -> Iterator[Part]:
    kept = _not_within(part.files, files, fold=fold)
    met = tuple(one for one in files if kept and meeting(kept, (one,), fold=fold, without_mine=part.without))
    without = (*_not_within(part.without, met, fold=fold), *met)
    if kept and within(kept, without, fold=fold) is not None:
        yield Part(files=kept, without=_still_in(without, kept, fold=fold))


def _beside(part: Part, new: tuple[str, ...], *, fold: bool) -> Iterator[Part]:
    """What a layer still says beside files that are held whole: else layers would pile up in a long exchange."""
    if files := _not_within(part.files, new, fold=fold):
        yield Part(files=files, without=_still_in(part.without, files, fold=fold))


def _still_in(without: tuple[str, ...], files: tuple[str, ...], *, fold: bool) -> tuple[str, ...]:
    """Those of what was given away that still cut something out."""
    return tuple(one for one in without if meeting((one,), files, fold=fold))


def _not_within(files: tuple[str, ...], others: tuple[str, ...], *, fold: bool) -> tuple[str, ...]:
    return tuple(one for one in files if not others or within((one,), others, fold=fold) is not None)


def _has(part: Part, pattern: str, *, fold: bool) -> bool:
    return within((pattern,), part.files, fold=fold, without_outer=part.without) is None
