"""An entry put into a text of TOML as a table of its own and taken out again, with every other byte left as it is.

Rule 1: what comes out is read again, and must mean what went in and the entry: what cannot be shown is not done.
Rule 2: what `put` made, `take` undoes to the byte: see `tail`.
"""

import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any

from coordinaut_git.operations.clients.json_entry import InTheWay
from coordinaut_git.operations.clients.jsonc import Unreadable
from coordinaut_git.operations.clients.tail import appended, cut, line_end
from coordinaut_git.operations.clients.toml_lines import Statement, statements

_PLACE = re.compile(r"\(at line (\d+), column (\d+)\)")


def put(text: str | None, keys: Sequence[str], entry: Mapping[str, Any]) -> str:
    """The text with the table `keys`; one that is there is brought up to date, its other pairs are kept.

    None is a file that is not there. Raises `Unreadable`, or `InTheWay` where the table cannot be written as one.
    """
    before = _loaded(text or "")
    wanted = _with(before, keys, entry)
    if wanted == before:
        return text or ""
    after = appended(text, snippet(keys, entry)) if _at(before, keys) is None else _updated(text or "", keys, entry)
    return _checked(after, wanted, keys)


def take(text: str, keys: Sequence[str]) -> str | None:
    """The text without the table `keys` and those below it; None where nothing would be left that was there before."""
    before = _loaded(text)
    if _at(before, keys) is None:
        return text
    shorter = text
    for begin, end, with_header in reversed(_runs(text, tuple(keys))):
        shorter = cut(shorter, begin, end, blank=with_header)
    if not shorter and text.endswith("\n"):
        return None
    return _checked(shorter, _without(before, keys), keys)


def found_at(text: str, keys: Sequence[str]) -> Any:
    """What stands at the path `keys`, None if nothing does; raises `Unreadable`."""
    return _at(_loaded(text), keys)


def snippet(keys: Sequence[str], entry: Mapping[str, Any]) -> str:
    """A file with nothing but the entry."""
    pairs = (f"{name} = {_shown(value)}\n" for name, value in entry.items())
    return f"[{'.'.join(keys)}]\n" + "".join(pairs)


def _updated(text: str, keys: Sequence[str], entry: Mapping[str, Any]) -> str:
    """The text with the pairs of the table as they are to be."""
    line = line_end(text)
    for name, value in reversed(list(entry.items())):
        found = {statement.name: statement for statement in statements(text)}
        own, header = found.get((*keys, name)), found.get(tuple(keys))
        if own and own.value:
            text = text[: own.value[0]] + _shown(value) + text[own.value[1] :]
        elif header and header.is_header:
            gap = "" if text[: header.end].endswith("\n") else line
            text = f"{text[: header.end]}{gap}{name} = {_shown(value)}{line}{text[header.end :]}"
    return text


def _runs(text: str, keys: tuple[str, ...]) -> list[tuple[int, int, bool]]:
    """The spans of neighbouring statements that belong to the table, and whether each begins with a header."""
    runs: list[tuple[int, int, bool]] = []
    previous: Statement | None = None
    for statement in statements(text):
        if statement.name[: len(keys)] == keys:
            ours = previous is not None and previous.name[: len(keys)] == keys
            begin, header = runs.pop()[::2] if ours else (statement.begin, statement.is_header)
            runs.append((begin, statement.end, header))
        previous = statement
    return runs


def _shown(value: Any) -> str:
    """A text or a list of texts; JSON's form of them is TOML's too, but for DEL, which TOML wants escaped."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _loaded(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = _PLACE.search(str(error))
        line, column = (int(place[1]), int(place[2])) if place else (text.count("\n") + 1, 1)
        what = _PLACE.sub("", str(error)).strip().removesuffix("(at end of document)").strip()
        raise Unreadable(line, column, what[:1].lower() + what[1:]) from error
    except RecursionError:
        raise Unreadable(1, 1, "values are nested too deeply") from None


def _at(data: Any, keys: Sequence[str]) -> Any:
    for key in keys:
        if not isinstance(data, dict) or key not in data:
            return None
        data = data[key]
    return data


def _with(data: dict[str, Any], keys: Sequence[str], entry: Mapping[str, Any]) -> dict[str, Any]:
    wanted = inner = deepcopy(data)
    for key in keys:
        inner = inner.setdefault(key, {})
        if not isinstance(inner, dict):
            raise InTheWay(f"{key} is not a table")
    inner.update(entry)
    return wanted


def _without(data: dict[str, Any], keys: Sequence[str]) -> dict[str, Any]:
    wanted = deepcopy(data)
    inner = _at(wanted, keys[:-1])
    del inner[keys[-1]]
    return wanted


def _checked(text: str, wanted: dict[str, Any], keys: Sequence[str]) -> str:
    """The text, if it means what it should; an empty table may be left out."""
    try:
        means = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        means = None
    if means is None or _pruned(means, keys) != _pruned(wanted, keys):
        raise InTheWay(f"{'.'.join(keys)} is not written as a table of its own")
    return text


def _pruned(data: dict[str, Any], keys: Sequence[str]) -> dict[str, Any]:
    return {name: value for name, value in data.items() if name != keys[0] or value}
