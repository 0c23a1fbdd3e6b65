"""Backups, all the way: made, listed, taken home, restored into another project of another server."""

import gzip
import json

from server_lines import Writer
from serving import Server

OTHER = "/v1/teams/blue/projects/restored"


def begun(client, project, tasks=20):
    writer = Writer()
    for number in range(1, tasks + 1):
        writer.work(number)
    assert client.put(f"{project}/state", {"entries": writer.forms}, if_none_match="*").status == 201
    return writer


def test_a_backup_restores_the_same_line_elsewhere(any_server, project, tmp_path):
    client = any_server.client("red-admin")
    writer = begun(client, project)
    made = client.post(f"{project}/backups", {"label": "before-the-move"})
    assert made.status == 201
    assert set(made.value) == {"backup", "head", "seq", "at"}
    assert (made.value["backup"], made.value["seq"]) == ("before-the-move", 80)
    client.post(f"{project}/messages", {"text": "later", "broadcast": True})
    taken = client.get(f"{project}/backups/before-the-move").value
    with Server(tmp_path) as server:
        other = server.client("blue-admin")
        restored = other.put(f"{OTHER}/state", taken, if_none_match="*")
        assert (restored.status, restored.value["seq"]) == (201, 80)
        there = other.get(f"{OTHER}/state").value
        here = client.get(f"{project}/state?head={made.value['head']}").value
        assert there == here, "documents, entries, number, and the very head"
        events = other.get(f"{OTHER}/events?limit=1000").value["events"]
        assert [event["id"] for event in events] == [entry.id for entry in writer.entries]
        assert [event["head"] for event in events][-1] == made.value["head"]


def test_fences_and_owners_are_those_of_before(any_server, project, tmp_path):
    client = any_server.client()
    writer = begun(client, project, 2)
    writer.claim("held", "src/held/**", "agent_7")
    head = client.get(f"{project}/state").head
    client.put(f"{project}/state", {"entries": writer.forms}, if_match=f'"{head}"')
    name = client.post(f"{project}/backups", {}).value["backup"]
    taken = client.get(f"{project}/backups/{name}").value
    (before,) = writer.coordinator.read().state.leases().values()
    again = Writer()
    with Server(tmp_path) as server:
        other = server.client()
        assert other.put(f"{OTHER}/state", taken, if_none_match="*").status == 201
        events = other.get(f"{OTHER}/events?limit=1000").value["events"]
    from coordinaut_git.wire import entry_of

    state = again.replayed([entry_of({k: v for k, v in event.items() if k != "head"}) for event in events])
    (after,) = state.leases().values()
    assert (after.fence, after.agent_instance, after.files) == (before.fence, "agent_7", ("src/held/**",))


def test_backups_are_listed_and_a_name_is_used_once(any_server, project):
    client = any_server.client()
    begun(client, project, 1)
    first = client.post(f"{project}/backups", {"label": "one"}).value
    assert client.post(f"{project}/backups", {"label": "one"}).value == first
    client.post(f"{project}/messages", {"text": "x", "broadcast": True})
    assert client.post(f"{project}/backups", {"label": "one"}).failure == (409, "backup_exists")
    assert client.post(f"{project}/backups", {"label": "one", "head": first["head"]}).value == first
    second = client.post(f"{project}/backups", {}).value
    assert client.get(f"{project}/backups").value == {"backups": [second, first]}


def test_what_is_no_backup_is_not_found(any_server, project):
    client = any_server.client()
    assert client.get(f"{project}/backups").failure == (404, "no_project")
    assert client.post(f"{project}/backups", {}).failure == (404, "no_project")
    begun(client, project, 1)
    assert client.get(f"{project}/backups").value == {"backups": []}
    for name in ("none", "..", "%2e%2e%2fone", "x" * 200):
        assert client.get(f"{project}/backups/{name}").status == 404
    assert client.post(f"{project}/backups", {"label": "../x"}).failure == (422, "bad_parameter")
    assert client.post(f"{project}/backups", {"label": "a\n"}).failure == (422, "bad_parameter")
    assert client.post(f"{project}/backups", {"head": "unknown"}).failure == (404, "unknown_head")


def test_a_backup_is_a_file_that_needs_no_server(any_server, project):
    client = any_server.client()
    begun(client, project, 1)
    client.post(f"{project}/backups", {"label": "File"})
    (file,) = any_server.folder.glob(f"data/backups/red/{project.rpartition('/')[2]}/*")
    assert file.name == "+file.json.gz"
    assert json.loads(gzip.decompress(file.read_bytes())) == client.get(f"{project}/backups/File").value


def test_a_damaged_backup_is_reported_and_the_others_are_still_there(any_server, project):
    client = any_server.client()
    begun(client, project, 1)
    good = client.post(f"{project}/backups", {"label": "good"}).value
    client.post(f"{project}/backups", {"label": "bad"})
    (file,) = any_server.folder.glob(f"data/backups/red/{project.rpartition('/')[2]}/bad*")
    file.write_bytes(b"not gzip")
    assert client.get(f"{project}/backups/bad").failure == (503, "damaged_backup")
    assert client.get(f"{project}/backups/good").value["seq"] == good["seq"]
    assert [one["backup"] for one in client.get(f"{project}/backups").value["backups"]] == ["good"]
