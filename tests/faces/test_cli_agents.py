"""`init --agents`: a few words in the files that agents read, and not a byte of them more or less."""

import pytest

from coordinaut_git.operations.agents_file import BLOCK, OWN_FILES

BEGIN, END = BLOCK.splitlines()[0], BLOCK.splitlines()[-1]

FILES = {
    "text": b"# How we work\n\nTabs.\n",
    "no line break at the end": b"# How we work",
    "an empty file": b"",
    "a line break": b"\n",
    "empty lines at the end": b"a\n\n\n\n",
    "CRLF": b"# How we work\r\n\r\nTabs.\r\n",
    "CRLF and no line break at the end": b"a\r\nb",
    "a byte order mark": b"\xef\xbb\xbfa\n",
    "bytes that are no UTF-8": b"caf\xe9 \xff\n",
    "words like our marks": b"`<!-- coordinaut: begin -->` in a line\n <!-- coordinaut: end --> not at its beginning\n",
    "another tool's marks": b"<!-- other: begin -->\nx\n<!-- other: end -->\n",
}


def told(cli, root, *names):
    return {one["path"]: one["change"] for one in cli.json(root, "init", "--agents", ",".join(names))["agents"]}


@pytest.mark.parametrize("before", FILES.values(), ids=FILES)
def test_the_words_go_in_and_out_and_every_byte_is_as_before(cli, repository, before):
    file = repository / "AGENTS.md"
    file.write_bytes(before)
    assert told(cli, repository, "codex") == {"AGENTS.md": "added"}
    after = file.read_bytes()
    assert after.startswith(before)
    assert after[len(before) :].count(BEGIN.encode()) == after[len(before) :].count(END.encode()) == 1
    if b"\r\n" in before:
        assert b"\n" not in after.replace(b"\r\n", b"")
    assert told(cli, repository, "codex") == {"AGENTS.md": "unchanged"}
    assert told(cli, repository, "none") == {"AGENTS.md": "removed"}
    assert file.read_bytes() == before
    assert told(cli, repository, "none") == {"AGENTS.md": "unchanged"}


def test_a_file_that_we_made_is_taken_away_again(cli, repository):
    assert told(cli, repository, "codex", "cursor", "vscode", "opencode", "copilot") == {"AGENTS.md": "added"}
    assert (repository / "AGENTS.md").read_text() == BLOCK
    assert told(cli, repository, "none") == {"AGENTS.md": "removed"}
    assert not (repository / "AGENTS.md").exists()
    assert told(cli, repository, "none") == {}


def test_words_of_an_older_version_are_brought_up_to_date_where_they_stand(cli, repository):
    file = repository / "AGENTS.md"
    old = "<!-- coordinaut: begin (long ago) -->\nold words\n<!-- coordinaut: end -->\n"
    file.write_text(f"before\n\n{old}after\n")
    assert told(cli, repository, "codex") == {"AGENTS.md": "updated"}
    assert file.read_text() == f"before\n\n{BLOCK}after\n"
    file.write_text(f"before\n\n{old}\nmiddle\n\n{old}end\n")  # as a merge may leave it
    assert told(cli, repository, "codex") == {"AGENTS.md": "updated"}
    assert file.read_text() == f"before\n\n{BLOCK}\nmiddle\nend\n"
    file.write_text(f"before\n\n{old}")
    assert told(cli, repository, "none") == {"AGENTS.md": "removed"}
    assert file.read_text() == "before\n"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (f"a\n{BEGIN}\nb\n", 2),
        (f"{END}\n", 1),
        (f"{BEGIN}\n{BEGIN}\n{END}\n", 2),
        (f"{BLOCK}x\n{END}\n", BLOCK.count("\n") + 2),
    ],
)
@pytest.mark.parametrize("names", ["codex", "none"])
def test_marks_that_make_no_sense_are_told_and_nothing_is_changed(cli, repository, text, line, names):
    (repository / "AGENTS.md").write_text(text)
    refused = cli(repository, "init", "--agents", names, "--json")
    assert refused.failure == (1, "broken_marks")
    assert refused.error["details"]["line"] == line
    assert (repository / "AGENTS.md").read_text() == text


def test_each_agent_is_told_in_the_file_that_it_reads(cli, repository):
    assert told(cli, repository, "claude", "codex") == {"AGENTS.md": "added"}, "Claude Code reads it, without its own"
    (repository / "CLAUDE.md").write_text("Be brief.\n")
    assert told(cli, repository, "claude", "codex", "gemini") == {
        "CLAUDE.md": "added",
        "AGENTS.md": "unchanged",
        "GEMINI.md": "added",
    }
    assert told(cli, repository, "none") == dict.fromkeys(("AGENTS.md", "CLAUDE.md", "GEMINI.md"), "removed")
    assert (repository / "CLAUDE.md").read_text() == "Be brief.\n"
    assert sorted(file.name for file in repository.glob("*.md")) == ["CLAUDE.md", "README.md"]


@pytest.mark.parametrize("own", ["Rules:\n@AGENTS.md\n", "@./AGENTS.md"])
def test_what_includes_the_general_file_is_left_as_it_is(cli, repository, own):
    for name in ("CLAUDE.md", "GEMINI.md"):
        (repository / name).write_text(own)
    assert told(cli, repository, "claude", "gemini") == {"AGENTS.md": "added"}
    assert (repository / "CLAUDE.md").read_text() == own


def test_a_link_to_the_general_file_is_one_file_with_it(cli, repository):
    (repository / "AGENTS.md").write_text("x\n")
    (repository / "CLAUDE.md").symlink_to("AGENTS.md")
    assert told(cli, repository, "claude", "codex") == {"CLAUDE.md": "added"}
    assert (repository / "AGENTS.md").read_text() == f"x\n\n{BLOCK}"
    assert (repository / "CLAUDE.md").is_symlink()


def test_gemini_reads_what_its_settings_name(cli, repository):
    (repository / ".gemini").mkdir()
    (repository / ".gemini/settings.json").write_text('{"context": {"fileName": ["AGENTS.md", "X.md"]}} // ours\n')
    assert told(cli, repository, "gemini") == {"AGENTS.md": "added"}


def test_a_link_out_of_the_work_tree_is_not_followed(cli, repository, tmp_path):
    (repository / "AGENTS.md").symlink_to(tmp_path / "elsewhere.md")
    assert cli(repository, "init", "--agents", "codex", "--json").failure == (1, "outside_work_tree")
    assert not (tmp_path / "elsewhere.md").exists()


def test_what_is_no_text_is_told(cli, repository):
    data = "x\n".encode("utf-16")
    (repository / "AGENTS.md").write_bytes(data)
    assert cli(repository, "init", "--agents", "codex", "--json").failure == (6, "cannot_read_file")
    assert (repository / "AGENTS.md").read_bytes() == data


@pytest.mark.parametrize("names", ["emacs", "claude,none", "Claude"])
def test_an_agent_that_there_is_not_is_told_before_anything_is_done(cli, repository, git, names):
    refused = cli(repository, "init", "--agents", names, "--json")
    assert refused.failure == (2, "bad_agent")
    assert all(name in refused.error["hint"] for name in OWN_FILES)
    assert "coordinaut" not in git(repository, "for-each-ref")


def test_a_bare_repository_has_no_files_for_agents(cli, tmp_path, git):
    git(tmp_path, "init", "--quiet", "--bare", "bare.git")
    assert cli(tmp_path / "bare.git", "init", "--agents", "codex", "--json").failure == (6, "no_work_tree")
    assert "coordinaut" not in git(tmp_path / "bare.git", "for-each-ref"), "nothing was begun"


def test_a_person_is_told_which_files_to_commit(cli, repository):
    (repository / "CLAUDE.md").write_text("x\n")
    shown = cli(repository, "init", "--agents", "claude,gemini")
    assert "\nCLAUDE.md tells agents how to work here: commit it.\nGEMINI.md tells agents how" in shown.out
    again = cli(repository, "init", "--agents", "claude")
    assert again.out.endswith("CLAUDE.md is as it was.\n")
    gone = cli(repository, "init", "--agents", "none")
    assert "CLAUDE.md tells agents of coordinaut no more.\n" in gone.out
    (repository / "CLAUDE.md").unlink()
    assert cli(repository, "init", "--agents", "none").out.endswith("No file tells agents of coordinaut.\n")


def test_the_words_are_few_and_name_commands_that_there_are(cli):
    import re

    from coordinaut_git.operations.table import BY_NAME, BY_TOOL

    assert len(BLOCK) < 1_500
    commands = set(re.findall(r"coordinaut ([a-z-]+(?: request)?)", BLOCK)) - {"init"}
    assert commands == {
        "status",
        "inbox",
        "claim",
        "create",
        "handoff request",
        "heartbeat",
        "verify-worktree",
        "release",
    }
    assert commands <= BY_NAME.keys()
    assert set(re.findall(r"`([a-z]+_[a-z]+)`", BLOCK)) <= BY_TOOL.keys()
