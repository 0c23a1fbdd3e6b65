"""A history that was written once is read for ever, and means what it meant. Rule 66 of docs/protocol.md.

Rule 1: `v1.jsonl` and the digest below never change. A test that fails here says that old repositories would break;
        the words of the messages about takeovers and refusals are part of what was written.
"""

import json
from collections import Counter
from hashlib import sha256

from project_guard import PROJECT
from world import everything, replayed

from coordinaut_git.documents import Entry
from coordinaut_git.protocol.ops import VOCABULARY, Operation, from_entry, to_entry

BODIES = (PROJECT / "tests/data/histories/v1.jsonl").read_bytes().splitlines()
DIGEST = "29967a96b979678657e9f80ed602d3a85dc4b637595721be431ae3c320993b44"
REFUSED = Counter(
    scope_conflict=7,
    not_owner=2,
    not_claimed=2,
    bad_operation_id=1,
    task_exists=1,
    task_closed=1,
    no_such_task=2,
    takeover_needs_reason=1,
    bad_pattern=1,
    bad_duration=1,
    bad_task_id=1,
    no_recipient=1,
    bad_message_id=1,
)


def operation(body: bytes) -> Operation:
    value = json.loads(body)
    return from_entry(
        Entry(id=value["id"], seq=value["seq"], at=0, summary="", author="", author_id="", body=body),
    )


def test_r66_the_history_of_format_1_still_gives_the_very_same_documents():
    documents = everything(replayed([operation(body) for body in BODIES]))
    refused = Counter(json.loads(data)["code"] for path, data in documents.items() if path.startswith("refusals/"))
    assert refused == REFUSED
    digest = sha256(b"".join(path.encode() + b"\0" + data for path, data in documents.items())).hexdigest()
    assert digest == DIGEST


def test_r66_what_is_written_again_is_what_was_written():
    for seq, body in enumerate(BODIES, 1):
        assert to_entry(operation(body), seq, "").body == body


def test_the_history_is_worth_keeping():
    values = [json.loads(body) for body in BODIES]
    assert {value["op"] for value in values} == set(VOCABULARY)
    assert sum("takeovers" in value["data"] for value in values) >= 5
    assert sum("renewals" in value for value in values) >= 5
    documents = everything(replayed([operation(body) for body in BODIES]))
    kinds = Counter(path.partition("/")[0] for path in documents)
    assert kinds == {
        "aliases": 9,
        "instances": 7,
        "leases": 7,
        "line.json": 1,
        "messages": 53,
        "numbers": 2,
        "readings": 7,
        "refusals": 22,
        "tasks": 18,
    }
