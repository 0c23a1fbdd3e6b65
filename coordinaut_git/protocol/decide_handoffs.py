"""Decisions about handoffs: ask for files, answer, and keep what was promised."""

from coordinaut_git.protocol import requests as ask
from coordinaut_git.protocol.asking import DEFAULT_TERM_MS, Asker, Made, due_renewals
from coordinaut_git.protocol.model import Handoff, HandoffStatus, Lease, Mode, Part
from coordinaut_git.protocol.ops import HandoffAnswered, HandoffRequested, HandoffsKept, LeasesRenewed
from coordinaut_git.protocol.references import find_handoff, find_task, new_handoff_id
from coordinaut_git.protocol.refusals import Clash, Refusal, holder, no_files
from coordinaut_git.protocol.rules import clashes
from coordinaut_git.protocol.scope import check_scope, covers
from coordinaut_git.protocol.values import listed
from coordinaut_git.protocol.wellformed import MAX_LISTED


def request(asker: Asker, request: ask.RequestHandoff) -> Made:
    """Ask whoever holds the files; there must be exactly one."""
    task = find_task(asker.state, request.task)
    files = check_scope(request.files) if request.files else task.files
    if not files:
        raise no_files(task, f"coordinaut handoff request --task {task.display_id} --files …")
    own = asker.own(task.id)
    mode, fold = (own.mode, own.fold or asker.fresh.fold) if own else (Mode.EXCLUSIVE, asker.fresh.fold)
    found = list(clashes(asker.state, asker.actor.instance, (Part(files=files),), mode, fold=fold))
    owners = list(dict.fromkeys(clash.lease.agent_instance for clash in found))
    if len(owners) != 1:
        return _several(found) if owners else _nobody(files, own)
    change = HandoffRequested(
        handoff_id=new_handoff_id(asker.moment.at.day, asker.fresh.task),
        task_id=task.id,
        owner=owners[0],
        files=files,
        mode=mode,
        term_ms=own.term_ms if own else DEFAULT_TERM_MS,
        fold=fold,
        reason=request.reason,
    )
    return change, due_renewals(asker)


def respond(asker: Asker, request: ask.RespondHandoff) -> Made:
    """Answer a handoff, or call it off."""
    handoff = find_handoff(asker.state, request.id)
    change = HandoffAnswered(
        handoff_id=handoff.id, task_id=handoff.task_id, status=request.status, response=request.response
    )
    return change, due_renewals(asker)


def keep(asker: Asker, request: ask.KeepPromises) -> Made:
    """After a commit: what it touched of what was promised goes over; what is due is renewed on the way."""
    kept = [handoff.id for handoff in asker.state.pending_handoffs() if _is_kept(asker, handoff, request.paths)]
    renewals = due_renewals(asker)
    if kept:
        return HandoffsKept(handoffs=tuple(kept[:MAX_LISTED]), commit=request.commit), renewals
    return (LeasesRenewed(), renewals) if renewals else None


def _is_kept(asker: Asker, handoff: Handoff, paths: tuple[str, ...]) -> bool:
    if handoff.status != HandoffStatus.GRANT_AFTER_COMMIT or handoff.owner != asker.actor.instance:
        return False
    return any(covers(handoff.files, path, fold=handoff.fold or asker.fresh.fold) for path in paths)


def _nobody(files: tuple[str, ...], own: Lease | None) -> Refusal:
    if own and own.mode != Mode.EXCLUSIVE:
        return Refusal(
            code="nothing_to_hand_over",
            reason=f"Nobody stands in the way of {listed(files)} in the mode of your lease, {own.mode}.",
            hint=f"Claim it; to have it exclusively, release {own.display_id} first and ask again.",
        )
    return Refusal(
        code="nothing_to_hand_over",
        reason=f"Nobody else holds {listed(files)}.",
        hint="Nobody needs to hand it over: claim it.",
    )


def _several(found: list[Clash]) -> Refusal:
    leases = {clash.lease.agent_instance: clash.lease for clash in found}
    held = "; ".join(f"{holder(lease)} {listed(lease.files)}" for lease in leases.values())
    return Refusal(
        code="several_owners",
        reason=f"{len(leases)} instances hold some of that: {held}.",
        hint="Ask each of them for its part, with --files.",
        clashes=tuple(found),
    )
