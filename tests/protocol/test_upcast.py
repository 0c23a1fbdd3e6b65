"""Operations of older formats are brought forward as they are read. Rules 97 and 99 of docs/protocol.md.

There is no older format yet: the steps here are of a history that never was, to prove the way that a real one will go.
"""

import copy

import pytest

from coordinaut_git.documents import FORMAT, Entry
from coordinaut_git.errors import CoordinautError
from coordinaut_git.protocol import codec, ops, upcast
from coordinaut_git.protocol.codec import Unreadable

NOW = {
    "v": FORMAT, "id": "op_00000001", "seq": 7, "at": "2026-11-22T16:00:00.000Z", "op": "task_released",
    "agentInstance": "a-1", "taskId": "task_20261122_001_a", "data": {"status": "open", "reason": "done for today"},
}  # fmt: skip


def renamed(value):
    """To format 0: what ended a lease was called otherwise."""
    return {**value, "op": {"lease_ended": "task_released"}.get(value["op"], value["op"])}


def split(value):
    """To format 1: a status and its reason were one text."""
    status, _, reason = value["data"]["outcome"].partition(": ")
    return {**value, "data": {"status": status, "reason": reason}}


STEPS = {-1: renamed, 0: split}
OLDEST = NOW | {"v": -1, "op": "lease_ended", "data": {"outcome": "open: done for today"}}


def read(value):
    body = codec.canonical(value)
    return ops.from_entry(Entry(id="op_00000001", seq=7, at=0, summary="", author="", author_id="", body=body))


def test_r97_every_step_from_its_format_to_the_newest_is_taken_in_order():
    assert upcast.upcast(copy.deepcopy(OLDEST), STEPS) == NOW
    assert upcast.upcast(copy.deepcopy(OLDEST | {"v": 0, "op": "task_released"}), STEPS) == NOW
    assert upcast.upcast(copy.deepcopy(NOW), STEPS) == NOW


def test_r97_what_was_brought_forward_means_what_it_meant(monkeypatch):
    monkeypatch.setattr(upcast, "STEPS", STEPS)
    assert read(OLDEST) == read(NOW)


def test_r97_every_older_format_that_there_ever_was_has_its_step():
    assert sorted(upcast.STEPS) == list(range(1, FORMAT))


@pytest.mark.parametrize(
    "value",
    [
        OLDEST | {"v": -2},
        OLDEST | {"data": {}},
        OLDEST | {"data": {"outcome": 1}},
        OLDEST | {"data": []},
        {"v": -1},
        OLDEST | {"v": None},
        OLDEST | {"v": True},
    ],
)
def test_r97_what_no_step_can_bring_forward_is_an_error_and_never_skipped(value):
    with pytest.raises(Unreadable):
        upcast.upcast(copy.deepcopy(value), STEPS)


def test_r99_an_operation_of_a_newer_format_is_refused_in_words():
    with pytest.raises(CoordinautError) as caught:
        read(NOW | {"v": FORMAT + 1, "op": "unheard_of", "more": 1})
    assert caught.value.code == "newer_format"
    assert "op_00000001 at position 7" in caught.value.message
    assert "Update" in caught.value.hint
