"""A history that was written once is read for ever, and means what it meant. Rule 66 of docs/protocol.md.

Rule 1: `v1*.jsonl` and the digests below never change. A test that fails here says that old repositories would break;
        the words of the messages about takeovers and refusals are part of what was written.
"""

import json
from collections import Counter
from hashlib import sha256

from project_guard import PROJECT
from world import everything, replayed

from coordinaut_git.documents import Entry
from coordinaut_git.protocol.ops import VOCABULARY, Operation, from_entry, to_entry

HISTORIES = PROJECT / "tests/data/histories"
BODIES = (HISTORIES / "v1.jsonl").read_bytes().splitlines()
MIGRATED = (HISTORIES / "v1-migrated.jsonl").read_bytes().splitlines()
MOVED = (HISTORIES / "v1-moved.jsonl").read_bytes().splitlines()
MOVED_DIGEST = "e597cd359f16a25bf9d70fc5ed942e43b56e2f7061d34ddb8a70fc1c07a1014a"
MIGRATED_DIGEST = "7cfad3a8c2adf21bbe18edfe5826b23a7a01ccdce3dcbbe4cf74244c02e952d5"
DIGEST = "e6c77e4fba38e490bd08536664d25fdc1fb95921988ba8f12b443e4d8889308a"
REFUSED = Counter(
    bad_operation_id=1,
    scope_conflict=7,
    not_owner=2,
    not_claimed=2,
    handoff_ended=1,
    no_such_handoff=1,
    not_your_handoff=1,
    no_instance=1,
    nothing_promised=2,
    bad_handoff_id=1,
    handoff_exists=1,
    nothing_to_hand_over=1,
    bad_pattern=2,
    handoff_pending=1,
    too_many_parts=1,
    task_exists=1,
    task_closed=1,
    no_such_task=2,
    takeover_needs_reason=1,
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
    assert digest_of(documents) == DIGEST


def digest_of(documents: dict[str, bytes]) -> str:
    return sha256(b"".join(path.encode() + b"\0" + data for path, data in documents.items())).hexdigest()


def test_r66_what_is_written_again_is_what_was_written():
    for history in (BODIES, MIGRATED, MOVED):
        for seq, body in enumerate(history, 1):
            assert to_entry(operation(body), seq, "").body == body


def test_r66_a_history_with_migrations_gives_the_very_same_documents():
    documents = everything(replayed([operation(body) for body in MIGRATED]))
    assert digest_of(documents) == MIGRATED_DIGEST


def test_r66_a_history_that_moved_between_storages_gives_the_very_same_documents():
    documents = everything(replayed([operation(body) for body in MOVED]))
    assert digest_of(documents) == MOVED_DIGEST


def test_r98_the_operation_of_a_migration_changes_nothing_but_who_was_seen_when():
    bodies = [body for body in MIGRATED if b"schema_migrated" not in body]
    with_it, without = (everything(replayed([operation(body) for body in each])) for each in (MIGRATED, bodies))
    assert len(MIGRATED) == len(bodies) + 5
    told = {path for path in with_it if path.startswith(("refusals/", "messages/"))}
    assert len(told) == 6, "three were ill-formed"
    differing = {path for path in with_it.keys() | without.keys() if with_it.get(path) != without.get(path)}
    assert {path.partition("/")[0] for path in differing - told} == {"leases"}, (
        "its place on the line is one of those after"
    )


def test_the_history_is_worth_keeping():
    values = [json.loads(body) for body in BODIES]
    assert {value["op"] for value in values} == set(VOCABULARY) - {"schema_migrated", "signers_set", "state_moved"}
    assert sum("takeovers" in value["data"] for value in values) >= 5
    assert sum("renewals" in value for value in values) >= 5
    documents = everything(replayed([operation(body) for body in BODIES]))
    ends = Counter(json.loads(data).get("status") for path, data in documents.items() if path.startswith("handoffs/"))
    assert ends.keys() == {None, "handoff_now", "denied", "cancelled", "completed"}
    answers = {value["data"]["status"] for value in values if value["op"] == "handoff_answered"}
    assert answers == {"handoff_now", "grant_after_commit", "denied", "cancelled"}
    assert any("also" in value["data"] and "without" in value["data"] for value in values)
    kinds = Counter(path.partition("/")[0] for path in documents)
    assert kinds == {
        "aliases": 9,
        "handoffs": 29,
        "instances": 15,
        "leases": 13,
        "line.json": 1,
        "messages": 204,
        "numbers": 3,
        "readings": 7,
        "refusals": 34,
        "tasks": 32,
    }
