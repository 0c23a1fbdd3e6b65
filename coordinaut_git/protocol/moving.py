"""What a handoff moves: the scope that each lease of its owner is left with, and the one its task has then.

Rule 1: computed here for the judgement (`rules`) and for the deed (`handing`) alike, so that they cannot differ.
Rule 2: where git ignores case for one of the two, it does for all the leases that the files leave or reach: else a file
        could stay with the owner in one spelling and reach the requester in another.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import NamedTuple

from coordinaut_git.protocol.holding import Parts, given, meet, parts_of, received
from coordinaut_git.protocol.model import Handoff, Lease, Mode, Part
from coordinaut_git.protocol.state import State


class Move(NamedTuple):
    """The owner's leases with the scope each is left with (empty: it ends), and the scope of the requester's."""

    left: tuple[tuple[Lease, Parts], ...]
    own: Lease | None
    gets: Parts
    fold: bool

    def scopes(self) -> Iterator[Parts]:
        """Every scope that comes of it."""
        yield self.gets
        yield from (scope for _, scope in self.left if scope)

    def newly_folded(self) -> list[Lease]:
        """The leases that begin to ignore case, as they come to be."""
        cut = [(lease, scope) for lease, scope in self.left if scope]
        kept = [*cut, (self.own, self.gets)] if self.own else cut
        return [with_scope(lease, scope, fold=True) for lease, scope in kept if self.fold and not lease.fold]


def move(state: State, handoff: Handoff, leases: Iterable[Lease]) -> Move:
    """What comes of it if the files of a handoff leave these leases of its owner and reach its task."""
    own, fold = own_lease(state, handoff), ignores_case(state, handoff)
    return Move(
        left=tuple((lease, given(parts_of(lease), handoff.files, fold=fold or lease.fold)) for lease in leases),
        own=own,
        gets=received(parts_of(own), handoff.files, fold=fold) if own else asked(handoff),
        fold=fold,
    )


def with_scope(lease: Lease, scope: Parts, *, fold: bool) -> Lease:
    """The lease with another scope, which is not empty; `fold` if it ignores case from now on."""
    first, *also = scope
    return replace(lease, files=first.files, without=first.without, also=tuple(also), fold=lease.fold or fold)


def asked(handoff: Handoff) -> Parts:
    """The scope that is to be handed over."""
    return (Part(files=handoff.files),)


def overlap(one: Handoff, other: Handoff) -> bool:
    """Whether two handoffs are about the same files in part."""
    return meet(asked(one), asked(other), fold=one.fold or other.fold) is not None


def own_lease(state: State, handoff: Handoff) -> Lease | None:
    """The lease that the requester has on the task already."""
    own = state.lease(handoff.task_id)
    return own if own and own.agent_instance == handoff.requester else None


def mode_of(state: State, handoff: Handoff) -> Mode:
    """The mode in which the requester would hold the files."""
    own = own_lease(state, handoff)
    return own.mode if own else handoff.mode


def ignores_case(state: State, handoff: Handoff) -> bool:
    """Whether the requester would hold the files in any case."""
    own = own_lease(state, handoff)
    return handoff.fold or (own is not None and own.fold)
