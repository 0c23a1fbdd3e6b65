"""The operations table: every row is sound, and the command line that is grown from it takes its own examples."""

import re
import shlex
from dataclasses import MISSING, fields

import click
import pytest

from coordinaut_git.faces.cli.grow import CommandLine
from coordinaut_git.faces.cli.output import Output
from coordinaut_git.operations.table import BY_NAME, FAMILIES, TABLE
from coordinaut_git.protocol.codec import without_none

ROWS = pytest.mark.parametrize("operation", TABLE, ids=lambda operation: operation.name)


def test_every_name_is_one_or_two_plain_words_and_stands_once():
    names = [operation.name for operation in TABLE]
    assert len(set(names)) == len(names)
    assert [name for name in names if not re.fullmatch(r"[a-z]+(-[a-z]+)*( [a-z]+(-[a-z]+)*)?", name)] == []


def test_no_name_is_a_command_and_a_family_at_once_and_every_family_is_introduced():
    families = {operation.name.split(" ")[0] for operation in TABLE if " " in operation.name}
    assert families.isdisjoint(BY_NAME)
    assert families <= FAMILIES.keys()


def test_every_operation_is_on_the_command_line_or_a_tool():
    assert [operation.name for operation in TABLE if not operation.command and not operation.tool] == []


@ROWS
def test_every_request_says_what_it_does_in_one_sentence_and_every_parameter_what_it_is(operation):
    assert re.fullmatch(r"[A-Z][^\n]*\.", operation.request.__doc__.split("\n", 1)[0])
    assert all(field.metadata["help"] for field in fields(operation.request))


@ROWS
def test_a_positional_parameter_is_a_value_and_none_that_may_be_left_out_stands_before_one_that_may_not(operation):
    positional = [field for field in fields(operation.request) if field.metadata.get("positional")]
    assert all(without_none(field.type) is not bool for field in positional)
    required = [field.default is MISSING for field in positional]
    assert required == sorted(required, reverse=True)


@pytest.mark.parametrize("operation", BY_NAME.values(), ids=lambda operation: operation.name)
def test_the_example_is_a_command_line_that_the_command_takes(operation):
    program, *words = shlex.split(operation.example)
    assert program == "coordinaut"
    assert words[: operation.name.count(" ") + 1] == operation.name.split(" ")
    parsed(CommandLine(Output(json=False)), words)


def parsed(command, words, parent=None):
    """Read a command line as click would, without carrying it out; raises click.UsageError."""
    context = command.make_context(command.name, list(words), parent=parent)
    if isinstance(command, click.Group):
        _, below, rest = command.resolve_command(context, [*context._protected_args, *context.args])
        return parsed(below, rest, context)
    return context
