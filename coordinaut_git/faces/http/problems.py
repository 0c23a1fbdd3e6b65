"""What the server says no to, and with which status.

Rule 1: a refusal is a `CoordinautError` in CONTRACT's form; HTTP adds a status and headers to it.
"""

from collections.abc import Mapping
from typing import Any

from coordinaut_git.documents import OutcomeUnknown
from coordinaut_git.errors import CoordinautError, Kind, contended, denied, environment, invalid, not_found, refused

_STATUS = {
    Kind.REFUSED: 409,
    Kind.INVALID: 422,
    Kind.NOT_FOUND: 422,  # what a body names; what an address names is `Problem` 404
    Kind.DENIED: 403,
    Kind.CONTENDED: 503,
    Kind.ENVIRONMENT: 503,
    Kind.BUG: 500,
}
RETRY_S = "1"


class Problem(Exception):
    """A request that ends with a status of its own, and what else the answer says beside the error."""

    def __init__(
        self,
        status: int,
        error: CoordinautError,
        *,
        headers: Mapping[str, str] | None = None,
        beside: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(error.message)
        self.status, self.error = status, error
        self.headers, self.beside = dict(headers or {}), dict(beside or {})


def problem_of(error: CoordinautError | OutcomeUnknown) -> Problem:
    """The answer to an error from below.

    What the machine has trouble with is nobody's business outside: its words may hold paths, and go to the log alone.
    """
    if isinstance(error, OutcomeUnknown):
        error = _unknown_outcome()
    if error.code == "no_store":
        return no_project()
    status = _STATUS[error.kind]
    if error.kind == Kind.ENVIRONMENT:
        error = environment(error.code, "The server cannot use its store now.", hint="Its log tells why.")
    return Problem(status, error, headers={"retry-after": RETRY_S} if status == 503 else {})  # noqa: PLR2004 - HTTP


def unauthorized() -> Problem:
    """401: no token, or none that this server knows."""
    error = denied(
        "bad_token", "No token was given that this server knows.", hint="Send it as: Authorization: Bearer <token>"
    )
    return Problem(401, error, headers={"www-authenticate": 'Bearer realm="coordinaut"'})


def forbidden() -> Problem:
    """403: whether the team or the project is there makes no difference."""
    error = denied(
        "forbidden",
        "This token does not allow that here.",
        hint="Check the team in the address, and the role that the token was given.",
    )
    return Problem(403, error)


def no_route() -> Problem:
    """404: the address is no route of this server."""
    return Problem(404, not_found("no_route", "There is nothing at this address.", hint="See /openapi.json."))


def no_project() -> Problem:
    """404: nothing was ever written to the project."""
    hint = "Its first write makes it: PUT state with If-None-Match: *"
    return Problem(404, not_found("no_project", "There is no such project yet.", hint=hint))


def no_config() -> Problem:
    """404: the project has no settings yet."""
    hint = "Set them: PUT config with If-None-Match: *"
    return Problem(404, not_found("no_config", "This project has no settings of its own yet.", hint=hint))


def no_head(head: str) -> Problem:
    """404: a point that is not on this line."""
    error = not_found("unknown_head", f"The line of this project has no point {head[:80]!r}.", hint="Read it anew.")
    return Problem(404, error)


def no_backup(name: str) -> Problem:
    """404: a backup that is not there."""
    error = not_found("no_backup", f"This project has no backup {name[:80]!r}.", hint="List them: GET backups")
    return Problem(404, error)


def bad_method(allowed: str) -> Problem:
    """405: the address is there, and takes other methods."""
    error = invalid("bad_method", "This address does not take that method.", hint=f"It takes {allowed}.")
    return Problem(405, error, headers={"allow": allowed})


def bad_json(why: str) -> Problem:
    """400: the body is not the JSON object that is asked for."""
    return Problem(400, invalid("bad_json", f"The body cannot be read as JSON: {why}.", hint="Send a JSON object."))


def bad_value(where: str, why: str) -> Problem:
    """422: a value that makes no sense."""
    return Problem(422, invalid("bad_parameter", f"{where}: {why}.", hint="See /openapi.json."))


def not_json() -> Problem:
    """415: the body is said to be something else."""
    error = invalid("not_json", "The body is not JSON.", hint="Send it with Content-Type: application/json.")
    return Problem(415, error)


def too_large(most_bytes: int) -> Problem:
    """413: longer than this server reads."""
    error = invalid(
        "too_large",
        f"The body is longer than the {most_bytes} bytes that this server takes.",
        hint="COORDINAUT_SERVER_MAX_BODY sets how many it takes.",
    )
    return Problem(413, error, headers={"connection": "close"})


def too_slow(limit_s: float) -> Problem:
    """408: the body did not come in time."""
    error = invalid("slow_request", f"The body did not come within {limit_s:g} s.", hint="Send it again.")
    return Problem(408, error, headers={"connection": "close"})


def head_needed() -> Problem:
    """428: a write that does not say what it builds on."""
    error = invalid(
        "head_needed",
        "This write must name the head that it builds on.",
        hint='Send If-Match: "<head>" with the ETag of GET state.',
    )
    return Problem(428, error)


def stale(head: str | None, entries: list[dict[str, Any]] | None = None, documents_seq: int | None = None) -> Problem:
    """412: somebody was faster; `entries` is what came since, where it is little enough."""
    error = contended(
        "stale_head", "The line has moved on; nothing was written.", hint="Read what came since, and decide again."
    )
    beside: dict[str, Any] = {"head": head}
    if entries is not None:
        beside["entries"] = entries
    if documents_seq is not None:
        beside["documentsSeq"] = documents_seq
    return Problem(412, error, headers={"etag": f'"{head}"'} if head else {}, beside=beside)


def unlawful(code: str, message: str, **details: Any) -> Problem:
    """422: operations that may not follow on this line."""
    hint = "Read the line anew, and send only what follows on it."
    return Problem(422, CoordinautError(Kind.REFUSED, code, message, hint=hint, details=details))


def busy() -> Problem:
    """503: more requests at a time than this server takes."""
    error = contended("server_busy", "The server has too many requests in hand.", hint="Try again in a moment.")
    return Problem(503, error, headers={"retry-after": RETRY_S})


def stopping() -> Problem:
    """503: the server is going down."""
    error = contended("server_stopping", "The server is stopping.", hint="Try again in a moment.")
    return Problem(503, error, headers={"retry-after": RETRY_S})


def documents_needed(base: int) -> Problem:
    """409: the changes were made on documents of another point than those kept here."""
    error = refused(
        "documents_needed",
        f"Changes are taken on the documents of operation {base}.",
        hint="Send the changes since that operation.",
        documentsSeq=base,
    )
    return Problem(409, error)


def bug(request_id: str) -> Problem:
    """500: what nobody foresaw; the log has it under the request's id."""
    error = CoordinautError(
        Kind.BUG,
        "bug",
        f"The server met something unforeseen in request {request_id}.",
        hint="Its log tells more under that id.",
    )
    return Problem(500, error)


def _unknown_outcome() -> CoordinautError:
    return contended(
        "unknown_outcome", "It could not be told whether this was written.", hint="Look for it before you ask again."
    )
