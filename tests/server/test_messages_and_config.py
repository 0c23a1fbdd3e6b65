"""`messages` and `config`."""

import pytest
from server_lines import Writer

NAMES = {
    "id", "kind", "fromAgent", "fromAgentInstance", "toAgentInstance", "toAgent", "broadcast", "mentions", "taskId",
    "displayId", "text", "at", "read",
}  # fmt: skip


@pytest.fixture
def client(any_server):
    return any_server.client("red-member")


@pytest.fixture
def begun(client, project):
    writer = Writer()
    writer.work(1)
    assert client.put(f"{project}/state", {"entries": writer.forms}, if_none_match="*").status == 201
    return project


def test_a_message_is_posted_and_read(client, begun):
    sent = {"text": "take package.json? @agent_2", "kind": "question", "fromAgentInstance": "agent_1"}
    answer = client.post(f"{begun}/messages", sent)
    assert answer.status == 201
    assert set(answer.value) == NAMES
    assert (answer.value["fromAgent"], answer.value["mentions"]) == ("name of agent_1", ["agent_2"])
    assert client.get(f"{begun}/state").head == answer.head
    shown = client.get(f"{begun}/messages?limit=1").value["messages"]
    assert shown == [{**answer.value, "read": None}]
    inbox = client.get(f"{begun}/messages?agentInstance=agent_2").value
    assert inbox["messages"][0] == answer.value
    assert inbox["unread"] == 2


def test_a_message_that_makes_no_sense_is_refused(client, begun):
    head = client.get(f"{begun}/state").head
    assert client.post(f"{begun}/messages", {"text": "to nobody"}).failure == (422, "no_recipient")
    assert client.post(f"{begun}/messages", {"text": "x", "broadcast": True, "task": "AGT-1"}).status == 422
    assert client.post(f"{begun}/messages", {"text": "x", "toAgentInstance": "a\nb"}).status == 422
    assert client.post(f"{begun}/messages", {"text": "x", "kind": "shout"}).failure == (422, "bad_parameter")
    assert client.get(f"{begun}/messages?agentInstance=a%0Ab").status == 422
    assert client.get(f"{begun}/state").head == head


def test_a_message_may_name_the_head_it_is_for(client, begun):
    head = client.get(f"{begun}/state").head
    sent = {"text": "hello", "broadcast": True}
    assert client.post(f"{begun}/messages", sent, if_match=f'"{head}"').status == 201
    assert client.post(f"{begun}/messages", sent, if_match=f'"{head}"').failure == (412, "stale_head")
    assert client.post(f"{begun}/messages", sent, if_match="*").status == 428


def test_settings_are_set_by_compare_and_swap(client, project):
    path = f"{project}/config"
    assert client.get(path).failure == (404, "no_config")
    assert client.put(path, {"a": 1}).failure == (428, "head_needed")
    assert client.put(path, {"a": 1}, if_match='"x"').failure == (412, "stale_head")
    first = client.put(path, {"a": 1}, if_none_match="*")
    assert (first.status, first.value) == (201, {"a": 1})
    assert client.put(path, {"a": 2}, if_none_match="*").failure == (412, "stale_head")
    second = client.put(path, {"b": [None, "ü", {"deep": 1.5}]}, if_match=f'"{first.head}"')
    assert second.status == 200
    assert client.put(path, {}, if_match=f'"{first.head}"').failure == (412, "stale_head")
    got = client.get(path)
    assert (got.value, got.head) == ({"b": [None, "ü", {"deep": 1.5}]}, second.head)
    assert client.get(path, if_none_match=f'"{got.head}"').status == 304
    assert client.get(f"{project}/state").failure == (404, "no_project")


def test_settings_have_their_bounds(client, project):
    path = f"{project}/config"
    assert client.put(path, {"a": "x" * 70_000}, if_none_match="*").failure == (413, "too_large")
    assert client.put(path, [1], if_none_match="*").failure == (422, "bad_parameter")
    assert client.get(path).failure == (404, "no_config")


def test_settings_outlive_many_changes(client, project):
    path = f"{project}/config"
    head = client.put(path, {"n": 0}, if_none_match="*").head
    for number in range(1, 70):
        head = client.put(path, {"n": number}, if_match=f'"{head}"').head
    assert client.get(path).value == {"n": 69}
