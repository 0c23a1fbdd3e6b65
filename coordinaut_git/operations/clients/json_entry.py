"""An entry put into a text of JSON and taken out again, with every other byte left as it is.

Rule 1: what `put` made, `take` undoes to the byte, with no memory but the text: an object or array that was there and
        empty begins with what is ours at once (`{"a"…`), one that we made begins with blank space (`{ "a"…`).
Rule 2: a file that was not there ends with a line break once we made it; one that was there and empty does not.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from coordinaut_git.operations.clients.jsonc import Member, Unreadable, Value, parsed
from coordinaut_git.operations.clients.tail import line_end

_USUAL_INDENT = "  "
_BLANK = " \t\r\n"


class InTheWay(Exception):
    """A text is sound, and has something else where the entry belongs."""


def put(text: str | None, keys: Sequence[str], entry: Mapping[str, Any]) -> str:
    """The text with `entry` at the path `keys`; one that is there is brought up to date, its other members are kept.

    None is a file that is not there. Raises `Unreadable`, or `InTheWay` where something on the path is no object.
    """
    root = parsed(text or "")
    if root is None:
        return _filled(text, keys, entry)
    while step := _step(text or "", root, keys, entry):
        text = step
        root = parsed(text)
        assert root
    return text or ""


def take(text: str, keys: Sequence[str]) -> str | None:
    """The text without what stands at the path `keys`; None where nothing would be left that was there before."""
    root = parsed(text)
    found = _path(root, keys) if root else []
    if root is None or len(found) < len(keys):
        return text
    shorter = _taken(text, root, found)
    return None if shorter is None else take(shorter, keys)  # a name may be there twice


def put_item(text: str | None, keys: Sequence[str], item: Mapping[str, Any], ours: Callable[[Any], bool]) -> str:
    """The text with `item` in the array at the path `keys`: in the place of the one that is `ours`, else at the end.

    Raises as `put` does, and `InTheWay` where there is no array.
    """
    root = parsed(text or "")
    if root is None:
        return _filled(text, keys, [item])
    found = _path(root, keys)
    text = text or ""
    if len(found) < len(keys):
        inner = found[-1].value if found else root
        _check_object(inner, keys[: len(found)])
        key, *rest = keys[len(found) :]
        return _with(text, inner, key, _nested(rest, [item]), _indent_of(text, root), made=True)
    there = found[-1].value
    _check_array(there, keys)
    element = next((one for one in there.members if ours(one.value.plain)), None)
    if element is None:
        return _with(text, there, None, item, _indent_of(text, root))
    if element.value.plain == item:
        return text
    return text[: element.value.begin] + _inline(item) + text[element.value.end :]


def put_value(text: str, name: str, value: Any) -> str:
    """The text, which holds an object, with one more member at its end; as it is where there is one of that name."""
    root = parsed(text)
    assert root
    _check_object(root, ())
    return text if root.last(name) else _with(text, root, name, value, _indent_of(text, root))


def names_in(text: str) -> list[str]:
    """The names of the members of the object that a text holds, in its order."""
    root = parsed(text)
    return [member.name for member in root.members] if root else []


def take_items(text: str, keys: Sequence[str], ours: Callable[[Any], bool]) -> str | None:
    """The text without the elements that are `ours` of the array at the path `keys`; None as for `take`."""
    root = parsed(text)
    found = _path(root, keys) if root else []
    if root is None or len(found) < len(keys):
        return text
    element = next((one for one in found[-1].value.members if not one.name and ours(one.value.plain)), None)
    if element is None:
        return text
    shorter = _taken(text, root, [*found, element])
    return None if shorter is None else take_items(shorter, keys, ours)


def found_at(text: str, keys: Sequence[str]) -> Any:
    """What stands at the path `keys`, None if nothing does; raises `Unreadable`."""
    root = parsed(text)
    found = _path(root, keys) if root else []
    return found[-1].value.plain if len(found) == len(keys) else None


def snippet(keys: Sequence[str], entry: Mapping[str, Any]) -> str:
    """A file with nothing but the entry."""
    return _filled(None, keys, entry)


def _taken(text: str, root: Value, found: Sequence[Member]) -> str | None:
    """The text without the last of the members on a way, and without what was made for it alone."""
    containers = [root, *(member.value for member in found[:-1])]
    depth = len(found) - 1
    while depth and _is_ours(text, containers[depth]):
        depth -= 1
    if depth == 0 and _is_ours(text, root):
        return _emptied(text, root)
    return _without(text, root, containers[depth], found[depth])


def _filled(text: str | None, keys: Sequence[str], entry: Any) -> str:
    """What becomes of a text without any value."""
    line = line_end(text or "")
    whole = _pretty(_nested(keys, entry), _USUAL_INDENT, "", line)
    if text is None:
        return whole + line
    return text + whole if not text or text.endswith("\n") else f"{text}{line}{whole}{line}"


def _emptied(text: str, root: Value) -> str | None:
    """What a text was before `_filled` filled it."""
    before, after = text[: root.begin], text[root.end :]
    if not before and after and not after.strip(_BLANK):
        return None
    if before and after in {"\n", "\r\n"}:
        return before.removesuffix(after)
    return before + after


def _step(text: str, root: Value, keys: Sequence[str], entry: Mapping[str, Any]) -> str | None:
    """The text after the next change that brings it nearer to what it is to be; None if it is that."""
    found = _path(root, keys)
    if len(found) < len(keys):
        inner = found[-1].value if found else root
        _check_object(inner, keys[: len(found)])
        key, *rest = keys[len(found) :]
        value = _nested(rest, entry)
        return _with(text, inner, key, value, _indent_of(text, root), made=bool(rest))
    there = found[-1].value
    _check_object(there, keys)
    for name, value in entry.items():
        member = there.last(name)
        if member is None:
            return _with(text, there, name, value, _indent_of(text, root))
        if member.value.plain != value:
            return text[: member.value.begin] + _inline(value) + text[member.value.end :]
    return None


def _path(root: Value, keys: Sequence[str]) -> list[Member]:
    """The members on the way along `keys`, as far as there are any."""
    found: list[Member] = []
    for key in keys:
        member = (found[-1].value if found else root).last(key)
        if member is None:
            break
        found.append(member)
    return found


def _check_object(value: Value, keys: Sequence[str]) -> None:
    if not isinstance(value.plain, dict):
        raise InTheWay(f"{'.'.join(keys) or 'the whole'} is not an object")


def _check_array(value: Value, keys: Sequence[str]) -> None:
    if not isinstance(value.plain, list):
        raise InTheWay(f"{'.'.join(keys)} is not an array")


def _with(text: str, inner: Value, key: str | None, value: Any, unit: str, *, made: bool = False) -> str:
    """The text with one more member at the end of an object, or element of an array, which has no key.

    `made` if the value is an object or array for others to join.
    """
    line, trimmed = line_end(text), len(text[: inner.end - 1].rstrip(_BLANK))
    begin, shown = " ", _inline(value, made=made)
    if not inner.members and trimmed == inner.begin + 1:
        begin = ""
    elif "\n" in text[inner.begin : inner.end]:
        indent = _indent_of(text, inner, _own_indent(text, inner.begin) + unit)
        begin, shown = line + indent, _pretty(value, unit, indent, line)
    member = f"{begin}{shown}" if key is None else f"{begin}{_inline(key)}: {shown}"
    last = inner.members[-1] if inner.members else None
    if last is None or last.comma is not None:
        return text[:trimmed] + member + ("," if last else "") + text[trimmed:]
    return text[: last.value.end] + "," + text[last.value.end : trimmed] + member + text[trimmed:]


def _without(text: str, root: Value, inner: Value, member: Member) -> str:
    """The text without one member of an object, or element of an array; the reverse of `_with`."""
    left = _count(root) - _count(member.value) - 1
    for begin in (len(text[: member.begin].rstrip(_BLANK)), member.begin):
        shorter = _cut(text, inner, member, begin)
        if _reads_as(shorter, left):  # it does not where a comment before it would go on over what follows
            return shorter
    raise InTheWay(f"{member.name or 'an element'} cannot be cut out of what is around it")


def _cut(text: str, inner: Value, member: Member, begin: int) -> str:
    if member.comma is not None:
        return text[:begin] + text[member.comma + 1 :]
    at = inner.members.index(member)
    before = inner.members[at - 1].comma if at else None
    if before is None:
        return text[:begin] + text[member.value.end :]
    return text[:before] + text[before + 1 : begin] + text[member.value.end :]


def _reads_as(text: str, members: int) -> bool:
    try:
        root = parsed(text)
    except Unreadable:
        return False
    return root is not None and _count(root) == members


def _count(value: Value) -> int:
    """How many members there are, those of members too."""
    return sum(1 + _count(member.value) for member in value.members)


def _is_ours(text: str, inner: Value) -> bool:
    """Whether an object is one that `put` made: one member, blank space before it, and no comment beside it."""
    if len(inner.members) != 1:
        return False
    (member,) = inner.members
    before, after = text[inner.begin + 1 : member.begin], text[member.value.end : inner.end - 1]
    return bool(before) and not before.strip(_BLANK) and not after.strip(_BLANK)


def _nested(keys: Sequence[str], entry: Any) -> Any:
    for key in reversed(keys):
        entry = {key: entry}
    return entry


def _inline(value: Any, *, made: bool = False) -> str:
    """A value on one line; what is `made` for others to join, an object or an array in it, begins with a blank."""
    if not made or not isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, list):
        return f"[ {', '.join(map(_inline, value))}]"
    shown = (f"{_inline(name)}: {_inline(one, made=isinstance(one, list))}" for name, one in value.items())
    return f"{{ {', '.join(shown)}}}"


def _pretty(value: Any, unit: str, indent: str, line: str) -> str:
    """A value in lines: one for each member of an object, lists of anything but objects on one."""
    deeper = indent + unit
    if isinstance(value, dict) and value:
        shown = [f"{deeper}{_inline(name)}: {_pretty(one, unit, deeper, line)}" for name, one in value.items()]
        return "{" + line + f",{line}".join(shown) + line + indent + "}"
    if isinstance(value, list) and value and isinstance(value[0], dict):
        shown = [f"{deeper}{_pretty(one, unit, deeper, line)}" for one in value]
        return "[" + line + f",{line}".join(shown) + line + indent + "]"
    return _inline(value)


def _own_indent(text: str, place: int) -> str:
    """The blank space that begins the line of a place."""
    line = text[text.rfind("\n", 0, place) + 1 : place]
    return line[: len(line) - len(line.lstrip(" \t"))]


def _indent_of(text: str, inner: Value, usual: str = _USUAL_INDENT) -> str:
    """The blank space before the first member of an object that begins a line of its own."""
    for member in inner.members:
        begin = text.rfind("\n", 0, member.begin) + 1
        if begin > inner.begin and not text[begin : member.begin].strip(" \t") and begin < member.begin:
            return text[begin : member.begin]
    return usual
