"""Commands grown from the operations table: one for each row, its options from the fields of the request.

Rule 1: no option is written here but those that every command has.
Rule 2: a command is built when it is asked for, so that `claim` pays for `claim` alone.
"""

import os
from dataclasses import MISSING, Field, fields
from enum import StrEnum
from pathlib import Path
from typing import Any, get_origin

import click

from coordinaut_git import __version__
from coordinaut_git.errors import CoordinautError, environment, invalid
from coordinaut_git.faces.cli.output import Output
from coordinaut_git.operations.table import BY_NAME, TABLE, Operation
from coordinaut_git.protocol.codec import without_none
from coordinaut_git.workspace import Workspace, open_workspace

COMMA_SEPARATED = frozenset({"files", "depends_on", "agents", "messages"})
ENVIRONMENT = {
    "agent_instance": ("COORDINAUT_AGENT_INSTANCE", "COORDINAUT_INSTANCE"),
    "from_agent_instance": ("COORDINAUT_FROM_AGENT_INSTANCE", "COORDINAUT_AGENT_INSTANCE", "COORDINAUT_INSTANCE"),
    "from_agent": ("COORDINAUT_FROM_AGENT", "COORDINAUT_AGENT"),
}


class CommandLine(click.Group):
    """`coordinaut`: the group of all commands."""

    def __init__(self, out: Output) -> None:
        super().__init__(
            "coordinaut",
            help="Tasks, scoped leases and their whole history for parallel coding agents, inside the git repository.",
            params=[
                *_common(),
                click.Option(
                    ["--version"],
                    is_flag=True,
                    help="Show the version.",
                    is_eager=True,
                    expose_value=False,
                    callback=_version,
                ),
            ],
            context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
            invoke_without_command=True,
            callback=self._without_command,
        )
        self._out = out

    def _without_command(self, **_: object) -> None:
        """Nothing was asked: show what can be."""
        context = click.get_current_context()
        if context.invoked_subcommand is None:
            if self._out.json:
                raise invalid("no_command", "No command was given.", hint="See: coordinaut --help")
            click.echo(context.get_help())

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order of the table, which is the order of work."""
        del ctx
        return [operation.name for operation in TABLE]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Build one command."""
        del ctx
        operation = BY_NAME.get(cmd_name)
        return _command(operation, self._out) if operation else None


def _command(operation: Operation, out: Output) -> click.Command:
    own = [_option(field) for field in fields(operation.request)]
    own_names = {field.name for field in fields(operation.request)}

    def run(**given: Any) -> None:
        context = click.get_current_context()
        above = context.parent.params if context.parent else {}
        common = {name: given.get(name) or above.get(name) for name in ("root", "json", "storage", "quiet")}
        out.quiet = bool(common["quiet"])
        said = {name: value for name, value in given.items() if name in own_names and value is not None}
        request = operation.request(**said)
        _refuse_planned(operation, request)
        _carry_out(operation, request, out, common)

    return click.Command(
        operation.name,
        callback=run,
        params=[*own, *(option for option in _common() if option.name not in own_names)],
        help=_help(operation),
        short_help=_first_line(operation),
        context_settings={"help_option_names": ["-h", "--help"]},
    )


def _carry_out(operation: Operation, request: Any, out: Output, common: dict[str, Any]) -> None:
    workspace = _workspace(common)
    try:
        if operation.stream and getattr(request, "follow", False):
            for event in operation.stream(workspace, request):
                out.event(event)
            return
        out.success(operation.name, operation.handler(workspace, request), workspace.notices)
    except CoordinautError as error:
        if workspace.notices:
            error.details.setdefault("notices", workspace.notices)
        raise
    finally:
        workspace.close()


def _workspace(common: dict[str, Any]) -> Workspace:
    root = Path(common["root"] or "")
    try:
        start = root if root.is_absolute() else Path.cwd() / root
    except FileNotFoundError:
        raise environment(
            "no_directory", "The current directory does not exist any more.", hint="Change to one that does."
        ) from None
    return open_workspace(start, os.environ, storage=common["storage"])


def _common() -> list[click.Parameter]:
    """The options that stand before or after the name of a command."""
    return [
        click.Option(
            ["-C", "--root", "root"], metavar="PATH", envvar="COORDINAUT_ROOT", help="Work in this folder's repository."
        ),
        click.Option(["--json"], is_flag=True, help="Print one JSON document."),
        click.Option(["--storage"], metavar="KIND", envvar="COORDINAUT_STORAGE", help="The store to use (git)."),
        click.Option(["--quiet", "-q"], is_flag=True, envvar="COORDINAUT_QUIET", help="Say nothing on success."),
    ]


def _option(field: "Field[Any]") -> click.Option:
    kind = without_none(field.type)
    name = "--" + field.name.replace("_", "-")
    given: dict[str, Any] = {
        "help": field.metadata["help"],
        "required": field.default is MISSING,
        "envvar": ENVIRONMENT.get(field.name, f"COORDINAUT_{field.name.upper()}"),
        "metavar": field.metadata.get("metavar"),
    }
    if kind is bool:
        return click.Option([name], is_flag=True, **given)
    if get_origin(kind) is tuple:
        given["metavar"] = given["metavar"] or "PATTERN,…"
        return click.Option([name], multiple=True, type=_Text(), callback=_listed, **given)
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        given["metavar"] = None
        return click.Option([name], type=_Member(kind), **given)
    if kind is int:
        return click.Option([name], type=int, **given)
    return click.Option([name], type=_Text(), **given)


class _Text(click.types.StringParamType):
    """Text as it is; in the environment one value is one value, also with blanks in it."""

    def split_envvar_value(self, rv: str) -> tuple[str, ...]:
        return (rv,)


class _Member(click.Choice[Any]):
    """One word of a vocabulary, as its member."""

    def __init__(self, vocabulary: type[StrEnum]) -> None:
        super().__init__([str(member) for member in vocabulary])
        self._vocabulary = vocabulary

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> StrEnum:
        return self._vocabulary(super().convert(value, param, ctx))


def _listed(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    del ctx
    if param.name not in COMMA_SEPARATED:
        return values
    return tuple(part for value in values for part in value.split(",") if part)


def _refuse_planned(operation: Operation, request: Any) -> None:
    for field in fields(request):
        if field.metadata.get("planned") and getattr(request, field.name) != field.default:
            raise invalid(
                "planned",
                f"{operation.name} --{field.name.replace('_', '-')} is not part of this version.",
                hint=f"See what is: coordinaut {operation.name} --help",
            )


def _help(operation: Operation) -> str:
    text = operation.request.__doc__ or ""
    return f"{text}\n\n\b\nExample:\n  {operation.example}" if operation.example else text


def _first_line(operation: Operation) -> str:
    return (operation.request.__doc__ or "").split("\n", 1)[0]


def _version(ctx: click.Context, param: click.Parameter, value: bool) -> None:  # noqa: FBT001 - click's signature
    del param
    if value:
        click.echo(f"coordinaut {__version__}")
        ctx.exit()
