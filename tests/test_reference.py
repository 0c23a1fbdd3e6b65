"""The reference pages say what the commands say, and a man page is one to the programs that read them."""

import re
import shutil
import subprocess

import pytest
from project_guard import PROJECT

from coordinaut_git.faces.cli.notes import NOTES
from coordinaut_git.operations.table import BY_NAME
from tools.reference import __main__ as reference
from tools.reference import manual, markdown
from tools.reference.commands import Page, Parameter, pages

PAGES = {page.name: page for page in pages()}
MAN = PROJECT / "docs" / "coordinaut.1"


@pytest.mark.parametrize("name", reference.FILES)
def test_a_file_is_what_the_commands_say_now(name):
    assert (PROJECT / name).read_text("utf-8") == reference.FILES[name](), "write it anew: make docs"


def test_a_file_that_drifted_is_told_and_written_anew(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(reference, "ROOT", tmp_path)
    assert reference.main([]) == 0
    assert reference.main(["--check"]) == 0
    (tmp_path / "docs/cli.md").write_text("something else")
    assert reference.main(["--check"]) == 1
    assert "docs/cli.md" in capsys.readouterr().err
    assert (tmp_path / "docs/cli.md").read_text() == "something else", "looking changes nothing"
    assert reference.main([]) == 0
    assert (tmp_path / "docs/cli.md").read_text() == markdown.page()


def test_every_command_is_told_with_all_that_belongs_to_it():
    assert list(PAGES) == [*BY_NAME, "completion"]
    for page in PAGES.values():
        assert page.sentences, page.name
        assert page.example.startswith(("coordinaut ", "eval ")), page.name
        assert page.result.endswith("."), f"{page.name}: the handler does not say what its result is"
        assert all(one.help for one in page.parameters), page.name


def test_every_note_belongs_to_a_command():
    assert NOTES.keys() <= PAGES.keys()


def test_a_command_is_told_with_what_it_needs_and_where_that_can_come_from():
    create = PAGES["create"]
    assert create.synopsis == "coordinaut create --title TEXT [OPTIONS]"
    assert create.parameters[0] == Parameter(
        written="--title TEXT",
        help="What is to be done, in one line.",
        variables=("COORDINAUT_TITLE",),
        required=True,
        positional=False,
    )
    instance = next(one for one in create.parameters if one.written.startswith("--agent-instance"))
    assert instance.variables == ("COORDINAUT_AGENT_INSTANCE", "COORDINAUT_INSTANCE")
    assert PAGES["handoff respond"].synopsis == "coordinaut handoff respond --id ID --status STATUS [OPTIONS]"
    assert PAGES["completion"].synopsis == "coordinaut completion bash|zsh|fish [OPTIONS]"


def test_every_link_of_the_page_leads_to_a_section_of_it():
    text = markdown.page()
    sections = {line.removeprefix("## ").replace(" ", "-") for line in text.splitlines() if line.startswith("## ")}
    assert set(re.findall(r"\(#([a-z-]+)\)", text)) <= sections


HOSTILE = Page(
    name="x",
    sentences=(".so /etc/passwd\n'br\\n[a|b]",),
    parameters=(Parameter(written="--x A|B", help="\\fBa|b", variables=(), required=False, positional=False),),
    example=".B x",
    result="y.",
)


def test_no_text_becomes_a_request_or_an_escape_of_roff(monkeypatch):
    monkeypatch.setattr(manual, "pages", lambda: [HOSTILE])
    text = manual.page().partition(".SS x")[2]
    assert "\n.so" not in text
    assert "\n'br" not in text
    assert "\\efBa|b" in text
    assert "\n\\&.B x\n" in text


def test_no_text_breaks_a_table_of_markdown(monkeypatch):
    monkeypatch.setattr(markdown, "pages", lambda: [HOSTILE])
    assert "| `--x A\\|B` | \\fBa\\|b |  |\n" in markdown.page()


def is_man_db() -> bool:
    """Whether there is a man that reads a file that is named: BSD's does not know -l."""
    found = shutil.which("man") and subprocess.run(["man", "--version"], capture_output=True, text=True)
    return bool(found) and found.stdout.startswith("man 2.")


@pytest.mark.skipif(not is_man_db(), reason="man-db is not installed: the man page is not tried with it")
def test_the_man_page_is_shown_by_man(tmp_path):
    environ = {"PATH": "/usr/bin:/bin:/usr/local/bin", "MANWIDTH": "80", "LC_ALL": "C.UTF-8", "HOME": str(tmp_path)}
    done = subprocess.run(["man", "-l", MAN], capture_output=True, text=True, env=environ, timeout=600)
    assert (done.returncode, done.stderr) == (0, "")
    for page in PAGES.values():
        assert page.synopsis.removeprefix("coordinaut ")[:40] in done.stdout
    assert '{"ok": true, "result": ...}' in done.stdout


@pytest.mark.skipif(not shutil.which("mandoc"), reason="mandoc is not installed: the man page is not checked with it")
def test_the_man_page_is_sound_to_mandoc():
    done = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", MAN], capture_output=True, text=True, timeout=600)
    assert [line for line in done.stdout.splitlines() if "missing date" not in line] == []
