"""The description of the API, OpenAPI 3.1: grown from the table of routes and the models.

Rule 1: nothing is said here that the table or a model says; what every route shares is said once, below.
"""

from collections.abc import Iterator
from functools import cache
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from coordinaut_git import __version__
from coordinaut_git.faces.http.models import Failure
from coordinaut_git.faces.http.table import TABLE, Access, Condition, Route
from coordinaut_git.wire import NAME

Json = dict[str, Any]
SCHEMAS = "#/components/schemas/"
STREAM, JSON_TYPE = "text/event-stream", "application/json"

STATUSES = {
    200: "Done.",
    201: "Done; something is there that was not.",
    304: "The client has the newest.",
    400: "The body is not JSON.",
    401: "No token, or none that is known.",
    403: "The token is for another team, or its role does not allow it.",
    404: "There is no such project, point or backup.",
    408: "The body did not come in time.",
    409: "It does not go together with what is there.",
    412: "The head has moved on; nothing was written.",
    413: "The body is too long.",
    415: "The body is not said to be JSON.",
    422: "A value makes no sense, or an operation may not follow.",
    428: "If-Match is missing.",
    503: "The server or its store cannot do it now.",
}
BODY_PROBLEMS = (400, 408, 413, 415, 422)
TAG = {"schema": {"type": "string"}, "description": 'The head, as an entity tag: `"<head>"`.'}


@cache
def description(root_path: str = "") -> Json:
    """The document; `root_path` is where a proxy has put the server."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "coordinaut-server",
            "version": __version__,
            "description": "Coordination of coding agents for teams. A head names one point of a project's line.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": root_path or "/"}],
        "paths": _paths(),
        "components": {
            "schemas": _schemas(),
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _paths() -> Json:
    paths: dict[str, Json] = {}
    for route in TABLE:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    return paths


def _operation(route: Route) -> Json:
    operation: Json = {
        "operationId": f"{route.method.lower()}_{route.handler.__module__.rpartition('_')[2]}_{route.handler.__name__}",
        "summary": route.summary,
        "parameters": list(_parameters(route)),
        "responses": {str(status): _response(route, status) for status in sorted({*route.given, *_problems(route)})},
        "security": [] if route.access == Access.OPEN else [{"token": []}],
    }
    if route.body:
        operation["requestBody"] = {"required": True, "content": {JSON_TYPE: {"schema": _reference(route.body)}}}
    return operation


def _problems(route: Route) -> Iterator[int]:
    if route.access == Access.OPEN:
        return
    yield from (401, 403, 404, 422, 503)
    yield from route.problems
    if route.body:
        yield from BODY_PROBLEMS
    if route.condition != Condition.NONE:
        yield from (412, 428)


def _response(route: Route, status: int) -> Json:
    response: Json = {"description": STATUSES[status]}
    if status in route.given:
        model = route.given[status]
        if status < 300 and route.access != Access.OPEN:  # noqa: PLR2004 - a success
            response["headers"] = {"ETag": TAG}
    else:
        model = Failure
    if model:
        response["content"] = {JSON_TYPE: {"schema": _reference(model)}}
    for media in route.media if status == 200 else ():  # noqa: PLR2004 - HTTP
        if media != JSON_TYPE:
            response.setdefault("content", {})[media] = {"schema": {"type": "string"}}
    return response


def _parameters(route: Route) -> Iterator[Json]:
    for name in ("team", "project", "backup"):
        if f"{{{name}}}" in route.path:
            schema = {"type": "string", "pattern": f"^{NAME}$"}
            yield {"name": name, "in": "path", "required": True, "schema": schema}
    if route.query:
        yield from _query(route.query)
    if route.condition == Condition.MATCH:
        yield _header("If-Match", "The head that this write builds on.", required=True)
    if route.condition == Condition.MATCH_OR_BEGIN:
        yield _header("If-Match", "The head that this write builds on.")
        yield _header("If-None-Match", "`*`, in place of If-Match, for the first write.", schema={"const": "*"})
    if route.conditional:
        yield _header("If-None-Match", "The head that the client has.")
    if STREAM in route.media:
        yield _header("Last-Event-ID", "For a stream that goes on: the number of the last event.", {"type": "integer"})


def _header(name: str, text: str, schema: Json | None = None, *, required: bool = False) -> Json:
    schema = schema or {"type": "string", "pattern": '^"[0-9a-f]{1,64}"$'}
    return {"name": name, "in": "header", "required": required, "description": text, "schema": schema}


def _query(model: type[BaseModel]) -> Iterator[Json]:
    for name, said in model.model_json_schema()["properties"].items():
        schema = {key: value for key, value in said.items() if key not in {"description", "title"}}
        if schema.get("default", 0) is None:  # what may be left out cannot be given as nothing
            schema = next(one for one in schema["anyOf"] if one != {"type": "null"})
        yield {"name": name, "in": "query", "description": said.get("description", ""), "schema": schema}


def _schemas() -> Json:
    bodies = {route.body for route in TABLE if route.body}
    given = {model for route in TABLE for model in route.given.values() if model} | {Failure}
    modes = sorted(((model, "validation") for model in bodies | given), key=lambda one: one[0].__name__)
    _, document = models_json_schema(modes, ref_template=SCHEMAS + "{model}")  # type: ignore[arg-type]
    found: Json = document["$defs"]
    return found


def _reference(model: type[BaseModel]) -> Json:
    return {"$ref": f"{SCHEMAS}{model.__name__}"}
