"""A client's file, changed as a text, with every failure in words.

Rule 1: a file that is not what the client would read is reported with the place, and left as it is.
"""

from collections.abc import Callable
from pathlib import Path

from coordinaut_git.errors import environment, refused
from coordinaut_git.operations.clients import textfile
from coordinaut_git.operations.clients.json_entry import InTheWay
from coordinaut_git.operations.clients.jsonc import Unreadable

_MARK = "\ufeff"

Change = Callable[[str | None], str | None]
"""From a text to the next; None is a file that is not there."""


def edited(path: Path, inside: Path | None, change: Change, *, kind: str, by_hand: str) -> bool:
    """Change a file, which with `inside` lies in that folder; whether it is another one now.

    `kind` is what the text should be, `by_hand` the hint where something of somebody's stands in the way. Raises
    environment `unreadable_config`, refused `config_in_the_way`, and what `textfile` raises.
    """
    file = textfile.read(path, inside)
    try:
        text, mark = _decoded(file.data)
        after = change(text)
    except Unreadable as error:
        raise environment(
            "unreadable_config",
            f"{path} is not the {kind} that it should be: line {error.line}, column {error.column}: {error.what}.",
            hint="Mend it there; nothing was changed.",
            path=str(path),
            line=error.line,
            column=error.column,
        ) from error
    except InTheWay as error:
        raise refused("config_in_the_way", f"{path} was not changed: {error}.", hint=by_hand, path=str(path)) from error
    if after == text:
        return False
    if after is None:
        textfile.remove(file, folders_up_to=inside and inside.resolve())
    else:
        textfile.replace(file, (mark + after).encode("utf-8"))
    return True


def _decoded(data: bytes | None) -> tuple[str | None, str]:
    """The text without its byte order mark, and the mark."""
    if data is None:
        return None, ""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        column = error.start - before.rfind(b"\n")
        raise Unreadable(before.count(b"\n") + 1, column, "this is not UTF-8") from None
    return text.removeprefix(_MARK), _MARK if text.startswith(_MARK) else ""
