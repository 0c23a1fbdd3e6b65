"""Subtracted scopes against a second definition: every path of small worlds is tried, every example is judged."""

import pytest
from scope_patterns import LONG, SEED, WORLDS, Listing, World

from coordinaut_git.protocol.pattern import compiled
from coordinaut_git.protocol.remainder import remainder
from coordinaut_git.protocol.scope import covers, meeting, within

ROUNDS = 10_000 if LONG else 1_400
"""For each of five worlds."""


in_every_world = pytest.mark.parametrize("world", WORLDS, ids=lambda world: world.name)


@in_every_world
def test_subtracted_scopes_meet_exactly_if_some_path_is_still_covered_by_both(world: World):
    listing = Listing(world)
    ended = 0
    for number in range(ROUNDS):
        mine, theirs = listing.scope(1, 1, 2, 3), listing.scope(1, 1, 2, 3)
        less, lesser = listing.scope(0, 1, 2, 3), listing.scope(0, 1, 2, 3)
        met = meeting(mine, theirs, fold=world.fold, without_mine=less, without_theirs=lesser)
        where = f"{mine} less {less} and {theirs} less {lesser}: {met} (seed {SEED}, round {number})"
        if met is None:
            shared = listing.held(mine, less) & listing.held(theirs, lesser)
            assert not shared, f"{where}, but both cover {listing.listed(shared)[:3]}"
            ended += bool(listing.held(mine) & listing.held(theirs))
        else:
            assert listing.judge(met.example, (met.mine,), less + lesser), where
            assert listing.judge(met.example, (met.theirs,), less + lesser), where
            assert met.mine in mine, where
            assert met.theirs in theirs, where
    assert ended > ROUNDS // 50, "the rounds must try what only the subtraction keeps apart"


@in_every_world
def test_a_scope_lies_within_another_exactly_if_no_path_is_left_over(world: World):
    listing = Listing(world)
    inside = 0
    for number in range(ROUNDS):
        inner, outer, less = listing.scope(1, 1, 1, 2), listing.scope(1, 3, 5, 9), listing.scope(0, 0, 1, 2)
        path = within(inner, outer, fold=world.fold, without_outer=less)
        where = f"{inner} within {outer} less {less}: {path!r} (seed {SEED}, round {number})"
        if path is None:
            left = listing.held(inner) & ~listing.held(outer, less)
            assert not left, f"{where}, but {listing.listed(left)[:3]} are left over"
            inside += 1
        else:
            assert listing.judge(path, inner), where
            assert not listing.judge(path, outer, less), where
    assert inside > ROUNDS // 50, "the rounds must try scopes that lie within others"


@in_every_world
def test_a_remainder_is_as_short_as_any(world: World):
    listing = Listing(world)
    for _ in range(ROUNDS // 4):
        sides, less = [listing.scope(1, 2), listing.scope(1, 2)], listing.scope(1, 2, 3)
        found = remainder(
            [[compiled(text, fold=world.fold) for text in side] for side in sides],
            [compiled(text, fold=world.fold) for text in less],
            fold=world.fold,
        )
        left = listing.held(sides[0], less) & listing.held(sides[1], less)
        shortest = min(map(len, listing.listed(left)), default=None)
        assert found.settled
        assert (found.path is None) <= (shortest is None), (sides, less, found, SEED)
        assert shortest is None or len(found.path or "") <= shortest, (sides, less, found, SEED)


@in_every_world
def test_a_path_is_covered_exactly_if_it_was_not_given_away(world: World):
    listing = Listing(world)
    for path in listing.chance.sample(world.paths, 200):
        for _ in range(5):
            files, less = listing.scope(1, 3, 5), listing.scope(0, 1, 3)
            assert covers(files, path, fold=world.fold, without=less) == listing.judge(path, files, less), (files, less)


@in_every_world
def test_two_scopes_that_do_not_meet_never_both_hold_a_submodule_that_only_one_gave_parts_of(world: World):
    listing = Listing(world)
    for path in listing.chance.sample(world.paths, 150):
        for _ in range(10):
            mine, theirs, less = listing.scope(1, 2), listing.scope(1, 2), listing.scope(1, 2, 3)
            both = covers(mine, path, fold=world.fold, directory=True, without=less) and covers(
                theirs, path, fold=world.fold, directory=True
            )
            if both:
                assert meeting(mine, theirs, fold=world.fold, without_mine=less), (mine, theirs, less, path)
