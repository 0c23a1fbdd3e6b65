"""Answers: JSON with the headers that every answer has.

Rule 1: nothing is kept by caches on the way, and nothing is shown in a page of somebody else's.
"""

import json
from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from coordinaut_git import __version__
from coordinaut_git.documents import FORMAT, Head
from coordinaut_git.faces.http.problems import Problem

JSON_TYPE = "application/json"
EVERY_ANSWER = {
    "coordinaut-format": str(FORMAT),
    "coordinaut-version": __version__,
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
}


def answer(
    value: Any, status: int = 200, *, head: Head | None = None, headers: Mapping[str, str] | None = None
) -> Response:
    """A JSON document, with the head it is of as its ETag."""
    more = {"etag": etag(head)} if head else {}
    content = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    return Response(content, status, {**more, **(headers or {})}, JSON_TYPE)


def nothing_new(head: Head) -> Response:
    """304: the client has the newest."""
    return Response(status_code=304, headers={"etag": etag(head)})


def failure(problem: Problem) -> Response:
    """CONTRACT's error document."""
    value = {"ok": False, "error": problem.error.as_json(), **problem.beside}
    return answer(value, problem.status, headers=problem.headers)


def etag(head: str) -> str:
    """The entity tag of a point of the line."""
    return f'"{head}"'
