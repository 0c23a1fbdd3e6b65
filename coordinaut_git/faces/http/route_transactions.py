"""`transactions`: one operation with its documents, as a store's `commit` or `rewrite`.

Rule 1: the server never looks inside. Whoever writes here decides as a writer of any other store does.
Rule 2: the same entry again is answered as the first time, so that a lost answer can be asked for again.
"""

from collections.abc import Mapping
from typing import NamedTuple

from starlette.responses import Response

from coordinaut_git.documents import Entry, Head, OutcomeUnknown, StaleHead, Step, Store
from coordinaut_git.faces.http.answers import answer
from coordinaut_git.faces.http.calls import Call
from coordinaut_git.faces.http.line import Indexed, Json, event_form, points
from coordinaut_git.faces.http.models import TransactionSent, entry_from
from coordinaut_git.faces.http.problems import Problem, bad_value, documents_needed, stale
from coordinaut_git.faces.http.projects import Line
from coordinaut_git.protocol.values import clip
from coordinaut_git.wire import Unreadable, document_of

Changes = Mapping[str, bytes | None]
Documents = Mapping[str, bytes]


class _Transaction(NamedTuple):
    """Steps, of which only the last may come without its documents, or with all there are."""

    steps: list[Step]
    changes: Changes | None
    documents: Documents | None
    base: int | None
    many: bool = False

    @property
    def entry(self) -> Entry:
        return self.steps[-1].entry


class _Done(NamedTuple):
    """The head that the entry made; `repeated` where it was there before, `taken` where its documents were written."""

    head: Head
    repeated: bool = False
    taken: bool = False


async def post(call: Call) -> Response:
    """201 and the new head; 200 where the entry was there already; 412 with what came since."""
    expected, sent = call.expected(), _read(call.sent(TransactionSent))
    done = await call.write(lambda line: _published(line, expected, sent))
    given: Json = {"head": done.head}
    if done.repeated:
        given["repeated"] = True
    if done.taken:
        given["documentsSeq"] = sent.entry.seq
    return answer(given, 200 if done.repeated else 201, head=done.head)


def _read(form: TransactionSent) -> _Transaction:
    if (form.entry is None) == (form.steps is None):
        raise bad_value("the transaction", "it has an entry, or steps")
    if form.documents is not None and (form.changes is not None or form.steps is not None):
        raise bad_value("documents", "they stand in the place of changes, not beside them")
    try:
        if form.entry is None:
            steps = [Step(entry=entry_from(one.entry), changes=_changes(one.changes)) for one in form.steps or ()]
            return _Transaction(steps, None, None, form.base, many=True)
        steps = [Step(entry=entry_from(form.entry), changes={})]
        changes = None if form.changes is None else _changes(form.changes)
        documents = form.documents
        whole = None if documents is None else {path: document_of(it) for path, it in documents.items()}
        return _Transaction(steps, changes, whole, form.base)
    except Unreadable as error:
        raise bad_value("the transaction", clip(str(error), 200)) from None


def _changes(forms: Mapping[str, object | None]) -> Changes:
    return {path: None if form is None else document_of(form) for path, form in forms.items()}


def _published(line: Line, expected: Head, sent: _Transaction) -> _Done:
    """What became of the entry, which may have been there before."""
    store, now = line.store, line.head()
    if now == expected:
        try:
            return _extended(store, expected, sent) if sent.many else _committed(store, expected, sent)
        except StaleHead:
            now = line.head()
        except OutcomeUnknown:
            now = line.head()
            if now == expected:
                raise
        except ValueError as error:
            raise bad_value("the transaction", clip(str(error), 200)) from None
    if found := _landed(store, expected, now, sent.entry):
        return _Done(found, repeated=True)
    raise missed(store, expected, now)


def _committed(store: Store, expected: Head, sent: _Transaction) -> _Done:
    documents, taken = sent.documents, False
    if documents is not None:
        return _Done(store.rewrite(expected, sent.entry, lambda: documents), taken=True)
    if sent.changes is not None:
        _check_base(store, expected, sent.base)

    def changes() -> Changes:
        nonlocal taken
        if sent.changes is None:
            raise documents_needed(store.snapshot(expected).seq)
        taken = True
        return sent.changes

    head = store.commit(expected, sent.entry, changes)
    return _Done(head, taken=taken)


def _extended(store: Store, expected: Head, sent: _Transaction) -> _Done:
    _check_base(store, expected, sent.base)
    return _Done(store.extend(expected, sent.steps))


def _check_base(store: Store, expected: Head, base: int | None) -> None:
    """Raise 409 where the changes were made on newer documents than those that are kept: some would be lost."""
    if base and base > (kept := store.snapshot(expected).seq):
        raise documents_needed(kept)


def _landed(store: Store, expected: Head, now: Head, entry: Entry) -> Head | None:
    """The point that this very entry made, if it is on the line."""
    if isinstance(store, Indexed):
        found = store.landed(entry.id)
        if found is None:
            return None
    elif not any(one.id == entry.id for one in store.since(expected, now) or ()):
        return None
    here = points(store, now, after=entry.seq - 1, before=entry.seq + 1, limit=1)
    return here[0].head if here and here[0].entry == entry else None


def missed(store: Store, expected: Head, now: Head) -> Problem:
    """412, with the entries since `expected` if it is on the line and they are few."""
    between = store.since(expected, now)
    if not between:
        return stale(now, None if between is None else [])
    faster = points(store, now, after=between[0].seq - 1, before=between[-1].seq + 1, limit=len(between))
    return stale(now, [event_form(point) for point in faster], store.snapshot(now).seq)
