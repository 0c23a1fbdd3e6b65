"""The contract's cases of many entries at once: a line that comes from another store."""

import pytest
from writing import attempt, changes_of, entry, listing, put, some_changes, state

from coordinaut_git.documents import StaleHead, Step


def steps_after(store, changes):
    """A step for each of these changes, as whoever has read the newest state makes them."""
    snapshot = store.snapshot(store.head())
    first = snapshot.entries[-1].seq + 1 if snapshot.entries else snapshot.seq + 1
    made = [entry(first + number, one) for number, one in enumerate(changes)]
    written = [changes_of([one]) for one in made]
    written[0] = changes_of(snapshot.entries) | written[0]
    return [Step(entry=one, changes=each) for one, each in zip(made, written, strict=True)]


class ExtendingContract:
    """The cases; part of `StoreContract`."""

    @pytest.mark.parametrize("before", [0, 1, 63, 64, 70])
    def test_many_entries_at_once_are_what_they_are_one_by_one(self, store, other, before):
        for number in range(before):
            put(store, some_changes(number))
        after = [some_changes(number) for number in range(before, before + 150)]
        steps = steps_after(store, after)
        wanted = state(store)
        head = store.extend(store.head(), steps)
        assert other.head() == head
        assert list(other.log(head))[:150] == [step.entry for step in reversed(steps)]
        for changes in after:
            wanted |= {path: None if text is None else text.encode() for path, text in changes.items()}
        assert state(other) == {path: content for path, content in wanted.items() if content is not None}
        assert put(other, {"next.json": "1"}).seq == before + 151

    def test_every_point_of_many_that_came_at_once_can_be_read(self, store, other):
        store.extend(store.head(), steps_after(store, [{"n.json": str(number)} for number in range(1, 131)]))
        points = [point for point, _ in other.walk(other.head())][::-1]
        assert [state(other, point)["n.json"] for point in points] == [str(n).encode() for n in range(1, 131)]

    def test_many_entries_in_portions_give_the_same_line_and_the_same_points(self, store, world):
        steps = steps_after(store, [some_changes(number) for number in range(200)])
        head = store.extend(store.head(), steps[:70])
        rest = [Step(entry=steps[70].entry, changes=changes_of([step.entry for step in steps[64:71]])), *steps[71:]]
        store.extend(head, rest)
        assert list(store.log(store.head()))[::-1] == [step.entry for step in steps]
        assert state(store) == {path: text for path, text in _sum(steps).items() if text is not None}

    def test_nothing_of_what_came_at_once_was_seen_here(self, store):
        store.extend(store.head(), steps_after(store, [{"a.json": "1"}, {"a.json": "2"}]))
        assert [store.seen_ms_ago(seq) for seq in (1, 2)] == [None, None]

    def test_many_entries_at_a_stale_head_are_refused_and_nothing_is_written(self, world, store, other):
        steps = steps_after(store, [{"a.json": "1"}] * 70)
        first = store.head()
        put(other, {"b.json": "2"})
        before = (world.raw_log(), world.raw_documents(), other.head())
        with pytest.raises(StaleHead):
            store.extend(first, steps)
        assert (world.raw_log(), world.raw_documents(), other.head()) == before
        assert listing(other.snapshot(other.head()).documents).keys() <= {"b.json"}

    def test_no_entries_change_nothing(self, store):
        head = attempt(store, {"a.json": "1"})[0]
        assert store.extend(head, []) == head == store.head()

    def test_numbers_that_do_not_follow_on_each_other_are_a_bug_of_the_caller(self, world, store):
        steps = steps_after(store, [{"a.json": "1"}] * 3)
        for wrong in ([steps[1]], [steps[0], steps[2]]):
            with pytest.raises(ValueError, match=r"number|seq"):
                store.extend(store.head(), wrong)
        assert world.raw_log() == []


def _sum(steps):
    return changes_of([step.entry for step in steps])
