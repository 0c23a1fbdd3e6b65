"""`migrate --to`: the state goes from storage to storage as it is, and is kept by one of them at any time."""

import json
import os
import pty
import subprocess
import sys

import pytest
import warm
from commands import PROGRAM
from moved_scene import seen
from serving import Server

from coordinaut_git.errors import CoordinautError
from coordinaut_git.protocol import requests as ask
from coordinaut_git.protocol.model import Actor
from coordinaut_git.workspace import open_workspace


@pytest.fixture
def server(tmp_path):
    folder = tmp_path / "server"
    folder.mkdir()
    with Server(folder) as running:
        yield running


def place(storage, server=None):
    return ["--remote-url", server.url, "--team", "red", "--project", "web"] if storage == "remote" else []


def test_back_and_forth_over_all_storages_nothing_changes_but_where_it_is(cli, project, server):
    before = seen(cli, project)
    come_from, operations = "git", len(before["events"])
    for number, storage in enumerate(("json", "sqlite", "remote", "git", "sqlite", "json", "remote", "git"), 1):
        done = cli.json(project, "migrate", "--to", storage, *place(storage, server))
        assert (done["changed"], done["from"], done["to"]) == (True, come_from, storage)
        assert done["operations"] == operations + number
        assert done["backup"]
        assert seen(cli, project) == before, storage
        come_from = storage
    moves = [event["data"] for event in cli.json(project, "watch")["events"] if event["op"] == "state_moved"]
    assert [move["to"] for move in moves] == ["json", "sqlite", "remote", "git", "sqlite", "json", "remote", "git"]
    deep = cli.json(project, "doctor", "--deep")
    assert not [check for check in deep["checks"] if check["status"] == "failed"]


@pytest.mark.parametrize("storage", ["json", "sqlite"])
def test_the_state_goes_on_in_its_new_home_and_the_old_one_takes_nothing_more(cli, project, git, storage):
    first = cli.json(project, "status")["tasks"][0]["displayId"]
    fence = cli.json(project, "status")["leases"][-1]["fence"]
    cli.json(project, "migrate", "--to", storage)
    task = cli.json(project, "create", "--title", "after the move", "--files", "new/**")["displayId"]
    assert int(task[-3:]) == 4
    lease = cli.json(project, "claim", "--task", task, "--agent-instance", "cid-1")["lease"]
    assert lease["fence"] > fence
    assert cli(project, "claim", "--task", first, "--agent-instance", "cid-1", "--json").failure == (
        1,
        "scope_conflict",
    )
    assert cli(project, "--storage", "git", "create", "--title", "late", "--json").failure == (1, "not_in_force")
    old = cli(project, "--storage", "git", "status")
    assert old.code == 0
    assert f"moved it to {storage}" in old.err
    assert "after the move" not in old.out
    assert git(project, "status", "--porcelain") == ""


def test_to_move_to_where_the_state_is_changes_nothing_and_says_so(cli, project):
    cli.json(project, "migrate", "--to", "json")
    before = cli.json(project, "watch")
    answer = cli(project, "migrate", "--to", "json")
    assert (answer.code, answer.out.partition(":")[0]) == (0, "Nothing to move")
    assert cli.json(project, "migrate", "--to", "json")["changed"] is False
    assert cli.json(project, "watch") == before


def test_from_place_to_place_the_state_goes_by_way_of_another_storage(cli, project, tmp_path):
    cli.json(project, "migrate", "--to", "json")
    answer = cli(project, "migrate", "--to", "json", "--state-dir", tmp_path / "other", "--json")
    assert answer.failure == (1, "same_storage")
    assert not (tmp_path / "other").exists()
    cli.json(project, "migrate", "--to", "sqlite")
    assert cli.json(project, "migrate", "--to", "json", "--state-dir", tmp_path / "other")["changed"] is True
    assert (tmp_path / "other" / "state.json").exists()


def test_a_place_with_another_history_is_refused_and_left_as_it_is(cli, project, git, tmp_path):
    other = tmp_path / "another"
    git(tmp_path, "init", "--quiet", str(other))
    cli.json(other, "init", "--state-dir", tmp_path / "shared")
    cli.json(other, "create", "--title", "theirs")
    theirs, ours = (tmp_path / "shared" / "state.json").read_bytes(), cli.json(project, "watch")
    answer = cli(project, "migrate", "--to", "json", "--state-dir", tmp_path / "shared", "--json")
    assert answer.failure == (1, "target_not_empty")
    assert (tmp_path / "shared" / "state.json").read_bytes() == theirs
    assert cli.json(project, "watch") == ours
    answer = cli(project, "migrate", "--to", "sqlite", "--state-dir", tmp_path / "shared", "--json")
    assert answer.failure == (1, "state_elsewhere")
    assert cli(project, "create", "--title", "we go on").code == 0


@pytest.mark.parametrize(
    ("words", "failure"),
    [
        (("--to", "paper"), (2, "bad_storage")),
        (("--to", "remote"), (2, "no_server")),
        (("--to", "json", "--ref", "refs/heads/x"), (2, "other_storage")),
        (("--to", "git", "--state-dir", "x"), (2, "other_storage")),
    ],
)
def test_what_makes_no_sense_is_said_before_anything_is_written(cli, project, head, words, failure):
    before = head(project)
    assert cli(project, "migrate", *words, "--json").failure == failure
    assert head(project) == before
    assert not (project / ".coordinaut").exists()


def test_before_anything_is_coordinated_there_is_nothing_to_move(cli, repository):
    assert cli(repository, "migrate", "--to", "json", "--json").failure == (3, "no_store")
    assert not (repository / ".coordinaut").exists()


def test_a_process_that_was_there_before_is_told_where_the_state_went(cli, project):
    running = open_workspace(project, {})
    running.coordinator.read()
    cli.json(project, "migrate", "--to", "json")
    with pytest.raises(CoordinautError) as caught:
        running.run(ask.CreateTask(title="late"), Actor())
    assert caught.value.code == "moved"
    assert f"coordinaut init --storage json --state-dir {project / '.coordinaut'}" in caught.value.hint
    running.close()


def test_another_checkout_that_shares_the_folder_is_told_and_follows(cli, project, git, tmp_path):
    shared, other = tmp_path / "shared", tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", str(project), str(other))
    cli.json(project, "migrate", "--to", "json", "--state-dir", shared)
    cli.json(other, "init", "--state-dir", shared)
    cli.json(project, "migrate", "--to", "sqlite", "--state-dir", shared)
    answer = cli(other, "create", "--title", "from the clone", "--json")
    assert answer.failure == (1, "moved")
    words = answer.error["hint"].partition("coordinaut ")[2].split()
    assert words == ["init", "--storage", "sqlite", "--state-dir", str(shared)]
    assert cli(other, "init", "--storage", "git", "--json").failure == (1, "state_elsewhere")
    assert cli.json(other, *words)["created"] is False
    assert cli.json(other, "create", "--title", "from the clone")["displayId"][-3:] == "004"
    assert "from the clone" in {task["title"] for task in cli.json(project, "status")["tasks"]}


def test_linked_worktrees_move_along(cli, project, git, tmp_path):
    git(project, "worktree", "add", "--quiet", str(tmp_path / "linked"))
    cli.json(tmp_path / "linked", "migrate", "--to", "sqlite")
    cli.json(project, "create", "--title", "in the main work tree")
    assert (project / ".coordinaut" / "state.sqlite").exists()
    assert "in the main work tree" in {task["title"] for task in cli.json(tmp_path / "linked", "status")["tasks"]}


def test_writers_beside_a_move_lose_nothing_and_end_up_in_the_new_home(cli, project):
    loop = (
        "import subprocess, sys\n"
        "for n in range(8):\n"
        "    while subprocess.run([*sys.argv[1:], 'create', '-q', '--title', f'n{n}'], capture_output=True).returncode: pass\n"
    )
    program = warm.command(warm.COMMANDS)
    writers = [subprocess.Popen([sys.executable, "-c", loop, *program], cwd=project) for _ in range(2)]
    done = cli.json(project, "migrate", "--to", "sqlite")
    assert [process.wait(600) for process in writers] == [0, 0]
    assert done["changed"] is True
    titles = [task["title"] for task in cli.json(project, "status")["tasks"]]

    assert len([title for title in titles if title.startswith("n")]) == 16


def test_a_server_takes_messages_of_a_state_that_moved_there_and_none_after_it_left(cli, project, server):
    cli.json(project, "migrate", "--to", "remote", *place("remote", server))
    messages = "/v1/teams/red/projects/web/messages"
    said = {"fromAgentInstance": "dora-1", "broadcast": True, "text": "hello"}
    assert server.client().post(messages, said).status == 201
    cli.json(project, "migrate", "--to", "git")
    refused = server.client().post(messages, said)
    assert json.loads(refused.data)["error"]["code"] == "moved"
    assert 400 <= refused.status < 500


def test_on_a_terminal_it_says_how_far_it_is_and_wipes_that_away(project):
    master, terminal = pty.openpty()
    words = [*PROGRAM, "migrate", "--to", "sqlite"]
    done = subprocess.run(words, cwd=project, stdout=subprocess.PIPE, stderr=terminal, timeout=600)
    os.close(terminal)
    said = os.read(master, 10_000).decode()
    os.close(master)
    assert done.returncode == 0
    assert said.count("\r") >= 2
    assert said.replace("\r", "").strip() == ""
    again = subprocess.run([*words[:-1], "json"], cwd=project, capture_output=True, timeout=600)
    assert again.stderr == b"", "nothing of that is written to a file"
