"""The tidy test: it reads the project and holds it to the house rules."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import house_rules
import pytest
from project_guard import PROJECT

PACKAGE = PROJECT / "coordinaut_git"
PYTHON = house_rules.texts(".py")
PROSE = house_rules.texts(".py", ".md", ".toml", ".sh", "Makefile", "run", "smoke")
PROTOCOL_PAGE = PROJECT / "docs" / "protocol.md"
RULE = r"^- \*\*R(\d+) "


def complaints(files: list[Path], rule: Callable[[str], Iterator[str]]) -> list[str]:
    return [f"{file.relative_to(PROJECT)}:{text}" for file in files for text in rule(file.read_text("utf-8"))]


@pytest.mark.parametrize("rule", [house_rules.long_file, house_rules.long_functions], ids=lambda rule: rule.__name__)
def test_files_and_functions_are_small_everywhere(rule):
    assert not (found := complaints(PYTHON, rule)), "\n".join(found)


@pytest.mark.parametrize("rule", [house_rules.no_docstring, house_rules.tabs], ids=lambda rule: rule.__name__)
def test_every_module_introduces_itself_and_is_indented_with_spaces(rule):
    assert not (found := complaints(PYTHON, rule)), "\n".join(found)


@pytest.mark.parametrize("rule", [house_rules.unfinished, house_rules.foreign_places], ids=lambda rule: rule.__name__)
def test_nothing_is_left_for_later_and_no_place_outside_is_named(rule):
    found = complaints([file for file in PROSE if file.name != "house_rules.py"], rule)
    assert not found, "\n".join(found)


def test_the_package_imports_nothing_heavy_at_start_up():
    early = [file for file in house_rules.sources() if not house_rules.is_late(file.as_posix())]
    assert not (found := complaints(early, house_rules.heavy_imports)), "\n".join(found)


def test_clock_chance_processes_and_terminal_are_each_behind_one_door():
    found = [
        f"{file.relative_to(PROJECT)}:{text}"
        for file in house_rules.sources()
        for text in house_rules.banned_names(file.read_text("utf-8"), file.relative_to(PACKAGE).as_posix())
    ]
    assert not found, "\n".join(found)


@pytest.mark.skipif(not PROTOCOL_PAGE.exists(), reason="docs/protocol.md is not written yet")
def test_every_rule_of_the_protocol_has_a_test_and_every_such_test_a_rule():
    written = rules_written(PROTOCOL_PAGE.read_text("utf-8"))
    tested = rules_tested(file.read_text("utf-8") for file in house_rules.texts(".py") if file.name != "test_house.py")
    assert written, "docs/protocol.md names no rule in the form '- **R12 one-holder** …'"
    assert sorted(written - tested) == [], "rules without a test named test_rNN_…"
    assert sorted(tested - written) == [], "tests that name a rule that is not written"


@pytest.mark.skipif(not PROTOCOL_PAGE.exists(), reason="docs/protocol.md is not written yet")
def test_every_rule_of_the_protocol_has_its_number_once():
    numbers = re.findall(RULE, PROTOCOL_PAGE.read_text("utf-8"), re.MULTILINE)
    assert len(numbers) == len(set(numbers))


def rules_written(page: str) -> set[int]:
    return {int(number) for number in re.findall(RULE, page, re.MULTILINE)}


def rules_tested(files: Iterator[str]) -> set[int]:
    names = [name for text in files for name in re.findall(r"^ *(?:async )?def (test_\w+)", text, re.MULTILINE)]
    return {int(number) for name in names for number in re.findall(r"(?:^test|_)_?r(\d+)(?=_|$)", name)}


PLANTED = [
    (house_rules.long_file, "x = 1\n" * 401),
    (house_rules.long_functions, "def f():\n" + "    x = 1\n" * 60),
    (house_rules.no_docstring, "x = 1\n"),
    (house_rules.tabs, "if x:\n\ty = 1\n"),
    (house_rules.unfinished, "# TO" + "DO: later\n"),
    (house_rules.unfinished, "x = 1  # FIX" + "ME\n"),
    (house_rules.foreign_places, "see /wo" + "rk/main/x\n"),
    (house_rules.foreign_places, "index = 'https://py" + "pi.org/simple'\n"),
    (house_rules.heavy_imports, "import asyncio\n"),
    (house_rules.heavy_imports, "from importlib import metadata\n"),
    (house_rules.heavy_imports, "try:\n    from rich.table import Table\nexcept ImportError:\n    pass\n"),
]


@pytest.mark.parametrize(("rule", "text"), PLANTED)
def test_a_planted_fault_is_complained_about(rule, text):
    assert len(list(rule(text))) == 1


@pytest.mark.parametrize(
    ("place", "text"),
    [
        ("protocol/decide.py", "from datetime import datetime\nnow = datetime.now()"),
        ("protocol/decide.py", "import datetime as dt\nnow = dt.datetime.now"),
        ("coordinator.py", "import time\ntime.time()"),
        ("coordinator.py", "from time import time_ns\ntime_ns()"),
        ("coordinator.py", "import uuid"),
        ("operations/claims.py", "from os import urandom\nurandom(9)"),
        ("stores/git/store.py", "def f():\n    from secrets import token_hex\n    return token_hex()"),
        ("plumbing/changes.py", "import subprocess"),
        ("plumbing/changes.py", "from subprocess import run"),
        ("plumbing/changes.py", "import os\nos.system('true')"),
        ("render/board.py", "print('x')"),
        ("operations/claims.py", "import sys\nsys.stdout.write('x')"),
        ("coordinator.py", "import os\nos.environ['HOME']"),
        ("plumbing/pygit2_engine.py", "repository.references.x.create_reference('refs/x', oid)"),
        ("plumbing/pygit2_engine.py", "repository.create_reference('refs/x', oid, force=True)"),
        ("stores/git/store.py", "import pygit2\ntry:\n    f()\nexcept pygit2.GitError:\n    pass"),
        ("stores/git/store.py", "from pygit2 import GitError"),
        ("errors.py", "from __future__ import annotations"),
    ],
)
def test_a_banned_name_is_complained_about(place, text):
    assert list(house_rules.banned_names(text, place))


@pytest.mark.parametrize(
    ("place", "text"),
    [
        ("clock.py", "import os, time\nos.urandom(time.time_ns() % 9)"),
        ("plumbing/run.py", "from subprocess import Popen"),
        ("faces/cli/main.py", "print('x')"),
        ("protocol/values.py", "from datetime import datetime\ndatetime.fromtimestamp(0)"),
        ("coordinator.py", "import time\ntime.monotonic()\ntime.sleep(1)"),
        ("render/grid.py", "console.print(table)"),
        ("plumbing/libgit2_errors.py", "import pygit2\npygit2.GitError"),
    ],
)
def test_a_name_at_home_is_not_complained_about(place, text):
    assert list(house_rules.banned_names(text, place)) == []


def test_what_is_heavy_may_be_imported_in_a_function_or_for_types_only():
    text = "if TYPE_CHECKING:\n    import rich\ndef f():\n    import asyncio\n"
    assert list(house_rules.heavy_imports(text)) == []


def test_rules_and_the_tests_that_name_them_are_found():
    assert rules_written("- **R1 one** x\n- **R12 two** y\n  - **R3 not at the margin**\nR4\n") == {1, 12}
    tested = "def test_r1_a():\n    pass\n    def test_x_r12_b(self):\n        pass\ndef test_error2():\n    pass\n"
    assert rules_tested(iter([tested])) == {1, 12}
