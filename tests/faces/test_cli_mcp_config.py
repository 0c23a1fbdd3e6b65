"""`mcp-config`: the snippet of each client, and its file as it is on a disk: links, rights, marks, what is amiss."""

import json
import os
import stat
import sys
import tomllib
from pathlib import Path

import pytest

from coordinaut_git.operations.clients.catalogue import CATALOGUE
from coordinaut_git.protocol.client_requests import Client

PROJECT_FILES = {
    "claude-code": ".mcp.json",
    "codex": ".codex/config.toml",
    "copilot": ".github/mcp.json",
    "cursor": ".cursor/mcp.json",
    "gemini": ".gemini/settings.json",
    "opencode": "opencode.json",
    "qwen": ".qwen/settings.json",
    "vscode": ".vscode/mcp.json",
}
USER_FILES = {
    "claude-code": ".claude.json",
    "claude-desktop": ".config/Claude/claude_desktop_config.json",
    "codex": ".codex/config.toml",
    "copilot": ".copilot/mcp-config.json",
    "cursor": ".cursor/mcp.json",
    "gemini": ".gemini/settings.json",
    "opencode": ".config/opencode/opencode.json",
    "qwen": ".qwen/settings.json",
    "vscode": ".config/Code/User/mcp.json",
}
SERVERS = {"codex": "mcp_servers", "opencode": "mcp", "vscode": "servers"}


@pytest.fixture
def home(tmp_path):
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


@pytest.fixture
def environ(home):
    """A user's environment with nothing of a client in it."""
    names = {home_.user.variable for home_ in CATALOGUE if home_.user.variable}
    return dict.fromkeys(names) | {"HOME": str(home)}


def server(client, text):
    read = tomllib.loads if client == "codex" else json.loads
    return read(text)[SERVERS.get(client, "mcpServers")]["coordinaut"]


def files(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if ".git" not in path.parts)


def test_every_client_is_in_the_catalogue_once():
    assert [home.client for home in CATALOGUE] == list(Client)


@pytest.mark.parametrize("client", PROJECT_FILES)
def test_a_projects_file_is_made_and_taken_away_again(cli, repository, environ, client):
    before = files(repository)
    shown = cli(repository, "mcp-config", client, environ=environ)
    assert shown.code == 0
    assert not list(repository.glob(PROJECT_FILES[client])), "to show it writes nothing"
    done = cli.json(repository, "mcp-config", client, "--write", environ=environ)
    file = repository / PROJECT_FILES[client]
    assert (done["change"], done["path"], done["scope"]) == ("added", str(file), "project")
    assert file.read_text() == shown.out == done["snippet"]
    command = server(client, shown.out)["command"]
    assert command == (["coordinaut-mcp"] if client == "opencode" else "coordinaut-mcp"), "good for whoever clones it"
    assert cli.json(repository, "mcp-config", client, "--write", environ=environ)["change"] == "unchanged"
    assert cli.json(repository, "mcp-config", client, "--remove", environ=environ)["change"] == "removed"
    assert files(repository) == before
    assert cli.json(repository, "mcp-config", client, "--remove", environ=environ)["change"] == "unchanged"


@pytest.mark.parametrize("client", USER_FILES)
def test_a_users_file_is_made_below_home_and_starts_what_is_installed(cli, repository, home, environ, client):
    programs = home / "my programs"
    programs.mkdir()
    program = programs / "coordinaut-mcp"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    environ |= {"PATH": f"{programs}:{os.environ['PATH']}"}
    done = cli.json(repository, "mcp-config", client, "--user", "--write", environ=environ)
    file = home / USER_FILES[client]
    assert (done["change"], done["path"], done["scope"]) == ("added", str(file), "user")
    command = server(client, file.read_text())["command"]
    assert command == ([str(program)] if client == "opencode" else str(program))
    assert cli.json(repository, "mcp-config", client, "--user", "--remove", environ=environ)["change"] == "removed"
    assert not file.exists()


def test_without_an_installed_program_the_interpreter_starts_the_server(cli, tmp_path, environ):
    environ |= {"PATH": "/usr/bin:/bin"}
    command = cli.json(tmp_path, "mcp-config", "cursor", "--user", environ=environ)["command"]
    beside = str(Path(sys.executable).with_name("coordinaut-mcp"))
    assert command in ([beside], [sys.executable, "-P", "-m", "coordinaut_git.faces.mcp.program"])


@pytest.mark.parametrize(
    ("launcher", "words"),
    [
        ("uvx", ["uvx", "--from", "coordinaut-git", "coordinaut-mcp"]),
        ("pipx", ["pipx", "run", "--spec", "coordinaut-git", "coordinaut-mcp"]),
        ("installed", ["coordinaut-mcp"]),
    ],
)
def test_a_launcher_starts_the_server_in_its_own_way(cli, repository, environ, launcher, words):
    entry = server("vscode", cli(repository, "mcp-config", "vscode", "--launcher", launcher, environ=environ).out)
    assert entry == {"type": "stdio", "command": words[0], "args": words[1:]}


@pytest.mark.parametrize(
    ("client", "variable", "file"),
    [
        ("claude-code", "CLAUDE_CONFIG_DIR", ".claude.json"),
        ("codex", "CODEX_HOME", "config.toml"),
        ("copilot", "COPILOT_HOME", "mcp-config.json"),
        ("opencode", "XDG_CONFIG_HOME", "opencode/opencode.json"),
    ],
)
def test_a_variable_of_the_client_moves_its_file(cli, tmp_path, environ, client, variable, file):
    environ |= {variable: str(tmp_path / "elsewhere")}
    shown = cli.json(tmp_path, "mcp-config", client, "--user", environ=environ)
    assert shown["path"] == str(tmp_path / "elsewhere" / file)


def test_of_two_names_the_one_that_is_there_is_used(cli, repository, environ):
    (repository / "opencode.jsonc").write_text("{}")
    done = cli.json(repository, "mcp-config", "opencode", "--write", environ=environ)
    assert done["path"] == str(repository / "opencode.jsonc")
    assert not (repository / "opencode.json").exists()


def test_it_is_shown_and_written_for_the_user_where_there_is_no_repository(cli, home, environ):
    assert server("cursor", cli(home, "mcp-config", "cursor", environ=environ).out)
    assert cli.json(home, "mcp-config", "cursor", "--user", "--write", environ=environ)["change"] == "added"
    refused = cli(home, "mcp-config", "cursor", "--write", "--json", environ=environ)
    assert refused.failure == (6, "no_work_tree")


def test_it_works_from_a_folder_below_and_in_a_linked_worktree(cli, repository, git, environ, tmp_path):
    (repository / "deep").mkdir()
    cli.json(repository / "deep", "mcp-config", "claude-code", "--write", environ=environ)
    assert (repository / ".mcp.json").exists()
    git(repository, "worktree", "add", "--quiet", str(tmp_path / "linked"))
    cli.json(tmp_path / "linked", "mcp-config", "cursor", "--write", environ=environ)
    assert (tmp_path / "linked/.cursor/mcp.json").exists()
    assert not (repository / ".cursor").exists()


def test_a_byte_order_mark_and_rights_and_links_are_kept(cli, repository, environ):
    (repository / "kept").mkdir()
    real = repository / "kept/mcp.json"
    before = b'\xef\xbb\xbf{\r\n\t"a": 1, // \xc3\xa9\r\n}'
    real.write_bytes(before)
    real.chmod(0o640)
    (repository / ".mcp.json").symlink_to("kept/mcp.json")
    cli.json(repository, "mcp-config", "claude-code", "--write", environ=environ)
    written = real.read_bytes()
    assert written.startswith(b'\xef\xbb\xbf{\r\n\t"a": 1, // \xc3\xa9\r\n\t"mcpServers": {\r\n')
    assert b"\n" not in written.replace(b"\r\n", b"")
    assert (repository / ".mcp.json").readlink() == Path("kept/mcp.json")
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
    cli.json(repository, "mcp-config", "claude-code", "--remove", environ=environ)
    assert real.read_bytes() == before
    assert files(repository / "kept") == ["mcp.json"], "nothing else is left there"


def test_a_link_out_of_the_work_tree_is_not_followed(cli, repository, environ, tmp_path):
    for target in ("../outside.json", str(tmp_path / "new/outside.json")):
        (repository / ".mcp.json").symlink_to(target)
        refused = cli(repository, "mcp-config", "claude-code", "--write", "--json", environ=environ)
        assert refused.failure == (1, "outside_work_tree")
        (repository / ".mcp.json").unlink()
    (repository / ".cursor").symlink_to(tmp_path)
    assert (
        cli(repository, "mcp-config", "cursor", "--write", "--json", environ=environ).failure[1] == "outside_work_tree"
    )
    assert not list(tmp_path.glob("**/outside.json"))
    assert not (tmp_path / "mcp.json").exists()


def test_a_users_own_link_is_followed(cli, repository, home, environ):
    (home / "dotfiles").mkdir()
    (home / ".codex").symlink_to("dotfiles")
    cli.json(repository, "mcp-config", "codex", "--user", "--write", environ=environ)
    assert server("codex", (home / "dotfiles/config.toml").read_text())
    assert (home / ".codex").is_symlink()


@pytest.mark.parametrize(
    ("client", "data", "place"),
    [
        ("claude-code", b'{\n  "a": 1\n  "b": 2\n}\n', "line 3, column 3"),
        ("claude-code", b'{\n  "a": "\xff"\n}\n', "line 2, column 9"),
        ("claude-code", '{"a": 1}'.encode("utf-16"), "line 1, column 1"),
        ("codex", b"a = 1\nb = \n", "line 2, column 5"),
        ("codex", b"a = 1\n# \xe9\n", "line 2, column 3"),
    ],
)
@pytest.mark.parametrize("asked", ["--write", "--remove"])
def test_a_file_that_is_not_what_it_should_be_is_told_with_its_place(
    cli, repository, environ, client, data, place, asked
):
    file = repository / PROJECT_FILES[client]
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(data)
    told = cli(repository, "mcp-config", client, asked, "--json", environ=environ)
    assert told.failure == (6, "unreadable_config")
    assert place in told.error["message"]
    assert told.error["details"]["path"] == str(file)
    assert file.read_bytes() == data


def test_what_is_no_file_is_told(cli, repository, environ):
    (repository / ".mcp.json").mkdir()
    assert cli(repository, "mcp-config", "claude-code", "--write", "--json", environ=environ).failure == (
        6,
        "cannot_read_file",
    )
    (repository / ".mcp.json").rmdir()
    os.mkfifo(repository / ".mcp.json")
    told = cli(repository, "mcp-config", "claude-code", "--write", "--json", environ=environ)
    assert told.failure == (6, "cannot_read_file")
    (repository / ".mcp.json").unlink()
    (repository / ".mcp.json").symlink_to(".mcp.json")
    told = cli(repository, "mcp-config", "claude-code", "--write", "--json", environ=environ)
    assert told.failure == (6, "cannot_read_file")


def test_a_read_only_file_is_left_alone(cli, repository, environ):
    file = repository / ".mcp.json"
    file.write_text("{}")
    file.chmod(0o444)
    told = cli(repository, "mcp-config", "claude-code", "--write", "--json", environ=environ)
    assert told.failure == (6, "cannot_write")
    assert "read-only" in told.error["message"]
    assert file.read_text() == "{}"


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_a_read_only_folder_is_told(cli, repository, environ):
    (repository / ".cursor").mkdir()
    (repository / ".cursor").chmod(0o555)
    told = cli(repository, "mcp-config", "cursor", "--write", "--json", environ=environ)
    (repository / ".cursor").chmod(0o755)
    assert told.failure == (6, "cannot_write")
    assert not list((repository / ".cursor").iterdir())


def test_a_server_that_is_reached_by_its_address_is_not_changed_into_one_that_is_started(cli, repository, environ):
    file = repository / ".mcp.json"
    text = '{"mcpServers": {"coordinaut": {"type": "http", "url": "http://127.0.0.1:3000/mcp"}}}'
    file.write_text(text)
    refused = cli(repository, "mcp-config", "claude-code", "--write", "--json", environ=environ)
    assert refused.failure == (1, "config_in_the_way")
    assert file.read_text() == text
    cli.json(repository, "mcp-config", "claude-code", "--remove", environ=environ)
    assert json.loads(file.read_text()) == {"mcpServers": {}}


def test_an_older_entry_is_brought_up_to_date(cli, repository, environ):
    file = repository / ".mcp.json"
    file.write_text('{"mcpServers": {"coordinaut": {"command": "old", "env": {"COORDINAUT_INSTANCE": "agent_1"}}}}')
    assert cli.json(repository, "mcp-config", "claude-code", "--write", environ=environ)["change"] == "updated"
    entry = server("claude-code", file.read_text())
    assert entry["command"] == "coordinaut-mcp"
    assert entry["env"] == {"COORDINAUT_INSTANCE": "agent_1"}


@pytest.mark.parametrize(
    ("words", "failure"),
    [
        (["claude-desktop", "--write"], (2, "no_project_file")),
        (["cursor", "--write", "--remove"], (2, "write_or_remove")),
        (["emacs"], (2, "usage")),
        ([], (2, "usage")),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(cli, repository, environ, words, failure):
    assert cli(repository, "mcp-config", *words, "--json", environ=environ).failure == failure


def test_without_a_home_the_users_file_is_not_guessed(cli, repository, environ):
    told = cli(repository, "mcp-config", "cursor", "--user", "--json", environ=environ | {"HOME": None})
    assert told.failure == (6, "no_home")


def test_a_person_is_told_where_it_belongs_and_what_became_of_it(cli, repository, environ):
    environ |= {"PATH": "/usr/bin:/bin"}
    shown = cli(repository, "mcp-config", "codex", environ=environ)
    assert "It belongs into .codex/config.toml" in shown.err
    assert "coordinaut-mcp is not on your PATH" in shown.err
    done = cli(repository, "mcp-config", "codex", "--write", environ=environ)
    assert done.out.startswith("Codex knows coordinaut now: added to ")
    assert done.out.endswith("See it: codex mcp list\n")
    assert "only where you trust the project" in done.err
    gone = cli(repository, "mcp-config", "codex", "--remove", environ=environ)
    assert (gone.out.startswith("Codex knows coordinaut no more: taken out of "), gone.err) == (True, "")
