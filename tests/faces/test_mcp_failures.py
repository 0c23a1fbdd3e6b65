"""What a model is told when something does not go as it should, and which places a call may name."""

import os
import shutil
import socket
from pathlib import Path

import pytest
from mcp_talk import ERAS, ERROR, call, code, done, talk, text

CASES = [
    ("heartbeat", {}, "no_instance", "Give agentInstance, set COORDINAUT_INSTANCE"),
    ("claim_task", {"task": "AGT-1"}, "no_such_task", "status(all=true)"),
    ("create_task", {}, "bad_parameter", "What is to be done"),
    ("create_task", {"title": "x", "colour": "red"}, "bad_parameter", "It takes title, "),
    ("create_task", {"title": 7}, "bad_parameter", "It takes "),
    ("create_task", {"title": "x", "files": ["../x"]}, "bad_pattern", ""),
    ("explain", {}, "one_question", "Give exactly one of task, commit and path."),
    ("claim_task", {}, "no_task", "Name one with task AGT-…, or take the next."),
    ("fly", {}, "no_such_tool", "claim_task"),
    ("wait_for_change", {"timeout": "1d"}, "bad_timeout", "10m"),
    ("status", {"root": "/no/such/folder"}, "bad_root", "leave root out"),
    ("status", {"root": 7}, "bad_parameter", "as text"),
    ("status", {"root": "\0"}, "bad_root", "leave root out"),
]


@pytest.mark.parametrize("mode", ERAS)
def test_a_failure_is_one_line_with_its_code_and_a_hint(project, mode):
    async def script(client):
        return [await client.call_tool(name, arguments) for name, arguments, *_ in CASES]

    for (name, arguments, expected, hint), answer in zip(CASES, talk(project, script, mode), strict=True):
        assert code(answer) == expected, (name, arguments)
        assert hint in text(answer).partition(" hint: ")[2], (name, arguments)
        for never in ("Traceback", "http", "pydantic", "Error executing"):
            assert never not in text(answer), (name, arguments)


def test_before_init_the_hint_is_the_tool_that_sets_up(repository):
    answer = call(repository, "status")
    assert code(answer) == "no_store"
    assert text(answer).endswith("hint: Start with: init_project()")


def test_a_failed_verification_names_the_paths_in_its_line(project, git):
    (project / "a.py").write_text("x")
    (project / "b.py").write_text("x")
    answer = call(project, "verify_worktree", agentInstance="agent_1")
    assert code(answer) == "unverified"
    assert "(a.py: unclaimed; b.py: unclaimed)" in text(answer)
    assert len(answer.meta[ERROR]["details"]["violations"]) == 2


def test_a_bug_is_told_without_its_words(project, tmp_path):
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "sitecustomize.py").write_text(
        "import coordinaut_git.operations.tasks as tasks\n"
        "def status(workspace, request): raise KeyError('the secret in the message')\n"
        "tasks.status = status\n"
    )
    path = os.pathsep.join([str(broken), os.environ["PYTHONPATH"]])
    answer = talk(project, lambda client: client.call_tool("status", {}), whole=True, PYTHONPATH=path)
    assert code(answer) == "bug"
    assert "KeyError" in text(answer)
    assert "secret" not in str(answer)


def test_a_root_is_resolved_before_it_is_compared(project, tmp_path, git):
    inside, outside = tmp_path / "allowed", tmp_path / "outside"
    for folder in (inside / "one", outside):
        folder.mkdir(parents=True)
        git(folder, "init", "--quiet")
    (inside / "link").symlink_to(outside)

    async def script(client):
        for root in (inside / "one", inside / "link", outside, inside / "one" / ".." / ".." / "outside"):
            yield (await client.call_tool("init_project", {"root": str(root)}))

    async def collect(client):
        return [answer async for answer in script(client)]

    first, *others = talk(inside / "one", collect, COORDINAUT_ROOTS=str(inside))
    assert not first.is_error
    assert [code(answer) for answer in others] == ["root_not_allowed"] * 3
    assert [answer.meta[ERROR]["kind"] for answer in others] == ["denied"] * 3
    assert not (outside / ".git/refs/coordinaut").exists()


def test_a_repository_above_the_allowed_folders_is_not_touched(project):
    (project / "below").mkdir()
    answer = call(project, "status", environ={"COORDINAUT_ROOTS": f"{project}/below"}, root=str(project / "below"))
    assert code(answer) == "root_not_allowed"


def test_no_file_outside_the_repository_is_written_or_read(project, tmp_path):
    async def script(client):
        return [
            await client.call_tool("export_snapshot", {"output": str(tmp_path / "board.md")}),
            await client.call_tool("export_snapshot", {"output": "../board.md"}),
            await client.call_tool("export_snapshot", {"output": ".git/config"}),
            await client.call_tool("verify_commit", {"messageFile": "/etc/hostname", "agentInstance": "agent_1"}),
        ]

    before = (project / ".git/config").read_bytes()
    assert [code(answer) for answer in talk(project, script)] == ["root_not_allowed"] * 4
    assert not (tmp_path / "board.md").exists()
    assert (project / ".git/config").read_bytes() == before


def test_the_board_goes_where_it_belongs(project):
    async def script(client):
        return await done(client, "export_snapshot"), await done(client, "export_snapshot", output="docs/TASKS.md")

    for shown in talk(project, script):
        assert Path(shown["path"]).read_text() == shown["markdown"]


def test_a_missing_working_directory_is_said(project, tmp_path):
    gone = tmp_path / "gone"
    gone.mkdir()

    async def script(client):
        gone.rmdir()
        return await client.call_tool("status", {}), await client.call_tool("status", {"root": str(project)})

    lost, found = talk(gone, script)
    assert code(lost) in {"no_directory", "bad_root"}
    assert not found.is_error


def test_a_repository_that_was_replaced_is_opened_anew(project, tmp_path, git, cli):
    async def script(client):
        await done(client, "create_task", title="Old", root=str(project))
        shutil.rmtree(project)
        project.mkdir()
        git(project, "init", "--quiet")
        missing = await client.call_tool("status", {"root": str(project)})
        cli.json(project, "init")
        return missing, await done(client, "list_tasks", root=str(project))

    missing, now = talk(tmp_path, script)
    assert code(missing) == "no_store"
    assert now["tasks"] == []


def test_a_call_does_not_choose_who_is_sent_the_token(project):
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        stranger.settimeout(0.2)
        url = f"http://127.0.0.1:{stranger.getsockname()[1]}"
        server = {"storage": "remote", "remoteUrl": url, "team": "t", "project": "p"}
        moved = {"to": "remote", "remoteUrl": url, "team": "t", "project": "p"}

        async def script(client):
            return [await client.call_tool("init_project", server), await client.call_tool("migrate_state", moved)]

        told = talk(project, script, COORDINAUT_TOKEN="secret-token")
        assert [code(answer) for answer in told] == ["server_not_allowed"] * 2
        assert "secret-token" not in str(told)
        with pytest.raises(TimeoutError):
            stranger.accept()
        chosen = talk(project, script, COORDINAUT_TOKEN="secret-token", COORDINAUT_REMOTE_URL="http://127.0.0.1:9")
        assert [code(answer) for answer in chosen] == ["server_not_allowed"] * 2
