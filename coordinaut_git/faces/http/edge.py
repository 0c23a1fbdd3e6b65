"""The outermost layer: every request gets an id, every answer its headers, every outcome a line in the log.

Rule 1: nothing gets past here as anything but an answer in CONTRACT's form.
Rule 2: so many requests are in hand at a time at most, those that wait for news among them.
"""

import re
import time
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from coordinaut_git.clock import RandomIds
from coordinaut_git.documents import OutcomeUnknown
from coordinaut_git.errors import CoordinautError
from coordinaut_git.faces.http.answers import EVERY_ANSWER, failure
from coordinaut_git.faces.http.logs import Log
from coordinaut_git.faces.http.problems import Problem, bug, busy, no_route, problem_of

REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,64}")
ID_BYTES = 8
SERVER_ERROR = 500


class Edge:
    """An ASGI application around the routes."""

    def __init__(self, app: ASGIApp, log: Log, *, most: int) -> None:
        self._app, self._log, self._ids = app, log, RandomIds()
        self._most, self._in_hand = most, 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; anything else (the lifespan) is passed on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began_s, request_id = time.monotonic(), self._request_id(Request(scope))
        told: dict[str, Any] = scope.setdefault("coordinaut", {"requestId": request_id})
        status = 0

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                for name, value in {**EVERY_ANSWER, "x-request-id": request_id}.items():
                    headers.setdefault(name, value)
            await send(message)

        self._in_hand += 1
        try:
            app = self._app if self._in_hand <= self._most else failure(busy())
            await app(scope, receive, sending)
        except ClientDisconnect:
            told["error"] = "client_gone"
        except Exception as error:  # noqa: BLE001 - in the middle of an answer: all that is left is to cut it off
            self._log.trouble(error, requestId=request_id)
            told["error"] = "bug"
        finally:
            self._in_hand -= 1
            duration_ms = round((time.monotonic() - began_s) * 1000, 1)
            self._log.tell(
                "request",
                method=scope["method"][:16],
                route=told.pop("route", None),
                status=status,
                durationMs=duration_ms,
                **told,
            )

    def _request_id(self, request: Request) -> str:
        """The client's own id if it is a clean one, else a new one."""
        given = request.headers.get("x-request-id", "")
        return given if REQUEST_ID.fullmatch(given) else self._ids.token(ID_BYTES)


def answering(log: Log, work: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    """A route whose refusals are answers."""

    async def answered(request: Request) -> Response:
        told = request.scope["coordinaut"]
        try:
            return await work(request)
        except Problem as problem:
            told["error"] = problem.error.code
            return failure(problem)
        except (CoordinautError, OutcomeUnknown) as error:
            answer = problem_of(error)
            told["error"] = answer.error.code
            if answer.status >= SERVER_ERROR:
                log.trouble(error)
            return failure(answer)
        except ClientDisconnect:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, it is answered as what it is: a bug
            told["error"] = "bug"
            log.trouble(error, requestId=told["requestId"])
            return failure(bug(told["requestId"]))

    return answered


async def nothing_there(request: Request, error: Exception) -> Response:
    """404 for an address that no route has."""
    del request, error
    return failure(no_route())
