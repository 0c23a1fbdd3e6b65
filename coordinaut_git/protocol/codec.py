"""Canonical JSON, and the one mapping between frozen dataclasses and their documents.

Rule 1: the same value has the same bytes everywhere: sorted keys, no blanks, UTF-8, no floats, no defaults.
Rule 2: reading is strict. What is unknown, missing or of another type is an error, never skipped.
"""

import json
from collections.abc import Callable
from dataclasses import MISSING, Field, fields, is_dataclass
from enum import StrEnum
from functools import cache
from types import NoneType, UnionType
from typing import Any, NamedTuple, TypeVar, get_args, get_origin

from coordinaut_git.protocol.values import Instant
from coordinaut_git.wire import Unreadable, canonical

__all__ = ["Unreadable", "camel", "canonical", "decode", "encode", "parse", "without_none"]

T = TypeVar("T")
Coder = Callable[[Any], Any]


def parse(data: bytes) -> dict[str, Any]:
    """Read a JSON object; raises `Unreadable`."""
    try:
        value = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"not JSON: {error}") from error
    if not isinstance(value, dict):
        raise Unreadable("not a JSON object")
    return value


def camel(name: str) -> str:
    """`task_id` as `taskId`."""
    head, *tail = name.split("_")
    return head + "".join(part.capitalize() for part in tail)


class _Slot(NamedTuple):
    attribute: str
    key: str
    default: Any
    encode: Coder | None
    decode: Coder


def _read_slots(cls: Any) -> tuple[_Slot, ...]:
    return tuple(_slot(field) for field in fields(cls))


def _slot(field: "Field[Any]") -> _Slot:
    return _Slot(field.name, camel(field.name), field.default, _encoder(field.type), _decoder(field.type))


def _read_keys(cls: Any) -> frozenset[str]:
    return frozenset(slot.key for slot in _slots(cls))


_slots: Callable[[Any], tuple[_Slot, ...]] = cache(_read_slots)
_keys: Callable[[Any], frozenset[str]] = cache(_read_keys)


def encode(value: Any) -> dict[str, Any]:
    """A dataclass as a JSON object with camelCase keys, without what equals its default."""
    out: dict[str, Any] = {}
    for attribute, key, default, encoder, _ in _slots(type(value)):
        item = getattr(value, attribute)
        if item is not default and item != default:
            out[key] = encoder(item) if encoder and item is not None else item
    return out


def decode(cls: type[T], value: Any) -> T:
    """The dataclass that `encode` wrote; raises `Unreadable`."""
    if not isinstance(value, dict):
        raise Unreadable(f"{cls.__name__} is not a JSON object")
    if not value.keys() <= _keys(cls):
        raise Unreadable(f"{cls.__name__} has unknown fields {sorted(value.keys() - _keys(cls))}")
    arguments: dict[str, Any] = {}
    for attribute, key, default, _, decoder in _slots(cls):
        if key in value:
            arguments[attribute] = decoder(value[key])
        elif default is MISSING:
            raise Unreadable(f"{cls.__name__} lacks {key}")
    return cls(**arguments)


def _encoder(kind: Any) -> Coder | None:
    kind = without_none(kind)
    if kind is Instant or (isinstance(kind, type) and issubclass(kind, StrEnum)):
        return str
    if get_origin(kind) is tuple:
        inner = _encoder(get_args(kind)[0])
        return (lambda items: [inner(item) for item in items]) if inner else list
    return encode if is_dataclass(kind) else None


def _decoder(kind: Any) -> Coder:
    optional, kind = kind != without_none(kind), without_none(kind)
    if get_origin(kind) is tuple:
        reader = _many(_decoder(get_args(kind)[0]))
    elif is_dataclass(kind):
        reader = _nested(kind)
    elif kind is Instant:
        reader = _instant
    elif issubclass(kind, StrEnum):
        reader = _member(kind)
    else:
        reader = _exactly(kind)
    return (lambda value: None if value is None else reader(value)) if optional else reader


def without_none(kind: Any) -> Any:
    """The type in `T | None`; any other type as it is."""
    if get_origin(kind) is UnionType:
        (kind,) = (part for part in get_args(kind) if part is not NoneType)
    return kind


def _nested(kind: Any) -> Coder:
    return lambda value: decode(kind, value)


def _many(reader: Coder) -> Coder:
    def read(value: Any) -> tuple[Any, ...]:
        if not isinstance(value, list):
            raise Unreadable(f"{value!r} is not a list")
        return tuple(reader(item) for item in value)

    return read


def _instant(value: Any) -> Instant:
    try:
        return Instant.parse(value)
    except Exception as error:
        raise Unreadable(f"{value!r} is not an instant") from error


def _member(kind: type[StrEnum]) -> Coder:
    members = {str(member): member for member in kind}

    def read(value: Any) -> StrEnum:
        if not isinstance(value, str) or value not in members:
            raise Unreadable(f"{value!r} is no {kind.__name__}")
        return members[value]

    return read


def _exactly(kind: type) -> Coder:
    def read(value: Any) -> Any:
        if type(value) is not kind:
            raise Unreadable(f"{value!r} is not {kind.__name__}")
        return value

    return read
