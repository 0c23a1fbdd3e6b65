"""`events`: the operations of a line, as they come.

Rule 1: each number once, and none left out, however long somebody waits or how often a stream is cut.
"""

import json
import time
from collections.abc import AsyncIterator
from functools import partial

from anyio import CancelScope, create_task_group
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse

from coordinaut_git.documents import Head
from coordinaut_git.faces.http.answers import answer
from coordinaut_git.faces.http.appending import add
from coordinaut_git.faces.http.calls import Call
from coordinaut_git.faces.http.line import Json, event_form, points, seq_of
from coordinaut_git.faces.http.models import EventsAsked, EventSent
from coordinaut_git.faces.http.news import Watch
from coordinaut_git.faces.http.problems import bad_value
from coordinaut_git.faces.http.projects import Line

STREAM_TYPE = "text/event-stream"
HEARTBEAT_S = 15.0
RECONNECT_MS = 1_000
PAGE = 256
MOST_DIGITS = 18


async def get(call: Call) -> Response:
    """Events as one document, or as a stream where the client asks for one."""
    asked, last = call.asked(EventsAsked), call.header("last-event-id")
    if last is not None and not _is_number(last):
        raise bad_value("Last-Event-ID", "it is the number of an event")
    if STREAM_TYPE in (call.header("accept") or "") and call.request.method == "GET":
        return await _streamed(call, asked, last)
    with call.projects.news.watch(call.place) as watch:
        return await _waited(call, asked, watch)


async def post(call: Call) -> Response:
    """201 and the event; 200 where it was there already."""
    expected, sent = call.expected(), call.sent(EventSent)
    point, repeated = await call.write(lambda line: add(line, expected, sent))
    form = {"event": event_form(point), "head": point.head, "seq": point.entry.seq}
    return answer(form, 200 if repeated else 201, head=point.head)


async def _waited(call: Call, asked: EventsAsked, watch: Watch) -> Response:
    """The events there are, or the first that come within the time to wait."""
    wait_s = 0 if asked.before is not None else min(asked.wait, call.host.settings.longest_wait_s)
    end_s = time.monotonic() + wait_s
    while True:
        watch.take_ticket()
        page = await call.read(partial(_page, asked=asked))
        left_s = end_s - time.monotonic()
        if page["events"] or left_s <= 0 or call.projects.news.ended:
            return answer(page, head=page["head"])
        await _news(call.request, watch, left_s)


async def _news(request: Request, watch: Watch, limit_s: float) -> None:
    """Wait for news; raises ClientDisconnect once nobody is there to hear them."""
    async with create_task_group() as group:
        group.start_soon(_cancel_when_gone, request, group.cancel_scope)
        await watch.wait(limit_s)
        group.cancel_scope.cancel()
        return
    raise ClientDisconnect


async def _cancel_when_gone(request: Request, scope: CancelScope) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
    scope.cancel()


async def _streamed(call: Call, asked: EventsAsked, last: str | None) -> Response:
    if asked.order != "asc" or asked.before is not None:
        raise bad_value("order", "a stream begins with the oldest and has no end")
    start = last or asked.after
    after = await call.read(lambda line: _seq(line, start))
    headers = {"x-accel-buffering": "no"}
    return StreamingResponse(_stream(call, after), media_type=STREAM_TYPE, headers=headers)


async def _stream(call: Call, after: int) -> AsyncIterator[str]:
    """The stream (HTML Living Standard, 9.2): one event an operation, and a comment now and then that says we live."""
    yield f"retry: {RECONNECT_MS}\n\n"
    with call.projects.news.watch(call.place) as watch:
        while not call.projects.news.ended and call.host.allows(call):
            watch.take_ticket()
            asked = EventsAsked.model_validate({"after": str(after), "limit": PAGE})
            page = await call.read(partial(_page, asked=asked))
            for event in page["events"]:
                after = event["seq"]
                data = json.dumps(event, ensure_ascii=False, separators=(",", ":"))
                yield f"id: {after}\nevent: operation\ndata: {data}\n\n"
            if not page["events"]:
                await watch.wait(HEARTBEAT_S)
                yield ":\n\n"


def _page(line: Line, asked: EventsAsked) -> Json:
    head = line.head()
    found = points(
        line.store,
        head,
        after=_seq(line, asked.after),
        before=asked.before,
        limit=asked.limit,
        newest_first=asked.order == "desc",
    )
    page: Json = {"events": [event_form(point) for point in found], "head": head, "seq": seq_of(line.store, head)}
    if found:
        page["documentsSeq"] = line.store.snapshot(head).seq
    return page


def _seq(line: Line, after: str) -> int:
    """The number of the operation that is named by its number or its head; raises 404 for a head of another line."""
    return int(after) if _is_number(after) else seq_of(line.store, Head(after))


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= MOST_DIGITS
