"""Command lines in texts, as the calls of tools that they come to.

Rule 1: hints and texts are written once, for the command line; a model is told the same step in its own words.
Rule 2: what is not understood entirely stays as it is.
"""

import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import Field, fields
from typing import Any, get_origin

from coordinaut_git.operations.table import TABLE, Operation
from coordinaut_git.protocol.codec import camel, without_none

_WORD = r"""(?:'[^']*'|"(?:[^"\\]|\\.)*"|[^\s`"'])*(?:'[^']*'|"(?:[^"\\]|\\.)*"|[^\s`"'.,;:])"""
_OPTION = re.compile(rf" --(?P<name>[a-z]+(?:-[a-z]+)*)(?: (?!-)(?P<value>{_WORD}))?")
_LONE = re.compile(r"(?<![\w-])--([a-z]+(?:-[a-z]+)*)")
_COMMAND = re.compile(
    r"\bcoordinaut (?P<name>" + "|".join(sorted((one.name for one in TABLE), key=len, reverse=True)) + r")(?![\w-])"
)
_BY_NAME = {operation.name: operation for operation in TABLE if operation.tool and operation.command}


def as_calls(text: str, operation: Operation | None = None) -> str:
    """`text` with `coordinaut release --task X` as `release_task(task="X")`.

    Options that stand alone become the parameters of `operation`, where it has such: `--agent-instance` is
    `agentInstance`.
    """
    done = "".join(_translated(text))
    return _LONE.sub(lambda found: _parameter(found, operation), done) if operation else done


def _translated(text: str) -> Iterator[str]:
    at = 0
    for found in _COMMAND.finditer(text):
        if found.start() < at:
            continue
        operation = _BY_NAME.get(found["name"])
        end, call = _call(text, found.end(), operation) if operation else (found.end(), None)
        yield text[at : found.start()]
        yield call if call is not None else text[found.start() : end]
        at = end
    yield text[at:]


def _call(text: str, at: int, operation: Operation) -> tuple[int, str | None]:
    """Where the command line ends, and the call; None where it says what a tool has no word for."""
    known = {one.name: one for one in fields(operation.request)}
    said: dict[str, Any] = {}
    start = at
    while found := _OPTION.match(text, at):
        name, value = found["name"].replace("-", "_"), found["value"]
        if name == "help":  # a tool's parameters are known to whoever reads this
            at = found.end("name")
            continue
        if name not in known:
            return start, None
        at = found.end()
        if _is_flag(known[name]):
            at, value = found.end("name"), None
        said |= _value(known[name], value)
    arguments = ", ".join(f"{name}={json.dumps(value, ensure_ascii=False)}" for name, value in said.items())
    return at, f"{operation.tool}({arguments})"


def _is_flag(field: "Field[Any]") -> bool:
    return without_none(field.type) is bool


def _value(field: "Field[Any]", written: str | None) -> dict[str, Any]:
    if _is_flag(field) or written is None:
        return {camel(field.name): True}
    try:
        word = "".join(shlex.split(written))
    except ValueError:
        word = written
    is_list = get_origin(without_none(field.type)) is tuple
    return {camel(field.name): [part for part in word.split(",") if part] if is_list else word}


def _parameter(found: re.Match[str], operation: Operation | None) -> str:
    name = found[1].replace("-", "_")
    known = {one.name for one in fields(operation.request)} if operation else set()
    return camel(name) if name in known else found[0]
