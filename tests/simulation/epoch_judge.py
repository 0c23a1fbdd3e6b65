"""After a run with epochs: the promises of a team, and those of a seam.

Rule 1: a root is nobody's command; all else that `judge` asks, it asks of the line as if there were no seam.
"""

from collections.abc import Iterator
from copy import copy

import judge
from epoch_parts import EpochClone, EpochProgram
from epoch_seam import MARK
from epoch_world import EpochWorld

from coordinaut_git.errors import CoordinautError


def complaints(world: EpochWorld) -> Iterator[str]:
    """One sentence for each promise that the run broke."""
    yield from world.wrong
    view, trusting = copy(world), [clone for clone in world.clones if _trusts_what_is_forged(world, clone)]
    view.published = copy(world.published)
    view.published.bodies = [body for body in world.published.bodies if not body["id"].startswith(MARK)]
    view.machines = [clone for clone in world.clones if clone not in trusting]
    yield from judge.complaints(view)
    for clone in trusting:
        yield from _finds_out(clone)
    if not world.forged:
        yield from _whole(world)


def _trusts_what_is_forged(world: EpochWorld, clone: EpochClone) -> bool:
    """Whether a clone that had nothing has begun with a forged root: nobody could have told it."""
    head = clone.store.head()
    horizon = clone.objects.horizon(head) if head else None
    return bool(horizon) and horizon.head == world.forged


def _finds_out(clone: EpochClone) -> Iterator[str]:
    """Who has trusted a forged root finds out by looking back."""
    try:
        EpochProgram(clone, "doctor", mortal=False).look_back()
    except CoordinautError as error:
        if error.code in {"unlawful_line", "past_missing"}:
            return
    yield f"{clone.name} has looked back, and found nothing wrong with a forged root"


def _whole(world: EpochWorld) -> Iterator[str]:
    """Everybody who has looked back has every operation that was ever published, under its number."""
    published = [(body["seq"], body["id"]) for body in world.published.bodies]
    for clone in world.clones:
        line = [(entry.seq, entry.id) for _, entry in clone.store.back(clone.store.head())]
        if line[::-1] != published:
            yield f"{clone.name} does not have the line that was published"
