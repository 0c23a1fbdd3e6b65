"""Whether two scopes meet is decided exactly, and shown by a path."""

import random

import pytest
from oracles import covered
from scope_patterns import LONG, SEED, WORLDS, World, lawful

from coordinaut_git.protocol.scope import Meeting, check_scope, meeting

PATTERNS = 600 if LONG else 80
"""Every pattern of a world is tried with every other one: 5 worlds of 120 give 72,000 pairs."""


@pytest.mark.parametrize("world", WORLDS, ids=lambda world: world.name)
def test_two_patterns_meet_exactly_if_some_path_is_covered_by_both(world: World):
    patterns = lawful(world, PATTERNS, random.Random(SEED))
    covered_by = {
        text: sum(1 << at for at, path in enumerate(world.paths) if covered(text, path, fold=world.fold))
        for text in patterns
    }
    for one in patterns:
        for other in patterns:
            met = meeting((one,), (other,), fold=world.fold)
            where = f"{one!r} and {other!r} in the world {world.name}, seed {SEED}"
            if met is None:
                shared = covered_by[one] & covered_by[other]
                assert not shared, f"{where}: {world.paths[shared.bit_length() - 1]!r} is covered by both"
            else:
                assert covered(one, met.example, fold=world.fold), f"{where}: {met.example!r} is not in the first"
                assert covered(other, met.example, fold=world.fold), f"{where}: {met.example!r} is not in the second"


@pytest.mark.parametrize("world", WORLDS, ids=lambda world: world.name)
def test_scopes_of_many_patterns_meet_exactly_if_two_of_their_patterns_do(world: World):
    chance = random.Random(SEED)
    patterns = lawful(world, 60, chance)
    for _ in range(2000):
        mine = check_scope(chance.sample(patterns, chance.randint(1, 4)))
        theirs = check_scope(chance.sample(patterns, chance.randint(1, 4)))
        met = meeting(mine, theirs, fold=world.fold)
        pairs = [(a, b) for a in mine for b in theirs if meeting((a,), (b,), fold=world.fold)]
        assert (met and (met.mine, met.theirs)) == (pairs[0] if pairs else None), f"{mine} {theirs} seed {SEED}"


def test_meeting_is_the_same_from_both_sides():
    chance = random.Random(SEED)
    for world in WORLDS:
        patterns = lawful(world, 40, chance)
        for one in patterns:
            for other in patterns:
                there = meeting((one,), (other,), fold=world.fold)
                back = meeting((other,), (one,), fold=world.fold)
                assert (there is None) == (back is None), (one, other, SEED)


@pytest.mark.parametrize(
    ("mine", "theirs", "example"),
    [
        ("src/a.py", "src/a.py", "src/a.py"),
        ("src", "src/a.py", "src/a.py"),
        ("src/", "src/a.py", "src/a.py"),
        ("src/*/a.py", "src/b/*.py", "src/b/a.py"),
        ("src/a", "src/a/b/*.py", "src/a/b/x.py"),
        ("a/**/z", "**/b/z", "a/b/z"),
        ("*.md", "README*", "README.md"),
        ("**/*.md", "docs/", "docs/x.md"),
        ("[a-m]*", "[k-z]*", "k"),
        ("*a*", "*b*", "ab"),
        ("a*b", "ab*", "ab"),
        ("\\*", "[!a-z]", "*"),
        ("**", "**", "x"),
        ("**/a", "a", "a"),
        ("a/**", "a", "a/x"),
        ("a/", "a", "a/x"),
        ("?", "[[:digit:]]", "0"),
        ("[^ -~]", "?", "¡"),
        ("[\u4e00-\u9fff]x", "字*", "字x"),
        ("**/*.md", "src/a.py", "src/a.py/x.md"),
    ],
)
def test_the_example_is_short_and_readable(mine: str, theirs: str, example: str):
    assert meeting((mine,), (theirs,)) == Meeting(mine=mine, theirs=theirs, example=example)


@pytest.mark.parametrize(
    ("mine", "theirs"),
    [
        ("src/a.py", "src/b.py"),
        ("src/a", "src/ab"),
        ("src/a.py", "lib/"),
        ("*.md", "*.py"),
        ("*.md", "src/a.py"),
        ("a/*/c", "a/b/d"),
        ("src/mod_1/**", "src/mod_11/**"),
        ("[a-m]x", "[n-z]x"),
        ("?", "??"),
        ("a*b", "a*c"),
        ("[!a]", "a"),
        ("README.md", "readme.md"),
        ("package.json", "lib/package.json"),
        (".?it", ".g*t[!x]"),
    ],
)
def test_scopes_apart_do_not_meet(mine: str, theirs: str):
    assert meeting((mine,), (theirs,)) is None


@pytest.mark.parametrize(
    ("mine", "theirs", "example"),
    [
        ("[.]*", "?git", None),
        (".gi?", "?[g][h-j]t", None),
        (".?[i]?", "?G?[t]", None),
        (".*", "?", None),
        (".*", "[.]?", ".x"),
        (".g*", "*it", ".gxit"),
        (".[g]*", "*[.]?[i]t", ".g.xit"),
        ("a/.*/b", "a/?git/b", None),
        ("a/.*/b", "a/?/b", None),
    ],
)
def test_a_name_that_git_cannot_hold_is_no_meeting_point(mine: str, theirs: str, example: str | None):
    met = meeting((mine,), (theirs,))
    assert (met and met.example) == example


def test_with_case_folding_names_that_differ_in_case_meet():
    assert meeting(("README.md",), ("readme.MD",)) is None
    assert meeting(("README.md",), ("readme.MD",), fold=True) == Meeting(
        mine="README.md", theirs="readme.MD", example="readme.md"
    )
    assert meeting(("[A-M]",), ("[b-d]",), fold=True) is not None
    assert meeting(("[!a]",), ("A",), fold=True) is None
    assert meeting(("[!b-z0-~ -@]",), ("[!a]",), fold=True) == Meeting(mine="[!b-z0-~ -@]", theirs="[!a]", example="¡")


def test_folding_is_for_the_letters_a_to_z_as_in_git():
    assert meeting(("Ä",), ("ä",), fold=True) is None


def test_the_first_pair_in_the_order_of_the_scopes_is_reported():
    met = meeting(("docs/", "src/b.py", "src/a.py"), ("lib/", "src/*.py", "src/b.py"))
    assert met == Meeting(mine="src/b.py", theirs="src/*.py", example="src/b.py")
