"""docs/protocol.md says what the code does: its tables, its operations and its places of documents."""

import json
import re
from dataclasses import fields

import pytest
from documents import blocks
from project_guard import PROJECT

from coordinaut_git.documents import Entry
from coordinaut_git.protocol import codec
from coordinaut_git.protocol.model import (
    Alias,
    Handoff,
    Home,
    Instance,
    Lease,
    Line,
    Message,
    MessageKind,
    Mode,
    Numbers,
    Reading,
    RefusedOperation,
    Signers,
    Status,
    Task,
)
from coordinaut_git.protocol.ops import VOCABULARY, Operation, from_entry, to_entry
from coordinaut_git.protocol.paths import (
    HOME,
    LINE,
    SIGNERS,
    alias_path,
    handoff_path,
    instance_path,
    lease_path,
    message_path,
    numbers_path,
    reading_path,
    refusal_path,
    task_path,
)
from coordinaut_git.protocol.rules import BESIDE, HELD_ONLY, ON_CLAIM, ON_RELEASE, ON_TAKEOVER
from coordinaut_git.protocol.state import CLOSED
from coordinaut_git.protocol.values import Instant

PAGE = (PROJECT / "docs" / "protocol.md").read_text("utf-8")
EXAMPLES = [json.loads(block.text) for block in blocks(PAGE) if block.language == "json"]
AT = Instant.parse("2026-11-22T16:00:00Z")


def table(first: str) -> list[list[str]]:
    """The rows of the table whose first heading is `first`, without headings."""
    lines = PAGE.splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith(f"| {first} |"))
    rows = []
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split("|")])
    return rows


def read(value: dict) -> Operation:
    body = codec.canonical(value)
    return from_entry(Entry(id=value["id"], seq=value["seq"], at=0, summary="", author="", author_id="", body=body))


def test_the_mode_table_is_the_one_that_is_asked():
    written = {(row[0], str(mode)): cell for row in table("beside") for mode, cell in zip(Mode, row[1:], strict=True)}
    law = {(str(one), str(other)): "yes" if other in BESIDE[one] else "no" for one in Mode for other in Mode}
    assert written == law


def test_which_modes_go_together_does_not_depend_on_who_came_first():
    assert all((other in BESIDE[one]) == (one in BESIDE[other]) for one in Mode for other in Mode)


def test_the_status_table_is_the_one_that_is_asked():
    assert ON_TAKEOVER == ON_RELEASE
    known = {**dict.fromkeys(HELD_ONLY, "only while held"), **dict.fromkeys(CLOSED, "in the archive")}
    law = [
        [
            str(status),
            "refused" if status in CLOSED else str(ON_CLAIM.get(status, status)),
            "refused" if status in CLOSED else str(ON_RELEASE.get(status, status)),
            known.get(status, ""),
        ]
        for status in Status
    ]
    assert table("status") == law


def test_the_vocabulary_is_written_down_word_by_word():
    assert [example["op"] for example in EXAMPLES] == re.findall(r"^`(\w+)`: ", PAGE, re.MULTILINE)
    assert {example["op"] for example in EXAMPLES} == set(VOCABULARY)


@pytest.mark.parametrize("word", VOCABULARY)
def test_every_field_of_an_operation_is_named_on_the_page(word):
    line = next(line for line in PAGE.splitlines() if line.startswith(f"`{word}`: "))
    named = set(re.findall(r"`(\w+)`", line.partition("`data`")[2]))
    wanted = {codec.camel(field.name) for field in fields(VOCABULARY[word])} - {"taskId"}
    assert named == wanted | ({"renewals"} if word == "leases_renewed" else set())


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example["op"])
def test_every_example_can_be_read_and_is_written_the_same_way(example):
    operation = read(example)
    assert json.loads(to_entry(operation, example["seq"], "").body) == example


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example["op"])
def test_every_example_shows_every_field_of_its_data(example):
    wanted = {codec.camel(field.name) for field in fields(VOCABULARY[example["op"]])} - {"taskId"}
    assert set(example["data"]) == wanted


def test_documents_lie_where_the_page_says():
    common = {"title": "", "created_at": AT, "created_by": "", "updated_at": AT}
    task = Task(id="task_20261122_001_0a1b2c3d4e5f", display_id="AGT-20261122-001", **common)
    message = Message(id="msg_00112233445566778899aabc_0", seq=100, kind=MessageKind.NOTE, text="", at=AT)
    refusal = RefusedOperation(id="op_00112233445566778899aabc", at=AT, op="", code="")
    places = {
        task_path(task.id, closed=False): Task,
        task_path("task_20261122_064_0a1b2c3d4e5f", closed=True): Task,
        lease_path(task.id): Lease,
        handoff_path("handoff_20261122_0a1b2c3d4e61", pending=True): Handoff,
        handoff_path("handoff_20261122_0a1b2c3d4e61", pending=False): Handoff,
        instance_path("backend-1"): Instance,
        message_path(message): Message,
        reading_path("backend-1"): Reading,
        refusal_path(refusal): RefusedOperation,
        numbers_path("20261122"): Numbers,
        alias_path("AGT-20261122-002"): Alias,
        SIGNERS: Signers,
        HOME: Home,
        LINE: Line,
    }
    assert [row[0].strip("`") for row in table("where")] == list(places)
