"""Parameters of the command line, from the fields of a request.

Rule 1: the field says what a parameter is called and what it takes; here it is only told to click.
Rule 2: an option can come from the environment too, a positional argument cannot.
"""

from dataclasses import MISSING, Field
from enum import StrEnum
from typing import Any, get_origin

import click

from coordinaut_git.protocol.codec import without_none

COMMA_SEPARATED = frozenset({"files", "depends_on", "agents", "messages"})
ENVIRONMENT = {
    "agent_instance": ("COORDINAUT_AGENT_INSTANCE", "COORDINAUT_INSTANCE"),
    "from_agent_instance": ("COORDINAUT_FROM_AGENT_INSTANCE", "COORDINAUT_AGENT_INSTANCE", "COORDINAUT_INSTANCE"),
    "from_agent": ("COORDINAUT_FROM_AGENT", "COORDINAUT_AGENT"),
}
COMMON = ("root", "json", "storage", "quiet")


def common() -> list[click.Parameter]:
    """The options that stand before or after the name of a command."""
    return [
        click.Option(
            ["-C", "--root", "root"],
            metavar="PATH",
            envvar="COORDINAUT_ROOT",
            help="Work in this folder's repository.",
            shell_complete=_offered,
        ),
        click.Option(["--json"], is_flag=True, help="Print one JSON document."),
        click.Option(
            ["--storage"],
            metavar="KIND",
            envvar="COORDINAUT_STORAGE",
            help="Look at the state that this storage keeps here.",
            shell_complete=_offered,
        ),
        click.Option(["--quiet", "-q"], is_flag=True, envvar="COORDINAUT_QUIET", help="Say nothing on success."),
    ]


def grown(field: "Field[Any]") -> click.Parameter:
    """The option, or the positional argument, that a field of a request becomes."""
    given = _taken(without_none(field.type)) | {"required": field.default is MISSING}
    if field.metadata.get("opposite"):
        given["default"] = field.default
    if not isinstance(given.get("type"), _Member):
        usual = "PATTERN,…" if given.get("multiple") else field.name.upper()
        given["metavar"] = field.metadata.get("metavar") or usual
    if field.metadata.get("positional"):
        return click.Argument([field.name], nargs=-1 if given.pop("multiple", False) else 1, **given)
    return click.Option(
        [_written(field)],
        help=field.metadata["help"],
        envvar=ENVIRONMENT.get(field.name, f"COORDINAUT_{field.name.upper()}"),
        **given,
    )


def _written(field: "Field[Any]") -> str:
    """`--name`, or `--name/--opposite`."""
    names = (field.name, field.metadata.get("opposite"))
    return "/".join("--" + name.replace("_", "-") for name in names if name)


def _taken(kind: Any) -> dict[str, Any]:
    """What click is to know of a value of this type."""
    if kind is bool:
        return {"is_flag": True}
    if kind is int:
        return {"type": int}
    if get_origin(kind) is tuple:
        return {"multiple": True, "type": _Text(), "callback": _listed, "shell_complete": _offered}
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return {"type": _Member(kind)}
    return {"type": _Text(), "shell_complete": _offered}


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


def _offered(ctx: click.Context, param: click.Parameter, incomplete: str) -> Any:
    """What the shell may complete a value to."""
    from coordinaut_git.faces.cli.offers import offered

    return offered(ctx, param, incomplete)
