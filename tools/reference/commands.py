"""All that is told of the commands, as values.

Rule 1: a fact of a command stands in its request, its notes, its row of the table or its handler: here it is taken.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from importlib import import_module
from inspect import cleandoc
from pkgutil import iter_modules

import click

from coordinaut_git import operations
from coordinaut_git.errors import Kind
from coordinaut_git.faces.cli import completion
from coordinaut_git.faces.cli.grow import PROGRAM, CommandLine
from coordinaut_git.faces.cli.notes import NOTES
from coordinaut_git.faces.cli.output import Output
from coordinaut_git.faces.cli.parameters import common
from coordinaut_git.operations.table import BY_NAME
from coordinaut_git.protocol.requests import CompletionScript

MEANING = {
    Kind.REFUSED: "the rules say no: a scope conflict, not the owner, expired, violations found",
    Kind.INVALID: "the request makes no sense: an unknown option, a bad pattern, an unknown status",
    Kind.NOT_FOUND: "no such task, message or store, or an id that is ambiguous",
    Kind.DENIED: "token or role",
    Kind.CONTENDED: "others were faster for longer than the bound",
    Kind.ENVIRONMENT: "not a repository, an unreadable store, a full disk, no git",
    Kind.BUG: "anything else; a report file is written and named",
}
"""What the exit codes are for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One option or argument: how it is written, what it is, the variables it can come from, whether it is needed."""

    written: str
    help: str
    variables: tuple[str, ...]
    required: bool
    positional: bool

    @property
    def shortest(self) -> str:
        """How it stands in a synopsis: one name, and of a vocabulary not every word."""
        name, _, value = self.written.rpartition(", ")[2].partition(" ")
        return f"{name} {name.lstrip('-').upper()}" if value.startswith("[") else self.written


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """All that is told of one command. `result` is what `--json` prints as `result`."""

    name: str
    sentences: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    example: str
    result: str

    @property
    def synopsis(self) -> str:
        """How it is typed, with what it cannot do without."""
        needed = [one.shortest for one in self.parameters if one.required]
        return " ".join([PROGRAM, self.name, *needed, "[OPTIONS]"])


def pages() -> list[Page]:
    """Every command, in the order of the help."""
    line = CommandLine(Output(json=False))
    return [_page(name, command) for name, command in _commands(line, click.Context(line))]


def common_parameters() -> list[Parameter]:
    """The options that every command has."""
    return [_parameter(option, {}) for option in common()]


def _commands(group: click.Group, context: click.Context) -> Iterator[tuple[str, click.Command]]:
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            below = _commands(command, click.Context(command, parent=context))
            yield from ((f"{name} {word}", one) for word, one in below)
        elif command:
            yield name, command


def _page(name: str, command: click.Command) -> Page:
    operation = BY_NAME.get(name)
    request = operation.request if operation else CompletionScript
    helps = {field.name: field.metadata["help"] for field in fields(request)}
    everywhere = {(option.name, getattr(option, "help", None)) for option in common()}
    own = [one for one in command.params if (one.name, getattr(one, "help", None)) not in everywhere]
    return Page(
        name=name,
        sentences=tuple(text for text in (cleandoc(request.__doc__ or ""), NOTES.get(name)) if text),
        parameters=tuple(_parameter(one, helps) for one in own),
        example=operation.example if operation else completion.EXAMPLE,
        result=_told(operation.handler if operation else completion.script),
    )


def _told(handler: Callable[..., object]) -> str:
    """What a handler says of its result; one that only imports another of its name in its turn lets that one say it."""
    name = handler.__name__.lstrip("_")
    rooms = (import_module(room.name) for room in iter_modules(operations.__path__, "coordinaut_git.operations."))
    told = handler.__doc__ or next((room.__dict__[name].__doc__ for room in rooms if name in room.__dict__), None)
    return " ".join(cleandoc(told or "").split())


def _parameter(one: click.Parameter, helps: dict[str, str]) -> Parameter:
    value = "" if getattr(one, "is_flag", False) else _value(one)
    positional = isinstance(one, click.Argument)
    variables = () if positional else _variables(one)
    return Parameter(
        written=value
        if positional
        else ", ".join([*sorted(one.opts, key=len), *one.secondary_opts]) + (f" {value}" if value else ""),
        help=helps.get(one.name or "", "") or getattr(one, "help", ""),
        variables=variables,
        required=one.required,
        positional=positional,
    )


def _value(one: click.Parameter) -> str:
    """What stands for the value, in one form whatever the version of click."""
    words = "|".join(map(str, one.type.choices)) if isinstance(one.type, click.Choice) else one.metavar or ""
    return words if one.metavar or isinstance(one, click.Argument) else f"[{words}]"


def _variables(one: click.Parameter) -> tuple[str, ...]:
    if isinstance(one.envvar, str):
        return (one.envvar,)
    return tuple(one.envvar or (f"COORDINAUT_{str(one.name).upper()}",))
