"""One request on its way to a route: who asks, of which project, with what body.

Rule 1: a body is read up to a limit and within a time, whatever its headers say.
Rule 2: what stands in an address or a body is checked by the model that the route names, and by nothing else.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from anyio import fail_after, move_on_after
from pydantic import BaseModel, ValidationError
from starlette.requests import Request

from coordinaut_git.documents import Head
from coordinaut_git.faces.http.problems import bad_json, bad_value, not_json, stopping, too_large, too_slow
from coordinaut_git.faces.http.projects import Line, Projects
from coordinaut_git.faces.http.shelf import Part, Place
from coordinaut_git.faces.http.tokens import Grant
from coordinaut_git.faces.http.values import expected_head
from coordinaut_git.protocol.values import clip

if TYPE_CHECKING:
    from coordinaut_git.faces.http.host import Host

T = TypeVar("T")
M = TypeVar("M", bound=BaseModel)

PARSED_AT_ONCE_BYTES = 64 * 1024
DRAIN_S = 2.0
DRAINED_TIMES = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What a route is given."""

    request: Request
    host: "Host"
    team: str = ""
    project: str = ""
    grant: Grant | None = None
    query: BaseModel | None = None
    body: BaseModel | None = None

    @property
    def place(self) -> Place:
        """The line of the project's state."""
        return Place(self.team, self.project)

    @property
    def config(self) -> Place:
        """The line of the project's settings."""
        return Place(self.team, self.project, Part.CONFIG)

    @property
    def projects(self) -> Projects:
        """All lines."""
        return self.host.projects

    def header(self, name: str) -> str | None:
        """A header of the request."""
        return self.request.headers.get(name)

    def asked(self, model: type[M]) -> M:
        """The query, which the route has declared to be of this model."""
        assert isinstance(self.query, model)
        return self.query

    def sent(self, model: type[M]) -> M:
        """The body, which the route has declared to be of this model."""
        assert isinstance(self.body, model)
        return self.body

    def expected(self) -> Head:
        """The head that this write builds on; raises 428."""
        return expected_head(self.header("if-match"))

    def begins(self) -> bool:
        """Whether this write is to begin the line."""
        return (self.header("if-none-match") or "").strip() == "*"

    async def read(self, work: Callable[[Line], T]) -> T:
        """Do some work on the project's line."""
        return await self.projects.read(self.place, work)

    async def write(self, work: Callable[[Line], T], *, begins: bool = False) -> T:
        """Do some work that may change the project's line, or begin it."""
        return await self.projects.write(self.place, work, begins=begins)


async def query_of(request: Request, model: type[M]) -> M:
    """The parameters of the address; raises 422 for what is unknown, given twice, or makes no sense."""
    given = request.query_params
    for name in given:
        if len(given.getlist(name)) > 1:
            raise bad_value(clip(name), "it stands there more than once")
    return checked(model, dict(given))


async def body_of(request: Request, model: type[M], host: "Host") -> M:
    """The body as the model has it; raises 400, 408, 413, 415 or 422."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    data = await _received(request, host.settings.max_body_bytes, host.settings.body_s)
    if kind != "application/json":
        raise not_json()
    if len(data) <= PARSED_AT_ONCE_BYTES:
        return checked(model, parsed(data))
    return await host.projects.thread(lambda: checked(model, parsed(data)))


def checked(model: type[M], value: Any) -> M:
    """A value as a model has it; raises 422."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = clip(".".join(map(str, first["loc"]))) or "the request"
        raise bad_value(where, clip(first["msg"], 200)) from None


def parsed(data: bytes) -> Any:
    """A JSON value; raises 400 for what is none, or holds text that is no Unicode."""
    try:
        value = json.loads(data.decode(), parse_constant=_refuse)
        if b"\\u" in data or b"\\U" in data:
            json.dumps(value, ensure_ascii=False).encode()
    except UnicodeError:
        raise bad_json("it is not UTF-8, or has half a character") from None
    except RecursionError:
        raise bad_json("it is nested too deeply") from None
    except ValueError as error:
        raise bad_json(clip(str(error), 120)) from None
    return value


async def _received(request: Request, most_bytes: int, limit_s: float) -> bytes:
    """The body, read in pieces."""
    said = request.headers.get("content-length", "")
    if said.isdecimal() and int(said) > most_bytes:
        await _drain(request, most_bytes)
        raise too_large(most_bytes)
    data = bytearray()
    try:
        with fail_after(limit_s):
            async for piece in request.stream():
                data += piece
                if len(data) > most_bytes:
                    break
    except TimeoutError:
        raise too_slow(limit_s) from None
    if len(data) > most_bytes:
        await _drain(request, most_bytes)
        raise too_large(most_bytes)
    return bytes(data)


async def _drain(request: Request, most_bytes: int) -> None:
    """Take in some of what is still being sent: a client that is cut off while it sends does not read the answer."""
    if request.headers.get("expect"):
        return
    left = DRAINED_TIMES * most_bytes
    with move_on_after(DRAIN_S):
        while left > 0:
            message = await request.receive()
            left -= len(message.get("body", b"")) or 1
            if not message.get("more_body"):
                return


def only_while_running(host: "Host") -> None:
    """Raise 503 once the server is going down."""
    if host.projects.news.ended:
        raise stopping()


def _refuse(word: str) -> NoReturn:
    raise ValueError(f"{word} is no value of JSON")
