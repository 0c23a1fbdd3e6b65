"""Patterns that cannot be a scope, and what is said about them."""

import pytest

from coordinaut_git.errors import CoordinautError, Kind
from coordinaut_git.protocol.scope import MAX_PATTERNS, check_scope


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("", "is empty"),
        ("./", "is empty"),
        ("/etc/passwd", "is an absolute path"),
        ("/", "is an absolute path"),
        ("!docs/", "begins with !"),
        ("..", "has the part '..'"),
        ("../other", "has the part '..'"),
        ("src/../lib", "has the part '..'"),
        (".", "has the part '.'"),
        ("src/./a", "has the part '.'"),
        ("src//a", "two slashes in a row"),
        ("src//", "two slashes in a row"),
        (".git", "no file in git has: '.git'"),
        (".GiT/config", "no file in git has: '.GiT'"),
        ("sub/.git/hooks", "no file in git has: '.git'"),
        (".[g]it", "no file in git has"),
        ("[.][.]", "no file in git has"),
        ("\\.\\.", "no file in git has"),
        (".[gG][iI][tT]/x", "no file in git has"),
        ("src\\", "a backslash with nothing to escape"),
        ("src\\/a", "a backslash with nothing to escape"),
        ("src\\api", "escapes 'a'"),
        ("[\\d]", "escapes 'd'"),
        ("app/[id", "a class that is not closed"),
        ("[a/b]", "a class that is not closed"),
        ("[]", "a class that is not closed"),
        ("[!]", "a class that is not closed"),
        ("[", "a class that is not closed"),
        ("[!", "a class that is not closed"),
        ("[a\\", "a backslash with nothing to escape"),
        ("[z-a]", "a class that no character is in"),
        ("[[:word:]]", "the unknown class 'word'"),
        ("a\nb", "holds the character U+000A"),
        ("a\x1b[0m", "holds the character U+001B"),
        ("a\x00", "holds the character U+0000"),
        ("a\x7f", "holds the character U+007F"),
        ("a\u2028b", "holds the character U+2028"),
        ("caf\udce9", "holds the character U+DCE9"),
        ("a" * 1025, "has 1,025 characters"),
    ],
)
def test_a_pattern_that_cannot_be_read_is_refused_with_its_reason(pattern: str, said: str):
    with pytest.raises(CoordinautError) as caught:
        check_scope(["src/", pattern])
    assert (caught.value.kind, caught.value.code) == (Kind.INVALID, "bad_pattern")
    assert said in caught.value.message
    assert caught.value.hint
    assert caught.value.message.isprintable()
    assert len(caught.value.message) < 200


def test_a_scope_without_patterns_is_refused():
    with pytest.raises(CoordinautError) as caught:
        check_scope([])
    assert (caught.value.kind, caught.value.code) == (Kind.INVALID, "empty_scope")


def test_a_scope_may_have_256_patterns_and_no_more():
    assert len(check_scope(f"f{n}" for n in range(MAX_PATTERNS))) == 256
    with pytest.raises(CoordinautError) as caught:
        check_scope(f"f{n}" for n in range(MAX_PATTERNS + 1))
    assert (caught.value.kind, caught.value.code) == (Kind.INVALID, "too_many_patterns")
    assert "257" in caught.value.message


def test_a_scope_may_have_32768_characters_and_no_more():
    assert len(check_scope(f"{n:0128}" for n in range(256))) == 256
    with pytest.raises(CoordinautError) as caught:
        check_scope(["x", *(f"{n:01024}" for n in range(32))])
    assert (caught.value.kind, caught.value.code) == (Kind.INVALID, "scope_too_long")
    assert "32,769" in caught.value.message


def test_repeated_patterns_are_kept_once_and_in_order():
    assert check_scope(["b", "a", "./b", "b", "././a", "a/"]) == ("b", "a", "a/")
    assert len(check_scope(["same"] * 300)) == 1


@pytest.mark.parametrize(
    "pattern", ["a" * 1024, "*", ".*", ".git?", ".gitignore", ".github/", "a\\[b\\]", "字/é*", "***", "\\\\"]
)
def test_a_lawful_pattern_is_kept_as_it_was_written(pattern: str):
    assert check_scope([pattern]) == (pattern,)
