"""The contract's case of everything at once: two handles to one store, step by step beside the store in memory.

Rule 1: after every step both handles see what the model has. A point that was ever the head stays readable as it was.
"""

import itertools
import os

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from writing import attempt, changes_of, entry, listing, seq_of, state

from coordinaut_git.documents import FORMAT, StaleHead, Step
from coordinaut_git.stores.memory import MemoryStore

LONG = bool(os.environ.get("COORDINAUT_LONG"))
PATHS = ("a.json", "f/b.json", "f/c.json", "f/g/d.json", "f/g/h/e.json", "ü/ä b.json", 'q/"\\\\`$.json', "-o/--x.json")
TEXTS = st.one_of(
    st.integers(0, 99).map(lambda n: f'{{"n":{n},"text":"ü \\"{n}\\""}}\n'),
    st.sampled_from(
        ["", "{}\n", "{}", '{"base64":"AA=="}\n', "\r\n", '{"b":1, "a":2}\n', "x" * 5_000, "\x00\x7f\u2028"]
    ),
)
CHANGES = st.dictionaries(st.sampled_from(PATHS), st.none() | TEXTS, max_size=4)
HANDLE = st.integers(0, 1)
PLACE = st.integers(0, 200)


class TwoHandles(RuleBasedStateMachine):
    """One store, two handles to it, and the model. `fresh` gives a world whose store has not been created."""

    def __init__(self, fresh):
        super().__init__()
        self.world, self.model = fresh(), MemoryStore()
        self.handles = [self.world.open(), self.world.open()]

    @initialize(which=HANDLE)
    def create(self, which):
        assert self.handles[0].head() is self.handles[1].head() is None
        assert self.handles[which].create() is self.model.create() is True
        assert not self.handles[1 - which].create()
        self.points = [(self.handles[which].head(), self.model.head())]

    def point(self, place):
        return self.points[place % len(self.points)]

    def next_entry(self, changes):
        return entry(len(self.points), changes)

    @rule(which=HANDLE, changes=CHANGES)
    def commit(self, which, changes):
        real, model = self.points[-1]
        head, written = attempt(self.handles[which], changes, real)
        self.points.append((head, self.model.commit(model, written, lambda: changes_of([written]))))

    @rule(which=HANDLE, changes=CHANGES, place=PLACE)
    def commit_at_an_old_point(self, which, changes, place):
        real, _ = self.point(place)
        if real == self.points[-1][0]:
            return
        try:
            attempt(self.handles[which], changes, real)
        except StaleHead:
            return
        raise AssertionError("a stale head was taken")

    @rule(which=HANDLE, documents=st.dictionaries(st.sampled_from(PATHS), TEXTS, max_size=4))
    def rewrite(self, which, documents):
        real, model = self.points[-1]
        # An entry of the contract says what it changes: all others go.
        new = self.next_entry(dict.fromkeys(state(self.model, model)) | documents)
        contents = {path: text.encode() for path, text in documents.items()}
        head = self.handles[which].rewrite(real, new, lambda: contents)
        self.points.append((head, self.model.rewrite(model, new, lambda: contents)))

    @rule(which=HANDLE, several=st.lists(CHANGES, min_size=1, max_size=70), portion=st.integers(1, 70))
    def extend(self, which, several, portion):
        real, model = self.points[-1]
        snapshot = self.handles[which].snapshot(real)
        entries = [entry(len(self.points) + number, changes) for number, changes in enumerate(several[:portion])]
        steps = [Step(entry=one, changes=changes_of([one])) for one in entries]
        first = Step(entry=entries[0], changes=changes_of([*snapshot.entries, entries[0]]))
        head = self.handles[which].extend(real, [first, *steps[1:]])
        self.model.extend(model, steps)
        heads = [point for point, _ in itertools.islice(self.handles[1 - which].walk(head), len(entries))]
        self.points += zip(
            reversed(heads),
            reversed([point for point, _ in itertools.islice(self.model.walk(self.model.head()), len(entries))]),
            strict=True,
        )

    @rule(which=HANDLE, wrong=st.sampled_from([-1, 1, 2]))
    def commit_a_wrong_number(self, which, wrong):
        try:
            self.handles[which].commit(self.points[-1][0], entry(len(self.points) + wrong), dict)
        except ValueError:
            return
        raise AssertionError("a number that is not the next was taken")

    @rule(which=HANDLE)
    def fail_while_giving_documents(self, which):
        real, model = self.points[-1]
        new = self.next_entry({})

        def fails():
            raise ZeroDivisionError

        try:
            head = self.handles[which].commit(real, new, fails)
        except ZeroDivisionError:
            return
        self.points.append((head, self.model.commit(model, new, dict)))

    @rule(which=HANDLE, place=PLACE)
    def read_the_state_at_any_point(self, which, place):
        real, model = self.point(place)
        assert state(self.handles[which], real) == state(self.model, model)
        snapshot = self.handles[which].snapshot(real)
        assert (snapshot.head, seq_of(snapshot)) == (real, self.points.index((real, model)))

    @rule(which=HANDLE, old=PLACE, new=PLACE)
    def read_what_came_since(self, which, old, new):
        (old_real, old_model), (new_real, new_model) = self.point(old), self.point(new)
        assert self.handles[which].since(old_real, new_real) == self.model.since(old_model, new_model)

    @rule(which=HANDLE, place=PLACE)
    def read_the_log(self, which, place):
        real, model = self.point(place)
        assert list(self.handles[which].log(real)) == list(self.model.log(model))
        known = dict(self.points)
        assert [(known[each], body) for each, body in self.handles[which].walk(real)] == list(self.model.walk(model))

    @rule(which=HANDLE, place=PLACE)
    def back_up(self, which, place):
        real, _ = self.point(place)
        label = f"20261122T160000Z-{self.points.index(self.point(place))}"
        assert self.handles[which].backup(real, label) == self.handles[1 - which].backup(real, label) != ""

    @rule(which=HANDLE, place=PLACE)
    def read_the_format(self, which, place):
        assert self.handles[which].format(self.point(place)[0]) == FORMAT

    @rule(which=HANDLE)
    def open_again(self, which):
        self.handles[which].close()
        self.handles[which] = self.world.open()
        assert self.handles[which].create() is False

    @invariant()
    def both_handles_see_the_newest_point(self):
        if hasattr(self, "points"):
            assert {handle.head() for handle in self.handles} == {self.points[-1][0]}
            assert len({real for real, _ in self.points}) == len(self.points)

    def teardown(self):
        if hasattr(self, "points"):
            real, model = self.points[-1]
            assert self.world.raw_log() == [body for _, body in self.model.walk(model)][::-1]
            assert self.world.raw_documents() == listing(self.handles[0].snapshot(real).documents)
        self.world.close()


class ModelContract:
    """The case; part of `StoreContract`."""

    def test_two_handles_behave_like_the_store_in_memory_whatever_the_order(self, world):
        numbers = itertools.count()

        def fresh():
            folder = world.folder / f"run-{next(numbers)}"
            folder.mkdir()
            return type(world)(folder)

        run_state_machine_as_test(
            lambda: TwoHandles(fresh),
            settings=settings(
                max_examples=500 if LONG else 8,
                stateful_step_count=60 if LONG else 40,
                deadline=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
