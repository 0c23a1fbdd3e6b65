"""The server of a remote store: whether it answers, what it is, and what the token is good for."""

import time

from coordinaut_git import __version__
from coordinaut_git.operations.checks.finding import Check, Exam, Finding
from coordinaut_git.operations.checks.folder_store import note_of_the_folder
from coordinaut_git.stores.remote import RemoteStore
from coordinaut_git.stores.remote.answers import error_of
from coordinaut_git.stores.remote.server import Lost

SLOW_MS = 1_000
_FORBIDDEN, _UNMARKED = 403, 428


def _store(exam: Exam) -> RemoteStore:
    store = exam.workspace.store
    assert isinstance(store, RemoteStore)
    return store


def _server(exam: Exam) -> Finding:
    """Whether it answers, how fast, and of which version it is."""
    server = _store(exam).server
    server.read("config")
    began_s = time.monotonic()
    answer = server.read("config")  # over the connection that is there now
    took_ms = round((time.monotonic() - began_s) * 1000)
    version = answer.headers.get("coordinaut-version", "of a version that it does not tell")
    said = f"{server.address.server} answers in {took_ms} ms and is coordinaut {version}"
    if took_ms > SLOW_MS:
        return Finding("warning", said, "Every command asks it at least once: look at the way there.")
    if version.partition(".")[0] != __version__.partition(".")[0]:
        return Finding("warning", f"{said}, this is {__version__}", "Have both brought up to date.")
    return Finding("ok", said)


def _token(exam: Exam) -> Finding:
    """Whether the token is known, and may write."""
    store = _store(exam)
    answer = store.server.read("state?documents=false")
    if answer.status in {401, _FORBIDDEN}:
        error = error_of(store.server.address, answer)
        return Finding("failed", error.message.removesuffix("."), error.hint)
    if not may_write(store):
        return Finding("warning", "the token may only read", "Ask whoever runs the server for one of the role member.")
    return Finding("ok", "the token may read and write")


def may_write(store: RemoteStore) -> bool:
    """Whether the token may change anything: the server looks at that before it misses what a write must have.

    Nothing is written. Raises what is wrong with the server.
    """
    try:
        answer = store.server.ask("POST", "transactions", {})
    except Lost as lost:
        raise lost.error from None
    if answer.status not in {_FORBIDDEN, _UNMARKED}:
        raise error_of(store.server.address, answer)
    return answer.status == _UNMARKED


CHECKS: tuple[Check, ...] = (("server", _server), ("token", _token), ("state-folder", note_of_the_folder))
