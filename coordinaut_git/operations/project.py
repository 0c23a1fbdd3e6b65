"""The project: start coordination, and write the board for people."""

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

from coordinaut_git.documents import Store
from coordinaut_git.errors import environment, invalid, refused
from coordinaut_git.plumbing.settings import check_ref_name, write_setting
from coordinaut_git.protocol import requests as ask
from coordinaut_git.protocol import views
from coordinaut_git.protocol.values import clip
from coordinaut_git.storage import GIT, check_storage, not_available
from coordinaut_git.workspace import Workspace

Json = dict[str, Any]

BOARD = Path(".coordinaut/snapshots/TASKS.md")
POLICIES = ("provisional", "confirmed")


def init(workspace: Workspace, request: ask.InitProject) -> Json:
    """`{"storage", "location", "ref", "root", "created", "hooks"}`: where state lives, and whether this call made it.

    `hooks` is what `install-hooks` answers, null if they were not asked for.
    """
    check_storage(request.storage)
    if request.storage != GIT:
        raise not_available(request.storage)
    if request.policy is not None and request.policy not in POLICIES:
        raise invalid(
            "bad_policy", f"There is no policy {clip(request.policy)!r}.", hint="Give provisional or confirmed."
        )
    _check_remote(workspace, request.remote)
    store = _store_on(workspace, request.ref)
    created = store.create()
    if not created:
        _check_readable(store)
    for key, value in (("ref", request.ref), ("remote", request.remote), ("policy", request.policy)):
        if value is not None and workspace.settings.values.get(key) != value:
            write_setting(workspace.place, key, value)
    hooks = _hooks(workspace) if request.hooks else None
    return {**store.describe(), "root": str(workspace.root), "created": created, "hooks": hooks}


def _hooks(workspace: Workspace) -> Json:
    from coordinaut_git.operations.hooks import install_hooks

    return install_hooks(workspace, ask.InstallHooks())


def _check_readable(store: Store) -> None:
    """Raise what is wrong with a store that was there already: nothing can be set up on top of it."""
    head = store.head()
    if head is not None:
        store.snapshot(head)


def _store_on(workspace: Workspace, ref: str | None) -> Store:
    """The store on the wanted ref; refused where state lives on another one already, for it would seem lost."""
    if ref is None or ref == workspace.settings.ref:
        return workspace.store
    settings = replace(workspace.settings, ref=check_ref_name(ref))
    if workspace.store.head() is not None:
        raise refused(
            "state_elsewhere",
            f"The state of this repository lives on {workspace.settings.ref}; it does not move to {ref} by itself.",
            hint="Leave --ref out to go on with it.",
        )
    from coordinaut_git.stores.git.store import open_git_store

    return open_git_store(workspace.place, settings)


def _check_remote(workspace: Workspace, remote: str | None) -> None:
    if remote is not None and remote not in workspace.settings.remotes:
        known = ", ".join(workspace.settings.remotes) or "none"
        raise invalid("no_such_remote", f"This repository has no remote {clip(remote)!r}.", hint=f"It has: {known}.")


def snapshot(workspace: Workspace, request: ask.Snapshot) -> Json:
    """`{"path", "markdown"}`; the path is null when the board was not written to a file."""
    from coordinaut_git.render.board import board

    state = workspace.coordinator.read().state
    moment = workspace.coordinator.moment(state)
    text = board(views.status_view(state, moment, everything=True), generated_at=str(moment.local))
    if request.output == "-":
        return {"path": None, "markdown": text}
    path = _board_path(workspace, request.output)
    try:
        _write(path, text)
    except OSError as error:
        raise environment("cannot_write", f"The board cannot be written to {path}: {error.strerror}.") from error
    return {"path": str(path), "markdown": text}


def _board_path(workspace: Workspace, output: str | None) -> Path:
    """The file to write; the usual one's folder is hidden from git, so that it is never somebody's change."""
    if output is not None:
        return workspace.start / output
    path = workspace.root / BOARD
    ignore = workspace.root / BOARD.parts[0] / ".gitignore"
    if not ignore.exists():
        try:
            _write(ignore, "*\n")
        except OSError as error:
            raise environment("cannot_write", f"{ignore} cannot be written: {error.strerror}.") from error
    return path


def _write(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and not path.is_file():
        path.write_text(text, "utf-8")  # a device or a pipe is written to, not replaced
        return
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        beside.write_text(text, "utf-8")
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
