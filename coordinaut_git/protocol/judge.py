"""Was a commit covered when it was made? Pure: the past comes as points of the line, verdicts go out.

Rule 1: a commit is judged at its committer's instant, against the leases that stood on the line then.
Rule 2: where it was authored before (a rebase, an amendment, a cherry-pick), a path that was covered at the author's
        instant is covered, unless at the committer's instant somebody else held it with a larger fence.
Rule 3: git keeps whole seconds. What was covered at any time within that second is covered, but by a lease that had
        been taken over by its end.
Rule 4: clocks differ. A claim that came onto the line at most `tolerance_ms` after the commit still covers what nobody
        else held. There is no tolerance in the other direction: an expired lease has expired.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from coordinaut_git.protocol.asking import Moment
from coordinaut_git.protocol.model import Lease
from coordinaut_git.protocol.references import tasks_meant
from coordinaut_git.protocol.refusals import holder
from coordinaut_git.protocol.rules import COVERS_WRITES
from coordinaut_git.protocol.state import State
from coordinaut_git.protocol.trailers import INSTANCE, TASK, Named, named_in
from coordinaut_git.protocol.values import Instant, clip
from coordinaut_git.protocol.verify import ChangedPath, Json, covering, violation, violations

SECOND_MS = 1_009
"""A whole second, and the 10 ms by which the system's coarse clock, which git asks, may be late: clock_gettime(2)."""

AGAIN = frozenset({"unclaimed", "expired", "read_only_mode"})
"""The reasons that a claim now and an amended commit put right."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A commit as it is judged. `changed` is what it changed itself: of a merge, what no parent has."""

    id: str
    at: Instant
    authored_at: Instant
    trailers: tuple[tuple[str, str], ...]
    changed: tuple[ChangedPath, ...]


class Point(NamedTuple):
    """The state from an instant on."""

    at: Instant
    state: State


class Past(Protocol):
    """What is asked of the line's history."""

    def during(self, start: Instant, end: Instant) -> Sequence[Point]:
        """The state at `start`, and after each operation until `end`; nothing where the line begins after `end`."""
        ...

    def held(self, instance: str, task_id: str, until: Instant) -> bool:
        """Whether the instance held a lease on the task at any time until then."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Court:
    """By what commits are judged: `newest` is the state now; `required` says that every commit must name its agent."""

    past: Past
    newest: State
    fold: bool
    tolerance_ms: int
    required: bool


class Verdict(NamedTuple):
    """What was found. `checked` is False for a commit that nothing is asked of."""

    named: Named
    checked: bool
    violations: list[Json]


def judge(made: Made, court: Court) -> Verdict:
    """The verdict on one commit, its violations in the order of its paths."""
    named = named_in(made.trailers)
    if not named.anybody and not (court.required and made.changed):
        return Verdict(named, checked=False, violations=[])
    hearing = _Hearing(named.instance, frozenset(), court)
    found, tasks = judge_trailers(named, court.newest, lambda task_id: hearing.held(task_id, made.at))
    if tasks:
        found += hearing._replace(tasks=tasks).violations(made)
    return Verdict(named, checked=True, violations=[one | {"commit": made.id} for one in found])


def judge_trailers(named: Named, newest: State, held: Callable[[str], bool]) -> tuple[list[Json], frozenset[str]]:
    """What is wrong with whom a commit names, and the stable ids of the tasks that are named and were once held."""
    found = [violation("missing_trailer", hint) for hint in named.unclear]
    tasks: set[str] = set()
    for reference in named.tasks:
        meant = tasks_meant(newest, reference)
        good = [task_id for task_id in meant if named.instance and held(task_id)]
        tasks.update(good)
        if not meant:
            found.append(violation("unknown_task", f"{TASK}: there is no task {clip(reference)}; name the one it is."))
        elif named.instance and not good:
            found.append(_never_held(named.instance, reference, newest.lease(meant[0])))
    return found, frozenset(tasks)


def _never_held(instance: str, reference: str, lease: Lease | None) -> Json:
    whose = f"; it is held by {holder(lease)}" if lease else ""
    hint = f"{INSTANCE} {instance} never held {clip(reference)}{whose}. Name who made the commit, for which task."
    return violation("never_held", hint, lease=lease)


def _for_a_commit(found: Json) -> Json:
    if found["reason"] not in AGAIN:
        return found
    hint = found["hint"].rstrip(".")
    return found | {"hint": f"{hint}. Then amend the commit: it is judged by when it was made."}


class _Hold(NamedTuple):
    """What an instance held in one stretch of time, and the end of it."""

    leases: list[Lease]
    last: Point | None


class _Hearing(NamedTuple):
    """The paths of one commit, put before the court: `tasks` are those that it names."""

    instance: str
    tasks: Collection[str]
    court: Court

    def violations(self, made: Made) -> list[Json]:
        """The paths that were not covered, and why."""
        left, last = self.uncovered(made)
        if not left:
            return []
        if last is None:
            hint = "Nothing was coordinated here yet when it was made; let the range begin after that."
            return [violation("unclaimed", hint, path=changed.path) for changed in left]
        moment = Moment(at=last.at, local=Instant(made.at + SECOND_MS))
        found = violations(last.state, self.instance, left, moment, fold=self.court.fold, tasks=self.tasks)
        return [_for_a_commit(one) for one in found]

    def uncovered(self, made: Made) -> tuple[list[ChangedPath], Point | None]:
        """The paths that no lease of the instance covered, and the end of the second in which they were committed."""
        end = Instant(made.at + SECOND_MS)
        leases, last = self.hold(made.at, end)
        left = [path for path in made.changed if not self.covering(leases, path)]
        if left and self.court.tolerance_ms:
            soon = self.hold(end, Instant(end + self.court.tolerance_ms)).leases
            left = [path for path in left if not self.covering(soon, path) or self.others(last, path, end)]
        if left and made.authored_at < made.at:
            then = self.hold(made.authored_at, Instant(made.authored_at + SECOND_MS)).leases
            left = [path for path in left if not self.kept(then, last, path)]
        return left, last

    def held(self, task_id: str, at: Instant) -> bool:
        """Whether the instance held the task then, or ever before."""
        end = Instant(at + SECOND_MS)
        leases = (point.state.lease(task_id) for point in self.during(at, end))
        if any(lease and lease.agent_instance == self.instance for lease in leases):
            return True
        return self.court.past.held(self.instance, task_id, Instant(end + self.court.tolerance_ms))

    def hold(self, start: Instant, end: Instant) -> _Hold:
        """What covered writes of the instance at any time in between, but for what had been taken over by the end."""
        points = self.during(start, end)
        leases = dict.fromkeys(
            lease
            for point in points
            for lease in point.state.leases_of(self.instance)
            if lease.task_id in self.tasks and lease.mode in COVERS_WRITES and lease.expires_at > point.at
        )
        last = points[-1] if points else None
        lost = _taken_over(last.state) if last and leases else frozenset()
        return _Hold([lease for lease in leases if (lease.task_id, lease.fence) not in lost], last)

    def during(self, start: Instant, end: Instant) -> Sequence[Point]:
        """The points of a stretch; what came in its very first millisecond may have come after the commit."""
        return self.court.past.during(Instant(start - 1), end)

    def kept(self, then: list[Lease], last: Point | None, path: ChangedPath) -> bool:
        """Whether a path that was covered `then` has had no later holder than that at the last point."""
        fences = [lease.fence for lease in self.covering(then, path)]
        later = self.others(last, path, None)
        return bool(fences) and all(lease.fence <= max(fences) for lease in later)

    def others(self, point: Point | None, path: ChangedPath, at: Instant | None) -> list[Lease]:
        """The leases under which somebody else may write this path; those that have not expired `at` an instant."""
        leases = (
            lease
            for lease in (point.state.leases().values() if point else ())
            if lease.agent_instance != self.instance and lease.mode in COVERS_WRITES
            if at is None or lease.expires_at > at
        )
        return self.covering(leases, path)

    def covering(self, leases: Iterable[Lease], path: ChangedPath) -> list[Lease]:
        """Those of the leases that hold the path."""
        return covering(leases, path, fold=self.court.fold)


def _taken_over(state: State) -> frozenset[tuple[str, int]]:
    """The leases, by task and fence, that those who hold something now have ended."""
    return frozenset(
        (takeover.task_id, takeover.fence) for lease in state.leases().values() for takeover in lease.took_over
    )
