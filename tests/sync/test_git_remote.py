"""The line on a real remote, as two real clones of it see it."""

import os
import threading
import time
from itertools import count

import pytest
from hub import REF, TRACKING, refs, script

from coordinaut_git.documents import Entry
from coordinaut_git.errors import CoordinautError, Kind
from coordinaut_git.plumbing.repository import find
from coordinaut_git.plumbing.run import git as run_git
from coordinaut_git.stores.git import publish
from coordinaut_git.stores.git.store import open_git_store
from coordinaut_git.sync.remote import GitRemote, PushUnknown, Raced

_numbers = count(1)


class Member:
    """A clone with its store and its view of the remote."""

    def __init__(self, root, name="origin"):
        self.root, self.store = root, open_git_store(find(root))
        self.store.create()
        self.remote = GitRemote(self.store, name)

    @property
    def head(self):
        return self.store.head()

    def work(self, operations=1):
        """So many operations on our line; gives the new head."""
        for _ in range(operations):
            seq, name = self.store.line.point(self.head).seq + 1, f"op_{next(_numbers):06d}"
            body = f'{{"at":"2026-11-22T16:00:00Z","id":"{name}","op":"noted","seq":{seq}}}'.encode()
            entry = Entry(id=name, seq=seq, at=1_795_363_200_000, summary="s", author="a", author_id="b", body=body)
            self.store.commit(self.head, entry, dict)
        return self.head

    def follow(self):
        """Have our line where the remote's is."""
        self.store.engine.swap_ref(REF, self.head, self.remote.fetch())

    def publish(self):
        self.remote.push(self.head, self.remote.seen())

    def failure(self, call="fetch"):
        with pytest.raises(CoordinautError) as caught:
            self.remote.fetch() if call == "fetch" else self.publish()
        return caught.value


@pytest.fixture
def hub(tmp_path, git):
    git(tmp_path, "init", "-q", "--bare", "hub.git")
    return tmp_path / "hub.git"


@pytest.fixture
def join(hub, tmp_path, git):
    """Makes another clone of the hub."""

    def join(name="origin"):
        root = tmp_path / f"clone{next(_numbers)}"
        git(tmp_path, "init", "-q", root)
        git(root, "remote", "add", name, hub.as_uri())
        return Member(root, name)

    return join


@pytest.fixture
def ours(join):
    """A clone that has published its line."""
    member = join()
    member.work()
    member.publish()
    return member


@pytest.fixture
def theirs(ours, join):
    """A second one, which has followed it."""
    member = join()
    member.follow()
    return member


def hook(hub, name, text):
    (hub / "hooks").mkdir(exist_ok=True)
    script(hub / "hooks" / name, text)


def test_what_one_clone_publishes_another_one_sees(join, hub, git):
    ours, theirs = join(), join()
    git(theirs.root, "config", "fetch.unpackLimit", "2")  # what comes may be a few files, or a pack
    assert ours.remote.seen() is None
    assert ours.remote.fetch() is None
    ours.work()
    ours.publish()
    assert ours.remote.seen() == ours.head == refs(hub)[REF] == refs(ours.root)[TRACKING]
    assert theirs.remote.seen() is None
    assert theirs.remote.fetch() == ours.head == theirs.remote.seen()
    assert [entry.id for entry in theirs.store.log(ours.head)] == [entry.id for entry in ours.store.log(ours.head)]
    ours.work(5)
    ours.publish()
    assert theirs.remote.fetch() == ours.head
    assert len([*theirs.store.log(ours.head)]) == 6
    assert [*(theirs.root / ".git" / "objects" / "pack").glob("*.pack")]


def test_who_has_not_seen_what_is_there_is_raced_and_publishes_nothing(ours, theirs, hub):
    theirs.work()
    theirs.publish()
    published = refs(hub)
    ours.work()
    with pytest.raises(Raced, match="stale info"):
        ours.publish()
    with pytest.raises(Raced):
        ours.remote.push(ours.head, None)
    with pytest.raises(ValueError, match="does not continue"):
        ours.remote.push(ours.head, ours.remote.fetch())
    assert refs(hub) == published


def test_a_line_that_was_deleted_is_noticed_kept_and_can_be_put_back(ours, theirs, hub, git):
    git(hub, "update-ref", "-d", REF)
    ours.work()
    with pytest.raises(Raced):
        ours.publish()
    error = ours.failure()
    assert (error.kind, error.code) == (Kind.ENVIRONMENT, "remote_deleted")
    assert refs(ours.root)[TRACKING] == theirs.head
    git(ours.root, "update-ref", "-d", TRACKING)  # as the hint says
    ours.publish()
    assert theirs.remote.fetch() == ours.head


def test_a_line_that_was_rewound_or_replaced_is_noticed_and_nothing_is_taken_over(ours, theirs, hub, git):
    before = refs(theirs.root)
    git(hub, "update-ref", REF, ours.store.first)
    assert theirs.failure().code == "remote_replaced"
    git(hub, "update-ref", REF, git(hub, "commit-tree", "-m", "x", f"{ours.head}^{{tree}}"))
    theirs.work()
    with pytest.raises(Raced):
        theirs.publish()
    error = theirs.failure()
    assert (error.kind, error.code) == (Kind.ENVIRONMENT, "remote_replaced")
    assert refs(theirs.root)[TRACKING] == before[TRACKING]


@pytest.mark.parametrize(
    "words",
    [("update-ref", "-d", TRACKING), ("fetch", "-q", "--prune", "origin", "+refs/*:refs/*"), ("remote", "prune", "origin")],
)  # fmt: skip
def test_a_tracking_ref_that_somebody_takes_away_costs_a_fetch(ours, theirs, git, words):
    git(theirs.root, "config", "remote.origin.fetch", "+refs/coordinaut/*:refs/coordinaut-remote/origin/*")
    git(theirs.root, "config", "--add", "remote.origin.fetch", "+refs/nothing/*:refs/coordinaut-remote/*")
    git(theirs.root, *words)
    ours.work()
    ours.publish()
    if theirs.remote.seen() is None:
        with pytest.raises(Raced):
            theirs.publish()
    assert theirs.remote.fetch() == ours.head == theirs.remote.seen()


def test_a_tracking_ref_that_the_user_s_own_fetch_moved_is_what_was_seen(ours, theirs, git):
    git(theirs.root, "config", "remote.origin.fetch", "+refs/coordinaut/*:refs/coordinaut-remote/origin/*")
    ours.work()
    ours.publish()
    git(theirs.root, "fetch", "-q")
    assert theirs.remote.seen() == ours.head
    theirs.follow()
    theirs.work()
    theirs.publish()
    assert ours.remote.fetch() == theirs.head


BROKEN = {
    "empty": "",
    "garbage": "no id at all\n",
    "missing": "1" * 40 + "\n",
    "symbolic": "ref: refs/heads/main\n",
    "dangling": "ref: refs/heads/nothing\n",
}


@pytest.mark.parametrize("how", BROKEN)
def test_a_tracking_ref_that_cannot_be_used_counts_as_none_and_is_mended(ours, theirs, git, how):
    git(theirs.root, "update-ref", "refs/heads/main", theirs.store.first)
    file = theirs.root / ".git" / TRACKING
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(BROKEN[how])
    assert theirs.remote.seen() is None
    with pytest.raises(Raced):
        theirs.remote.push(theirs.work(), None)
    assert theirs.remote.fetch() == ours.head == theirs.remote.seen()
    assert file.read_text() == f"{ours.head}\n"
    assert refs(theirs.root)["refs/heads/main"] == theirs.store.first
    assert "refs/heads/nothing" not in refs(theirs.root)


def test_a_push_that_cannot_be_noted_is_known_and_the_next_fetch_notes_it(ours, monkeypatch):
    monkeypatch.setattr(publish, "LOCK_WAIT_S", 0.0)
    lock = ours.root / ".git" / f"{TRACKING}.lock"
    lock.touch()
    ours.work()
    ours.publish()
    assert ours.remote.seen() == ours.head != refs(ours.root)[TRACKING]
    ours.work()
    ours.publish()
    assert ours.remote.seen() == ours.head != refs(ours.root)[TRACKING]
    assert ours.failure().code == "tracking_locked"
    lock.unlink()
    assert ours.remote.fetch() == ours.head == refs(ours.root)[TRACKING]


def test_a_lock_that_a_dead_program_left_on_the_tracking_ref_is_set_aside(ours, theirs):
    lock = theirs.root / ".git" / f"{TRACKING}.lock"
    lock.touch()
    os.utime(lock, (time.time() - 60,) * 2)
    ours.work()
    ours.publish()
    assert theirs.remote.fetch() == ours.head
    assert not lock.exists()


def test_a_rejection_in_any_words_is_a_lost_race_where_the_ref_has_moved(ours, theirs, hub):
    seen, ahead = theirs.head, ours.work()
    run_git("push", "-q", "origin", f"{ahead}:refs/heads/other", at=ours.root)
    hook(hub, "update", f"git update-ref {REF} {ahead}; echo 'no such luck' >&2; exit 1")
    theirs.work()
    with pytest.raises(Raced, match="no such luck"):
        theirs.remote.push(theirs.head, seen)
    assert theirs.remote.seen() == ahead


def test_a_rejection_is_none_where_the_remote_has_it_all_the_same(ours, hub):
    hook(hub, "update", "git update-ref $1 $3; exit 1")
    ours.work()
    ours.publish()
    assert ours.remote.seen() == ours.head == refs(hub)[REF]


def test_a_rule_of_the_host_is_told_with_its_words_and_the_way_out(ours, hub, git):
    published = refs(hub)
    hook(hub, "update", "echo 'only branches here' >&2; exit 1")
    ours.work()
    error = ours.failure("publish")
    assert (error.kind, error.code) == (Kind.REFUSED, "push_refused")
    assert "hook declined; only branches here" in error.message
    assert "coordinaut init --ref refs/heads/coordinaut/state" in error.hint
    git(ours.root, "config", "coordinaut.ref", "refs/heads/coordinaut/state")
    branch = Member(ours.root)
    with pytest.raises(CoordinautError) as caught:
        branch.remote.push(branch.head, None)
    assert "--ref" not in caught.value.hint
    assert refs(hub) == published


def test_a_remote_whose_ref_stays_locked_cannot_and_one_that_is_let_go_can(ours, hub):
    ours.work()
    lock = hub / f"{REF}.lock"
    lock.touch()
    impatient = GitRemote(ours.store, "origin", locked_s=0)
    with pytest.raises(CoordinautError) as caught:
        impatient.push(ours.head, impatient.seen())
    assert (caught.value.kind, caught.value.code) == (Kind.ENVIRONMENT, "push_refused")
    assert "state.lock': File exists" in caught.value.message
    letting_go = threading.Timer(0.3, lock.unlink)
    letting_go.start()
    GitRemote(ours.store, "origin", locked_s=600).push(ours.head, ours.remote.seen())
    letting_go.join()
    assert refs(hub)[REF] == ours.head


def test_a_push_that_was_cut_off_is_settled_by_the_next_fetch(ours, hub):
    hook(hub, "reference-transaction", 'test "$1" = committed && grep -q coordinaut || exit 0; kill -9 $PPID')
    ours.work()
    with pytest.raises(PushUnknown):
        ours.publish()
    assert ours.remote.fetch() == ours.head
    ours.publish()


def test_a_remote_that_cannot_be_reached_says_so_whichever_way(ours, git):
    git(ours.root, "remote", "set-url", "origin", "file:///nowhere")
    ours.work()
    for call in ("fetch", "publish"):
        error = ours.failure(call)
        assert (error.exit_code, error.code) == (5, "remote_unreachable")
        assert error.message.count("\n") == 0
    assert refs(ours.root)[TRACKING] != ours.head


@pytest.mark.parametrize("name", ["nothing", "--all", "-c", "file:///hub.git", "a=b", "a b", "a\nb", "a..b", "", "../hub.git"])  # fmt: skip
def test_only_a_configured_remote_can_be_the_team_s(ours, git, name):
    with pytest.raises(CoordinautError) as caught:
        GitRemote(ours.store, name).fetch()
    assert (caught.value.kind, caught.value.code) == (Kind.INVALID, "bad_remote")
    assert "origin" in caught.value.hint


def test_of_a_remote_that_was_taken_away_it_is_still_known_what_it_had(ours, git):
    ours.publish()
    git(ours.root, "remote", "remove", "origin")
    left = GitRemote(open_git_store(find(ours.root)), "origin")
    assert left.seen() == ours.head
    for call in (left.fetch, lambda: left.push(ours.head, ours.head)):
        with pytest.raises(CoordinautError) as caught:
            call()
        assert caught.value.code == "bad_remote"


def test_a_remote_of_any_other_name_has_a_tracking_ref_of_its_own(join):
    member = join("the-team/état.x")
    member.publish()
    assert member.remote.seen() == refs(member.root)["refs/coordinaut-remote/the-team/état.x/state"] == member.head


def test_a_remote_with_several_places_to_push_to_is_no_judge(ours, hub, git):
    published = refs(hub)
    git(ours.root, "remote", "set-url", "--add", "--push", "origin", hub.as_uri())
    ours.work()
    assert GitRemote(open_git_store(find(ours.root)), "origin").fetch()
    git(ours.root, "remote", "set-url", "--add", "--push", "origin", "file:///nowhere")
    both = GitRemote(open_git_store(find(ours.root)), "origin")
    with pytest.raises(CoordinautError) as caught:
        both.push(ours.head, both.seen())
    assert (caught.value.kind, caught.value.code) == (Kind.INVALID, "bad_remote")
    assert refs(hub) == published
