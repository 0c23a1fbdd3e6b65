"""`PUT state` and `POST events`: operations that the server judges by the protocol."""

import pytest
from server_lines import Writer, opaque

from coordinaut_git.protocol.codec import canonical
from coordinaut_git.wire import document_of, entry_of


def tag(head):
    return f'"{head}"'


@pytest.fixture(scope="module")
def writer():
    """A line of three tasks' lives."""
    writer = Writer()
    for number in range(1, 4):
        writer.work(number)
    return writer


@pytest.fixture
def client(any_server):
    return any_server.client("red-member")


def put(client, project, entries, head=None, **more):
    headers = {"if_match": tag(head)} if head else {"if_none_match": "*"}
    return client.put(f"{project}/state", {"entries": entries, **more}, **headers)


def lines(client, project):
    events = client.get(f"{project}/events?limit=1000").value["events"]
    return [entry_of({key: value for key, value in event.items() if key != "head"}) for event in events]


def test_a_whole_history_begins_a_project_and_replays_to_the_same_documents(client, project, writer):
    answer = put(client, project, writer.forms)
    assert (answer.status, answer.value) == (201, {"head": answer.head, "seq": 12})
    assert lines(client, project) == writer.entries
    replayed = Writer.replayed(lines(client, project))
    assert replayed.contents() == writer.documents()


def test_the_documents_that_the_server_derives_are_those_of_the_operations(client, project):
    writer = Writer()
    for number in range(1, 20):  # beyond the first checkpoint
        writer.work(number)
    put(client, project, writer.forms)
    state = client.get(f"{project}/state").value
    assert state["seq"] == 76
    assert state["documentsSeq"] > 0
    then = Writer.replayed(writer.entries[: state["documentsSeq"]])
    assert {path: document_of(form) for path, form in state["documents"].items()} == then.contents()


def test_what_the_line_has_not_yet_is_added(client, project, writer):
    first = put(client, project, writer.forms[:5]).head
    answer = put(client, project, writer.forms[5:8], first)
    assert (answer.status, answer.value["seq"]) == (200, 8)
    again = put(client, project, writer.forms, answer.head)
    assert again.value["seq"] == 12
    assert lines(client, project) == writer.entries


def test_what_get_gave_can_be_put_back_and_changes_nothing(client, project, writer):
    put(client, project, writer.forms)
    got = client.get(f"{project}/state")
    back = client.put(f"{project}/state", got.value, if_match=tag(got.head))
    assert (back.status, back.value) == (200, {"head": got.head, "seq": 12})
    assert client.get(f"{project}/state").value == got.value


def test_a_stale_head_is_refused_and_nothing_is_written(client, project, writer):
    first = put(client, project, writer.forms[:5]).head
    second = put(client, project, writer.forms[5:6], first).head
    lost = put(client, project, writer.forms[5:8], first)
    assert lost.failure == (412, "stale_head")
    assert lost.value["entries"] == [{**writer.forms[5], "head": second}]
    assert client.get(f"{project}/state").head == second


def test_history_is_never_replaced(client, project, writer):
    head = put(client, project, writer.forms).head
    other = Writer()
    other.work(1)
    assert put(client, project, other.forms, head).failure == (422, "other_history")
    assert put(client, project, other.forms).failure == (412, "stale_head")
    assert lines(client, project) == writer.entries


@pytest.mark.parametrize(("start", "end"), [(1, 3), (0, 2)])
def test_a_gap_is_refused_and_nothing_is_written(client, project, writer, start, end):
    forms = [form for form in writer.forms[start:end] if form["seq"] != 1] + writer.forms[4:5]
    assert put(client, project, forms).failure == (422, "gap")
    assert client.get(f"{project}/state").failure == (404, "no_project")


def test_an_unlawful_operation_is_refused_with_all_that_came_with_it(client, project, writer):
    head = put(client, project, writer.forms[:1]).head
    release = writer.forms[3]
    unlawful = [{**release, "seq": 2, "operation": {**release["operation"], "seq": 2}}]
    answer = put(client, project, unlawful, head)
    assert answer.failure == (422, "not_claimed")
    assert client.get(f"{project}/state").head == head


@pytest.mark.parametrize(
    "change",
    [{"at": 1}, {"id": "op_other"}, {"author": "somebody else"}, {"authorId": "agent_9"}, {"operation": {"v": 1}},
     {"operation": "text"}, {"operation": {"base64": "AAAA"}}, {"operation": {"v": 999, "id": "op_1"}}],
    ids=range(8),
)  # fmt: skip
def test_an_entry_that_does_not_say_what_its_operation_says_is_refused(client, project, writer, change):
    assert put(client, project, [{**writer.forms[0], **change}]).status == 422
    assert client.get(f"{project}/state").failure == (404, "no_project")


def test_an_id_is_given_once_and_what_comes_with_it_is_not_written(client, project, writer):
    head = put(client, project, writer.forms[:1]).head
    second = writer.forms[1]
    twice = {**second, "id": writer.forms[0]["id"], "operation": {**second["operation"], "id": writer.forms[0]["id"]}}
    later = {**second, "seq": 3, "operation": {**second["operation"], "seq": 3}}  # claiming again renews
    for forms in ([twice], [second, later], [writer.forms[0], twice]):
        assert put(client, project, forms, head).failure == (422, "repeated_id")
    assert client.post(f"{project}/events", twice, if_match=tag(head)).failure == (422, "repeated_id")
    assert client.get(f"{project}/state").head == head


def test_a_project_that_is_not_there_takes_nothing(client, project, writer):
    unknown = "no-such-head"
    assert put(client, project, writer.forms, unknown).failure == (404, "no_project")
    assert client.post(f"{project}/events", writer.forms[0], if_match=tag(unknown)).failure == (404, "no_project")
    for path in ("state", "events", "messages"):
        assert client.get(f"{project}/{path}").failure == (404, "no_project")
    assert client.post(f"{project}/messages", {"text": "x", "broadcast": True}).failure == (404, "no_project")


def test_documents_that_the_operations_do_not_give_are_refused(client, project, writer):
    documents = {path: content.decode() for path, content in writer.documents().items()}
    forged = {**documents, "leases/task_1.json": "{}\n"}
    assert put(client, project, writer.forms, documents=forged, documentsSeq=12).failure == (422, "other_documents")
    assert client.get(f"{project}/state").failure == (404, "no_project")
    assert put(client, project, writer.forms, documents=documents, documentsSeq=12).status == 201


def test_an_older_point_can_be_read(client, project, writer):
    put(client, project, writer.forms)
    events = client.get(f"{project}/events").value["events"]
    old = client.get(f"{project}/state?head={events[4]['head']}")
    assert (old.value["seq"], old.head) == (5, events[4]["head"])
    assert "documents" not in client.get(f"{project}/state?documents=false").value
    assert client.get(f"{project}/state?head=unknown").failure == (404, "unknown_head")


def test_one_operation_is_added_as_an_entry_or_as_an_operation(client, project, writer):
    head = put(client, project, writer.forms[:4]).head
    first = client.post(f"{project}/events", writer.forms[4], if_match=tag(head))
    assert (first.status, first.value["seq"]) == (201, 5)
    assert first.value["event"] == {**writer.forms[4], "head": first.head}
    operation = {key: value for key, value in writer.forms[5]["operation"].items() if key != "seq"}
    second = client.post(f"{project}/events", {"operation": operation}, if_match=tag(first.head))
    assert second.status == 201, second
    assert second.value["event"] == {**writer.forms[5], "head": second.head}
    assert lines(client, project) == writer.entries[:6]


def test_the_same_operation_again_is_answered_and_not_added_twice(client, project, writer):
    head = put(client, project, writer.forms[:4]).head
    for form in (writer.forms[4], {"operation": writer.forms[4]["operation"]}):
        answer = client.post(f"{project}/events", form, if_match=tag(head))
        assert (answer.status, answer.value["event"]["id"]) in {(s, writer.forms[4]["id"]) for s in (200, 201)}
    assert client.get(f"{project}/state").value["seq"] == 5


def test_an_operation_that_may_not_follow_is_refused(client, project, writer):
    head = put(client, project, writer.forms[:1]).head
    assert client.post(f"{project}/events", writer.forms[4], if_match=tag(head)).failure == (422, "gap")
    release = {"operation": {**writer.forms[3]["operation"], "seq": 2}}
    assert client.post(f"{project}/events", release, if_match=tag(head)).failure == (422, "not_claimed")
    assert client.post(f"{project}/events", {"operation": {}}, if_match=tag(head)).failure == (
        422,
        "unreadable_operation",
    )
    assert client.post(f"{project}/events", opaque(2), if_match=tag(head)).failure == (422, "unreadable_operation")
    assert client.get(f"{project}/state").head == head


def test_a_line_of_entries_that_are_no_operations_is_kept_and_not_judged(client, project):
    head = client.put(f"{project}/state", {}, if_none_match="*").head
    answer = client.post(f"{project}/transactions", {"entry": opaque(1)}, if_match=tag(head))
    assert answer.status == 201
    assert client.get(f"{project}/messages").failure == (503, "unreadable_operation")
    assert client.get(f"{project}/state").value["entries"] == [opaque(1)]


def test_canonical_bytes_survive_the_way_there_and_back(client, project, writer):
    put(client, project, writer.forms)
    bodies = [entry.body for entry in lines(client, project)]
    assert bodies == [entry.body for entry in writer.entries]
    assert all(canonical(form["operation"]) == body for form, body in zip(writer.forms, bodies, strict=True))
