"""The git hooks, and those of agents: put in place and taken away."""

from collections.abc import Callable
from typing import Any

from coordinaut_git.errors import environment
from coordinaut_git.plumbing.hooks import KEPT, Changes, Folder, hooks_folder, hooks_status, install, uninstall
from coordinaut_git.protocol import requests as ask
from coordinaut_git.workspace import Workspace

Json = dict[str, Any]


def install_hooks(workspace: Workspace, request: ask.InstallHooks) -> Json:
    """`{"folder", "installed", "written", "kept", "removed", "restored", "left", "agents"}`, lists of hooks.

    `installed` are ours that are in place now, `written` those that this call wrote; `kept` are those of somebody else
    that ours run first, `left` those that are not ours and not run by ours. `agents` is a list of `{"agent", "title",
    "path", "change"}`.
    """
    change_agents = _agents(workspace, request)
    if request.uninstall and change_agents:
        done = Changes()
    else:
        folder = hooks_folder(workspace.place)
        done = uninstall(workspace.place, folder) if request.uninstall else _installed(workspace, folder)
    return {**_form(workspace, done), "agents": change_agents() if change_agents else _left(workspace, request)}


def _agents(workspace: Workspace, request: ask.InstallHooks) -> Callable[[], list[Json]] | None:
    """What changes the hooks of agents, once all else is done; whether it can is checked before anything is."""
    if not request.agents:
        return None
    from coordinaut_git.operations.agent_hooks import change_agents, hook_files, notices_of
    from coordinaut_git.operations.agents_file import checked_work_tree

    wanted, work_tree = hook_files(request.agents), checked_work_tree(workspace.place.work_tree)

    def change() -> list[Json]:
        found = change_agents(work_tree, wanted, uninstall=request.uninstall)
        workspace.notices += [] if request.uninstall else notices_of(found, workspace.environ)
        return found

    return change


def _left(workspace: Workspace, request: ask.InstallHooks) -> list[Json]:
    """No agents were named: none is changed, and where git's hooks go, that is said."""
    if request.uninstall and workspace.place.work_tree:
        from coordinaut_git.operations.agent_hooks import set_up_in

        if there := [home.agent for home in set_up_in(workspace.place.work_tree)]:
            workspace.notices.append(
                f"The hooks of agents stay: coordinaut install-hooks --uninstall --agents {','.join(there)}"
            )
    return []


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
