"""`migrate --to`: the state moves to another storage, with its whole history.

Rule 1: one line of history over all storages. The last operation on the source is the newest on the target.
Rule 2: the source stays in force until the target has everything and it was compared; then one operation on the
        source hands over.
Rule 3: a stop at any instant leaves exactly one of them in force; the next command finishes or drops the move
        (moving/finishing.py).
"""

from collections.abc import Mapping
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from coordinaut_git.coordinator import QUEUE_S
from coordinaut_git.documents import Head, Store, check_format
from coordinaut_git.errors import CoordinautError, contended, refused
from coordinaut_git.moving.copying import Parted, check_copy, check_prefix, copy, created, not_empty
from coordinaut_git.moving.finishing import complete, finish
from coordinaut_git.moving.intent import Intent, alone, write_intent
from coordinaut_git.operations.setup import same_place, wanted_storage
from coordinaut_git.plumbing.state_folder import hide, read_marker
from coordinaut_git.protocol import requests as ask
from coordinaut_git.protocol.refusals import elsewhere
from coordinaut_git.protocol.state import State
from coordinaut_git.protocol.values import check_line
from coordinaut_git.protocol.wellformed import PLACE_CHARS
from coordinaut_git.storage import GIT, IN_FOLDER, REMOTE, Storage, marker_of, open_store
from coordinaut_git.workspace import Workspace

Json = dict[str, Any]


def move(workspace: Workspace, request: ask.Migrate) -> Json:
    """`{"changed", "from", "to", "location", "operations", "copied", "backup"}`.

    `copied` of the operations were not there yet; `backup` names what was kept of the source before.
    """
    workspace.check_in_force()
    state = workspace.coordinator.read().state
    target = wanted_storage(workspace, _as_set_up(request))
    _check_may_leave(workspace, state, target)
    if same_place(target, workspace.storage):
        return _answer(workspace.storage, workspace.store, state.seq, changed=False)
    with alone(workspace.place) as mine:
        if not mine:
            raise contended(
                "moving", "Somebody else is moving the state of this repository.", hint="Wait until that is done."
            )
        _check_folder(workspace.storage, target)
        with closing(open_store(target, workspace.place, workspace.settings, workspace.environ)) as opened:
            return _move(workspace, request, Intent(source=workspace.storage, target=target), opened)


def _move(workspace: Workspace, request: ask.Migrate, intent: Intent, target: Store) -> Json:
    source, head = workspace.store, workspace.coordinator.head()
    check_format(source.format(head))
    try:
        check_prefix(source, head, target)
    except Parted:
        raise not_empty(target) from None
    backup = source.backup(head, _label(workspace.coordinator.read().state, intent.target, head))
    write_intent(workspace.place, intent)
    try:
        copied = _hand_over(workspace, request, intent, target)
    except BaseException:
        with suppress(CoordinautError):
            finish(workspace.place, workspace.settings, workspace.environ)
        raise
    complete(workspace.place, intent, source, target)
    seq = workspace.coordinator.read().state.seq
    return _answer(intent.target, target, seq, changed=True) | {
        "from": intent.source.kind,
        "copied": copied + 1,
        "backup": backup,
    }


def _hand_over(workspace: Workspace, request: ask.Migrate, intent: Intent, target: Store) -> int:
    """Copy everything, compare it, and have the source say that the state is elsewhere; how many were copied."""
    source, told = workspace.store, workspace.progress
    if intent.target.folder is not None:
        hide(intent.target.folder)
    created(target)
    head = workspace.coordinator.head()
    try:
        copied = copy(source, head, target, told)
        check_copy(source, head, target)
        with source.queue(QUEUE_S):
            copied += copy(source, workspace.coordinator.head(), target, told)
            workspace.coordinator.run(_departure(workspace, intent.target), workspace.actor(request))
    except Parted:
        raise not_empty(target) from None
    return copied


def _as_set_up(request: ask.Migrate) -> ask.InitProject:
    """The same places in the words of `init`."""
    return ask.InitProject(
        storage=request.to,
        ref=request.ref,
        state_dir=request.state_dir,
        remote_url=request.remote_url,
        team=request.team,
        project=request.project,
    )


def _check_may_leave(workspace: Workspace, state: State, target: Storage) -> None:
    here = workspace.storage
    if state.home is not None and state.home.storage != here.kind:
        raise elsewhere(state.home, here.kind).as_error()
    if target.kind == here.kind and not same_place(target, here):
        raise refused(
            "same_storage",
            f"The state is kept by the {here.kind} storage already ({here.place}); it moves from storage to storage, "
            "not from place to place.",
            hint="Move it to another storage first, and from there to the other place.",
        )


def _check_folder(source: Storage, target: Storage) -> None:
    """Raise refused `state_elsewhere` where the target's folder is marked as another storage's."""
    if target.folder is None or target.folder == source.folder:
        return
    marker = read_marker(target.folder)
    if marker and {key: marker.get(key) for key in ("storage", "remote")} != {"remote": None, **marker_of(target)}:
        raise refused(
            "state_elsewhere",
            f"{target.folder} belongs to the {marker['storage']} storage, and not to {target.place}.",
            hint="Name another folder with --state-dir.",
            storage=marker["storage"],
        )


def _departure(workspace: Workspace, target: Storage) -> ask.MoveState:
    """What is written down of the new place: what can be, since a path may hold anything."""
    folder = workspace.place.common_dir if target.kind == GIT else target.folder if target.kind in IN_FOLDER else None
    remote: Mapping[str, str] = (
        {"remote_url": target.url, "team": target.team, "project": target.project} if target.kind == REMOTE else {}
    )
    return ask.MoveState(to=target.kind, state_dir=_clean(folder), **remote)


def _clean(folder: Path | None) -> str | None:
    try:
        return check_line("the folder", str(folder), PLACE_CHARS) if folder else None
    except CoordinautError:
        return None


def _label(state: State, target: Storage, head: Head) -> str:
    return f"{state.at.compact}-before-{target.kind}-{head[:12]}"


def _answer(storage: Storage, store: Store, operations: int, *, changed: bool) -> Json:
    return {
        "changed": changed,
        "from": storage.kind,
        "to": storage.kind,
        "location": store.describe()["location"],
        "operations": operations,
        "copied": 0,
        "backup": None,
    }
