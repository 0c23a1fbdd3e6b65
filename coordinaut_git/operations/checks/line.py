"""The line of operations and the state that it gives, whatever keeps it."""

from coordinaut_git.documents import FORMAT
from coordinaut_git.errors import CoordinautError
from coordinaut_git.operations.checks.finding import Check, Exam, Finding, some
from coordinaut_git.protocol.invariants import broken_promises
from coordinaut_git.render.words import number
from coordinaut_git.replay.anew import differing, state_anew
from coordinaut_git.storage import GIT

CLOCK_AHEAD_MS = 60_000


def schema(exam: Exam) -> Finding:
    """Whether the documents are of the format that this version reads and writes."""
    store = exam.workspace.store
    head = store.head()
    if head is None:
        return Finding("skipped", "there is no state yet")
    form = store.format(head)
    if form > FORMAT:
        summary = f"the state is of format {form}, and this version knows format {FORMAT}"
        return Finding("failed", summary, "Update coordinaut-git.")
    if form < FORMAT:
        summary = f"the state is of format {form} and needs to be migrated to format {FORMAT}"
        return Finding("failed", summary, "Run `coordinaut migrate`; it makes a backup first.")
    return Finding("ok", f"the state is of format {form}, which is the newest")


def line(exam: Exam) -> Finding:
    """Whether the state can be read at all; the checks that follow need that."""
    try:
        if not exam.workspace.coordinated():
            return Finding("warning", "nothing is coordinated here yet", "Start with: coordinaut init")
        head = exam.workspace.coordinator.head()
        state = exam.state
    except CoordinautError as error:
        said = error.message.removesuffix(".")
        if error.code in {"newer_format", "older_format", "state_missing"}:
            return Finding("failed", said, error.hint)
        if exam.workspace.storage.kind == GIT:
            return Finding("failed", said, "Put back what this clone remembers: coordinaut doctor --fix")
        return Finding("failed", said, error.hint or "Put back what was there before, from a backup or another disk.")
    if not state.seq:
        return Finding("ok", "no operation yet")
    return Finding("ok", f"{number(state.seq, 'operation')} up to {head[:12]}, the newest at {state.at}")


def _promises(exam: Exam) -> Finding:
    broken = list(broken_promises(exam.state))
    if broken:
        return Finding(
            "failed",
            broken[0].removesuffix("."),
            "Please report this with what `coordinaut watch --limit 1000` prints.",
        )
    return Finding("ok", "one owner for every path")


def _clock(exam: Exam) -> Finding:
    _, moment = exam.workspace.coordinator.now()
    if moment.at - moment.local > CLOCK_AHEAD_MS:
        advice = "Set this machine's clock, or find the one that ran ahead: coordinaut watch"
        return Finding("warning", f"the newest operation is from {moment.at}, and it is {moment.local} here", advice)
    return Finding("ok", f"it is {moment.local} here, and no operation is from later")


def _documents(exam: Exam) -> Finding:
    """What every command reads; the rest grows with history and is read with --deep only."""
    state = exam.state
    count = sum(1 for _ in state.open_tasks()) + len(state.leases()) + len(list(state.pending_handoffs()))
    return Finding("ok", f"every document of open work can be read; there are {count}")


def _all_documents(exam: Exam) -> Finding:
    return Finding("ok", f"every document can be read; there are {len(exam.state.contents())}")


def _entries(exam: Exam) -> Finding:
    """Every step of the line is checked by whoever reads it."""
    count = sum(1 for _ in exam.workspace.store.log(exam.workspace.coordinator.head()))
    return Finding("ok", f"{number(count, 'operation')}, each follows on the one before it")


def _replay(exam: Exam) -> Finding:
    """Replay every operation from the first, and compare every document."""
    workspace = exam.workspace
    head = workspace.coordinator.head()
    right = state_anew(workspace.store, head)
    wrong = differing(workspace.coordinator.state_of_documents(head), right)
    if wrong:
        advice = "Have the documents written anew: coordinaut migrate"
        count = number(len(wrong), "document")
        return Finding("failed", f"{count} not as replaying gives: {some(list(wrong))}", advice)
    replayed, documents = number(right.seq, "operation"), number(len(right.contents()), "document")
    return Finding("ok", f"{replayed} replayed; the documents are the very same: {documents}")


CHECKS: tuple[Check, ...] = (("promises", _promises), ("clock", _clock))
DOCUMENTS: tuple[Check, ...] = (("documents", _documents),)
DEEP: tuple[Check, ...] = (("all-documents", _all_documents), ("entries", _entries), ("replay", _replay))
