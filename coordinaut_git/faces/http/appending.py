"""Operations from outside, added to a line by the protocol: lawful ones only, and their documents derived here.

Rule 1: everything is judged before anything is written.
Rule 2: a whole history, for a line that has none yet, is replayed as it happened: what was refused then is refused now.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from coordinaut_git.coordinator import MOST_UNWRITTEN
from coordinaut_git.documents import Entry, Head, StaleHead, Step
from coordinaut_git.errors import CoordinautError
from coordinaut_git.faces.http.line import Point, points, taken
from coordinaut_git.faces.http.models import EntryForm, EventSent, StateSent, entry_from
from coordinaut_git.faces.http.problems import Problem, bad_value, stale, unlawful
from coordinaut_git.faces.http.projects import Line
from coordinaut_git.faces.http.route_transactions import missed
from coordinaut_git.protocol import views
from coordinaut_git.protocol.apply import apply, carried_out
from coordinaut_git.protocol.ops import Operation, from_entry, to_entry
from coordinaut_git.protocol.rules import unlawful as law
from coordinaut_git.protocol.state import State
from coordinaut_git.protocol.values import clip
from coordinaut_git.stores.memory import DocumentMap
from coordinaut_git.wire import Unreadable, canonical, document_of, entry_of

COMPARED_AT_ONCE = 512


class Appended(NamedTuple):
    """Where the line stands."""

    head: Head
    seq: int


def begin(line: Line, sent: StateSent) -> Appended:
    """Begin a line with these operations; raises 412 where there is one, 422 for what is no history."""
    entries = list(_entries(sent.entries))
    if (head := line.store.head()) is not None:
        raise stale(head)
    steps = _judged(State(DocumentMap({}), 0), entries, sent)
    if not line.store.create():
        raise stale(line.store.head())
    return Appended(_write(line, line.head(), steps), len(steps))


def append(line: Line, expected: Head, sent: StateSent) -> Appended:
    """Add what the line has not yet; raises 412 for a stale head, 422 for what may not follow or is another history."""
    head, state = line.coordinator.read()
    if head != expected:
        raise missed(line.store, expected, head)
    entries = list(_entries(sent.entries))
    known = [entry for entry in entries if entry.seq <= state.seq]
    new = entries[len(known) :]
    _compare(line, head, known)
    steps = _judged(state, new, sent)
    _check_ids(line, head, new)
    return Appended(_write(line, head, steps), state.seq + len(steps))


def add(line: Line, expected: Head, sent: EventSent) -> tuple[Point, bool]:
    """Add one operation, and whether it was there before; raises 412 for a stale head, 422 for what may not follow."""
    head, state = line.coordinator.read()
    if head != expected:
        between = line.store.since(expected, head)
        if between and between[0].id == sent.operation.get("id"):
            return points(line.store, head, after=between[0].seq - 1, before=between[0].seq + 1, limit=1)[0], True
        raise missed(line.store, expected, head)
    entry = _next_entry(state, sent)
    if entry.seq != state.seq + 1:
        raise _gap(state.seq + 1, entry.seq)
    operation = read_operation(entry)
    _check_lawful(state, operation, entry.seq)
    _check_ids(line, head, [entry])
    step = Step(entry=entry, changes=apply(state, operation, entry.seq).changes())
    return Point(_write(line, head, [step]), entry), False


def _next_entry(state: State, sent: EventSent) -> Entry:
    """What is sent as the entry that it is, or is to be."""
    if sent.id is not None:
        try:
            return entry_of(sent.model_dump())
        except Unreadable as error:
            raise bad_value("the entry", clip(str(error), 200)) from None
    seq = state.seq + 1
    body = canonical({"seq": seq, **sent.operation})
    draft = Entry(id="", seq=seq, at=0, summary="", author="", author_id="", body=body)
    try:
        operation = from_entry(draft)
    except CoordinautError as error:
        raise unlawful("unreadable_operation", f"The operation cannot be read: {error.message}") from None
    _check_lawful(state, operation, seq)
    operation, _ = carried_out(state, operation, seq)
    return to_entry(operation, seq, views.summary(state, operation))


def read_operation(entry: Entry) -> Operation:
    """The operation of an entry that says nothing else than it; raises 422."""
    try:
        operation = from_entry(entry)
    except CoordinautError as error:
        raise unlawful("unreadable_operation", f"Operation {entry.seq} cannot be read: {error.message}") from None
    again = to_entry(operation, entry.seq, entry.summary)
    if again != entry:
        raise unlawful(
            "bad_entry", f"What entry {entry.seq} says of itself is not what its operation says.", seq=entry.seq
        )
    return operation


def _entries(forms: Sequence[EntryForm]) -> Iterator[Entry]:
    """The entries of their forms; raises 422 for a gap between two of them."""
    before: int | None = None
    for form in forms:
        try:
            entry = entry_from(form)
        except Unreadable as error:
            raise bad_value(f"entry {form.seq}", clip(str(error), 200)) from None
        if before is not None and entry.seq != before + 1:
            raise _gap(before + 1, entry.seq)
        before = entry.seq
        yield entry


def _gap(due: int, seq: int) -> Problem:
    return unlawful("gap", f"Operation {due} is due where operation {seq} stands.", seq=seq)


def _compare(line: Line, head: Head, entries: list[Entry]) -> None:
    """Raise 422 unless these entries are the line's own."""
    for start in range(0, len(entries), COMPARED_AT_ONCE):
        some = entries[start : start + COMPARED_AT_ONCE]
        kept = points(line.store, head, after=some[0].seq - 1, before=some[-1].seq + 1, limit=len(some))
        for entry, point in zip(some, kept, strict=True):
            if entry != point.entry:
                raise unlawful("other_history", f"Operation {entry.seq} of this line is another one.", seq=entry.seq)


def _judged(state: State, entries: list[Entry], sent: StateSent) -> list[Step]:
    """What is to be written; raises 422 unless the entries may follow, and give the documents that were sent along."""
    replayed, ids = state.seq == 0, set[str]()
    steps: list[Step] = []
    _check_documents(state, sent)
    for entry in entries:
        if entry.seq != state.seq + 1:
            raise _gap(state.seq + 1, entry.seq)
        if entry.id in ids:
            raise _repeated(entry.id)
        ids.add(entry.id)
        operation = read_operation(entry)
        if not replayed:
            _check_lawful(state, operation, entry.seq)
        new = apply(state, operation, entry.seq)
        steps.append(Step(entry=entry, changes=new.changes(state if steps else None)))
        state = new if new.unwritten <= MOST_UNWRITTEN else new.rebased(DocumentMap(new.contents()))
        _check_documents(state, sent)
    return steps


def _check_lawful(state: State, operation: Operation, seq: int) -> None:
    refusal = law(state, operation)
    if refusal:
        raise unlawful(refusal.code, f"Operation {seq} may not follow: {refusal.reason}", seq=seq)


def _check_documents(state: State, sent: StateSent) -> None:
    if sent.documents is None or sent.documentsSeq != state.seq:
        return
    try:
        documents = {path: document_of(form) for path, form in sent.documents.items()}
    except Unreadable as error:
        raise bad_value("documents", clip(str(error), 200)) from None
    if documents != state.contents():
        raise unlawful("other_documents", "The documents are not what the operations give; they are derived, not sent.")


def _check_ids(line: Line, head: Head, entries: list[Entry]) -> None:
    """Raise 422 where the id of an entry is that of one on the line."""
    if repeated := taken(line.store, head, {entry.id for entry in entries}):
        raise _repeated(repeated)


def _repeated(entry_id: str) -> Problem:
    return unlawful("repeated_id", f"The id {clip(entry_id)} is another operation's.")


def _write(line: Line, head: Head, steps: list[Step]) -> Head:
    """Publish what may follow on this point, all or none of it."""
    try:
        return line.store.extend(head, steps)
    except StaleHead:
        raise missed(line.store, head, line.head()) from None
