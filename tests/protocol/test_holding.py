"""What a lease holds after giving and receiving, against sets of paths: every path of small worlds is tried."""

import pytest
from scope_patterns import LONG, SEED, WORLDS, Listing, Scope, World

from coordinaut_git.protocol.holding import MAX_PARTS, Parts, given, holds, meet, parts_of, received
from coordinaut_git.protocol.model import Part
from coordinaut_git.protocol.scope import MAX_PATTERNS, check_scope, within

EXCHANGES = 1_500 if LONG else 150
"""For each of five worlds; each is of several steps."""


class Exchanges(Listing):
    """Layers made by giving and receiving, and the same as sets of the listed paths."""

    def layers_hold(self, parts: Parts) -> int:
        """The paths that layers hold, as bits."""
        found = 0
        for part in parts:
            found |= self.held(part.files, part.without)
        return found

    def some_layer_has(self, path: str, parts: Parts) -> bool:
        """Whether layers hold a path, of this world or not."""
        return any(self.judge(path, part.files, part.without) for part in parts)

    def exchange(self, steps: int) -> tuple[Parts, int, list[tuple[str, Scope]]]:
        """Layers after some giving and receiving, the paths that sets say are held, and what was done."""
        fold, files = self.world.fold, self.scope(1, 2, 3)
        parts, expected, done = (Part(files=files),), self.held(files), [("begin", files)]
        for _ in range(steps):
            files = self.scope(1, 1, 2, 3)
            if self.chance.random() < 0.6:
                parts, expected = given(parts, files, fold=fold), expected & ~self.held(files)
                done.append(("give", files))
            else:
                parts, expected = received(parts, files, fold=fold), expected | self.held(files)
                done.append(("receive", files))
        return parts, expected, done


in_every_world = pytest.mark.parametrize("world", WORLDS, ids=lambda world: world.name)


@in_every_world
def test_what_is_held_is_what_sets_say_after_any_giving_and_receiving(world: World):
    listing = Exchanges(world)
    ended = layered = 0
    for number in range(EXCHANGES):
        parts, expected, done = listing.exchange(number % 7)
        wrong = listing.layers_hold(parts) ^ expected
        where = f"{done} gave {parts} (seed {SEED}, exchange {number})"
        assert not wrong, f"{where}: wrong at {listing.listed(wrong)[:3]}"
        for part in parts:
            path = within(part.files, part.without, fold=world.fold)
            assert path is not None, f"{where}: {part} holds nothing"
            assert listing.judge(path, part.files, part.without), f"{where}: {path}"
            for scope in (part.files, part.without):
                assert not scope or check_scope(scope) == scope, where
        ended, layered = ended + (not parts), layered + (len(parts) > 1)
    assert ended > EXCHANGES // 50, "some must have given everything away"
    assert layered > EXCHANGES // 20, "some must have got a part of it back"


@in_every_world
def test_two_meet_exactly_if_both_hold_some_path(world: World):
    listing = Exchanges(world)
    apart = met = 0
    for number in range(EXCHANGES):
        (mine, mine_listed, _), (theirs, theirs_listed, _) = listing.exchange(number % 4), listing.exchange(2)
        meeting = meet(mine, theirs, fold=world.fold)
        where = f"{mine} and {theirs}: {meeting} (seed {SEED}, exchange {number})"
        if meeting is None:
            both = mine_listed & theirs_listed
            assert not both, f"{where}, but both hold {listing.listed(both)[:3]}"
            apart += 1
        else:
            assert listing.some_layer_has(meeting.example, mine), where
            assert listing.some_layer_has(meeting.example, theirs), where
            met += 1
    assert min(apart, met) > EXCHANGES // 20


@in_every_world
def test_who_gives_and_who_receives_never_meet_and_nothing_is_lost_between_them(world: World):
    listing = Exchanges(world)
    for number in range(EXCHANGES // 4):
        mine, theirs = (Part(files=listing.scope(1, 2)),), ()
        together = listing.layers_hold(mine)
        for turn in range(8):
            files = listing.scope(1, 1, 2)
            mine, theirs = given(mine, files, fold=world.fold), received(theirs, files, fold=world.fold)
            mine, theirs = (theirs, mine) if turn % 2 else (mine, theirs)
            together |= listing.held(files)
            where = f"{mine} and {theirs} (seed {SEED}, exchange {number})"
            assert meet(mine, theirs, fold=world.fold) is None, where
            assert listing.layers_hold(mine) | listing.layers_hold(theirs) == together, where


@in_every_world
def test_a_path_is_held_exactly_if_some_layer_has_it(world: World):
    listing = Exchanges(world)
    for path in listing.chance.sample(world.paths, 150):
        parts, *_ = listing.exchange(4)
        if parts:
            first, *also = parts
            lease = Lease(files=first.files, without=first.without, also=tuple(also))
            assert parts_of(lease) == parts
            assert holds(lease, path, fold=world.fold) == listing.some_layer_has(path, parts), (parts, path)


class Lease:
    """What `holds` sees of a lease."""

    def __init__(self, *, files: Scope, without: Scope, also: Parts) -> None:
        self.files, self.without, self.also = files, without, also


@in_every_world
def test_an_exchange_that_goes_on_for_ever_does_not_pile_up(world: World):
    """Two trade the same few patterns, which cut into each other, to and fro."""
    listing = Exchanges(world)
    for number in range(4):
        pool = listing.scope(4)
        mine, theirs = (Part(files=listing.scope(3)),), (Part(files=listing.scope(3)),)
        for turn in range(150):
            files = (listing.chance.choice(pool),)
            mine, theirs = (
                (given(mine, files, fold=world.fold), received(theirs, files, fold=world.fold))
                if turn % 2
                else (received(mine, files, fold=world.fold), given(theirs, files, fold=world.fold))
            )
            for parts in (mine, theirs):
                where = f"{parts} (seed {SEED}, pool {number}, turn {turn})"
                assert len(parts) <= MAX_PARTS // 2, where
                assert all(len(part.files) + len(part.without) < MAX_PATTERNS // 8 for part in parts), where


def test_a_file_out_of_a_folder_and_back_leaves_no_trace():
    whole = (Part(files=("src/**", "docs/")),)
    less = given(whole, ("src/a.py",), fold=False)
    assert less == (Part(files=("src/**", "docs/"), without=("src/a.py",)),)
    assert received(less, ("src/a.py",), fold=False) == whole


def test_what_is_given_away_word_for_word_leaves_no_trace():
    whole = (Part(files=("src/**", "docs/")),)
    assert given(whole, ("docs/",), fold=False) == (Part(files=("src/**",)),)
    assert given(whole, ("docs", "src"), fold=False) == ()
    assert given(whole, ("lib/",), fold=False) == whole


def test_half_of_what_was_given_can_come_back():
    less = given((Part(files=("src/**",)),), ("src/api/",), fold=False)
    assert received(less, ("src/api/v1/",), fold=False) == (*less, Part(files=("src/api/v1/",)))


def test_what_comes_back_in_a_wider_pattern_takes_the_place_of_what_it_holds():
    held = (Part(files=("src/**",), without=("src/a*",)), Part(files=("src/a.py",)))
    assert received(held, ("src/*.py",), fold=False) == (held[0], Part(files=("src/*.py",)))


def test_case_is_ignored_where_it_is_said():
    whole = (Part(files=("src/**",)),)
    assert given(whole, ("SRC/A.py",), fold=False) == whole
    assert given(whole, ("SRC/A.py",), fold=True) == (Part(files=("src/**",), without=("SRC/A.py",)),)
