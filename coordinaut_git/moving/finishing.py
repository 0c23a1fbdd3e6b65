"""The end of a move: what the source says decides, whatever stopped in between.

Rule 1: until `state_moved` is on the source's line the source keeps the state, and from then on the target. Nothing
        else is asked: no setting, no marker, no clock.
Rule 2: every step can be done again, by anybody, and changes nothing if it was done.
Rule 3: a target that can never continue the line, because somebody else began one there, gives the state back.
"""

from collections.abc import Mapping
from contextlib import ExitStack, closing

from coordinaut_git.clock import RandomIds, SystemClock
from coordinaut_git.coordinator import Coordinator, state_at
from coordinaut_git.documents import Head, Store
from coordinaut_git.errors import contended, refused
from coordinaut_git.moving.copying import Parted, copy
from coordinaut_git.moving.intent import Intent, alone, drop_intent, read_intent
from coordinaut_git.moving.lines import goes_on
from coordinaut_git.plumbing.repository import Place, Repository
from coordinaut_git.plumbing.settings import Settings, read_settings
from coordinaut_git.plumbing.state_folder import mark_anew, unmark
from coordinaut_git.protocol import requests as ask
from coordinaut_git.protocol.model import Actor
from coordinaut_git.storage import REMOTE, Storage, marker_of, open_store, put_in_force

WAIT_S = 10.0


def settle(place: Place, repository: Repository, environ: Mapping[str, str]) -> None:
    """Finish or drop the move whose note was found; leave it to whoever is at it, but wait for its last steps.

    Raises contended `moving` where these take too long, and what the storages raise.
    """
    settings = read_settings(repository)
    with alone(place) as mine:
        if mine:
            finish(place, settings, environ)
            return
    intent = read_intent(place)
    if intent is None or not _has_left(place, settings, environ, intent):
        return
    with alone(place, WAIT_S) as mine:
        if not mine:
            raise contended(
                "moving",
                f"The state is being moved from the {intent.source.kind} to the {intent.target.kind} storage.",
                hint="Try again in a moment.",
            )
        finish(place, settings, environ)


def finish(place: Place, settings: Settings, environ: Mapping[str, str]) -> None:
    """Carry the noted move to its end, if the state has left the source, or forget it; for whoever is `alone`."""
    intent = read_intent(place)
    if intent is None:
        return
    with ExitStack() as stack:
        source = stack.enter_context(closing(open_store(intent.source, place, settings, environ)))
        head = source.head()
        if head is not None and has_left(source, head, intent.source):
            target = stack.enter_context(closing(open_store(intent.target, place, settings, environ)))
            complete(place, intent, source, target)
        else:
            drop_intent(place)


def complete(place: Place, intent: Intent, source: Store, target: Store) -> None:
    """Bring the target the rest of the line, and put it in force; raises refused `move_taken_back`."""
    head = source.head()
    assert head is not None
    try:
        _bring(source, head, target)
    except Parted:
        _take_back(place, intent, source)
    put_in_force(place, intent.target)
    _mark(intent)
    drop_intent(place)


def has_left(source: Store, head: Head, storage: Storage) -> bool:
    """Whether the state was moved away from the source."""
    home = state_at(source, head).home
    return home is not None and home.storage != storage.kind


def _has_left(place: Place, settings: Settings, environ: Mapping[str, str], intent: Intent) -> bool:
    with closing(open_store(intent.source, place, settings, environ)) as source:
        head = source.head()
        return head is not None and has_left(source, head, intent.source)


def _bring(source: Store, head: Head, target: Store) -> None:
    if not goes_on(source, head, target):
        copy(source, head, target, lambda _, __: None)


def _mark(intent: Intent) -> None:
    """Have the folders say which storage keeps the state, for checkouts that are set up with them."""
    left, here = intent.source.folder, intent.target.folder
    if here is not None:
        mark_anew(here, marker_of(intent.target))
    if left is not None and left != here:
        unmark(left)


def _take_back(place: Place, intent: Intent, source: Store) -> None:
    coordinator = Coordinator(
        source, SystemClock(), RandomIds(), team=intent.source.kind == REMOTE, storage=intent.source.kind
    )
    coordinator.run(ask.MoveState(to=intent.source.kind), Actor())
    drop_intent(place)
    raise refused(
        "move_taken_back",
        f"Somebody else wrote to the {intent.target.kind} storage ({intent.target.place}) before the move was "
        f"finished, so the state stays in the {intent.source.kind} storage.",
        hint="Nothing was lost. Name another place, or have them stop, and move again.",
    )
