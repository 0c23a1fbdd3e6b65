"""Start coordination: where the state is to live, or where it lives already.

Rule 1: one state, one place. Where state lives, it does not come to live elsewhere but by `migrate --to`; its ref may
        get another name until a team's remote has taken it.
Rule 2: the state is there before git's configuration names it; running this again changes nothing.
Rule 3: what a folder's `config.json` says is taken for true only where somebody named that folder.
"""

from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from coordinaut_git.documents import Store
from coordinaut_git.errors import CoordinautError, invalid, refused
from coordinaut_git.operations.renaming import may_rename, rename
from coordinaut_git.operations.team import check_remote, met_team
from coordinaut_git.plumbing.settings import POLICIES, check_ref_name, write_setting
from coordinaut_git.plumbing.state_folder import adoptable_marker, named, prepare
from coordinaut_git.protocol import requests as ask
from coordinaut_git.protocol.values import clip
from coordinaut_git.storage import (
    GIT,
    IN_FOLDER,
    JSON,
    REMOTE,
    Storage,
    check_storage,
    holds_state,
    marker_of,
    no_server,
    of_kind,
    open_store,
    put_in_force,
)
from coordinaut_git.workspace import Workspace

Json = dict[str, Any]

_BELONGS = {
    "ref": (GIT,),
    "remote": (GIT,),
    "policy": (GIT,),
    "state_dir": (*IN_FOLDER, REMOTE),
    "remote_url": (REMOTE,),
    "team": (REMOTE,),
    "project": (REMOTE,),
}
"""Which storage an option is for."""


def init(workspace: Workspace, request: ask.InitProject) -> Json:
    """`{"storage", "location", "root", "created", "sync", "hooks", "agents"}`, and what the store tells of its place.

    `created` tells whether this call made it; `sync` is what `sync` answers, with the `policy`, null where no remote
    was named; `hooks` is what `install-hooks` answers, `agents` a list of `{"path", "change"}`, both null if they were
    not asked for.
    """
    if request.policy is not None and request.policy not in POLICIES:
        raise invalid(
            "bad_policy", f"There is no policy {clip(request.policy)!r}.", hint="Give provisional or confirmed."
        )
    agents = _agents(workspace, request)
    wanted = wanted_storage(workspace, request)
    check_remote(workspace, request.remote)
    if same_place(wanted, workspace.storage):
        workspace.coordinated()  # raises where there was a state: a new one would hide what became of it
        created = _begun(workspace, wanted if not workspace.was_set_up else workspace.storage, workspace.store)
        where = workspace.store.describe()
    elif may_rename(workspace, wanted, request.remote):
        rename(workspace, wanted)
        created, where = False, _described(workspace, wanted)
    elif follows(workspace, wanted):
        put_in_force(workspace.place, wanted)
        created, where = False, _described(workspace, wanted)
    else:
        _check_not_elsewhere(workspace, wanted)
        created, where = _begun_elsewhere(workspace, wanted)
    for key, value in (("ref", request.ref), ("remote", request.remote), ("policy", request.policy)):
        if value is not None and workspace.settings.values.get(key) != value:
            write_setting(workspace.place, key, value)
    met = met_team(workspace, asked=request.remote is not None, created=created) if wanted.kind == GIT else None
    hooks = _hooks(workspace) if request.hooks else None
    told = agents() if agents else None
    return {**where, "root": str(workspace.root), "created": created, "sync": met, "hooks": hooks, "agents": told}


def wanted_storage(workspace: Workspace, request: ask.InitProject) -> Storage:
    """What is asked for, filled up from what is in force and from the folder that is named."""
    ruling, place = workspace.storage, workspace.place
    folder = named(place, workspace.start, request.state_dir) if request.state_dir is not None else None
    marker = (adoptable_marker(folder) if folder else None) or {}
    kind = request.storage or (_kind_in(workspace, folder, marker) if folder else ruling.kind)
    check_storage(kind)
    for option, kinds in _BELONGS.items():
        if getattr(request, option) is not None and kind not in kinds:
            raise _not_for(option, kind, kinds)
    wanted = ruling if kind == ruling.kind else of_kind(kind, place, workspace.settings)
    if folder:
        wanted = replace(wanted, folder=folder)
    if request.ref is not None:
        wanted = replace(wanted, ref=check_ref_name(request.ref))
    return _on_server(wanted, request, marker.get("remote", {})) if kind == REMOTE else wanted


def _kind_in(workspace: Workspace, folder: Path, marker: Json) -> str:
    """The storage of a folder: what its marker says, or else the state in it; json for a new one."""
    kind = marker.get("storage") or holds_state(folder)
    if kind:
        return str(kind)
    if workspace.storage.kind in IN_FOLDER:
        return workspace.storage.kind
    workspace.notices.append("The git storage keeps no folder, so --state-dir means the json storage.")
    return JSON


def _on_server(wanted: Storage, request: ask.InitProject, told: Json) -> Storage:
    """With the address, the team and the project; raises invalid for those that are missing or can be none."""
    keys = {"url": "remote_url", "team": "team", "project": "project"}
    given = {key: getattr(request, option) or told.get(key) or getattr(wanted, key) for key, option in keys.items()}
    missing = [f"--{option.replace('_', '-')}" for key, option in keys.items() if not given[key]]
    if missing:
        raise no_server(" and ".join(missing))
    url, team, project = (str(given[key]) for key in keys)
    return replace(wanted, url=url.rstrip("/"), team=team, project=project)


def same_place(one: Storage, other: Storage) -> bool:
    """Whether two are the same store; a server's project is, whatever folder notes it."""
    if one.kind == other.kind == REMOTE:
        return replace(one, folder=None) == replace(other, folder=None)
    return one == other


def follows(workspace: Workspace, wanted: Storage) -> bool:
    """Whether the state was moved away from what is in force here, and its line goes on in the wanted place."""
    head = workspace.store.head()
    home = workspace.coordinator.read().state.home if head else None
    if head is None or home is None or home.storage == workspace.storage.kind or home.storage != wanted.kind:
        return False
    from coordinaut_git.moving.lines import goes_on

    with closing(open_store(wanted, workspace.place, workspace.settings, workspace.environ)) as there:
        return goes_on(workspace.store, head, there)


def _described(workspace: Workspace, wanted: Storage) -> Json:
    with closing(open_store(wanted, workspace.place, workspace.settings, workspace.environ)) as store:
        return dict(store.describe())


def _check_not_elsewhere(workspace: Workspace, wanted: Storage) -> None:
    """Raise `state_elsewhere` where state lives in another place than the wanted one."""
    ruling = workspace.storage
    if not workspace.coordinated():
        return
    if wanted.kind != ruling.kind:
        hint = f"Move it there: coordinaut migrate --to {wanted.kind}"
    else:
        option = {GIT: "--ref", REMOTE: "the server's options"}.get(wanted.kind, "--state-dir")
        hint = f"Leave {option} out to go on with it."
    raise refused(
        "state_elsewhere",
        f"The state of this repository lives {'on' if ruling.kind == GIT else 'in'} {ruling.place}; "
        f"it does not move to {wanted.place} by itself."
        if wanted.kind == ruling.kind
        else f"The state of this repository is kept by the {ruling.kind} storage ({ruling.place}); it does not move to "
        f"the {wanted.kind} storage by itself.",
        hint=hint,
        storage=ruling.kind,
        location=ruling.place,
    )


def _begun_elsewhere(workspace: Workspace, wanted: Storage) -> tuple[bool, Json]:
    store = open_store(wanted, workspace.place, workspace.settings, workspace.environ)
    try:
        return _begun(workspace, wanted, store), dict(store.describe())
    finally:
        store.close()


def _begun(workspace: Workspace, wanted: Storage, store: Store) -> bool:
    """Make the state if there is none, and have git's configuration name it; whether it was made.

    Of several that begin different storages in one folder at once, the one that marks it first goes on. What a server
    says comes before anything is noted here.
    """
    if wanted.kind in IN_FOLDER:
        _mark(wanted)
    created = store.head() is None and store.create()
    if not created:
        _check_readable(store)
    if wanted.kind == REMOTE:
        _mark(wanted)
        workspace.notices += _of_role(store)
    if wanted.kind != GIT and not workspace.was_set_up:
        put_in_force(workspace.place, wanted)
    return created


def _of_role(store: Store) -> list[str]:
    from coordinaut_git.operations.checks.server import may_write
    from coordinaut_git.stores.remote import RemoteStore

    if isinstance(store, RemoteStore) and not may_write(store):
        return ["The token may only read here: what would change something is refused."]
    return []


def _mark(wanted: Storage) -> None:
    """See to the marker of the folder; raises `state_elsewhere` where the folder is another storage's."""
    if wanted.folder is None:
        return
    mine = marker_of(wanted)
    found = prepare(wanted.folder, mine)
    if found["storage"] != mine["storage"] or found.get("remote") != mine.get("remote"):
        where = f" ({', '.join(map(str, found['remote'].values()))})" if isinstance(found.get("remote"), dict) else ""
        raise refused(
            "state_elsewhere",
            f"{wanted.folder} belongs to the {clip(str(found['storage']))} storage{where} already, "
            f"and not to {wanted.place}.",
            hint="Name another folder with --state-dir, or leave out what differs.",
            storage=found["storage"],
        )


def _check_readable(store: Store) -> None:
    """Raise what is wrong with a store that was there already: nothing can be set up on top of it."""
    head = store.head()
    if head is not None:
        store.snapshot(head)


def _not_for(option: str, kind: str, kinds: tuple[str, ...]) -> CoordinautError:
    return invalid(
        "other_storage",
        f"--{option.replace('_', '-')} means nothing to the {kind} storage.",
        hint=f"Leave it out, or name its storage: --storage {'|'.join(kinds)}",
    )


def _hooks(workspace: Workspace) -> Json:
    from coordinaut_git.operations.hooks import install_hooks

    return install_hooks(workspace, ask.InstallHooks())


def _agents(workspace: Workspace, request: ask.InitProject) -> Callable[[], list[Json]] | None:
    """What tells the agents, once all else is done; whether it can is checked before anything is."""
    if not request.agents:
        return None
    from coordinaut_git.operations.agents_file import checked_names, checked_work_tree, tell_agents

    return partial(tell_agents, checked_work_tree(workspace.place.work_tree), checked_names(request.agents))
