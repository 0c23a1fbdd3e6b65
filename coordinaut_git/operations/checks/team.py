"""The team: whether its remote is heard from, has what was done here, and takes the ref.

Rule 1: only `--deep` asks the remote; a remote that is away is no fault of the state.
"""

from coordinaut_git.clock import RandomIds
from coordinaut_git.errors import CoordinautError, Kind
from coordinaut_git.operations.checks.finding import Check, Exam, Finding
from coordinaut_git.protocol.values import Instant

LONG_MS = 3_600_000
"""What is published with the next claim may well wait so long."""

_ALONE = Finding("ok", "no remote is set as a team's: the worktrees of this clone coordinate among themselves")


def _team(exam: Exam) -> Finding:
    """How much the remote has not got, and since when."""
    team, remote = exam.workspace.team, exam.workspace.remote
    if team is None:
        return _ALONE
    if remote not in exam.settings.remotes:
        return Finding("skipped", f"there is no remote {remote} to meet on")
    seen_at, waiting = exam.workspace.heard_from_remote_at, team.unpublished()
    if seen_at is None:
        return Finding("warning", f"{remote} was never heard from in this clone", "Exchange with it: coordinaut sync")
    since = f"when it was heard from at {Instant(seen_at)}"
    if not waiting:
        return Finding("ok", f"{remote} had all that is here {since}")
    oldest = Instant(waiting[0].at)
    counted = f"{len(waiting)} operations since {oldest} are provisional: {remote} had not got them {since}"
    if exam.now_ms - oldest < LONG_MS:
        return Finding("ok", counted)
    return Finding("warning", counted, "Publish them: coordinaut sync")


def _probe(exam: Exam) -> Finding:
    """Whether the remote takes refs beside ours, and has the line that it had.

    A ref is made there, read back, and deleted.
    """
    team, remote = exam.workspace.team, exam.workspace.remote
    if team is None or remote is None:
        return _ALONE
    from coordinaut_git.sync.probing import probe  # brings the network along

    try:
        where = probe(exam.workspace.git_store, remote, RandomIds().token(4))
        with team.alone():
            team.fetch()
    except CoordinautError as error:
        mark = "warning" if error.kind is Kind.CONTENDED else "failed"
        return Finding(mark, error.message.removesuffix("."), error.hint)
    return Finding("ok", f"{remote} takes {where}: it was made there, read back, and deleted")


CHECKS: tuple[Check, ...] = (("team", _team),)
DEEP: tuple[Check, ...] = (("team-remote", _probe),)
