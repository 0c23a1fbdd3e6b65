"""Which store keeps the state of a repository, and the opening of it.

Rule 1: git's local configuration decides. A file of the work tree does not: it may come with a stranger's clone, and
        would send somebody's token to the stranger's server (docs/decisions/0009-where-settings-live.md).
Rule 2: a store is imported when it is opened, so that a command pays for its own alone.
Rule 3: the token of a server is read from the environment, and written nowhere.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from coordinaut_git.documents import Store
from coordinaut_git.errors import CoordinautError, environment, invalid
from coordinaut_git.plumbing.repository import Place, Repository
from coordinaut_git.plumbing.settings import Settings, write_setting
from coordinaut_git.plumbing.state_folder import check_folder, told, usual_folder, written

GIT, JSON, SQLITE, REMOTE = STORAGES = ("git", "json", "sqlite", "remote")
IN_FOLDER = (JSON, SQLITE)
"""Those whose state lies in a folder of files."""

STATE_FILES = {SQLITE: "state.sqlite", JSON: "state.json"}
MOVING = "moving.json"
"""The file, in the folder that is ours, that notes a move which is under way (moving/intent.py)."""

TOKEN = "COORDINAUT_TOKEN"  # noqa: S105 - the name of a variable


@dataclass(frozen=True, slots=True, kw_only=True)
class Storage:
    """A store and its place: the ref of a git store, the folder of files, the project on a server.

    A remote one has a folder too, which holds nothing but the note of where the state is. What is not `in_force` was
    opened for looking.
    """

    kind: str
    ref: str = ""
    folder: Path | None = None
    url: str = ""
    team: str = ""
    project: str = ""
    in_force: bool = True

    @property
    def place(self) -> str:
        """Where the state is, for people."""
        if self.kind == REMOTE:
            return f"{self.url}, team {self.team}, project {self.project}"
        return self.ref if self.kind == GIT else str(self.folder)


def ruling_storage(place: Place, settings: Settings) -> Storage:
    """The storage that git's configuration names; raises invalid `bad_setting`."""
    kind = settings.values.get("storage", GIT)
    if kind not in STORAGES:
        raise invalid(
            "bad_setting",
            f"coordinaut.storage is {kind!r}, which is no storage.",
            hint=f"Set it to one of {', '.join(STORAGES)}, or take it out.",
        )
    return of_kind(kind, place, settings)


def of_kind(kind: str, place: Place, settings: Settings) -> Storage:
    """A storage at the place that the settings have for it, else at its usual one; raises invalid `bad_storage`."""
    check_storage(kind)
    if kind == GIT:
        return Storage(kind=GIT, ref=settings.ref)
    folder = settings.values.get("statedir")
    there = told(place, folder) if folder else usual_folder(place)
    url, team, project = (settings.values.get(key, "") for key in ("remoteurl", "team", "project"))
    if kind != REMOTE:
        return Storage(kind=kind, folder=there)
    return Storage(kind=REMOTE, folder=there, url=url, team=team, project=project)


def check_storage(kind: str) -> None:
    """Raise invalid `bad_storage` for a storage that there is not."""
    if kind not in STORAGES:
        raise invalid("bad_storage", f"There is no storage {kind!r}.", hint=f"Choose from {', '.join(STORAGES)}.")


def state_missing(storage: Storage) -> CoordinautError:
    """The error for a state that was set up and is not there: deleted, not mounted, or another server's."""
    return environment(
        "state_missing",
        f"The state of this repository is kept by the {storage.kind} storage ({storage.place}), and there is none.",
        hint="Put it back (is a disk not mounted, was it cleaned away?). If it is gone for good, begin anew: "
        "git config --local --unset coordinaut.stateDir; then coordinaut init",
        storage=storage.kind,
        location=storage.place,
    )


def line_missing(ref: str, last: str) -> CoordinautError:
    """The error for a line that this clone has written on, up to the commit `last`, and whose ref is not there."""
    return environment(
        "state_missing",
        f"{ref} is gone, and this clone has coordinated on it up to {last[:12]}: somebody deleted it.",
        hint="Put back what this clone remembers: coordinaut doctor --fix",
        ref=ref,
        commit=last,
    )


def no_server(missing: str) -> CoordinautError:
    """The error for a remote storage that was not told all of where it is."""
    return invalid(
        "no_server",
        f"The remote storage needs to be told {missing}.",
        hint="coordinaut init --storage remote --remote-url https://host --team TEAM --project PROJECT",
    )


def holds_state(folder: Path) -> str | None:
    """Which storage's state lies in a folder that has no marker."""
    found = (kind for kind, name in STATE_FILES.items() if (folder / name).exists())
    return next(found, None)


def marker_of(storage: Storage) -> dict[str, Any]:
    """What `config.json` in the folder of a storage is to say."""
    if storage.kind != REMOTE:
        return {"storage": storage.kind}
    server = {"url": storage.url, "team": storage.team, "project": storage.project}
    return {"storage": REMOTE, "remote": server}


def put_in_force(place: Place, storage: Storage) -> None:
    """Have git's configuration name this storage from now on; which one it is comes last, so that it comes at once."""
    if storage.kind == GIT:
        write_setting(place, "ref", storage.ref)
    if storage.folder is not None:
        write_setting(place, "stateDir", written(place, storage.folder))
    if storage.kind == REMOTE:
        write_setting(place, "remoteUrl", storage.url)
        write_setting(place, "team", storage.team)
        write_setting(place, "project", storage.project)
    write_setting(place, "storage", storage.kind)


def open_store(
    storage: Storage,
    place: Place,
    settings: Settings,
    environ: Mapping[str, str],
    *,
    repository: Repository | None = None,
) -> Store:
    """Open it; raises as the store does, and environment `bad_state_dir` for a folder that can be none."""
    match storage:
        case Storage(kind="git"):
            from coordinaut_git.stores.git.store import open_git_store

            return open_git_store(place, replace(settings, ref=storage.ref), repository=repository)
        case Storage(kind="remote", url=""):
            raise no_server("which server, team and project")
        case Storage(kind="remote"):
            from coordinaut_git.stores.remote import open_remote_store

            return open_remote_store(
                storage.url,
                storage.team,
                storage.project,
                token=environ.get(TOKEN) or None,
                cache_folder=place.own_dir / "remote",
                environ=environ,
            )
        case Storage(folder=folder):
            assert folder is not None
            check_folder(folder)
            return _open_in(folder, storage.kind, settings)


def _open_in(folder: Path, kind: str, settings: Settings) -> Store:
    if kind == SQLITE:
        from coordinaut_git.stores.sql import open_sqlite_store

        return open_sqlite_store(folder / STATE_FILES[SQLITE], flush=settings.flush, queue_folder=folder / "queue")
    from coordinaut_git.stores.json import open_json_store

    return open_json_store(folder, flush=settings.flush)
