"""Requests as JSON: read strictly, and described by a JSON Schema.

Rule 1: the request classes say it all; here only pydantic is put to work on them, for faces that take JSON.
Rule 2: never imported on the way of a plain command: pydantic costs as much as everything else together.
"""

from collections.abc import Callable
from dataclasses import MISSING, fields
from functools import cache
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model
from pydantic.alias_generators import to_camel

from coordinaut_git.errors import invalid
from coordinaut_git.protocol.requests import Request
from coordinaut_git.protocol.values import clip

_CONFIG = ConfigDict(alias_generator=to_camel, extra="forbid")


def schema(request: type[Request]) -> dict[str, Any]:
    """The JSON Schema (2020-12) of a request, its parameters in camelCase."""
    return _model(request).model_json_schema()


def model(request: type[Request]) -> type[BaseModel]:
    """The model of a request, for faces that describe what they take by models."""
    return _model(request)


def read(request: type[Request], value: Any) -> Request:
    """The request that a JSON object asks for; raises an invalid `CoordinautError` that names the parameter."""
    try:
        asked = _model(request).model_validate(value)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        where = ".".join(map(str, first["loc"])) or "the request"
        raise invalid(
            "bad_parameter",
            f"{clip(where)}: {first['msg']}.",
            hint=f"It takes {', '.join(sorted(schema(request)['properties']))}.",
        ) from error
    return request(**dict(asked))


def _make_model(request: Any) -> type[BaseModel]:
    parameters: dict[str, Any] = {
        parameter.name: (
            parameter.type,
            Field(
                default=... if parameter.default is MISSING else parameter.default,
                description=parameter.metadata["help"],
            ),
        )
        for parameter in fields(request)
    }
    return create_model(request.__name__, __config__=_CONFIG, __doc__=request.__doc__, **parameters)


_model: Callable[[Any], type[BaseModel]] = cache(_make_model)
