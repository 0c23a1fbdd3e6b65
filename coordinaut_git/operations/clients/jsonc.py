"""JSON as clients keep it, with comments and trailing commas, and the place of every value in its text.

Rule 1: nothing is changed here; what is no such JSON is told with its line and column.
See RFC 8259; comments and trailing commas are those of the editors that allow them in their settings.
"""

import re
from dataclasses import dataclass
from json import JSONDecoder
from typing import Any, NoReturn

MOST_DEPTH = 100
_GAP = re.compile(r"(?:[ \t\r\n]|//[^\r\n]*|/\*(?:[^*]|\*(?!/))*\*/)*")


class Unreadable(Exception):
    """A text is not what it should be: where (line and column from 1), and what is wrong there."""

    def __init__(self, line: int, column: int, what: str) -> None:
        super().__init__(what)
        self.line, self.column, self.what = line, column, what


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """A value: the span of its text, what it means, and the members of an object or elements of an array."""

    begin: int
    end: int
    plain: Any
    members: tuple["Member", ...] = ()

    def last(self, name: str) -> "Member | None":
        """The member of that name; of several the last, which is the one that counts."""
        return next((member for member in reversed(self.members) if member.name == name), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A member of an object: where its name begins, its value, and the place of the comma after it, if there is one.

    An element of an array is one without a name.
    """

    name: str
    begin: int
    value: Value
    comma: int | None


def parsed(text: str) -> Value | None:
    """The value that a text holds, None if there is only blank space and comments; raises Unreadable."""
    reader = _Reader(text)
    reader.skip()
    if reader.at == len(text):
        return None
    value = reader.value(0)
    reader.skip()
    if reader.at < len(text):
        reader.fail("there is something after the end")
    return value


def parsed_strictly(text: str) -> Any:
    """What a text means to a reader that knows no comments; raises ValueError."""
    return _DECODER.decode(text)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


_DECODER = JSONDecoder(parse_constant=_no_constant)


class _Reader:
    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0

    def value(self, depth: int) -> Value:
        if depth > MOST_DEPTH:
            self.fail("values are nested too deeply")
        match self._next():
            case "{":
                return self._object(depth)
            case "[":
                return self._array(depth)
            case _:
                return self._scalar()

    def skip(self) -> None:
        found = _GAP.match(self.text, self.at)
        self.at = found.end() if found else self.at
        if self.text.startswith("/*", self.at):
            self.fail("a comment is not closed")

    def fail(self, what: str) -> NoReturn:
        line = self.text.count("\n", 0, self.at) + 1
        raise Unreadable(line, self.at - self.text.rfind("\n", 0, self.at), what)

    def _object(self, depth: int) -> Value:
        begin, members = self.at, list[Member]()
        self._open()
        while self._next() != "}":
            if self._next() != '"':
                self.fail("a name in double quotes is missing")
            name = self._scalar()
            self.skip()
            if self._next() != ":":
                self.fail("a colon is missing")
            self._open()
            value = self.value(depth + 1)
            members.append(Member(name=name.plain, begin=name.begin, value=value, comma=self._comma("}")))
        self.at += 1
        plain = {member.name: member.value.plain for member in members}
        return Value(begin=begin, end=self.at, plain=plain, members=tuple(members))

    def _array(self, depth: int) -> Value:
        begin, items = self.at, list[Member]()
        self._open()
        while self._next() != "]":
            value = self.value(depth + 1)
            items.append(Member(name="", begin=value.begin, value=value, comma=self._comma("]")))
        self.at += 1
        return Value(begin=begin, end=self.at, plain=[item.value.plain for item in items], members=tuple(items))

    def _scalar(self) -> Value:
        begin = self.at
        try:
            plain, self.at = _DECODER.raw_decode(self.text, begin)
        except (ValueError, RecursionError):
            self.fail("this is no value")
        return Value(begin=begin, end=self.at, plain=plain)

    def _next(self) -> str:
        return self.text[self.at : self.at + 1]

    def _open(self) -> None:
        """Go past one character and the gap after it."""
        self.at += 1
        self.skip()

    def _comma(self, closing: str) -> int | None:
        """Go past the comma after an element; without one the closing bracket must follow."""
        self.skip()
        if self._next() == ",":
            place = self.at
            self._open()
            return place
        if self._next() != closing:
            self.fail("a comma or a closing bracket is missing")
        return None
