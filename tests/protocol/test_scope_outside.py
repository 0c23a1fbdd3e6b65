"""What a scope still covers when it has given parts away, and whether one scope lies within another."""

import pytest
from oracles import covered

from coordinaut_git.protocol.scope import Meeting, check_scope, covers, meeting, within


def test_a_file_given_away_is_no_longer_covered_and_its_neighbours_are():
    assert covers(("src/**",), "src/b.py", without=("src/a.py",))
    assert not covers(("src/**",), "src/a.py", without=("src/a.py",))
    assert not covers(("src/**",), "src/a.py/below", without=("src/a.py",))
    assert covers(("src",), "src", without=("src/**",))


def test_what_is_given_away_is_folded_like_the_scope():
    assert covers(("src/**",), "SRC/A.py", fold=True)
    assert not covers(("src/**",), "SRC/A.py", fold=True, without=("src/a.PY",))
    assert covers(("src/**",), "src/A.py", without=("src/a.py",))


@pytest.mark.parametrize(
    ("files", "without", "held"),
    [
        ("src/", (), True),
        ("src/", ("src/a.py",), True),
        ("src/", ("src/",), False),
        ("src/", ("src/**",), False),
        ("src/", ("src/*",), False),
        ("src/", ("src/?*",), False),
        ("src/", ("src/a*", "src/[!a]*"), False),
        ("src/", ("src/a*", "src/[!ab]*"), True),
        ("src", ("src/**",), False),
        ("**", ("**/*.md",), True),
        ("**", ("src",), False),
    ],
)
def test_a_submodule_is_held_until_all_that_could_be_in_it_is_given_away(files, without, held):
    assert covers((files,), "src", directory=True, without=without) == held


def test_a_submodule_may_have_any_name_that_git_can_hold():
    odd = "a*[\n\udcff"
    assert covers(("**",), odd, directory=True, without=("x/",))
    assert not covers(("**",), odd, directory=True, without=("a\\*\\[*/**",))
    assert not covers(("A*",), "aB", directory=True, fold=True, without=("Ab/**",))


@pytest.mark.parametrize(
    ("mine", "without", "theirs", "example"),
    [
        ("src/**", "src/a.py", "src/a.py", None),  # a file out of a folder
        ("src/**", "src/a.py", "src/", "src/x"),
        ("src/**", "src/a.py", "src/*.py", "src/x.py"),
        ("src/**", "src/api/", "src/api/**", None),  # a folder out of a folder
        ("src/**", "src/api/", "src/api", "src/api"),
        ("src/**", "src/api", "src/*/a.py", "src/x/a.py"),
        ("src/**", "src/*.py", "src/*.py", None),  # a kind of file out of a folder
        ("src/**", "src/*.py", "src/a.*", "src/a."),
        ("src/**", "src/*.py", "src/a.py", None),
        ("src/*.py", "src/*.py", "src/*.py", None),  # the same pattern
        ("src", "src/", "src", "src"),
        ("src/", "src/**", "src", None),  # the same files in other words
        ("src/**", "**", "**", None),  # everything
        ("src/?", "src/[!a-z]", "src/[0-9]", None),
        ("src/?", "src/[!a-z]", "src/*", "src/x"),
        (".*", ".?", ".?", None),
        (".gi?", ".gi[!t]", "**", None),  # .git is no name
        ("a/**/z", "a/z", "a/**/z", "a/x/z"),
        ("a/**/z", "a/*/z", "a/z", "a/z"),
    ],
)
def test_scopes_meet_where_nothing_was_given_away(mine, without, theirs, example):
    there = meeting((mine,), (theirs,), without_mine=(without,))
    back = meeting((theirs,), (mine,), without_theirs=(without,))
    assert there == (example and Meeting(mine=mine, theirs=theirs, example=example))
    assert back == (example and Meeting(mine=theirs, theirs=mine, example=example))


def test_many_parts_given_away_can_be_everything_together():
    parts = ("src/[a-m]*", "src/[!a-z]*", "src/[n-y]*")
    assert meeting(("src/*",), ("src/",), without_mine=parts) == Meeting(mine="src/*", theirs="src/", example="src/z")
    assert meeting(("src/*",), ("src/",), without_mine=parts, without_theirs=("src/z*",)) is None


def test_the_patterns_named_are_those_that_still_cover_the_example():
    met = meeting(("src/a.py", "docs/"), ("src/*", "docs/*.md", "docs/b"), without_mine=("src/", "docs/*.*"))
    assert met == Meeting(mine="docs/", theirs="docs/b", example="docs/b")


def test_what_is_given_away_elsewhere_changes_no_answer():
    assert meeting(("src/a*",), ("src/*",), without_mine=("src/b", "lib")) == meeting(("src/a*",), ("src/*",))


def test_meeting_folds_what_is_given_away():
    assert meeting(("src/A?",), ("SRC/*",), without_mine=("src/a[!B]",), fold=True) == Meeting(
        mine="src/A?", theirs="SRC/*", example="src/ab"
    )
    assert meeting(("src/A?",), ("SRC/*",), without_mine=("src/a[!B]", "sRc/aB"), fold=True) is None
    assert meeting(("?",), ("*",), without_mine=("[!A-Z]", "[a-z]"), fold=True) is None


@pytest.mark.parametrize(
    ("inner", "outer", "without", "example"),
    [
        ("src/a.py", "src/**", (), None),
        ("src/api/", "src/", (), None),
        ("src/", "src/**", (), None),  # the same files
        ("src", "src/**", (), "src"),
        ("src/**", "src/*", (), None),  # what is below a match is covered
        ("src/*.py", "src/?*.py", (), "src/.py"),
        ("src/*", "src/?*", (), None),
        ("**", "src/", (), "x"),
        ("a/**/z", "a/**", (), None),
        ("**/z", "z", (), "x/z"),
        ("*", "[a-z]*", (), "0"),
        ("\\*", "*", (), None),
        ("src/a.py", "src/", ("src/a.py",), "src/a.py"),
        ("src/api", "src/", ("src/api/v1",), "src/api/v1"),
        ("src/api", "src/", ("src/b",), None),
        ("src/*.py", "src/", ("src/test_*",), "src/test_.py"),
        (".gi?", ".gi[!t]", (), None),
        (".[gh]it", "lib/", (), ".hit"),  # .git is no name
    ],
)
def test_a_request_lies_within_a_scope_or_a_path_shows_that_it_does_not(inner, outer, without, example):
    assert within((inner,), (outer,), without_outer=without) == example


def test_a_request_may_lie_within_several_patterns_together():
    assert within(("src/*",), ("src/[a-m]*", "src/[!a-m]*")) is None
    assert within(("src/*", "lib/*.py"), ("src/", "lib/[a-z]*")) == "lib/.py"
    assert within(("README.md",), ("readme.md",), fold=True) is None
    assert within(("README.md", "*"), ("readme.md", "*"), fold=True) is None


def test_within_answers_with_normal_forms_as_check_scope_gives_them():
    scope = check_scope(["./src/**", "src/a.py"])
    assert within(scope, scope) is None
    assert within(scope, scope[1:]) == "src/x"
    assert covered("src/**", "src/x")
