"""`transactions` and `state` as a store's client uses them: what is sent is never looked into."""

from server_lines import opaque


def begun(client, project):
    """The head of a project that was begun now."""
    answer = client.put(f"{project}/state", {}, if_none_match="*")
    assert answer.status == 201, answer
    return answer.head


def quoted(head):
    return f'"{head}"'


def send(client, project, head, entry, **more):
    return client.post(f"{project}/transactions", {"entry": entry, **more}, if_match=quoted(head))


def test_a_project_begins_once(any_server, project):
    client = any_server.client()
    assert client.get(f"{project}/state").failure == (404, "no_project")
    head = begun(client, project)
    again = client.put(f"{project}/state", {}, if_none_match="*")
    assert again.failure == (412, "stale_head")
    assert client.get(f"{project}/state").value == {
        "format": 1, "head": head, "seq": 0, "documentsSeq": 0, "documents": {}, "entries": [],
    }  # fmt: skip


def test_a_transaction_moves_the_head_and_keeps_its_documents(any_server, project):
    client = any_server.client()
    first = begun(client, project)
    answer = send(client, project, first, opaque(1), changes={"a/b.json": {"n": 1}, "c": "text"}, base=0)
    assert (answer.status, set(answer.value)) == (201, {"head"})
    assert answer.value["head"] == answer.head != first
    state = client.get(f"{project}/state").value
    assert (state["head"], state["seq"]) == (answer.head, 1)
    if state["documentsSeq"] == 1:
        assert state["documents"] == {"a/b.json": {"n": 1}, "c": "text"}
    else:
        assert state["entries"] == [opaque(1)]


def test_a_stale_head_is_refused_with_what_came_since_and_nothing_is_written(any_server, project):
    client = any_server.client()
    first = begun(client, project)
    head = send(client, project, first, opaque(1)).head
    lost = send(client, project, first, opaque(1, id="other"))
    assert lost.failure == (412, "stale_head")
    assert (lost.value["head"], lost.value["entries"]) == (head, [{**opaque(1), "head": head}])
    assert client.get(f"{project}/state").head == head


def test_the_same_transaction_again_is_answered_and_not_applied_twice(any_server, project):
    client = any_server.client()
    first = begun(client, project)
    head = send(client, project, first, opaque(1)).head
    send(client, project, head, opaque(2))
    again = send(client, project, first, opaque(1))
    assert (again.status, again.value) == (200, {"head": head, "repeated": True})
    assert client.get(f"{project}/state").value["seq"] == 2


def test_an_entry_with_the_wrong_number_is_refused(any_server, project):
    client = any_server.client()
    head = begun(client, project)
    assert send(client, project, head, opaque(2)).status == 422
    assert client.get(f"{project}/state").head == head


def test_a_state_that_the_client_has_is_not_sent_again(any_server, project):
    client = any_server.client()
    head = begun(client, project)
    held = client.get(f"{project}/state", if_none_match=quoted(head))
    assert (held.status, held.data, held.head) == (304, b"", head)
    after = send(client, project, head, opaque(1)).head
    assert client.get(f"{project}/state", if_none_match=quoted(head)).head == after


def test_events_are_read_page_by_page_from_a_number_or_a_head(any_server, project):
    client = any_server.client()
    heads = [begun(client, project)]
    for seq in range(1, 8):
        heads.append(send(client, project, heads[-1], opaque(seq)).head)

    def asked(query):
        page = client.get(f"{project}/events?{query}").value
        assert (page["head"], page["seq"]) == (heads[-1], 7)
        assert all(event["head"] == heads[event["seq"]] for event in page["events"])
        return [event["seq"] for event in page["events"]]

    assert asked("limit=3") == [1, 2, 3]
    assert asked("limit=3&after=3") == [4, 5, 6]
    assert asked(f"after={heads[5]}") == [6, 7]
    assert asked("order=desc&limit=2") == [7, 6]
    assert asked("order=desc&before=6&limit=2") == [5, 4]
    assert asked("after=7") == []
    assert client.get(f"{project}/events?after=nonsense").failure == (404, "unknown_head")
