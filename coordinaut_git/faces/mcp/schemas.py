"""Parameters of tools, from the fields of a request: their JSON Schema, and arguments read.

Rule 1: a schema is plain: one type for each parameter, no references, no unions. Every client understands that.
Rule 2: agents are sloppy where it does no harm: null is as good as nothing, one text as good as a list of one.
"""

import re
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields
from enum import StrEnum
from functools import cache
from typing import Any, get_origin

from coordinaut_git.errors import invalid
from coordinaut_git.faces.mcp.words import NOT_OFFERED, SHORT_HELP
from coordinaut_git.operations.table import Operation
from coordinaut_git.protocol.codec import camel, without_none
from coordinaut_git.protocol.requests import ActingRequest, Request

Json = dict[str, Any]

ROOT = "root"
UNTOLD = frozenset({"tool"})
"""Parameters whose words are not listed: the server knows which program its client is."""

_COMMAND_LINE_WORDS = re.compile(r"; (?:may be repeated|repeat or separate by commas)|; --?[a-z -]+[^.]*")


@cache
def offered(operation: Operation) -> "tuple[Field[Any], ...]":
    """The fields that a tool has parameters for; what everybody who acts can say comes last."""
    left_out = NOT_OFFERED.get(operation.tool, frozenset())
    found = [one for one in fields(operation.request) if one.name not in left_out]
    return tuple(sorted(found, key=lambda one: one in fields(ActingRequest)))


def input_schema(operation: Operation) -> Json:
    """The JSON Schema of a tool's arguments."""
    found = offered(operation)
    required = [camel(one.name) for one in found if one.default is MISSING]
    return {
        "type": "object",
        "properties": {camel(one.name): _described(one) for one in found} | {ROOT: {"type": "string"}},
        **({"required": required} if required else {}),
        "additionalProperties": False,
    }


def read_arguments(operation: Operation, arguments: Mapping[str, Any]) -> tuple[Request, str | None]:
    """The request that a tool call asks for, and its root; raises invalid `bad_parameter`."""
    known = {camel(one.name): one for one in offered(operation)}
    given = {name: value for name, value in arguments.items() if value is not None}
    root = given.pop(ROOT, None)
    if root is not None and not isinstance(root, str):
        raise invalid("bad_parameter", "root: It should be a path.", hint="Give the repository's folder as text.")
    if strange := sorted(given.keys() - known.keys()):
        takes = ", ".join([*known, ROOT])
        raise invalid("bad_parameter", f"{operation.tool} has no parameter {strange[0]!r}.", hint=f"It takes {takes}.")
    if missing := [name for name, one in known.items() if one.default is MISSING and name not in given]:
        raise invalid(
            "bad_parameter", f"{operation.tool} needs {missing[0]!r}.", hint=known[missing[0]].metadata["help"]
        )
    from coordinaut_git.operations.wire import read  # its models cost, so each is made with the first call

    return read(operation.request, {name: _tolerated(known[name], value) for name, value in given.items()}), root


def _described(field: "Field[Any]") -> Json:
    text = SHORT_HELP.get(field.name) if field in fields(ActingRequest) else None
    text = _COMMAND_LINE_WORDS.sub("", field.metadata["help"]) if text is None else text
    kind = str if field.name in UNTOLD else without_none(field.type)
    return _typed(kind) | ({"description": text} if text else {})


def _typed(kind: Any) -> Json:
    if kind is bool:
        return {"type": "boolean"}
    if kind is int:
        return {"type": "integer"}
    if get_origin(kind) is tuple:
        return {"type": "array", "items": {"type": "string"}}
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return {"type": "string", "enum": [str(member) for member in kind]}
    return {"type": "string"}


def _tolerated(field: "Field[Any]", value: Any) -> Any:
    if isinstance(value, str) and get_origin(without_none(field.type)) is tuple:
        return [part.strip() for part in value.split(",") if part.strip()]
    return value
