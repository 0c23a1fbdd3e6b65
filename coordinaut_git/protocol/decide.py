"""From what is asked to what happened: `decide(state, request, …)` gives an operation, a refusal, or nothing to do.

Rule 1: pure. Who acts, what time it is and which ids are new are arguments.
Rule 2: a choice is made here or never: the operation leaves no default open.
Rule 3: what is lawful, `rules.unlawful` says; how each request is read stands in the `decide_…` modules.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from coordinaut_git.documents import FORMAT
from coordinaut_git.protocol import decide_handoffs, decide_home, decide_leases, decide_messages, decide_tasks
from coordinaut_git.protocol import requests as ask
from coordinaut_git.protocol.asking import Asker, Fresh, Made, Moment
from coordinaut_git.protocol.model import Actor
from coordinaut_git.protocol.ops import Operation, SchemaMigrated, SignersSet
from coordinaut_git.protocol.refusals import Clash, Refusal, holder
from coordinaut_git.protocol.rules import unlawful
from coordinaut_git.protocol.signing_requests import SetSigners
from coordinaut_git.protocol.state import State
from coordinaut_git.protocol.wellformed import check_actor

__all__ = ["DECISIONS", "Fresh", "Moment", "Outcome", "decide"]

Outcome = Operation | Refusal | None

DECISIONS: dict[type[ask.Request], Callable[[Asker, Any], Made]] = {
    ask.CreateTask: decide_tasks.create,
    ask.UpdateTask: decide_tasks.update,
    ask.ClaimTask: decide_leases.claim,
    ask.Heartbeat: decide_leases.heartbeat,
    ask.ReleaseTask: decide_leases.release,
    ask.PostMessage: decide_messages.post,
    ask.MarkRead: decide_messages.mark_read,
    ask.RequestHandoff: decide_handoffs.request,
    ask.RespondHandoff: decide_handoffs.respond,
    ask.KeepPromises: decide_handoffs.keep,
    ask.MoveState: decide_home.move,
    SetSigners: lambda asker, request: _signers(asker, request.signers),
    ask.RewriteDocuments: lambda _, request: (SchemaMigrated(from_format=request.from_format, to_format=FORMAT), ()),
}
"""How each request that may change the state is read."""


def decide(state: State, request: ask.Request, actor: Actor, moment: Moment, fresh: Fresh) -> Outcome:
    """What follows from a request: an operation that is lawful now, a refusal, or None where nothing needs writing.

    Raises `CoordinautError` (invalid, not_found) for a request that makes no sense.
    """
    check_actor(actor)
    asker = Asker(state, actor, moment, fresh)
    made = decide_home.not_here(asker, request) or DECISIONS[type(request)](asker, request)
    if made is None or isinstance(made, Refusal):
        return made
    change, renewals = made
    operation = Operation(id=fresh.operation, at=moment.at, actor=actor, change=change, renewals=renewals)
    refusal = unlawful(state, operation)
    return _explained(refusal, _shown(state, change.task_id), moment) if refusal else operation


def _signers(asker: Asker, signers: tuple[str, ...]) -> Made:
    return None if signers == asker.state.signers else (SignersSet(signers=signers), ())


def _explained(refusal: Refusal, task: str, moment: Moment) -> Refusal:
    """A refused claim in words: who holds what until when, and whether it has expired."""
    if refusal.code != "scope_conflict" or refusal.hint:
        return refusal
    parts = [_obstacle(clash, moment) for clash in refusal.clashes]
    more = f", and {len(parts) - 2} more" if len(parts) > 2 else ""  # noqa: PLR2004 - two fit in a sentence
    reason = "; ".join(parts[:2]) + more + "."
    if all(moment.expired(clash.lease) for clash in refusal.clashes):
        hint = "Look at what it left (coordinaut watch, git log); whoever takes over has to say why."
        return replace(refusal, code="takeover_needs_reason", reason=reason, hint=hint)
    first = next(clash for clash in refusal.clashes if not moment.expired(clash.lease))
    return replace(refusal, reason=reason, hint=_advice(first, task))


def _advice(clash: Clash, task: str) -> str:
    until = f"wait until {clash.lease.expires_at}"
    if clash.meeting is None:
        return f'Take another task, {until}, or ask: coordinaut message --task {task} --text "…"'
    from shlex import quote  # only who is refused pays for it

    asked = f'coordinaut handoff request --task {task} --files {quote(clash.meeting.mine)} --reason "…"'
    return f"Choose other files, {until}, or ask for it: {asked}"


def _shown(state: State, task_id: str | None) -> str:
    task = state.task(task_id) if task_id else None
    return task.display_id if task else str(task_id)


def _obstacle(clash: Clash, moment: Moment) -> str:
    lease, meeting = clash
    state = "expired at" if moment.expired(lease) else "until"
    if meeting is None:
        return f"{lease.display_id} is held by {holder(lease)}, {state} {lease.expires_at}"
    return (
        f"{meeting.theirs} is held by {holder(lease)} for {lease.display_id} ({lease.mode}), "
        f"{state} {lease.expires_at}; {meeting.mine} meets it at {meeting.example}"
    )
