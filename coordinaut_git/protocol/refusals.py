"""The rules say no: what a refusal is, and the words of those that several rules use.

Rule 1: a refusal is data, for the asker now or for the record of a replay; nothing here raises.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import NamedTuple

from coordinaut_git.errors import CoordinautError, Kind, invalid
from coordinaut_git.protocol.model import Answer, Handoff, Home, Lease, Task
from coordinaut_git.protocol.scope import Meeting
from coordinaut_git.protocol.values import listed

TOO_PIECEMEAL = "Too much went over piece by piece: release the lease, and claim anew what is needed."


class Clash(NamedTuple):
    """A lease in the way, and where the scopes meet (None: the lease is on the very task)."""

    lease: Lease
    meeting: Meeting | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """The rules say no: as data, for the asker now or for the record of a replay."""

    code: str
    reason: str
    hint: str | None = None
    clashes: tuple[Clash, ...] = ()
    kind: Kind = Kind.REFUSED

    def as_error(self) -> CoordinautError:
        """The refusal as the error an asker gets (without the conflicts' outside form)."""
        return CoordinautError(self.kind, self.code, self.reason, hint=self.hint)


def no_instance(reason: str) -> Refusal:
    """Only an instance can do that."""
    return Refusal(code="no_instance", reason=reason, hint="Give --agent-instance.", kind=Kind.INVALID)


def refused_before(code: str, found: Refusal | None) -> Refusal:
    """A refusal is for good: its code stays, with those who are in the way now."""
    again = found or Refusal(code=code, reason=f"It was refused where it stood before ({code}).")
    return replace(again, code=code)


def elsewhere(home: Home, here: str) -> Refusal:
    """The state is kept by another storage now."""
    who = f"{home.agent} ({home.by})" if home.agent else home.by
    return Refusal(
        code="moved",
        reason=f"The state is not in the {here} storage any more: {who} moved it to {home.storage} at {home.at}.",
        hint=_follow(home),
    )


def _follow(home: Home) -> str:
    """How a checkout gets to the storage that the state was moved to."""
    if home.storage == "git":
        return f"Go on in the repository that it was moved to{f', {home.state_dir}' if home.state_dir else ''}."
    from shlex import quote  # only who is refused pays for it

    named = {
        "--state-dir": home.state_dir,
        "--remote-url": home.remote_url,
        "--team": home.team,
        "--project": home.project,
    }
    words = [f"{option} {quote(value)}" for option, value in named.items() if value]
    return " ".join([f"Go on there: coordinaut init --storage {home.storage}", *words])


def no_task(task_id: str) -> Refusal:
    """A stable id that no task has."""
    return Refusal(code="no_such_task", reason=f"There is no task {task_id}.", kind=Kind.NOT_FOUND)


def closed(task: Task) -> Refusal:
    """The task is done or cancelled."""
    return Refusal(
        code="task_closed",
        reason=f"{task.display_id} is {task.status}.",
        hint=f"Open it again first: coordinaut update --task {task.display_id} --status open",
    )


def not_held(task: Task) -> Refusal:
    """There is no lease on the task."""
    return Refusal(
        code="not_claimed",
        reason=f"Nobody holds {task.display_id}.",
        hint=f"See who did what: coordinaut watch --task {task.display_id}",
    )


def no_files(task: Task, example: str) -> CoordinautError:
    """The error where files must be named and neither the asker nor the task does."""
    return invalid(
        "no_files",
        f"{task.display_id} names no files, and none were given.",
        hint=f"Name them: {example}",
    )


def nothing_ready(waiting: int, held: int) -> Refusal:
    """No task can be taken with --next."""
    why = f": of the open ones, {waiting} cannot begin yet, and the files of {held} are held" if waiting or held else ""
    return Refusal(
        code="nothing_ready",
        reason=f"No task is ready{why}.",
        hint="See them all: coordinaut status. Or wait for one: coordinaut claim --next --wait 10m",
    )


def no_handoff(handoff_id: str) -> Refusal:
    """An id that no handoff of that task has."""
    return Refusal(code="no_such_handoff", reason=f"There is no handoff {handoff_id}.", kind=Kind.NOT_FOUND)


def handoff_pending(pending: Handoff) -> Refusal:
    """The same was asked before."""
    return Refusal(
        code="handoff_pending",
        reason=f"You asked for that already: {pending.id} is {pending.status} since {pending.at}.",
        hint=f"Wait for the answer: coordinaut handoff list --task {pending.display_id}",
    )


def handoff_ended(handoff: Handoff) -> Refusal:
    """Nothing more can be said to it."""
    return Refusal(
        code="handoff_ended",
        reason=f"{handoff.id} is {handoff.status} since {handoff.ended_at}.",
        hint=f"See all: coordinaut handoff list --task {handoff.display_id}",
    )


def promised_already(other: Handoff) -> Refusal:
    """Another promise is in the way."""
    return Refusal(
        code="promised_already",
        reason=f"Some of that is promised to {other.requester} for {other.display_id} ({other.id}).",
        hint="Keep that promise first, or tell them that you cannot: see `coordinaut handoff respond --help`.",
    )


def in_a_thirds_way(handoff: Handoff, blocking: tuple[Clash, ...]) -> Refusal:
    """The requester would come to stand beside somebody who is no party to the handoff."""
    leases = {clash.lease.agent_instance: clash.lease for clash in blocking}
    held = "; ".join(f"{holder(lease)} holds {listed(lease.files)}" for lease in leases.values())
    return Refusal(
        code="scope_conflict",
        reason=f"{handoff.requester} cannot hold {listed(handoff.files)} while others do: {held}.",
        hint=f"Deny it, or answer when they have let go; {handoff.requester} may ask them as well.",
        clashes=blocking,
    )


def nothing_in_hand(owner: str, files: tuple[str, ...]) -> Refusal:
    """The owner that was named is not in the way."""
    return Refusal(
        code="nothing_to_hand_over",
        reason=f"{owner} holds nothing that stands in the way of {listed(files)}.",
        hint="Nobody needs to hand it over: claim it.",
    )


def nothing_promised() -> Refusal:
    """No promise is left to be kept."""
    return Refusal(code="nothing_promised", reason="None of these handoffs is promised by you any more.")


def not_yours(handoff: Handoff, instance: str, status: Answer, answers: Iterable[Answer]) -> Refusal:
    """Not everybody can say everything to a handoff."""
    if instance == handoff.requester:
        hint = "You asked for it: you can only take the request back, with --status cancelled."
    elif instance == handoff.owner:
        hint = f"Answer with {', '.join(sorted(answers))}."
    else:
        hint = f"{handoff.owner} answers it: give --agent-instance if that is you."
    reason = f"{instance} cannot answer {handoff.id} with {status}."
    return Refusal(code="not_your_handoff", reason=reason, hint=hint)


def holder(lease: Lease) -> str:
    """The holder of a lease as people name it."""
    return f"{lease.agent} ({lease.agent_instance})" if lease.agent else lease.agent_instance
