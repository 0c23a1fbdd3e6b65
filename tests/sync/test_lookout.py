"""How often who waits looks at the team's remote."""

import pytest

from coordinaut_git.errors import CoordinautError, contended
from coordinaut_git.sync.lookout import JITTER, LEAST_MS, LONGEST_MS, Lookout, Pace, every_ms

HOUR_MS = 3_600_000


class Counted:
    """In the place of a team: counts how often it is asked, and is away if told so."""

    def __init__(self, *, away=False):
        self.away, self.count = away, 0

    def sync(self):
        self.count += 1
        if self.away:
            raise contended("remote_unreachable", "away")


def pace(every=HOUR_MS):
    return Pace(every_ms=every, chance=lambda: 0.5)


def test_pauses_double_while_nothing_is_reached_up_to_a_bound_and_are_short_again_after():
    steady = pace(15_000)
    assert [steady.after_s(reached=False) for _ in range(6)] == [30, 60, 120, 240, 300, 300]
    assert steady.after_s(reached=True) == 15


def test_a_pause_that_was_asked_for_is_kept_even_beyond_the_bound():
    assert pace(LONGEST_MS * 4).after_s(reached=False) == LONGEST_MS * 4 / 1000


@pytest.mark.parametrize(("chance", "factor"), [(0.0, 1 - JITTER), (0.5, 1), (1.0, 1 + JITTER)])
def test_clones_that_began_together_do_not_ask_together(chance, factor):
    assert Pace(every_ms=10_000, chance=lambda: chance).after_s(reached=True) == pytest.approx(10 * factor)


@pytest.mark.parametrize("ago_ms", [None, HOUR_MS, -5])
def test_a_remote_that_was_not_heard_from_lately_is_looked_at_once(ago_ms):
    team = Counted()
    lookout = Lookout(team, pace(), lambda: ago_ms)
    for _ in range(3):
        lookout.look()
    assert team.count == 1


def test_one_that_another_process_of_the_clone_has_just_heard_from_is_not_looked_at():
    team = Counted()
    Lookout(team, pace(), lambda: 10).look()
    assert team.count == 0


def test_whoever_waits_is_not_disturbed_by_a_remote_that_is_away():
    team = Counted(away=True)
    lookout = Lookout(team, pace(), lambda: None)
    for _ in range(3):
        lookout.look()
    assert team.count == 1


def test_the_setting_is_a_duration_with_a_least_one():
    assert every_ms({}) == 15_000
    assert every_ms({"fetchevery": "1m"}) == 60_000
    assert every_ms({"fetchevery": "0s"}) == LEAST_MS
    with pytest.raises(CoordinautError, match=r"coordinaut\.fetchEvery is 'often', which is not a duration") as caught:
        every_ms({"fetchevery": "often"})
    assert caught.value.code == "bad_setting"
