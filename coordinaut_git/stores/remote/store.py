"""The store on a server: what a line is, asked for over HTTP, with one journey for a look and one for a write.

Rule 1: a head that is given as the newest was asked for. What is only known is called `likely`.
Rule 2: a write names the head that it builds on, and its own id. Sent again, it lands once or finds that it has landed.
Rule 3: the cache is a convenience: without it, or with a wrong one, everything is fetched.
"""

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from coordinaut_git.documents import (
    Changes,
    Contents,
    Entry,
    Head,
    OutcomeUnknown,
    Snapshot,
    StaleHead,
    Step,
    check_next,
    check_numbers,
)
from coordinaut_git.plumbing.queue import WriterQueue
from coordinaut_git.stores.remote import answers
from coordinaut_git.stores.remote.address import address_of
from coordinaut_git.stores.remote.answers import CONFLICT, CREATED, MISSING, OK, STALE, Json
from coordinaut_git.stores.remote.cache import Cache, Memory
from coordinaut_git.stores.remote.known import Event
from coordinaut_git.stores.remote.mirror import Mirror
from coordinaut_git.stores.remote.pages import Pages
from coordinaut_git.stores.remote.server import Lost, Server
from coordinaut_git.stores.remote.transport import Answer
from coordinaut_git.wire import document_form, entry_form

DOCUMENTS_EVERY = 64
"""Where a server is likely to want the documents. Where it wants them elsewhere it says so, for one journey more."""

LONGEST_WAIT_S = 30.0
"""How long one request waits for news: shorter than proxies let a quiet connection live."""

_SHORTEST_WAIT_S = 0.05


class RemoteStore:
    """See `Store`. One object may be used by several threads that take turns, the state by any number of machines."""

    name = "remote"

    def __init__(self, server: Server, waiting: Server, cache: Cache | Memory, queue: WriterQueue | None) -> None:
        self.server = server
        self._waiting, self._queue = waiting, queue
        self._mirror = Mirror(server, cache)
        self._reader = self._mirror.reader
        self._pages = Pages(self._mirror)
        self._cache = cache
        self._guard = threading.RLock()

    def describe(self) -> Mapping[str, str]:
        """Where the state lives."""
        address = self.server.address
        return {
            "storage": self.name,
            "location": f"{address.server}, team {address.team}, project {address.project}",
            "url": address.server,
            "team": address.team,
            "project": address.project,
        }

    def create(self) -> bool:
        """Begin the project if it is not there; True for the one caller that began it."""
        with self._guard:
            answer = self._asked("PUT", "state", {"entries": []}, {"If-None-Match": "*"})
            if answer.status == STALE:
                return False
            value = self._reader.value(answer, OK, CREATED)
            self._mirror.begun(self._reader.head(value))
            return True

    def head(self) -> Head | None:
        """The newest point of the line, asked for now; None where there is no such project."""
        with self._guard:
            return self._mirror.newest()

    def likely(self) -> Head | None:
        """The newest point that this machine knows of; None where it knows nothing."""
        with self._guard:
            known = self._mirror.known()
            return known.head if known else None

    def snapshot(self, head: Head) -> Snapshot:
        """The documents that are known and the entries since; fetched for a point that lies before them."""
        with self._guard:
            return self._mirror.snapshot(head)

    def since(self, old: Head, head: Head) -> tuple[Entry, ...] | None:
        """The entries after `old` up to `head`, where these are not too many."""
        if old == head:
            return ()
        with self._guard:
            return self._mirror.since(old, head)

    def commit(self, expected: Head, entry: Entry, changes: Changes) -> Head:
        """Publish `entry` after `expected`; see `Store.commit`. Raises ValueError if its seq is not the next one."""
        with self._guard:
            self._check_next(expected, entry)
            base, body = self._mirror.base_of(expected), _body(entry)
            written = dict(changes()) if entry.seq % DOCUMENTS_EVERY == 0 else None
            answer = self._posted(expected, entry, _with_changes(body, written, base))
            if written is None and _wants_documents(answer):
                written = dict(changes())
                answer = self._posted(expected, entry, _with_changes(body, written, base))
            head, taken = self._outcome(expected, entry, answer)
            after = self._mirror.landed(expected, Event(head, entry))
            if after and taken and written is not None:
                after.written(written)
                self._mirror.keep(after)
            return head

    def rewrite(self, expected: Head, entry: Entry, documents: Contents) -> Head:
        """Publish `entry` with these documents alone; raises as `commit` does."""
        with self._guard:
            self._check_next(expected, entry)
            written = documents()
            forms = {path: document_form(content) for path, content in written.items()}
            answer = self._posted(expected, entry, {**_body(entry), "documents": forms})
            head, _ = self._outcome(expected, entry, answer)
            if after := self._mirror.landed(expected, Event(head, entry), rewrites=True):
                after.rewritten(written)
                self._mirror.keep(after)
            return head

    def extend(self, expected: Head, steps: Sequence[Step]) -> Head:
        """Publish these entries of another store in one request; raises as `commit` does."""
        check_numbers(steps)
        if not steps:
            return expected
        with self._guard:
            self._check_next(expected, steps[0].entry)
            last = steps[-1].entry
            forms = [_with_changes(_body(step.entry), step.changes, None) for step in steps]
            base = self._mirror.base_of(expected)
            body: Json = {"steps": forms} | ({} if base is None else {"base": base})
            head, _ = self._outcome(expected, last, self._posted(expected, last, body))
            self._mirror.forget()
            return head

    def format(self, head: Head) -> int:
        """The format of the documents at `head`, as the server has it."""
        with self._guard:
            return self._reader.number(self._mirror.state_at(head, documents=False), "format")

    def backup(self, head: Head, label: str) -> str:
        """Have the server keep `head` and all before it under a name; gives that name."""
        with self._guard:
            answer = self._asked("POST", "backups", {"label": label, "head": head})
            return answers.clean(str(self._reader.value(answer, OK, CREATED).get("backup", label)))

    def log(self, head: Head) -> Iterator[Entry]:
        """Every entry from `head` back to the first, newest first, fetched a page at a time."""
        return (event.entry for event in self._back(head))

    def walk(self, head: Head) -> Iterator[tuple[Head, bytes]]:
        """Every point from `head` back to the first operation with its body, newest first."""
        return ((event.head, event.entry.body) for event in self._back(head) if event.head is not None)

    def wait_for_change(self, head: Head, timeout_s: float) -> Head | None:
        """Wait until the newest point is not `head` any more and give it; None after `timeout_s` seconds."""
        until = time.monotonic() + timeout_s
        while True:
            wait_s = min(LONGEST_WAIT_S, max(_SHORTEST_WAIT_S, until - time.monotonic()))
            answer = self._waiting.read(f"events?after={head}&limit=1&wait={wait_s:.2f}", wait_s=wait_s)
            if answer.status == MISSING:
                return self.head()
            newest = self._reader.head(self._reader.value(answer, OK))
            if newest != head:
                return newest
            if time.monotonic() >= until:
                return None

    def seen_ms_ago(self, seq: int) -> int | None:
        """How long ago this machine first saw the entry at `seq`, by the clock that starts with the machine."""
        return self._cache.seen_ms_ago(seq)

    @contextmanager
    def queue(self, wait_s: float) -> Iterator[bool]:
        """Stand in line with the other writers of this machine to this project."""
        if self._queue is None:
            yield True
            return
        with self._queue.turn(wait_s) as turn:
            yield turn.held

    def close(self) -> None:
        """Let go of the connections, and leave the line."""
        self.server.close()
        self._waiting.close()
        if self._queue is not None:
            self._queue.close()

    def _back(self, head: Head) -> Iterator[Event]:
        events = self._pages.back(head)
        while True:
            with self._guard:
                event = next(events, None)
            if event is None:
                return
            yield event

    def _check_next(self, expected: Head, entry: Entry) -> None:
        seq = self._mirror.seq_of(expected)
        if seq is not None:
            check_next(seq, entry)

    def _posted(self, expected: Head, entry: Entry, body: Json) -> Answer:
        try:
            return self.server.ask("POST", "transactions", body, headers={"If-Match": f'"{expected}"'})
        except Lost as lost:
            raise OutcomeUnknown(entry.id) from lost

    def _asked(self, method: str, what: str, body: Json, headers: Mapping[str, str] | None = None) -> Answer:
        try:
            return self.server.ask(method, what, body, headers=headers)
        except Lost as lost:
            raise lost.error from None

    def _outcome(self, expected: Head, entry: Entry, answer: Answer) -> tuple[Head, bool]:
        """The head that the entry made, and whether its documents were taken; raises `StaleHead` or what went wrong."""
        value = self._reader.value(answer, OK, CREATED, STALE)
        if answer.status != STALE:
            return self._reader.head(value), value.get("documentsSeq") == entry.seq
        faster = self._mirror.overtaken(value)
        mine = next((event for event in faster if event.entry.id == entry.id), None)
        if mine is None:
            raise StaleHead(expected)
        return mine.head or self._made_by(expected, entry), False

    def _made_by(self, expected: Head, entry: Entry) -> Head:
        """The head that an entry made of which is known that it stands right after `expected`."""
        answer = self.server.read(f"events?after={expected}&limit=1")
        for event in self._reader.events(self._reader.value(answer, OK)):
            if event.entry.id == entry.id and event.head:
                return event.head
        raise OutcomeUnknown(entry.id)


def open_remote_store(
    url: str,
    team: str,
    project: str,
    *,
    token: str | None,
    cache_folder: Path | None,
    environ: Mapping[str, str] | None = None,
) -> RemoteStore:
    """The store of a project on the server at `url`; nothing is asked of it yet.

    `cache_folder` keeps what is known of any number of projects. `environ` is where the time limit, proxies, and leave
    to use plain HTTP come from. Raises invalid `bad_remote_url`, `bad_remote_name`, `insecure_url`, `bad_proxy`,
    `bad_token_form` or `bad_setting`.
    """
    address = address_of(url, team, project, environ or {})
    server, waiting = (Server(address, token, environ or {}) for _ in range(2))
    if cache_folder is None:
        return RemoteStore(server, waiting, Memory(), None)
    owner = f"{address.server} {team} {project}"
    folder = cache_folder / sha256(owner.encode()).hexdigest()[:16]
    return RemoteStore(server, waiting, Cache(folder, owner), WriterQueue(folder / "queue"))


def _body(entry: Entry) -> Json:
    return {"entry": entry_form(entry)}


def _with_changes(body: Json, written: Mapping[str, bytes | None] | None, base: int | None) -> Json:
    if written is None:
        return body
    forms = {path: None if content is None else document_form(content) for path, content in written.items()}
    return {**body, "changes": forms, **({} if base is None else {"base": base})}


def _wants_documents(answer: Answer) -> bool:
    return answer.status == CONFLICT and answers.code_of(answer) == "documents_needed"
