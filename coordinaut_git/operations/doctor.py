"""Doctor: examine the machine, the repository, the store, the history and who works here; and say what to do.

Rule 1: one check, one function, one finding (see operations/checks); a check that fails does not hide the next.
Rule 2: nothing is changed unless `--fix` is given, and then only what is safe: nothing that is on the line is lost.
Rule 3: without `--deep` the time does not grow with history.
"""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any, NamedTuple

from coordinaut_git.errors import CoordinautError, environment
from coordinaut_git.operations.checks import folder_store, git_store, line, machine, people, repository, team
from coordinaut_git.operations.checks.finding import Check, Exam, Finding, guarded
from coordinaut_git.plumbing.hooks import hooks_status, install
from coordinaut_git.protocol import requests as ask
from coordinaut_git.render.words import number
from coordinaut_git.replay.checkpoints import restored
from coordinaut_git.storage import GIT, JSON, REMOTE
from coordinaut_git.stores.git import leftovers
from coordinaut_git.stores.git.mend import mend
from coordinaut_git.workspace import Workspace

Json = dict[str, Any]


class Suite(NamedTuple):
    """The checks of one kind of store: before its line is read, on it, and those that --deep adds."""

    ground: tuple[Check, ...]
    on_the_line: tuple[Check, ...]
    deep: tuple[Check, ...]


def suite_of(kind: str) -> Suite:
    """The checks of a storage."""
    if kind == GIT:
        return Suite(git_store.BEFORE_LINE, (*git_store.CHECKS, *team.CHECKS), (*git_store.DEEP, *team.DEEP))
    if kind == REMOTE:
        from coordinaut_git.operations.checks import server  # brings HTTP along

        return Suite(server.CHECKS, line.DOCUMENTS, line.DEEP)
    return Suite(folder_store.CHECKS, line.DOCUMENTS, line.DEEP)


NOTHING_TO_READ = Finding("skipped", "there is no line to look at")


def doctor(workspace: Workspace, request: ask.Doctor) -> Json:
    """`{"checks", "root", "store", "ref", …}`; an environment error (exit 6) with the same details if one failed."""
    mended = list(_mended(Exam(workspace))) if request.fix else []
    checks = [_form(name, finding) for name, finding in _findings(Exam(workspace), deep=request.deep)]
    where = workspace.store.describe()
    result = {
        **where,
        "root": str(workspace.root),
        "store": where["storage"],
        "worktree": workspace.place.worktree or None,
        "instance": workspace.instance(),
        "checks": checks,
        "mended": mended,
    }
    failed = [check for check in checks if check["status"] == "failed"]
    if failed:
        message = f"{len(failed)} of {len(checks)} checks failed; first {failed[0]['name']}: {failed[0]['summary']}."
        raise environment("unhealthy", message, hint=failed[0]["advice"], **result)
    return result


def _findings(exam: Exam, *, deep: bool) -> Iterator[tuple[str, Finding]]:
    suite = suite_of(exam.workspace.storage.kind)
    for name, check in (*machine.CHECKS, *repository.CHECKS, *suite.ground, ("schema", line.schema)):
        yield name, guarded(check, exam)
    found = line.line(exam)
    yield "line", found
    for name, check in (*suite.on_the_line, *line.CHECKS, *people.CHECKS, *(suite.deep if deep else ())):
        yield name, guarded(check, exam) if found.status == "ok" else NOTHING_TO_READ


def _form(name: str, finding: Finding) -> Json:
    return {"name": name, "status": finding.status, "summary": finding.summary, "advice": finding.advice}


def _mended(exam: Exam) -> Iterator[str]:
    """Mend what is safe to mend; a sentence for each thing that was done."""
    exam.workspace.check_in_force()
    if exam.workspace.storage.kind == GIT:
        store = exam.workspace.git_store
        yield from mend(store, lambda head: restored(store, head))
    elif exam.workspace.storage.kind == JSON:
        yield from _json_mended(exam)
    if count := leftovers.remove(exam.place, exam.now_ms):
        yield f"taken away: {number(count, 'file')} that dead programs had left"
    with suppress(CoordinautError):  # what stands in the way is said below
        yield from _hooks_again(exam)
    with suppress(CoordinautError):  # what cannot be read says so below
        yield from _forgotten(exam)


def _json_mended(exam: Exam) -> Iterator[str]:
    from coordinaut_git.stores.json.mend import mend as mend_files
    from coordinaut_git.stores.json.store import JsonStore

    store = exam.workspace.store
    assert isinstance(store, JsonStore)
    yield from mend_files(store)


def _hooks_again(exam: Exam) -> Iterator[str]:
    """Ours are finished, brought up to date and told where this program is; where there are none, none are made."""
    found = hooks_status(exam.place)
    whole = not found.outdated and not found.missing and found.home
    if (found.installed or found.outdated) and not found.foreign and not whole:
        install(exam.place, found.folder)
        yield "our git hooks were put in place again"


def _forgotten(exam: Exam) -> Iterator[str]:
    """Notes about agents and worktrees that are gone; who holds something is not forgotten."""
    holders = {lease.agent_instance for lease in exam.leases}
    gone = [note for note, instance in people.gone_worktrees(exam).items() if instance not in holders]
    for note in gone:
        note.unlink(missing_ok=True)
        yield f"the worktree {note.name.removeprefix('worktree-')}, which is gone, was forgotten"
    silent = people.silent_notes(exam)
    for note in silent:
        note.unlink(missing_ok=True)
    if silent:
        yield f"forgotten: {number(len(silent), 'agent')} not heard of for 30 days"
