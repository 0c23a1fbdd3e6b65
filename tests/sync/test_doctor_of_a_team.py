"""What doctor says of a line that was joined to another one."""

from contextlib import ExitStack

import pytest
from examining import examine
from teams import Hub

REF = "refs/coordinaut/state"


@pytest.fixture
def joined(tmp_path):
    """Two clones that worked apart and met: their lines have checkpoints at odd places, refusals and new numbers."""
    with ExitStack() as opened:
        hub = Hub(tmp_path, opened)
        ann, bob = hub.clone("ann"), hub.clone("bob")
        shared = ann.create("src/**")
        ann.team.sync()
        bob.team.sync()
        with hub.away():
            bob.claim(task=shared)
            for _ in range(3):
                bob.create("docs/**")
        ann.claim(task=shared)
        for _ in range(70):
            ann.create()
        ann.team.sync()
        told = bob.team.sync()
        assert (len(told.refused), len(told.renumbered), told.replayed) == (1, 3, 4)
        ann.team.sync()
        yield hub, ann, bob


def test_a_joined_line_is_clean_from_end_to_end(joined, git):
    hub, ann, bob = joined
    assert ann.workspace.store.head() == bob.workspace.store.head()
    for clone in (ann, bob):
        found = examine(hub.folder / clone.me.agent, deep=True, environ={})
        wrong = {name: check for name, check in found.items() if check["status"] == "failed"}
        assert not wrong
        for name in ("journal", "commits", "all-documents", "replay", "objects", "promises"):
            assert found[name]["status"] == "ok", found[name]
        git(hub.folder / clone.me.agent, "fsck", "--full", "--strict")
    assert "the very same" in found["replay"]["summary"]


def test_a_note_of_what_was_written_before_the_line_was_joined_is_no_finding(joined):
    """A writer that was stopped between its swap and its note."""
    hub, _, bob = joined
    store = bob.workspace.store
    with hub.away():
        bob.create("late/**")
        old = store.head()
        before = store.since(bob.team.remote.seen(), old)
        bob.create("later/**")
    joined[1].create()
    joined[1].team.sync()
    bob.team.sync()
    store.journal.append([], head=old, entry_id=before[-1].id, seq=before[-1].seq)
    assert store.since(old, store.head()) is None
    assert examine(hub.folder / "bob")["journal"]["summary"].startswith("the line was joined to another")


def test_a_line_that_was_replaced_is_still_said(joined, git):
    hub, _, bob = joined
    with hub.away():
        bob.create("lost/**")
    other = hub.clone("carl")
    other.create()
    git(hub.folder / "bob", "fetch", "--quiet", str(hub.folder / "carl"), REF)
    git(hub.folder / "bob", "update-ref", REF, "FETCH_HEAD")
    assert "the line was" in examine(hub.folder / "bob")["journal"]["summary"]
    assert examine(hub.folder / "bob")["journal"]["status"] == "warning"
