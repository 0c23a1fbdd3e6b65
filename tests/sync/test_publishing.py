"""What a command that grants ownership does before it answers, with real clones of a real hub."""

from contextlib import ExitStack, closing, nullcontext

import pytest
from hub import script
from teams import STATE, Hub

from coordinaut_git.errors import CoordinautError
from coordinaut_git.protocol import requests as ask
from coordinaut_git.protocol.model import Actor
from coordinaut_git.sync import checking, crowd
from coordinaut_git.workspace import open_workspace


@pytest.fixture
def hub(tmp_path):
    with ExitStack() as opened:
        yield Hub(tmp_path, opened)


def refusal(call):
    with pytest.raises(CoordinautError) as caught:
        call()
    return caught.value


def test_a_claim_is_answered_when_the_hub_has_it(hub):
    ann = hub.clone("ann")
    done = ann.claim("src/**")
    assert [text.split()[0] for text in hub.line] == ["create", "claim"]
    assert done.moment.confirmed_upto == done.state.seq == 2
    assert not ann.provisional
    assert ann.workspace.notices == []


def test_whoever_looks_through_a_long_line_says_how_far_he_is(hub, monkeypatch):
    hub.clone("ann").claim("src/**")
    monkeypatch.setattr(checking, "TOLD_EVERY", 1)
    bob, told = hub.clone("bob"), []
    bob.workspace.progress = lambda done, of: told.append((done, of))
    bob.team.sync()
    assert told == [(1, 2), (2, 2)]


def test_what_grants_nothing_waits_for_the_next_that_does(hub):
    ann = hub.clone("ann")
    task = ann.create("src/**")
    assert len(ann.provisional) == 1
    ann.claim(task=task)
    assert not ann.provisional


def test_whoever_lost_the_race_is_refused_as_if_he_had_known(hub):
    ann, bob = hub.clone("ann"), hub.clone("bob")
    mine, hers = bob.create("src/api/**"), ann.claim("src/**")
    error = refusal(lambda: bob.claim(task=mine))
    assert (error.code, error.exit_code) == ("scope_conflict", 1)
    assert error.details["conflicts"][0]["agentInstance"] == "ann-1"
    assert len(hub.line) == 2, "nothing of the lost claim is on the line"
    assert bob.state.lease(mine) is None
    assert bob.state.lease(hers.operation.change.task_id).agent_instance == "ann-1"
    assert [text.split()[0] for text in bob.provisional] == ["create"]


def test_a_claim_that_does_not_meet_the_faster_one_is_published_after_it(hub):
    ann, bob = hub.clone("ann"), hub.clone("bob")
    mine = bob.create("docs/**")
    ann.claim("src/**")
    done = bob.claim(task=mine)
    assert [text.split()[0] for text in hub.line] == ["create", "claim", "create", "claim"]
    assert done.moment.confirmed_upto == done.state.seq == 4
    assert done.state.lease(mine).fence == 4


def test_whoever_gets_there_at_the_last_attempt_is_not_told_that_others_were_faster(hub, monkeypatch):
    ann, bob = hub.clone("ann"), hub.clone("bob")
    monkeypatch.setattr(crowd, "PATIENCE_S", 0.0)
    monkeypatch.setattr(crowd, "LEAST_ATTEMPTS", 2)
    task = bob.create("docs/**")
    ann.claim("src/**")
    bob.claim(task=task)
    assert [notice for notice in bob.workspace.notices if " is " not in notice] == []  # but for the task's new number
    assert not bob.provisional
    monkeypatch.setattr(crowd, "LEAST_ATTEMPTS", 1)
    ann.claim("lib/**")
    bob.create("tests/**")
    assert bob.team.sync().pushed == 1


def test_the_task_that_was_meant_is_claimed_though_its_number_is_anothers_now(hub):
    ann, bob = hub.clone("ann"), hub.clone("bob")
    mine = bob.create("docs/**")
    number = bob.state.task(mine).display_id
    ann.claim("src/**")
    assert ann.state.task(next(iter(ann.state.leases()))).display_id == number
    done = bob.ask(ask.ClaimTask(task=number))
    assert done.operation.change.task_id == mine
    assert done.state.task(mine).display_id != number


def test_without_the_hub_a_claim_is_provisional_and_says_so(hub):
    ann = hub.clone("ann")
    with hub.away():
        done = ann.claim("src/**")
    assert done.moment.confirmed_upto == 0
    assert [notice.partition(",")[0] for notice in ann.workspace.notices] == ["Provisional"]
    assert len(ann.provisional) == 2
    ann.team.sync()
    assert len(hub.line) == 2


def test_a_provisional_claim_that_lost_is_a_recorded_refusal_and_both_are_told(hub):
    ann, bob = hub.clone("ann"), hub.clone("bob")
    with hub.away():
        mine = bob.claim("src/api/**").operation
    ann.claim("src/**")
    synced = bob.team.sync()
    assert [(lost.operation.id, lost.code) for lost in synced.refused] == [(mine.id, "scope_conflict")]
    assert (synced.fetched, synced.replayed, synced.pushed) == (2, 2, 2)
    assert bob.state.refusal(mine.id).code == "scope_conflict"
    assert hub.line[-1].startswith("refused: claim ")
    ann.team.sync()
    assert ann.state.contents() == bob.state.contents()
    assert any("your claim" in text.lower() for text in ann.inbox("bob-1"))
    assert any("bob-1" in text for text in ann.inbox("ann-1"))


def test_under_the_policy_confirmed_nothing_is_granted_without_the_hub(hub):
    ann = hub.clone("ann", policy="confirmed")
    task = ann.create("src/**")
    with hub.away():
        error = refusal(lambda: ann.claim(task=task))
    assert (error.code, error.exit_code) == ("not_confirmed", 5)
    assert error.hint
    assert ann.state.lease(task) is None
    assert [text.split()[0] for text in ann.provisional] == ["create"]
    assert ann.claim(task=task).state.lease(task)


def test_a_claim_that_is_withdrawn_leaves_what_stands_before_it_as_it_is(hub):
    ann = hub.clone("ann", policy="confirmed")
    for name in "abc":
        ann.claim(f"{name}/**")
    before = hub.git("rev-list", STATE, at=ann.workspace.root).splitlines()
    hub.git("update-ref", "-d", "refs/coordinaut-remote/origin/state", at=ann.workspace.root)
    with hub.away():
        assert refusal(lambda: ann.claim("src/**")).code == "not_confirmed"
    after = hub.git("rev-list", STATE, at=ann.workspace.root).splitlines()
    assert after[1:] == before, "only the new task stands after what is published"


def test_under_the_policy_confirmed_a_release_goes_on_without_the_hub(hub):
    ann = hub.clone("ann", policy="confirmed")
    task = ann.claim("src/**").operation.change.task_id
    with hub.away():
        assert ann.ask(ask.ReleaseTask(task=task)).state.lease(task) is None


def test_a_host_that_refuses_leaves_the_claim_provisional_with_its_words(hub):
    ann = hub.clone("ann")
    hook = hub.path / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho no such refs here >&2\nexit 1\n")
    hook.chmod(0o755)
    done = ann.claim("src/**")
    assert done.moment.confirmed_upto == 0
    assert "Provisional" in ann.workspace.notices[0]
    hook.unlink()
    assert ann.team.sync().pushed == 2


def test_another_worktree_sees_the_claim_at_once_and_publishes_it_along_with_its_own(hub, tmp_path):
    ann = hub.clone("ann")
    with hub.away():
        ann.claim("src/**")
        other = Actor(instance="eve-1", agent="eve")
        error = refusal(lambda: ann.claim("src/x", actor=other))
    assert error.code == "scope_conflict"
    ann.claim("docs/**", actor=other)
    assert not ann.provisional
    assert len(hub.line) == 5


@pytest.mark.parametrize("policy", ["provisional", "confirmed"])
def test_a_host_that_cuts_every_push_off_is_not_tried_for_ever(hub, policy):
    ann = hub.clone("ann", policy=policy)
    task, tried = ann.create("src/**"), hub.folder / "tried"
    hook = script(hub.path / "hooks/pre-receive", f"echo x >> {tried}; kill -9 $PPID")
    if policy == "provisional":
        assert ann.claim(task=task).moment.confirmed_upto == 0
        (said,) = ann.workspace.notices
        assert said.startswith("Provisional, until origin has it: A push to origin was cut off 3 times in a row: ")
    else:
        assert refusal(lambda: ann.claim(task=task)).code == "unknown_outcome"
    assert tried.read_text().split() == ["x"] * 3
    hook.unlink()
    assert ann.team.sync().pushed == 2


def test_a_host_whose_pushes_land_and_are_cut_off_then_is_no_obstacle(hub):
    ann = hub.clone("ann")
    script(hub.path / "hooks/post-receive", "kill -9 $PPID")
    for number in range(4):
        done = ann.claim(f"{number}/**")
        assert done.moment.confirmed_upto == done.state.seq
    assert ann.workspace.notices == []


def test_a_push_that_was_cut_off_is_not_taken_back_while_it_may_land(hub):
    ann = hub.clone("ann", policy="confirmed")
    note = ann.workspace.place.own_dir / "pushing"
    note.parent.mkdir(exist_ok=True)
    note.write_text("\n")  # as a process leaves it that was killed while it created the ref on the hub
    task = ann.create("src/**")
    with hub.away():
        error = refusal(lambda: ann.claim(task=task))
    assert (error.code, error.exit_code) == ("unknown_outcome", 5)
    assert ann.state.lease(task), "it may be on the hub already"
    ann.team.sync()
    assert not note.exists()


def test_a_push_on_its_way_is_not_forgotten_because_the_hub_shows_nothing(hub):
    ann = hub.clone("ann")
    ann.claim("src/**")
    expected = ann.team.remote.seen()
    ann.team._on_its_way.put(expected)
    hub.git("config", "transfer.hideRefs", "refs/coordinaut")
    hub.git("update-ref", "-d", "refs/coordinaut-remote/origin/state", at=ann.workspace.root)
    ann.team.fetch()
    assert ann.team.unsettled, "the hub may still take it"
    hub.git("config", "--unset", "transfer.hideRefs")
    bob = hub.clone("bob")
    bob.claim("docs/**")
    ann.team.fetch()
    assert not ann.team.unsettled, "the hub has left that point"


@pytest.mark.parametrize(("policy", "code"), [("provisional", "scope_conflict"), ("confirmed", "not_confirmed")])
def test_whoever_waits_in_vain_for_its_turn_is_not_told_of_a_claim_that_the_other_process_lost(hub, policy, code):
    ann, bob = hub.clone("ann"), hub.clone("bob", policy=policy)
    mine = bob.create("src/api/**")
    ann.claim("src/**")
    with closing(open_workspace(hub.folder / "bob", {})) as other:

        def taken(_wait_s):
            other.team.sync()
            return nullcontext(enter_result=False)

        bob.team._alone = taken
        error = refusal(lambda: bob.claim(task=mine))
    assert error.code == code
    assert bob.state.lease(mine) is None


def test_whoever_waits_in_vain_for_its_turn_is_told_that_the_other_process_has_published(hub):
    bob = hub.clone("bob", policy="confirmed")
    mine = bob.create("src/api/**")
    with closing(open_workspace(hub.folder / "bob", {})) as other:

        def taken(_wait_s):
            other.team.sync()
            return nullcontext(enter_result=False)

        bob.team._alone = taken
        done = bob.claim(task=mine)
    assert done.moment.confirmed_upto == done.state.seq == 2


def test_hooks_publish_nothing(hub):
    ann = hub.clone("ann")
    ann.workspace.publishing = None
    ann.claim("src/**")
    assert len(ann.provisional) == 2


def test_without_the_remote_that_was_set_all_can_be_read_and_claims_are_provisional(hub):
    ann = hub.clone("ann")
    ann.claim("src/**")
    hub.git("remote", "rename", "origin", "elsewhere", at=ann.workspace.root)
    again = open_workspace(ann.workspace.root, {})
    try:
        state, moment = again.coordinator.now()
        assert moment.confirmed_upto == state.seq == 2
        task = next(iter(state.leases()))
        done = again.run(ask.ReleaseTask(task=task), ann.me)
        assert done.moment.confirmed_upto == 2
        assert "no remote origin" in again.notices[0]
    finally:
        again.close()
