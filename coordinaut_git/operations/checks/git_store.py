"""The git store: its ref, its objects, and the files beside it."""

from pathlib import Path

from coordinaut_git.documents import Head
from coordinaut_git.errors import CoordinautError
from coordinaut_git.operations.checks.finding import Check, Exam, Finding
from coordinaut_git.operations.checks.signatures import signatures
from coordinaut_git.parting import meet_within
from coordinaut_git.plumbing.engine import ObjectMissing
from coordinaut_git.plumbing.objects import BadObject
from coordinaut_git.render.words import number
from coordinaut_git.replay.checkpoints import replayed
from coordinaut_git.stores.git import health, leftovers
from coordinaut_git.stores.git.stale_lock import STALE_AFTER_S
from coordinaut_git.stores.git.store import GitStore

MANY_LOOSE = 1_000
OPEN_WORK = ("leases", "tasks/open", "handoffs/pending")
"""What every command reads; the rest grows with history and is read with --deep only."""


def _ref(exam: Exam) -> Finding:
    """A lock that a dead program left, and a ref that somebody works on as a branch."""
    ref, common = exam.settings.ref, exam.place.common_dir
    lock = common / f"{ref}.lock"
    if lock.exists() and exam.now_ms / 1000 - lock.stat().st_mtime > STALE_AFTER_S:
        advice = "The next operation sets it aside, and so does: coordinaut doctor --fix"
        return Finding("warning", f"{lock} was left by a program that is likely dead", advice)
    for file in (common / "HEAD", *common.glob("worktrees/*/HEAD")):
        if file.read_text("utf-8", "replace").strip() == f"ref: {ref}":
            advice = "Check out another branch there: a commit on this one would make the state unreadable."
            return Finding("warning", f"{ref} is checked out as a branch ({file})", advice)
    return Finding("ok", f"{ref} is free")


def _journal(exam: Exam) -> Finding:
    """Whether what this clone wrote last is on the line: a ref can be set back, or replaced, from outside."""
    store, head = exam.workspace.git_store, exam.workspace.coordinator.head()
    last = store.journal.last_head()
    if last is None:
        return Finding("ok", "this clone has written nothing yet that it remembers")
    if last == head or store.since(Head(last), head) is not None:
        return Finding("ok", "the last operation that was written here is on the line")
    try:
        if _was_joined(store, Head(last), head):
            return Finding("ok", "the line was joined to another, and what was written here is on it")
        behind = store.since(head, Head(last))
        newer = store.line.point(last).seq
    except CoordinautError:
        return Finding("ok", "the last operation that was written here is not known any more")
    if behind:
        advice = f"If nobody meant to: git update-ref {exam.settings.ref} {last} {head}"
        return Finding("warning", f"the line was set back by {number(len(behind), 'operation')} of this clone", advice)
    if newer <= exam.state.seq - health.NEAR:  # it may be on the line, far back: another copy of us wrote since
        return Finding("ok", "what was written here last is long ago")
    advice = f"Look at both: git log --oneline {head} {last}. The other one is not lost as long as nobody prunes."
    return Finding("warning", f"the line was replaced: {last[:12]}, which was written here, is not on it", advice)


def _was_joined(store: GitStore, old: Head, head: Head) -> bool:
    """Whether the line of `head` has each operation that a line which is not on it has, at another position."""
    meeting = meet_within(store, old, head, 2 * health.NEAR)
    return meeting is not None and {entry.id for entry in meeting.ours} <= meeting.theirs


def _objects(exam: Exam) -> Finding:
    """What somebody pruned. Looked at before the line is read, which puts back what it meets."""
    store = exam.workspace.git_store
    missing = store.engine.missing(sorted(store.journal.oids()))
    if missing:
        advice = "They are put back when they are needed, or now by: coordinaut doctor --fix"
        return Finding("warning", f"gone: {number(len(missing), 'object')} written lately", advice)
    return Finding("ok", "all objects that were written lately are there")


def _packs(exam: Exam) -> Finding:
    try:
        loose, packs = exam.workspace.git_store.counted(exam.workspace.coordinator.head())
    except (ObjectMissing, BadObject) as problem:
        return Finding("warning", f"they cannot be counted: {problem}", "Look closer: coordinaut doctor --deep")
    counted = f"{number(loose, 'loose object')} and {number(packs, 'pack')} of ours"
    if loose > MANY_LOOSE:
        return Finding("warning", f"{counted}: they are not being packed", "Pack them: coordinaut doctor --fix")
    return Finding("ok", counted)


def _left(exam: Exam) -> Finding:
    found = leftovers.find(exam.place, exam.now_ms)
    if found:
        summary = f"{number(len(found), 'file')} left by programs that died, such as {_short(found[0], exam)}"
        return Finding("warning", summary, "They do no harm. Take them away: coordinaut doctor --fix")
    return Finding("ok", "nothing was left behind by programs that died")


def _short(path: Path, exam: Exam) -> str:
    return str(path.relative_to(exam.place.common_dir))


def _documents(exam: Exam) -> Finding:
    return _few(exam, "every document of open work can be read", OPEN_WORK)


def _all_documents(exam: Exam) -> Finding:
    return _few(exam, "every document of the newest checkpoint can be read", None)


def _commits(exam: Exam) -> Finding:
    store, head = exam.workspace.git_store, exam.workspace.coordinator.head()
    found = list(health.line_problems(store.engine, head))
    if not found:
        return Finding("ok", "every commit of the line follows on the one before it")
    return _first(found, "Compare with another clone: git fetch there, and git log of the coordination ref.")


def _few(exam: Exam, good: str, folders: tuple[str, ...] | None) -> Finding:
    store, head = exam.workspace.git_store, exam.workspace.coordinator.head()
    found = list(health.document_problems(store.engine, head, folders))
    return _first(found, "Put them back from the operations: coordinaut doctor --fix") if found else Finding("ok", good)


def _first(found: list[health.Problem], advice: str) -> Finding:
    first = found[-1]  # they come newest first, and the first that differs says where it began
    more = f" ({len(found)} findings in all)" if len(found) > 1 else ""
    return Finding("failed", f"commit {first.commit} {first.what.removesuffix('.')}{more}", advice)


def _replay(exam: Exam) -> Finding:
    """Replay every operation from the first, and compare the tree id of each checkpoint."""
    found = replayed(exam.workspace.git_store, exam.workspace.coordinator.head())
    if found.differing:
        first, more = found.differing[0], len(found.differing) - 1
        also = f"; so do {more} later ones" if more else ""
        return Finding(
            "failed",
            f"commit {first.commit} (operation {first.seq}) keeps the tree {first.kept[:12]}, "
            f"but replaying gives {first.replayed[:12]}{also}",
            "Compare with another clone how that came; then have the documents written anew: coordinaut migrate",
        )
    trees = (
        f"the trees are the very same at {number(found.agreeing, 'checkpoint')}"
        if found.agreeing
        else "no checkpoint yet"
    )
    past = f", {found.settled} that differed were written anew since" if found.settled else ""
    return Finding("ok", f"{number(found.state.seq, 'operation')} replayed; {trees}{past}")


BEFORE_LINE: tuple[Check, ...] = (("objects", _objects),)
CHECKS: tuple[Check, ...] = (
    ("ref", _ref),
    ("journal", _journal),
    ("packs", _packs),
    ("leftovers", _left),
    ("documents", _documents),
)
DEEP: tuple[Check, ...] = (
    ("all-documents", _all_documents),
    ("commits", _commits),
    ("replay", _replay),
    ("signatures", signatures),
)
