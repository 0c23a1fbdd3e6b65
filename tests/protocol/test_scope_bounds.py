"""Hostile patterns are answered within a bound, and a thousand leases are cheap.

Times are of the processor, not of the wall, and are bounded at many times of what was measured.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from oracles import covered

from coordinaut_git.protocol.scope import check_scope, covers, meeting

BOUND_S = 30.0


@contextmanager
def bounded(bound_s: float = BOUND_S) -> Iterator[None]:
    before = time.process_time()
    yield
    spent = time.process_time() - before
    assert spent < bound_s, f"{spent:.2f} s of processor time; {bound_s} s are allowed"


def _classes(first: int, lead: str, count: int) -> str:
    return "".join(f"{lead}[{chr(first + n)}-{chr(0x10FFFF - n)}]" for n in range(count))


@pytest.mark.parametrize(
    ("mine", "theirs", "meet"),
    [
        ("*a" * 300 + "*", "*b" * 300 + "*", True),
        ("*a" * 300, "*b" * 300, False),
        ("*a" * 300 + "*", "b" * 600, False),
        ("?" * 1000, "*?" * 500, True),
        ("?" * 1000, "*b*?" * 255 + "b", True),
        ("*?" * 500, "a" * 499, False),
        ("**/a/" * 200 + "x", "**/b/" * 200 + "x", True),
        ("**/" + "a/" * 500 + "x", "**/" + "b/" * 500 + "x", True),
        ("*/" * 500 + "x", "*/" * 500 + "y", False),
        ("**/" + "?/" * 500, "**/" + "[ab]/" * 200, True),
        ("**/" + "*a*/" * 250, "**/" + "*b*/" * 250, True),
        (_classes(0x4E00, "", 200), _classes(0x3E00, "*", 170), True),
        ("".join(f"[!{chr(0x4E00 + n)}]" for n in range(200)), "*[!a]" * 190, True),
        ("[" + "".join(chr(0x4000 + 2 * n) for n in range(1000)) + "]", "[\x20-\U0010ffff]" * 2, False),
    ],
    ids=lambda value: value[:12] if isinstance(value, str) else str(value),
)
def test_hostile_patterns_are_read_and_compared_within_the_bound(mine: str, theirs: str, meet: bool):
    with bounded():
        scope = check_scope([mine, theirs])
        met = meeting(scope[:1], scope[1:])
    assert (met is not None) == meet
    with bounded():
        covers(scope, "c" * 4000)
        covers(scope, "/".join(["ab"] * 1300))
    if met is not None:
        assert covers((mine,), met.example)
        assert covers((theirs,), met.example)


def test_matching_does_not_look_back():
    with bounded():
        assert not covers(("*a" * 300 + "b",), "a" * 4000)
        assert not covers(("**/a/" * 200 + "b",), "/".join("a" * 2000))


@pytest.mark.parametrize(
    ("mine", "theirs"),
    [
        ([f"{'?' * 1000}z{n}" for n in range(32)], [f"*a{'*b' * 60}{n}" for n in range(256)]),
        ([f"{'b' * 1000}z{n}" for n in range(32)], [f"*a{'*b' * 60}{n}" for n in range(256)]),
        ([f"{'**/a*/' * 20}{n}" for n in range(256)], [f"b/{'*a/' * 40}{n}" for n in range(256)]),
        ([f"{n}{'*[b-c]' * 18}" for n in range(256)], [f"*{'[a-y]' * 20}{n}" for n in range(256)]),
    ],
    ids=["any characters", "a long name", "folders", "classes"],
)
def test_the_largest_scopes_are_compared_within_a_bound(mine: list[str], theirs: list[str]):
    with bounded(20):
        meeting(check_scope(mine), check_scope(theirs))


def test_a_claim_against_a_thousand_leases_is_cheap():
    kinds = ("src/mod_{}/main.py", "src/mod_{}/", "src/mod_{}/**", "src/*/a{}.py", "docs/page_{}.md")
    leases = [check_scope((kinds[n % 5].format(n), kinds[n * 7 % 5].format(n + 1))) for n in range(1000)]
    mine = check_scope(("app/web/**", "src/mod_x/api.py", "tests/web/", "lib/*/x.py", "package.json"))
    with bounded(0.5):  # measured: 0.02 s at first, 0.003 s from then on
        assert not any(meeting(mine, lease) for lease in leases)


def test_the_shortest_example_is_found_among_many_ways():
    met = meeting(("*a*b*c",), ("*c*a*c",))
    assert met is not None
    assert len(met.example) == 4
    assert covered("*a*b*c", met.example)
    assert covered("*c*a*c", met.example)
