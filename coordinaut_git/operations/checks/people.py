"""Who works here: leases and promises that stand around, and notes about agents and worktrees that are gone."""

from collections import Counter
from pathlib import Path

from coordinaut_git.operations.checks.finding import Check, Exam, Finding, some
from coordinaut_git.protocol.model import HandoffStatus, Lease
from coordinaut_git.protocol.refusals import holder
from coordinaut_git.render.words import number

SILENT_MS = 24 * 3_600_000
LONG_GONE_MS = 30 * 24 * 3_600_000
MANY_NOTES = 200
_PREFIX = "worktree-"


def _leases(exam: Exam) -> Finding:
    """Leases that expired, and holders nobody has heard of for a day."""
    expired = [lease for lease in exam.leases if exam.expired(lease)]
    if expired:
        advice = (
            "They stand in the way until their holders release them (coordinaut release), or somebody takes over and "
            "says why (coordinaut claim --takeover-reason)."
        )
        what = "leases have" if len(expired) > 1 else "lease has"
        return Finding("warning", f"{len(expired)} {what} expired: {some(_shown(expired))}", advice)
    silent = [lease for lease in exam.leases if exam.now_ms - _heard_ms(exam, lease.agent_instance) > SILENT_MS]
    if silent:
        advice = (
            "If they are not coming back: coordinaut message asks, and a takeover has to wait for the lease to expire."
        )
        return Finding("warning", f"nobody has heard for a day of who holds {some(_shown(silent))}", advice)
    modes = Counter(str(lease.mode) for lease in exam.leases)
    return Finding("ok", some([f"{count} {mode}" for mode, count in modes.items()]) or "nobody holds anything")


def _shown(leases: list[Lease]) -> list[str]:
    return [f"{lease.display_id} of {holder(lease)}" for lease in leases]


def _heard_ms(exam: Exam, instance: str) -> int:
    known = exam.state.instance(instance)
    return max(known.last_seen_at if known else 0, exam.workspace.heard().get(instance, 0))


def _handoffs(exam: Exam) -> Finding:
    """Requests that wait for an answer or for a commit, and nothing has come of them for a day."""
    pending = exam.state.pending_handoffs()
    old = [one for one in pending if exam.now_ms - (one.responded_at or one.at) > SILENT_MS]
    if old:
        first = old[0]
        waits = (
            f"{first.owner} to commit"
            if first.status == HandoffStatus.GRANT_AFTER_COMMIT
            else f"{first.owner}'s answer"
        )
        advice = "See them with `coordinaut handoff list`; the owner's release keeps a promise, and both may cancel."
        late = number(len(old), "handoff")
        return Finding("warning", f"{late} waiting for more than a day: {first.id} for {waits}", advice)
    return Finding("ok", f"{len(pending) or 'none'} open")


def gone_worktrees(exam: Exam) -> dict[Path, str]:
    """The notes of worktrees that are there no more: the file, and the instance that worked there.

    Another worktree may get the same name one day, and is not to inherit the instance.
    """
    common = exam.place.common_dir
    there = {path.name for path in (common / "worktrees").glob("*")}
    notes = (common / "coordinaut" / "instances").glob(f"{_PREFIX}*")
    return {
        note: note.read_text("utf-8", "replace").strip()
        for note in sorted(notes)
        if note.name.removeprefix(_PREFIX) not in there
    }


def _worktrees(exam: Exam) -> Finding:
    gone = gone_worktrees(exam)
    left = [lease for lease in exam.leases if lease.agent_instance in gone.values()]
    if left:
        advice = (
            "What was not committed is lost. Release them in the agent's name: coordinaut release --agent-instance …"
        )
        return Finding("warning", f"the worktree is gone of {some(_shown(left))}", advice)
    if gone:
        names = [note.name.removeprefix(_PREFIX) for note in gone]
        advice = "Forget them, so that no new worktree of that name inherits the agent: coordinaut doctor --fix"
        return Finding("warning", f"worktrees that are gone are still remembered: {some(names)}", advice)
    return Finding("ok", "every worktree that agents are known in is there")


def silent_notes(exam: Exam) -> list[Path]:
    """The presence notes of instances that hold nothing and were not heard of for 30 days."""
    holders = {lease.agent_instance for lease in exam.leases}
    folder = exam.workspace.presence_folder
    heard = exam.workspace.heard()
    return [folder / name for name in sorted(heard) if name not in holders and exam.now_ms - heard[name] > LONG_GONE_MS]


def _presence(exam: Exam) -> Finding:
    heard, old = len(exam.workspace.heard()), len(silent_notes(exam))
    if old > MANY_NOTES:
        advice = "Forget them: coordinaut doctor --fix"
        return Finding("warning", f"{old} notes are of agents not heard of for 30 days", advice)
    return Finding("ok", f"{heard} agent{'' if heard == 1 else 's'} heard of on this machine")


CHECKS: tuple[Check, ...] = (
    ("leases", _leases),
    ("handoffs", _handoffs),
    ("worktrees", _worktrees),
    ("presence", _presence),
)
