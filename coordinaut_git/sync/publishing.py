"""Publishing at once what a command has granted, so that its answer can say whether the team has it.

Rule 1: the operation stands on our line before it is published, so that the other worktrees see it: it is provisional.
Rule 2: until the answer is given nobody was promised anything: an operation that lost the race is withdrawn, and the
        request is decided again on what the team knows now.
Rule 3: where the remote cannot be had, a provisional answer says so; under the policy `confirmed` it is a refusal, and
        the operation is withdrawn.
"""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace

from coordinaut_git.coordinator import Done
from coordinaut_git.errors import CoordinautError, contended
from coordinaut_git.plumbing.settings import CONFIRMED
from coordinaut_git.protocol import views
from coordinaut_git.protocol.model import Actor, Answer
from coordinaut_git.protocol.ops import (
    HandoffAnswered,
    HandoffRequested,
    HandoffsKept,
    LeasesRenewed,
    Operation,
    SignersSet,
    TaskClaimed,
    TaskReleased,
)
from coordinaut_git.protocol.requests import Request
from coordinaut_git.sync.loop import ATTEMPTS, Synced, Team, outrun

PUBLISHED_AT_ONCE = (
    TaskClaimed,
    TaskReleased,
    LeasesRenewed,
    HandoffRequested,
    HandoffAnswered,
    HandoffsKept,
    SignersSet,
)
"""What grants ownership, moves it, prolongs it, gives it up, or asks for it; and who vouches for all that."""


class Publishing:
    """Publishes for the commands of one clone; `notice` is told what the user should know beside the answer."""

    def __init__(self, team: Team, *, policy: str, notice: Callable[[str], None]) -> None:
        self._team, self._coordinator = team, team.coordinator
        self._policy, self._notice = policy, notice

    def publish(self, done: Done, request: Request, actor: Actor) -> Done:
        """What was done, once the remote has it; or what was done in its place, after others were faster.

        Raises the refusal where the request is not lawful any more; and under the policy `confirmed`, for what gives
        ownership, contended `not_confirmed`, or `unknown_outcome` where the connection was cut at the wrong moment.
        """
        if done.operation is None or not _is_published(done.operation):
            return done
        pending = _Pending(done, done.operation, request, actor)
        with ExitStack() as turn:
            try:
                turn.enter_context(self._team.alone())
            except CoordinautError as error:
                return self._unconfirmed(pending, error, settled=False)
            try:
                return self._published(pending)
            except _Unjudged as failure:
                return self._unconfirmed(pending, failure.error, settled=not self._team.unsettled)

    def _published(self, pending: "_Pending") -> Done:
        crowd = self._team.crowd
        attempts = crowd.attempts()
        while (refused := self._refused(pending.operation)) or self._waits(pending.operation):
            attempt = next(attempts, None)
            if attempt is None:
                raise _Unjudged(outrun(self._team.remote.name))
            look = not refused and not attempt and crowd.made_room()
            if (refused or not self._exchanged(pending.operation, look=look)) and (done := self._again(pending)):
                return done
        return self._now(pending.done)

    def _again(self, pending: "_Pending") -> Done | None:
        """Decide anew; gives the answer where nothing needs writing."""
        again = self._coordinator.run(_meant(pending.request, pending.operation), pending.actor)
        if again.operation is None:
            return again
        pending.done, pending.operation = again, again.operation
        return None

    def _refused(self, operation: Operation) -> bool:
        """Whether another process of this clone has joined the lines, and the operation was refused there."""
        return self._coordinator.read().state.refusal(operation.id) is not None

    def _waits(self, operation: Operation) -> bool:
        """Whether the remote has not got the operation yet, as far as is known."""
        return any(entry.id == operation.id for entry in self._team.unpublished())

    def _exchanged(self, operation: Operation, *, look: bool) -> bool:
        """Push, or catch up with those who were faster; False where the operation was withdrawn for that.

        `look` at the remote first where somebody surely was.
        """
        try:
            if not look and self._team.pushed() is not None:
                return True
            meeting = self._team.fetch()
            waits = any(entry.id == operation.id for entry in meeting.ours) and operation.id not in meeting.theirs
            stays = not (meeting.theirs and waits)
            self._tell(self._team.joined(without=() if stays else (operation.id,)))
        except CoordinautError as error:
            raise _Unjudged(error) from error
        return stays

    def _tell(self, joined: Synced) -> None:
        """What became of other operations of this clone on the way: whoever is answered next may rely on them."""
        for one in joined.renumbered:
            self._notice(f"{one.before} is {one.now} now: another clone had published that number.")
        for lost in joined.refused:
            said = views.summary(self._coordinator.read().state, lost.operation)
            self._notice(f"After what {self._team.remote.name} has, this was refused ({lost.code}): {said}.")

    def _now(self, done: Done) -> Done:
        """What was done, with the state as it is now: numbers and fences may be others than they were."""
        state, moment = self._coordinator.now()
        return replace(done, state=state, moment=moment)

    def _unconfirmed(self, pending: "_Pending", error: CoordinautError, *, settled: bool) -> Done:
        """The answer where the remote cannot say; `settled` if it surely has not got the operation, nor gets it yet."""
        if self._policy != CONFIRMED or not _gives_ownership(pending.operation):
            self._notice(f"Provisional, until {self._team.remote.name} has it: {error.message}")
            return self._standing(pending)
        refused = self._refused(pending.operation)
        if not refused and not self._waits(pending.operation):
            return self._now(pending.done)
        if not refused and not settled:
            raise self._unknown(pending.operation, error) from error
        if not refused:
            self._team.withdraw(pending.operation.id)
        raise self._not_confirmed(error) from error

    def _standing(self, pending: "_Pending") -> Done:
        """What was done, as long as it counts here; or what is decided in its place."""
        for _ in range(ATTEMPTS):
            if not self._refused(pending.operation):
                return self._now(pending.done)
            if done := self._again(pending):
                return done
        raise outrun(self._team.remote.name)

    def _unknown(self, operation: Operation, error: CoordinautError) -> CoordinautError:
        team = self._team.remote.name
        return contended(
            "unknown_outcome",
            f"It could not be told whether {team} has taken operation {operation.id}: {error.message}",
            hint="See what became of it when the remote can be reached: coordinaut sync, then coordinaut mine",
            operation=operation.id,
        )

    def _not_confirmed(self, error: CoordinautError) -> CoordinautError:
        return contended(
            "not_confirmed",
            f"Nothing was granted, since {self._team.remote.name} could not confirm it: {error.message}",
            hint=error.hint,
            cause=error.code,
        )


class _Pending:
    """The newest attempt at what was asked for, of which nobody has been told yet."""

    __slots__ = ("actor", "done", "operation", "request")

    def __init__(self, done: Done, operation: Operation, request: Request, actor: Actor) -> None:
        self.done, self.operation, self.request, self.actor = done, operation, request, actor


class _Unjudged(Exception):
    """The remote could not be asked, or what it has cannot be taken."""

    def __init__(self, error: CoordinautError) -> None:
        super().__init__(error.message)
        self.error = error


def _meant(request: Request, operation: Operation) -> Request:
    """The request with the task that it named then: the display id may be another task's on the joined line."""
    named, meant = getattr(request, "task", None), operation.change.task_id
    return replace(request, task=meant) if named and meant else request  # type: ignore[call-arg]


def _is_published(operation: Operation) -> bool:
    """Whether the team is to hear of it at once: ownership is at stake, or a lease lasts longer than others know."""
    return isinstance(operation.change, PUBLISHED_AT_ONCE) or bool(operation.renewals)


def _gives_ownership(operation: Operation) -> bool:
    match operation.change:
        case TaskClaimed() | HandoffsKept():
            return True
        case HandoffAnswered(status=Answer.HANDOFF_NOW):
            return True
        case _:
            return False
