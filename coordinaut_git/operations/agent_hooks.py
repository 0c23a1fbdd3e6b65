"""The hooks of agents: put into the files that the agents read, and taken out again.

Rule 1: every byte that is not ours stays as it is; what was put in is taken out to the byte.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from coordinaut_git.errors import invalid
from coordinaut_git.operations.clients.edited import edited
from coordinaut_git.operations.clients.hook_catalogue import BY_AGENT, COMMAND, HOOK_FILES, HookFile, is_ours
from coordinaut_git.operations.clients.json_entry import found_at, names_in, put_item, put_value, take, take_items
from coordinaut_git.operations.clients.jsonc import Unreadable
from coordinaut_git.protocol.values import clip

Json = dict[str, Any]

HOOKS = "hooks"
PROGRAM = COMMAND.partition(" ")[0]


def hook_files(names: Sequence[str]) -> list[HookFile]:
    """Those of these agents; raises invalid `bad_agent`."""
    for name in names:
        if name not in BY_AGENT:
            raise invalid("bad_agent", f"There is no agent {clip(name)!r}.", hint=f"Choose from {', '.join(BY_AGENT)}.")
    return [BY_AGENT[name] for name in dict.fromkeys(names)]


def change_agents(work_tree: Path, wanted: Sequence[HookFile], *, uninstall: bool) -> list[Json]:
    """`[{"agent", "title", "path", "change"}]`; `change` is `added`, `updated`, `removed` or `unchanged`.

    Raises as `edited` does.
    """
    return [
        {
            "agent": home.agent,
            "title": home.title,
            "path": home.file,
            "change": _removed(work_tree, home) if uninstall else _added(work_tree, home),
        }
        for home in wanted
    ]


def set_up_in(work_tree: Path) -> list[HookFile]:
    """The agents whose hooks are in place here, as far as their files can be read."""
    return [home for home in HOOK_FILES if _is_there(_text(work_tree / home.file), home)]


def notices_of(done: Sequence[Json], environ: Mapping[str, str]) -> list[str]:
    """What there is to say after hooks were put in place."""
    import shutil

    added = [BY_AGENT[one["agent"]] for one in done if one["change"] in {"added", "updated"}]
    notices = [home.note for home in added if home.note]
    if done and not shutil.which(PROGRAM, path=environ.get("PATH", "")):
        notices.append(
            f"{PROGRAM} is not on your PATH, and the hooks call it by name: until it is installed for good "
            "(uv tool install, pipx install), they do nothing."
        )
    return notices


def _added(work_tree: Path, home: HookFile) -> str:
    was_there = False

    def change(text: str | None) -> str | None:
        nonlocal was_there
        was_there = _is_there(text, home)
        return _with(text, home)

    by_hand = "There should be an object hooks with an array for each event; put that right by hand."
    if not edited(work_tree / home.file, work_tree, change, kind="JSON", by_hand=by_hand):
        return "unchanged"
    return "updated" if was_there else "added"


def _removed(work_tree: Path, home: HookFile) -> str:
    def change(text: str | None) -> str | None:
        return None if text is None else _without(text, home)

    done = edited(work_tree / home.file, work_tree, change, kind="JSON", by_hand="Take it out by hand.")
    return "removed" if done else "unchanged"


def _with(text: str | None, home: HookFile) -> str | None:
    for event, element in home.elements.items():
        text = put_item(text, (HOOKS, event), element, is_ours)
    for name, value in home.beside.items():
        text = put_value(text or "", name, value)
    return text


def _without(text: str, home: HookFile) -> str | None:
    """The text without our elements; what was put beside them goes too, where it stands as we put it."""
    shorter = _without_elements(text, home)
    beside = list(home.beside)
    ours = beside and names_in(text)[-len(beside) - 1 :] == [HOOKS, *beside]
    if ours and (shorter is None or found_at(shorter, (HOOKS,)) is None):
        for name in reversed(beside):
            text = take(text, (name,)) or ""
        return _without_elements(text, home)
    return shorter


def _without_elements(text: str, home: HookFile) -> str | None:
    left: str | None = text
    for event in reversed(tuple(home.elements)):
        left = None if left is None else take_items(left, (HOOKS, event), is_ours)
    return left


def _is_there(text: str | None, home: HookFile) -> bool:
    try:
        found = [found_at(text, (HOOKS, event)) for event in home.elements] if text else []
    except Unreadable:
        return False
    return any(is_ours(one) for elements in found if isinstance(elements, list) for one in elements)


def _text(path: Path) -> str | None:
    try:
        return path.read_text("utf-8").removeprefix("\ufeff")
    except (OSError, UnicodeDecodeError):
        return None
