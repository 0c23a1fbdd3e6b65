"""Several clones of one bare repository, from outside: what they see of each other, and of a remote that is away."""

import json
import subprocess

import pytest
from clones import STATE
from commands import PROGRAM


class TestJoining:
    def test_the_first_clone_publishes_its_line_and_the_next_joins_it(self, clone, shared):
        ann = clone("ann", join=False)
        ann.json("init", "--remote", "origin")
        assert shared.line() == ann.head()
        task = ann.create("src/**")
        assert ann.claim(task)["confirmed"] is True
        bob = clone("bob", join=False)
        met = bob.json("init", "--remote", "origin")
        assert (met["created"], met["sync"]["remote"], met["sync"]["fetched"]) == (True, "origin", 2)
        assert met["sync"]["confirmed"] is True
        assert [one["displayId"] for one in bob.json("status")["tasks"]] == [task]
        assert bob.head() == ann.head() == shared.git("rev-parse", STATE)

    def test_to_join_again_changes_nothing(self, ann, shared):
        before, config = ann.head(), (ann.root / ".git/config").read_text()
        again = ann.json("init", "--remote", "origin")
        assert (again["created"], again["sync"]["pushed"], again["sync"]["fetched"]) == (False, 0, 0)
        assert (ann.head(), (ann.root / ".git/config").read_text()) == (before, config)
        assert "already set up" in ann("init").out

    def test_a_clone_that_begins_while_the_remote_is_away_is_set_up_and_says_that_it_is_provisional(
        self, clone, shared
    ):
        ann = clone("ann", join=False)
        shared.go()
        met = ann.json("init", "--remote", "origin")
        assert met["sync"] == {"remote": "origin", "policy": "provisional", "confirmed": False}
        assert "provisional" in met["notices"][0]
        task = ann.create("src/**")
        assert ann.claim(task)["confirmed"] is False
        shared.come_back()
        assert ann.json("sync")["pushed"] == 2
        assert ann.json("status")["leases"][0]["confirmed"] is True

    def test_nobody_is_asked_who_was_not_named_and_a_hint_says_how(self, clone, shared):
        ann = clone("ann", join=False)
        shared.go()
        made = ann.json("init")
        assert made["sync"] is None
        assert "coordinaut init --remote origin" in made["notices"][0]
        assert ann.json("status")["team"] is None

    def test_two_histories_begun_apart_become_one_and_both_are_told(self, clone):
        ann, bob = clone("ann", join=False), clone("bob", join=False)
        for one, files in ((ann, "src/**"), (bob, "docs/**")):
            one.json("init")
            one.claim(one.create(files, title=f"of {one.instance}"))
        first = ann.json("status")["tasks"][0]["displayId"]
        ann.json("init", "--remote", "origin")
        met = bob.json("init", "--remote", "origin")["sync"]
        (renumbered,) = met["renumbered"]
        assert renumbered["from"] == first
        assert renumbered["to"] == first[:-1] + "2"
        assert {one["title"]: one["displayId"] for one in bob.json("status")["tasks"]} == {
            "of agent_ann": first,
            "of agent_bob": renumbered["to"],
        }
        ann.json("sync")
        assert ann.json("status")["leases"] == bob.json("status")["leases"]
        assert any(renumbered["to"] in text for text in bob.inbox()), bob.inbox()
        assert [one["fence"] for one in ann.json("status")["leases"]] == [2, 4]

    def test_of_two_that_claimed_the_same_files_apart_the_later_loses_and_both_are_told(self, clone):
        ann, bob = clone("ann", join=False), clone("bob", join=False)
        for one in (ann, bob):
            one.json("init")
            one.claim(one.create("src/**"))
        ann.json("init", "--remote", "origin")
        (lost,) = bob.json("init", "--remote", "origin")["sync"]["refused"]
        assert (lost["op"], lost["code"], lost["agentInstance"]) == ("task_claimed", "scope_conflict", "agent_bob")
        ann.json("sync")
        for one in (ann, bob):
            assert [lease["agentInstance"] for lease in one.json("status")["leases"]] == ["agent_ann"]
            assert any("refused" in text for text in one.inbox()), one.instance


class TestAnExchange:
    def test_says_in_numbers_what_came_and_went_and_nothing_is_told_twice(self, ann, bob):
        ann.json("message", "--broadcast", "--text", "hello")
        assert ann.json("status")["team"]["unpublished"] == 1
        sent = ann.json("sync")
        assert {key: sent[key] for key in ("remote", "fetched", "replayed", "pushed", "confirmed", "ref")} == {
            "remote": "origin", "fetched": 0, "replayed": 0, "pushed": 1, "confirmed": True, "ref": STATE
        }  # fmt: skip
        assert sent["head"] == ann.head()
        assert bob.json("sync")["fetched"] == 1
        for one in (ann, bob):
            again = one.json("sync")
            assert (again["fetched"], again["pushed"], again["refused"], again["renumbered"]) == (0, 0, [], [])
        assert ann("sync").out == "Nothing to do: origin has all there is here, and nothing new.\n"

    def test_an_unpublished_operation_follows_on_what_others_published(self, ann, bob):
        ann.json("message", "--broadcast", "--text", "of ann")
        bob.json("message", "--broadcast", "--text", "of bob")
        ann.json("sync")
        done = bob.json("sync")
        assert (done["fetched"], done["replayed"], done["pushed"]) == (1, 1, 1)
        ann.json("sync")
        assert ann.head() == bob.head()
        events = ann.json("watch")["events"]
        assert [event["data"]["text"] for event in events] == ["of ann", "of bob"]
        assert [event["confirmed"] for event in events] == [True, True]

    def test_needs_a_team_of_a_git_storage_and_one_only(self, clone, git, repository, cli):
        ann = clone("ann", join=False)
        assert ann.error("sync")[:2] == (3, "no_store")
        ann.json("init")
        assert ann.error("sync")[:2] == (3, "no_remote")
        assert "coordinaut init --remote origin" in ann("sync").err
        assert ann.error("sync", "--remote", "nowhere")[:2] == (2, "no_such_remote")
        assert ann.error("sync", "--remote", "--mirror")[:2] == (2, "no_such_remote")
        assert ann.json("sync", "--remote", "origin")["confirmed"] is True
        ann.json("init", "--remote", "origin")
        git(ann.root, "remote", "add", "other", str(repository))
        assert ann.error("sync", "--remote", "other")[:2] == (1, "other_remote")
        cli.json(repository, "init", "--storage", "json")
        assert cli(repository, "sync", "--json").failure == (2, "other_storage")


class TestARemoteThatIsAway:
    def test_leaves_a_claim_provisional_until_the_next_sync(self, ann, bob, shared):
        task = ann.create("src/**")
        shared.go()
        answer = ann("claim", "--task", task)
        assert "Provisional: origin does not have it yet; run `coordinaut sync`.\n" in answer.out
        status = ann.json("status")
        assert status["team"]["unpublished"] == 2
        assert status["leases"][0]["confirmed"] is False
        assert "2 operations are provisional: origin does not have them yet" in ann("status").out
        assert "provisional" in ann("mine").out
        assert "(provisional)" in ann.json("snapshot", "--output", "-")["markdown"]
        assert "provisional" in ann("explain", "--task", task).out
        assert {event["confirmed"] for event in ann.json("watch")["events"]} == {False}
        assert ann.error("sync")[:2] == (5, "remote_unreachable")
        shared.come_back()
        assert ann.json("sync")["confirmed"] is True
        assert ann.json("status")["leases"][0]["confirmed"] is True
        assert "provisional" not in ann("status").out
        assert bob.json("sync")["fetched"] == 2
        assert bob.json("conflicts", "--files", "src/a.py")["conflicts"][0]["confirmed"] is True

    def test_refuses_a_claim_under_the_policy_confirmed_and_leaves_nothing_behind(self, clone, shared):
        ann = clone("ann", "--policy", "confirmed")
        task = ann.create("src/**")
        ann.json("sync")
        before = ann.head()
        shared.go()
        assert ann.error("claim", "--task", task)[:2] == (5, "not_confirmed")
        assert ann.json("status")["leases"] == []
        shared.come_back()
        assert ann.json("sync")["pushed"] == 0
        assert ann.head() == before
        assert ann.claim(task)["confirmed"] is True

    def test_that_lost_meanwhile_is_told_what_became_of_its_claim(self, ann, bob, shared):
        for one in (ann, bob):
            one.create("src/**", title=one.instance)
            one.json("sync")
        ours = next(task["displayId"] for task in bob.json("status")["tasks"] if task["title"] == "agent_bob")
        shared.go()
        bob.claim(ours)
        shared.come_back()
        ann.json("sync")
        ann.claim(next(task["displayId"] for task in ann.json("status")["tasks"] if task["title"] == "agent_ann"))
        text = bob("sync").out
        assert f"refused (scope_conflict): claim {ours} src/** for agent_bob" in text
        assert any("src/**" in letter for letter in bob.inbox())


class TestARemoteThatChanged:
    def test_deleted_is_noticed_and_nothing_is_lost(self, ann, shared):
        task = ann.create("src/**")
        ann.claim(task)
        before = ann.head()
        shared.git("update-ref", "-d", STATE)
        code, name, _ = ann.error("sync")
        assert (code, name) == (6, "remote_deleted")
        assert ann.head() == before
        assert ann.json("status")["tasks"][0]["displayId"] == task

    @pytest.mark.parametrize("how", ["rewound", "swapped"])
    def test_rewound_or_swapped_is_noticed_and_nothing_is_lost(self, ann, bob, clone, shared, git, tmp_path, how):
        bob.claim(bob.create("src/**"))
        ann.json("sync")
        before = ann.head()
        if how == "rewound":
            shared.git("update-ref", STATE, f"{before}~1")
        else:
            other = clone("other", join=False)
            other.json("init")
            other.create("x")
            git(other.root, "push", "--quiet", "--force", str(shared.root), f"{STATE}:{STATE}")
        ann.json("message", "--broadcast", "--text", "still here")
        code, name, _ = ann.error("sync")
        assert (code, name) == (6, "remote_replaced")
        assert git(ann.root, "merge-base", "--is-ancestor", before, STATE) == ""
        assert len(ann.json("watch")["events"]) == 3


def test_plain_git_reads_the_result_in_the_bare_repository(ann, shared):
    task = ann.create("src/**", title="A title")
    lease = ann.claim(task, "--agent", "ann")
    log = shared.git("log", "--format=%an: %s", STATE).splitlines()
    assert log[0] == f"ann: claim {task} src/** for ann"
    assert len(log) == 3
    (name,) = shared.git("ls-tree", "-r", "--name-only", STATE, "leases/").splitlines()
    kept = json.loads(shared.git("show", f"{STATE}:{name}"))
    assert (kept["displayId"], kept["files"], kept["fence"]) == (task, ["src/**"], lease["fence"])


def test_of_six_clones_that_race_for_overlapping_files_one_wins_and_everybody_agrees(clone):
    scopes = ["src/**", "src/api/**", "src/api/a.py", "src/*/a.py", "**/a.py", "src/api/"]
    first = clone("c0")
    tasks = [first.create(scope) for scope in scopes]
    first.json("sync")
    clones = [first, *(clone(f"c{number}") for number in range(1, len(scopes)))]
    racers = [
        subprocess.Popen(
            [*PROGRAM, "claim", "--json", "--agent-instance", one.instance, "--task", task],
            cwd=one.root,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        for one, task in zip(clones, tasks, strict=True)
    ]
    answers = [json.loads(racer.communicate()[0]) for racer in racers]
    won = [answer["result"]["lease"] for answer in answers if answer["ok"]]
    assert [lease["confirmed"] for lease in won] == [True]
    assert {answer["error"]["code"] for answer in answers if not answer["ok"]} == {"scope_conflict"}
    for one in clones:
        one.json("sync")
        assert [lease["agentInstance"] for lease in one.json("status")["leases"]] == [won[0]["agentInstance"]]
    assert len({one.head() for one in clones}) == 1
    assert first("doctor", "--deep").code == 0
