"""The Markdown board shows every text as it is: read back by a Markdown parser, not by the code that wrote it."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from render_examples import LATE, NOW, STATUS, lease, task

from coordinaut_git.render.board import board, code, markdown
from coordinaut_git.render.safe import printable

READER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
MARKUP = st.sampled_from(
    [*"|\\`*_~[]<>()!#&:$@{}+-=.\n\t", "](", "://", "www.", "<b>", "&lt;", "--", "**", "``", "長", " "]
)
nasty = st.lists(st.one_of(MARKUP, st.text(st.characters(codec=None), max_size=3)), max_size=12).map("".join)


def shown(page):
    """The tables of a page as a reader sees them: rows of cell texts; fails on any markup inside a cell but code."""
    rows, inside = [], False
    for token in READER.parse(page):
        if token.type == "tr_open":
            rows.append([])
        inside = {"th_open": True, "td_open": True, "th_close": False, "td_close": False}.get(token.type, inside)
        if inside and token.type == "inline":
            rows[-1].append("".join(map(content, token.children)))
    return [[cell.strip() for cell in row] for row in rows]  # readers differ in which blanks at the ends they keep


def content(token):
    if token.type == "html_inline":
        assert token.content == "<!-- -->"
        return ""
    assert token.type in {"text", "text_special", "code_inline"}, token
    return token.content


@settings(max_examples=400)
@given(nasty)
def test_any_text_is_shown_as_it_is_in_one_cell(text):
    page = f"| a | b |\n| --- | --- |\n| {markdown(text)} | end |\n"
    assert shown(page)[1] == [printable(text).strip(), "end"]


@pytest.mark.parametrize(
    "text",
    [
        "~~x~~",
        "_x_",
        "a __x__",
        "*x*",
        "**x**",
        "[a](b)",
        "![a](b)",
        "<b>",
        "<!-- x",
        "&lt;",
        "`x`",
        "``",
        "a|b",
        r"\|",
        "\\",
        "# x",
    ],
)
def test_every_sort_of_markup_is_shown_as_it_is(text):
    assert shown(f"| a | b |\n| --- | --- |\n| {markdown(text)} | end |\n")[1] == [text, "end"]


@pytest.mark.parametrize("text", ["$x$", ":smile:", "#123"])
def test_markup_that_hosts_add_is_escaped(text):
    assert re.search(r"(?<!\\)[$:#]", markdown(text)) is None


@settings(max_examples=400)
@given(nasty)
def test_any_pattern_is_shown_as_it_is_in_one_cell(text):
    page = f"| a | b |\n| --- | --- |\n| {code(text)} | end |\n"
    assert shown(page)[1] == [printable(text).strip(), "end"]


@pytest.mark.parametrize("text", ["http://x.y", "HTTPS://x", "www.x.y", "WWW.x.y", "me@x.y", "mailto:me@x.y", "@team"])
def test_nothing_looks_like_a_link_or_a_mention_to_a_reader_that_looks_for_bare_ones(text):
    for written in (markdown(text), markdown(f"see {text} there")):
        assert not re.search(r"://|www\.|[^>]@", written, re.IGNORECASE)


@settings(max_examples=40)
@given(nasty)
def test_hostile_documents_leave_the_tables_whole(text):
    held = lease(agentInstance=text or "i", files=[text, "a"], mode=text)
    tasks = [task(title=text, next=text, blockers=[text, text], lease=held), *STATUS["tasks"]]
    page = board({"tasks": tasks, "leases": [held, LATE]}, generated_at=NOW)
    rows = shown(page)
    assert len(rows) == 3 + (1 + 2) + 3 * 2
    assert all(len(row) == 6 for row in rows)
    assert [token.content for token in READER.parse(page) if token.type == "html_block"] == []
    assert page.count("\n## ") == 5


def test_an_unknown_status_comes_last_and_cannot_break_the_page():
    page = board({"tasks": [task(status="new\n# x <b>"), task(status="done")], "leases": []}, generated_at=NOW)
    headings = re.findall(r"^#.*", page, re.MULTILINE)
    assert headings == ["# Task board", "## Done", r"## New&#92;n\# x &lt;b&gt;"]


def test_the_order_of_the_input_does_not_matter():
    turned = {"tasks": STATUS["tasks"][::-1], "leases": STATUS["leases"][::-1], "counts": {}}
    assert board(turned, generated_at=NOW) == board(STATUS, generated_at=NOW)


def test_urgent_tasks_come_first_in_their_table():
    tasks = [task(displayId=f"T{number}", priority=priority) for number, priority in enumerate((3, 0, 2, 0))]
    rows = shown(board({"tasks": tasks, "leases": []}, generated_at=NOW))
    assert [row[0] for row in rows[1:]] == ["T1", "T3", "T2", "T0"]


def test_an_empty_state_is_a_page_without_tables():
    page = board({"tasks": [], "leases": []}, generated_at=NOW)
    assert shown(page) == []
    assert "0 tasks; 0 leases." in page


def test_ordinary_text_stays_readable_in_the_source():
    assert markdown("Fix the login page (again), 50% done - now!") == r"Fix the login page (again), 50% done - now\!"
    assert code("src/**/[a-z]_*.py") == "`src/**/[a-z]_*.py`"
