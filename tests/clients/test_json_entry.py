"""An entry goes into somebody's JSON and out again, and nothing else moves by a byte."""

import json

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from coordinaut_git.operations.clients.json_entry import InTheWay, found_at, put, take
from coordinaut_git.operations.clients.jsonc import MOST_DEPTH, Unreadable, parsed

KEYS = ("mcpServers", "coordinaut")
ENTRY = {"type": "stdio", "command": "coordinaut-mcp", "args": []}

FILES = {
    "no file": None,
    "an empty file": "",
    "a line break": "\n",
    "a blank": " ",
    "a comment": "// nothing here",
    "a comment and its line break": "/* nothing */\n",
    "an empty object": "{}",
    "an empty object with a blank": "{ }\n",
    "an empty object on two lines": "{\n}\n",
    "an object with a comment alone": "{\n  // servers\n}\n",
    "an object with a comment on one line": "{/* servers */}",
    "one line": '{"a": 1}',
    "one line, tight": '{"a":1,"b":[1,{"c":2}]}\n',
    "one line and a comma after it": '{"a": 1, }',
    "lines": '{\n  "a": 1\n}\n',
    "lines without the last line break": '{\n  "a": 1\n}',
    "tabs": '{\n\t"a": {\n\t\t"b": 1\n\t}\n}\n',
    "four blanks": '{\n    "a": 1\n}\n',
    "a comma after the last": '{\n  "a": 1,\n}\n',
    "comments everywhere": '// first\n{ /* a */ // b\n  "a": 1, // about a\n  // last words\n}\n// the end',
    "a comment after the last": '{\n  "a": 1 // about a\n  /* and */ \n}\n',
    "CRLF": '{\r\n  "a": 1, // x\r\n  "b": {}\r\n}\r\n',
    "both kinds of line breaks": '{\r\n  "a": 1,\n  "b": {}\r\n}\n',
    "no servers": '{\n  "mcpServers": {}\n}\n',
    "no servers, with a blank": '{"mcpServers": { }}',
    "no servers on two lines": '{\n  "mcpServers": {\n  }\n}\n',
    "no servers, with a comment": '{\n  "mcpServers": {\n    // none yet\n  }\n}\n',
    "no servers, the object begins with a blank": '{ "mcpServers": {} }',
    "another server": '{\n  "mcpServers": {\n    "other": {"command": "x"}\n  },\n  "z": null\n}\n',
    "another server and a comma": '{\n  "mcpServers": {\n    "other": {"command": "x"}, // mine\n  },\n}\n',
    "another server on one line": '{"mcpServers": {"other": {"command": "x"} /* mine */}}',
    "a brace on the line of the last": '{\n  "a": 1 }',
    "texts like braces": '{\n  "a": "}, // no \\" comment {",\n  "//": "/* no */"\n}\n',
    "letters of the world": '{\n  "na\\u00efve": "😀 ﷽",\n  "é": 1\n}\n',
    "a name twice": '{"mcpServers": 1, "mcpServers": {"other": {}}}',
}


@pytest.mark.parametrize("before", FILES.values(), ids=FILES)
def test_an_entry_goes_in_and_out_and_every_byte_is_as_before(before):
    after = put(before, KEYS, ENTRY)
    assert found_at(after, KEYS) == ENTRY
    assert put(after, KEYS, ENTRY) == after, "a second time changes nothing"
    assert take(after, KEYS) == before
    if before and "\n" in before and "\n" not in before.replace("\r\n", ""):
        assert "\n" not in after.replace("\r\n", ""), "lines end as they did"
    if before is not None:
        assert take(before, KEYS) == before, "where there is none, nothing is taken"


@pytest.mark.parametrize("before", [text for text in FILES.values() if text], ids=[k for k, v in FILES.items() if v])
def test_what_was_there_still_stands_there_in_its_order(before):
    after, at = put(before, KEYS, ENTRY), 0
    for character in before:  # the old text is a subsequence of the new one
        at = after.index(character, at) + 1


def test_an_entry_looks_like_its_neighbours():
    before = '{\n\t"mcpServers": {\n\t\t"other": {\n\t\t\t"command": "x"\n\t\t}\n\t}\n}\n'
    after = before.replace(
        "\t\t}\n",
        '\t\t},\n\t\t"coordinaut": {\n\t\t\t"type": "stdio",\n\t\t\t"command": "coordinaut-mcp",\n\t\t\t"args": []\n\t\t}\n',
    )
    assert put(before, KEYS, ENTRY) == after


def test_strict_json_stays_strict():
    for text in FILES.values():
        try:
            json.loads(text or "{}")
        except ValueError:
            continue
        assert json.loads(put(text, KEYS, ENTRY))["mcpServers"]["coordinaut"] == ENTRY


def test_an_entry_that_differs_is_brought_up_to_date_and_keeps_what_is_not_ours():
    before = '{"mcpServers": {"coordinaut": {"env": {"A": "1"}, "command": "old" /* mine */, "args": ["x"]}}}'
    after = put(before, KEYS, ENTRY)
    assert found_at(after, KEYS) == {"env": {"A": "1"}, **ENTRY}
    assert '"command": "coordinaut-mcp" /* mine */' in after
    assert put(after, KEYS, ENTRY) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            '{\n  "mcpServers": {\n    "coordinaut": {},\n    "b": {}\n  }\n}\n',
            '{\n  "mcpServers": {\n    "b": {}\n  }\n}\n',
        ),
        ('{\n  "mcpServers": {\n    "coordinaut": {}\n  },\n  "b": {}\n}\n', '{\n  "b": {}\n}\n'),
        ('{ // c\n  "mcpServers": {"coordinaut": {}, "b": 1}}', '{ // c\n  "mcpServers": { "b": 1}}'),
        ('{"mcpServers": { // c\n  "coordinaut": {}, "b": 1 }}', '{"mcpServers": { // c\n   "b": 1 }}'),
        ('{"mcpServers": {"b": 1, // c\n  "coordinaut": {} }}', '{"mcpServers": {"b": 1 // c\n   }}'),
        ('{"mcpServers": {"coordinaut": 1, "b": 2, "coordinaut": 3}}', '{"mcpServers": { "b": 2}}'),
    ],
)
def test_an_entry_that_somebody_moved_is_taken_out_too(before, after):
    assert take(before, KEYS) == after
    assert parsed(after)


@pytest.mark.parametrize(
    "text", ["[]", "1", '"x"', '{"mcpServers": []}', '{"mcpServers": {"coordinaut": "x"}}', "null"]
)
def test_what_is_no_object_is_not_written_over(text):
    with pytest.raises(InTheWay):
        put(text, KEYS, ENTRY)


@pytest.mark.parametrize(
    ("text", "line", "column", "what"),
    [
        ("{", 1, 2, "name"),
        ('{\n  "a": 1\n  "b": 2\n}', 3, 3, "comma"),
        ('{\n  "a" 1\n}', 2, 7, "colon"),
        ("{'a': 1}", 1, 2, "double quotes"),
        ('{"a": }', 1, 7, "no value"),
        ('{"a": NaN}', 1, 7, "no value"),
        ('{"a": "x\ny"}', 1, 7, "no value"),
        ('{"a": 1} x', 1, 10, "after the end"),
        ('{"a": 1 /* x }', 1, 9, "not closed"),
        ('{"a": [1 2]}', 1, 10, "comma"),
        ("{,}", 1, 2, "name"),
        ('{"a": ' + "9" * 5_000 + "}", 1, 7, "no value"),
        ("[" * (MOST_DEPTH + 2), 1, MOST_DEPTH + 2, "deep"),
        ('{"a": 1}\x00', 1, 9, "after the end"),
    ],
)
def test_what_is_no_json_is_told_with_its_place(text, line, column, what):
    with pytest.raises(Unreadable, match=what) as told:
        put(text, KEYS, ENTRY)
    assert (told.value.line, told.value.column) == (line, column)


def gap():
    return st.text(alphabet=" \t\n", max_size=3) | st.sampled_from(["\r\n", ' // c, } " {\n', "/* c } */", "\n\n  "])


def values(depth=2):
    plain = st.sampled_from(["1", "null", '"x"', '"\\"},{"', "-1.5e3", "[]", "[1, 2,]", "{}", "true", '"//"'])
    return plain if depth == 0 else plain | objects(depth - 1)


@st.composite
def objects(draw, depth=2):
    names = draw(st.lists(st.sampled_from(["a", "b", "mcpServers", "coordinator", "é"]), max_size=3, unique=True))
    members = []
    for name in names:
        value = draw(objects(depth - 1) if name == "mcpServers" and depth else values(min(depth, 1)))
        value = "{}" if name == "mcpServers" and not value.startswith("{") else value
        members.append(f'{draw(gap())}"{name}"{draw(gap())}:{draw(gap())}{value}{draw(gap())}')
    comma = "," + draw(gap()) if members and draw(st.booleans()) else ""
    return "{" + (",".join(members) + comma if members else draw(gap())) + "}"


@settings(max_examples=120, deadline=None)
@given(before=gap(), text=objects(), after=gap())
@example(before="", text='{"mcpServers": {\n}}', after="")
def test_any_text_comes_back_to_the_byte(before, text, after):
    whole = before + text + after
    written = put(whole, KEYS, ENTRY)
    old, new = parsed(whole).plain, parsed(written).plain
    assert new["mcpServers"].pop("coordinaut") == ENTRY
    assert new == {"mcpServers": {}} | old
    assert take(written, KEYS) == whole
