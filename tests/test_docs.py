"""What the documentation tells people to type works, and prints what the page shows."""

import os
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from documents import DATA, Block, Command, blocks, commands, pages
from project_guard import PROJECT
from terminal import Terminal, alike

PROGRAMS = Path(sys.executable).parent
INSTALLED = pytest.mark.skipif(
    not (PROGRAMS / "coordinaut").exists(), reason="the project is not installed beside this Python (make test does it)"
)
DISPLAY_ID = re.compile(r"AGT-\d{8}-")


class Reader:
    """Somebody who types what a page says, in a fresh repository, with the ids of today."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._day = f"AGT-{datetime.now(UTC):%Y%m%d}-"  # until a command has printed one: quiet ones print none

    def follow(self, block: Block) -> list[str]:
        """Type a block; gives what went wrong."""
        if block.language == "console":
            return [problem for command in commands(block.text) for problem in self._console(command)]
        _, problems = self._type(f"( set -euo pipefail\n{block.text})", fails=False)
        return problems

    def _console(self, command: Command) -> list[str]:
        printed, problems = self._type(command.text, fails=command.fails)
        if command.printed and not alike(command.printed, printed):
            problems.append("\n".join([f"$ {command.text}", "shows", *command.printed, "but it printed", *printed]))
        return problems

    def _type(self, text: str, *, fails: bool) -> tuple[list[str], list[str]]:
        typed = DISPLAY_ID.sub(self._day, text)
        printed, code = self._terminal.run(typed)
        if fresh := DISPLAY_ID.search("\n".join(printed)):
            self._day = fresh[0]
        if (code != 0) == fails:
            return printed, []
        return printed, ["\n".join([f"$ {typed}", f"ended with {code}", *printed])]


@pytest.fixture
def reader(repository: Path) -> Iterator[Reader]:
    environment = os.environ | {"PATH": f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}", "COLUMNS": "100"}
    with Terminal(repository, environment) as terminal:
        yield Reader(terminal)


def runnable(page: Path) -> list[Block]:
    found = blocks(page.read_text())
    return [block for block in found if block.language in {"console", "bash"} and not block.excuse]


@INSTALLED
@pytest.mark.parametrize("page", [p for p in pages() if runnable(p)], ids=lambda p: str(p.relative_to(PROJECT)))
def test_the_commands_of_a_page_do_what_it_shows(page, reader):
    problems = [f"{page.name}:{block.line}: {text}" for block in runnable(page) for text in reader.follow(block)]
    assert not problems, "\n\n".join(problems)


@pytest.mark.parametrize("page", pages(), ids=lambda p: str(p.relative_to(PROJECT)))
def test_every_block_is_run_excused_or_data(page):
    stray = [
        f"{page.name}:{block.line}: mark this block console, bash or as data, or excuse it (language {block.language!r})"
        for block in blocks(page.read_text())
        if block.language not in DATA | {"console", "bash"} and not block.excuse
    ]
    assert not stray, "\n".join(stray)


@pytest.mark.parametrize("page", pages(), ids=lambda p: str(p.relative_to(PROJECT)))
def test_every_link_to_a_file_of_the_project_leads_somewhere(page):
    targets = re.findall(r"\]\((?!\w+:|#)([^)#\s]+)", page.read_text())
    lost = [target for target in targets if not (page.parent / target).exists()]
    assert not lost, f"{page.name} links to what is not there: {lost}"


def test_a_page_is_read_as_blocks_with_their_excuses():
    page = "text\n<!-- not run: needs a network -->\n```console\n$ a\n```\n\n~~~json\n{}\n~~~\n  ```bash\n  b\n  ```\n"
    first, second, third = blocks(page)
    assert (first.language, first.excuse, first.line) == ("console", "needs a network", 3)
    assert (second.language, second.excuse, second.text) == ("json", None, "{}\n")
    assert (third.language, third.text) == ("bash", "b\n")
    with pytest.raises(ValueError, match="line 1 is not closed"):
        list(blocks("```text\nno end\n"))


def test_a_console_block_is_read_as_commands_with_what_they_print():
    first, second = commands("$ a \\\n    --b\nout\n$ cat <<E\n> x\n> E\nerror: no\n")
    assert (first.text, first.printed, first.fails) == ("a \\\n    --b", ("out",), False)
    assert (second.text, second.fails) == ("cat <<E\nx\nE", True)


@pytest.mark.parametrize(
    ("shown", "printed", "same"),
    [
        (["Created AGT-20260102-001."], ["Created  AGT-20271231-001."], True),
        (["Created AGT-20260102-001."], ["Created AGT-20260102-002."], False),
        (["until 16:30, in 29 min"], ["until 09:00, in 30 min"], True),
        (["a", "...", "z"], ["a", "b", "c", "z"], True),
        (["a", "...", "z"], ["a", "b", "c"], False),
        (["held by ... until"], ["held by x until"], True),
        (["a"], ["a", "b"], False),
    ],
)
def test_printed_lines_are_compared_without_what_changes_from_run_to_run(shown, printed, same):
    assert alike(shown, printed) is same


def test_a_page_that_lies_is_found_out(reader):
    block = Block(line=1, language="console", text="$ echo one\ntwo\n$ false\n$ true\nerror: no\n", excuse=None)
    lie, failed, *succeeded = reader.follow(block)
    assert "but it printed\none" in lie
    assert "ended with 1" in failed
    assert "ended with 0" in succeeded[0]


def test_one_shell_reads_the_whole_page(reader):
    first = Block(line=1, language="console", text="$ mkdir deep; cd deep\n$ export A=AGT-20260102-001\n", excuse=None)
    second = Block(
        line=9, language="console", text="$ basename $PWD; echo $A >&2\ndeep\nAGT-20260102-001\n", excuse=None
    )
    assert reader.follow(first) + reader.follow(second) == []


def test_ids_on_a_page_become_those_of_today(reader):
    text = "$ day=20300101; echo AGT-$day-007 | tr 7 8\n$ echo AGT-20260102-001 | cut -c 1-9\nAGT-20300\n"
    assert reader.follow(Block(line=1, language="console", text=text, excuse=None)) == []


def test_a_bash_block_stops_at_its_first_failure(reader):
    assert len(reader.follow(Block(line=1, language="bash", text="false\ntrue\n", excuse=None))) == 1
