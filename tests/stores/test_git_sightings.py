"""When a git store first saw an operation, after its line was joined to another one."""

import pytest
from git_scene import another, entry, extend

from coordinaut_git.documents import Step
from coordinaut_git.errors import CoordinautError
from coordinaut_git.plumbing import journal as journal_module
from coordinaut_git.plumbing.journal import Journal
from coordinaut_git.stores.git import sightings as module
from coordinaut_git.stores.git.genesis import GENESIS
from coordinaut_git.stores.git.store import GitStore


@pytest.fixture
def clock(monkeypatch):
    """The clock of the machine, in milliseconds."""
    now = [1_000]
    for where in (module, journal_module):
        monkeypatch.setattr(where, "boottime_ms_now", lambda: now[0])
    return now


@pytest.fixture
def line(store, clock):
    """A line of operations 1 to 6, one each second from 1,000 ms on."""
    head = store.head()
    for seq in range(1, 7):
        clock[0] = 1_000 * seq
        head = extend(store, head, seq, seq)
    return head


def points(store):
    """The names of the points by number."""
    return [GENESIS, *[head for head, _ in store.back(store.head())][::-1]]


def steps(entries):
    """The entries, none of which changes any document."""
    return [Step(entry=one, changes={}) for one in entries]


def elsewhere(store, onto, first, last):
    """Operations of another clone after a point of our line, of which nothing was seen yet; gives where they end."""
    ours = store.head()
    there = another(store)
    there._sightings, there.journal = Silent(), Journal(store.place.own_dir / "elsewhere")
    made = there.rebuild(ours, onto, steps(entry(seq, id=f"theirs_{seq}") for seq in range(first, last + 1)))
    store.engine.swap_ref(store.settings.ref, made, ours)
    return made


class Silent:
    """Another clone's, which is not this one's to read."""

    def joining(self, _before, _onto):
        return 0

    def joined(self, *_):
        pass


def seen_at(store, clock, *numbers):
    return [None if (ago := store.seen_ms_ago(seq)) is None else clock[0] - ago for seq in numbers]


def replay(store, theirs, ours):
    """Put operations of ours (old number: they keep their ids) after the end of their line."""
    last = store.line.point(theirs).seq
    moved = (entry(last + number, id=f"op_{old:06d}") for number, old in enumerate(ours, 1))
    return store.rebuild(store.head(), theirs, steps(moved))


def test_what_was_replayed_keeps_its_sighting_and_what_was_fetched_is_seen_now(store, clock, line):
    theirs = elsewhere(store, points(store)[4], 5, 7)
    clock[0] = 50_000
    replay(store, theirs, [5, 6])
    clock[0] = 60_000
    for handle in (store, another(store)):
        assert seen_at(handle, clock, *range(1, 11)) == [
            1_000, 2_000, 3_000, 4_000, 50_000, 50_000, 50_000, 5_000, 6_000, None,
        ]  # fmt: skip


def test_it_is_the_same_after_many_joinings_and_after_the_journals_were_rotated(store, clock, line, monkeypatch):
    monkeypatch.setattr(journal_module, "FILE_BYTES", 3_000)
    theirs = elsewhere(store, points(store)[4], 5, 7)
    clock[0] = 50_000
    replay(store, theirs, [5, 6])
    more = elsewhere(store, theirs, 8, 9)
    clock[0] = 51_000
    replay(store, more, [5, 6])
    for number in range(40):
        assert store.journal.append([], head=f"{number:040}", entry_id=f"op_x{number}", seq=900 + number)
    assert store.journal.seen_ms_ago(1) is None, "the journal has forgotten the beginning"
    assert seen_at(another(store), clock, 5, 7, 8, 9, 10, 11) == [50_000, 50_000, 51_000, 51_000, 5_000, 6_000]


def test_a_number_is_never_answered_for_an_operation_that_is_not_there_any_more(store, clock, line, monkeypatch):
    """Also where the program ended between the swap and the note of it, and that was the first joining here."""
    theirs = elsewhere(store, points(store)[2], 3, 9)
    clock[0] = 50_000
    with monkeypatch.context() as dying:
        dying.setattr(module.Sightings, "joined", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            store.rebuild(store.head(), theirs, [])
    assert store.head() == theirs
    assert seen_at(another(store), clock, *range(1, 10)) == [1_000, 2_000, *[None] * 7]


def test_a_note_that_comes_late_does_no_harm(store, clock, line):
    """A writer that was stopped between its swap and its note, while another process joined the line."""
    stale = store.head()
    theirs = elsewhere(store, points(store)[5], 6, 6)
    clock[0] = 50_000
    replay(store, theirs, [6])
    again = elsewhere(store, theirs, 7, 8)
    clock[0] = 51_000
    replay(store, again, [6])
    store._sightings.published(stale, entry(6))
    store.journal.append([], head=stale, entry_id="op_000006", seq=6)
    assert seen_at(another(store), clock, 6, 7, 8, 9) == [50_000, 51_000, 51_000, 6_000]


def test_what_is_published_after_a_joining_is_seen_when_it_is(store, clock, line):
    clock[0] = 50_000
    head = replay(store, points(store)[5], [6])
    clock[0] = 55_000
    extend(store, head, 7, 8)
    assert seen_at(another(store), clock, 6, 7, 8) == [6_000, 55_000, 55_000]


def test_a_withdrawn_operation_leaves_no_sighting_for_the_next_at_its_place(store, clock, line):
    store.rebuild(store.head(), points(store)[5], [])
    assert seen_at(store, clock, 5, 6) == [5_000, None]
    clock[0] = 70_000
    store.commit(store.head(), entry(6, id="op_another"), dict)
    assert seen_at(store, clock, 6) == [70_000]


def test_what_was_seen_before_the_machine_was_started_gives_no_elapsed_time(store, clock, line, monkeypatch):
    theirs = elsewhere(store, points(store)[5], 6, 7)
    for where in (module, journal_module):
        monkeypatch.setattr(where, "boot_id", lambda: "another")
    clock[0] = 400
    replay(store, theirs, [6])
    assert seen_at(another(store), clock, 4, 6, 7, 8) == [None, 400, 400, None]


def test_of_a_point_that_is_too_far_back_nothing_is_known(store, clock, line, monkeypatch):
    monkeypatch.setattr(module, "MOST_WALKED", 3)
    store.rebuild(line, line, [])
    assert seen_at(store, clock, 3, 4, 5, 6) == [None, 4_000, 5_000, 6_000]


def test_a_line_cannot_be_joined_where_that_cannot_be_noted(store, line, monkeypatch):
    monkeypatch.setattr(Journal, "append", lambda *_, **__: False)
    with pytest.raises(CoordinautError) as caught:
        store.rebuild(line, points(store)[3], [])
    assert (caught.value.code, store.head()) == ("write_failed", line)


def test_the_lines_are_walked_only_as_far_as_is_asked(store, clock, line, monkeypatch):
    store.rebuild(line, line, [])
    fresh = another(store)
    asked = []
    names = fresh.line.names
    fresh._sightings._walked._names = lambda head: (asked.append(name) or name for name in names(head))
    fresh.seen_ms_ago(5)
    fresh.seen_ms_ago(5)
    assert len(asked) == 2
    extend(store, line, 7, 8)
    assert fresh.seen_ms_ago(5) is not None
    assert len(asked) == 5, "two new ones, and the one that was known"
    assert isinstance(fresh, GitStore)
