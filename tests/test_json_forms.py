"""Entries and documents as JSON: the very bytes come back, and what nobody wrote is refused."""

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as some

from coordinaut_git.documents import Entry
from coordinaut_git.wire import Unreadable, canonical, document_form, document_of, entry_form, entry_of

VALUES = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats() | some.text(),
    lambda inner: some.lists(inner) | some.dictionaries(some.text(), inner),
)
CONTENTS = (
    some.binary()
    | some.text().map(str.encode)
    | VALUES.map(lambda value: json.dumps(value).encode())
    | VALUES.map(lambda value: json.dumps(value, sort_keys=True, separators=(",", ":")).encode() + b"\n")
)


def through_json(form):
    return json.loads(json.dumps(form, allow_nan=False))


@given(CONTENTS)
@example(b'{"a":1}\n')
@example(b'{"base64":"AAAA"}\n')
@example(b'{"a":NaN}\n')
@example(b'{"a":"\\ud800"}\n')
@example(b"[" * 100_000)
@example(b"\xff\0")
def test_a_document_comes_back_byte_for_byte(content):
    assert document_of(through_json(document_form(content))) == content


@given(CONTENTS, some.integers(0), some.integers(0), some.text(some.characters(exclude_categories=["Cs"])))
def test_an_entry_comes_back_exactly(body, seq, at, text):
    entry = Entry(id=text, seq=seq, at=at, summary=text, author=text, author_id=text, body=body)
    assert entry_of(through_json(entry_form(entry))) == entry


def test_canonical_json_is_shown_as_what_it_says():
    assert document_form(canonical({"b": 1, "a": [2]}) + b"\n") == {"a": [2], "b": 1}
    entry = Entry(id="op_1", seq=1, at=2, summary="s", author="a", author_id="i", body=b'{"op":"x"}')
    assert entry_form(entry)["operation"] == {"op": "x"}


@pytest.mark.parametrize(
    "form", [None, 1, [], {"base64": "?"}, {"base64": 1, "more": float("nan")}, "\ud800", {"a": "\ud800"}]
)
def test_what_is_no_content_is_refused(form):
    with pytest.raises(Unreadable):
        document_of(form)


@pytest.mark.parametrize(
    "change",
    [
        {"seq": "1"},
        {"seq": True},
        {"seq": -1},
        {"at": 1.5},
        {"id": None},
        {"summary": 7},
        {"more": 1},
        {"operation": 3},
    ],
)
def test_what_is_no_entry_is_refused(change):
    good = entry_form(Entry(id="op_1", seq=1, at=2, summary="s", author="a", author_id="i", body=b"{}"))
    assert entry_of(good).id == "op_1"
    with pytest.raises(Unreadable):
        entry_of(good | change)
    for key in good:
        with pytest.raises(Unreadable):
            entry_of({name: value for name, value in good.items() if name != key})
