"""What goes wrong by hand in a team's clones: refs deleted, remotes renamed, addresses changed; what is said of it."""

import pytest
from clones import STATE

TRACKING = "refs/coordinaut-remote/origin/state"


def check(clone, name, *words):
    """One of doctor's checks."""
    document = clone("doctor", "--json", *words).document
    checks = document["result"]["checks"] if document["ok"] else document["error"]["details"]["checks"]
    return next(one for one in checks if one["name"] == name)


class TestARefThatWasDeletedHere:
    def test_is_said_and_nothing_begins_in_its_place(self, ann, git):
        task = ann.create("src/**")
        before = ann.head()
        git(ann.root, "update-ref", "-d", STATE)
        for words in (("status",), ("claim", "--task", task), ("sync",), ("init",), ("init", "--remote", "origin")):
            assert ann.error(*words)[:2] == (6, "state_missing"), words
        found = check(ann, "line")
        assert (found["status"], before[:12] in found["summary"]) == ("failed", True)
        assert found["advice"] == "Put back what this clone remembers: coordinaut doctor --fix"

    def test_is_put_back_with_what_was_not_published(self, ann, bob, git):
        bob.create("docs/**")
        bob.json("sync")
        task = ann.create("src/**", title="not published")
        before = ann.head()
        git(ann.root, "update-ref", "-d", STATE)
        git(ann.root, "gc", "--quiet", "--prune=now")
        assert any(before in line for line in ann.json("doctor", "--fix")["mended"])
        assert (ann.head(), ann.json("status")["tasks"][0]["displayId"]) == (before, task)
        assert ann.json("sync")["pushed"] == 1

    def test_with_what_was_seen_of_the_remote_comes_back_by_itself_once_it_is_put_back(self, ann, git):
        ann.claim(ann.create("src/**"))
        before = ann.head()
        for ref in (STATE, TRACKING):
            git(ann.root, "update-ref", "-d", ref)
        ann.json("doctor", "--fix")
        done = ann.json("sync")
        assert (done["refused"], done["confirmed"], ann.head()) == ([], True, before)


class TestDoctorDeep:
    def test_finds_that_the_line_of_the_remote_is_gone(self, ann, shared):
        ann.claim(ann.create("src/**"))
        shared.git("update-ref", "-d", STATE)
        found = check(ann, "team-remote", "--deep")
        assert (found["status"], "somebody deleted it" in found["summary"]) == ("failed", True)

    def test_finds_that_another_repository_is_at_the_address(self, ann, clone, shared, git):
        ann.claim(ann.create("src/**"))
        other = clone("other", join=False)
        other.json("init")
        other.create("x")
        git(other.root, "push", "--quiet", "--force", str(shared.root), f"{STATE}:{STATE}")
        found = check(ann, "team-remote", "--deep")
        assert (found["status"], "somebody replaced it" in found["summary"]) == ("failed", True)


class TestARemoteThatIsNone:
    @pytest.mark.parametrize(
        ("change", "hint"),
        [
            (("rename", "origin", "hub"), "There is hub. If the team meets there: coordinaut init --remote hub"),
            (("remove", "origin"), "There is none. Name the team's: git remote add NAME URL; then "),
        ],
    )
    def test_is_named_with_those_there_are(self, ann, git, change, hint):
        git(ann.root, "remote", *change)
        answer = ann("sync", "--json")
        assert answer.failure == (2, "bad_remote")
        assert answer.error["hint"].startswith(hint)

    def test_is_what_an_empty_setting_says(self, ann, git):
        git(ann.root, "config", "coordinaut.remote", "")
        assert ann.json("status")["team"] is None
        assert ann.error("sync")[:2] == (3, "no_remote")


def test_a_claim_says_what_else_of_its_clone_came_out_otherwise_when_it_was_published(ann, bob):
    ann.claim(ann.create("src/**"))
    bob.create("src/a.py", title="first")
    second = bob.create("docs/**", title="second")
    lease = bob("claim", "--task", second)
    assert "AGT-" in lease.out
    moved = f"{second} is {second[:-1]}3 now: another clone had published that number."
    assert moved in lease.err
    assert "refused" not in lease.err
