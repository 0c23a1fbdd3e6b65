"""An element goes into an array of somebody's JSON and out again, and nothing else moves by a byte."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_json_entry import FILES as OBJECTS

from coordinaut_git.operations.clients.json_entry import InTheWay, found_at, put_item, take_items

KEYS, OTHER_KEYS = ("hooks", "PreToolUse"), ("hooks", "Stop")
ITEM = {"matcher": "Edit", "hooks": [{"type": "command", "command": "coordinaut agent-hook"}]}
NEWER = {"matcher": "Edit|Write", "hooks": [{"type": "command", "command": "coordinaut agent-hook"}]}

ARRAYS = {
    "no elements": '{"hooks": {"PreToolUse": []}}',
    "no elements, with a blank": '{"hooks": {"PreToolUse": [ ]}}',
    "no elements on two lines": '{\n  "hooks": {\n    "PreToolUse": [\n    ]\n  }\n}\n',
    "no elements, with a comment": '{"hooks": {"PreToolUse": [ // none\n]}}',
    "another element": '{\n  "hooks": {\n    "PreToolUse": [\n      {\n        "hooks": []\n      }\n    ]\n  }\n}\n',
    "another element and a comma": '{"hooks": {"PreToolUse": [\n  {"hooks": []}, // mine\n]}}',
    "another element on one line": '{"hooks": {"PreToolUse": [{"hooks": []} /* mine */]}}',
    "another element and a blank": '{ "hooks": { "PreToolUse": [ 1 ] } }',
    "another event": '{"hooks": {"Stop": [{"hooks": []}]}}\n',
    "CRLF": '{\r\n  "hooks": {\r\n    "PreToolUse": [\r\n      1\r\n    ]\r\n  }\r\n}\r\n',
}
FILES = {name: text and text.replace("mcpServers", "hooks") for name, text in OBJECTS.items()} | ARRAYS


def ours(item):
    return "coordinaut" in json.dumps(item)


@pytest.mark.parametrize("before", FILES.values(), ids=FILES)
def test_elements_go_in_and_out_and_every_byte_is_as_before(before):
    once = put_item(before, KEYS, ITEM, ours)
    after = put_item(once, OTHER_KEYS, ITEM, ours)
    for keys in (KEYS, OTHER_KEYS):
        assert found_at(after, keys)[-1] == ITEM
        assert put_item(after, keys, ITEM, ours) == after, "a second time changes nothing"
    assert take_items(after, OTHER_KEYS, ours) == once
    assert take_items(once, KEYS, ours) == before
    if before is not None:
        assert take_items(before, KEYS, ours) == before, "where there is none, nothing is taken"


@pytest.mark.parametrize("before", FILES.values(), ids=FILES)
def test_an_element_of_ours_is_replaced_where_it_stands(before):
    after = put_item(put_item(before, KEYS, ITEM, ours), KEYS, NEWER, ours)
    found = found_at(after, KEYS)
    assert [one for one in found if ours(one)] == [NEWER]
    assert take_items(after, KEYS, ours) == before


def test_an_element_looks_like_its_neighbours():
    after = put_item('{\n  "a": 1\n}\n', KEYS, {"command": "x"}, ours)
    assert after == (
        '{\n  "a": 1,\n  "hooks": {\n    "PreToolUse": [\n      {\n        "command": "x"\n      }\n    ]\n  }\n}\n'
    )


@pytest.mark.parametrize(
    "text", ["[]", '{"hooks": []}', '{"hooks": {"PreToolUse": {}}}', '{"hooks": {"PreToolUse": 1}}']
)
def test_what_is_no_array_is_not_written_over(text):
    with pytest.raises(InTheWay):
        put_item(text, KEYS, ITEM, ours)


LAYOUTS = st.fixed_dictionaries(
    {},
    optional={
        "a": st.integers(),
        "hooks": st.dictionaries(st.sampled_from(["PreToolUse", "Stop", "x"]), st.lists(st.integers())),
    },
)


@given(LAYOUTS, st.sampled_from([None, 0, 2, "\t"]), st.booleans())
def test_whatever_the_layout(value, indent, ends):
    before = json.dumps(value, indent=indent) + "\n" * ends
    after = put_item(before, KEYS, ITEM, ours)
    there = value.get("hooks", {}).get("PreToolUse", [])
    assert json.loads(after) == {**value, "hooks": {**value.get("hooks", {}), "PreToolUse": [*there, ITEM]}}
    assert take_items(after, KEYS, ours) == before
