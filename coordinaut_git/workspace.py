"""The composition root: find the repository, read the settings, open the store.

Rule 1: this is where the parts are put together; nobody below knows the parts beside it.
Rule 2: what the environment says is read here, once, from the mapping that is given.
"""

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from coordinaut_git.clock import Clock, Ids, RandomIds, SystemClock
from coordinaut_git.coordinator import Coordinator, Done, Known, no_store
from coordinaut_git.documents import Head, Store, Waiting
from coordinaut_git.errors import CoordinautError, refused
from coordinaut_git.plumbing.repository import Place, find, open_repository
from coordinaut_git.plumbing.settings import Settings, check_ref_name, read_settings
from coordinaut_git.protocol.model import Actor, Instance
from coordinaut_git.protocol.requests import Request
from coordinaut_git.protocol.state import State
from coordinaut_git.storage import (
    GIT,
    IN_FOLDER,
    MOVING,
    REMOTE,
    Storage,
    line_missing,
    of_kind,
    open_store,
    ruling_storage,
    state_missing,
)
from coordinaut_git.who import Who, touch

if TYPE_CHECKING:
    from coordinaut_git.history.history import History
    from coordinaut_git.history.past import LinePast
    from coordinaut_git.plumbing.footprint import Footprint
    from coordinaut_git.stores.git.store import GitStore
    from coordinaut_git.sync.lookout import Lookout
    from coordinaut_git.sync.loop import Team
    from coordinaut_git.sync.publishing import Publishing

POLL_S = 0.1
KEEP_UP_EVERY = 1_024
"""A writer whose operation has a number that this divides brings the index of the history up to date."""


class Workspace:
    """One work tree (or bare repository) with its store, for one command or one session of a server."""

    def __init__(
        self,
        start: Path,
        place: Place,
        settings: Settings,
        store: Store,
        environ: Mapping[str, str],
        clock: Clock,
        ids: Ids,
        *,
        storage: Storage | None = None,
    ) -> None:
        self.start, self.place, self.settings, self.store = start, place, settings, store
        self.storage = storage or Storage(kind=GIT, ref=settings.ref)
        self.fold = settings.ignore_case
        self.coordinator = Coordinator(
            store, clock, ids, fold=settings.ignore_case, team=self.has_team, replay=self._replay, absent=self._absent
        )
        if self._has_remote:
            self.coordinator.confirmations = self._confirmed_upto
        self.notices: list[str] = []
        self.progress: Callable[[int, int], None] = lambda _done, _of: None
        self.environ, self.clock, self._ids = environ, clock, ids
        self._footprint: Footprint | None = None
        self._who = Who(place, settings.values, environ, ids, self._known_as)

    @property
    def root(self) -> Path:
        """The top of the work tree; the git directory of a bare repository."""
        return self.place.work_tree or self.place.git_dir

    @property
    def was_set_up(self) -> bool:
        """Whether `init` wrote down where the state is. The git store needs no such note."""
        return self.storage.in_force and self.storage.kind != GIT and "statedir" in self.settings.values

    def coordinated(self) -> bool:
        """Whether there is a state; raises `state_missing` where there was one."""
        if self.store.head() is not None:
            return True
        if gone := self.gone():
            raise gone
        return False

    def gone(self) -> CoordinautError | None:
        """Where there is no state: the error `state_missing` if there was one here, else None."""
        if self.was_set_up:
            return state_missing(self.storage)
        if self.storage.kind == GIT and (last := self.git_store.journal.last_head()):
            return line_missing(self.settings.ref, last)
        return None

    @property
    def has_team(self) -> bool:
        """Whether machines with clocks of their own write to this line."""
        return self.storage.kind == REMOTE or "remote" in self.settings.values

    @property
    def _has_remote(self) -> bool:
        """Whether a remote of git's is the judge of what is on the line."""
        return self.storage.kind == GIT and self.storage.in_force and "remote" in self.settings.values

    @property
    def git_store(self) -> "GitStore":
        """The store, for what only the git store can do."""
        from coordinaut_git.stores.git.store import GitStore

        assert isinstance(self.store, GitStore)
        return self.store

    def actor(self, request: Request) -> Actor:
        """Who acts; see `Who.actor`."""
        return self._who.actor(request)

    def instance(self) -> str | None:
        """The agent instance of this worktree or session, if anything names one."""
        return self._who.instance()

    def mint(self, actor: Actor) -> Actor:
        """The actor with an instance of its own, which is remembered where there was none; both are said."""
        minted, notice = self._who.mint(actor)
        self.notices += [notice] if notice else []
        return minted

    def owner(self, request: Request) -> Actor:
        """The actor of a request that makes sense only for an agent instance; raises invalid without one."""
        return self._who.owner(request)

    def run(self, request: Request, actor: Actor) -> Done:
        """Carry out a changing request, and note that the actor is alive."""
        self.check_in_force()
        done = self.coordinator.run(request, actor)
        if self.publishing:
            done = self.publishing.publish(done, request, actor)
        self._note_clock(done)
        if done.operation and not done.state.seq % KEEP_UP_EVERY:
            self.history.keep_up(2 * KEEP_UP_EVERY)
        if actor.instance:
            self.hear(actor.instance)
        return done

    @cached_property
    def team(self) -> "Team | None":
        """The exchange with the team's remote; None where none was set."""
        if not self._has_remote:
            return None
        from coordinaut_git.sync.opening import open_team  # whoever works alone does without it

        def told(done: int, of: int) -> None:
            self.progress(done, of)

        return open_team(self.git_store, self.coordinator, self.settings.values["remote"], told)

    @cached_property
    def publishing(self) -> "Publishing | None":
        """Publishes what grants ownership as it is done. Git hooks set it to None: a commit waits for no network."""
        if not self.team:
            return None
        from coordinaut_git.sync.publishing import Publishing

        return Publishing(self.team, policy=self.settings.policy, notice=self.notices.append)

    def check_in_force(self) -> None:
        """Raise refused `not_in_force` where the store was opened for looking: what is written has one place.

        And `state_missing` where the folder is gone, before anything is put there.
        """
        if (
            self.was_set_up
            and self.storage.kind in IN_FOLDER
            and self.storage.folder
            and not self.storage.folder.is_dir()
        ):
            raise state_missing(self.storage)
        if not self.storage.in_force:
            self.coordinator.head()
            raise refused(
                "not_in_force",
                f"The state of this repository is not kept by the {self.storage.kind} storage, so nothing is written "
                "there.",
                hint="Leave out --storage and COORDINAUT_STORAGE; to move the state: coordinaut migrate --to …",
            )

    def wait_for_change(self, head: Head | None, wait_s: float) -> Head | None:
        """The newest point as soon as it is not `head` any more, after `wait_s` seconds in any case.

        A store that can wait by itself does so; in any other a look costs next to nothing. Where there is a team, what
        other clones did comes on the way.
        """
        if head is not None and isinstance(self.store, Waiting):
            return self.store.wait_for_change(head, wait_s) or head
        until_s = time.monotonic() + wait_s
        while (now := self.store.head()) == head and (left_s := until_s - time.monotonic()) > 0:
            self.look_out()
            time.sleep(min(POLL_S, left_s))
        return now

    def look_out(self) -> None:
        """Exchange with the team's remote, if there is one and nobody in this clone has done so for a while."""
        if self.team:
            self.lookout.look()

    @cached_property
    def lookout(self) -> "Lookout":
        """Who looks at the team's remote for those who wait here."""
        from coordinaut_git.sync.lookout import Lookout, Pace, every_ms

        assert self.team is not None
        pace = Pace(every_ms=every_ms(self.settings.values), chance=lambda: int(self._ids.token(2), 16) / 0xFFFF)
        return Lookout(self.team, pace, self.heard_from_remote_ms_ago)

    @property
    def heard_from_remote_at(self) -> int | None:
        """When the team's remote answered this clone last, in milliseconds since the epoch; None if it never did."""
        from coordinaut_git.sync.heard import heard_at_ms

        return heard_at_ms(self.place.own_dir, self.remote) if self.remote else None

    def heard_from_remote_ms_ago(self) -> int | None:
        """How long ago that was by this machine's clock; None if unknown."""
        at = self.heard_from_remote_at
        return None if at is None else self.clock.now() - at

    def joined(self, remote: str) -> "Workspace":
        """The same place with this remote for the team's, to be used and closed."""
        settings = replace(self.settings, values={**self.settings.values, "remote": remote})
        store = open_store(self.storage, self.place, settings, self.environ)
        return Workspace(
            self.start, self.place, settings, store, self.environ, self.clock, self._ids, storage=self.storage
        )

    def hear(self, instance: str) -> None:
        """Note that an instance is alive."""
        touch(self.presence_folder / instance)

    @property
    def presence_folder(self) -> Path:
        """Where a file an instance notes when it was heard of: with the state where that is in a folder of files."""
        storage = self.storage
        shared = storage.folder if storage.kind in IN_FOLDER and storage.folder else self.place.own_dir
        return shared / "presence"

    def heard(self) -> dict[str, int]:
        """When this machine last heard of each instance, in milliseconds since the epoch."""
        found: dict[str, int] = {}
        with suppress(OSError):  # before the first command there is no folder
            for file in self.presence_folder.iterdir():
                found[file.name] = file.stat().st_mtime_ns // 1_000_000
        return found

    @cached_property
    def history(self) -> "History":
        """What was, at any instant."""
        from coordinaut_git.history.history import History  # few commands look back

        return History(self.coordinator, self._history_folder)

    @property
    def _history_folder(self) -> Path:
        """One for each line: an index of one is of no use to another."""
        if self.storage.kind == GIT:
            return self.place.own_dir
        from hashlib import sha256

        name = sha256(self.storage.place.encode("utf-8", "surrogateescape")).hexdigest()
        return self.place.own_dir / "history" / f"{self.storage.kind}-{name[:16]}"

    @cached_property
    def past(self) -> "LinePast":
        """What was, point by point, for whoever judges what was done then."""
        from coordinaut_git.history.past import LinePast

        return LinePast(self.coordinator, self.history)

    @property
    def index_file(self) -> Path | None:
        """The index that a running `git commit` of this work tree has handed to us, if any."""
        from coordinaut_git.plumbing.staged import index_of_hook

        return index_of_hook(self.place, self.environ)

    @property
    def remote(self) -> str | None:
        """The remote whose line is the team's: the one that was set, else origin, else the only one there is."""
        remotes = self.settings.remotes
        usual = "origin" if "origin" in remotes else remotes[0] if len(remotes) == 1 else None
        return self.settings.values.get("remote") or usual

    def on(self, ref: str) -> "Workspace":
        """The same place with the line on another ref, to be read and closed."""
        from coordinaut_git.stores.git.store import open_git_store

        settings = replace(self.settings, ref=check_ref_name(ref))
        store = open_git_store(self.place, settings)
        return Workspace(self.start, self.place, settings, store, self.environ, SystemClock(), self._ids)

    def outdated(self) -> bool:
        """Whether another repository is here now, or other settings hold: for whoever keeps a workspace for long."""
        if self._footprint and self._footprint.stands():
            return False
        from coordinaut_git.plumbing.footprint import footprint  # commands do not live so long

        seen = footprint(self.start, self.place)
        if self._has_changed():
            return True
        sure = seen and seen.is_settled(self.clock.now()) and not self.settings.includes
        self._footprint = seen if sure else None
        return False

    def _has_changed(self) -> bool:
        try:
            place = find(self.start)
            settings = read_settings(open_repository(place))
            if (place, settings) != (self.place, self.settings):
                return True
            return self.storage.in_force and ruling_storage(place, settings) != self.storage
        except CoordinautError:
            return True

    def close(self) -> None:
        """Let go of the store, and of the index of the history."""
        if "history" in self.__dict__:
            self.history.close()
        self.store.close()

    def _absent(self) -> CoordinautError:
        return self.gone() or no_store()

    def _replay(self, head: Head) -> State:
        from coordinaut_git.replay.anew import state_anew  # rarely needed

        return state_anew(self.store, head)

    def _confirmed_upto(self, known: Known) -> int:
        assert self.team is not None, "set where there is a remote"
        return self.team.confirmed_upto(known)

    def _known_as(self, instance: str) -> Instance | None:
        try:
            return self.coordinator.likely().state.instance(instance)
        except CoordinautError:
            return None  # no store yet: the operation itself says so

    def _note_clock(self, done: Done) -> None:
        ahead_s = (done.moment.at - done.moment.local) / 1000
        if ahead_s > 1:
            self.notices.append(
                f"The newest operation is {ahead_s:.0f} s ahead of this machine's clock; one of the clocks is wrong."
            )


def open_workspace(
    start: Path,
    environ: Mapping[str, str],
    *,
    storage: str | None = None,
    ref: str | None = None,
    clock: Clock | None = None,
    ids: Ids | None = None,
) -> Workspace:
    """The workspace that `start` lies in; raises environment errors where there is no usable repository.

    With another `storage` than the one in force it is for looking: `Workspace.check_in_force`.
    """
    place = find(start)
    repository = open_repository(place)
    if (place.own_dir / MOVING).exists():
        from coordinaut_git.moving.finishing import settle

        settle(place, repository, environ)
    settings = read_settings(repository)
    if ref:
        settings = replace(settings, ref=check_ref_name(ref))
    ruling = ruling_storage(place, settings)
    opened = (
        ruling
        if storage in {None, ruling.kind}
        else replace(of_kind(storage or ruling.kind, place, settings), in_force=False)
    )
    store = open_store(opened, place, settings, environ, repository=repository)
    return Workspace(start, place, settings, store, environ, clock or SystemClock(), ids or RandomIds(), storage=opened)
