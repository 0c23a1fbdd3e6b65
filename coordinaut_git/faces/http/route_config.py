"""`config`: a project's own settings, as one JSON object.

Rule 1: settings have a line of their own, one entry each time they are set; so they change by compare-and-swap, too,
        and what was set before is not lost.
"""

import json
from typing import Any

from starlette.responses import Response

from coordinaut_git.documents import Entry, Head, StaleHead
from coordinaut_git.faces.http.answers import answer, nothing_new
from coordinaut_git.faces.http.calls import Call
from coordinaut_git.faces.http.line import points, seq_of
from coordinaut_git.faces.http.models import ConfigModel
from coordinaut_git.faces.http.problems import Problem, no_config, stale, too_large
from coordinaut_git.faces.http.projects import Line
from coordinaut_git.faces.http.values import is_held
from coordinaut_git.wire import canonical

MAX_BYTES = 64 * 1024
ID_BYTES = 12


async def get(call: Call) -> Response:
    """The settings; 304 where the client has them."""
    try:
        head, value = await call.projects.read(call.config, _current)
    except Problem as problem:
        raise no_config() if problem.error.code == "no_project" else problem from None
    return nothing_new(head) if is_held(call.header("if-none-match"), head) else answer(value, head=head)


async def put(call: Call) -> Response:
    """200 and the settings, 201 for the first ones."""
    value = call.sent(ConfigModel).root
    content = canonical(value)
    if len(content) > MAX_BYTES:
        raise too_large(MAX_BYTES)
    expected = None if call.begins() else call.expected()
    try:
        head = await call.projects.write(
            call.config, lambda line: _set(line, expected, content), begins=expected is None
        )
    except Problem as problem:
        raise stale(None) if problem.error.code == "no_project" else problem from None
    return answer(value, 201 if expected is None else 200, head=head)


def _current(line: Line) -> tuple[Head, Any]:
    head = line.head()
    newest = points(line.store, head, limit=1, newest_first=True)
    if not newest:
        raise no_config()
    return head, json.loads(newest[0].entry.body)


def _set(line: Line, expected: Head | None, content: bytes) -> Head:
    """The new head; raises 412 where somebody has set them since, or, with nothing expected, at all."""
    store = line.store
    if expected is None:
        store.create()
        expected = line.head()
        if seq_of(store, expected):
            raise stale(expected)
    elif expected != line.head():
        raise stale(line.head())
    seq, now = seq_of(store, expected) + 1, line.clock.now()
    entry = Entry(
        id=f"config_{line.ids.token(ID_BYTES)}",
        seq=seq,
        at=now,
        summary="set the project's settings",
        author="coordinaut-server",
        author_id="server",
        body=content,
    )
    try:
        return store.commit(expected, entry, lambda: {"config.json": content + b"\n"})
    except StaleHead:
        raise stale(line.head()) from None
