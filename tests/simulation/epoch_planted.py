"""Faults of a scheme of epochs: each breaks one of its rules, in the process of the test only; see `planted.py`."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import epoch_parts
import epoch_seam
import pytest
from epoch_parts import EpochClone, EpochLine, EpochProgram
from epoch_seam import Objects, is_root
from network import Network
from plans import CALM, HOSTILE, STRICT, USUAL, Faults, Plan

from coordinaut_git import parting
from coordinaut_git.documents import Head
from coordinaut_git.stores.memory import MemoryStore
from coordinaut_git.stores.memory.pool import Point, Pool
from coordinaut_git.sync import loop

Patch = pytest.MonkeyPatch
Plant = Callable[[Patch], None]

BUSY = replace(CALM, machines=3, agents=1, idle_ms=(0, 1_000, 60_000))
FORGED = replace(HOSTILE, machines=3, agents=1, faults=replace(HOSTILE.faults, forgeries=0.3))
FORGETFUL = replace(USUAL, machines=3, agents=1, faults=replace(USUAL.faults, git=0.6))
HASTY = replace(BUSY, machines=4, tasks=1, terms=("1h",), faults=replace(BUSY.faults, clocks=1.0))
ALONE = replace(STRICT, commands=12, faults=Faults(git=0.9), network=Network(unreachable=0.4, partitions=0.5))


@dataclass(frozen=True, kw_only=True)
class Planted:
    """A fault, and the kind of world in which it shows soon."""

    plant: Plant
    plan: Plan = BUSY


def _in_place_of(where: Any, name: str, new: Any) -> Plant:
    getattr(where, name)
    return lambda patch: patch.setattr(where, name, new)


def _roots(change: Callable[[Pool, Point, Point], Point]) -> Plant:
    """Everybody makes roots in another way."""
    real = epoch_seam.root_of
    return _in_place_of(epoch_parts, "root_of", lambda pool, before: change(pool, before, real(pool, before)))


def _without(folder: str) -> Plant:
    def root(pool: Pool, before: Point, right: Point) -> Point:
        gone = {path: None for path, _ in epoch_parts.everything(right.documents) if path.startswith(folder)}
        assert right.entry is not None
        return pool.with_documents(before, right.entry, right.documents.changed(gone), right.seq)

    return _roots(root)


def _of_the_moment(pool: Pool, before: Point, right: Point) -> Point:
    """A root says when, and by whom, it was made."""
    _of_the_moment.made += 1  # type: ignore[attr-defined]
    assert right.entry is not None
    entry = replace(right.entry, id=f"{right.entry.id[:-4]}{_of_the_moment.made % 10_000:04d}")  # type: ignore[attr-defined]
    return pool.with_documents(before, entry, right.documents, right.seq)


_of_the_moment.made = 0  # type: ignore[attr-defined]


def _numbered_anew(pool: Pool, before: Point, right: Point) -> Point:
    """The numbers begin again with each epoch."""
    assert right.entry is not None
    return pool.with_documents(before, replace(right.entry, seq=1), right.documents, 1)


def _whatever_is_there(program: EpochProgram, root: Point, before: Point) -> bool:
    """The opener puts its root in the place of whatever the remote has."""
    host = program._line._host
    program._line._connect("push")
    return host.swap(host.tip, root.head)


def _blind(objects: Objects, head: Head) -> Any:
    """No walk goes past a root."""
    point = objects.point(head)
    while point.entry is not None:
        yield point, point.entry
        if is_root(point.entry):
            return
        point = objects.point(point.parent)


def _no_operation(meet: Callable[..., Any]) -> Callable[..., Any]:
    """A root counts as the point before it: whoever stands there is up to date."""

    def met(store: Any, ours: Head, theirs: Head) -> Any:
        meeting = meet(store, ours, theirs)
        return meeting._replace(theirs=frozenset(one for one in meeting.theirs if not one.startswith(epoch_seam.MARK)))

    return met


def _from_where_all_lines_meet(team: loop.Team, _: str, head: Head) -> Any:
    """What nobody is known to have is taken for unpublished, from the first point on that all lines have."""
    return parting.meet(team.store, head, team.remote.seen() or team.store.first)


PLANTED: dict[str, Planted] = {
    "a root forgets what was refused": Planted(plant=_without("refusals/"), plan=replace(USUAL, machines=4)),
    "a root forgets the numbers that were given": Planted(plant=_without("numbers/")),
    "a root says when it was made": Planted(plant=_roots(_of_the_moment)),
    "numbers begin anew with a root": Planted(plant=_roots(_numbered_anew)),
    "the opener does not compare": Planted(plant=_in_place_of(EpochProgram, "_begun", _whatever_is_there)),
    "what lies before a root is not kept on the remote": Planted(
        plant=_in_place_of(EpochLine, "keep_past", lambda *_: None)
    ),
    "what lies before a root is not kept in a clone": Planted(
        plant=_in_place_of(EpochClone, "keep_seams", lambda *_: None)
    ),
    "a root is taken without a look": Planted(plant=_in_place_of(EpochProgram, "_check", lambda *_: None), plan=FORGED),
    "a clone with operations does not fetch what lies before": Planted(
        plant=_in_place_of(EpochLine, "needs_past", lambda *_: False)
    ),
    "ids are forgotten over a seam": Planted(plant=_in_place_of(Objects, "back", _blind)),
    "a root is no operation": Planted(plant=_in_place_of(loop, "meet", _no_operation(epoch_seam.meet))),
    "what a root carries was never seen": Planted(
        plant=_in_place_of(epoch_seam.SeamStore, "seen_ms_ago", MemoryStore.seen_ms_ago), plan=HASTY
    ),
    "what nobody is known to have is put back to the first point": Planted(
        plant=_in_place_of(loop.Team, "_since", _from_where_all_lines_meet), plan=ALONE
    ),
}
"""What is broken, in words, with how."""
