"""Operations of older formats, read as if they had been written today.

Rule 1: what is on the line is never written again; it is brought forward each time it is read, one format at a time.
Rule 2: a step is pure and, once there is history that was read with it, never changes.
Rule 3: `id`, `seq` and `at` mean the same in every format: stores read them, and know nothing else of an operation.
"""

from collections.abc import Callable, Mapping
from typing import Any

from coordinaut_git.documents import FORMAT
from coordinaut_git.protocol.codec import Unreadable

Value = dict[str, Any]
Step = Callable[[Value], Value]

STEPS: Mapping[int, Step] = {}
"""For each older format, how one operation of it is written in the next; there is none yet."""


class TooNew(Exception):
    """The operation is of a format that this version does not know."""

    def __init__(self, form: int) -> None:
        super().__init__(form)
        self.format = form


def upcast(value: Value, steps: Mapping[int, Step] | None = None, newest: int = FORMAT) -> Value:
    """The operation in the `newest` format, by way of every format between; `v` says which one it is in.

    Raises `TooNew`, or `Unreadable` for what cannot be brought forward.
    """
    form = value.get("v")
    if type(form) is not int:
        raise Unreadable(f"its format is {form!r}")
    if form > newest:
        raise TooNew(form)
    for older in range(form, newest):
        value = _taken(value, older, STEPS if steps is None else steps)
    return value


def _taken(value: Value, older: int, steps: Mapping[int, Step]) -> Value:
    if older not in steps:
        raise Unreadable(f"its format is {older}, which there never was")
    try:
        return {**steps[older](value), "v": older + 1}
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Unreadable(f"it is no operation of format {older}") from error
