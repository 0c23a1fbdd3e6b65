"""What the value of an option may be, from the live state: tasks, instances, agents, messages, remotes, files.

Rule 1: an offer is found by the name of the parameter; one more kind of thing is one more line in `OFFERS`.
Rule 2: only what is cheap is read: open work, who is present, one day of the archive, one folder.
"""

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import TypeAlias

import click
from click.shell_completion import CompletionItem

from coordinaut_git.faces.cli.grow import said_nearest, workspace_at
from coordinaut_git.faces.cli.parameters import COMMA_SEPARATED
from coordinaut_git.operations.agents_file import NOBODY, OWN_FILES
from coordinaut_git.plumbing.run import git_reading
from coordinaut_git.plumbing.settings import POLICIES
from coordinaut_git.protocol.inbox import unread
from coordinaut_git.protocol.model import CheckStatus, Instance, Task
from coordinaut_git.protocol.values import one_line
from coordinaut_git.storage import STORAGES
from coordinaut_git.workspace import Workspace

Item: TypeAlias = "CompletionItem[str]"  # a name only: before click 8.5 it takes no type
Offer = Callable[[Workspace, click.Context, str], Iterable["Item"]]

MOST = 100
_DISPLAY = re.compile(r"AGT-(\d{8})(?:-(\d*))?\Z", re.IGNORECASE)
_NO_PLAIN_PATTERN = re.compile(r"[*?\[\]\\,!#\x00-\x1f\x7f\ud800-\udfff]|^\s|\s$")


def offered(ctx: click.Context, param: click.Parameter, typed: str) -> list[Item]:
    """The values that begin with what was typed; of values in a list, those of the last."""
    name = param.name or ""
    if name in LEFT_TO_THE_SHELL:
        return [CompletionItem(typed, type=LEFT_TO_THE_SHELL[name])]
    if name not in OFFERS:
        return []
    listed, comma, last = typed.rpartition(",") if name in COMMA_SEPARATED else ("", "", typed)
    with closing(_workspace(ctx)) as workspace:
        found = (item for item in OFFERS[name](workspace, ctx, last) if _begins(item.value, last))
        return [CompletionItem(listed + comma + item.value, item.type, item.help) for item in islice(found, MOST)]


def tasks(workspace: Workspace, ctx: click.Context, typed: str) -> Iterator[Item]:
    """Open tasks, the most urgent first; then those of the day that was typed, whatever became of them."""
    del ctx
    state = workspace.coordinator.read().state
    shown = {task.id: task for task in sorted(state.open_tasks(), key=lambda task: (task.priority, task.display_id))}
    found = _DISPLAY.match(typed)
    if found or typed.startswith("task_"):
        prefix = f"task_{found[1]}_{found[2] or ''}" if found else typed
        ids = islice(state.task_ids(prefix), MOST)
        shown |= {task_id: task for task_id in ids if task_id not in shown and (task := state.task(task_id))}
    for task in shown.values():
        yield _task(task.id if typed.startswith("task_") else task.display_id, task)


def instances(workspace: Workspace, ctx: click.Context, typed: str) -> Iterator[Item]:
    """Who holds something or was heard of here; everybody there ever was if that is nobody."""
    del ctx, typed
    return (CompletionItem(one.id, help=f"{one.name}, {one.tool}") for one in _present(workspace))


def agents(workspace: Workspace, ctx: click.Context, typed: str) -> Iterator[Item]:
    """The names of those."""
    del ctx, typed
    return (CompletionItem(name) for name in dict.fromkeys(one.name for one in _present(workspace)))


def threads(workspace: Workspace, ctx: click.Context, typed: str) -> Iterator[Item]:
    """Their threads."""
    del ctx, typed
    return (CompletionItem(one.thread_id, help=one.name) for one in _present(workspace) if one.thread_id)


def messages(workspace: Workspace, ctx: click.Context, typed: str) -> Iterator[Item]:
    """What the instance has not read, newest first."""
    del typed
    instance = ctx.params.get("agent_instance") or workspace.instance() or ""
    found = unread(workspace.coordinator.read().state, instance)
    return (CompletionItem(message.id, help=one_line(message.text)) for message in found)


def handoffs(workspace: Workspace, ctx: click.Context, typed: str) -> Iterator[Item]:
    """Those that something can still come of, with who wants what."""
    del ctx, typed
    found = workspace.coordinator.read().state.pending_handoffs()
    return (
        CompletionItem(one.id, help=f"{one.requester_agent or one.requester}: {', '.join(one.files)}") for one in found
    )


def remotes(workspace: Workspace, ctx: click.Context, typed: str) -> Iterator[Item]:
    """The remotes of the repository."""
    del ctx, typed
    return map(CompletionItem, workspace.settings.remotes)


def revisions(workspace: Workspace, ctx: click.Context, typed: str) -> Iterator[Item]:
    """Branches and tags, the newest first; of a range, either end."""
    del ctx
    start, dots, _ = typed.rpartition("..")
    refs = ("refs/heads", "refs/remotes", "refs/tags")
    listing = ("for-each-ref", "--sort=-creatordate", f"--count={MOST}", "--format=%(refname:short)", *refs)
    names = git_reading(*listing, at=workspace.root).out.decode("utf-8", "surrogateescape").splitlines()
    return (CompletionItem(start + dots + name) for name in ("HEAD", *names))


def paths(workspace: Workspace, ctx: click.Context, typed: str) -> Iterator[Item]:
    """What lies in the folder that was typed, from the root of the repository, as patterns are anchored there.

    What would not be a plain pattern under its own name is left out.
    """
    del ctx
    folder = typed.rpartition("/")[0]
    root = workspace.place.work_tree
    if root is None or typed.startswith("/") or ".." in folder.split("/"):
        return
    begin = f"{folder}/" if folder else ""
    with os.scandir(root / folder) as entries:
        found = sorted((entry.name, entry.is_dir()) for entry in entries if entry.name != ".git")
    for name, is_folder in found:
        if not _NO_PLAIN_PATTERN.search(name):
            yield CompletionItem(begin + name + ("/" if is_folder else ""), type="folder" if is_folder else "name")


def checks(workspace: Workspace, ctx: click.Context, typed: str) -> Iterator[Item]:
    """How the check came out that was named."""
    del workspace, ctx
    name, equals, _ = typed.partition("=")
    return (CompletionItem(f"{name}={status}") for status in CheckStatus if equals)


def words(*known: str) -> Offer:
    """Words that are always the same."""
    return lambda *_: map(CompletionItem, known)


OFFERS: Mapping[str, Offer] = {
    "task": tasks,
    "depends_on": tasks,
    "agent_instance": instances,
    "from_agent_instance": instances,
    "to_agent_instance": instances,
    "agent": agents,
    "from_agent": agents,
    "to_agent": agents,
    "thread": threads,
    "messages": messages,
    "id": handoffs,
    "remote": remotes,
    "files": paths,
    "commit": revisions,
    "range": revisions,
    "check": checks,
    "policy": words(*POLICIES),
    "agents": words(*OWN_FILES, NOBODY),
    "storage": words(*STORAGES),
}
LEFT_TO_THE_SHELL: Mapping[str, str] = {
    "root": "dir",
    "output": "file",
    "path": "file",
    "state_dir": "dir",
    "message_file": "file",
}


def _workspace(ctx: click.Context) -> Workspace:
    said = said_nearest(ctx)
    root = said["root"]  # where a shell completes, it has not put the home folder in the place of ~ yet
    return workspace_at(str(Path(root).expanduser()) if root else None, said["storage"])


def _task(shown: str, task: Task) -> Item:
    return CompletionItem(shown, help=one_line(task.title))


def _present(workspace: Workspace) -> list[Instance]:
    state = workspace.coordinator.read().state
    ids = {lease.agent_instance for lease in state.leases().values()} | set(workspace.heard())
    known = [instance for instance_id in sorted(ids) if (instance := state.instance(instance_id))]
    return known or list(islice(state.instances(), MOST))


def _begins(value: str, typed: str) -> bool:
    return value.lower().startswith(typed.lower())
