"""Faults to be found: each breaks one thing that a promise stands on, in the process of the test only.

Rule 1: a fault is what somebody could well write; none breaks the simulation itself.
Rule 2: what a fault replaces must be there, so that a renamed part is noticed.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import agents
import network
import pytest
from plans import ASLEEP, HIDDEN, HOSTILE, MIXED, ROUGH, STRICT, UNLUCKY, USUAL, Plan

from coordinaut_git import coordinator
from coordinaut_git.coordinator import Coordinator
from coordinaut_git.errors import CoordinautError
from coordinaut_git.protocol import apply, asking, judge, ops, replay
from coordinaut_git.stores.memory import MemoryStore
from coordinaut_git.sync import joining, loop, publishing
from coordinaut_git.sync.remote import PushUnknown, Raced

DAY_MS = 24 * 3_600_000
Patch = pytest.MonkeyPatch
Plant = Callable[[Patch], None]
CROWDED = replace(USUAL, machines=2, agents=3, idle_ms=(0, 0, 0, 5))
LONELY = replace(ROUGH, commands=16, network=replace(ROUGH.network, unreachable=0.4, refused=0.3))
WAKING = replace(
    ASLEEP,
    machines=2,
    commands=20,
    tasks=2,
    idle_ms=(0, 1_000, 5_000, 20_000),
    weather_ms=(1_000, 10_000),
    terms=("1m",),
    faults=replace(ASLEEP.faults, stops=0.0, sleeps=0.0, reboots=0.4),
)
DROWSY = replace(ASLEEP, commands=12, idle_ms=(0, 1_000, 20_000, 60_000), terms=("2m",))
VEILED = replace(
    HIDDEN,
    agents=1,
    commands=16,
    weather_ms=(1_000, 20_000),
    network=replace(HIDDEN.network, partitions=0.2, late=0.5, hidden=0.8),
)
UPDATING = replace(MIXED, agents=4, tasks=2, idle_ms=(0, 5, 1_000, 20_000), weather_ms=(1_000, 20_000))
ALONE = replace(ROUGH, machines=1, agents=2, network=replace(ROUGH.network, late=0.4, twice=0.5))
HASTY = replace(
    USUAL,
    machines=2,
    commands=12,
    tasks=2,
    idle_ms=(0, 1_000, 20_000, 60_000),
    terms=("2m",),
    faults=replace(USUAL.faults, clocks=1.0),
)
CUT_OFF = replace(STRICT, network=replace(ROUGH.network, late=0.4, unreachable=0.3))


@dataclass(frozen=True, kw_only=True)
class Planted:
    """A fault, and the kind of world in which it shows soon."""

    plant: Plant
    plan: Plan = USUAL


def _around(where: Any, name: str, made: Callable[..., Any]) -> Plant:
    """Replace something by what `made` makes of it."""
    old = getattr(where, name)
    return lambda patch: patch.setattr(where, name, made(old))


# --- in the coordinator


def _decided_once(decided: Callable[..., Any]) -> Callable[..., Any]:
    """What was decided before a lost race is committed after it."""

    def remember(self: Coordinator, known: Any, request: Any, actor: Any) -> Any:
        last = self.__dict__.get("first")
        if last and last[0] is request and last[1].operation:
            return last[1]._replace(known=known)
        self.__dict__["first"] = request, decided(self, known, request, actor)
        return self.__dict__["first"][1]

    return remember


def _by_the_wall_clock(moment: asking.Moment, lease: Any) -> bool:
    return bool(lease.expires_at <= moment.local)


def _seen_by_position(store: MemoryStore, seq: int) -> int | None:
    """What stood at a position first tells when whatever stands there now was seen."""
    first = store.__dict__.setdefault("first_seen", {})
    now = store._elapsed_ms() if store._elapsed_ms else 0
    for _, entry in store.back(store.head()):
        if entry.seq not in first:
            first[entry.seq] = store._seen.get(entry.id, now)
    return now - first[seq] if seq in first else None


def _no_comparison(rebuild: Callable[..., Any]) -> Callable[..., Any]:
    return lambda store, expected, onto, steps: rebuild(store, store.head(), onto, steps)


def _forgotten_is_long_ago(seen_ms_ago: Callable[..., Any]) -> Callable[..., Any]:
    """What was seen before the machine was started anew was seen long ago."""

    def ago(store: MemoryStore, seq: int) -> int | None:
        known = {entry.seq for _, entry in store.back(store.head()) if entry.id in store._seen}
        found = seen_ms_ago(store, seq)
        return DAY_MS if found is None and seq in known else found

    return ago


def _read_as_far_as_it_goes(upcast: Callable[..., Any]) -> Callable[..., Any]:
    """What a newer version has written is taken for a note, for want of anything better."""

    def read(value: dict[str, Any]) -> dict[str, Any]:
        if value["v"] == 1:
            return upcast(value)
        envelope = {key: value[key] for key in ("id", "seq", "at", "agentInstance") if key in value}
        note = {"kind": "note", "text": value["op"], "broadcast": True}
        return {**envelope, "v": 1, "op": "message_posted", "data": note}

    return read


# --- in the court


def _any_fence(kept: Callable[..., Any]) -> Callable[..., Any]:
    """Who held a file when it began may commit it, whoever has got it since."""
    return lambda hearing, then, last, path: bool(hearing.covering(then, path))


# --- in the replay


def _replaying(change: Callable[..., Any]) -> Callable[..., Any]:
    """A replay that is given other operations, or gives other fates."""
    real = joining.replayed
    return lambda ours, theirs, operations, skip=(), **how: change(real, ours, theirs, list(operations), skip, how)


def _forgetting_ids(real, ours, theirs, operations, skip, how):
    return real(ours, theirs, operations, (), **how)


def _backwards(real, ours, theirs, operations, skip, how):
    return real(ours, theirs, operations[::-1], skip, **how)


def _without_the_last(real, ours, theirs, operations, skip, how):
    return real(ours, theirs, operations[:-1], skip, **how)


def _without_the_refused(real, ours, theirs, operations, skip, how):
    """What is refused is left out: there would only be trouble."""
    lost = {fate.operation.id for fate in real(ours, theirs, operations, skip, **how) if fate.refused}
    return real(ours, theirs, operations, {*lost, *skip}, **how)


def _without_what_is_older(real, ours, theirs, operations, skip, how):
    """The newer of two lines wins, by its clock."""
    return real(ours, theirs, [one for one in operations if one.at >= theirs.at], skip, **how)


def _own_fence(granted: Callable[..., Any]) -> Callable[..., Any]:
    """A grant keeps the fence that it had before the replay."""
    fences: dict[Any, int] = {}

    def grant(step: Any, task: Any, change: Any, ended: Any) -> Any:
        lease = granted(step, task, change, ended)
        return replace(lease, fence=fences.setdefault((task.id, lease.agent_instance, lease.files), lease.fence))

    return grant


def _judged_anew(translated: Callable[..., Any]) -> Callable[..., Any]:
    """Whether something was refused before does not matter."""
    return lambda sides, operation, stood, here: replace(translated(sides, operation, stood, here), refused=None)


# --- in the loop


def _keeping_all(joined: Callable[..., Any]) -> Callable[..., Any]:
    return lambda team, so_far=loop._NOTHING_YET, without=(): joined(team, so_far)


def _dropping_all(joined: Callable[..., Any]) -> Callable[..., Any]:
    """With the operation that waits for its answer, everything else goes."""

    def drop(team: loop.Team, so_far: Any = loop._NOTHING_YET, without: Any = ()) -> Any:
        everything = [entry.id for entry in team.unpublished()]
        return joined(team, so_far, everything if without else ())

    return drop


def _all_confirmed(team: loop.Team, known: Any) -> int:
    return int(known.state.seq)


def _decided_again_after_a_cut(pushed: Callable[..., Any]) -> Callable[..., Any]:
    """A push that was cut off has not happened."""

    def push(team: loop.Team) -> Any:
        result = pushed(team)
        if team.unsettled and team.unpublished():
            team._on_its_way.put(None)
            team.withdraw(team.unpublished()[-1].id)
        return result

    return push


def _settled(withdrawing: Callable[..., Any]) -> Callable[..., Any]:
    """After a push that was cut off the policy is still sure that nothing was granted."""

    def unconfirmed(self: Any, pending: Any, error: Any, *, settled: bool) -> Any:
        return withdrawing(self, pending, error, settled=True)

    return unconfirmed


# --- on the way to the remote


def _forced(push: Callable[..., Any]) -> Callable[..., Any]:
    return lambda line, new, expected: push(line, new, line._world.remote.tip)


def _tracking_first(push: Callable[..., Any]) -> Callable[..., Any]:
    def moved(line: network.Line, new: Any, expected: Any) -> None:
        line._machine.tracking = new
        push(line, new, expected)

    return moved


def _whatever_is_there(fetch: Callable[..., Any]) -> Callable[..., Any]:
    """The tracking ref follows the remote wherever it goes."""

    def follow(line: network.Line) -> Any:
        try:
            return fetch(line)
        except CoordinautError as error:
            if error.code == "remote_unreachable":
                raise
            line._machine.tracking = line._world.remote.tip
            return line._machine.tracking

    return follow


def _nothing_means_empty(fetch: Callable[..., Any]) -> Callable[..., Any]:
    def empty(line: network.Line) -> Any:
        try:
            return fetch(line)
        except CoordinautError as error:
            if error.code != "remote_deleted":
                raise
            line._machine.tracking = line._machine.on_its_way = None  # nothing was there, and nothing will land
            return None

    return empty


def _first_of_all(swap: Callable[..., Any]) -> Callable[..., Any]:
    """No expected value is no condition."""
    return lambda remote, expected, new: swap(remote, expected or remote.tip, new)


def _no_second_look(swap: Callable[..., Any]) -> Callable[..., Any]:
    """A push that is sent again was judged already."""

    def swapped(remote: network.Remote, expected: Any, new: Any) -> Any:
        judged = remote.__dict__.setdefault("judged", set())
        again = new in judged
        judged.add(new)
        return swap(remote, remote.tip if again else expected, new)

    return swapped


def _told_as_done(*failures: type[Exception]) -> Callable[..., Any]:
    def made(push: Callable[..., Any]) -> Callable[..., Any]:
        def told(line: network.Line, new: Any, expected: Any) -> None:
            try:
                push(line, new, expected)
            except failures:
                line._machine.tracking = new

        return told

    return made


PLANTED: dict[str, Planted] = {
    "after a lost race nothing is decided again": Planted(
        plant=_around(Coordinator, "_decided", _decided_once), plan=replace(CROWDED, machines=1, agents=6, tasks=2)
    ),
    "an unknown outcome means that nothing was written": Planted(
        plant=_around(Coordinator, "_landed", lambda _: lambda *_: None), plan=ROUGH
    ),
    "a lease has expired when the wall clock says so": Planted(
        plant=_around(asking.Moment, "expired", lambda _: _by_the_wall_clock)
    ),
    "sightings are kept by position": Planted(
        plant=_around(MemoryStore, "seen_ms_ago", lambda _: _seen_by_position), plan=HASTY
    ),
    "a rebuilt line replaces whatever is there": Planted(
        plant=_around(MemoryStore, "rebuild", _no_comparison), plan=CROWDED
    ),
    "a replay forgets operation ids": Planted(
        plant=_around(joining, "replayed", lambda _: _replaying(_forgetting_ids))
    ),
    "a replay goes backwards": Planted(plant=_around(joining, "replayed", lambda _: _replaying(_backwards))),
    "a replay drops the last operation": Planted(
        plant=_around(joining, "replayed", lambda _: _replaying(_without_the_last))
    ),
    "a replay drops what it would refuse": Planted(
        plant=_around(joining, "replayed", lambda _: _replaying(_without_the_refused))
    ),
    "a replay drops what is older than the other line": Planted(
        plant=_around(joining, "replayed", lambda _: _replaying(_without_what_is_older))
    ),
    "fences are kept from the old line": Planted(plant=_around(apply, "granted", _own_fence)),
    "a refused operation comes to life again": Planted(
        plant=_around(replay._Sides, "_translated", _judged_anew), plan=LONELY
    ),
    "nobody is told of a refusal": Planted(plant=_around(apply.letters, "refused", lambda _: lambda *_: {})),
    "what waits for its answer is not withdrawn": Planted(plant=_around(loop.Team, "joined", _keeping_all)),
    "everything is withdrawn with what waits": Planted(plant=_around(loop.Team, "joined", _dropping_all)),
    "what is only local is called confirmed": Planted(
        plant=_around(loop.Team, "confirmed_upto", lambda _: _all_confirmed)
    ),
    "a push that was cut off is taken as not done": Planted(
        plant=_around(loop.Team, "pushed", _decided_again_after_a_cut)
    ),
    "a push that was cut off is settled for the policy": Planted(
        plant=_around(publishing.Publishing, "_unconfirmed", _settled), plan=CUT_OFF
    ),
    "a push that was cut off is taken as done": Planted(
        plant=_around(network.Line, "push", _told_as_done(PushUnknown))
    ),
    "a push that lost the race is taken as done": Planted(plant=_around(network.Line, "push", _told_as_done(Raced))),
    "a holder that was asleep is not asked for its fence": Planted(
        plant=_around(judge._Hearing, "kept", _any_fence), plan=DROWSY
    ),
    "what was seen before a start of the machine was long ago": Planted(
        plant=_around(MemoryStore, "seen_ms_ago", _forgotten_is_long_ago), plan=WAKING
    ),
    "after a start of the machine the boot clock is taken to have gone on": Planted(
        plant=_around(MemoryStore, "restarted", lambda _: lambda _: None), plan=DROWSY
    ),
    "where nothing was seen clocks are right to the millisecond": Planted(
        plant=_around(coordinator, "CLOCK_TOLERANCE_MS", lambda _: 0), plan=WAKING
    ),
    "a newer version is read as far as it goes": Planted(
        plant=_around(ops, "upcast", _read_as_far_as_it_goes), plan=UPDATING
    ),
    "a remote that says nothing of its ref is an empty one": Planted(
        plant=_around(network.Line, "fetch", _nothing_means_empty), plan=VEILED
    ),
    "the first push takes whatever is there": Planted(plant=_around(network.Remote, "swap", _first_of_all), plan=ALONE),
    "what is delivered again is not compared again": Planted(
        plant=_around(network.Remote, "swap", _no_second_look), plan=ALONE
    ),
    "what was fetched is taken without a look": Planted(
        plant=_around(agents.Program, "_check", lambda _: lambda *_: None), plan=HOSTILE
    ),
    "a remote that was set back is taken for the truth": Planted(
        plant=_around(network.Line, "fetch", _whatever_is_there), plan=UNLUCKY
    ),
    "the push is forced": Planted(plant=_around(network.Line, "push", _forced)),
    "the tracking ref moves before the push": Planted(plant=_around(network.Line, "push", _tracking_first)),
}
"""What is broken, in words, with how."""
