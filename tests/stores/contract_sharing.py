"""The contract's cases of several at once: threads, handles, turns in the queue, lost answers."""

import threading

import pytest
from writing import attempt, changes_of, entry, put, seq_of, state

from coordinaut_git.documents import OutcomeUnknown, StaleHead, Store


def in_threads(*works):
    """Run the works at the same moment, each in its thread; gives their results or exceptions in order."""
    results = [None] * len(works)
    start = threading.Barrier(len(works))

    def run(place, work):
        start.wait()
        try:
            results[place] = work()
        except Exception as error:  # noqa: BLE001 - a result like any other, judged by the test
            results[place] = error

    threads = [threading.Thread(target=run, args=item) for item in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def ids(entries):
    return [one.id for one in entries]


class LosesAnswers:
    """A store that does what it is told and then, the first `times`, cannot say so."""

    def __init__(self, store: Store, times: int):
        self.store, self.times = store, times

    def __getattr__(self, name):
        return getattr(self.store, name)

    def commit(self, expected, new, changes):
        head = self.store.commit(expected, new, changes)
        if self.times > 0:
            self.times -= 1
            raise OutcomeUnknown(new.id)
        return head


class SharingContract:
    """The cases; part of `StoreContract`."""

    def test_of_racing_creators_exactly_one_made_it(self, world):
        made = in_threads(*(world.open().create for _ in range(6)))
        assert sorted(made) == [False] * 5 + [True]

    def test_of_two_writers_at_one_head_exactly_one_wins(self, world, store, other):
        for number in range(66):
            head = store.head()
            outcomes = in_threads(
                lambda: attempt(store, {"who.json": "one"}, head),  # noqa: B023 - run before the next round
                lambda: attempt(other, {"who.json": "two"}, head),  # noqa: B023
            )
            won = [place for place, outcome in enumerate(outcomes) if isinstance(outcome, tuple)]
            assert len(won) == 1, outcomes
            assert isinstance(outcomes[1 - won[0]], StaleHead)
            assert state(store) == {"who.json": (b"one", b"two")[won[0]]}
            assert len(world.raw_log()) == number + 1

    def test_a_turn_in_the_queue_is_bounded_and_comes_again(self, store, other):
        inside, leave = threading.Event(), threading.Event()

        def hold():
            with other.queue(120) as held:
                inside.set()
                leave.wait(120)
            return held

        def try_meanwhile():
            assert inside.wait(120)
            with store.queue(0.05) as held:
                leave.set()
            with store.queue(120) as later:
                return held, later

        assert in_threads(hold, try_meanwhile) == [True, (False, True)]

    def test_whoever_did_not_get_a_turn_may_write_all_the_same(self, store, other):
        def write_within(held):
            assert held is False
            put(store, {"a.json": "1"}, wait_s=0)

        with other.queue(120):
            (outcome,) = in_threads(lambda: write_without_turn(store, write_within))
        assert outcome is None
        assert state(other) == {"a.json": b"1"}

    def test_a_turn_within_a_turn_does_not_wait_for_itself(self, store, other):
        with store.queue(120) as outer, other.queue(0) as inner, store.queue(0) as innermost:
            assert outer
            assert inner
            assert innermost
            put(other, {})

    def test_a_turn_ends_when_its_body_fails(self, store, other):
        with pytest.raises(ZeroDivisionError), store.queue(120):
            raise ZeroDivisionError
        assert in_threads(lambda: taken(other)) == [True]

    def test_readers_beside_a_writer_see_whole_states_that_never_go_back(self, world, store):
        done = threading.Event()

        def write():
            try:
                for number in range(150):
                    put(store, {"one.json": str(number), f"many/{number % 5}.json": str(number)})
            finally:
                done.set()

        def read():
            reader, last, reads = world.open(), -1, 0
            while not done.is_set() or reads == 0:
                snapshot = reader.snapshot(reader.head())
                found = state(reader, snapshot.head)
                count = int(found.get("one.json", b"-1"))
                assert count >= last
                assert count + 1 == seq_of(snapshot)
                assert found.get(f"many/{count % 5}.json", b"-1") == str(count).encode()
                last, reads = count, reads + 1
            return last

        outcomes = in_threads(write, read, read)
        assert not [outcome for outcome in outcomes if isinstance(outcome, Exception)], outcomes
        assert state(store)["one.json"] == b"149"

    def test_of_many_threads_every_entry_is_kept_once_in_one_order(self, world, store):
        def work(me):
            handle = world.open()
            return [put(handle, {f"{me}/{number}.json": "1"}).id for number in range(20)]

        outcomes = in_threads(*(lambda me=me: work(me) for me in range(4)))
        log = list(store.log(store.head()))[::-1]
        assert [one.seq for one in log] == list(range(1, 81))
        assert sorted(ids(log)) == sorted(name for outcome in outcomes for name in outcome)
        for outcome in outcomes:
            assert [name for name in ids(log) if name in outcome] == outcome
        assert len(state(store)) == 80
        assert changes_of(log) == state(store)

    def test_a_lost_answer_is_settled_by_the_id_and_nothing_is_written_twice(self, world, store):
        unsure = LosesAnswers(store, times=3)
        written = [put(unsure, {"n.json": str(number)}) for number in range(5)]
        assert ids(store.log(store.head()))[::-1] == ids(written)
        assert len(world.raw_log()) == 5
        assert unsure.times == 0

    def test_a_handle_may_be_closed_twice_and_others_stay(self, world, store, other):
        put(store, {"a.json": "1"})
        store.close()
        store.close()
        put(other, {"b.json": "2"})
        assert state(world.open()) == {"a.json": b"1", "b.json": b"2"}

    def test_a_writer_overtaken_while_it_gives_its_documents_is_stale(self, world, store, other):
        given = 0

        def others_are_faster():
            nonlocal given
            given += 1
            put(other, {"who.json": "others"})
            return {"who.json": b"me"}

        for _ in range(130):
            head = store.head()
            try:
                store.commit(head, entry(seq_of(store.snapshot(head)) + 1), others_are_faster)
            except StaleHead:
                break
            assert given == 0, "the others were faster, and lost what they had written"
        assert given == 1
        assert state(store)["who.json"] == b"others"


def write_without_turn(store, work):
    with store.queue(0.01) as held:
        work(held)


def taken(store):
    with store.queue(120) as held:
        return held
