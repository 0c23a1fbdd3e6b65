"""The contract's cases of a line that is made to end in other entries: what a sync does with it.

Rule 1: every store that is `documents.Joining` keeps them all; test_contract.py counts.
"""

from itertools import islice

import pytest
from contract_sharing import in_threads
from writing import attempt, changes_of, entry, insert, join, listing, put, renumbered, some_changes, state, steps_of

from coordinaut_git.documents import Joining, StaleHead, Step
from coordinaut_git.parting import meet_within


def grow(store, number, first=0):
    """So many operations; gives the points after each, and the one before them."""
    points = [store.head()]
    for one in range(first, first + number):
        put(store, some_changes(one))
        points.append(store.head())
    return points


def beside(store, onto, seq, number):
    """A line of another clone: so many operations after a point that is number `seq`. Ours stays as it is."""
    ours = store.head()
    entries = [
        entry(seq + one, {f"theirs/{one}.json": str(one), "both.json": "theirs"}) for one in range(1, number + 1)
    ]
    theirs = join(store, onto, entries)
    assert store.rebuild(theirs, ours, ()) == ours == store.head()
    return theirs, entries


def log(store, head=None):
    return list(store.log(head or store.head()))[::-1]


def whole(entries):
    """The documents that all operations up to one give."""
    return {path: content for path, content in changes_of(entries).items() if content is not None}


class JoiningContract:
    """The cases. A subclass gives the fixtures `world`, `store` and `other`."""

    def test_it_says_that_it_can(self, store):
        assert isinstance(store, Joining)
        assert (store.first, list(store.back(store.first))) == (store.head(), [])

    @pytest.mark.parametrize(("common", "ours", "theirs"), [(0, 3, 2), (5, 0, 1), (5, 1, 70), (62, 4, 1), (64, 70, 3)])
    def test_the_line_goes_on_from_another_one_with_what_was_ours_after_it(self, store, other, common, ours, theirs):
        points = grow(store, common + ours)
        mine = log(store)
        there, came = beside(store, points[common], common, theirs)
        again = renumbered(mine[common:], common + theirs + 1)
        head = join(store, there, again)
        wanted = [*mine[:common], *came, *again]
        for handle in (store, other):
            assert handle.head() == head
            assert log(handle) == wanted
            assert state(handle) == whole(wanted)
            assert [(head, one.body) for head, one in handle.back(head)] == list(handle.walk(head))
            assert [one for _, one in handle.back(head)] == wanted[::-1]
        assert put(other, {"next.json": "1"}).seq == common + ours + theirs + 1
        grow(other, 66, 500)
        assert state(store) == whole(log(other))

    def test_every_point_of_the_joined_line_can_be_read(self, store, other):
        points = grow(store, 90)
        theirs, _ = beside(store, points[3], 3, 2)
        join(store, theirs, renumbered(log(store)[3:], 6))
        wanted = log(store)
        for head, one in islice(other.back(other.head()), 0, None, 11):
            assert state(other, head) == whole(wanted[: one.seq])

    def test_the_last_commit_carries_all_documents(self, store, other):
        points = grow(store, 5)
        newest = log(store)[-1]
        head = join(store, points[4], [newest])
        snapshot = other.snapshot(head)
        assert (snapshot.seq, snapshot.entries) == (5, ())
        assert listing(snapshot.documents) == state(store) == whole(log(store))
        assert join(store, points[4], [newest]) == head == other.head(), "it does so already"
        assert log(store)[-1] == newest

    def test_the_same_line_has_the_same_name_however_it_came_about(self, store):
        points = grow(store, 6)
        line = log(store)
        one = join(store, points[5], [line[-1]])
        put(store, {"other.json": "1"})
        store.rebuild(store.head(), points[2], ())
        for again in line[2:5]:
            store.commit(store.head(), again, lambda: changes_of(line[: again.seq]))  # noqa: B023 - called at once
        assert join(store, store.head(), [line[-1]]) == one

    def test_a_long_line_that_is_put_there_at_once_is_the_one_that_was_written_one_by_one(self, store, other):
        points = grow(store, 130)
        sealed = join(store, points[129], log(store)[-1:])
        assert join(store, store.first, log(store)) == sealed
        assert [head for head, _ in other.back(sealed)][1:] == points[129:0:-1]

    def test_without_entries_the_line_ends_in_the_other_point_and_nothing_is_written(self, store, other):
        points = grow(store, 4)
        theirs, _ = beside(store, points[2], 2, 3)
        for point in (theirs, points[4], points[0], points[4]):
            assert store.rebuild(store.head(), point, ()) == point == other.head()
        assert [one.seq for one in log(other)] == [1, 2, 3, 4]

    def test_a_stale_head_is_refused_and_nothing_is_written(self, world, store, other):
        points = grow(store, 4)
        theirs, _ = beside(store, points[2], 2, 3)
        put(other, {"a.json": "1"})
        before = world.raw_log(), world.raw_documents(), other.head()
        for expected in (points[4], points[3], theirs):
            with pytest.raises(StaleHead):
                store.rebuild(expected, theirs, steps_of([entry(6, {"b.json": "1"})]))
            with pytest.raises(StaleHead):
                store.rebuild(expected, theirs, ())
        assert (world.raw_log(), world.raw_documents(), other.head()) == before

    def test_numbers_that_do_not_follow_on_the_other_line_are_a_bug_of_the_caller(self, store):
        points = grow(store, 4)
        head = store.head()
        for wrong in ([entry(3)], [entry(6)], [entry(5), entry(7)]):
            with pytest.raises(ValueError, match=r"number|seq"):
                store.rebuild(head, points[4], steps_of(wrong))
        assert store.head() == head

    def test_where_the_documents_cannot_be_nothing_is_written(self, store, other):
        points = grow(store, 4)
        with pytest.raises(ValueError, match="document"):
            store.rebuild(points[4], points[1], [Step(entry=entry(2), changes={"a": b"1", "a/b.json": b"1"})])
        assert store.head() == other.head() == points[4]

    def test_documents_that_are_gone_are_gone(self, store, other):
        put(store, {"a/x.json": "1", "b.json": "1"})
        common = store.head()
        put(store, {"a/x.json": None, "c/y.json": "2"})
        theirs, _ = beside(store, common, 1, 1)
        join(store, theirs, renumbered(log(store)[1:], 3))
        assert state(other) == {"b.json": b"1", "c/y.json": b"2", "theirs/1.json": b"1", "both.json": b"theirs"}
        assert listing(other.snapshot(other.head()).documents) == state(other)

    def test_what_came_since_is_told_from_where_the_lines_part(self, store, other):
        points = grow(store, 70)
        theirs, came = beside(store, points[60], 60, 3)
        old, mine = store.head(), log(store)[60:]
        head = join(store, theirs, renumbered(mine, 64))
        assert other.since(old, head) is None
        apart = meet_within(other, head, old, 1_000).ours
        assert [one.id for one in apart] == [one.id for one in (*came, *mine)]
        assert meet_within(other, head, points[60], 1_000).ours == apart
        assert meet_within(other, points[60], head, 1_000).ours == ()
        assert meet_within(other, head, head, 1).ours == ()
        assert meet_within(other, head, old, 15) is None
        assert [one.seq for one in meet_within(other, head, store.first, 1_000).ours] == list(range(1, 74))

    def test_a_reader_keeps_the_point_that_it_reads(self, store, other):
        points = grow(store, 70)
        before, wanted = other.snapshot(points[70]), state(other)
        theirs, _ = beside(store, points[3], 3, 2)
        join(store, theirs, renumbered(log(store)[3:], 6))
        assert listing(before.documents) == listing(other.snapshot(points[70]).documents)
        assert state(other, points[70]) == wanted

    def test_of_a_writer_and_somebody_who_joins_at_one_head_exactly_one_wins(self, store, other):
        for number in range(20):
            put(store, {"n.json": str(number)})
            head, line = store.head(), log(store)
            theirs, _ = beside(store, store.first, 0, 1)
            again = renumbered(line, 2)
            outcomes = in_threads(
                lambda: attempt(other, {"who.json": "one"}, head),  # noqa: B023 - run before the next round
                lambda: join(store, theirs, again, head),  # noqa: B023
            )
            lost = [outcome for outcome in outcomes if isinstance(outcome, StaleHead)]
            assert len(lost) == 1, outcomes
            assert [one.seq for one in log(other)] == list(range(1, len(line) + 2))

    def test_of_many_threads_that_write_and_join_nothing_is_lost(self, world, store):
        def write(me):
            handle = world.open()
            return [put(handle, {f"{me}/{number}.json": "1"}).id for number in range(12)]

        def sync(me):
            handle = world.open()
            return [insert(handle, {f"{me}/{number}.json": "1"}, below=number % 4).id for number in range(12)]

        outcomes = in_threads(lambda: write("a"), lambda: write("b"), lambda: sync("c"), lambda: sync("d"))
        assert not [one for one in outcomes if isinstance(one, Exception)], outcomes
        line = log(store)
        assert [one.seq for one in line] == list(range(1, 49))
        assert sorted(one.id for one in line) == sorted(name for names in outcomes for name in names)
        assert len(state(store)) == 48
