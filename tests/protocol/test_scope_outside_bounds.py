"""What may be hard about scopes that gave parts away is bounded, and what is usual is settled far below the bound.

Times are of the processor and bounded at several times of what was measured.
"""

import pytest
from test_scope_bounds import _classes, bounded

from coordinaut_git.protocol.pattern import compiled
from coordinaut_git.protocol.remainder import MAX_WORK, _Search
from coordinaut_git.protocol.scope import Meeting, check_scope, covers, meeting, within
from coordinaut_git.protocol.track import Track

MANY = range(256)


@pytest.mark.parametrize(
    ("mine", "theirs", "without", "meet"),
    [
        ("*a" * 300 + "*", "*b" * 300 + "*", "*a*", False),
        ("*a" * 300 + "*", "*b" * 300 + "*", "*ab*", True),
        ("?" * 1000, "*b*?" * 255 + "b", "*c*", True),
        ("?" * 1000, "*b*?" * 255 + "b", "*b*", False),
        ("**/a/" * 200 + "x", "**/b/" * 200 + "x", "**/c", True),
        ("**/a/" * 20 + "x", "**/b/" * 20 + "x", "**/a/**/b/", True),
        ("**/" + "*a*/" * 250, "**/" + "*b*/" * 250, "*c*", True),
        (_classes(0x4E00, "", 200), _classes(0x3E00, "*", 170), "*x*", True),
        ("a/" * 500, "**/", "a", False),
    ],
    ids=lambda value: value[:12] if isinstance(value, str) else str(value),
)
def test_hostile_patterns_are_subtracted_within_the_bound(mine: str, theirs: str, without: str, meet: bool):
    with bounded():
        met = meeting((mine,), (theirs,), without_mine=(without,))
    assert (met is not None) == meet
    if met is not None:
        assert covers((mine,), met.example, without=(without,))
        assert covers((theirs,), met.example)


@pytest.mark.parametrize(
    ("inner", "outer", "is_within"),
    [
        ("*a" * 300 + "*", "*a" * 299 + "*", True),
        ("*a" * 299 + "*", "*a" * 300 + "*", False),
        ("**/a/" * 200 + "x", "**/a/" * 199 + "x", True),
        ("**/a/" * 199 + "x", "**/a/" * 200 + "x", False),
        ("?" * 1000, "*?" * 500, True),
        ("?" * 499, "*?" * 500, False),
        ("*" + "?" * 200, "*a" + "?" * 100, False),
    ],
    ids=lambda value: value[:12] if isinstance(value, str) else str(value),
)
def test_hostile_patterns_are_told_to_be_within_each_other_in_the_bound(inner: str, outer: str, is_within: bool):
    with bounded():
        path = within((inner,), (outer,))
    assert (path is None) == is_within
    assert path is None or (covers((inner,), path) and not covers((outer,), path))


INTRICATE = "**/a/" + "?/" * 20 + "?"
"""Whoever follows it without looking back must know at which of the last twenty names an a stood."""


def test_past_the_bound_a_request_is_not_within_and_the_answer_is_its_pattern():
    outer = ("**/a/" + "?/" * 18 + "?",)
    with bounded(6):
        assert within((INTRICATE,), outer) == INTRICATE
    with bounded(0.1):
        assert within((INTRICATE,), outer) == INTRICATE
    assert within(("**/a/?/?/?/?/?",), ("**/a/?/?/?/?",)) is None


def test_past_the_bound_a_meeting_is_assumed_and_the_example_is_one_from_before():
    with bounded(6):
        met = meeting((INTRICATE,), ("**",), without_mine=("**/a/" + "?/" * 18 + "?",))
    assert met == Meeting(mine=INTRICATE, theirs="**", example="a/" + "x/" * 20 + "x")


@pytest.mark.parametrize(
    ("mine", "theirs", "without"),
    [
        ([f"{'**/a*/' * 20}{n}" for n in MANY], [f"b/{'*a/' * 40}{n}" for n in MANY], [f"{'**/b/' * 20}{n}" for n in MANY]),
        ([f"{n}{'*[b-c]' * 18}" for n in MANY], [f"*{'[a-y]' * 20}{n}" for n in MANY], [f"{n}{'*c' * 40}" for n in MANY]),
        ([f"{'?' * 1000}z{n}" for n in range(32)], [f"*{'*b' * 60}{n}" for n in MANY], [f"*x{'*b' * 60}" for _ in MANY]),
    ],
    ids=["folders", "classes", "any characters"],
)  # fmt: skip
def test_the_largest_scopes_are_subtracted_within_a_bound(mine: list[str], theirs: list[str], without: list[str]):
    scopes = check_scope(mine), check_scope(theirs), check_scope(without)
    with bounded(20):
        meeting(scopes[0], scopes[1], without_mine=scopes[2])
        within(scopes[0], scopes[1], without_outer=scopes[2])


USUAL = {
    "folders of a project": (
        [[f"src/mod_{n}/*.py" for n in range(100)]],
        [f"src/mod_{n}/**" for n in range(100)],
    ),
    "all but one file each": (
        [[f"src/mod_{n}/" for n in range(50)], ["src/*/"]],
        [f"src/mod_{n}/{name}" for n in range(50) for name in ("[!x]*", "x?*", "x")],
    ),
    "hundreds of files": (
        [["src/**"], ["src/**"]],
        [f"src/{n % 7}/component_{n}/index.tsx" for n in range(256)],
    ),
    "kinds of files": (
        [[f"**/*.{kind}" for kind in ("py", "md", "ts", "tsx", "css", "html", "json", "yaml")]],
        [f"**/*.{kind}" for kind in ("py", "md", "ts", "tsx", "css", "html", "json", "y*ml")],
    ),
    "packages": (
        [["packages/*/src/**/*.ts", "apps/*/src/**/*.tsx"], ["**/src/**/test_*"]],
        ["packages/*/src/", "apps/web/**", "apps/[!w]*/**", "apps/w[!e]*/**", "apps/w*/**/*.tsx"],
    ),
}


@pytest.mark.parametrize("name", USUAL)
def test_usual_scopes_stay_far_below_the_bound(name: str):
    wanted, unwanted = USUAL[name]
    track = Track(
        [[compiled(text) for text in side] for side in wanted], [compiled(text) for text in unwanted], fold=False
    )
    assert _Search(track, shortest=True).run().settled
    assert track.work < MAX_WORK / 10


def test_leases_that_gave_files_away_are_cheap():
    leases = [(f"src/mod_{n}/", "src/*/shared.py", "src/*/sh?red.py") for n in range(1000)]
    given = tuple(f"src/mod_{n}/a.py" for n in range(50))
    with bounded(0.5):  # measured: 0.05 s
        assert not any(
            meeting(("src/*/shared.py",), (lease[1],), without_theirs=(*given, lease[1])) for lease in leases
        )
    with bounded():  # measured: 0.2 s
        assert not any(meeting(("src/*/shared.py",), lease, without_theirs=(*given, "**/s*")) for lease in leases[:100])


def test_what_is_far_from_the_scope_costs_nothing():
    far = tuple(f"lib/{'**/*a' * 20}{n}" for n in MANY)
    with bounded(1):
        assert meeting(("src/a*",), ("src/*",), without_mine=(*far, "src/a*")) is None
        assert covers(("src/",), "src/a.py", without=far)
