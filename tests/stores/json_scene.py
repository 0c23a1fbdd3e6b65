"""A JSON store for the tests that look at one closely."""

import pytest
from writing import put

from coordinaut_git.errors import CoordinautError
from coordinaut_git.stores.json import open_json_store

DOCUMENT = '{"files":["src/**"],"title":"Zażółć \\"x\\""}\n'


def new_store(folder):
    """A store of three operations."""
    store = open_json_store(folder, flush=False)
    store.create()
    put(store, {"tasks/open/a.json": DOCUMENT, "tasks/open/b.json": "no JSON"})
    put(store, {"leases/x.json": '{"holder":"agent"}\n'})
    put(store, {"leases/x.json": None, "leases/y.json": '{"holder":"other"}\n'})
    return store


def files(folder):
    """What lies in the files of the state."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix in (".json", ".jsonl")}


def refusal(work):
    """The error that the work ends in."""
    with pytest.raises(CoordinautError) as raised:
        work()
    assert raised.value.message.endswith(".")
    return raised.value
