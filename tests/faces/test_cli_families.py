"""Commands of two words, and parameters that are given by their place, grown from a table of the tests' own."""

import json
from dataclasses import dataclass
from enum import StrEnum

import click
import pytest

from coordinaut_git.errors import CoordinautError
from coordinaut_git.faces.cli.grow import CommandLine
from coordinaut_git.faces.cli.output import Output
from coordinaut_git.operations.table import Operation
from coordinaut_git.protocol.requests import Request, param


class Colour(StrEnum):
    RED = "red"
    DARK_BLUE = "dark-blue"


@dataclass(frozen=True, slots=True, kw_only=True)
class Paint(Request):
    """Paint something."""

    colour: Colour = param("The colour.", positional=True)
    things: tuple[str, ...] = param("What to paint.", (), metavar="THING", positional=True)
    coats: int = param("How often.", 1, metavar="N")


@dataclass(frozen=True, slots=True, kw_only=True)
class Nothing(Request):
    """Do nothing."""


def told(workspace, request):
    return {"root": str(workspace.root), "request": repr(request)}


OPERATIONS = {
    name: Operation(name=name, request=request, handler=told)
    for name, request in (("idle", Nothing), ("handoff paint", Paint), ("handoff stop", Nothing), ("mine", Nothing))
}


@pytest.fixture
def typed(repository, monkeypatch, capfd):
    """Runs a command line in the repository; gives what it printed."""
    monkeypatch.chdir(repository)

    def run(*words):
        line = CommandLine(Output(json="--json" in words), OPERATIONS)
        line.main(list(words), prog_name="coordinaut", standalone_mode=False)
        return capfd.readouterr().out

    return run


def answer(printed):
    return json.loads(printed)["result"]


def test_a_family_stands_once_in_the_list_in_the_place_of_its_first_command(typed):
    listed = typed("--help").partition("Commands:\n")[2].partition("\n\n")[0].splitlines()
    assert [line.split()[0] for line in listed] == ["idle", "handoff", "mine", "completion"]
    assert "Hand files over" in listed[1]


def test_a_family_alone_shows_its_commands(typed):
    alone = typed("handoff")
    assert alone == typed("handoff", "--help")
    assert alone.startswith("Usage: coordinaut handoff ")
    assert [line.split()[0] for line in alone.partition("Commands:\n")[2].splitlines()] == ["paint", "stop"]


def test_a_family_alone_is_an_error_for_programs(typed):
    with pytest.raises(CoordinautError, match="No command was given") as caught:
        typed("handoff", "--json")
    assert (caught.value.code, caught.value.exit_code) == ("no_command", 2)
    assert caught.value.hint == "See: coordinaut handoff --help"


def test_a_command_of_two_words_is_carried_out(typed, repository):
    assert answer(typed("handoff", "stop", "--json")) == {"root": str(repository), "request": "Nothing()"}


@pytest.mark.parametrize("place", [0, 1, 2])
def test_the_options_of_every_command_stand_before_after_and_between_the_words(typed, repository, place, monkeypatch):
    monkeypatch.chdir(repository.parent)
    words = ["handoff", "stop"]
    words[place:place] = ["-C", "repository", "--json"]
    assert answer(typed(*words))["root"] == str(repository)


def test_what_stands_nearest_to_the_command_goes_first(typed, repository, monkeypatch):
    monkeypatch.chdir(repository.parent)
    words = ("-C", "nowhere", "handoff", "-C", "nowhere", "stop", "-C", "repository", "--json")
    assert answer(typed(*words))["root"] == str(repository)


@pytest.mark.parametrize("words", [("handoff", "nonsense"), ("handoff stop",), ("handoff", "stop", "x"), ("paint",)])
def test_no_other_words_are_a_command(typed, words):
    with pytest.raises(click.UsageError):
        typed(*words)


def test_positional_parameters_are_given_by_their_place(typed):
    said = answer(typed("handoff", "paint", "dark-blue", "a", "b c", "--coats", "2", "--json"))["request"]
    assert said == repr(Paint(colour=Colour.DARK_BLUE, things=("a", "b c"), coats=2))
    assert answer(typed("handoff", "paint", "red", "--json"))["request"] == repr(Paint(colour=Colour.RED))


@pytest.mark.parametrize("words", [(), ("green",)])
def test_a_positional_parameter_that_is_missing_or_wrong_is_named_with_what_it_takes(typed, words):
    with pytest.raises(click.UsageError) as caught:
        typed("handoff", "paint", *words)
    assert "dark-blue" in caught.value.format_message()
    assert caught.value.ctx.command_path == "coordinaut handoff paint"


def test_a_positional_parameter_does_not_come_from_the_environment(typed, monkeypatch):
    monkeypatch.setenv("COORDINAUT_COLOUR", "red")
    with pytest.raises(click.UsageError):
        typed("handoff", "paint")
