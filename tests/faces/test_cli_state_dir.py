"""The folder of a store of files: shared, adopted, moved, in the way, hostile, gone."""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from commands import program

SHARED = "../.coordinaut-shared"
STRANGER = {
    "format": 1,
    "storage": "remote",
    "remote": {"url": "https://stranger.example", "team": "a", "project": "b"},
}


@pytest.fixture
def clones(repository, git):
    """Three clones side by side."""
    roots = [repository.parent / name for name in ("one", "two", "three")]
    for root in roots:
        git(repository.parent, "clone", "--quiet", str(repository), str(root))
    return roots


def test_the_words_of_the_product_document_share_one_state_among_worktrees_and_clones(cli, clones, git):
    one, two, _ = clones
    linked = one.parent / "linked"
    git(one, "worktree", "add", "--quiet", str(linked))
    first = cli(one, "init", "--state-dir", SHARED)
    assert first.code == 0
    assert "--state-dir means the json storage" in first.err
    again, other = cli.json(linked, "init", "--state-dir", SHARED), cli.json(two, "init", "--state-dir", SHARED)
    assert (again["created"], other["created"]) == (False, False)
    assert {again["storage"], other["storage"]} == {"json"}
    assert again["location"] == other["location"] == str(one.parent / ".coordinaut-shared")
    cli.json(two, "create", "--title", "seen by all", "--files", "src/**")
    for root in (one, linked):
        assert [task["title"] for task in cli.json(root, "status")["tasks"]] == ["seen by all"]
    cli.json(two, "claim", "--next", "--agent-instance", "agent_two")
    active = [one["id"] for one in cli.json(linked, "presence")["instances"] if one["active"]]
    assert active == ["agent_two"]
    assert all(git(root, "status", "--porcelain") == "" for root in (one, two, linked))


def test_a_second_checkout_takes_over_what_the_folder_says(cli, clones):
    one, two, three = clones
    cli.json(one, "init", "--storage", "sqlite", "--state-dir", SHARED)
    told = json.loads((one.parent / ".coordinaut-shared" / "config.json").read_text())
    assert told == {"format": 1, "storage": "sqlite"}
    assert cli.json(two, "init", "--state-dir", SHARED)["storage"] == "sqlite"
    refused = cli(three, "init", "--storage", "json", "--state-dir", SHARED, "--json")
    assert refused.failure == (1, "state_elsewhere")
    assert "belongs to the sqlite storage" in refused.error["message"]
    assert not (one.parent / ".coordinaut-shared" / "state.json").exists()


@pytest.mark.parametrize("storage", ["json", "sqlite"])
def test_of_three_clones_that_claim_at_once_exactly_one_wins(cli, clones, storage):
    for root in clones:
        cli.json(root, "init", "--storage", storage, "--state-dir", SHARED)
    tasks = [cli.json(root, "create", "--title", root.name, "--files", "src/**")["displayId"] for root in clones]

    def claim(root, task):
        return program(["claim", "--task", task, "--agent-instance", f"agent_{root.name}", "--json"], cwd=root)

    with ThreadPoolExecutor(len(clones)) as pool:
        answers = list(pool.map(claim, clones, tasks))
    assert sorted(answer.code for answer in answers) == [0, 1, 1]
    assert {answer.error["code"] for answer in answers if answer.code} == {"scope_conflict"}
    assert len(cli.json(clones[0], "status")["leases"]) == 1
    assert cli(clones[1], "doctor", "--deep").code == 0


def test_of_several_that_begin_at_once_one_makes_the_state_and_all_have_it(cli, clones):
    def begin(root):
        return program(["init", "--state-dir", SHARED, "--json"], cwd=root).result["created"]

    with ThreadPoolExecutor(len(clones)) as pool:
        assert sorted(pool.map(begin, clones)) == [False, False, True]


def test_a_moved_clone_keeps_its_state(cli, repository):
    cli.json(repository, "init", "--storage", "json")
    cli.json(repository, "create", "--title", "moves along")
    moved = repository.rename(repository.with_name("elsewhere"))
    assert [task["title"] for task in cli.json(moved, "status")["tasks"]] == ["moves along"]


def test_a_bare_repository_keeps_the_state_among_its_own_files(cli, repository, git):
    bare = repository.parent / "bare.git"
    git(repository.parent, "clone", "--quiet", "--bare", str(repository), str(bare))
    assert cli.json(bare, "init", "--storage", "sqlite")["location"].startswith(str(bare / "coordinaut" / "state"))
    linked = repository.parent / "linked"
    git(bare, "worktree", "add", "--quiet", str(linked), "main")
    cli.json(linked, "create", "--title", "shared")
    assert len(cli.json(bare, "status")["tasks"]) == 1


def test_a_file_a_link_and_a_git_directory_are_no_place_for_the_state(cli, repository, git):
    (repository / "file").write_text("")
    (repository / ".coordinaut").symlink_to(repository.parent)
    for words in (
        ("--state-dir", "file"),
        ("--state-dir", ".git/objects"),
        ("--state-dir", "."),
        ("--state-dir", ""),
        ("--storage", "json"),
    ):
        assert cli(repository, "init", *words, "--json").failure == (6, "bad_state_dir"), words
    assert "coordinaut" not in git(repository, "config", "--local", "--list")
    assert not (repository.parent / "state.json").exists()


def test_a_link_that_took_the_place_of_the_folder_is_not_followed(cli, repository):
    cli.json(repository, "init", "--storage", "json")
    (repository / ".coordinaut").rename(repository.parent / "away")
    (repository / ".coordinaut").symlink_to(repository.parent / "away")
    assert cli(repository, "status", "--json").failure == (6, "bad_state_dir")


def test_names_of_folders_may_hold_anything(cli, repository):
    name = "../a dir\u2028with \x1b[31m 'quotes' -x"
    shown = cli(repository, "init", "--state-dir", name)
    assert shown.code == 0
    assert "\x1b" not in shown.out
    assert cli.json(repository, "status")["tasks"] == []
    assert "\x1b" not in cli(repository, "doctor").out


def test_a_folder_that_cannot_be_written_is_said(cli, repository):
    taken = repository.parent / "taken"
    taken.mkdir()
    (taken / "config.json").mkdir()
    assert cli(repository, "init", "--state-dir", "../taken", "--json").failure == (6, "bad_state_dir")
    (repository.parent / "file").write_text("")
    below = cli(repository, "init", "--state-dir", "../file/below", "--json")
    assert below.failure == (6, "cannot_write")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_folder_is_said_and_nothing_is_noted(cli, repository, git):
    closed = repository.parent / "closed"
    closed.mkdir(mode=0o555)
    assert cli(repository, "init", "--state-dir", "../closed", "--json").failure == (6, "cannot_write")
    assert "coordinaut" not in git(repository, "config", "--local", "--list")


@pytest.mark.parametrize("text", ["", "[]", "{", '{"format": 2, "storage": "json"}', "[" * 10_000])
def test_a_marker_that_is_not_ours_is_said_and_left_alone(cli, repository, text):
    folder = repository.parent / "other"
    folder.mkdir()
    (folder / "config.json").write_text(text)
    assert cli(repository, "init", "--state-dir", "../other", "--json").failure == (6, "bad_state_dir")
    assert (folder / "config.json").read_text() == text


def test_what_a_clone_brings_in_its_work_tree_decides_nothing(cli, repository, git):
    (repository / ".coordinaut").mkdir()
    (repository / ".coordinaut" / "config.json").write_text(json.dumps(STRANGER))
    git(repository, "add", "--force", ".coordinaut/config.json")
    git(repository, "commit", "--quiet", "--message", "a trap")
    token = {"COORDINAUT_TOKEN": "secret"}
    assert cli(repository, "status", "--json", environ=token).failure == (3, "no_store")
    refused = cli(repository, "init", "--storage", "json", "--json", environ=token)
    assert refused.failure == (1, "state_elsewhere")
    assert cli(repository, "init", "--storage", "remote", "--json", environ=token).failure == (2, "no_server")
    assert cli.json(repository, "init", environ=token)["storage"] == "git"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to another user")
def test_a_server_that_another_user_names_is_not_followed(cli, repository, git):
    folder = repository.parent / "theirs"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(STRANGER))
    os.chown(folder / "config.json", 12_345, 12_345)
    refused = cli(repository, "init", "--state-dir", "../theirs", "--json", environ={"COORDINAUT_TOKEN": "secret"})
    assert refused.failure == (6, "bad_state_dir")
    assert "another user" in refused.error["message"]
    assert "coordinaut" not in git(repository, "config", "--local", "--list")


def test_a_store_that_is_not_in_force_is_shown_and_not_written_to(cli, repository, git):
    cli.json(repository, "init", "--storage", "json")
    cli.json(repository, "create", "--title", "left behind")
    for key in ("storage", "stateDir"):
        git(repository, "config", "--local", "--unset", f"coordinaut.{key}")
    cli.json(repository, "init")
    (left,) = cli.json(repository, "--storage", "json", "status")["tasks"]
    assert left["title"] == "left behind"
    before = (repository / ".coordinaut" / "state.json").read_bytes()
    for words in (["create", "--title", "x"], ["claim", "--next"], ["migrate"], ["doctor", "--fix"]):
        assert cli(repository, "--storage", "json", *words, "--json").failure == (1, "not_in_force"), words
    assert (repository / ".coordinaut" / "state.json").read_bytes() == before
    assert cli.json(repository, "status")["tasks"] == []


@pytest.mark.parametrize("storage", ["json", "sqlite"])
def test_a_state_that_was_cleaned_away_is_said_and_not_begun_anew(cli, repository, git, storage):
    cli.json(repository, "init", "--storage", storage, "--hooks")
    git(repository, "clean", "-fdxq")
    for words in (["status"], ["create", "--title", "x"], ["init"], ["init", "--storage", "git"]):
        assert cli(repository, *words, "--json").failure == (6, "state_missing"), words
    assert not (repository / ".coordinaut").exists()
    failed = cli(repository, "doctor", "--json")
    assert failed.failure == (6, "unhealthy")
    assert "is not there" in {c["name"]: c["summary"] for c in failed.error["details"]["checks"]}["state-folder"]
    done = subprocess.run(
        ["git", "-C", repository, "commit", "--quiet", "--allow-empty", "-m", "x"], capture_output=True, text=True
    )
    assert (done.returncode, "there is none" in done.stderr) == (0, True)
    git(repository, "config", "coordinaut.hooks", "block")
    stopped = subprocess.run(["git", "-C", repository, "commit", "-q", "--allow-empty", "-m", "x"], capture_output=True)
    assert stopped.returncode == 1
    git(repository, "config", "--local", "--unset", "coordinaut.stateDir")
    assert cli.json(repository, "init")["created"] is True


def test_options_of_another_storage_are_refused(cli, repository):
    for words in (
        ("--storage", "git", "--state-dir", "x"),
        ("--storage", "json", "--ref", "refs/x/y"),
        ("--storage", "sqlite", "--team", "x"),
        ("--team", "x"),
        ("--state-dir", "x", "--policy", "confirmed"),
    ):
        assert cli(repository, "init", *words, "--json").failure == (2, "other_storage"), words
    assert not (repository / "x").exists()


def test_a_storage_in_the_configuration_that_is_none_is_said(cli, repository, git):
    git(repository, "config", "coordinaut.storage", "paper")
    assert cli(repository, "status", "--json").failure == (2, "bad_setting")


def test_doctor_says_what_is_wrong_with_a_folder(cli, repository, git):
    cli.json(repository, "init", "--storage", "json")
    folder = repository / ".coordinaut"

    def said():
        answer = cli(repository, "doctor", "--json").document
        checks = (answer.get("result") or answer["error"]["details"])["checks"]
        return {check["name"]: (check["status"], check["summary"]) for check in checks}

    (folder / "config.json").write_text('{"format": 1, "storage": "sqlite"}')
    assert said()["state-folder"][0] == "failed"
    (folder / "config.json").unlink()
    assert said()["state-folder"][0] == "warning"
    assert cli(repository, "init").code == 0
    assert said()["state-folder"][0] == "ok"
    (folder / "state.sqlite").write_text("")
    assert said()["state-files"] == ("warning", "the state of another storage lies there too: state.sqlite")
    git(repository, "add", "--force", ".coordinaut/state.json")
    assert said()["state-hidden"][0] == "warning"
    (folder / "state.json").write_text('{"changed by": "hand"}')
    assert said()["line"][0] == "failed"


def test_a_storage_is_imported_by_whoever_uses_it_only(cli, repository):
    cli.json(repository, "init", "--storage", "json")
    look = (
        "import sys; from coordinaut_git.faces.cli.main import answer; assert answer(['status', '--quiet']) == 0;"
        "print(*sorted(name for name in sys.modules if name in {'sqlite3', 'http.client', 'pydantic'}))"
    )
    done = subprocess.run([sys.executable, "-c", look], cwd=repository, capture_output=True, text=True, check=True)
    assert done.stdout == "\n"
