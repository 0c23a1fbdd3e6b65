"""Requests as JSON: what a face that takes JSON may rely on."""

import pytest

from coordinaut_git.errors import CoordinautError
from coordinaut_git.operations.table import TABLE
from coordinaut_git.operations.wire import read, schema
from coordinaut_git.protocol.codec import camel
from coordinaut_git.protocol.model import Mode
from coordinaut_git.protocol.requests import ClaimTask, CreateTask


@pytest.mark.parametrize("operation", TABLE, ids=lambda operation: operation.name)
def test_every_operation_has_a_schema_that_describes_each_parameter(operation):
    described = schema(operation.request)
    names = {camel(name) for name in operation.request.__dataclass_fields__}
    assert set(described["properties"]) == names
    assert all(parameter.get("description") for parameter in described["properties"].values())
    assert described["additionalProperties"] is False


def test_a_required_parameter_is_required_in_the_schema():
    assert schema(CreateTask)["required"] == ["title"]


def test_a_json_object_becomes_the_request_that_the_command_line_makes():
    asked = read(ClaimTask, {"task": "AGT-20261122-001", "files": ["src/**"], "mode": "shared-docs"})
    assert asked == ClaimTask(task="AGT-20261122-001", files=("src/**",), mode=Mode.SHARED_DOCS)
    assert type(asked) is ClaimTask


@pytest.mark.parametrize(
    ("value", "named"),
    [
        ({}, "title"),
        ({"title": 7}, "title"),
        ({"title": "x", "colour": "red"}, "colour"),
        ({"title": "x", "files": "src"}, "files"),
        ([], "the request"),
    ],
)
def test_a_wrong_parameter_is_refused_by_its_name(value, named):
    with pytest.raises(CoordinautError) as caught:
        read(CreateTask, value)
    assert (caught.value.exit_code, caught.value.code) == (2, "bad_parameter")
    assert caught.value.message.startswith(named)
