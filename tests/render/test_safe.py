"""Text from data is shown, never obeyed."""

import subprocess
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coordinaut_git.render.safe import path, printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain, café, 東京, e\u0301, \u00a0", "plain, café, 東京, e\u0301, \u00a0"),
        ("\x1b[31mred\x07\x00", r"\x1b[31mred\x07\x00"),
        ("a\tb\nc\rd", r"a\tb\nc\rd"),
        ("\x7f\x80\x9b31m\x9f", r"\x7f\x80\x9b31m\x9f"),
        ("\u202etxt.exe\u2066\u2069\u200f\u061c", r"\u202etxt.exe\u2066\u2069\u200f\u061c"),
        ("a\u2028b\u2029c", r"a\u2028b\u2029c"),
        ("\u200b\ufeff\u2060\U000e0041", r"\u200b\ufeff\u2060\U000e0041"),
        ("\udcff\udc80", r"\xff\x80"),
        ("\ud800\udfff", r"\ud800\udfff"),
        ("\u0646\u0645\u06cc\u200c\u062e 👨\u200d👩", "\u0646\u0645\u06cc\u200c\u062e 👨\u200d👩"),
    ],
)
def test_what_cannot_be_seen_becomes_a_visible_escape(text, shown):
    assert printable(text) == shown


def test_what_the_caller_keeps_stays():
    assert printable("a\n\tb\x1b", keep="\n\t") == "a\n\tb\\x1b"


@given(st.text(st.characters(codec=None)))
def test_no_control_or_format_character_is_left(text):
    left = {unicodedata.category(one) for one in printable(text) if one not in "\u200c\u200d"}
    assert not left & {"Cc", "Cs", "Zl", "Zp"}
    assert printable(printable(text)) == printable(text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("src/a b.py", "src/a b.py"),
        ("café/東京", "café/東京"),
        ("-rf", "-rf"),
        ('quo"te', r'"quo\"te"'),
        ("back\\slash", r'"back\\slash"'),
        ("new\nline\tand\x1b", r'"new\nline\tand\033"'),
        ("byte\udcff", r'"byte\377"'),
        ("\u202eexe", r'"\342\200\256exe"'),
        (" lead", '" lead"'),
        ("trail ", '"trail "'),
    ],
)
def test_a_path_that_would_not_show_plainly_is_quoted(text, shown):
    assert path(text) == shown


@pytest.fixture(scope="module")
def bare(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bare")
    subprocess.run(["git", "init", "-q", "--bare", folder], check=True)
    return folder


names = st.binary(min_size=1, max_size=20).filter(
    lambda name: not set(name) & set(b"\0/") and name not in (b".", b"..")
)


@settings(max_examples=30)
@given(names)
def test_git_can_read_every_quoted_path(bare, name):
    shown = path(name.decode("utf-8", "surrogateescape"))
    quoted = shown if shown.startswith('"') else f'"{shown}"'
    line = f"100644 blob {'0' * 39}1\t{quoted}\n".encode()
    tree = subprocess.run(
        ["git", "-C", bare, "mktree", "--missing"], input=line, capture_output=True, check=True
    ).stdout
    told = subprocess.run(["git", "-C", bare, "cat-file", "tree", tree.strip()], capture_output=True, check=True).stdout
    assert told[: -len(b"\0") - 20] == b"100644 " + name
