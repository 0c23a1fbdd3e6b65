"""What follows from a commit, where it depends on the time: leases that are due are renewed."""

import pytest

from coordinaut_git.clock import SystemClock
from coordinaut_git.operations import committing
from coordinaut_git.protocol import requests as ask
from coordinaut_git.protocol.values import Instant
from coordinaut_git.workspace import open_workspace

MINUTE_MS = 60_000


class LaterClock:
    """The machine's clock, some minutes ahead."""

    def __init__(self, minutes):
        self.minutes = minutes

    def now(self):
        return Instant(SystemClock().now() + self.minutes * MINUTE_MS)


@pytest.fixture
def at(repository):
    """The workspace of agent_1, so many minutes later; its lease lasts 30."""

    def later(minutes):
        workspace = open_workspace(repository, {"COORDINAUT_INSTANCE": "agent_1"}, clock=LaterClock(minutes))
        return workspace, committing.committer(workspace)

    workspace, actor = later(0)
    workspace.store.create()
    workspace.run(ask.CreateTask(title="t", files=("src/**",)), actor)
    workspace.run(ask.ClaimTask(task="AGT-" + Instant(SystemClock().now()).day), actor)
    return later


def the_lease(workspace):
    (lease,) = workspace.coordinator.read().state.leases().values()
    return lease


def test_nothing_follows_while_half_of_the_term_is_left(at):
    workspace, actor = at(14)
    before = workspace.store.head()
    assert committing.nothing_follows(workspace, actor)
    committing.keep_promises(workspace, actor)
    assert workspace.store.head() == before


def test_a_commit_renews_what_is_due(at):
    workspace, actor = at(16)
    before = the_lease(workspace)
    assert not committing.nothing_follows(workspace, actor)
    committing.keep_promises(workspace, actor)
    assert the_lease(workspace).expires_at >= before.expires_at + 15 * MINUTE_MS
    assert the_lease(workspace).fence == before.fence
    assert committing.nothing_follows(workspace, actor)


def test_an_expired_lease_signs_nothing_and_is_not_renewed(at):
    workspace, actor = at(31)
    workspace.store.journal.seen_ms_ago = lambda seq: None  # another machine's grant: judged by instants alone
    before = workspace.store.head()
    assert committing.nothing_follows(workspace, actor)
    assert [key for key, _ in committing.trailers(workspace, actor)] == ["Agent", "Agent-Instance"]
    committing.keep_promises(workspace, actor)
    assert workspace.store.head() == before


def test_a_person_is_asked_for_nothing(at, repository):
    at(0)
    workspace = open_workspace(repository, {})
    actor = committing.committer(workspace)
    assert committing.trailers(workspace, actor) == []
    before = workspace.store.head()
    committing.keep_promises(workspace, actor)
    assert workspace.store.head() == before
