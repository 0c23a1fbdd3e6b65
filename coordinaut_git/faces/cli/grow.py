"""Commands grown from the operations table: one for each row, its options from the fields of the request.

Rule 1: no option is written here but those that every command has.
Rule 2: a command is built when it is asked for, so that `claim` pays for `claim` alone.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import fields
from inspect import cleandoc
from pathlib import Path
from typing import Any

import click

from coordinaut_git import __version__
from coordinaut_git.errors import CoordinautError, environment, invalid
from coordinaut_git.faces.cli.notes import NOTES
from coordinaut_git.faces.cli.output import Output
from coordinaut_git.faces.cli.parameters import COMMON, common, grown
from coordinaut_git.operations.table import BY_NAME, FAMILIES, Operation
from coordinaut_git.protocol.requests import ActingRequest, Request
from coordinaut_git.workspace import Workspace, open_workspace

PROGRAM, COMPLETION = "coordinaut", "completion"
SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
EPILOG = """\
Every option can come from the environment too, as COORDINAUT_ and its name: COORDINAUT_JSON=1, COORDINAUT_TTL=1h;
COORDINAUT_INSTANCE names the agent instance. Exit codes: 0 done, 1 refused by the rules, 2 the request makes no sense,
3 not found, 5 others were faster for too long, 6 the machine or the repository does not let us, 70 a bug."""


class Family(click.Group):
    """Commands whose names begin with the same words, grown from the operations that have such names.

    `words` are those words: none for `coordinaut` itself, `handoff` for `handoff request` and what else is below it.
    """

    def __init__(
        self,
        words: str,
        operations: Mapping[str, Operation],
        out: Output,
        *,
        help: str | None = None,  # noqa: A002 - click's word
        epilog: str | None = None,
        params: Sequence[click.Parameter] = (),
    ) -> None:
        super().__init__(
            words.rpartition(" ")[2] or PROGRAM,
            help=help,
            short_help=help,
            epilog=epilog,
            params=[*common(), *params],
            context_settings=SETTINGS,
            invoke_without_command=True,
            callback=self._without_command,
        )
        self._words, self._operations, self._out = words, operations, out

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order of the table, which is the order of work."""
        del ctx
        begin = f"{self._words} ".lstrip()
        names = (name.removeprefix(begin) for name in self._operations if name.startswith(begin))
        return list(dict.fromkeys(name.partition(" ")[0] for name in names))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Build one command, or the family of those that begin with this word."""
        if cmd_name not in self.list_commands(ctx):
            return None
        name = f"{self._words} {cmd_name}".lstrip()
        if operation := self._operations.get(name):
            return _command(operation, self._out)
        return Family(name, self._operations, self._out, help=FAMILIES.get(name))

    def _without_command(self, **_: object) -> None:
        """Nothing was asked: show what can be."""
        context = click.get_current_context()
        if context.invoked_subcommand is None:
            if self._out.json:
                raise invalid("no_command", "No command was given.", hint=f"See: {context.command_path} --help")
            click.echo(context.get_help())


class CommandLine(Family):
    """`coordinaut`: the group of all commands."""

    def __init__(self, out: Output, operations: Mapping[str, Operation] = BY_NAME) -> None:
        version = click.Option(
            ["--version"], is_flag=True, help="Show the version.", is_eager=True, expose_value=False, callback=_version
        )
        super().__init__(
            "",
            operations,
            out,
            help="Tasks, scoped leases and their whole history for parallel coding agents, inside the git repository.",
            epilog=EPILOG,
            params=[version],
        )

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The operations, and what only a command line has."""
        return [*super().list_commands(ctx), COMPLETION]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Build one command."""
        if cmd_name == COMPLETION:
            from coordinaut_git.faces.cli.completion import command

            return command(self._out)
        return super().get_command(ctx, cmd_name)


def _command(operation: Operation, out: Output) -> click.Command:
    own_fields = sorted(fields(operation.request), key=lambda field: field in fields(ActingRequest))
    own = [grown(field) for field in own_fields]
    own_names = {field.name for field in own_fields}

    text, first_sentence = explained(operation.request, operation.name, operation.example)

    def run(**given: Any) -> None:
        said_around = said_nearest(click.get_current_context())
        out.quiet = bool(said_around["quiet"])
        said = {name: value for name, value in given.items() if name in own_names and value is not None}
        both = [name for name in COMMON if name in own_names]  # what every command has, and this one asks for itself
        said |= {name: said_around[name] for name in both if said_around[name]}
        request = operation.request(**said)
        _carry_out(operation, request, out, said_around | dict.fromkeys(both))

    return click.Command(
        operation.name.rpartition(" ")[2],
        callback=run,
        params=[*own, *(option for option in common() if option.name not in own_names)],
        help=text,
        short_help=first_sentence,
        context_settings=SETTINGS,
    )


def said_nearest(context: click.Context | None) -> dict[str, Any]:
    """What the options say that every command has, each where it stands nearest to the command's own words."""
    said: dict[str, Any] = {}
    while context:
        said |= {name: value for name in COMMON if (value := context.params.get(name)) and not said.get(name)}
        context = context.parent
    return dict.fromkeys(COMMON) | said


def _carry_out(operation: Operation, request: Any, out: Output, common: dict[str, Any]) -> None:
    try:
        workspace = workspace_at(common["root"], common["storage"])
        workspace.progress = out.progress
    except CoordinautError as error:
        if not operation.anywhere or error.code != "not_a_repository":
            raise
        result = operation.anywhere(os.environ, request)
        out.success(operation.name, result, result.pop("notices", []))
        return
    try:
        if operation.stream and getattr(request, operation.streamed_by):
            for event in operation.stream(workspace, request):
                out.event(operation.name, event)
            return
        out.success(operation.name, operation.handler(workspace, request), workspace.notices)
    except CoordinautError as error:
        if workspace.notices:
            error.details.setdefault("notices", workspace.notices)
        raise
    finally:
        workspace.close()


def workspace_at(root: str | None, storage: str | None) -> Workspace:
    """The workspace that a folder lies in, the current one if none is named."""
    start = Path(root or "")
    try:
        start = start if start.is_absolute() else Path.cwd() / start
    except FileNotFoundError:
        raise environment(
            "no_directory", "The current directory does not exist any more.", hint="Change to one that does."
        ) from None
    return open_workspace(start, os.environ, storage=storage)


def explained(request: type[Request], name: str, example: str) -> tuple[str, str]:
    """The help of a command, and its first sentence: what the request says of itself, our notes, an example."""
    first = cleandoc(request.__doc__ or "")
    lines = "".join(f"\n  {line}" for line in example.splitlines())
    parts = (first, NOTES.get(name), f"\b\nExample:{lines}" if lines else None)
    return "\n\n".join(part for part in parts if part), first.partition("\n")[0]


def _version(ctx: click.Context, param: click.Parameter, value: bool) -> None:  # noqa: FBT001 - click's signature
    del param
    if value and not ctx.resilient_parsing:
        click.echo(f"coordinaut {__version__}")
        ctx.exit()
