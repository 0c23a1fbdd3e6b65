"""The contract's cases of answers that are lost, late, or come from a store that failed before, during or after."""

import random

import pytest
from writing import changes_of, entry, put, seq_of, state

from coordinaut_git.documents import OutcomeUnknown, StaleHead


class Unreliable:
    """A store between which and its caller something goes wrong; `faults` tells what, call by call."""

    def __init__(self, store, other, faults):
        self.store, self.other, self.faults, self.met = store, other, faults, []

    def __getattr__(self, name):
        return getattr(self.store, name)

    def commit(self, expected, new, changes):
        fault = next(self.faults)
        self.met.append(fault)
        match fault:
            case "lost before":
                raise OutcomeUnknown(new.id)
            case "lost after":
                self.store.commit(expected, new, changes)
                raise OutcomeUnknown(new.id)
            case "overtaken before":
                put(self.other, {"other.json": new.id})
            case "overtaken after, and lost":
                self.store.commit(expected, new, changes)
                put(self.other, {"other.json": new.id})
                raise OutcomeUnknown(new.id)
            case "overtaken while it writes":
                return self.store.commit(expected, new, self.overtaken(changes))
            case "opened again":
                self.store.close()
        return self.store.commit(expected, new, changes)

    def overtaken(self, changes):
        def late():
            put(self.other, {"other.json": "during"})
            return changes()

        return late


FAULTS = (
    "none",
    "lost before",
    "lost after",
    "overtaken before",
    "overtaken after, and lost",
    "overtaken while it writes",
    "opened again",
)


def drawn(seed):
    generator = random.Random(seed)
    while True:
        yield generator.choice(FAULTS)


class FaultContract:
    """The cases; part of `StoreContract`."""

    @pytest.mark.parametrize("seed", [1, 2])
    def test_whatever_goes_wrong_on_the_way_each_operation_is_written_once(self, world, store, other, seed):
        unreliable = Unreliable(store, other, drawn(seed))
        written = [put(unreliable, {"n.json": str(number), f"{number % 5}.json": "1"}) for number in range(45)]
        assert set(unreliable.met) == set(FAULTS)
        log = list(store.log(store.head()))[::-1]
        names = [one.id for one in log]
        assert len(set(names)) == len(names) == len(world.raw_log())
        assert [name for name in names if name in {one.id for one in written}] == [one.id for one in written]
        assert changes_of(log) == state(other)

    def test_a_store_that_failed_while_it_was_given_the_documents_has_written_nothing(self, world, store, other):
        """Also where the failure is none of ours: an interrupt, a bug of the caller."""
        for number in range(2):
            put(store, {"n.json": str(number)})
            before = (world.raw_log(), world.raw_documents())
            for error in (KeyboardInterrupt, MemoryError, StaleHead, OutcomeUnknown):
                head = store.head()
                try:
                    store.rewrite(head, entry(seq_of(store.snapshot(head)) + 1), raising(error))
                except error:
                    assert (store.head(), other.head()) == (head, head)
                else:
                    raise AssertionError("the documents were not asked for")
            assert (world.raw_log(), world.raw_documents()) == before

    def test_an_operation_that_is_asked_for_again_is_not_written_again(self, world, store, other):
        """It is refused, or, where a network may repeat what it carries, answered as it was."""
        head = store.head()
        one = entry(1, {"a.json": "1"})
        after = store.commit(head, one, lambda: {"a.json": b"1"})
        for handle in (store, other):
            try:
                assert handle.commit(head, one, lambda: {"a.json": b"1"}) == after
            except StaleHead:
                assert handle.head() == after
        assert store.since(head, after) == (one,)
        assert len(world.raw_log()) == 1


def raising(error):
    def fails():
        raise error

    return fails
