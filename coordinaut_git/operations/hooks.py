"""The git hooks: put in place and taken away."""

from typing import Any

from coordinaut_git.errors import environment
from coordinaut_git.plumbing.hooks import KEPT, Changes, Folder, hooks_folder, hooks_status, install, uninstall
from coordinaut_git.protocol import requests as ask
from coordinaut_git.workspace import Workspace

Json = dict[str, Any]


def install_hooks(workspace: Workspace, request: ask.InstallHooks) -> Json:
    """`{"folder", "installed", "written", "kept", "removed", "restored", "left"}`, lists of hooks.

    `installed` are ours that are in place now, `written` those that this call wrote; `kept` are those of somebody else
    that ours run first, `left` those that are not ours and not run by ours.
    """
    folder = hooks_folder(workspace.place)
    done = uninstall(workspace.place, folder) if request.uninstall else _installed(workspace, folder)
    return _form(workspace, done)


def _installed(workspace: Workspace, folder: Folder) -> Changes:
    if workspace.place.work_tree is None and folder.setting is not None:
        raise environment(
            "no_work_tree",
            f"{workspace.root} is a bare repository whose hooks are set to {folder.setting}.",
            hint="Run this in one of its worktrees.",
        )
    done = install(workspace.place, folder)
    if folder.tracked and (done.written or done.moved):
        workspace.notices.append(
            f"{folder.path} is part of the work tree: the hooks show in `git status`, and other worktrees have them "
            "once they are committed. Where nobody ran install-hooks they do nothing."
        )
    return done


def _form(workspace: Workspace, done: Changes) -> Json:
    now = hooks_status(workspace.place)
    return {
        "folder": str(now.folder.path),
        "installed": list(now.installed),
        "written": list(done.written),
        "kept": [{"hook": name, "path": str(now.folder.path / (name + KEPT))} for name in now.kept],
        "removed": list(done.removed),
        "restored": list(done.restored),
        "left": [name for name in now.foreign if name not in done.restored],
    }
