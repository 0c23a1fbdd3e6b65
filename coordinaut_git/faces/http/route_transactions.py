"""`transactions`: one operation with its documents, as a store's `commit` or `rewrite`.

Rule 1: the server never looks inside. Whoever writes here decides as a writer of any other store does.
Rule 2: the same entry again is answered as the first time, so that a lost answer can be asked for again.
"""

from collections.abc import Mapping
from typing import NamedTuple

from starlette.responses import Response

from coordinaut_git.documents import Entry, Head, OutcomeUnknown, StaleHead, Store
from coordinaut_git.errors import contended
from coordinaut_git.faces.http.answers import answer
from coordinaut_git.faces.http.calls import Call
from coordinaut_git.faces.http.line import Indexed, Json, points
from coordinaut_git.faces.http.models import TransactionSent, entry_from
from coordinaut_git.faces.http.problems import Problem, bad_value, documents_needed, stale
from coordinaut_git.faces.http.projects import Line
from coordinaut_git.protocol.values import clip
from coordinaut_git.wire import Unreadable, document_of, entry_form


class _Transaction(NamedTuple):
    entry: Entry
    changes: Mapping[str, bytes | None]
    documents: Mapping[str, bytes] | None
    base: int | None


async def post(call: Call) -> Response:
    """201 and the new head; 200 where the entry was there already; 412 with what came since."""
    expected, sent = call.expected(), _read(call.sent(TransactionSent))
    head, repeated = await call.write(lambda line: _published(line, expected, sent))
    given: Json = {"head": head, "repeated": True} if repeated else {"head": head}
    return answer(given, 200 if repeated else 201, head=head)


def _read(form: TransactionSent) -> _Transaction:
    if form.changes is not None and form.documents is not None:
        raise bad_value("documents", "they stand in the place of changes, not beside them")
    try:
        entry = entry_from(form.entry)
        changes = {path: None if it is None else document_of(it) for path, it in (form.changes or {}).items()}
        if form.documents is None:
            return _Transaction(entry, changes, None, form.base)
        return _Transaction(entry, {}, {path: document_of(it) for path, it in form.documents.items()}, None)
    except Unreadable as error:
        raise bad_value("the transaction", clip(str(error), 200)) from None


def _published(line: Line, expected: Head, sent: _Transaction) -> tuple[Head, bool]:
    """The head that the entry made, and whether it was there before."""
    store, now = line.store, line.head()
    if now == expected:
        try:
            return _committed(store, expected, sent), False
        except StaleHead:
            now = line.head()
        except OutcomeUnknown:
            now = line.head()
            if now == expected:
                raise _unknown(sent.entry) from None
    if found := _landed(store, expected, now, sent.entry):
        return found, True
    raise missed(store, expected, now)


def _committed(store: Store, expected: Head, sent: _Transaction) -> Head:
    base = store.snapshot(expected).seq if sent.base is not None else None
    documents = sent.documents

    def changes() -> Mapping[str, bytes | None]:
        if base is not None and base != sent.base:
            raise documents_needed(base)
        return sent.changes

    try:
        if documents is not None:
            return store.rewrite(expected, sent.entry, lambda: documents)
        return store.commit(expected, sent.entry, changes)
    except ValueError as error:
        raise bad_value("the transaction", clip(str(error), 200)) from None


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
    return stale(now, None if between is None else [entry_form(entry) for entry in between])


def _unknown(entry: Entry) -> Exception:
    return contended(
        "unknown_outcome",
        f"It could not be told whether operation {clip(entry.id)} was written.",
        hint="Look for it before you ask again.",
    )
