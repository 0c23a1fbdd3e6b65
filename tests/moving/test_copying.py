"""A line copied from store to store: the same operations, the documents they give, and nothing of anybody else's."""

import json
from dataclasses import replace

import pytest
from moved_scene import busy_world
from world import World, everything

from coordinaut_git.coordinator import state_at
from coordinaut_git.documents import OutcomeUnknown, StaleHead
from coordinaut_git.errors import CoordinautError, environment
from coordinaut_git.moving.copying import Parted, check_copy, check_prefix, copy
from coordinaut_git.moving.lines import PORTION, portions, same_newest, seq_of
from coordinaut_git.plumbing.repository import find
from coordinaut_git.stores.git.store import open_git_store
from coordinaut_git.stores.json import open_json_store
from coordinaut_git.stores.memory import MemoryStore
from coordinaut_git.stores.sql import open_sqlite_store


def silent(_done, _of):
    pass


@pytest.fixture(scope="module")
def busy():
    return busy_world(2 * PORTION + 70)


@pytest.fixture
def places(tmp_path, git):
    """Opens an empty store by name."""

    def make(name):
        if name == "git":
            git(tmp_path, "init", "--quiet", "repository")
            return open_git_store(find(tmp_path / "repository"))
        if name == "json":
            return open_json_store(tmp_path / "json", flush=False)
        return open_sqlite_store(tmp_path / "state.sqlite", flush=False) if name == "sqlite" else MemoryStore()

    return make


@pytest.mark.parametrize("name", ["memory", "git", "json", "sqlite"])
def test_a_copy_has_the_same_operations_and_documents_at_every_point(busy, places, name):
    source, target = busy.store, places(name)
    told = []
    assert copy(source, source.head(), target, lambda done, of: told.append((done, of))) == seq_of(
        source, source.head()
    )
    check_copy(source, source.head(), target)
    assert told[-1][0] == told[-1][1] == seq_of(source, source.head())
    assert [entry.body for entry in target.log(target.head())] == [entry.body for entry in source.log(source.head())]
    points = [list(store.walk(store.head())) for store in (source, target)]
    for place in (0, 1, 70, 300, len(points[0]) - 1):
        states = [state_at(store, walked[place][0]) for store, walked in zip((source, target), points, strict=True)]
        assert everything(states[0]) == everything(states[1])
    target.close()


@pytest.mark.parametrize("name", ["git", "json", "sqlite"])
def test_a_copy_goes_on_wherever_it_was_left(busy, places, name):
    source, target = busy.store, places(name)
    points = [point for point, _ in source.walk(source.head())][::-1]
    for seq in (1, 63, 64, PORTION - 1, PORTION, PORTION + 1, len(points)):
        copy(source, points[seq - 1], target, silent)
        check_copy(source, points[seq - 1], target)
    target.close()


@pytest.mark.parametrize("after", [0, 1, PORTION - 1, PORTION, PORTION + 1, 2 * PORTION, 2 * PORTION + 70])
def test_portions_give_every_operation_after_a_number_once_and_in_order(busy, after):
    newest = seq_of(busy.store, busy.store.head())
    read = [entry.seq for portion in portions(busy.store, busy.store.head(), after) for entry in portion]
    assert read == list(range(after + 1, newest + 1))


def test_another_history_is_seen_and_left_as_it_is(busy):
    other = World()
    other.create("mallory")
    before = other.store.head()
    for refusing in (check_prefix, lambda *given: copy(*given, silent)):
        with pytest.raises(Parted):
            refusing(busy.store, busy.store.head(), other.store)
    assert other.store.head() == before


def test_a_history_that_went_on_elsewhere_is_another_one(busy):
    ahead = MemoryStore()
    copy(busy.store, busy.store.head(), ahead, silent)
    World(store=ahead).create("bob")
    for refusing in (check_prefix, check_copy, lambda *given: copy(*given, silent)):
        with pytest.raises(Parted):
            refusing(busy.store, busy.store.head(), ahead)
    assert same_newest(busy.store, busy.store.head(), ahead, ahead.head())


class Unsure(MemoryStore):
    """Loses the answer, or the race, at every other time that many entries come."""

    def __init__(self, fault, *, written):
        super().__init__()
        self.fault, self.written, self.times = fault, written, 0

    def extend(self, expected, steps):
        self.times += 1
        if self.times % 2:
            if self.written:
                super().extend(expected, steps)
            raise self.fault
        return super().extend(expected, steps)


@pytest.mark.parametrize(
    ("fault", "written"), [(OutcomeUnknown(), True), (OutcomeUnknown(), False), (StaleHead(), False)]
)
def test_a_lost_answer_or_race_copies_nothing_twice(busy, fault, written):
    target = Unsure(fault, written=written)
    copy(busy.store, busy.store.head(), target, silent)
    check_copy(busy.store, busy.store.head(), target)
    assert target.times > 2


def test_documents_that_are_not_what_the_operations_give_are_not_passed_on(busy):
    source, target = MemoryStore(), MemoryStore()
    copy(busy.store, busy.store.head(), source, silent)
    point = source.pool.point(source.head())
    path = next(path for path in busy.state.contents() if path.startswith("tasks/"))
    wrong = point.documents.get(path).replace(b"something", b"SOMETHING")
    source.pool._points[point.head] = replace(point, documents=point.documents.changed({path: wrong}))
    copy(source, source.head(), target, silent)
    with pytest.raises(CoordinautError) as caught:
        check_copy(source, source.head(), target)
    assert (caught.value.code, caught.value.details["path"]) == ("documents_differ", path)
    assert "coordinaut migrate" in caught.value.hint


def test_large_operations_go_over_in_several_parts():
    world, sizes = World(), []
    for _ in range(120):
        world.say("alice", "x" * 16_000, to="bob")

    class Counting(MemoryStore):
        def extend(self, expected, steps):
            sizes.append(sum(len(step.entry.body) + sum(map(len, step.changes.values())) for step in steps))
            return super().extend(expected, steps)

    copy(world.store, world.store.head(), target := Counting(), silent)
    check_copy(world.store, world.store.head(), target)
    assert len(sizes) > 2
    assert max(sizes) < 2 * 1024 * 1024
    assert json.loads(next(target.log(target.head())).body)["seq"] == 120


class Narrow(MemoryStore):
    """Takes no more than so many bytes at once, as a server does, or a proxy before it."""

    def __init__(self, most_bytes):
        super().__init__()
        self.most_bytes = most_bytes

    def extend(self, expected, steps):
        if sum(len(step.entry.body) for step in steps) > self.most_bytes:
            raise environment("too_large", "That is more than I take.")
        return super().extend(expected, steps)


def test_a_target_that_takes_little_at_once_gets_smaller_parts(busy):
    longest = max(len(entry.body) for entry in busy.store.log(busy.store.head()))
    copy(busy.store, busy.store.head(), target := Narrow(3 * longest), silent)
    check_copy(busy.store, busy.store.head(), target)


def test_a_target_that_does_not_even_take_one_operation_says_so(busy):
    shortest = min(len(entry.body) for entry in busy.store.log(busy.store.head()))
    with pytest.raises(CoordinautError) as caught:
        copy(busy.store, busy.store.head(), Narrow(shortest - 1), silent)
    assert caught.value.code == "too_large"
