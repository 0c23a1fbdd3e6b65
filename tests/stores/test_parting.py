"""Where two lines part, also where one of them lies about its numbers."""

import pytest

from coordinaut_git.documents import Entry, Head
from coordinaut_git.parting import meet


class Lines:
    """What `meet` asks of a store: the first point, and the way back from others."""

    first = Head("first")

    def __init__(self):
        self._points = {}

    def grow(self, parent, *names, seqs=None):
        """Points after `parent` with these names; gives the last."""
        before = self._points[parent][1].seq if parent != self.first else 0
        for number, name in enumerate(names):
            seq = seqs[number] if seqs else before + number + 1
            entry = Entry(id=f"op_{name}", seq=seq, at=0, summary="", author="", author_id="", body=b"{}")
            self._points[Head(name)] = (parent, entry)
            parent = Head(name)
        return parent

    def back(self, head):
        while head != self.first:
            parent, entry = self._points[head]
            yield head, entry
            head = parent


@pytest.fixture
def lines():
    return Lines()


def told(meeting):
    return meeting.at, [entry.id for entry in meeting.ours], set(meeting.theirs)


def test_lines_meet_at_their_newest_shared_point(lines):
    shared = lines.grow(lines.first, "a", "b")
    ours, theirs = lines.grow(shared, "c", "d", "e"), lines.grow(shared, "x")
    assert told(meet(lines, ours, theirs)) == (shared, ["op_c", "op_d", "op_e"], {"op_x"})
    assert told(meet(lines, theirs, ours)) == (shared, ["op_x"], {"op_c", "op_d", "op_e"})
    assert meet(lines, ours, theirs).seq == 2


def test_a_line_meets_one_that_it_continues_at_the_end_of_that(lines):
    old = lines.grow(lines.first, "a")
    new = lines.grow(old, "b", "c")
    assert told(meet(lines, new, old)) == (old, ["op_b", "op_c"], set())
    assert told(meet(lines, old, new)) == (old, [], {"op_b", "op_c"})
    assert told(meet(lines, new, new)) == (new, [], set())


def test_lines_made_apart_meet_at_the_first_point(lines):
    ours, theirs = lines.grow(lines.first, "a", "b"), lines.grow(lines.first, "x", "y", "z")
    assert told(meet(lines, ours, theirs)) == (lines.first, ["op_a", "op_b"], {"op_x", "op_y", "op_z"})
    assert told(meet(lines, ours, lines.first)) == (lines.first, ["op_a", "op_b"], set())


@pytest.mark.parametrize("seqs", [[0, -5], [10**12, 1], [-1, 10**12], [3, 3], [2, 1]])
def test_a_line_that_lies_about_its_numbers_still_meets_ours_somewhere_before(lines, seqs):
    shared = lines.grow(lines.first, "a", "b")
    ours, theirs = lines.grow(shared, "c"), lines.grow(shared, "x", "y", seqs=seqs)
    meeting = meet(lines, ours, theirs)
    assert meeting.at in {lines.first, "a", "b"}
    assert {"op_x", "op_y"} <= meeting.theirs
    assert meeting.ours[-1].id == "op_c"
