"""An entry goes into somebody's TOML and out again, and nothing else moves by a byte."""

import tomllib

import pytest

from coordinaut_git.operations.clients.json_entry import InTheWay
from coordinaut_git.operations.clients.jsonc import Unreadable
from coordinaut_git.operations.clients.toml_entry import found_at, put, take
from coordinaut_git.operations.clients.toml_lines import statements

KEYS = ("mcp_servers", "coordinaut")
ENTRY = {"command": "coordinaut-mcp", "args": [], "env_vars": ["A", "B"]}

FILES = {
    "no file": None,
    "an empty file": "",
    "a line break": "\n",
    "a comment": "# nothing",
    "a comment and its line break": "# nothing\n",
    "a pair": 'model = "x"\n',
    "a pair without the last line break": 'model = "x"',
    "empty lines at the end": 'model = "x"\n\n\n',
    "CRLF": '# first\r\nmodel = "x" # mine\r\n\r\n[a]\r\nb = 1\r\n',
    "CRLF without the last line break": 'model = "x"\r\n[a]\r\nb = 1',
    "an empty table of servers": "[mcp_servers]\n",
    "another server": '[mcp_servers.other]\ncommand = "x"\nenv = { A = "[mcp_servers.coordinaut]" }\n',
    "another server with dots": 'mcp_servers.other.command = "x"\n[z]\n',
    "our header in a text": "a = \"\"\"\n[mcp_servers.coordinaut]\n\"\"\"\nb = '''\n[mcp_servers.coordinaut]'''\n",
    "lists over lines": 'a = [ # ]\n  "]", # x\n  [1,\n   2],\n]\n[t]\nb = [\n]\n',
    "quoted names": '"mcp_servers"."a.b" = {c = 1}\n[ \'x\' . "y\\u0021" ]\nz = 1\n',
    "tables in a list": "[[projects]]\na = 1\n[[projects]]\na = 2\n[projects.b]\n",
    "dates and numbers": "a = 1979-05-27 07:32:00Z # then\nb = +1_000.5e-3\nc = inf\n",
}


@pytest.mark.parametrize("before", FILES.values(), ids=FILES)
def test_an_entry_goes_in_and_out_and_every_byte_is_as_before(before):
    after = put(before, KEYS, ENTRY)
    assert found_at(after, KEYS) == ENTRY
    assert after.startswith(before or "")
    assert put(after, KEYS, ENTRY) == after, "a second time changes nothing"
    assert take(after, KEYS) == before
    if before and "\n" in before and "\n" not in before.replace("\r\n", ""):
        assert "\n" not in after.replace("\r\n", ""), "lines end as they did"
    if before is not None:
        assert take(before, KEYS) == before


@pytest.mark.parametrize("text", [text for text in FILES.values() if text])
def test_the_statements_of_a_text_are_all_of_it_but_blanks_and_comments(text):
    covered = "".join(text[one.begin : one.end] for one in statements(text))
    left = text
    for one in reversed(list(statements(text))):
        left = left[: one.begin] + left[one.end :]
    assert all(not line.strip() or line.lstrip().startswith("#") for line in left.splitlines())
    assert tomllib.loads(covered) == tomllib.loads(text)


def test_an_entry_that_differs_is_brought_up_to_date_and_keeps_what_is_not_ours():
    before = (
        '[mcp_servers.coordinaut] # ours\ncommand = "old" # mine\nargs = [ # x\n  "a",\n] # y\nenabled = true\n[z]\n'
    )
    after = put(before, KEYS, ENTRY)
    assert found_at(after, KEYS) == {**ENTRY, "enabled": True}
    assert '[mcp_servers.coordinaut] # ours\nenv_vars = ["A", "B"]\ncommand = "coordinaut-mcp" # mine\n' in after
    assert "args = [] # y\nenabled = true\n[z]\n" in after


def test_tables_below_ours_and_those_put_after_it_part_as_they_should():
    before = 'a = 1\n\n[mcp_servers.coordinaut]\ncommand = "x"\n# about env\n[mcp_servers.coordinaut.env]\nA = "1"\n'
    assert take(before + "\n# about z\n[z]\nb = 1\n", KEYS) == "a = 1\n\n# about z\n[z]\nb = 1\n"
    apart = before + '[z]\n[mcp_servers.coordinaut.tools.claim]\napproval_mode = "auto"\n'
    assert take(apart, KEYS) == "a = 1\n[z]\n"


def test_an_entry_in_dots_is_brought_up_to_date_and_taken_out_too():
    before = '[mcp_servers]\ncoordinaut.command = "old"\nother.command = "x"\n'
    assert take(before, KEYS) == '[mcp_servers]\nother.command = "x"\n'
    assert take('[mcp_servers]\ncoordinaut = {command = "x"}\nb = {}\n', KEYS) == "[mcp_servers]\nb = {}\n"
    whole = '[mcp_servers]\ncoordinaut.command = "old"\ncoordinaut.args = []\ncoordinaut.env_vars = []\n'
    assert found_at(put(whole, KEYS, ENTRY), KEYS) == ENTRY


@pytest.mark.parametrize(
    "text",
    [
        "mcp_servers = {}\n",
        'mcp_servers = { coordinaut = { command = "old" } }\n',
        '[mcp_servers]\ncoordinaut = { command = "old" }\n',
        "mcp_servers = 1\n",
        "[[mcp_servers]]\na = 1\n",
        "[mcp_servers]\ncoordinaut = 1\n",
    ],
)
def test_what_cannot_be_said_in_a_table_of_its_own_is_not_written(text):
    with pytest.raises(InTheWay):
        put(text, KEYS, ENTRY)


def test_what_stands_in_one_value_with_others_is_not_torn_out_of_it():
    with pytest.raises(InTheWay):
        take("mcp_servers = { coordinaut = { }, b = { } }\n", KEYS)


@pytest.mark.parametrize(
    ("text", "line"), [("a = 1\nb = \n", 2), ("a = 1\n[x\n", 2), ("a = 1\na = 2\n", 2), ('a = """x', 1), ("a\x00=1", 1)]
)
def test_what_is_no_toml_is_told_with_its_place(text, line):
    with pytest.raises(Unreadable) as told:
        put(text, KEYS, ENTRY)
    assert told.value.line == line
    assert told.value.column >= 1
    assert told.value.what
