"""What agents' own hooks ask: how things stand, may this file be edited, may I stop here.

Rule 1: nothing here writes history but a lease that is due for renewal.
Rule 2: a file that another instance holds exclusively is not edited. One that nobody holds is told, and stops an agent
        only where `coordinaut.hooks` is `block`; `warn` stops nobody.
"""

import shlex
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from coordinaut_git.errors import CoordinautError
from coordinaut_git.operations.hooking import Json, held_by_others
from coordinaut_git.protocol import people_views, views
from coordinaut_git.protocol import requests as ask
from coordinaut_git.protocol.asking import is_due
from coordinaut_git.protocol.verify import ChangedPath, violations
from coordinaut_git.render import safe
from coordinaut_git.render.briefing import MOST, briefing
from coordinaut_git.render.words import holder, text
from coordinaut_git.workspace import Workspace

_FREE = "Claim first: coordinaut claim --task {task} --files {files} (the tool claim_task)."
_ASK = (
    "Leave it as it is and do other work, or ask its holder: coordinaut handoff request --task YOUR-TASK "
    "--files {files} --reason ... (the tool request_handoff)."
)
_NO_TASK = 'Claim first: coordinaut create --title "..." --files {files}, then coordinaut claim --task ID.'


class Said(NamedTuple):
    """What to tell an agent, nothing if that is empty, and whether it is to stop what it is about to do."""

    text: str = ""
    stops: bool = False


def session_start(workspace: Workspace) -> Said:
    """How things stand, for an agent that begins."""
    state, moment = workspace.coordinator.now()
    instance = workspace.instance()
    status = views.status_view(state, moment, everything=False)
    inbox = people_views.inbox_view(state, instance, everything=False, limit=MOST) if instance else {"messages": []}
    return Said(briefing(status, inbox["messages"], instance))


def before_edit(workspace: Workspace, paths: Sequence[Path]) -> Said:
    """Whether these files, absolute paths, may be edited; those outside of the work tree are nobody's business."""
    changed = [ChangedPath(name) for path in paths if (name := _inside(workspace, path))]
    instance = workspace.instance() or ""
    renew(workspace)
    policy = workspace.settings.hooks
    if held := held_by_others(workspace, instance, changed):
        return Said(_held(held), stops=policy != "warn")
    state, moment = workspace.coordinator.now()
    if found := violations(state, instance, changed, moment, fold=workspace.fold):
        tasks = [lease.display_id for lease in state.leases_of(instance) if not moment.expired(lease)]
        return Said(_unclaimed(found, tasks[-1:]), stops=policy == "block")
    return Said()


def before_stop(workspace: Workspace) -> Said:
    """Whether an agent may stop: not with changes of its own hand in what another one holds."""
    renew(workspace)
    instance = workspace.instance()
    if not instance or workspace.place.work_tree is None or workspace.settings.hooks == "warn":
        return Said()
    others = [one for one in workspace.coordinator.read().state.leases().values() if one.agent_instance != instance]
    if not others:
        return Said()  # what has changed is asked of git only where somebody may mind
    from coordinaut_git.plumbing.changes import changes_in

    changed = [ChangedPath(change.path, change.directory) for change in changes_in(workspace.root)]
    held = held_by_others(workspace, instance, changed)
    return Said(f"This work tree has changes in files of other agents. {_held(held)}", stops=True) if held else Said()


def renew(workspace: Workspace) -> None:
    """Note that the instance is alive, and renew those of its leases that are due."""
    instance = workspace.instance()
    if not instance:
        return
    state, moment = workspace.coordinator.now()
    due = any(is_due(one, None, moment) and not moment.expired(one) for one in state.leases_of(instance))
    if not due:
        workspace.hear(instance)
        return
    with suppress(CoordinautError):  # it is a courtesy; who cannot renew is told by what he asked for
        workspace.run(ask.Heartbeat(), workspace.owner(ask.Heartbeat()))


def _inside(workspace: Workspace, path: Path) -> str | None:
    """The path as git names it, links resolved; None for what is not in the work tree, or in the git directory."""
    root = workspace.place.work_tree
    try:
        real = path.resolve()
    except (OSError, RuntimeError):  # too long, or links in a circle: it cannot be edited either
        return None
    if root is None or not real.is_relative_to(root.resolve()):
        return None
    name = real.relative_to(root.resolve()).as_posix()
    return None if name == "." or ".git" in name.split("/") else name


def _held(found: Sequence[Json]) -> str:
    lines = [
        f"{safe.path(one['path'])} is held by {holder(one['holder'])} for {text(one['holder']['displayId'])}."
        for one in found[:MOST]
    ]
    more = [f"So are {len(found) - MOST} more."] if len(found) > MOST else []
    files = " ".join(shlex.quote(safe.path(one["path"])) for one in found[:MOST])
    return " ".join([*lines, *more, _ASK.format(files=files)])


def _unclaimed(found: Sequence[Json], tasks: Sequence[str]) -> str:
    names = ", ".join(safe.path(one["path"]) for one in found[:MOST])
    more = f" and {len(found) - MOST} more" if len(found) > MOST else ""
    files = shlex.quote(",".join(safe.path(one["path"]) for one in found[:MOST]))
    how = _FREE.format(task=tasks[0], files=files) if tasks else _NO_TASK.format(files=files)
    return f"You hold no lease that covers {names}{more}. {how}"
