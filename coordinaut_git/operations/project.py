"""The board for people, written to a file."""

import os
from pathlib import Path
from typing import Any

from coordinaut_git.errors import environment
from coordinaut_git.operations.team import team_of
from coordinaut_git.plumbing.state_folder import USUAL
from coordinaut_git.protocol import requests as ask
from coordinaut_git.protocol import views
from coordinaut_git.workspace import Workspace

Json = dict[str, Any]

BOARD = Path(USUAL, "snapshots/TASKS.md")


def snapshot(workspace: Workspace, request: ask.Snapshot) -> Json:
    """`{"path", "markdown"}`; the path is null when the board was not written to a file."""
    from coordinaut_git.render.board import board

    state, moment = workspace.coordinator.now()
    shown = views.status_view(state, moment, everything=True) | {"team": team_of(workspace)}
    text = board(shown, generated_at=str(moment.local))
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
