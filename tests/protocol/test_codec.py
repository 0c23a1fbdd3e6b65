"""Canonical and strict: one form for every value, and nothing else is read. Rules 64 and 65 of docs/protocol.md."""

import json

import pytest
from hypothesis import given
from operations import documents, operations
from world import World, rewritten

from coordinaut_git.documents import Entry
from coordinaut_git.errors import CoordinautError, Kind
from coordinaut_git.protocol import codec
from coordinaut_git.protocol.model import Lease, Numbers, Task
from coordinaut_git.protocol.ops import Operation, from_entry, to_entry
from coordinaut_git.protocol.state import State, to_bytes
from coordinaut_git.protocol.values import Instant
from coordinaut_git.stores.memory import DocumentMap

GOOD = {
    "v": 1,
    "id": "op_00000001",
    "seq": 1,
    "at": "2026-11-22T16:00:00.000Z",
    "op": "task_claimed",
    "taskId": "task_20261122_001_a",
    "data": {"files": ["a"], "mode": "exclusive", "termMs": 60000},
}


def read(body: bytes) -> Operation:
    return from_entry(Entry(id="op_00000001", seq=7, at=0, summary="", author="", author_id="", body=body))


def with_data(**more) -> dict:
    return GOOD | {"data": GOOD["data"] | more}


@given(operations())
def test_r65_an_operation_comes_back_from_the_line_as_it_was(operation):
    assert rewritten(operation) == operation


@given(operations())
def test_r65_an_operation_has_one_form(operation):
    body = to_entry(operation, 1, "").body
    assert body == codec.canonical(json.loads(body))
    assert to_entry(rewritten(operation), 1, "").body == body


@given(documents())
def test_r65_a_document_comes_back_as_it_was(document):
    data = to_bytes(document)
    assert codec.decode(type(document), codec.parse(data)) == document
    assert data == codec.canonical(json.loads(data)) + b"\n"


def test_r65_what_equals_its_default_is_left_out():
    body = json.loads(to_entry(read(codec.canonical(GOOD)), 1, "").body)
    assert body == GOOD


def test_r65_keys_are_sorted_without_blanks_and_letters_are_letters():
    assert codec.canonical({"b": [1, True, None], "a": "é\n🙂"}) == '{"a":"é\\n🙂","b":[1,true,null]}'.encode()


BAD = {
    "no JSON": b"{",
    "no object": b"[]",
    "no text": b"\xff",
    "too deep": b'{"a":' * 100_000,
    "an endless number": b'{"v":' + b"9" * 5000 + b"}",
    "no format": {key: value for key, value in GOOD.items() if key != "v"},
    "an earlier format": GOOD | {"v": 0},
    "a format that only looks like one": GOOD | {"v": True},
    "a format with a point": GOOD | {"v": 1.0},
    "an unknown word": GOOD | {"op": "task_hidden"},
    "an empty word": GOOD | {"op": ""},
    "no word": {key: value for key, value in GOOD.items() if key != "op"},
    "an unknown field outside": GOOD | {"extra": None},
    "an unknown field inside": with_data(extra=1),
    "no data": {key: value for key, value in GOOD.items() if key != "data"},
    "data that is a list": GOOD | {"data": []},
    "a missing field": GOOD | {"data": {"files": ["a"], "mode": "exclusive"}},
    "a text for a number": with_data(termMs="60000"),
    "a truth for a number": with_data(termMs=True),
    "a point in a number": with_data(termMs=60000.0),
    "no number": with_data(termMs=float("nan")),
    "an unknown mode": with_data(mode="greedy"),
    "a mode that is a list": with_data(mode=["exclusive"]),
    "a text for a list": with_data(files="a"),
    "a number in a list of texts": with_data(files=[1]),
    "null for a text": GOOD | {"id": None},
    "an instant that is none": GOOD | {"at": "yesterday"},
    "an instant without a zone": GOOD | {"at": "2026-11-22T16:00:00"},
    "an instant that is a number": GOOD | {"at": 1},
    "an instant past the year 9999": GOOD | {"at": "9999-12-31T23:59:59.9999Z"},
    "an instant before the epoch": GOOD | {"at": "0001-01-01T00:00:00+14:00"},
    "a takeover with too little": with_data(takeovers=[{"taskId": "x"}]),
    "an unknown tool": GOOD | {"tool": "hammer"},
}


@pytest.mark.parametrize("bad", BAD.values(), ids=list(BAD))
def test_r64_what_this_version_does_not_write_it_does_not_read(bad):
    body = bad if isinstance(bad, bytes) else json.dumps(bad).encode()
    with pytest.raises(CoordinautError) as caught:
        read(body)
    assert (caught.value.kind, caught.value.code) == (Kind.ENVIRONMENT, "unreadable_operation")
    assert "op_00000001 at position 7" in caught.value.message


def test_r64_the_good_one_that_the_bad_ones_are_made_of_is_read():
    assert read(json.dumps(GOOD).encode()).op == "task_claimed"


@pytest.mark.parametrize("data", [b"", b"{}", b'{"last":"1"}', b'{"last":1,"x":1}', b"null", b"\x00"])
def test_r64_a_document_that_cannot_be_read_is_named(data):
    state = State(DocumentMap({"numbers/20261122.json": data}), 1)
    with pytest.raises(CoordinautError, match=r"numbers/20261122\.json") as caught:
        state.last_number("20261122")
    assert (caught.value.kind, caught.value.code) == (Kind.ENVIRONMENT, "unreadable_document")


def test_r64_a_document_in_another_kinds_place_is_an_error():
    world = World()
    task = world.claim("alice", files="a")["task"]
    path = f"leases/{task['id']}.json"
    state = State(DocumentMap({path: to_bytes(Numbers(last=1))}), 1)
    with pytest.raises(CoordinautError, match="leases/"):
        state.leases()


def test_names_of_fields_are_the_names_in_the_outside_forms():
    world = World()
    shown = world.claim("alice", files="a")
    stored = {codec.camel(name) for name in Lease.__dataclass_fields__}
    assert shown["lease"].keys() - stored == {"state", "confirmed"}
    assert shown["task"].keys() - {codec.camel(name) for name in Task.__dataclass_fields__} == {
        "dependsOnDisplayIds",
        "lease",
    }


def test_instants_are_read_in_any_zone_and_written_in_one():
    assert str(Instant.parse("2026-11-22T18:00:00.1234567+02:00")) == "2026-11-22T16:00:00.123Z"
    assert str(Instant.parse("1970-01-01T00:00:00Z")) == "1970-01-01T00:00:00.000Z"
    assert str(Instant.parse("9999-12-31T23:59:59.999Z")) == "9999-12-31T23:59:59.999Z"
