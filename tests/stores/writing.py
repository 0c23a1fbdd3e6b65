"""The smallest coordinator there can be: its operations say which documents they set or remove.

It stands between the contract and a store as the real one does: read, decide, commit at the expected head, again.
"""

import json
import random
import secrets
from datetime import UTC, datetime, timedelta
from itertools import islice

from coordinaut_git.documents import Entry, OutcomeUnknown, StaleHead, Step

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def entry(seq, changes=None, *, name=None, at=1_795_000_000_123, summary=None, author="Agent", author_id="agent-1"):
    """An entry whose body carries `changes` (path to text, None for gone)."""
    name = name or f"op_{secrets.token_hex(8)}"
    instant = (EPOCH + timedelta(milliseconds=at)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    body = {"at": instant, "changes": changes or {}, "id": name, "seq": seq}
    return Entry(
        id=name,
        seq=seq,
        at=at,
        summary=summary or f"operation {seq}",
        author=author,
        author_id=author_id,
        body=json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode(),
    )


def changes_of(entries):
    """What the entries change, as `Changes` wants it."""
    changes = {}
    for one in entries:
        changes |= json.loads(one.body)["changes"]
    return {path: None if text is None else text.encode() for path, text in changes.items()}


def listing(documents, folder=""):
    """Every path and content below `folder`, found by walking the names."""
    found = {}
    for name in documents.names(folder):
        path = f"{folder}/{name}" if folder else name
        if name.endswith("/"):
            found |= listing(documents, path[:-1])
        else:
            found[path] = documents.get(path)
    return found


def state(store, head=None):
    """All documents at `head` (or the newest one): those that are written, and what the entries since say."""
    snapshot = store.snapshot(head or store.head())
    found = listing(snapshot.documents) | changes_of(snapshot.entries)
    return {path: content for path, content in found.items() if content is not None}


def seq_of(snapshot):
    return snapshot.entries[-1].seq if snapshot.entries else snapshot.seq


def attempt(store, changes, head=None, **facts):
    """Commit one operation at `head` (the newest, if None), whatever comes of it; gives head and entry."""
    snapshot = store.snapshot(head or store.head())
    new = entry(seq_of(snapshot) + 1, changes, **facts)
    written = {path: None if text is None else text.encode() for path, text in changes.items()}
    return store.commit(snapshot.head, new, lambda: changes_of(snapshot.entries) | written), new


def put(store, changes, *, wait_s=5.0, attempts=500):
    """Commit one operation, again and again until it is on the line; gives its entry."""
    name = f"op_{secrets.token_hex(8)}"
    for _ in range(attempts):
        with store.queue(wait_s):
            before = store.head()
            try:
                return attempt(store, changes, before, name=name)[1]
            except StaleHead:
                continue
            except OutcomeUnknown:
                settled = [one for one in islice(store.log(store.head()), 512) if one.id == name]
                if settled:
                    return settled[0]
    raise AssertionError(f"lost {attempts} races in a row")


def renumbered(entries, first):
    """The same operations at other positions."""
    return [
        entry(first + place, json.loads(one.body)["changes"], name=one.id, at=one.at)
        for place, one in enumerate(entries)
    ]


def steps_of(entries, before=()):
    """The entries with what they change; the first one with what those `before` it do that no document says yet."""
    return [
        Step(entry=one, changes=changes_of([one] if number else [*before, one])) for number, one in enumerate(entries)
    ]


def join(store, onto, entries, head=None):
    """Let the line of `head` (the newest, if None) end in these entries after `onto`; gives its new end."""
    return store.rebuild(head or store.head(), onto, steps_of(entries, store.snapshot(onto).entries))


def insert(store, changes, *, below, wait_s=5.0, attempts=500):
    """What a sync does: an operation of somebody else comes to stand before our last ones; gives its entry."""
    name = f"op_{secrets.token_hex(8)}"
    for _ in range(attempts):
        with store.queue(wait_s):
            head = store.head()
            line = [*islice(store.back(head), below + 1)]
            onto, ours = (line[below][0], line[:below]) if len(line) > below else (store.first, line)
            first = line[below][1].seq + 1 if len(line) > below else 1
            theirs = entry(first, changes, name=name)
            try:
                join(store, onto, [theirs, *renumbered([one for _, one in reversed(ours)], first + 1)], head)
            except StaleHead:
                continue
            return theirs
    raise AssertionError(f"lost {attempts} races in a row")


def extend(store, changes, *, wait_s=5.0):
    """Publish as many operations as there are changes, all at once."""
    with store.queue(wait_s):
        snapshot = store.snapshot(store.head())
        seq = seq_of(snapshot)
        steps = [
            Step(entry=entry(seq + n, each), changes={path: text.encode() for path, text in each.items()})
            for n, each in enumerate(changes, 1)
        ]
        return store.extend(snapshot.head, steps)


def some_changes(number, generator=None):
    """Changes that touch a few folders: documents come, change and go."""
    generator = generator or random.Random(number)
    path = f"tasks/{number % 7}/t{generator.randrange(30)}.json"
    changes = {path: f'{{"n":{number}}}', f"leases/{number % 11}.json": f'{{"holder":{number}}}'}
    if number % 3 == 0:
        changes[f"leases/{generator.randrange(11)}.json"] = None
    return changes
