"""When a clone lets others go first, and how long it pauses; by a clock that the test moves."""

from itertools import islice

import pytest

from coordinaut_git.sync import crowd as law
from coordinaut_git.sync.crowd import Crowd
from coordinaut_git.sync.opening import Until


class Noted:
    """The note that the processes of a clone share."""

    until_s = None

    def get(self):
        return self.until_s

    def put(self, until_s):
        self.until_s = until_s


class Clone:
    """A clone whose connections take a second each; `paused` tells how long it waited, at the least and at the most."""

    def __init__(self, room=None):
        self.now_s, self.paused = 1_000.0, []
        self.room = room or Noted()
        self.crowd = Crowd(self.room, now=lambda: self.now_s, pause=self._pause)
        self.crowd.fetched(1.0, ())
        self.publish(after_s=5)
        self.now_s += 5
        self.paused.clear()

    def _pause(self, least_s, most_s):
        self.paused.append((least_s, most_s))
        self.now_s += most_s

    def publish(self, after_s=0.0, met=()):
        """Publish, having met some others on the way; gives whether room was made for them."""
        self.now_s += after_s
        made = self.crowd.made_room()
        if met:
            self.crowd.fetched(1.0, met)
        self.now_s += 1
        self.crowd.published(1.0)
        return made

    def gap(self):
        """How long it waits before the next publication."""
        self.paused.clear()
        self.crowd.made_room()
        return sum(most_s for _, most_s in self.paused)


@pytest.fixture
def clone():
    return Clone()


def test_whoever_meets_nobody_and_takes_its_time_never_waits(clone):
    assert not any(clone.publish(after_s=5) for _ in range(100))
    assert clone.paused == []


def test_whoever_met_nobody_for_a_while_and_publishes_without_a_break_leaves_a_gap_now_and_then(clone):
    clone.room.put(0.0)
    assert _gaps(clone) == [1, 2, 4, 8, 16, 32, 64, 96]


def test_whoever_never_met_anybody_leaves_next_to_none(clone):
    assert _gaps(clone) == [64]


def _gaps(clone):
    """After which of 127 publications without a break a gap came."""
    before = []
    for number in range(128):
        count = len(clone.paused)
        assert not clone.publish(), "it pushes at once, for perhaps nobody was there"
        before += [number] if len(clone.paused) > count else []
    return before


@pytest.mark.parametrize(("others", "exchanges"), [(2, 3), (3, 4), (100, 5)])
def test_whoever_published_leaves_room_for_those_who_came_by(clone, others, exchanges):
    clone.publish(met=[f"agent-{number}" for number in range(others)])
    assert clone.gap() == pytest.approx(2 * exchanges)


def test_two_who_are_alone_with_each_other_change_after_some_publications(clone):
    clone.publish(met=["a"])
    assert clone.publish(after_s=0.5) is False, "its turn goes on for an exchange"
    assert clone.paused == []
    clone.now_s += 1
    assert clone.gap() == pytest.approx(3.0)


def test_who_came_by_over_a_long_time_gets_the_room_of_one(clone):
    clone.publish(after_s=law.REMEMBERED_S, met=["a", "b", "c"])
    clone.now_s += 2
    assert clone.gap() == pytest.approx(2.0)


def test_others_who_were_missed_once_are_not_forgotten_at_once(clone):
    clone.publish(met=["a", "b", "c"])
    clone.publish(met=["a"])
    assert clone.gap() == pytest.approx(6.0)


def test_whoever_lost_a_race_knows_that_somebody_is_there(clone):
    clone.crowd.lost()
    clone.publish()
    assert clone.publish(after_s=2) is True


def test_the_gap_is_over_when_it_is_over(clone):
    clone.publish(met=["a"])
    assert clone.publish(after_s=3.5) is True
    clone.now_s += 2
    assert clone.publish(after_s=2.5) is False


def test_the_others_are_forgotten_after_a_minute(clone):
    clone.publish(met=["a"], after_s=1)
    clone.publish(after_s=law.REMEMBERED_S + 3)
    assert clone.publish(after_s=1.5) is False


def test_the_processes_of_a_clone_leave_one_gap_together(clone):
    other = Clone(clone.room)
    clone.publish(met=["a"])
    other.now_s = clone.now_s
    assert other.gap() == pytest.approx(4.0)


@pytest.mark.parametrize("off_s", [-1e6, 1e6])
def test_a_clock_that_was_set_keeps_nobody_waiting_for_long(clone, off_s):
    clone.publish(met=["a"])
    clone.now_s += off_s
    assert clone.gap() == 0
    clone.publish(met=["a"])
    clone.now_s += 2
    assert 0 < clone.gap() <= law.LONGEST_GAP_S


def test_without_a_loss_a_fetch_waits_for_nothing(clone):
    clone.crowd.before_fetch()
    assert clone.paused == []


def test_pauses_after_losses_are_by_chance_and_at_the_most_as_long_as_an_exchange(clone):
    for _ in range(law.SLOWER_AFTER - 1):
        clone.crowd.lost()
        clone.crowd.before_fetch()
    assert clone.paused == [(0.0, 2.0)] * (law.SLOWER_AFTER - 1)


def test_in_a_crowd_that_does_not_get_on_pauses_grow_to_a_bound(clone):
    for _ in range(5 * law.SLOWER_AFTER):
        clone.crowd.lost()
        clone.crowd.before_fetch()
    lengths = [most_s for _, most_s in clone.paused]
    assert sorted(set(lengths)) == [2.0, 4.0, 8.0, law.LONGEST_PAUSE_S]
    assert lengths == sorted(lengths)


def test_the_next_publication_begins_without_the_losses_of_the_last(clone):
    clone.crowd.lost()
    clone.publish()
    clone.publish()
    clone.paused.clear()
    clone.crowd.before_fetch()
    assert clone.paused == []


def test_it_is_tried_for_a_time_and_a_few_times_at_the_least(clone):
    assert len(list(islice(_each(clone, 1.0), 1_000))) == pytest.approx(law.PATIENCE_S, abs=1)
    assert len(list(islice(_each(clone, 60.0), 1_000))) == law.LEAST_ATTEMPTS


def _each(clone, takes_s):
    for number in clone.crowd.attempts():
        clone.now_s += takes_s
        yield number


def test_the_time_until_which_room_is_left_is_kept_in_a_file(tmp_path):
    kept = Until(tmp_path / "crowd" / "origin")
    assert kept.get() is None
    kept.put(1_800_000_000.5)
    assert kept.get() == pytest.approx(1_800_000_000.5, abs=2)
    assert Until(tmp_path / "crowd" / "origin").get() == kept.get()


def test_a_time_that_cannot_be_kept_is_done_without(tmp_path):
    (tmp_path / "crowd").write_text("")
    kept = Until(tmp_path / "crowd" / "origin")
    kept.put(1_800_000_000.0)
    assert kept.get() is None
